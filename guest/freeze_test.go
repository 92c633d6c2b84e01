package main

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

const playedPart = "CODECRAFT_TEST_PART" // what the test program is when it starts itself anew

// Before the tests, and so on the first thread.
func init() {
	switch os.Getenv(playedPart) {
	case "continuer":
		for {
			syscall.Kill(0, syscall.SIGCONT)
		}
	case "leaderless":
		go func() {
			for {
				time.Sleep(time.Millisecond)
			}
		}()
		runtime.LockOSThread()
		syscall.RawSyscall(syscall.SYS_EXIT, 0, 0, 0)
	}
}

// startPart starts the test program anew, a number of times in one process group of their own.
func startPart(t *testing.T, part string, times int) *exec.Cmd {
	t.Helper()
	script := "exec \"$0\""
	if times > 1 {
		script = "for i in $(seq " + strconv.Itoa(times) + "); do \"$0\" & done; wait"
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tree := exec.Command("/bin/sh", "-c", script, executable)
	tree.Env = append(os.Environ(), playedPart+"="+part)
	tree.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := tree.Start(); err != nil {
		t.Fatal(err)
	}
	go tree.Wait()
	time.Sleep(100 * time.Millisecond)
	return tree
}

func freezingGuest() *guest {
	return &guest{reaper: newReaper(), commands: map[uint32]*command{}}
}

func stateOf(t *testing.T, p *exec.Cmd) byte {
	t.Helper()
	now, there := readProcess(p.Process.Pid)
	if !there {
		t.Fatal("gone")
	}
	return now.state
}

func awaitState(t *testing.T, p *exec.Cmd, stopped bool) {
	t.Helper()
	for until := time.Now().Add(2 * time.Second); (stateOf(t, p) == 'T') != stopped; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("process is %c", stateOf(t, p))
		}
	}
}

// Everything stands still, and goes on after; what was stopped before stays so.
func TestFreezeAndThaw(t *testing.T) {
	g := freezingGuest()
	busy := startTree(t, `f() { while :; do (:); done; }; f & f & wait`)
	asleep := startTree(t, `sleep 100`)
	syscall.Kill(asleep.Process.Pid, syscall.SIGSTOP)
	awaitState(t, asleep, true)
	defer killProcesses(under(busy.Process.Pid), 0)
	defer killProcesses(under(asleep.Process.Pid), 0)
	n, unstopped := g.stopAll()
	if unstopped != 0 || n < 3 || !g.freezer.isFrozen() {
		t.Fatalf("%d stopped, %d not", n, unstopped)
	}
	for _, p := range g.agentProcesses() {
		if p.state != 'T' && p.state != 'Z' && p.state != 'D' {
			t.Errorf("process %d is %c", p.pid, p.state)
		}
	}
	if resumed := g.letGo(); resumed != n {
		t.Errorf("%d of %d resumed", resumed, n)
	}
	awaitState(t, busy, false)
	if stateOf(t, asleep) != 'T' {
		t.Error("what the agent had stopped goes on")
	}
}

// Processes that continue one another are held too, if need be by ending them.
func TestFreezeHoldsThoseThatContinueOneAnother(t *testing.T) {
	g := freezingGuest()
	tree := startPart(t, "continuer", 8)
	defer killProcesses(under(tree.Process.Pid), 0)
	for range 3 {
		if _, unstopped := g.stopAll(); unstopped != 0 {
			t.Fatalf("%d still move", unstopped)
		}
		g.letGo()
	}
}

// A process whose first thread has ended looks like a zombie; it is stopped as any other.
func TestFreezeStopsLeaderless(t *testing.T) {
	g := freezingGuest()
	tree := startPart(t, "leaderless", 1)
	defer killProcesses(under(tree.Process.Pid), 0)
	if n, unstopped := g.stopAll(); n < 1 || unstopped != 0 {
		t.Fatalf("%d stopped, %d not", n, unstopped)
	}
	if state := stateOf(t, tree); state != 'T' {
		t.Errorf("it is %c", state)
	}
	g.letGo()
	awaitState(t, tree, false)
}

// A freeze that nobody ends, ends; one that was prolonged does not end with the first.
func TestFreezeEndsByItself(t *testing.T) {
	g := freezingGuest()
	tree := startTree(t, `sleep 100`)
	defer killProcesses(under(tree.Process.Pid), 0)
	g.stopAll()
	first := g.freezer.times
	g.stopAll()
	g.endFreeze(first)
	if stateOf(t, tree) != 'T' {
		t.Error("ended with the first")
	}
	g.endFreeze(g.freezer.times)
	awaitState(t, tree, false)
}

// Time frozen is not charged to a command.
func TestDeadlineLeavesOutFreezes(t *testing.T) {
	rules := streaming(1 << 20)
	rules.TimeoutMS = 150
	c, _ := startCommand(t, rules)
	g := freezingGuest()
	g.commands[1] = c
	g.holdClocks(true)
	select {
	case <-c.killed:
		t.Fatal("ended while frozen")
	case <-time.After(300 * time.Millisecond):
	}
	g.holdClocks(false)
	select {
	case <-c.killed:
	case <-time.After(time.Second):
		t.Fatal("never ended")
	}
}

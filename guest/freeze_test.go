package main

import (
	"os/exec"
	"syscall"
	"testing"
	"time"
)

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

package main

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

// startTree starts a shell that the test's own process is parent of.
func startTree(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	tree := exec.Command("/bin/sh", "-c", script)
	if err := tree.Start(); err != nil {
		t.Fatal(err)
	}
	go tree.Wait()
	time.Sleep(100 * time.Millisecond)
	return tree
}

func under(pid int) func() []process {
	return func() []process {
		var found []process
		table := scanProcesses(nil)
		for _, p := range table[os.Getpid()] {
			if p.pid == pid {
				found = append(found, p)
			}
		}
		return append(found, table.below(pid, nil)...)
	}
}

// A tree is ended and verified gone, TERM ignored or not.
func TestKillEndsTree(t *testing.T) {
	tree := startTree(t, `trap "" TERM; sleep 100 & sh -c 'sleep 101; :' & wait`)
	killed, unkilled := killProcesses(under(tree.Process.Pid), 50*time.Millisecond)
	if killed < 4 || unkilled != 0 {
		t.Errorf("%d killed, %d not", killed, unkilled)
	}
}

// What forks without end is stopped before it is killed.
func TestKillEndsForkers(t *testing.T) {
	tree := startTree(t, `f() { while :; do sleep 0.01 & done; }; f & f & sleep 100`)
	if _, unkilled := killProcesses(under(tree.Process.Pid), 0); unkilled != 0 {
		t.Errorf("%d not killed", unkilled)
	}
}

// TERM is given a chance where a grace was asked.
func TestKillGrace(t *testing.T) {
	file := t.TempDir() + "/said"
	tree := startTree(t, `trap 'echo bye > '`+file+`'; exit' TERM; sleep 100 & wait`)
	killProcesses(under(tree.Process.Pid), time.Second)
	if said, _ := os.ReadFile(file); string(said) != "bye\n" {
		t.Errorf("%q", said)
	}
}

// What is spared is left out with everything under it.
func TestBelowSpares(t *testing.T) {
	table := processTable{1: {{pid: 2, parent: 1}, {pid: 5, parent: 1}}, 2: {{pid: 3, parent: 2}}, 3: {{pid: 4, parent: 3}}}
	if all := table.below(1, nil); len(all) != 4 {
		t.Errorf("%v", all)
	}
	if rest := table.below(1, func(p process) bool { return p.pid == 3 }); len(rest) != 2 {
		t.Errorf("%v", rest)
	}
}

// A process may call itself anything.
func TestParseStatWithHostileName(t *testing.T) {
	stat := "7 (a) R 1 (b)\n) S 3 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 0 0"
	p, ok := parseStat(7, []byte(stat))
	if !ok || p.parent != 3 || p.state != 'S' || p.start != 12345 {
		t.Errorf("%+v %v", p, ok)
	}
}

// The kernel's list of children tells who there is, and that there is nobody.
func TestChildren(t *testing.T) {
	tree := startTree(t, `sleep 100 & sleep 101 & wait`)
	defer killProcesses(under(tree.Process.Pid), 0)
	list := openChildren(tree.Process.Pid)
	if list == nil {
		t.Skip("this kernel has no list of children")
	}
	defer list.Close()
	both := scanProcesses(nil)[tree.Process.Pid]
	if len(both) != 2 {
		t.Fatalf("%v", both)
	}
	first, second := min(both[0].pid, both[1].pid), max(both[0].pid, both[1].pid)
	if !areChildren(list, first, second) || areChildren(list, first) || areChildren(list) || areChildren(nil) {
		t.Errorf("%d and %d are not told from others", first, second)
	}
	alone := openChildren(first)
	defer alone.Close()
	if !areChildren(alone) || areChildren(alone, first) {
		t.Errorf("%d has children", first)
	}
}

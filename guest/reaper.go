// The reaper: PID 1's duty towards the dead, and the start of its own children, the session processes.

package main

import (
	"os"
	"sync"
	"syscall"
)

type reaper struct {
	mu       sync.Mutex
	children map[int]chan struct{}
	orphaned func() // told when a session process died: what it left is now PID 1's
}

func newReaper() *reaper { return &reaper{children: map[int]chan struct{}{}} }

// reap takes all dead children. It waits for a spawn that is under way, so that no death is heard of before its birth.
func (r *reaper) reap() {
	r.mu.Lock()
	lost := false
	reapAll(func(pid int, _ syscall.WaitStatus) {
		if gone, ours := r.children[pid]; ours {
			delete(r.children, pid)
			close(gone)
			lost = true
		}
	})
	r.mu.Unlock()
	if lost && r.orphaned != nil {
		r.orphaned()
	}
}

// spawn starts this binary again with one descriptor beyond the standard ones, its number 3.
func (r *reaper) spawn(argv []string, descriptor int) (pid int, gone chan struct{}, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, nil, err
	}
	defer null.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	blocking(func() {
		fd := null.Fd()
		pid, err = syscall.ForkExec("/proc/self/exe", argv, &syscall.ProcAttr{
			Dir: "/", Env: []string{}, Files: []uintptr{fd, fd, 2, uintptr(descriptor)}, Sys: &syscall.SysProcAttr{Setsid: true},
		})
	})
	if err != nil {
		return 0, nil, err
	}
	gone = make(chan struct{})
	r.children[pid] = gone
	return pid, gone, nil
}

// own lists the session processes that live.
func (r *reaper) own() map[int]process {
	r.mu.Lock()
	defer r.mu.Unlock()
	own := map[int]process{1: {pid: 1}}
	for pid := range r.children {
		own[pid] = process{pid: pid, parent: os.Getpid()}
	}
	return own
}

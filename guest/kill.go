// Kill: ending a set of processes that may be multiplying. Everything is stopped first - what is stopped cannot fork -
// then ended, and then verified gone. Who belongs to the set is the caller's matter.

package main

import (
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	maxStopRounds = 100
	verifyFor     = 5 * time.Second
	shortestPause = 500 * time.Microsecond
	longestPause  = 10 * time.Millisecond
)

// killer ends the processes that `find` finds; find is asked again and again.
type killer struct {
	find func() []process
	hit  map[processKey]bool
}

// One kill at a time: two that scan at once would cost a thread each and gain nothing.
var killing sync.Mutex

// killProcesses gives TERM and `grace` where one is asked, then KILL. It says how many were ended and how many could not be verified gone.
func killProcesses(find func() []process, grace time.Duration) (killed, unkilled int) {
	k := &killer{find: find, hit: map[processKey]bool{}}
	if grace > 0 {
		k.exclusively(k.stop)
		k.exclusively(func() { k.signalAll(syscall.SIGTERM, syscall.SIGCONT) })
		k.awaitGone(grace)
	}
	k.exclusively(k.stop)
	return len(k.hit), k.finish()
}

func (k *killer) exclusively(act func()) {
	killing.Lock()
	defer killing.Unlock()
	blocking(act)
}

// stop stops everything found until two rounds find nothing new: one may miss a process whose parent dies while the table is read. A fork that is
// under way when the signal arrives is given up by the kernel. Where a second round finds more, something multiplies, and everything is stopped at once.
func (k *killer) stop() {
	stopped := map[processKey]bool{}
	var released map[processKey]bool
	quiet := 0
	for round := 0; round < maxStopRounds && quiet < 2; round++ {
		fresh := false
		for _, p := range k.find() {
			if !stopped[p.key()] {
				stopped[p.key()], k.hit[p.key()], fresh = true, true, true
				syscall.Kill(p.pid, syscall.SIGSTOP)
			}
		}
		quiet++
		if fresh {
			quiet = 0
		}
		if fresh && round > 0 && mayStopEverything() {
			released = stopEverything()
			k.release(released)
		}
	}
	if released != nil {
		k.release(released) // what was being made as everything was stopped
	}
}

// release lets go on what is neither found nor in `released`, and adds it there.
func (k *killer) release(released map[processKey]bool) {
	ended := map[processKey]bool{}
	for _, p := range k.find() {
		ended[p.key()] = true
	}
	release(ended, released)
}

func release(held, released map[processKey]bool) {
	for _, siblings := range scanProcesses(nil) {
		for _, p := range siblings {
			if !held[p.key()] && !released[p.key()] {
				released[p.key()] = true
				syscall.Kill(p.pid, syscall.SIGCONT)
			}
		}
	}
}

// stopEverything is for what multiplies faster than it can be stopped one by one, and leaves the guest hardly a turn on the processor. kill(2) of -1 is
// one call, and no fork gets by: the kernel passes the signal on to a child that is being made. It stops the guest's own processes too, and says what
// was stopped before.
func stopEverything() (before map[processKey]bool) {
	before = map[processKey]bool{}
	for _, siblings := range scanProcesses(nil) {
		for _, p := range siblings {
			if p.isStopped() {
				before[p.key()] = true
			}
		}
	}
	syscall.Kill(-1, syscall.SIGSTOP)
	return before
}

// mayStopEverything is true of the first process of a sandbox, whose signals reach nothing beyond it.
func mayStopEverything() bool { return os.Getpid() == 1 }

func (k *killer) signalAll(signals ...syscall.Signal) (found int) {
	all := k.find()
	for _, p := range all {
		k.hit[p.key()] = true
		for _, s := range signals {
			syscall.Kill(p.pid, s)
		}
	}
	return len(all)
}

// finish kills until nothing is found any more.
func (k *killer) finish() (left int) {
	pause, until := shortestPause, time.Now().Add(verifyFor)
	for {
		k.exclusively(func() { left = k.signalAll(syscall.SIGKILL) })
		if left == 0 || time.Now().After(until) {
			return left
		}
		time.Sleep(pause)
		if pause == longestPause {
			k.exclusively(k.stop) // something still multiplies
		}
		pause = min(pause*2, longestPause)
	}
}

func (k *killer) awaitGone(atMost time.Duration) {
	pause, until := shortestPause, time.Now().Add(atMost)
	for time.Now().Before(until) {
		left := 0
		k.exclusively(func() { left = len(k.find()) })
		if left == 0 {
			return
		}
		time.Sleep(min(pause, time.Until(until)))
		pause = min(pause*2, longestPause)
	}
}

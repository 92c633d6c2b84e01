// Threads: all that the guest will ever need are opened at its start, because clone() fails at the pids limit and the Go runtime dies of that.
// Calls that may block a thread go through `blocking`, which lets fewer of them in than there are threads.

package main

import (
	"runtime"
	"sync"
)

const (
	guestThreads   = 10
	sessionThreads = 3
	blockingCalls  = 4
)

var blockingSlots = make(chan struct{}, blockingCalls)

// blocking runs a function that may hold its thread in the kernel.
func blocking(call func()) {
	blockingSlots <- struct{}{}
	defer func() { <-blockingSlots }()
	call()
}

// openThreads has n threads at once and lets them go idle; the runtime keeps idle threads for ever.
func openThreads(n int) {
	var all, done sync.WaitGroup
	all.Add(n)
	done.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			runtime.LockOSThread()
			all.Done()
			all.Wait()
			runtime.UnlockOSThread()
			done.Done()
		}()
	}
	done.Wait()
}

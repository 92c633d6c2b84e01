// Signals: every one that can be caught is, and none does anything but SIGCHLD, which says that there is something to reap.
// They are caught rather than ignored because an ignored signal would stay ignored in every child.

package main

import (
	"os"
	"os/signal"
	"syscall"
	"unsafe"
)

const (
	signalDefault = 0
	signalIgnored = 1
	signalSetSize = 8
)

// librarySignals are those that Go leaves alone because C libraries use them among themselves. At their default they end even process 1, when they come
// while the runtime blocks signals.
var librarySignals = []uintptr{32, 34}

// treatLibrarySignals makes them ignored, or default for a child that is about to be born: what is ignored stays so in it.
func treatLibrarySignals(handler uintptr) {
	action := struct{ handler, flags, restorer, mask uintptr }{handler: handler}
	for _, signal := range librarySignals {
		syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, signal, uintptr(unsafe.Pointer(&action)), 0, signalSetSize, 0, 0)
	}
}

// catchSignals calls reap after every SIGCHLD, from one goroutine.
func catchSignals(reap func()) {
	treatLibrarySignals(signalIgnored)
	others := make(chan os.Signal, 1)
	children := make(chan os.Signal, 1)
	for n := syscall.Signal(1); n <= 64; n++ {
		if n != syscall.SIGKILL && n != syscall.SIGSTOP && n != syscall.SIGCHLD {
			signal.Notify(others, n)
		}
	}
	signal.Notify(children, syscall.SIGCHLD)
	go func() {
		for {
			select {
			case <-others:
			case <-children:
				reap()
			}
		}
	}()
}

// reapAll takes every dead child there is.
func reapAll(died func(pid int, status syscall.WaitStatus)) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		died(pid, status)
	}
}

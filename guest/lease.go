// The link lease: the guest's life without word from the server. Its timer asks nothing of any other part of the guest.

package main

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	firstLease      = 30 * time.Second
	exitLeaseLapsed = 75
	exitLinkBroken  = 70
)

type lease struct {
	length atomic.Int64 // nanoseconds
	timer  *time.Timer
}

func startLease(lapsed func()) *lease {
	l := &lease{}
	l.length.Store(int64(firstLease))
	l.timer = time.AfterFunc(firstLease, lapsed)
	return l
}

// set changes the length; 0 leaves it as it is.
func (l *lease) set(ms int64) {
	if ms > 0 {
		l.length.Store(ms * int64(time.Millisecond))
	}
	l.renew()
}

func (l *lease) renew() { l.timer.Reset(time.Duration(l.length.Load())) }

// die ends the sandbox: everything in it is killed, then the guest itself is gone. As PID 1 its exit alone would do; the kill is for what holds up an exit.
func die(status int) {
	if os.Getpid() == 1 {
		syscall.Kill(-1, syscall.SIGKILL)
	}
	os.Exit(status)
}

// FREEZE and THAW: all of the sandbox stands still while somebody looks at its files. It goes on by itself after a while, so that a server which is lost
// leaves nothing frozen.

package main

import (
	"maps"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	longestFreeze = 5 * time.Second
	stopWithin    = 3 * time.Second        // a fork bomb on a busy machine takes its time; usually it is under a millisecond
	patience      = 500 * time.Millisecond // then what is continued by another process as fast as it is stopped is ended
	firstLook     = 100 * time.Microsecond // a sleeper is stopped as soon as it is scheduled
)

type freezer struct {
	turn sync.Mutex // held while processes are being stopped or let go

	mu      sync.Mutex
	frozen  bool
	stopped []process           // parents before their children
	before  map[processKey]bool // what stood still already when everything was stopped at once; nil if it was not
	until   *time.Timer
	times   int // that it was frozen or prolonged
}

func (f *freezer) isFrozen() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.frozen
}

func (g *guest) freeze(f frame, _ *nothing) error {
	go func() {
		g.freezer.turn.Lock()
		defer g.freezer.turn.Unlock()
		stopped, unstopped := g.stopAll()
		g.done(f.id, frozenHeader{Stopped: stopped, Unstopped: unstopped})
	}()
	return nil
}

func (g *guest) thaw(f frame, _ *nothing) error {
	go func() {
		g.freezer.turn.Lock()
		defer g.freezer.turn.Unlock()
		g.done(f.id, thawedHeader{Resumed: g.letGo()})
	}()
	return nil
}

// stopAll has everything stopped and sees that it is. A freeze that stands is prolonged.
func (g *guest) stopAll() (stopped, unstopped int) {
	z := &g.freezer
	z.mu.Lock()
	if !z.frozen {
		z.frozen = true
		g.holdClocks(true)
	}
	if z.until != nil {
		z.until.Stop()
	}
	z.times++
	this := z.times
	z.until = time.AfterFunc(longestFreeze, func() { g.endFreeze(this) })
	z.mu.Unlock()
	hit := map[processKey]bool{}
	for _, p := range z.stopped {
		hit[p.key()] = true
	}
	pause, began := firstLook, time.Now()
	for round := 0; ; round++ {
		moving, held, known := 0, 0, len(z.stopped)
		killing.Lock()
		blocking(func() {
			moving, held = g.stopRound(hit, time.Since(began) > patience)
			if round > 0 && len(z.stopped) > known && mayStopEverything() {
				g.stopRest(hit)
			}
		})
		killing.Unlock()
		if moving == 0 || time.Since(began) > stopWithin {
			return len(z.stopped), moving - held
		}
		time.Sleep(pause)
		pause = min(pause*2, longestPause)
	}
}

// endFreeze ends one that nobody ended or prolonged.
func (g *guest) endFreeze(which int) {
	z := &g.freezer
	z.turn.Lock()
	defer z.turn.Unlock()
	if z.times == which {
		g.letGo()
	}
}

// forgetFrozen is for when everything has been killed.
func (g *guest) forgetFrozen() {
	g.freezer.turn.Lock()
	defer g.freezer.turn.Unlock()
	g.letGo()
}

// stopRound stops what moves and says how much still did, and how much of that the kernel holds: the parent of a vfork, which is stopped when it comes back.
// What was stopped and moves again was continued by another process, and is stopped again. With `end` it is killed if it runs: only so can those be held
// that do nothing but continue one another. What another process has just told to stop, and was not scheduled since, stops without us, and stays stopped.
func (g *guest) stopRound(hit map[processKey]bool, end bool) (moving, held int) {
	for _, p := range g.agentProcesses() {
		if p.isStopped() || p.state == 'Z' || p.state == 'X' {
			continue
		}
		moving++
		switch {
		case !hit[p.key()] && stopPending(p.pid):
			if p.state == 'D' {
				held++
			}
		case !hit[p.key()]:
			if syscall.Kill(p.pid, syscall.SIGSTOP) == nil {
				hit[p.key()] = true
				g.freezer.stopped = append(g.freezer.stopped, p)
			}
		case p.state == 'D':
			held++
		case end && p.state == 'R' && !stopPending(p.pid):
			syscall.Kill(p.pid, syscall.SIGKILL)
		default:
			syscall.Kill(p.pid, syscall.SIGSTOP)
		}
	}
	return moving, held
}

// stopRest stops everything at once where there is more in every round, takes note of it, and lets go what is not the agent's.
func (g *guest) stopRest(hit map[processKey]bool) {
	z := &g.freezer
	before := stopEverything()
	if z.before == nil {
		z.before = before
	}
	theirs := map[processKey]bool{}
	for _, p := range g.agentProcesses() {
		theirs[p.key()] = true
		if !hit[p.key()] && !z.before[p.key()] {
			hit[p.key()] = true
			z.stopped = append(z.stopped, p)
		}
	}
	release(theirs, maps.Clone(before))
}

// stoppedUnseen is what was being made as everything was stopped at once.
func (g *guest) stoppedUnseen(stopped []process, before map[processKey]bool) (more []process) {
	known := map[processKey]bool{}
	for _, p := range stopped {
		known[p.key()] = true
	}
	for _, p := range g.agentProcesses() {
		if p.isStopped() && !known[p.key()] && !before[p.key()] {
			more = append(more, p)
		}
	}
	return more
}

// agentProcesses are all but the guest's own, parents before their children: a parent that is stopped does not see its children stop.
func (g *guest) agentProcesses() []process {
	table := scanProcesses(nil)
	own := g.reaper.own() // after the scan: a session process that is in the table is known by now
	all := table.below(os.Getpid(), nil)
	theirs := all[:0]
	for _, p := range all {
		if _, ours := own[p.pid]; !ours {
			theirs = append(theirs, p)
		}
	}
	return theirs
}

// letGo continues what was stopped and nothing else, children first: their parents find them running. The caller has the freezer's turn.
func (g *guest) letGo() (resumed int) {
	z := &g.freezer
	z.mu.Lock()
	if z.until != nil {
		z.until.Stop()
		z.until = nil
	}
	frozen, stopped, before := z.frozen, z.stopped, z.before
	z.frozen, z.stopped, z.before = false, nil, nil
	z.mu.Unlock()
	blocking(func() {
		if before != nil {
			stopped = append(stopped, g.stoppedUnseen(stopped, before)...)
		}
		for i := len(stopped) - 1; i >= 0; i-- {
			now, there := readProcess(stopped[i].pid)
			if there && now.key() == stopped[i].key() && syscall.Kill(now.pid, syscall.SIGCONT) == nil {
				resumed++
			}
		}
	})
	if frozen {
		g.holdClocks(false)
	}
	return resumed
}

// holdClocks stops the clocks of running commands, or lets them go on.
func (g *guest) holdClocks(hold bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.commands {
		c.holdClock(hold)
	}
}

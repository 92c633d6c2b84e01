// A session: a persistent shell under a name, and the one command it may be running. It owns nursery, shell, state for a restart, and the
// list of jobs that earlier commands left.

package main

import (
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	mainSession    = "main"
	maxSessions    = 8
	maxBackground  = 32
	shellReadyIn   = 5 * time.Second
	highestSignal  = 64
	signalledAbove = 128
)

type session struct {
	guest *guest
	name  string

	turn sync.Mutex // held by whoever uses the shell: a command, the preparation of the next, a close

	mu      sync.Mutex
	running *command
	closed  bool

	// Guarded by turn.
	nursery    *nursery
	shell      *shell
	restarted  bool // the shell is not the one the previous command saw
	lastStatus int
	cwd        []byte
	stands     standing // where the last command's end left the shell, if that was looked up
	exports    []byte
	jobs       map[processKey]bool // left by earlier commands
	next       fifoSet
}

func newSession(g *guest, name string) *session { return &session{guest: g, name: name} }

// claim makes a command the running one, or says false.
func (s *session) claim(c *command) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil || s.closed {
		return false
	}
	s.running = c
	return true
}

func (s *session) current() *command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}

func (s *session) free() {
	s.mu.Lock()
	s.running = nil
	s.mu.Unlock()
}

// run takes a claimed command through its life.
func (s *session) run(c *command, text []byte, fed bool) {
	s.takeTurnInCalm()
	defer s.turn.Unlock()
	end := &endHeader{}
	if err := s.begin(c, text, fed); err != nil {
		s.notBegun(c, end, err)
		return
	}
	s.await(c, end)
	s.describe(c, end)
	s.free()
	c.sayEnd(end)
	s.guest.noteEnd(c.id)
	runtime.Gosched() // END goes out before the tidying
	s.tidy(c)
}

// takeTurnInCalm takes the session's turn while nothing is being killed; KILL_ALL waits for turns, so it is not waited for with one.
func (s *session) takeTurnInCalm() {
	for {
		s.guest.awaitCalm()
		s.turn.Lock()
		if !s.guest.isEnding() {
			return
		}
		s.turn.Unlock()
	}
}

// notBegun ends a command that no shell could be given. KILL_ALL may have come first: then it ends like any that it interrupted.
func (s *session) notBegun(c *command, end *endHeader, err error) {
	if !c.isKilled() {
		s.free()
		s.guest.abandon(c, err)
		return
	}
	s.describe(c, end)
	s.free()
	s.guest.sayUnbegun(c, end)
}

// begin gives the command to a shell.
func (s *session) begin(c *command, text []byte, fed bool) error {
	if c.isKilled() {
		return errShellSilent
	}
	if err := s.ensureShell(); err != nil {
		return err
	}
	separate := c.rules.Output == "separate"
	if err := s.next.complete(s.guest.pipes, s.guest.agent.identity, separate, fed); err != nil {
		s.guest.remakePipes()
		return err
	}
	streams := []*stream{{index: streamOut, end: s.next.out.ours}}
	paths := commandPaths{in: "/dev/null", out: s.next.out.path, inFed: fed, merged: !separate}
	if separate {
		streams = append(streams, &stream{index: streamErr, end: s.next.err.ours})
		paths.err = s.next.err.path
	}
	var opened func()
	if fed {
		paths.in = s.next.in.path
		opened = c.inbox.feed(s.next.in.ours)
	}
	meter := s.guest.cgroup.startMeter()
	err := s.shell.submit(order{text: text, paths: paths, lastStatus: s.lastStatus, onOpen: opened})
	if err != nil {
		meter.abandon()
		return err
	}
	c.start(streams, meter)
	return nil
}

// await waits for whatever ends the command first and does what follows from it.
func (s *session) await(c *command, end *endHeader) {
	select {
	case r := <-s.shell.reports:
		c.finish()
		s.reported(r, end)
		s.checkNursery()
	case <-s.shell.process.died:
		if c.isKilled() { // KILL_ALL decides and kills almost at once
			s.endKilled(c, end)
		} else {
			s.shellDied(c, end)
		}
	case <-c.killed:
		s.endKilled(c, end)
	}
	c.meter.stop(end)
	if s.shell.hasDied() {
		s.restart(end)
	}
}

// endKilled ends what the guest has decided to end.
func (s *session) endKilled(c *command, end *endHeader) {
	s.nursery.wake()
	_, end.Unkilled = killProcesses(s.sinceCommand, c.grace)
	s.awaitShellDeath()
	c.finish()
	end.Reason = c.reason
	s.lastStatus = 0
}

// awaitShellDeath waits until the word of the killed shell's death is here; a session process that does not pass it on is given up.
func (s *session) awaitShellDeath() {
	select {
	case <-s.shell.process.died:
	case <-time.After(verifyFor):
		s.nursery.end()
		<-s.shell.process.died
	}
}

// checkNursery finds out whether a root agent's command has killed the session process, and with it this session's shell.
func (s *session) checkNursery() {
	if s.guest.agent.UID == 0 && !s.nursery.works() {
		<-s.shell.process.died
	}
}

func (s *session) reported(r report, end *endHeader) {
	end.Reason, end.ExitCode = reasonExited, &r.status
	if signal := r.status - signalledAbove; signal >= 1 && signal <= highestSignal {
		end.Reason, end.Signal = reasonSignalled, &signal
	}
	s.lastStatus, s.cwd = r.status&0xff, s.trueDirectory(r.cwd)
	if r.exports != nil {
		s.exports = r.exports
	}
}

// shellDied describes the end of a shell that the guest did not end. A report that came just before still counts.
func (s *session) shellDied(c *command, end *endHeader) {
	select {
	case r := <-s.shell.reports:
		c.finish()
		s.reported(r, end)
		return
	default:
	}
	c.finish()
	s.lastStatus = 0
	describeStatus(s.shell.process.status, end)
	if s.nursery.isGone() {
		end.ExitCode = nil
	}
}

func describeStatus(status syscall.WaitStatus, end *endHeader) {
	if status.Signaled() {
		signal := int(status.Signal())
		end.Reason, end.Signal = reasonSignalled, &signal
		return
	}
	code := status.ExitStatus()
	end.Reason, end.ExitCode = reasonShellEnded, &code
}

// restart makes a new shell in the state of the previous command's end.
func (s *session) restart(end *endHeader) {
	end.SessionRestarted = true
	s.dropShell()
	if s.isClosed() || s.guest.isEnding() {
		return
	}
	s.ensureShell()
	s.restarted = false
}

func (s *session) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// describe completes END with what belongs to the session.
func (s *session) describe(c *command, end *endHeader) {
	if s.restarted {
		end.SessionRestarted, s.restarted = true, false
	}
	failed := end.Signal != nil || end.ExitCode != nil && *end.ExitCode != 0
	decided := end.Reason == reasonTimedOut || end.Reason == reasonInterrupted || end.Reason == reasonOutputLimit
	if end.OOMKills != nil && *end.OOMKills > 0 && failed && !decided {
		end.Reason = reasonOutOfMemory
	}
	end.Cwd = s.cwd
	end.Background = s.listJobs()
}

// listJobs renews the set of jobs that live on.
func (s *session) listJobs() []backgroundJob {
	listed := []backgroundJob{}
	s.jobs = map[processKey]bool{}
	blocking(func() {
		if s.isAlone() {
			return
		}
		for _, p := range s.members(nil) {
			if s.shell != nil && p.pid == s.shell.process.pid || p.state == 'Z' {
				continue
			}
			s.jobs[p.key()] = true
			if len(listed) < maxBackground {
				listed = append(listed, backgroundJob{PID: p.pid, Start: p.start, Command: commandLine(p.pid)})
			}
		}
	})
	return listed
}

// isAlone says whether its shell, which has reported and so does nothing, is known to be the session's only process, without a look at all others. The
// shell's children come first: what it has none of can't get by as an orphan, on the way to the session process.
func (s *session) isAlone() bool {
	return s.shell != nil && areChildren(s.shell.children) && areChildren(s.nursery.children, s.shell.process.pid) && !s.shell.hasDied()
}

// members are the processes of the session, without what `spare` spares.
func (s *session) members(spare func(process) bool) []process {
	if s.nursery == nil || s.nursery.isGone() {
		return nil
	}
	own := s.guest.reaper.own()
	if s.shell != nil && !s.shell.hasDied() && spare == nil {
		own[s.shell.process.pid] = process{pid: s.shell.process.pid, parent: s.nursery.pid}
	}
	return scanProcesses(own).below(s.nursery.pid, spare)
}

// sinceCommand is what a kill ends: all but the jobs of earlier commands and what is below those.
func (s *session) sinceCommand() []process {
	return s.members(func(p process) bool { return s.jobs[p.key()] })
}

func (s *session) all() []process { return s.members(nil) }

// tidy gives the command's pipes away and makes the next ones.
func (s *session) tidy(c *command) {
	used := s.next
	s.next = fifoSet{}
	if c.inbox != nil {
		c.inbox.close()
	}
	blocking(func() {
		for _, f := range []*fifo{used.out, used.err, used.in} {
			if f != nil {
				f.letGo()
			}
		}
	})
	s.guest.drains.adopt(used.out.ours)
	if used.err != nil {
		s.guest.drains.adopt(used.err.ours)
	}
	s.next.complete(s.guest.pipes, s.guest.agent.identity, false, false)
}

// awaitEnd waits for the session process and the shell that KILL_ALL has killed.
func (s *session) awaitEnd() {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.nursery != nil {
		s.nursery.end()
	}
	if s.shell != nil {
		<-s.shell.process.died
	}
}

// close ends everything of the session; a running command ends as interrupted.
func (s *session) close() (killed, unkilled int) {
	s.mu.Lock()
	s.closed = true
	running := s.running
	s.mu.Unlock()
	if running != nil {
		running.kill(reasonInterrupted, 0)
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	killed, unkilled = killProcesses(s.all, 0)
	s.dropShell()
	if s.nursery != nil {
		s.nursery.end()
	}
	s.next.remove()
	return killed, unkilled
}

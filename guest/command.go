// A command: one RUN or EXEC from its start to its END - clock, credit, reason of its end. Where it runs (session.go, exec.go) and
// how its bytes are taken (pump.go) are others' matters.

package main

import (
	"sync"
	"time"
)

// Reasons of an END.
const (
	reasonExited      = "exited"
	reasonSignalled   = "signalled"
	reasonTimedOut    = "timed_out"
	reasonInterrupted = "interrupted"
	reasonOutputLimit = "output_limit"
	reasonOutOfMemory = "out_of_memory"
	reasonShellEnded  = "shell_ended"
)

const shortestRecheck = 10 * time.Millisecond

type command struct {
	id     uint32
	rules  outputRules
	writer *writer
	out    *outbox
	inbox  *inbox // nil where standard input is not a pipe

	killed chan struct{} // closed when the guest has decided to end it

	mu           sync.Mutex
	changed      *sync.Cond
	streams      []*stream
	pumps        sync.WaitGroup
	keeper       *keeper // nil where output is streamed
	credit       int64
	stalls       stallClock
	frozen       stallClock // stood still by FREEZE
	dropping     bool       // out of credit for too long
	finishing    bool       // only what is in the pipes now is still taken
	reason       string
	grace        time.Duration
	started      time.Time
	deadline     *time.Timer
	wall         time.Duration
	droppedBytes int64
	meter        *usageMeter
	ended        bool
}

func newCommand(id uint32, rules outputRules, w *writer) *command {
	c := &command{id: id, rules: rules, writer: w, credit: rules.Credit, killed: make(chan struct{})}
	c.changed = sync.NewCond(&c.mu)
	c.out = &outbox{id: id, rings: true, roomed: c.wake}
	if !rules.Stream {
		c.keeper = newKeeper(rules.Kept)
	}
	return c
}

func (r *outputRules) valid() bool {
	return (r.Output == "merged" || r.Output == "separate") && r.TimeoutMS > 0 && r.GraceMS >= 0 && r.Kept >= 0 && r.Credit >= 0
}

// wake is called when the link took output and there is room again.
func (c *command) wake() {
	c.mu.Lock()
	if c.credit > 0 && c.dropping {
		c.dropping = false
		c.sayGaps()
	}
	c.changed.Broadcast()
	c.mu.Unlock()
}

// start begins the clock and the pumps; the streams are those the command writes to.
func (c *command) start(streams []*stream, meter *usageMeter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams, c.started, c.meter = streams, time.Now(), meter
	c.deadline = time.AfterFunc(time.Duration(c.rules.TimeoutMS)*time.Millisecond, c.checkDeadline)
	c.pumps.Add(len(streams))
	for _, s := range streams {
		go c.pump(s)
	}
}

// checkDeadline runs when the time would be up if the command had never stood blocked.
func (c *command) checkDeadline() {
	c.mu.Lock()
	if c.finishing {
		c.mu.Unlock()
		return
	}
	now := time.Now()
	used := now.Sub(c.started) - c.stalls.total(now) - c.frozen.total(now)
	left := time.Duration(c.rules.TimeoutMS)*time.Millisecond - used
	if left > 0 {
		c.deadline.Reset(max(left, shortestRecheck))
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	c.kill(reasonTimedOut, c.rules.GraceMS)
}

// kill decides why the command ends; the first reason stands. Its runner does the rest.
func (c *command) kill(reason string, graceMS int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killLocked(reason, graceMS)
}

// holdClock begins or ends a time that is not charged to the command.
func (c *command) holdClock(hold bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case hold && c.frozen.depth == 0:
		c.frozen.begin()
	case !hold && c.frozen.depth > 0:
		c.frozen.end()
	}
}

func (c *command) isKilled() bool {
	select {
	case <-c.killed:
		return true
	default:
		return false
	}
}

func (c *command) killLocked(reason string, graceMS int64) {
	if c.reason != "" || c.finishing {
		return
	}
	c.reason, c.grace = reason, time.Duration(graceMS)*time.Millisecond
	close(c.killed)
	c.changed.Broadcast()
}

func (c *command) addCredit(bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.credit += bytes
	c.dropping = false
	c.sayGaps()
	c.changed.Broadcast()
}

// finish takes what is in the pipes now, waits until it is sent, kept or dropped, and closes the clock.
func (c *command) finish() {
	c.mu.Lock()
	c.wall = time.Since(c.started)
	c.finishing = true
	c.deadline.Stop()
	for _, s := range c.streams {
		s.left = s.end.waiting()
	}
	c.changed.Broadcast()
	c.mu.Unlock()
	for _, s := range c.streams {
		s.end.file.SetReadDeadline(longAgo)
	}
	c.pumps.Wait()
}

// sayEnd fills in what the command itself knows and queues what was kept and END. `kept` shares nothing with later commands.
func (c *command) sayEnd(end *endHeader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keeper != nil {
		items, dropped := c.keeper.items()
		c.keeper, c.droppedBytes = nil, dropped
		for _, kept := range items {
			c.writer.push(c.out, kept)
		}
	}
	c.sayGaps()
	for _, s := range c.streams {
		if s.index == streamOut {
			end.OutBytes = s.total
		} else {
			end.ErrBytes = s.total
		}
	}
	end.DroppedBytes, end.WallUS, end.StalledUS = c.droppedBytes, c.wall.Microseconds(), c.stalls.past.Microseconds()
	if end.Background == nil {
		end.Background = []backgroundJob{}
	}
	c.ended = true
	c.writer.push(c.out, item{kind: typeEnd, header: encodeHeader(end)})
}

func (c *command) hasEnded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// progress is what SYNC says of the command. The caller holds its lock.
func (c *command) progress() syncCommand {
	state := syncCommand{ID: c.id, State: "running"}
	if c.ended {
		state.State = "ended"
	}
	for _, s := range c.streams {
		if s.index == streamOut {
			state.OutOffset = s.total
		} else {
			state.ErrOffset = s.total
		}
	}
	return state
}

// stallClock adds up the time a command stood blocked because nobody took its output.
type stallClock struct {
	past  time.Duration
	since time.Time
	depth int // pumps that wait
}

func (s *stallClock) begin() {
	if s.depth == 0 {
		s.since = time.Now()
	}
	s.depth++
}

func (s *stallClock) end() {
	s.depth--
	if s.depth == 0 {
		s.past += time.Since(s.since)
	}
}

func (s *stallClock) total(now time.Time) time.Duration {
	if s.depth > 0 {
		return s.past + now.Sub(s.since)
	}
	return s.past
}

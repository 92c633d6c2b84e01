// Pumps: one goroutine per stream of a command takes bytes from its pipe as fast as credit and the link allow, and no faster.

package main

import (
	"errors"
	"io"
	"syscall"
	"time"
)

var errNoCredit = errors.New("out of credit")

// stream is one output of a command. Its fields are guarded by the command's lock.
type stream struct {
	index     byte
	end       *pipeEnd // where the guest reads
	total     int64    // bytes printed so far
	left      int      // bytes still to be taken once the command is finishing
	gapOffset int64
	gapBytes  int64 // dropped, not yet said
}

func (c *command) pump(s *stream) {
	defer c.pumps.Done()
	buffer := borrowBuffer()
	var err error
	for err == nil {
		c.awaitRoom(s)
		buffer, err = c.transfer(s, buffer)
		if err == errNoCredit {
			err = nil
		}
	}
	returnBuffer(buffer)
}

// transfer waits for output and takes it once. The buffer it returns replaces the one it was given.
func (c *command) transfer(s *stream, buffer []byte) ([]byte, error) {
	var err error
	waitErr := s.end.raw.Read(func(uintptr) bool {
		buffer, err = c.takeOnce(s, buffer)
		return err != syscall.EAGAIN
	})
	if waitErr != nil { // the deadline finish() sets to get hold of us
		buffer, err = c.takeOnce(s, buffer)
		if err == syscall.EAGAIN {
			err = c.idle(s)
		}
	}
	return buffer, err
}

// idle says whether a pump that found nothing is done.
func (c *command) idle(s *stream) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finishing {
		s.left = 0
		return io.EOF
	}
	return nil
}

func (c *command) takeOnce(s *stream, buffer []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finishing && s.left == 0 {
		return buffer, io.EOF
	}
	room := c.room()
	if room == 0 {
		return buffer, errNoCredit
	}
	if c.finishing {
		room = min(room, s.left)
	}
	n, err := s.end.readNow(buffer[:room])
	if err != nil {
		return buffer, err
	}
	if n == 0 {
		return buffer, io.EOF
	}
	if c.finishing {
		s.left -= n
	}
	return c.account(s, buffer, n), nil
}

// room is how many bytes may be taken now; 0 is out of credit.
func (c *command) room() int {
	switch {
	case c.keeper != nil || c.dropping:
		return coalescedBytes
	case c.credit > 0 && !c.writer.full(c.out):
		return int(min(c.credit, coalescedBytes))
	case c.reason != "" || c.stallsSpent():
		c.dropping = true
		return coalescedBytes
	}
	return 0
}

func (c *command) stallsSpent() bool {
	return c.stalls.total(time.Now()) >= time.Duration(c.rules.StallTotalMS)*time.Millisecond
}

// account does with bytes just taken what the command's rules say.
func (c *command) account(s *stream, buffer []byte, n int) []byte {
	offset := s.total
	s.total += int64(n)
	c.checkOutputLimit()
	switch {
	case c.keeper != nil:
		c.keeper.add(s.index, buffer[:n])
	case c.dropping:
		c.drop(s, offset, int64(n))
	default:
		c.sayGaps()
		c.credit -= int64(n)
		body := buffer[:n]
		if n >= coalescedBytes/2 {
			buffer = borrowBuffer()
		} else {
			body = append(make([]byte, 0, n), body...)
		}
		c.writer.push(c.out, item{kind: typeOutput, stream: s.index, offset: offset, body: body})
	}
	return buffer
}

func (c *command) checkOutputLimit() {
	var printed int64
	for _, s := range c.streams {
		printed += s.total
	}
	if c.rules.MaxOutput > 0 && printed > c.rules.MaxOutput {
		c.killLocked(reasonOutputLimit, c.rules.GraceMS)
	}
}

func (c *command) drop(s *stream, offset, bytes int64) {
	if s.gapBytes == 0 {
		s.gapOffset = offset
	}
	s.gapBytes += bytes
	c.droppedBytes += bytes
}

func (c *command) sayGaps() {
	for _, s := range c.streams {
		if s.gapBytes > 0 {
			c.writer.push(c.out, item{kind: typeGap, stream: s.index, offset: s.gapOffset, bytes: s.gapBytes})
			s.gapBytes = 0
		}
	}
}

// awaitRoom returns when something may be taken. Being out of credit counts as blocked only once the command has printed something more.
func (c *command) awaitRoom(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for printed := false; c.room() == 0 && !(c.finishing && s.left == 0); {
		if !printed && !c.finishing {
			c.mu.Unlock()
			s.end.awaitData()
			c.mu.Lock()
			printed = true
			continue
		}
		c.stall()
	}
}

// stall waits for credit, or room in the outbox, as long as the rules allow.
func (c *command) stall() {
	rest := time.Duration(c.rules.StallTotalMS)*time.Millisecond - c.stalls.total(time.Now())
	patience := min(time.Duration(c.rules.StallMS)*time.Millisecond, rest)
	var over bool
	timer := time.AfterFunc(patience, func() {
		c.mu.Lock()
		over = true
		c.changed.Broadcast()
		c.mu.Unlock()
	})
	c.stalls.begin()
	for c.room() == 0 && !over {
		c.changed.Wait()
	}
	c.stalls.end()
	timer.Stop()
	if c.room() == 0 {
		c.dropping = true
	}
}

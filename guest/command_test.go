package main

import (
	"bytes"
	"syscall"
	"testing"
	"time"
)

// startCommand runs a command whose output is what the test writes to the descriptor it gets.
func startCommand(t *testing.T, rules outputRules) (*command, int) {
	t.Helper()
	end, theirs, err := newPipe(true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end.close)
	t.Cleanup(func() { syscall.Close(theirs) })
	c := newCommand(1, rules, newWriter(nil))
	c.start([]*stream{{index: streamOut, end: end}}, nil)
	return c, theirs
}

func finishedWithin(c *command, limit time.Duration) bool {
	done := make(chan struct{})
	go func() { c.finish(); close(done) }()
	select {
	case <-done:
		return true
	case <-time.After(limit):
		return false
	}
}

func taken(c *command) (text []byte, gaps int64) {
	for next, ok := c.out.take(); ok; next, ok = c.out.take() {
		text = append(text, next.body...)
		gaps += next.bytes
	}
	return text, gaps
}

func streaming(credit int64) outputRules {
	return outputRules{Output: "merged", TimeoutMS: 60_000, Stream: true, Credit: credit, StallMS: 50, StallTotalMS: 5000}
}

// No more than the credit flows before there is more of it, and then the rest does.
func TestCreditHoldsOutputBack(t *testing.T) {
	rules := streaming(10)
	rules.StallMS = 5000
	c, fd := startCommand(t, rules)
	syscall.Write(fd, bytes.Repeat([]byte("x"), 25))
	time.Sleep(30 * time.Millisecond)
	if text, _ := taken(c); len(text) != 10 {
		t.Errorf("%d bytes flowed on a credit of 10", len(text))
	}
	c.addCredit(100)
	if !finishedWithin(c, time.Second) {
		t.Fatal("does not finish")
	}
	if text, gaps := taken(c); len(text) != 15 || gaps != 0 || c.stalls.past < 20*time.Millisecond {
		t.Errorf("%d bytes, gaps of %d, stalled %v", len(text), gaps, c.stalls.past)
	}
}

// Out of credit for too long the rest is dropped and said so, and the process is not held up any more.
func TestStallEndsInGap(t *testing.T) {
	c, fd := startCommand(t, streaming(10))
	syscall.Write(fd, bytes.Repeat([]byte("x"), 25))
	if !finishedWithin(c, time.Second) {
		t.Fatal("does not finish")
	}
	c.sayEnd(&endHeader{})
	if text, gaps := taken(c); len(text) != 10 || gaps != 15 {
		t.Errorf("%d bytes, gaps of %d", len(text), gaps)
	}
}

// A killed command does not wait for credit.
func TestKilledCommandDoesNotStall(t *testing.T) {
	rules := streaming(0)
	rules.StallMS = 5000
	c, fd := startCommand(t, rules)
	syscall.Write(fd, []byte("late"))
	c.kill(reasonInterrupted, 0)
	if !finishedWithin(c, time.Second) {
		t.Fatal("waits for credit")
	}
}

// What others go on writing after the end is not waited for.
func TestFinishTakesOnlyWhatIsThere(t *testing.T) {
	c, fd := startCommand(t, streaming(1<<30))
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				syscall.Write(fd, make([]byte, 1024))
			}
		}
	}()
	defer close(stop)
	time.Sleep(10 * time.Millisecond)
	if !finishedWithin(c, time.Second) {
		t.Fatal("drains for ever")
	}
}

// The limit on printed bytes is a reason to end the command.
func TestOutputLimit(t *testing.T) {
	rules := streaming(1 << 20)
	rules.MaxOutput = 5
	c, fd := startCommand(t, rules)
	syscall.Write(fd, []byte("123456"))
	select {
	case <-c.killed:
	case <-time.After(time.Second):
		t.Fatal("not ended")
	}
	if c.reason != reasonOutputLimit {
		t.Error(c.reason)
	}
}

// Time that a command stood blocked is not charged to it.
func TestDeadlineLeavesOutStalls(t *testing.T) {
	rules := streaming(0)
	rules.TimeoutMS, rules.StallMS = 100, 300
	c, fd := startCommand(t, rules)
	began := time.Now()
	syscall.Write(fd, []byte("x"))
	<-c.killed
	if used := time.Since(began); used < 350*time.Millisecond || c.reason != reasonTimedOut {
		t.Errorf("%s after %v", c.reason, used)
	}
}

// The inbox: standard input of a command, from the server's frames to the command's pipe. Bounded; a command that does not read holds up nothing.

package main

import "sync"

const inboxBytes = 1 << 20

type inboxChunk struct {
	data []byte
	last bool
}

type inbox struct {
	written func(bytes int) // told after each chunk that reached the pipe

	mu       sync.Mutex
	changed  *sync.Cond
	end      *pipeEnd // nil until feeding
	chunks   []inboxChunk
	buffered int
	opened   bool // the command's side has been opened, so that closing ours is end-of-file
	closed   bool
}

func newInbox(written func(int)) *inbox {
	in := &inbox{written: written}
	in.changed = sync.NewCond(&in.mu)
	return in
}

// expectInput gives the command an inbox whose chunks are answered with DONE.
func (c *command) expectInput(g *guest) {
	c.inbox = newInbox(func(bytes int) { g.done(c.id, acceptedHeader{Accepted: bytes}) })
}

// add takes a chunk, or says false when it does not fit.
func (in *inbox) add(data []byte, last bool) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.buffered+len(data) > inboxBytes && len(data) > 0 {
		return false
	}
	in.buffered += len(data)
	in.chunks = append(in.chunks, inboxChunk{data, last})
	in.changed.Broadcast()
	return true
}

// feed begins writing to a pipe end, which is the inbox's own from here. What it returns is to be called when the other side is open.
func (in *inbox) feed(end *pipeEnd) (opened func()) {
	in.mu.Lock()
	in.end = end
	in.mu.Unlock()
	go in.write(end)
	return func() {
		in.mu.Lock()
		in.opened = true
		in.changed.Broadcast()
		in.mu.Unlock()
	}
}

// close ends feeding at once; what was not written is forgotten.
func (in *inbox) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
	in.changed.Broadcast()
	if in.end != nil {
		in.end.file.SetWriteDeadline(longAgo)
	}
}

func (in *inbox) next() (inboxChunk, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for !in.closed && (len(in.chunks) == 0 || in.chunks[0].last && !in.opened) {
		in.changed.Wait()
	}
	if in.closed {
		return inboxChunk{}, false
	}
	return in.chunks[0], true
}

// write goes on until the end of the input; when the reader went away the rest is taken and dropped.
func (in *inbox) write(end *pipeEnd) {
	defer end.close()
	broken := false
	for {
		chunk, ok := in.next()
		if !ok {
			return
		}
		if len(chunk.data) > 0 && !broken {
			broken = end.writeAll([][]byte{chunk.data}) != nil
		}
		if chunk.last {
			end.close()
		}
		if !in.taken(chunk) || chunk.last {
			return
		}
	}
}

func (in *inbox) taken(chunk inboxChunk) bool {
	in.mu.Lock()
	in.chunks, in.buffered = in.chunks[1:], in.buffered-len(chunk.data)
	closed := in.closed
	in.mu.Unlock()
	if !closed && in.written != nil {
		in.written(len(chunk.data))
	}
	return !closed
}

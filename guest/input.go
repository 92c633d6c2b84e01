// Input: standard input of a command, from the server's frames to the command's pipe. Bounded; a command that does not read holds up nothing.

package main

import "sync"

const inputBytes = 1 << 20

type inputChunk struct {
	data []byte
	last bool
}

type input struct {
	end     *pipeEnd
	written func(bytes int) // told after each chunk

	mu       sync.Mutex
	changed  *sync.Cond
	chunks   []inputChunk
	buffered int
	opened   bool // the command's side has been opened, so that closing ours is end-of-file
	closed   bool
}

// newInput starts feeding; the pipe end is the input's own from here.
func newInput(end *pipeEnd, written func(int)) *input {
	in := &input{end: end, written: written}
	in.changed = sync.NewCond(&in.mu)
	go in.feed()
	return in
}

// add takes a chunk, or says false when it does not fit.
func (in *input) add(data []byte, last bool) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.buffered+len(data) > inputBytes && len(data) > 0 {
		return false
	}
	in.buffered += len(data)
	in.chunks = append(in.chunks, inputChunk{data, last})
	in.changed.Broadcast()
	return true
}

func (in *input) markOpened() {
	in.mu.Lock()
	in.opened = true
	in.changed.Broadcast()
	in.mu.Unlock()
}

// close ends feeding at once; what was not written is forgotten.
func (in *input) close() {
	in.mu.Lock()
	in.closed = true
	in.changed.Broadcast()
	in.mu.Unlock()
	in.end.file.SetWriteDeadline(longAgo)
}

func (in *input) next() (inputChunk, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for !in.closed && (len(in.chunks) == 0 || in.chunks[0].last && !in.opened) {
		in.changed.Wait()
	}
	if in.closed {
		return inputChunk{}, false
	}
	return in.chunks[0], true
}

// feed writes until the end of the input; a reader that went away makes the rest be taken and dropped.
func (in *input) feed() {
	defer in.end.close()
	broken := false
	for {
		chunk, ok := in.next()
		if !ok {
			return
		}
		if len(chunk.data) > 0 && !broken {
			broken = in.end.writeAll([][]byte{chunk.data}) != nil
		}
		if chunk.last {
			in.end.close()
		}
		in.mu.Lock()
		in.chunks, in.buffered = in.chunks[1:], in.buffered-len(chunk.data)
		closed := in.closed
		in.mu.Unlock()
		if closed {
			return
		}
		if in.written != nil {
			in.written(len(chunk.data))
		}
		if chunk.last {
			return
		}
	}
}

// The writer: the only one that writes to the link. Control frames go first; outboxes take turns, one item each,
// so that no command's output holds up another's end. It never waits for anything but the link.

package main

import (
	"encoding/json"
	"sync"
	"syscall"
	"unsafe"
)

const (
	batchBytes   = 64 << 10 // what one write takes together
	inPlaceBytes = 8 << 10  // bodies up to this are copied beside their header, larger ones are written from where they are
)

var syncMarker = []byte("CODECRAFT-SYNC-1")

type writer struct {
	link *pipeEnd
	wake chan struct{}

	mu      sync.Mutex
	control []byte
	turns   []*outbox

	batch batch
}

// batch is one gathered write: bytes of buffer, in pieces, with large bodies between them.
type batch struct {
	buffer []byte
	scrap  []byte
	pieces []piece
	bytes  int
	roomy  []*outbox
}

type piece struct {
	upTo int // buffer up to here comes before body
	body []byte
}

func newWriter(link *pipeEnd) *writer {
	return &writer{link: link, wake: make(chan struct{}, 1)}
}

// say queues a control frame; it never blocks. Their number is bounded by that of the server's requests.
func (w *writer) say(kind byte, id uint32, header any) {
	encoded, err := json.Marshal(header)
	if err != nil {
		encoded = []byte("{}")
	}
	w.mu.Lock()
	w.control = appendFrameHead(w.control, kind, id, encoded, nil)
	w.mu.Unlock()
	w.nudge()
}

// synchronise puts the marker and SYNC before everything unsent and has every outbox say again what it kept.
func (w *writer) synchronise(header any, boxes []*outbox) {
	encoded, _ := json.Marshal(header)
	w.mu.Lock()
	first := append([]byte{}, syncMarker...)
	w.control = append(appendFrameHead(first, typeSync, 0, encoded, nil), w.control...)
	for _, box := range boxes {
		box.rewind()
		w.queue(box)
	}
	w.mu.Unlock()
	w.nudge()
}

// push adds an item to an outbox.
func (w *writer) push(box *outbox, new item) {
	w.mu.Lock()
	box.add(new)
	w.queue(box)
	w.mu.Unlock()
	w.nudge()
}

func (w *writer) full(box *outbox) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return box.full()
}

func (w *writer) queue(box *outbox) {
	if !box.waitsForTurn {
		box.waitsForTurn = true
		w.turns = append(w.turns, box)
	}
}

func (w *writer) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run writes until the link breaks; after that it goes on taking, so that nothing waits for a reader that is gone.
func (w *writer) run() {
	broken := false
	for range w.wake {
		for w.collect() {
			if !broken {
				broken = w.flush() != nil
			}
			for _, box := range w.batch.roomy {
				box.roomed()
			}
		}
	}
}

func (w *writer) collect() bool {
	b := &w.batch
	b.buffer, b.pieces, b.roomy, b.bytes = b.buffer[:0], b.pieces[:0], b.roomy[:0], 0
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.control) > 0 {
		b.buffer, w.control = w.control, b.buffer
		b.bytes = len(b.buffer)
	}
	for b.bytes < batchBytes && len(w.turns) > 0 {
		box := w.turns[0]
		w.turns = append(w.turns[:0], w.turns[1:]...)
		wasFull := box.full()
		box.waitsForTurn = false
		if next, ok := box.take(); ok {
			b.add(box.id, &next)
			w.queue(box)
		}
		if wasFull && !box.full() && box.roomed != nil {
			b.roomy = append(b.roomy, box)
		}
	}
	return b.bytes > 0
}

func (b *batch) add(id uint32, next *item) {
	b.scrap = next.headerTo(b.scrap[:0])
	b.buffer = appendFrameHead(b.buffer, next.kind, id, b.scrap, next.body)
	b.bytes += frameHeadBytes + len(b.scrap) + len(next.body)
	if len(next.body) <= inPlaceBytes {
		b.buffer = append(b.buffer, next.body...)
		return
	}
	b.pieces = append(b.pieces, piece{upTo: len(b.buffer), body: next.body})
}

func (w *writer) flush() error {
	b := &w.batch
	var parts [][]byte
	from := 0
	for _, p := range b.pieces {
		parts = append(parts, b.buffer[from:p.upTo], p.body)
		from = p.upTo
	}
	if from < len(b.buffer) {
		parts = append(parts, b.buffer[from:])
	}
	return w.link.writeAll(parts)
}

// writeAll writes all parts in order, waiting for the reader as long as it takes.
func (p *pipeEnd) writeAll(parts [][]byte) error {
	for len(parts) > 0 {
		var n int
		var errno syscall.Errno
		vectors := make([]syscall.Iovec, len(parts))
		for i, part := range parts {
			vectors[i].Base = &part[0]
			vectors[i].SetLen(len(part))
		}
		err := p.raw.Write(func(fd uintptr) bool {
			var r uintptr
			r, _, errno = syscall.Syscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&vectors[0])), uintptr(len(vectors)))
			n = int(r)
			return errno != syscall.EAGAIN
		})
		if err == nil && errno != 0 && errno != syscall.EINTR {
			err = errno
		}
		if err != nil {
			return err
		}
		if errno == 0 {
			parts = skip(parts, n)
		}
	}
	return nil
}

func skip(parts [][]byte, n int) [][]byte {
	for len(parts) > 0 && n >= len(parts[0]) {
		n -= len(parts[0])
		parts = parts[1:]
	}
	if n > 0 {
		parts[0] = parts[0][n:]
	}
	return parts
}

// Outboxes: what one request still has to say, and, for commands, the last of what was said (the ring for re-attaching).
// An outbox belongs to the writer, whose lock guards it; it knows nothing of credit or of where bytes come from.

package main

import "strconv"

const (
	ringBytes      = 256 << 10 // of sent output kept for a server that attaches again
	ringItems      = 4096      // in as many frames at most, as small outputs cost more than their bytes
	outboxBytes    = 512 << 10 // unsent output after which an outbox is full
	coalescedBytes = 64 << 10  // what small outputs are joined to
)

const (
	streamOut = 0
	streamErr = 1
)

var streamNames = [2]string{"out", "err"}

// item is one frame to come. OUTPUT and GAP have their header made when they are sent, the others bring it.
type item struct {
	kind   byte
	stream byte
	offset int64
	bytes  int64 // the length of a GAP
	header []byte
	body   []byte
}

func (i *item) headerTo(buffer []byte) []byte {
	if i.header != nil {
		return append(buffer, i.header...)
	}
	buffer = append(buffer, `{"stream":"`...)
	buffer = append(buffer, streamNames[i.stream]...)
	buffer = append(buffer, `","offset":`...)
	buffer = strconv.AppendInt(buffer, i.offset, 10)
	if i.kind == typeGap {
		buffer = append(buffer, `,"bytes":`...)
		buffer = strconv.AppendInt(buffer, i.bytes, 10)
	}
	return append(buffer, '}')
}

type outbox struct {
	id     uint32
	rings  bool   // whether sent items are kept for re-attaching
	roomed func() // told, without any lock held, that there is room again

	items        []item // from first: the sent ones that are still kept, then the unsent ones
	first        int
	next         int // index of the first unsent item
	sentBytes    int
	unsentBytes  int
	ringStart    [2]int64 // per stream, the offset before which nothing is kept
	waitsForTurn bool     // is in the writer's queue
}

func (o *outbox) full() bool { return o.unsentBytes >= outboxBytes }

// add appends an item; a small output joins an unsent one before it.
func (o *outbox) add(new item) {
	o.unsentBytes += len(new.body)
	if last := len(o.items) - 1; last >= o.next && new.kind == typeOutput {
		before := &o.items[last]
		if before.kind == typeOutput && before.stream == new.stream && len(before.body)+len(new.body) <= coalescedBytes {
			before.body = append(before.body, new.body...)
			return
		}
	}
	o.items = append(o.items, new)
}

// take hands out the next unsent item.
func (o *outbox) take() (item, bool) {
	if o.next == len(o.items) {
		return item{}, false
	}
	taken := o.items[o.next]
	o.next++
	o.unsentBytes -= len(taken.body)
	o.sentBytes += len(taken.body)
	o.trim()
	return taken, true
}

// trim forgets the oldest sent items above the bounds of the ring, or all of them where there is none.
func (o *outbox) trim() {
	for o.first < o.next && !(o.rings && o.sentBytes <= ringBytes && o.next-o.first <= ringItems) {
		old := &o.items[o.first]
		o.sentBytes -= len(old.body)
		o.forget(old)
		*old = item{}
		o.first++
	}
	if o.first > ringItems || o.first == len(o.items) {
		o.items = append(o.items[:0], o.items[o.first:]...)
		o.next -= o.first
		o.first = 0
	}
}

func (o *outbox) forget(old *item) {
	switch old.kind {
	case typeOutput:
		o.ringStart[old.stream] = old.offset + int64(len(old.body))
		if o.rings {
			returnBuffer(old.body)
		}
	case typeGap:
		o.ringStart[old.stream] = old.offset + old.bytes
	}
}

// rewind makes everything that is kept unsent again, after gaps for what is not kept.
func (o *outbox) rewind() {
	var gaps []item
	for stream, start := range o.ringStart {
		if start > 0 {
			gaps = append(gaps, item{kind: typeGap, stream: byte(stream), bytes: start})
		}
	}
	o.items = append(gaps, o.items[o.first:]...)
	o.first, o.next, o.unsentBytes, o.sentBytes = 0, 0, o.unsentBytes+o.sentBytes, 0
}

var spareBuffers = make(chan []byte, 8)

func borrowBuffer() []byte {
	select {
	case buffer := <-spareBuffers:
		return buffer
	default:
		return make([]byte, coalescedBytes)
	}
}

func returnBuffer(buffer []byte) {
	if cap(buffer) != coalescedBytes {
		return
	}
	select {
	case spareBuffers <- buffer[:coalescedBytes]:
	default:
	}
}

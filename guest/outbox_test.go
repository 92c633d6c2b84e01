package main

import (
	"bytes"
	"testing"
)

func output(offset int64, body string) item {
	return item{kind: typeOutput, offset: offset, body: []byte(body)}
}

// Small outputs that wait are joined; what was taken is not touched.
func TestOutboxJoinsWaitingOutput(t *testing.T) {
	box := &outbox{rings: true}
	box.add(output(0, "a"))
	first, _ := box.take()
	box.add(output(1, "b"))
	box.add(output(2, "c"))
	second, _ := box.take()
	if string(first.body) != "a" || string(second.body) != "bc" || second.offset != 1 {
		t.Errorf("%q %q", first.body, second.body)
	}
}

// Rewinding says again what the ring has, after a gap for what it has not.
func TestOutboxRewind(t *testing.T) {
	box := &outbox{rings: true}
	piece := bytes.Repeat([]byte("x"), 64<<10)
	for i := int64(0); i < 10; i++ {
		box.add(output(i*int64(len(piece)), string(piece)))
		box.take()
	}
	box.add(item{kind: typeEnd, header: []byte("{}")})
	box.take()
	box.rewind()
	gap, _ := box.take()
	kept := int64(0)
	last := item{}
	for next, ok := box.take(); ok; next, ok = box.take() {
		kept += int64(len(next.body))
		last = next
	}
	if gap.kind != typeGap || gap.bytes+kept != 640<<10 || kept > ringBytes || last.kind != typeEnd {
		t.Errorf("gap %d, kept %d, last %d", gap.bytes, kept, last.kind)
	}
}

// Many tiny outputs do not make a ring of many items.
func TestOutboxRingItemsAreBounded(t *testing.T) {
	box := &outbox{rings: true}
	for i := int64(0); i < 50_000; i++ {
		box.add(output(i, "x"))
		box.take()
	}
	if len(box.items) > 2*ringItems+2 {
		t.Errorf("%d items", len(box.items))
	}
}

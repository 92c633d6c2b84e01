package main

import (
	"bytes"
	"math/rand"
	"testing"
)

// rebuild puts items together and checks that offsets leave no hole but the gaps.
func rebuild(t *testing.T, items []item) (kept [2][]byte, gaps [2]int64) {
	t.Helper()
	var at [2]int64
	for _, i := range items {
		if i.offset != at[i.stream] {
			t.Fatalf("%s at %d, expected %d", streamNames[i.stream], i.offset, at[i.stream])
		}
		if i.kind == typeGap {
			gaps[i.stream] += i.bytes
			at[i.stream] += i.bytes
			continue
		}
		kept[i.stream] = append(kept[i.stream], i.body...)
		at[i.stream] += int64(len(i.body))
	}
	return kept, gaps
}

// Little output is kept whole.
func TestKeeperKeepsAll(t *testing.T) {
	k := newKeeper(100)
	k.add(streamOut, []byte("hello "))
	k.add(streamErr, []byte("oops"))
	k.add(streamOut, []byte("world"))
	items, dropped := k.items()
	kept, _ := rebuild(t, items)
	if dropped != 0 || string(kept[0]) != "hello world" || string(kept[1]) != "oops" {
		t.Errorf("%q, %d dropped", kept, dropped)
	}
}

// Of much output a fifth is head and the rest tail, in pieces of any size.
func TestKeeperHeadAndTail(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	all := make([]byte, 10_000)
	random.Read(all)
	for round := 0; round < 200; round++ {
		kept := int64(random.Intn(2000))
		k := newKeeper(kept)
		for rest := all; len(rest) > 0; {
			n := min(1+random.Intn(3000), len(rest))
			k.add(streamOut, rest[:n])
			rest = rest[n:]
		}
		items, dropped := k.items()
		got, gaps := rebuild(t, items)
		head := int(kept / headShare)
		want := append(append([]byte{}, all[:head]...), all[len(all)-int(kept)+head:]...)
		if !bytes.Equal(got[0], want) || dropped != int64(len(all))-kept || gaps[0] != dropped {
			t.Fatalf("kept %d: %d bytes, %d dropped", kept, len(got[0]), dropped)
		}
	}
}

// Two streams share the bound and each keeps its own order and count.
func TestKeeperTwoStreams(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	k := newKeeper(500)
	var total [2]int64
	for i := 0; i < 5000; i++ {
		stream := byte(random.Intn(2))
		piece := bytes.Repeat([]byte{byte(i)}, 1+random.Intn(5))
		k.add(stream, piece)
		total[stream] += int64(len(piece))
	}
	items, dropped := k.items()
	kept, gaps := rebuild(t, items)
	if len(kept[0])+len(kept[1]) != 500 || dropped != total[0]+total[1]-500 {
		t.Errorf("%d and %d kept, %d dropped", len(kept[0]), len(kept[1]), dropped)
	}
	for s := range total {
		if int64(len(kept[s]))+gaps[s] != total[s] {
			t.Errorf("stream %d: %d + %d of %d", s, len(kept[s]), gaps[s], total[s])
		}
	}
}

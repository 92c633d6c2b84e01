// The keeper: head and tail of what a command prints when nothing of it is streamed. Its memory is bounded by what it keeps.

package main

const headShare = 5 // a fifth of what is kept is the head

// run is a stretch of bytes of one stream.
type keptRun struct {
	stream byte
	bytes  int
}

// keeper keeps the first fifth of `limit` bytes and the last four, of both streams together in the order they came.
type keeper struct {
	head, tail         []byte // tail is a ring once it is full
	headRuns, tailRuns []keptRun
	headLimit, limit   int
	oldest             int // where the ring starts
	total              [2]int64
}

func newKeeper(kept int64) *keeper {
	head := int(kept / headShare)
	return &keeper{headLimit: head, limit: int(kept) - head}
}

func (k *keeper) add(stream byte, data []byte) {
	k.total[stream] += int64(len(data))
	if n := min(len(data), k.headLimit-len(k.head)); n > 0 {
		k.head = append(k.head, data[:n]...)
		k.headRuns = appendRun(k.headRuns, stream, n)
		data = data[n:]
	}
	if excess := len(data) - k.limit; excess > 0 {
		k.tail, k.tailRuns, k.oldest = k.tail[:0], k.tailRuns[:0], 0
		data = data[excess:]
	}
	if len(data) > 0 {
		k.push(stream, data)
	}
}

func appendRun(runs []keptRun, stream byte, n int) []keptRun {
	if last := len(runs) - 1; last >= 0 && runs[last].stream == stream {
		runs[last].bytes += n
		return runs
	}
	return append(runs, keptRun{stream, n})
}

// push writes to the ring, over the oldest bytes when it is full.
func (k *keeper) push(stream byte, data []byte) {
	k.tailRuns = appendRun(k.tailRuns, stream, len(data))
	if free := min(k.limit-len(k.tail), len(data)); free > 0 {
		k.tail = append(k.tail, data[:free]...)
		data = data[free:]
	}
	k.dropOldest(len(data))
	for len(data) > 0 {
		n := copy(k.tail[k.oldest:], data)
		k.oldest = (k.oldest + n) % len(k.tail)
		data = data[n:]
	}
}

func (k *keeper) dropOldest(n int) {
	gone := 0
	for n > 0 {
		run := &k.tailRuns[gone]
		cut := min(n, run.bytes)
		run.bytes -= cut
		n -= cut
		if run.bytes == 0 {
			gone++
		}
	}
	k.tailRuns = k.tailRuns[gone:]
}

// items are the frames of what was kept: head, gaps, tail.
func (k *keeper) items() (items []item, dropped int64) {
	var offsets [2]int64
	items, _ = cutItems(items, k.head, k.headRuns, &offsets)
	tailBytes := [2]int64{}
	for _, run := range k.tailRuns {
		tailBytes[run.stream] += int64(run.bytes)
	}
	for stream := range offsets {
		gap := k.total[stream] - tailBytes[stream] - offsets[stream]
		if gap > 0 {
			items = append(items, item{kind: typeGap, stream: byte(stream), offset: offsets[stream], bytes: gap})
			offsets[stream] += gap
			dropped += gap
		}
	}
	tail := append(append(make([]byte, 0, len(k.tail)), k.tail[k.oldest:]...), k.tail[:k.oldest]...)
	items, _ = cutItems(items, tail, k.tailRuns, &offsets)
	return items, dropped
}

func cutItems(items []item, data []byte, runs []keptRun, offsets *[2]int64) ([]item, []byte) {
	for _, run := range runs {
		for left := run.bytes; left > 0; {
			n := min(left, maxGuestBodyBytes)
			items = append(items, item{kind: typeOutput, stream: run.stream, offset: offsets[run.stream], body: data[:n:n]})
			offsets[run.stream] += int64(n)
			data, left = data[n:], left-n
		}
	}
	return items, data
}

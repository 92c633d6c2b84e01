// Data: the DATA frames of one request, held back when the link is slow, and the DONE or FAILED that follows them.

package main

import "strconv"

const dataBytes = 64 << 10

type dataBox struct {
	guest  *guest
	box    *outbox
	roomed chan struct{}
}

func (g *guest) newDataBox(id uint32) *dataBox {
	d := &dataBox{guest: g, roomed: make(chan struct{}, 1)}
	d.box = &outbox{id: id, roomed: func() {
		select {
		case d.roomed <- struct{}{}:
		default:
		}
	}}
	return d
}

// say queues one piece, which it keeps; it waits while the link is slow.
func (d *dataBox) say(offset int64, piece []byte) {
	for d.guest.writer.full(d.box) {
		<-d.roomed
	}
	header := append(strconv.AppendInt([]byte(`{"offset":`), offset, 10), '}')
	d.guest.writer.push(d.box, item{kind: typeData, header: header, body: piece})
}

func (d *dataBox) sayAll(data []byte) {
	for offset := 0; offset < len(data); offset += dataBytes {
		d.say(int64(offset), data[offset:min(offset+dataBytes, len(data))])
	}
}

// end comes after all pieces, so it takes the same way.
func (d *dataBox) end(header any, err error) {
	last := item{kind: typeDone, header: encodeHeader(header)}
	if err != nil {
		last = item{kind: typeFailed, header: encodeHeader(describeFailure(err))}
	}
	d.guest.writer.push(d.box, last)
}

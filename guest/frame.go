// Frames: the bytes of docs/guest-protocol.md, section "Frames", read and written.
// This file knows lengths, checksums and types, and nothing of what a frame asks for.

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"unicode/utf8"
)

// Types of frames from the server.
const (
	typeConfigure    = 1
	typeRenew        = 2
	typeRun          = 3
	typeStdin        = 4
	typeCredit       = 5
	typeInterrupt    = 6
	typeRead         = 7
	typeWrite        = 8
	typeWriteData    = 9
	typeList         = 10
	typeRemove       = 11
	typeStat         = 12
	typeExec         = 13
	typeKillAll      = 14
	typeCloseSession = 15
	typeAttach       = 16
	typeShutdown     = 17
	typeRelease      = 18
	typeProcesses    = 19
	typePack         = 20
	typeUnpack       = 21
	typeUnpackData   = 22
	typeFreeze       = 32
	typeThaw         = 33
	typeLook         = 34
)

// Types of frames from the guest.
const (
	typeHello  = 129
	typeDone   = 130
	typeFailed = 131
	typeOutput = 132
	typeGap    = 133
	typeEnd    = 134
	typeData   = 135
	typeSync   = 136
	typeNote   = 137
)

const (
	frameHeadBytes     = 16
	maxServerBodyBytes = 2 << 20
	maxGuestBodyBytes  = 64 << 10
)

// What ends the link; the words are those of the shared vectors.
var (
	errChecksum    = errors.New("crc")
	errUnknownType = errors.New("unknown_type")
	errBodyTooLong = errors.New("body_too_long")
	errHeader      = errors.New("header")
)

type frame struct {
	kind   byte
	id     uint32
	header []byte // a JSON object, never empty
	body   []byte
}

// frameReader takes frames off a byte stream; it skips padding, and drops a torn frame that padding follows.
type frameReader struct {
	source *bufio.Reader
}

func newFrameReader(source io.Reader) *frameReader {
	return &frameReader{source: bufio.NewReaderSize(source, 16<<10)}
}

func (r *frameReader) next() (frame, error) {
	for {
		f, err := r.one()
		if err != errChecksum {
			return f, err
		}
		following, peekErr := r.source.Peek(1)
		if peekErr != nil || following[0] != 0 {
			return f, err
		}
	}
}

func (r *frameReader) one() (frame, error) {
	var head [frameHeadBytes]byte
	if err := r.skipPadding(); err != nil {
		return frame{}, err
	}
	if _, err := io.ReadFull(r.source, head[:]); err != nil {
		return frame{}, err
	}
	f := frame{kind: head[0], id: binary.BigEndian.Uint32(head[4:])}
	headerBytes := int(binary.BigEndian.Uint16(head[2:]))
	bodyBytes := int64(binary.BigEndian.Uint32(head[8:]))
	if err := checkBounds(f.kind, bodyBytes); err != nil {
		return f, err
	}
	rest := make([]byte, headerBytes+int(bodyBytes))
	if _, err := io.ReadFull(r.source, rest); err != nil {
		return f, err
	}
	if checksum(head[:12], rest) != binary.BigEndian.Uint32(head[12:]) {
		return f, errChecksum
	}
	f.header, f.body = rest[:headerBytes:headerBytes], rest[headerBytes:]
	if headerBytes == 0 {
		f.header = []byte("{}")
	}
	return f, checkHeader(f.header)
}

func (r *frameReader) skipPadding() error {
	for {
		b, err := r.source.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return r.source.UnreadByte()
		}
	}
}

func checkBounds(kind byte, bodyBytes int64) error {
	fromServer := kind >= typeConfigure && kind <= typeUnpackData || kind >= typeFreeze && kind <= typeLook
	fromGuest := kind >= typeHello && kind <= typeNote
	switch {
	case !fromServer && !fromGuest:
		return errUnknownType
	case fromServer && bodyBytes > maxServerBodyBytes, fromGuest && bodyBytes > maxGuestBodyBytes:
		return errBodyTooLong
	}
	return nil
}

func checkHeader(header []byte) error {
	if !utf8.Valid(header) || !json.Valid(header) || bytes.TrimLeft(header, " \t\r\n")[0] != '{' {
		return errHeader
	}
	return nil
}

func checksum(parts ...[]byte) uint32 {
	var sum uint32
	for _, part := range parts {
		sum = crc32.Update(sum, crc32.IEEETable, part)
	}
	return sum
}

// appendFrameHead adds the fixed part and the header of a frame to buffer; the body has to follow it.
func appendFrameHead(buffer []byte, kind byte, id uint32, header, body []byte) []byte {
	start := len(buffer)
	buffer = append(buffer, kind, 0)
	buffer = binary.BigEndian.AppendUint16(buffer, uint16(len(header)))
	buffer = binary.BigEndian.AppendUint32(buffer, id)
	buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(body)))
	sum := checksum(buffer[start:], header, body)
	buffer = binary.BigEndian.AppendUint32(buffer, sum)
	return append(buffer, header...)
}

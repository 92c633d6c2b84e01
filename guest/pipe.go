// Pipe ends of the guest's: non-blocking descriptors that the runtime's poller waits for, so that no thread does.

package main

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"syscall"
	"time"
	"unsafe"
)

type pipeEnd struct {
	fd   int
	file *os.File
	raw  syscall.RawConn
}

var longAgo = time.Unix(1, 0)

// newPipeEnd takes over a descriptor.
func newPipeEnd(fd int) (*pipeEnd, error) {
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "pipe")
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &pipeEnd{fd: fd, file: file, raw: raw}, nil
}

// close is safe on nil.
func (p *pipeEnd) close() {
	if p != nil {
		p.file.Close()
	}
}

// waiting is how many bytes could be read now.
func (p *pipeEnd) waiting() int {
	var n int32
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(p.fd), fionread, uintptr(unsafe.Pointer(&n)))
	if errno != 0 {
		return 0
	}
	return int(n)
}

const fionread = 0x541B // the same on amd64 and arm64

// awaitData returns when there is something to read or a read deadline passed.
func (p *pipeEnd) awaitData() {
	p.raw.Read(func(uintptr) bool { return p.waiting() > 0 })
}

// readNow reads without waiting; EAGAIN says that there is nothing.
func (p *pipeEnd) readNow(buffer []byte) (int, error) {
	for {
		n, err := syscall.Read(p.fd, buffer)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// newPipe makes a pipe with our end wrapped; ours says which end that is. The other end stays a blocking descriptor.
func newPipe(oursReads bool) (*pipeEnd, int, error) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		return nil, -1, err
	}
	ours, theirs := fds[1], fds[0]
	if oursReads {
		ours, theirs = fds[0], fds[1]
	}
	end, err := newPipeEnd(ours)
	if err != nil {
		syscall.Close(ours)
		syscall.Close(theirs)
		return nil, -1, err
	}
	return end, theirs, nil
}

// randomName is a name nobody can guess.
func randomName() string {
	var name [12]byte
	rand.Read(name[:])
	return hex.EncodeToString(name[:])
}

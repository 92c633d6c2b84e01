// The nursery: the guest's side of a session process, which is this binary again (nurserymode.go). The guest asks it to start a process and
// hears of its death; everything below it belongs to one session or one EXEC.

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	nurseryArgument = "session"
	nurseryAnswers  = 10 * time.Second // after which a session process that does not answer is given up
	wordStarted     = 1
	wordDied        = 2
	answerBytes     = 12
)

// birth asks for one process. Descriptors travel beside it: the child's numbers are `Descriptors`, in the order they are sent.
type birth struct {
	Who         identity `json:"who"`
	Path        []byte   `json:"path"`
	Argv        [][]byte `json:"argv"`
	Env         [][]byte `json:"env"`
	Cwd         []byte   `json:"cwd"`
	Fallback    []byte   `json:"fallback"` // directory to take when Cwd cannot be entered; empty = none
	Descriptors []int    `json:"descriptors"`
}

// child is a process the nursery started.
type child struct {
	pid    int
	died   chan struct{} // closed when it has been reaped
	status syscall.WaitStatus
}

type nursery struct {
	pid      int
	control  *os.File
	children *os.File      // see openChildren
	gone     chan struct{} // closed when the session process has been reaped

	mu      sync.Mutex
	current *child
	answers chan birthAnswer
}

type answer struct {
	word, pid, status uint32
}

type birthAnswer struct {
	child *child
	err   error
}

var errNurseryGone = errors.New("the session process is gone")

// openNursery starts a session process; `guest` reaps it.
func openNursery(r *reaper) (*nursery, error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	n := &nursery{answers: make(chan birthAnswer, 1)}
	n.pid, n.gone, err = r.spawn([]string{"codecraft-guest", nurseryArgument}, pair[1])
	syscall.Close(pair[1])
	if err != nil {
		syscall.Close(pair[0])
		return nil, err
	}
	syscall.SetNonblock(pair[0], true)
	n.control = os.NewFile(uintptr(pair[0]), "nursery")
	n.children = openChildren(n.pid)
	go n.listen()
	return n, nil
}

// listen passes answers and deaths on until the session process is gone; its child's end is then unknown.
func (n *nursery) listen() {
	defer n.control.Close()
	defer n.children.Close()
	for {
		var raw [answerBytes]byte
		if _, err := io.ReadFull(n.control, raw[:]); err != nil {
			break
		}
		a := answer{binary.BigEndian.Uint32(raw[0:]), binary.BigEndian.Uint32(raw[4:]), binary.BigEndian.Uint32(raw[8:])}
		if a.word == wordStarted {
			n.started(a)
		} else {
			n.buried(int(a.pid), syscall.WaitStatus(a.status))
		}
	}
	<-n.gone
	close(n.answers)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.current != nil {
		n.current.status = syscall.WaitStatus(syscall.SIGKILL)
		close(n.current.died)
		n.current = nil
	}
}

func (n *nursery) started(a answer) {
	if a.status != 0 {
		n.answers <- birthAnswer{err: syscall.Errno(a.status)}
		return
	}
	born := &child{pid: int(a.pid), died: make(chan struct{})}
	n.mu.Lock()
	n.current = born
	n.mu.Unlock()
	n.answers <- birthAnswer{child: born}
}

func (n *nursery) buried(pid int, status syscall.WaitStatus) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.current != nil && n.current.pid == pid {
		n.current.status = status
		close(n.current.died)
		n.current = nil
	}
}

// bear has a process started; the descriptors stay the caller's.
func (n *nursery) bear(b birth, descriptors []int) (*child, error) {
	encoded, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	message := append(binary.BigEndian.AppendUint32(nil, uint32(len(encoded))), encoded...)
	n.wake()
	if err := n.send(message, descriptors); err != nil {
		return nil, err
	}
	select {
	case a, ok := <-n.answers:
		if !ok {
			return nil, errNurseryGone
		}
		return a.child, a.err
	case <-time.After(nurseryAnswers):
		n.end()
		return nil, errNurseryGone
	}
}

// works says whether the session process still lives and works: it refuses a birth of nothing. One that does not is ended.
func (n *nursery) works() bool {
	_, err := n.bear(birth{}, nil)
	if errors.Is(err, syscall.EINVAL) {
		return true
	}
	n.end()
	return false
}

// send writes a message; the descriptors go with its first byte.
func (n *nursery) send(message []byte, descriptors []int) error {
	raw, err := n.control.SyscallConn()
	if err != nil {
		return err
	}
	var sent int
	var sendErr error
	err = raw.Write(func(fd uintptr) bool {
		sent, sendErr = syscall.SendmsgN(int(fd), message[:1], syscall.UnixRights(descriptors...), nil, syscall.MSG_NOSIGNAL)
		return sendErr != syscall.EAGAIN
	})
	if err = errors.Join(err, sendErr); err != nil {
		return err
	}
	_, err = io.Copy(n.control, bytes.NewReader(message[sent:]))
	return err
}

// wake undoes a SIGSTOP that a root agent may have sent.
func (n *nursery) wake() {
	if !n.isGone() {
		syscall.Kill(n.pid, syscall.SIGCONT)
	}
}

// isGone says whether the session process has died.
func (n *nursery) isGone() bool {
	select {
	case <-n.gone:
		return true
	default:
		return false
	}
}

// end kills the session process itself; what is below it should be gone before.
func (n *nursery) end() {
	if !n.isGone() {
		syscall.Kill(n.pid, syscall.SIGKILL)
		<-n.gone
	}
}

// FIFOs: the fresh pipes of one command, by name, because a running shell can be given a descriptor in no other way.

package main

import "syscall"

// fifo is a named pipe: our end, and a descriptor of the other kind that is held so that end-of-file comes no earlier than we want it.
type fifo struct {
	path string
	ours *pipeEnd
	hold int // -1 when let go
}

// newFIFO makes one that only the agent can open by name.
func newFIFO(dir string, uid, gid int, oursReads bool) (*fifo, error) {
	f := &fifo{path: dir + "/" + randomName(), hold: -1}
	if err := syscall.Mknod(f.path, syscall.S_IFIFO|0o600, 0); err != nil {
		return nil, err
	}
	err := firstError(syscall.Lchown(f.path, uid, gid), f.open(oursReads))
	if err != nil {
		f.remove()
		return nil, err
	}
	return f, nil
}

// open takes the reading end first: without a reader a non-blocking writer is refused.
func (f *fifo) open(oursReads bool) error {
	reader, err := openFIFO(f.path, syscall.O_RDONLY)
	if err != nil {
		return err
	}
	writer, err := openFIFO(f.path, syscall.O_WRONLY)
	if err != nil {
		syscall.Close(reader)
		return err
	}
	ours := writer
	f.hold = reader
	if oursReads {
		ours, f.hold = reader, writer
	}
	f.ours, err = newPipeEnd(ours)
	return err
}

func openFIFO(path string, access int) (int, error) {
	return syscall.Open(path, access|syscall.O_NONBLOCK|syscall.O_CLOEXEC|syscall.O_NOFOLLOW, 0)
}

// letGo closes the held descriptor and removes the name; our end stays.
func (f *fifo) letGo() {
	if f.hold >= 0 {
		syscall.Close(f.hold)
		f.hold = -1
	}
	syscall.Unlink(f.path)
}

func (f *fifo) remove() {
	if f != nil {
		f.letGo()
		f.ours.close()
	}
}

// fifoSet is what one command needs; `out` is made before the command comes.
type fifoSet struct {
	out, err, in *fifo
}

// complete makes what is missing.
func (s *fifoSet) complete(dir string, who identity, separate, fed bool) (err error) {
	make := func(missing **fifo, wanted, oursReads bool) {
		if wanted && *missing == nil && err == nil {
			*missing, err = newFIFO(dir, who.UID, who.GID, oursReads)
		}
	}
	blocking(func() {
		make(&s.out, true, true)
		make(&s.err, separate, true)
		make(&s.in, fed, false)
	})
	return err
}

func (s *fifoSet) remove() {
	blocking(func() {
		s.out.remove()
		s.err.remove()
		s.in.remove()
	})
}

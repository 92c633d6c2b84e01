// FIFOs: the fresh pipes of one command, by name, because a running shell can be given a descriptor in no other way.

package main

import "syscall"

// fifo is a named pipe of which the guest holds both ends until the shell has had its turn.
type fifo struct {
	path   string
	reader *pipeEnd
	writer *pipeEnd
}

// newFIFO makes one that only the agent can open by name.
func newFIFO(dir string, uid, gid int) (*fifo, error) {
	f := &fifo{path: dir + "/" + randomName()}
	if err := syscall.Mknod(f.path, syscall.S_IFIFO|0o600, 0); err != nil {
		return nil, err
	}
	err := syscall.Lchown(f.path, uid, gid)
	if err == nil {
		f.reader, err = openFIFO(f.path, syscall.O_RDONLY)
	}
	if err == nil {
		f.writer, err = openFIFO(f.path, syscall.O_WRONLY)
	}
	if err != nil {
		f.remove()
		return nil, err
	}
	return f, nil
}

func openFIFO(path string, access int) (*pipeEnd, error) {
	fd, err := syscall.Open(path, access|syscall.O_NONBLOCK|syscall.O_CLOEXEC|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	return newPipeEnd(fd)
}

// release closes what is still the guest's and removes the name.
func (f *fifo) remove() {
	if f == nil {
		return
	}
	f.reader.close()
	f.writer.close()
	blocking(func() { syscall.Unlink(f.path) })
}

// fifoSet is what one command may need, made before it comes.
type fifoSet struct {
	out, err, in *fifo
}

func newFIFOSet(dir string, uid, gid int) (*fifoSet, error) {
	set := &fifoSet{}
	var err error
	blocking(func() { set.out, err = newFIFO(dir, uid, gid) })
	if err != nil {
		return nil, err
	}
	return set, nil
}

func (s *fifoSet) remove() {
	if s != nil {
		s.out.remove()
		s.err.remove()
		s.in.remove()
	}
}

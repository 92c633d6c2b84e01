// WRITE: a file written in chunks, atomically under a temporary name or in place at an offset. One that nobody goes on with is undone.

package main

import (
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	abandonedAfter  = 30 * time.Second
	defaultFileMode = 0o644
	parentMode      = 0o755
	temporaryPrefix = ".codecraft-"
	queuedChunks    = 4 // of 2 MiB at most; a server that sends faster than the disk takes waits
	maxOpenWrites   = 32
)

type writeChunk struct {
	data []byte
	last bool
}

type fileWrite struct {
	guest  *guest
	id     uint32
	as     string
	path   string
	header *writeHeader
	chunks chan writeChunk

	fd        int
	temporary string // empty in place
	offset    int64
	mode      uint32
	owner     *syscall.Stat_t // of the file that is replaced
	answer    sync.Once
}

func (g *guest) write(f frame, h *writeHeader) error {
	path, err := g.resolve(h.Path)
	if err != nil {
		return err
	}
	as, err := identityName(h.As)
	if err != nil {
		return err
	}
	if h.Offset != nil && *h.Offset < 0 {
		return failed("invalid", "a negative offset")
	}
	w := &fileWrite{guest: g, id: f.id, as: as, path: path, header: h, fd: -1, chunks: make(chan writeChunk, queuedChunks)}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.writes) >= maxOpenWrites {
		return failed("limit", "%d files are being written", len(g.writes))
	}
	g.writes[f.id] = w
	w.chunks <- writeChunk{f.body, h.EOF}
	go w.run()
	return nil
}

func (g *guest) writeData(f frame, h *writeDataHeader) error {
	g.mu.Lock()
	w := g.writes[f.id]
	g.mu.Unlock()
	if w == nil {
		return failed("no_such_request", "no file is being written by request %d", f.id)
	}
	w.chunks <- writeChunk{f.body, h.EOF}
	return nil
}

// run takes chunks to the last. After a failure, which is said at once, it goes on taking what the server has already sent.
func (w *fileWrite) run() {
	err := w.guest.files.do(w.as, w.open)
	w.sayFailure(err)
	for {
		select {
		case chunk := <-w.chunks:
			if err == nil {
				err = w.guest.files.do(w.as, func() error { return w.put(chunk.data) })
				w.sayFailure(err)
			}
			if chunk.last {
				w.end(err)
				return
			}
		case <-time.After(abandonedAfter):
			w.end(failed("no_such_request", "no more of the file came for %v", abandonedAfter))
			return
		}
	}
}

func (w *fileWrite) sayFailure(err error) {
	if err != nil {
		w.answer.Do(func() { w.guest.fail(w.id, err) })
	}
}

func (w *fileWrite) end(err error) {
	if err == nil {
		err = w.guest.files.do(w.as, w.commit)
	}
	if err != nil {
		w.guest.files.do(w.as, w.undo)
		w.sayFailure(err)
	}
	if w.fd >= 0 {
		syscall.Close(w.fd)
	}
	w.guest.mu.Lock()
	delete(w.guest.writes, w.id)
	w.guest.mu.Unlock()
	w.answer.Do(func() { w.guest.done(w.id, sizeHeader{Size: w.offset}) })
}

// directoryOf is everything up to the last slash. It cleans nothing: after a symbolic link `..` is not what it seems.
func directoryOf(path string) string { return path[:strings.LastIndexByte(path, '/')+1] }

func (w *fileWrite) open() error {
	if strings.HasSuffix(w.path, "/") {
		return syscall.EISDIR
	}
	if w.header.Parents {
		if err := os.MkdirAll(directoryOf(w.path), parentMode); err != nil {
			return err
		}
	}
	if w.header.Offset != nil {
		return w.openInPlace()
	}
	return w.openTemporary()
}

func (w *fileWrite) openInPlace() error {
	mode := uint32(defaultFileMode)
	if w.header.Mode != nil {
		mode = *w.header.Mode & 0o7777
	}
	fd, _, err := openRegular(w.path, syscall.O_WRONLY|syscall.O_CREAT, mode)
	if err != nil {
		return err
	}
	w.fd, w.offset = fd, *w.header.Offset
	return nil
}

// openTemporary finds the file a path leads to, as opening it would, and begins its successor beside it.
func (w *fileWrite) openTemporary() error {
	if err := w.followLinks(); err != nil {
		return err
	}
	w.mode = defaultFileMode
	if w.owner != nil {
		w.mode = w.owner.Mode & 0o7777
	}
	if w.header.Mode != nil {
		w.mode = *w.header.Mode & 0o7777
	}
	temporary := directoryOf(w.path) + temporaryPrefix + randomName()
	fd, _, err := openRegular(temporary, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err == nil {
		w.fd, w.temporary = fd, temporary
	}
	return err
}

func (w *fileWrite) followLinks() error {
	for i := 0; i < maxLinks; i++ {
		var stat syscall.Stat_t
		err := syscall.Lstat(w.path, &stat)
		if errors.Is(err, syscall.ENOENT) {
			return nil
		}
		if err != nil {
			return err
		}
		switch stat.Mode & syscall.S_IFMT {
		case syscall.S_IFREG:
			w.owner = &stat
			return nil
		case syscall.S_IFDIR:
			return syscall.EISDIR
		case syscall.S_IFLNK:
			target, err := os.Readlink(w.path)
			if err != nil {
				return err
			}
			if target == "" || target[0] != '/' {
				target = directoryOf(w.path) + target
			}
			w.path = target
		default:
			return failed("not_regular", "not a regular file")
		}
	}
	return syscall.ELOOP
}

func (w *fileWrite) put(data []byte) error {
	for len(data) > 0 {
		n, err := syscall.Pwrite(w.fd, data, w.offset)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		w.offset += int64(n)
		data = data[n:]
	}
	return nil
}

// commit puts the successor in the place of the file. As root it keeps the owner of what it replaces.
func (w *fileWrite) commit() error {
	if w.temporary == "" {
		return w.measure()
	}
	if w.owner != nil && w.as == asRoot {
		if err := syscall.Fchown(w.fd, int(w.owner.Uid), int(w.owner.Gid)); err != nil {
			return err
		}
	}
	if err := syscall.Fchmod(w.fd, w.mode); err != nil {
		return err
	}
	return syscall.Rename(w.temporary, w.path)
}

// measure makes the answer's size that of the file, which may reach beyond what was written.
func (w *fileWrite) measure() error {
	var stat syscall.Stat_t
	err := syscall.Fstat(w.fd, &stat)
	w.offset = stat.Size
	return err
}

func (w *fileWrite) undo() error {
	if w.temporary != "" {
		return syscall.Unlink(w.temporary)
	}
	return nil
}

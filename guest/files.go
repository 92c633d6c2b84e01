// Files: READ, LIST, REMOVE and STAT. Every access happens on a file worker under the asked identity.

package main

import (
	"encoding/json"
	"os"
	"sort"
	"syscall"
)

const (
	maxReadBytes   = 16 << 20
	maxListEntries = 100_000
	namesAtOnce    = 1024
)

// onFile prepares what every file request needs and goes on in the background.
func (g *guest) onFile(h pathHeader, serve func(path, as string)) error {
	path, err := g.resolve(h.Path)
	if err != nil {
		return err
	}
	as, err := identityName(h.As)
	if err != nil {
		return err
	}
	go serve(path, as)
	return nil
}

func (g *guest) read(f frame, h *readHeader) error {
	if h.Offset < 0 || h.Limit < 0 || h.Limit > maxReadBytes {
		return failed("invalid", "offset or limit out of range")
	}
	return g.onFile(h.pathHeader, func(path, as string) {
		box := g.newDataBox(f.id)
		done, err := g.readFile(box, path, as, h)
		box.end(done, err)
	})
}

func (g *guest) readFile(box *dataBox, path, as string, h *readHeader) (done readDoneHeader, err error) {
	var fd int
	err = g.files.do(as, func() error {
		opened, stat, err := openRegular(path, syscall.O_RDONLY, 0)
		if err == nil {
			fd = opened
			done = readDoneHeader{Size: stat.Size, Mode: stat.Mode & 0o7777, ModifiedMS: modifiedMS(stat), NextOffset: h.Offset}
		}
		return err
	})
	if err != nil {
		return done, err
	}
	defer syscall.Close(fd)
	end := h.Offset + h.Limit
	for done.NextOffset < end && !done.EOF {
		piece := make([]byte, min(dataBytes, end-done.NextOffset))
		n := 0
		if err = g.files.do(as, func() (err error) { n, err = preadFully(fd, piece, done.NextOffset); return err }); err != nil {
			return done, err
		}
		done.EOF = n < len(piece)
		if n > 0 {
			box.say(done.NextOffset, piece[:n])
		}
		done.NextOffset += int64(n)
	}
	done.EOF = done.EOF || done.NextOffset >= done.Size
	return done, nil
}

func preadFully(fd int, buffer []byte, offset int64) (total int, err error) {
	for total < len(buffer) {
		n, err := syscall.Pread(fd, buffer[total:], offset+int64(total))
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return total, err
		}
		total += n
	}
	return total, nil
}

func (g *guest) stat(f frame, h *statHeader) error {
	return g.onFile(h.pathHeader, func(path, as string) {
		var done statDoneHeader
		err := g.files.do(as, func() (err error) { done, err = statFile(path, h.Follow); return err })
		g.answer(f.id, done, err)
	})
}

const oPath = 0x200000 // O_PATH: to look at, whatever it is

func statFile(path string, follow bool) (done statDoneHeader, err error) {
	flags := oPath | syscall.O_CLOEXEC
	if !follow {
		flags |= syscall.O_NOFOLLOW
	}
	fd, err := openRetrying(path, flags, 0)
	if err != nil {
		return done, err
	}
	defer syscall.Close(fd)
	var stat syscall.Stat_t
	if err := firstError(syscall.Fstat(fd, &stat), checkMount(fd)); err != nil {
		return done, err
	}
	done = statDoneHeader{Type: typeOf(stat.Mode), Size: stat.Size, Mode: stat.Mode & 0o7777, UID: stat.Uid, GID: stat.Gid, ModifiedMS: modifiedMS(&stat)}
	if done.Type == "link" {
		done.Target = readLink(path)
	}
	return done, nil
}

func (g *guest) remove(f frame, h *removeHeader) error {
	return g.onFile(h.pathHeader, func(path, as string) {
		err := g.files.do(as, func() error { return removePath(path, h.Recursive) })
		g.answer(f.id, nothing{}, err)
	})
}

func removePath(path string, recursive bool) error {
	var stat syscall.Stat_t
	if err := syscall.Lstat(path, &stat); err != nil {
		return err
	}
	switch {
	case recursive:
		return os.RemoveAll(path)
	case stat.Mode&syscall.S_IFMT == syscall.S_IFDIR:
		return syscall.Rmdir(path)
	}
	return syscall.Unlink(path)
}

func (g *guest) list(f frame, h *listHeader) error {
	if h.Depth < 1 || h.Limit < 1 {
		return failed("invalid", "depth and limit start at 1")
	}
	return g.onFile(h.pathHeader, func(path, as string) {
		l := &lister{limit: min(h.Limit, maxListEntries)}
		err := g.files.do(as, func() error { return l.list(path, "", h.Depth) })
		box := g.newDataBox(f.id)
		if err == nil {
			l.cut()
			encoded, _ := json.Marshal(l.entries)
			box.sayAll(encoded)
		}
		box.end(listedHeader{Truncated: l.truncated, Count: len(l.entries)}, err)
	})
}

// lister keeps the first `limit` entries in the order of their names; twice as many are in memory at most.
type lister struct {
	limit     int
	entries   []listEntry
	truncated bool
}

func (l *lister) list(root, prefix string, depth int) error {
	dir, err := openDirectory(root + "/" + prefix)
	if err != nil {
		return err
	}
	var deeper []string
	for {
		names, err := dir.Readdirnames(namesAtOnce)
		for _, name := range names {
			if l.look(root, prefix+name) && depth > 1 {
				deeper = append(deeper, prefix+name+"/")
			}
		}
		if err != nil || len(names) == 0 {
			break
		}
		if len(l.entries) > 2*l.limit {
			l.cut()
		}
	}
	dir.Close()
	sort.Strings(deeper)
	for _, next := range deeper {
		if l.truncated && string(l.entries[len(l.entries)-1].Name) < next {
			break
		}
		l.list(root, next, depth-1) // one that cannot be read is listed, without its entries
	}
	return nil
}

// look adds an entry and says whether it is a directory.
func (l *lister) look(root, name string) bool {
	var stat syscall.Stat_t
	path := root + "/" + name
	if syscall.Lstat(path, &stat) != nil {
		return false
	}
	entry := listEntry{Name: []byte(name), Type: typeOf(stat.Mode), Size: stat.Size, Mode: stat.Mode & 0o7777, ModifiedMS: modifiedMS(&stat)}
	if entry.Type == "link" {
		entry.Target = readLink(path)
	}
	l.entries = append(l.entries, entry)
	return entry.Type == "dir"
}

func (l *lister) cut() {
	sort.Slice(l.entries, func(i, j int) bool { return string(l.entries[i].Name) < string(l.entries[j].Name) })
	if len(l.entries) > l.limit {
		l.entries, l.truncated = l.entries[:l.limit], true
	}
	if l.entries == nil {
		l.entries = []listEntry{}
	}
}

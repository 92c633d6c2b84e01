// UNPACK: an archive's entries made below a directory, as their owner-to-be. Reading the archive waits for the server and so happens outside of the file
// workers; every step that touches a file goes to one.

package main

import (
	"archive/tar"
	"io"
	"strings"
	"syscall"
	"time"
)

const (
	maxOpenUnpacks = 4
	privateMode    = 0o700
)

type fileUnpack struct {
	guest   *guest
	id      uint32
	path    string
	owner   identity
	chunks  chan writeChunk
	rest    []byte // of the chunk being read
	last    bool   // it is the last one
	bytes   int64
	entries int
	top     int
	folders []unpackedFolder
}

// unpackedFolder gets its mode and time when nothing comes into it any more.
type unpackedFolder struct {
	name string
	mode uint32
	time int64
}

func (g *guest) unpack(f frame, h *unpackHeader) error {
	path, err := g.resolve(h.Path)
	if err != nil {
		return err
	}
	if h.UID < 0 || h.GID < 0 {
		return failed("invalid", "a negative owner")
	}
	u := &fileUnpack{guest: g, id: f.id, path: path, owner: identity{UID: h.UID, GID: h.GID}, chunks: make(chan writeChunk, queuedChunks), top: -1}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.unpacks) >= maxOpenUnpacks {
		return failed("limit", "%d archives are being unpacked", len(g.unpacks))
	}
	g.unpacks[f.id] = u
	u.chunks <- writeChunk{f.body, h.EOF}
	go u.run()
	return nil
}

func (g *guest) unpackData(f frame, h *writeDataHeader) error {
	g.mu.Lock()
	u := g.unpacks[f.id]
	g.mu.Unlock()
	if u == nil {
		return failed("no_such_request", "no archive is being unpacked by request %d", f.id)
	}
	u.chunks <- writeChunk{f.body, h.EOF}
	return nil
}

// run answers as soon as the end is known. After a failure it goes on taking what the server has already sent.
func (u *fileUnpack) run() {
	err := u.as(u.open)
	if err == nil {
		err = u.extract(tar.NewReader(u))
	}
	if err == nil {
		err = u.as(u.finishFolders)
	}
	if err != nil {
		u.guest.fail(u.id, err)
	}
	_, abandoned := io.Copy(io.Discard, u) // what follows the archive's end, or a failure
	if u.top >= 0 {
		syscall.Close(u.top)
	}
	u.guest.mu.Lock()
	delete(u.guest.unpacks, u.id)
	u.guest.mu.Unlock()
	if err == nil {
		u.guest.answer(u.id, unpackedHeader{Entries: u.entries, Bytes: u.bytes}, abandoned)
	}
}

// Read gives the bytes of the archive as they come.
func (u *fileUnpack) Read(buffer []byte) (int, error) {
	for len(u.rest) == 0 {
		if u.last {
			return 0, io.EOF
		}
		select {
		case chunk := <-u.chunks:
			u.rest, u.last = chunk.data, chunk.last
		case <-time.After(abandonedAfter):
			u.last = true
			return 0, failed("no_such_request", "no more of the archive came for %v", abandonedAfter)
		}
	}
	n := copy(buffer, u.rest)
	u.rest = u.rest[n:]
	u.bytes += int64(n)
	return n, nil
}

// as acts with the owner's file-system rights and nobody's capabilities; root has the guest's.
func (u *fileUnpack) as(act func() error) error {
	if u.owner.UID == 0 {
		return u.guest.files.do(asRoot, act)
	}
	return u.guest.files.doAs(&u.owner, act)
}

// open finds the directory, and makes it if its parent is there.
func (u *fileUnpack) open() error {
	path := strings.TrimRight(u.path, "/") + "/."
	top, err := openTop(path)
	if err == syscall.ENOENT {
		if err = u.makeTop(strings.TrimRight(u.path, "/")); err != nil {
			return err
		}
		top, err = openTop(path)
	}
	if err != nil {
		return err
	}
	u.top = top
	return checkMount(top)
}

func (u *fileUnpack) makeTop(path string) error {
	parent, err := openTop(directoryOf(path))
	if err != nil {
		return err
	}
	defer syscall.Close(parent)
	return syscall.Mkdirat(parent, path[len(directoryOf(path)):], parentMode)
}

func (u *fileUnpack) extract(archive *tar.Reader) error {
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return unreadable(err)
		}
		name, inside := cleanName(h.Name)
		if !inside {
			return failed("invalid", "a name in the archive leads out of it")
		}
		if u.entries++; u.entries > maxPackedEntries {
			return failed("too_large", "more than %d entries", maxPackedEntries)
		}
		if name != "" {
			err = u.make(archive, h, name)
		}
		if err != nil {
			return err
		}
	}
}

func unreadable(err error) error {
	if _, known := err.(*failure); known {
		return err
	}
	return failed("invalid", "the archive: %v", err)
}

func (u *fileUnpack) make(archive *tar.Reader, h *tar.Header, name string) error {
	mode := uint32(h.Mode) & permissionBits
	switch h.Typeflag {
	case tar.TypeDir:
		u.folders = append(u.folders, unpackedFolder{name, mode, h.ModTime.Unix()})
		return u.as(func() error {
			dir, err := u.enter(name)
			if err == nil {
				syscall.Close(dir)
			}
			return err
		})
	case tar.TypeSymlink:
		if !linkStaysInside(h.Linkname, depthOf(name)) {
			return failed("invalid", "a link in the archive leads out of it")
		}
		return u.as(func() error {
			return u.replace(name, func(dir int, last string) error { return symlinkAt(h.Linkname, dir, last) })
		})
	case tar.TypeReg:
		return u.makeFile(archive, h, name, mode)
	}
	return failed("invalid", "the archive holds something that is neither file, directory nor link")
}

// replace makes something under a name from which whatever stood there, but a directory, has been taken away.
func (u *fileUnpack) replace(name string, create func(dir int, last string) error) error {
	slash := strings.LastIndexByte(name, '/')
	dir, err := u.enter(name[:max(slash, 0)])
	if err != nil {
		return err
	}
	defer syscall.Close(dir)
	last := name[slash+1:]
	if err := syscall.Unlinkat(dir, last); err != nil && err != syscall.ENOENT {
		return err
	}
	return create(dir, last)
}

// enter opens a directory below the top, step by step, making what is missing; what it gives is to go on from (O_PATH). The caller closes it.
func (u *fileUnpack) enter(name string) (int, error) {
	fd, err := openStep(u.top, ".", oPath|syscall.O_DIRECTORY, 0)
	if err != nil || name == "" {
		return fd, err
	}
	for _, part := range strings.Split(name, "/") {
		next, err := openStep(fd, part, oPath|syscall.O_DIRECTORY, 0)
		if err == syscall.ENOENT {
			if err = makeAt(fd, part); err == nil {
				next, err = openStep(fd, part, oPath|syscall.O_DIRECTORY, 0)
			}
		}
		syscall.Close(fd)
		if err != nil {
			return -1, err
		}
		fd = next
	}
	return fd, nil
}

// makeAt makes a directory of the usual mode, whatever the umask.
func makeAt(dir int, name string) error {
	if err := syscall.Mkdirat(dir, name, privateMode); err != nil {
		return err
	}
	return changeAt(dir, name, func(fd int) error { return syscall.Fchmod(fd, parentMode) })
}

// changeAt opens a directory by its name for a change to itself.
func changeAt(dir int, name string, change func(fd int) error) error {
	fd, err := openStep(dir, name, syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	return change(fd)
}

func (u *fileUnpack) makeFile(archive *tar.Reader, h *tar.Header, name string, mode uint32) error {
	fd := -1
	piece := make([]byte, min(dataBytes, h.Size))
	defer func() {
		if fd >= 0 {
			syscall.Close(fd)
		}
	}()
	for left := h.Size; ; {
		n := min(int64(len(piece)), left)
		if _, err := io.ReadFull(archive, piece[:n]); err != nil {
			return unreadable(err)
		}
		left -= n
		err := u.as(func() error {
			if fd < 0 {
				err := u.replace(name, func(dir int, last string) (err error) {
					fd, err = openStep(dir, last, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL, 0o600)
					return err
				})
				if err != nil {
					return err
				}
			}
			if err := writeFully(fd, piece[:n]); err != nil || left > 0 {
				return err
			}
			return firstError(syscall.Fchmod(fd, mode), setModified(fd, h.ModTime.Unix()))
		})
		if err != nil || left == 0 {
			return err
		}
	}
}

func writeFully(fd int, data []byte) error {
	for len(data) > 0 {
		n, err := syscall.Write(fd, data)
		if err != nil && err != syscall.EINTR {
			return err
		}
		data = data[max(n, 0):]
	}
	return nil
}

// finishFolders goes from the innermost out, so that none is shut before what is in it.
func (u *fileUnpack) finishFolders() error {
	for i := len(u.folders) - 1; i >= 0; i-- {
		folder := u.folders[i]
		fd, err := u.enter(folder.name)
		if err != nil {
			return err
		}
		err = changeAt(fd, ".", func(fd int) error {
			return firstError(syscall.Fchmod(fd, folder.mode), setModified(fd, folder.time))
		})
		syscall.Close(fd)
		if err != nil {
			return err
		}
	}
	return nil
}

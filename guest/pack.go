// PACK: files, directories and links below some paths as one stream. The walk is a stack of open directories that is gone through a step at a time, so that
// no file worker waits for the link.

package main

import (
	"archive/tar"
	"bytes"
	"sort"
	"strings"
	"syscall"
	"time"
)

const (
	maxPackedPaths   = 64
	maxPackedEntries = 100_000
	maxPackedDepth   = 256 // directories open at once
	tarBlock         = 512
	tarName          = 100
	tarEnd           = 2 * tarBlock
	permissionBits   = 0o777
)

func (g *guest) pack(f frame, h *packHeader) error {
	as, err := identityName(h.As)
	if err != nil {
		return err
	}
	if len(h.Paths) == 0 || len(h.Paths) > maxPackedPaths || h.MaxBytes < 1 || h.MaxEntries < 1 {
		return failed("invalid", "PACK needs 1 to %d paths and bounds", maxPackedPaths)
	}
	p := &packer{maxBytes: h.MaxBytes, maxEntries: min(h.MaxEntries, maxPackedEntries), file: -1}
	p.archive = tar.NewWriter(&p.buffer)
	for i := len(h.Paths) - 1; i >= 0; i-- {
		path, err := g.resolve(h.Paths[i])
		if err != nil {
			return err
		}
		name, inside := cleanName(strings.TrimLeft(string(h.Paths[i]), "/"))
		if !inside {
			return failed("invalid", "a path to pack cannot hold `..`")
		}
		p.tops = append(p.tops, packTop{path: path, name: name})
	}
	go g.sendPacked(p, g.newDataBox(f.id), as)
	return nil
}

func (g *guest) sendPacked(p *packer, box *dataBox, as string) {
	var err error
	var offset int64
	for !p.done && err == nil {
		err = g.files.do(as, p.fill)
		for _, piece := range p.pieces() {
			box.say(offset, piece)
			offset += int64(len(piece))
		}
	}
	g.files.do(as, p.release)
	box.end(packedHeader{Entries: p.entries, Bytes: offset, Skipped: p.skipped}, err)
}

// packTop is a path that was asked for, and its name in the archive.
type packTop struct{ path, name string }

// packDir is a directory whose names are being gone through.
type packDir struct {
	fd    int
	name  string   // in the archive; "" is the top that has no name of its own
	depth int      // below the top
	left  []string // names still to come, the next one last
}

type packer struct {
	maxBytes   int64
	maxEntries int

	tops    []packTop // still to come, the next one last
	stack   []packDir
	file    int // being read; -1 is none
	size    int64
	at      int64
	archive *tar.Writer
	buffer  bytes.Buffer
	planned int64 // length of the archive with everything begun
	pending int   // names that were read and not yet looked at
	entries int
	skipped int
	done    bool
}

// pieces hands out what is there in frames.
func (p *packer) pieces() (all [][]byte) {
	for p.buffer.Len() > 0 {
		all = append(all, bytes.Clone(p.buffer.Next(dataBytes)))
	}
	p.buffer.Reset()
	return all
}

func (p *packer) release() error {
	for _, d := range p.stack {
		syscall.Close(d.fd)
	}
	if p.file >= 0 {
		syscall.Close(p.file)
	}
	return nil
}

// fill takes steps until a frame is full or all is packed.
func (p *packer) fill() error {
	for p.buffer.Len() < dataBytes {
		var err error
		switch top := len(p.stack) - 1; {
		case p.file >= 0:
			err = p.copyPiece()
		case top >= 0 && len(p.stack[top].left) == 0:
			syscall.Close(p.stack[top].fd)
			p.stack = p.stack[:top]
		case top >= 0:
			d := &p.stack[top]
			name := d.left[len(d.left)-1]
			d.left = d.left[:len(d.left)-1]
			p.pending--
			err = p.enter(d.fd, name, joined(d.name, name), d.depth)
		case len(p.tops) > 0:
			next := p.tops[len(p.tops)-1]
			p.tops = p.tops[:len(p.tops)-1]
			err = p.begin(next)
		default:
			p.done = true
			return p.archive.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func joined(directory, name string) string {
	if directory == "" {
		return name
	}
	return directory + "/" + name
}

// begin starts with a path that was asked for.
func (p *packer) begin(top packTop) error {
	fd, err := openTop(top.path)
	if err == syscall.ENOENT {
		p.skipped++
		return nil
	}
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	stat, _, err := lookAt(fd)
	if err != nil {
		return err
	}
	switch stat.Mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		return p.enterDirectory(fd, ".", top.name, 0, &stat)
	case syscall.S_IFREG:
		parent, err := openTop(directoryOf(top.path))
		if err != nil {
			return err
		}
		defer syscall.Close(parent)
		return p.enter(parent, top.path[len(directoryOf(top.path)):], top.name, 0)
	}
	p.skipped++
	return nil
}

// enter takes one name of a directory. What is neither file, directory nor a link that stays inside is counted and left out, like what has just gone.
func (p *packer) enter(dir int, name, full string, depth int) error {
	stat, target, err := statAt(dir, name)
	switch {
	case err != nil && err != syscall.ENOENT:
		return err
	case err != nil:
	case stat.Mode&syscall.S_IFMT == syscall.S_IFREG:
		return p.enterFile(dir, name, full)
	case stat.Mode&syscall.S_IFMT == syscall.S_IFDIR:
		return p.enterDirectory(dir, name, full, depth+1, &stat)
	case stat.Mode&syscall.S_IFMT == syscall.S_IFLNK && linkStaysInside(target, depth):
		return p.head(&tar.Header{Typeflag: tar.TypeSymlink, Name: full, Linkname: target, Mode: permissionBits}, &stat)
	}
	p.skipped++
	return nil
}

func (p *packer) enterFile(dir int, name, full string) error {
	open := func(flags int) (int, error) { return openStep(dir, name, flags, 0) }
	fd, err := openToRead(open, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY)
	if err != nil {
		return err
	}
	stat, err := checkRegular(fd)
	if err != nil {
		syscall.Close(fd)
		p.skipped++
		return nil
	}
	p.file, p.size, p.at = fd, stat.Size, 0
	return p.head(&tar.Header{Typeflag: tar.TypeReg, Name: full, Size: stat.Size, Mode: int64(stat.Mode & permissionBits)}, stat)
}

func (p *packer) enterDirectory(dir int, name, full string, depth int, stat *syscall.Stat_t) error {
	if full != "" {
		if err := p.head(&tar.Header{Typeflag: tar.TypeDir, Name: full + "/", Mode: int64(stat.Mode & permissionBits)}, stat); err != nil {
			return err
		}
	}
	if len(p.stack) >= maxPackedDepth {
		return failed("too_large", "directories deeper than %d", maxPackedDepth)
	}
	open := func(flags int) (int, error) { return openStep(dir, name, flags, 0) }
	fd, err := openToRead(open, syscall.O_RDONLY|syscall.O_DIRECTORY)
	if err != nil {
		return err
	}
	if checkMount(fd) != nil { // its name is packed, its content is the kernel's
		syscall.Close(fd)
		p.skipped++
		return nil
	}
	limit := p.maxEntries - p.entries - p.pending
	names, err := namesOf(fd, limit)
	if err == nil && len(names) > limit {
		err = p.tooLarge()
	}
	if err != nil {
		syscall.Close(fd)
		return err
	}
	p.pending += len(names)
	sort.Sort(sort.Reverse(sort.StringSlice(names)))
	p.stack = append(p.stack, packDir{fd: fd, name: full, depth: depth, left: names})
	return nil
}

// head writes an entry's header, within the bounds.
func (p *packer) head(h *tar.Header, stat *syscall.Stat_t) error {
	p.entries++
	p.planned += tarBlock + longBytes(h.Name) + longBytes(h.Linkname)
	if p.entries > p.maxEntries || h.Size > p.maxBytes || inBlocks(h.Size) > p.maxBytes-p.planned-tarEnd {
		return p.tooLarge()
	}
	p.planned += inBlocks(h.Size)
	h.Format, h.ModTime = tar.FormatGNU, time.Unix(stat.Mtim.Sec, 0)
	return p.archive.WriteHeader(h)
}

func (p *packer) tooLarge() error {
	return failed("too_large", "more than %d bytes or %d entries", p.maxBytes, p.maxEntries)
}

func inBlocks(bytes int64) int64 { return (bytes + tarBlock - 1) / tarBlock * tarBlock }

// longBytes is what a name takes beside its entry's header: GNU tar gives long ones an entry of their own.
func longBytes(name string) int64 {
	if len(name) <= tarName {
		return 0
	}
	return tarBlock + inBlocks(int64(len(name))+1)
}

// copyPiece goes on with a file; one that shrank meanwhile is filled up with zeros, one that grew is cut.
func (p *packer) copyPiece() error {
	piece := make([]byte, min(dataBytes, p.size-p.at))
	n, err := preadFully(p.file, piece, p.at)
	if err != nil && n == 0 {
		return err
	}
	if _, err := p.archive.Write(piece); err != nil {
		return err
	}
	p.at += int64(len(piece))
	if p.at == p.size {
		syscall.Close(p.file)
		p.file = -1
	}
	return nil
}

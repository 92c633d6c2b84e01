package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func newPacker(maxBytes int64, maxEntries int, tops ...packTop) *packer {
	p := &packer{maxBytes: maxBytes, maxEntries: maxEntries, file: -1, tops: tops}
	p.archive = tar.NewWriter(&p.buffer)
	return p
}

func packAll(p *packer) ([]byte, error) {
	defer p.release()
	var all []byte
	for !p.done {
		if err := p.fill(); err != nil {
			return nil, err
		}
		for _, piece := range p.pieces() {
			all = append(all, piece...)
		}
	}
	return all, nil
}

// unpackAll takes an archive in small pieces, as the server might send it.
func unpackAll(t *testing.T, archive []byte, path string) (*fileUnpack, error) {
	t.Helper()
	u := &fileUnpack{guest: &guest{files: startFileWorkers()}, path: path, chunks: make(chan writeChunk, queuedChunks), top: -1}
	go func() {
		for len(archive) > 700 {
			u.chunks <- writeChunk{archive[:700], false}
			archive = archive[700:]
		}
		u.chunks <- writeChunk{archive, true}
	}()
	err := u.as(u.open)
	if err == nil {
		err = u.extract(tar.NewReader(u))
	}
	if err == nil {
		err = u.as(u.finishFolders)
	}
	io.Copy(io.Discard, u)
	if u.top >= 0 {
		syscall.Close(u.top)
	}
	return u, err
}

// describe lists everything below a directory: type, mode, time, content or target.
func describe(t *testing.T, top string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.Walk(top, func(path string, info os.FileInfo, err error) error {
		if err != nil || path == top {
			return err
		}
		content := ""
		switch {
		case info.Mode()&os.ModeSymlink != 0:
			content, _ = os.Readlink(path)
		case info.Mode().IsRegular():
			raw, _ := os.ReadFile(path)
			content = fmt.Sprintf("%d %q", info.ModTime().Unix(), raw)
		}
		fmt.Fprintf(&all, "%q %v %s\n", path[len(top):], info.Mode(), content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func makeTree(t *testing.T) string {
	t.Helper()
	top := t.TempDir() + "/tree"
	for _, dir := range []string{"a/b", "empty", "shut", "long/" + strings.Repeat("d", 200)} {
		os.MkdirAll(top+"/"+dir, 0o755)
	}
	os.WriteFile(top+"/a/caf\xe9\n", []byte{0, 255, 10}, 0o640)
	os.WriteFile(top+"/a/b/script", bytes.Repeat([]byte("x"), 200_000), 0o755)
	os.WriteFile(top+"/long/"+strings.Repeat("d", 200)+"/f", nil, 0o600)
	os.WriteFile(top+"/shut/in", []byte("in"), 0o400)
	os.Symlink("../caf", top+"/a/b/up")
	os.Symlink("b/script", top+"/a/down")
	os.Chmod(top+"/shut", 0o555)
	os.Chtimes(top+"/a/b/script", time.Unix(1_000_000_000, 0), time.Unix(1_000_000_000, 0))
	return top
}

// A tree comes out as it went in, whatever its names, modes and sizes.
func TestPackAndUnpack(t *testing.T) {
	top := makeTree(t)
	archive, err := packAll(newPacker(1<<20, 100, packTop{top, ""}))
	if err != nil {
		t.Fatal(err)
	}
	into := t.TempDir() + "/made"
	u, err := unpackAll(t, archive, into)
	if err != nil || u.bytes != int64(len(archive)) {
		t.Fatalf("%v, %d of %d bytes", err, u.bytes, len(archive))
	}
	if before, after := describe(t, top), describe(t, into); before != after {
		t.Errorf("%s\nbecame\n%s", before, after)
	}
}

// What is no file, directory or link inside the tree is counted and left out; links are never gone through.
func TestPackSkips(t *testing.T) {
	top := t.TempDir()
	outside := t.TempDir()
	os.WriteFile(outside+"/secret", nil, 0o644)
	syscall.Mkfifo(top+"/fifo", 0o644)
	os.Mkdir(top+"/d", 0o755)
	for i, target := range []string{"/etc", outside, "..", "d/../..", "d/x/../../..", "../x"} {
		os.Symlink(target, fmt.Sprintf("%s/l%d", top, i))
	}
	os.Symlink("../fifo", top+"/d/kept")
	p := newPacker(1<<20, 100, packTop{top, ""})
	archive, err := packAll(p)
	if err != nil || p.skipped != 7 || p.entries != 2 || bytes.Contains(archive, []byte("secret")) {
		t.Errorf("%d skipped, %d entries, %v", p.skipped, p.entries, err)
	}
}

// A path that is not there is absent from the archive; a file that may not be read is a failure.
func TestPackMissingAndUnreadable(t *testing.T) {
	w, dir := agentWorkers(t)
	os.WriteFile(dir+"/f", []byte("x"), 0o644)
	p := newPacker(1<<20, 100, packTop{dir + "/f", "f"}, packTop{dir + "/missing", "missing"})
	if archive, err := packAll(p); err != nil || p.entries != 1 || p.skipped != 1 || !bytes.Contains(archive, []byte("f")) {
		t.Errorf("%d entries, %d skipped, %v", p.entries, p.skipped, err)
	}
	os.WriteFile(dir+"/secret", nil, 0o600)
	err := w.do(asAgent, func() error { _, err := packAll(newPacker(1<<20, 100, packTop{dir, "d"})); return err })
	if err == nil || describeFailure(err).Error != "permission" {
		t.Errorf("%v", err)
	}
}

// What is packed or read has no new access time.
func TestReadingLeavesNoTrace(t *testing.T) {
	top := t.TempDir()
	os.WriteFile(top+"/f", []byte("x"), 0o644)
	long := time.Unix(1_000_000_000, 0)
	os.Chtimes(top+"/f", long, long)
	if _, err := packAll(newPacker(1<<20, 100, packTop{top, ""})); err != nil {
		t.Fatal(err)
	}
	fd, _, err := openRegular(top+"/f", syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	preadFully(fd, make([]byte, 1), 0)
	var stat syscall.Stat_t
	if syscall.Stat(top+"/f", &stat); stat.Atim.Sec != long.Unix() {
		t.Errorf("access time %d", stat.Atim.Sec)
	}
}

// The length said beforehand is the archive's own, and one byte or entry less is too much.
func TestPackBounds(t *testing.T) {
	top := makeTree(t)
	p := newPacker(1<<20, 100, packTop{top, ""})
	archive, err := packAll(p)
	if err != nil || p.planned+tarEnd != int64(len(archive)) {
		t.Fatalf("planned %d, is %d, %v", p.planned+tarEnd, len(archive), err)
	}
	size, entries := int64(len(archive)), p.entries
	if _, err := packAll(newPacker(size, entries, packTop{top, ""})); err != nil {
		t.Error(err)
	}
	for _, p := range []*packer{newPacker(size-1, entries, packTop{top, ""}), newPacker(size, entries-1, packTop{top, ""})} {
		if _, err := packAll(p); err == nil || describeFailure(err).Error != "too_large" {
			t.Errorf("%v", err)
		}
	}
	os.Truncate(top+"/a/b/script", 1<<40) // sparse
	if _, err := packAll(newPacker(1<<30, 100, packTop{top, ""})); err == nil || describeFailure(err).Error != "too_large" {
		t.Errorf("%v", err)
	}
}

func archiveOf(headers ...*tar.Header) []byte {
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	for _, h := range headers {
		h.Format, h.Mode = tar.FormatGNU, 0o644
		w.WriteHeader(h)
		w.Write(bytes.Repeat([]byte("x"), int(h.Size)))
	}
	w.Close()
	return buffer.Bytes()
}

// An archive that would write elsewhere, or make what PACK never packs, is refused.
func TestUnpackRefuses(t *testing.T) {
	outside := t.TempDir()
	for name, archive := range map[string][]byte{
		"absolute":      archiveOf(&tar.Header{Typeflag: tar.TypeReg, Name: outside + "/new", Size: 1}),
		"parent":        archiveOf(&tar.Header{Typeflag: tar.TypeReg, Name: "../new", Size: 1}),
		"inner parent":  archiveOf(&tar.Header{Typeflag: tar.TypeReg, Name: "a/../../new", Size: 1}),
		"absolute link": archiveOf(&tar.Header{Typeflag: tar.TypeSymlink, Name: "l", Linkname: outside}),
		"link up":       archiveOf(&tar.Header{Typeflag: tar.TypeSymlink, Name: "l", Linkname: ".."}),
		"hard link":     archiveOf(&tar.Header{Typeflag: tar.TypeLink, Name: "l", Linkname: "/etc/passwd"}),
		"fifo":          archiveOf(&tar.Header{Typeflag: tar.TypeFifo, Name: "l"}),
		"device":        archiveOf(&tar.Header{Typeflag: tar.TypeChar, Name: "l", Devmajor: 1, Devminor: 3}),
		"no archive":    bytes.Repeat([]byte("junk"), 400),
		"cut":           archiveOf(&tar.Header{Typeflag: tar.TypeReg, Name: "f", Size: 2000})[:1500],
	} {
		if _, err := unpackAll(t, archive, t.TempDir()); err == nil || describeFailure(err).Error != "invalid" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, _ := os.ReadDir(outside); len(left) != 0 {
		t.Errorf("%v", left)
	}
}

// A link that stands where the archive wants a directory is not gone through, and one where it wants a file is replaced.
func TestUnpackNeverFollows(t *testing.T) {
	outside, into := t.TempDir(), t.TempDir()
	os.Symlink(outside, into+"/d")
	if _, err := unpackAll(t, archiveOf(&tar.Header{Typeflag: tar.TypeReg, Name: "d/f", Size: 1}), into); err == nil {
		t.Error("went through a link")
	}
	os.WriteFile(outside+"/f", []byte("kept"), 0o644)
	os.Symlink(outside+"/f", into+"/f")
	if _, err := unpackAll(t, archiveOf(&tar.Header{Typeflag: tar.TypeReg, Name: "f", Size: 1}), into); err != nil {
		t.Error(err)
	}
	through, _ := os.ReadFile(outside + "/f")
	made, _ := os.ReadFile(into + "/f")
	if string(through) != "kept" || string(made) != "x" {
		t.Errorf("%q %q", through, made)
	}
	os.Symlink(outside, into+"/top")
	if _, err := unpackAll(t, archiveOf(), into+"/top"); err == nil {
		t.Error("began at a link")
	}
}

// Which link targets stay inside.
func TestLinkStaysInside(t *testing.T) {
	for _, c := range []struct {
		target string
		depth  int
		inside bool
	}{{"a", 0, true}, {"./a//b", 0, true}, {"..", 1, true}, {"../../a", 2, true}, {"..", 0, false}, {"../..", 1, false}, {"a/..", 1, false}, {"/a", 3, false}, {"", 1, false}} {
		if linkStaysInside(c.target, c.depth) != c.inside {
			t.Errorf("%q at %d", c.target, c.depth)
		}
	}
}

// LOOK: what some paths are at one moment. Everything is stopped, looked at as the agent, and let go, in one request: nobody can forget the last of it.

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"syscall"
)

const (
	maxLooks       = 16
	maxLookBytes   = 1 << 20
	maxHashedBytes = 64 << 20
)

func (g *guest) look(f frame, _ *nothing) error {
	var wishes []lookWish
	if err := json.Unmarshal(f.body, &wishes); err != nil || len(wishes) == 0 || len(wishes) > maxLooks {
		return failed("invalid", "LOOK wants a list of 1 to %d paths", maxLooks)
	}
	paths := make([]string, len(wishes))
	for i, w := range wishes {
		path, err := g.resolve(w.Path)
		if err != nil {
			return err
		}
		if w.Content < 0 || w.Content > maxLookBytes || w.Hashed < 0 || w.Hashed > maxHashedBytes {
			return failed("invalid", "content or hashed out of range")
		}
		paths[i] = path
	}
	go func() {
		box := g.newDataBox(f.id)
		box.end(g.lookAtOnce(box, paths, wishes), nil)
	}()
	return nil
}

// lookAtOnce leaves a freeze as it was that stood before.
func (g *guest) lookAtOnce(box *dataBox, paths []string, wishes []lookWish) lookedHeader {
	g.freezer.turn.Lock()
	defer g.freezer.turn.Unlock()
	stood := g.freezer.isFrozen()
	_, unstopped := g.stopAll()
	looked := lookedHeader{Unstopped: unstopped, Seen: make([]seenPath, len(paths))}
	sent := int64(0)
	for i := range paths {
		looked.Seen[i] = g.see(box, sent, paths[i], wishes[i])
		sent += looked.Seen[i].Bytes
	}
	if !stood {
		g.letGo()
	}
	return looked
}

// see looks at one path; the content goes out behind the `sent` bytes of those before.
func (g *guest) see(box *dataBox, sent int64, path string, wish lookWish) (seen seenPath) {
	fd := -1
	err := g.files.do(asAgent, func() error { return seen.stat(path) })
	if err == nil && wish.Content+wish.Hashed > 0 && seen.isFile() {
		err = g.files.do(asAgent, func() (err error) { fd, _, err = openRegular(path, syscall.O_RDONLY, 0); return err })
	}
	if fd >= 0 {
		err = g.readSeen(box, sent, fd, wish, &seen)
		syscall.Close(fd)
	}
	if err != nil {
		failure := describeFailure(err)
		seen.Failed = &failure
	}
	return seen
}

// stat says what a path is, and what it leads to if it is a link that leads anywhere.
func (s *seenPath) stat(path string) error {
	entry, err := statFile(path, false)
	if err != nil {
		return err
	}
	s.Entry = newSeenEntry(entry)
	if entry.Type == "link" {
		if target, err := statFile(path, true); err == nil {
			s.LeadsTo = newSeenEntry(target)
		}
	}
	return nil
}

func newSeenEntry(stat statDoneHeader) *seenEntry {
	return &seenEntry{Type: stat.Type, Size: stat.Size, Mode: stat.Mode}
}

func (s *seenPath) isFile() bool {
	return s.Entry.Type == "file" || s.LeadsTo != nil && s.LeadsTo.Type == "file"
}

// readSeen sends as much of a file as is wished for, and hashes it if it is not longer than what is to be hashed.
func (g *guest) readSeen(box *dataBox, sent int64, fd int, wish lookWish, seen *seenPath) error {
	var digest hash.Hash
	if wish.Hashed > 0 {
		digest = sha256.New()
	}
	end := max(wish.Content, wish.Hashed)
	var piece []byte
	for offset, n := int64(0), 0; !seen.EOF && offset <= end; offset += int64(n) {
		if piece == nil {
			piece = make([]byte, dataBytes)
		}
		if err := g.files.do(asAgent, func() (err error) { n, err = preadFully(fd, piece, offset); return err }); err != nil {
			return err
		}
		seen.EOF = n < len(piece)
		if digest != nil {
			digest.Write(piece[:n])
		}
		if wanted := min(int64(n), wish.Content-offset); wanted > 0 {
			box.say(sent+offset, piece[:wanted])
			seen.Bytes += wanted
			piece = nil // it is the box's now
		}
		size := offset + int64(n)
		seen.Whole = seen.EOF && size <= wish.Content
		if digest != nil && seen.EOF && size <= wish.Hashed {
			seen.SHA256 = hex.EncodeToString(digest.Sum(nil))
		}
	}
	return nil
}

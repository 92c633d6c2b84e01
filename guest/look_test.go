package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func lookingGuest(t *testing.T) *guest {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("file workers change their identity, which needs root")
	}
	g := freezingGuest()
	g.files = startFileWorkers()
	g.files.agent = identity{UID: 1000, GID: 1000}
	g.writer = newWriter(nil)
	return g
}

// What a path is, what it leads to and what it holds are told as far as they were asked for.
func TestLook(t *testing.T) {
	g := lookingGuest(t)
	dir, err := os.MkdirTemp("", "look")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	os.Chmod(dir, 0o755)
	content := strings.Repeat("x", dataBytes+10)
	file := filepath.Join(dir, "file")
	os.WriteFile(file, []byte(content), 0o644)
	os.Symlink("file", filepath.Join(dir, "link"))
	os.Symlink("nowhere", filepath.Join(dir, "dangling"))
	os.WriteFile(filepath.Join(dir, "shut"), nil, 0o600)
	sum := sha256.Sum256([]byte(content))
	whole, size := hex.EncodeToString(sum[:]), int64(len(content))
	for _, test := range []struct {
		name    string
		wish    lookWish
		bytes   int64
		whole   bool
		digest  string
		failure string
	}{
		{"file", lookWish{}, 0, false, "", ""},
		{"file", lookWish{Content: size}, size, true, "", ""},
		{"file", lookWish{Content: size - 1}, size - 1, false, "", ""},
		{"link", lookWish{Content: 1, Hashed: size}, 1, false, whole, ""},
		{"file", lookWish{Hashed: size - 1}, 0, false, "", ""},
		{"dangling", lookWish{Content: 5}, 0, false, "", ""},
		{"missing", lookWish{Content: 5}, 0, false, "", "not_found"},
		{"shut", lookWish{Content: 5}, 0, false, "", "permission"},
		{"", lookWish{Content: 5}, 0, false, "", ""},
	} {
		seen := g.see(g.newDataBox(1), 0, filepath.Join(dir, test.name), test.wish)
		word := ""
		if seen.Failed != nil {
			word = seen.Failed.Error
		}
		if seen.Bytes != test.bytes || seen.Whole != test.whole || seen.SHA256 != test.digest || word != test.failure {
			t.Errorf("%s %+v: %+v %s", test.name, test.wish, seen, word)
		}
	}
}

// A freeze that stood before a look stands after it; else everything goes on.
func TestLookLeavesAFreezeAsItWas(t *testing.T) {
	g := lookingGuest(t)
	asleep := startTree(t, `sleep 100`)
	defer killProcesses(under(asleep.Process.Pid), 0)
	g.lookAtOnce(g.newDataBox(1), []string{"/"}, make([]lookWish, 1))
	if g.freezer.isFrozen() {
		t.Error("frozen by a look")
	}
	awaitState(t, asleep, false)
	g.stopAll()
	g.lookAtOnce(g.newDataBox(1), []string{"/"}, make([]lookWish, 1))
	if !g.freezer.isFrozen() || stateOf(t, asleep) != 'T' {
		t.Error("a look ended a freeze")
	}
	g.letGo()
}

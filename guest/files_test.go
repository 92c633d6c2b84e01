package main

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

const nobody = 65534

func agentWorkers(t *testing.T) (*fileWorkers, string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	dir, err := os.MkdirTemp("/tmp", "guest-files")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	os.Chmod(dir, 0o777)
	w := startFileWorkers()
	w.agent = identity{UID: nobody, GID: nobody}
	return w, dir
}

// Under the agent's identity a link leads nowhere the agent could not go; under root's it does.
func TestAgentCannotReadThroughLink(t *testing.T) {
	w, dir := agentWorkers(t)
	secret := filepath.Join(dir, "secret")
	os.WriteFile(secret, []byte("x"), 0o600)
	link := filepath.Join(dir, "link")
	os.Symlink(secret, link)
	open := func() error {
		fd, _, err := openRegular(link, syscall.O_RDONLY, 0)
		if err == nil {
			syscall.Close(fd)
		}
		return err
	}
	if err := w.do(asAgent, open); !errors.Is(err, syscall.EACCES) {
		t.Errorf("as the agent: %v", err)
	}
	if err := w.do(asRoot, open); err != nil {
		t.Errorf("as root: %v", err)
	}
}

// What the agent's identity makes is the agent's, and the thread is root's again after.
func TestIdentityIsTakenAndGivenBack(t *testing.T) {
	w, dir := agentWorkers(t)
	for i := 0; i < 10; i++ {
		os.Remove(dir + "/made")
		w.do(asAgent, func() error { return os.WriteFile(dir+"/made", nil, 0o600) })
		info, err := os.Stat(dir + "/made")
		if err != nil || info.Sys().(*syscall.Stat_t).Uid != nobody {
			t.Fatalf("%v %v", info, err)
		}
		if err := w.do(asRoot, func() error { return os.Chown(dir+"/made", 0, 0) }); err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever would wait, or belongs to whoever opens it, is refused.
func TestOnlyRegularFilesOpen(t *testing.T) {
	w, dir := agentWorkers(t)
	syscall.Mkfifo(dir+"/fifo", 0o666)
	for _, path := range []string{dir + "/fifo", "/dev/zero", "/proc/self/status", "/proc/self/maps"} {
		err := w.do(asRoot, func() error {
			_, _, err := openRegular(path, syscall.O_RDONLY, 0)
			return err
		})
		if describeFailure(err).Error != "not_regular" {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A lease is its holder's doing, as a mode is, and no limit of the sandbox's; for an archive too.
func TestLeasedFilesAreShut(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/leased"
	os.WriteFile(path, []byte("x"), 0o600)
	holder, err := syscall.Open(path, syscall.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(holder)
	signal.Ignore(syscall.SIGIO) // how the holder is told that somebody else wants the file
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(holder), syscall.F_SETLEASE, syscall.F_WRLCK); errno != 0 {
		t.Skip("no leases here: ", errno)
	}
	if _, _, err := openRegular(path, syscall.O_RDONLY, 0); err == nil || describeFailure(err).Error != "permission" {
		t.Errorf("opened: %v", err)
	}
	if _, err := packAll(newPacker(1<<20, 100, packTop{dir, ""})); err == nil || describeFailure(err).Error != "permission" {
		t.Errorf("packed: %v", err)
	}
}

// A list is sorted by bytes over all depths and says when it was cut.
func TestListIsSortedAndCut(t *testing.T) {
	dir := t.TempDir()
	os.MkdirAll(dir+"/a/b", 0o755)
	os.WriteFile(dir+"/a-c", nil, 0o644)
	os.WriteFile(dir+"/z", nil, 0o644)
	l := &lister{limit: 3}
	if err := l.list(dir, "", 5); err != nil {
		t.Fatal(err)
	}
	l.cut()
	if len(l.entries) != 3 || string(l.entries[0].Name) != "a" || string(l.entries[1].Name) != "a-c" || string(l.entries[2].Name) != "a/b" || !l.truncated {
		t.Errorf("%+v %v", l.entries, l.truncated)
	}
}

// The session's shell: making one, bringing it to where the last one was, letting go of a dead one.

package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const deletedSuffix = " (deleted)" // proc(5)

var errShellSilent = errors.New("the shell does not answer")

// ensureShell has a live shell, a new one if need be. The caller has the session's turn.
func (s *session) ensureShell() error {
	if s.shell != nil && !s.shell.hasDied() {
		return nil
	}
	s.restarted = s.shell != nil || s.restarted
	s.dropShell()
	err := s.openShell(s.exports)
	if err == errShellSilent && s.exports != nil {
		s.exports = nil // the agent's own text ended or held up the shell
		err = s.openShell(nil)
	}
	return err
}

// openShell starts a shell and waits until it has taken its state and reported.
func (s *session) openShell(exports []byte) error {
	if s.nursery == nil || s.nursery.isGone() {
		n, err := openNursery(s.guest.reaper)
		if err != nil {
			return err
		}
		s.nursery, s.jobs = n, map[processKey]bool{}
	}
	g := s.guest
	var err error
	b := birth{Who: g.agent.identity, Path: g.shellPath, Argv: g.shellArgv, Env: g.shellEnv, Cwd: g.workingDir}
	s.shell, err = startShell(s.nursery, b, g.pipes, g.shellKind)
	if err != nil {
		s.shell = nil
		return err
	}
	if err = s.settle(exports); err != nil {
		killProcesses(s.sinceCommand, 0)
		s.dropShell()
	}
	return err
}

// settle runs the restore script as if it were a command; its output is dropped.
func (s *session) settle(exports []byte) error {
	err := s.shell.submit(order{
		text:  restoreScript(exports, s.cwd, s.guest.workingDir),
		paths: commandPaths{in: "/dev/null", out: "/dev/null", merged: true},
	})
	if err != nil {
		return err
	}
	patience := time.NewTimer(shellReadyIn)
	defer patience.Stop()
	select {
	case r := <-s.shell.reports:
		s.cwd = r.cwd
		if r.exports != nil {
			s.exports = r.exports
		}
		return nil
	case <-s.shell.process.died:
	case <-patience.C:
	}
	return errShellSilent
}

// trueDirectory is the shell's own word for where it is, unless that name leads elsewhere by now: then it is the kernel's. Asked as the agent, for the
// guest may not look into other users' processes; but not again while the shell says the same and that name leads to the same directory.
func (s *session) trueDirectory(said []byte) []byte {
	if s.stands.isStill(said) {
		return said
	}
	link := "/proc/" + strconv.Itoa(s.shell.process.pid) + "/cwd"
	answer, stands := said, false
	s.guest.files.do(asAgent, func() error {
		real, err := os.Readlink(link)
		if err != nil || strings.HasSuffix(real, deletedSuffix) {
			return err
		}
		stands = real == string(said) || sameDirectory(link, string(said))
		if !stands {
			answer = []byte(real)
		}
		return nil
	})
	s.stands = standing{}
	if stands {
		s.stands = standingAt(said)
	}
	return answer
}

// standing is a directory that the shell was found to be in, under the name it says. The zero value is none.
type standing struct {
	name     string
	dev, ino uint64
}

func standingAt(name []byte) standing {
	var at syscall.Stat_t
	if syscall.Stat(string(name), &at) != nil {
		return standing{}
	}
	return standing{string(name), at.Dev, at.Ino}
}

func (s standing) isStill(name []byte) bool {
	return s.name != "" && s.name == string(name) && s == standingAt(name)
}

func sameDirectory(one, other string) bool {
	var a, b syscall.Stat_t
	return syscall.Stat(one, &a) == nil && syscall.Stat(other, &b) == nil && a.Dev == b.Dev && a.Ino == b.Ino
}

func (s *session) dropShell() {
	if s.shell != nil {
		s.shell.close()
		s.shell = nil
	}
}

// EXEC: one program outside of any session, in a nursery of its own, so that all it leaves behind is found and ended before END.

package main

import (
	"bytes"
	"os"
	"syscall"
	"time"
)

const (
	hiddenDirName = "CHECK_DIR"
	hiddenDirMode = 0o700
)

// hiddenDirParents are tried in this order; the first that is writable holds the directory.
var hiddenDirParents = []string{"/tmp", "/var/tmp", "/run", "/dev/shm", "/dev"}

func (g *guest) exec(f frame, h *execHeader) error {
	if !h.valid() || len(h.Argv) == 0 || len(h.Argv[0]) == 0 || holdsNUL(h) {
		return failed("invalid", "EXEC with a value that is not allowed")
	}
	declared, err := parseCapabilities(h.Capabilities)
	if err != nil {
		return failed("invalid", "%v", err)
	}
	if declared&^ownPermitted() != 0 {
		return failed("permission", "the guest does not have all of the capabilities")
	}
	c := newCommand(f.id, h.outputRules, g.writer)
	if err := g.register(c); err != nil {
		return err
	}
	e := &execution{guest: g, command: c, header: h, stdin: f.body}
	go e.run()
	return nil
}

func holdsNUL(h *execHeader) bool {
	for _, argument := range h.Argv {
		if bytes.IndexByte(argument, 0) >= 0 {
			return true
		}
	}
	for name, value := range h.Env {
		if name == "" || bytes.ContainsAny([]byte(name), "=\x00") || bytes.IndexByte([]byte(value), 0) >= 0 {
			return true
		}
	}
	return bytes.IndexByte(h.Cwd, 0) >= 0
}

type execution struct {
	guest   *guest
	command *command
	header  *execHeader
	stdin   []byte
	nursery *nursery
	child   *child
	streams []*stream
	hidden  string
}

func (e *execution) run() {
	defer e.clean()
	e.guest.awaitCalm()
	meter, err := e.begin()
	if err != nil && e.command.isKilled() {
		e.guest.sayUnbegun(e.command, &endHeader{})
		return
	}
	if err != nil {
		e.guest.abandon(e.command, err)
		return
	}
	e.command.start(e.streams, meter)
	end := &endHeader{}
	e.await(end)
	e.clean()
	e.command.sayEnd(end)
	e.guest.noteEnd(e.command.id)
}

// begin has everything made and the program started.
func (e *execution) begin() (*usageMeter, error) {
	var err error
	if e.header.HiddenDir {
		if err = e.makeHiddenDir(); err != nil {
			return nil, err
		}
	}
	if e.nursery, err = openNursery(e.guest.reaper); err != nil {
		return nil, err
	}
	descriptors, err := e.openPipes()
	defer func() {
		for _, fd := range descriptors {
			syscall.Close(fd)
		}
	}()
	if err != nil {
		return nil, err
	}
	meter := e.guest.cgroup.startMeter()
	e.child, err = e.nursery.bear(birth{
		Who: e.header.identity, Path: e.header.Argv[0], Argv: e.header.Argv, Env: environment(e.header.Env), Cwd: e.header.Cwd, Descriptors: []int{0, 1, 2},
	}, descriptors)
	if err != nil {
		meter.abandon()
		return nil, err
	}
	return meter, nil
}

// openPipes makes the program's three standard descriptors, which the caller closes.
func (e *execution) openPipes() (descriptors []int, err error) {
	in, err := e.openInput()
	if err != nil {
		return nil, err
	}
	descriptors = []int{in}
	out, outWrite, err := newPipe(true)
	if err != nil {
		return descriptors, err
	}
	descriptors = append(descriptors, outWrite)
	e.streams = append(e.streams, &stream{index: streamOut, end: out})
	if e.header.Output == "merged" {
		errWrite, err := syscall.Dup(outWrite)
		syscall.CloseOnExec(errWrite)
		return append(descriptors, errWrite), err
	}
	errEnd, errWrite, err := newPipe(true)
	if err != nil {
		return descriptors, err
	}
	e.streams = append(e.streams, &stream{index: streamErr, end: errEnd})
	return append(descriptors, errWrite), nil
}

func (e *execution) openInput() (int, error) {
	if len(e.stdin) == 0 {
		return syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	}
	end, theirs, err := newPipe(false)
	if err != nil {
		return -1, err
	}
	in := newInbox(nil)
	in.chunks = []inboxChunk{{data: e.stdin, last: true}}
	in.opened = true
	in.feed(end)
	e.command.inbox = in
	return theirs, nil
}

// await waits for the program's end or the decision to end it; what it left behind is ended in either case.
func (e *execution) await(end *endHeader) {
	c := e.command
	grace := time.Duration(0)
	killed := false
	select {
	case <-e.child.died:
		killed = c.isKilled() // KILL_ALL decides and kills almost at once
	case <-c.killed:
		grace, killed = c.grace, true
	}
	e.nursery.wake()
	_, end.Unkilled = killProcesses(e.members, grace)
	c.finish()
	if killed {
		end.Reason = c.reason
	} else {
		e.describe(end)
	}
	c.meter.stop(end)
	failed := end.Signal != nil || end.ExitCode != nil && *end.ExitCode != 0
	if !killed && failed && end.OOMKills != nil && *end.OOMKills > 0 {
		end.Reason = reasonOutOfMemory
	}
}

func (e *execution) describe(end *endHeader) {
	describeStatus(e.child.status, end)
	if end.Reason == reasonShellEnded {
		end.Reason = reasonExited
	}
}

func (e *execution) members() []process {
	if e.nursery.isGone() {
		return nil
	}
	return scanProcesses(e.guest.reaper.own()).below(e.nursery.pid, nil)
}

// clean may be called again.
func (e *execution) clean() {
	if e.command.inbox != nil {
		e.command.inbox.close()
	}
	if e.nursery != nil {
		e.nursery.end()
	}
	for _, s := range e.streams {
		s.end.close()
	}
	if e.hidden != "" {
		hidden := e.hidden
		e.hidden = ""
		e.guest.files.do(asRoot, func() error { return os.RemoveAll(hidden) })
	}
}

func (e *execution) makeHiddenDir() error {
	return e.guest.files.do(asRoot, func() error {
		var err error
		for _, parent := range hiddenDirParents {
			path := parent + "/." + randomName()
			if err = syscall.Mkdir(path, hiddenDirMode); err != nil {
				continue
			}
			if err = syscall.Lchown(path, e.header.UID, e.header.GID); err != nil {
				syscall.Rmdir(path)
				continue
			}
			e.hidden = path
			env := map[string]string{hiddenDirName: path}
			for name, value := range e.header.Env {
				if name != hiddenDirName {
					env[name] = value
				}
			}
			e.header.Env = env
			return nil
		}
		return err
	})
}

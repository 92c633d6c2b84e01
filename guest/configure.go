// CONFIGURE: who the agent is, where it works, which shell it has. Comes once; sessions and files rest on it.

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const rootParentMode = 0o755

func (g *guest) configure(f frame, h *configureHeader) error {
	g.lease.set(h.LeaseMS)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.workingDir != nil {
		return failed("busy", "CONFIGURE comes once")
	}
	if len(h.Shell) == 0 || len(h.WorkingDir) == 0 || h.WorkingDir[0] != '/' {
		return failed("invalid", "CONFIGURE needs a shell and an absolute working directory")
	}
	declared, err := parseCapabilities(h.Agent.Capabilities)
	if err != nil {
		return failed("invalid", "%v", err)
	}
	if missing := declared &^ ownPermitted(); missing != 0 {
		return failed("permission", "the container was not given all the agent's capabilities")
	}
	if err := setCapabilities(guestCapabilities&ownPermitted(), (guestCapabilities|declared)&ownPermitted()); err != nil {
		return err
	}
	g.agent, g.workingDir, g.files.agent = h.Agent, h.WorkingDir, h.Agent.identity
	g.shellEnv = shellEnvironment(h)
	go func() { g.answerConfigure(f.id, h) }()
	return nil
}

func (g *guest) answerConfigure(id uint32, h *configureHeader) {
	var kind string
	var err error
	blocking(func() { kind, err = g.prepare(h) })
	if err == nil {
		g.configured.Store(true)
		err = g.openMain()
	}
	g.answer(id, configuredHeader{Shell: kind}, err)
}

func (g *guest) prepare(h *configureHeader) (string, error) {
	for _, root := range h.Roots {
		if err := makeRoot(root); err != nil {
			return "", err
		}
	}
	if h.Hosts {
		if err := writeHosts(); err != nil {
			return "", err
		}
	}
	return g.findShell(string(h.Shell))
}

func makeRoot(root rootSpec) error {
	path := string(root.Path)
	if err := os.MkdirAll(filepath.Dir(path), rootParentMode); err != nil {
		return err
	}
	if err := os.Mkdir(path, rootParentMode); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return firstError(os.Chown(path, root.UID, root.GID), syscall.Chmod(path, root.Mode&0o7777))
}

// hasHosts says whether names can be looked up: the engine leaves an empty file where it mounts none of its own.
func hasHosts() bool {
	hosts, err := os.Stat("/etc/hosts")
	return err == nil && hosts.Mode().IsRegular() && hosts.Size() > 0
}

func writeHosts() error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	return os.WriteFile("/etc/hosts", []byte("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 "+name+"\n"), 0o644)
}

// findShell says which of the known shells a path leads to.
func (g *guest) findShell(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", failed("not_found", "the shell %s: %v", path, err)
	}
	info, err := os.Stat(real)
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return "", failed("not_found", "the shell %s cannot be executed", path)
	}
	g.shellPath, g.shellArgv = []byte(path), [][]byte{[]byte(filepath.Base(path))} // the name is how it begins its messages
	switch name := filepath.Base(real); {
	case strings.HasPrefix(name, "bash"):
		g.shellArgv = append(g.shellArgv, []byte("--norc"), []byte("--noprofile"))
		g.shellKind = shellBash
	case strings.HasPrefix(name, "busybox"), name == "ash":
		if strings.HasPrefix(filepath.Base(path), "busybox") {
			g.shellArgv = append(g.shellArgv, []byte("ash")) // busybox goes by its name, and has no shell called busybox
		}
		g.shellKind = shellAsh
	case name == "dash":
		g.shellKind = shellDash
	default:
		g.shellKind = shellOther
	}
	return g.shellKind, nil
}

// shellEnvironment is what the server says, and what a login would set beside it.
func shellEnvironment(h *configureHeader) [][]byte {
	values := map[string]string{"HOME": string(h.Agent.Home), "USER": h.Agent.Name, "LOGNAME": h.Agent.Name, "SHELL": string(h.Shell)}
	for name, value := range h.Env {
		values[name] = value
	}
	return environment(values)
}

func environment(values map[string]string) [][]byte {
	var all [][]byte
	for name, value := range values {
		all = append(all, []byte(name+"="+value))
	}
	return all
}

// openMain has the first command find its shell there.
func (g *guest) openMain() error {
	s, err := g.session(mainSession)
	if err != nil {
		return err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if err := s.ensureShell(); err != nil {
		return err
	}
	s.listJobs()
	return s.next.complete(g.pipes, g.agent.identity, false, false)
}

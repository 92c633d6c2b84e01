// Dispatch: every frame from the server to what it asks for. It runs in the link's reader and so never waits for anything.

package main

import (
	"bytes"
	"encoding/json"
	"sort"
)

const maxSessionName = 64

var errNotConfigured = failed("not_configured", "CONFIGURE has not come yet")

// handlers take a decoded request; a frame whose header does not fit its type is FAILED `invalid`.
var handlers = map[byte]func(*guest, frame) error{
	typeConfigure:    with((*guest).configure),
	typeRenew:        with((*guest).renew),
	typeRun:          with((*guest).run),
	typeStdin:        with((*guest).stdin),
	typeCredit:       with((*guest).credit),
	typeInterrupt:    with((*guest).interrupt),
	typeRead:         with((*guest).read),
	typeWrite:        with((*guest).write),
	typeWriteData:    with((*guest).writeData),
	typeList:         with((*guest).list),
	typeRemove:       with((*guest).remove),
	typeStat:         with((*guest).stat),
	typeExec:         with((*guest).exec),
	typeKillAll:      with((*guest).killAll),
	typeCloseSession: with((*guest).closeSession),
	typeAttach:       with((*guest).attach),
	typeShutdown:     with((*guest).shutDown),
	typeRelease:      with((*guest).release),
	typeProcesses:    with((*guest).processes),
	typePack:         with((*guest).pack),
	typeUnpack:       with((*guest).unpack),
	typeUnpackData:   with((*guest).unpackData),
	typeFreeze:       with((*guest).freeze),
	typeThaw:         with((*guest).thaw),
	typeLook:         with((*guest).look),
}

var beforeConfigure = map[byte]bool{typeConfigure: true, typeRenew: true, typeAttach: true, typeShutdown: true}

func with[H any](handle func(*guest, frame, *H) error) func(*guest, frame) error {
	return func(g *guest, f frame) error {
		header := new(H)
		if err := json.Unmarshal(f.header, header); err != nil {
			return failed("invalid", "header: %v", err)
		}
		return handle(g, f, header)
	}
}

func (g *guest) dispatch(f frame) {
	handle, fromServer := handlers[f.kind]
	var err error
	switch {
	case !fromServer:
		err = failed("invalid", "type %d comes from the guest only", f.kind)
	case !g.configured.Load() && !beforeConfigure[f.kind]:
		err = errNotConfigured
	default:
		err = handle(g, f)
	}
	if err != nil {
		g.fail(f.id, err)
	}
}

func (g *guest) renew(_ frame, h *renewHeader) error {
	g.lease.set(h.LeaseMS)
	return nil
}

func (g *guest) shutDown(frame, *nothing) error {
	g.shutdown()
	return nil
}

func (g *guest) run(f frame, h *runHeader) error {
	if !h.valid() || !validSessionName(h.Session) || h.Stdin != "null" && h.Stdin != "pipe" {
		return failed("invalid", "RUN with a value that is not allowed")
	}
	if bytes.IndexByte(f.body, 0) >= 0 {
		return failed("invalid", "a command cannot hold a NUL byte")
	}
	if g.freezer.isFrozen() {
		return failed("busy", "the sandbox is frozen")
	}
	s, err := g.session(h.Session)
	if err != nil {
		return err
	}
	c := newCommand(f.id, h.outputRules, g.writer)
	if h.Stdin == "pipe" {
		c.expectInput(g)
	}
	if !s.claim(c) {
		return failed("busy", "session %s runs a command", h.Session)
	}
	if err := g.register(c); err != nil {
		s.free()
		return err
	}
	go s.run(c, f.body, h.Stdin == "pipe")
	return nil
}

func validSessionName(name string) bool {
	if len(name) == 0 || len(name) > maxSessionName {
		return false
	}
	for _, b := range []byte(name) {
		alphanumeric := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
		if !alphanumeric && b != '_' && b != '.' && b != '-' {
			return false
		}
	}
	return true
}

// session finds or makes one.
func (g *guest) session(name string) (*session, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s, ok := g.sessions[name]; ok {
		return s, nil
	}
	if len(g.sessions) >= maxSessions {
		return nil, failed("limit", "%d sessions live", len(g.sessions))
	}
	s := newSession(g, name)
	g.sessions[name] = s
	return s, nil
}

// register makes a command known by its id, for CREDIT, INTERRUPT and ATTACH.
func (g *guest) register(c *command) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, taken := g.commands[c.id]; taken || c.id == 0 {
		return failed("invalid", "id %d cannot be used", c.id)
	}
	g.commands[c.id] = c
	return nil
}

// abandon takes a command back that could not be started.
func (g *guest) abandon(c *command, err error) {
	g.mu.Lock()
	delete(g.commands, c.id)
	g.mu.Unlock()
	g.fail(c.id, err)
}

// sayUnbegun ends a command that was killed before it began.
func (g *guest) sayUnbegun(c *command, end *endHeader) {
	if c.inbox != nil {
		c.inbox.close()
	}
	end.Reason = c.reason
	c.sayEnd(end)
	g.noteEnd(c.id)
}

func (g *guest) live(id uint32) (*command, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c, ok := g.commands[id]; ok && !c.hasEnded() {
		return c, nil
	}
	return nil, failed("no_such_request", "no command %d runs", id)
}

func (g *guest) stdin(f frame, h *stdinHeader) error {
	c, err := g.live(f.id)
	if err != nil {
		return err
	}
	if c.inbox == nil {
		return failed("invalid", "the command's standard input is no pipe")
	}
	if !c.inbox.add(f.body, h.EOF) {
		g.writer.say(typeNote, f.id, noteHeader{Event: "stdin_full", Message: "the bytes of one STDIN frame were dropped"})
	}
	return nil
}

// credit for a command that has just ended is no error: the server could not know.
func (g *guest) credit(f frame, h *creditHeader) error {
	if c, err := g.live(f.id); err == nil && h.Bytes > 0 {
		c.addCredit(h.Bytes)
	}
	return nil
}

// interrupt of a command that has just ended is no error either: its END is the answer.
func (g *guest) interrupt(f frame, h *interruptHeader) error {
	if c, err := g.live(f.id); err == nil {
		c.kill(reasonInterrupted, max(h.GraceMS, 0))
	}
	return nil
}

func (g *guest) closeSession(f frame, h *closeSessionHeader) error {
	g.mu.Lock()
	s, ok := g.sessions[h.Session]
	delete(g.sessions, h.Session)
	g.mu.Unlock()
	if !ok {
		return failed("not_found", "no session %q", h.Session)
	}
	go func() {
		killed, unkilled := s.close()
		g.done(f.id, killedHeader{Killed: killed, Unkilled: unkilled})
	}()
	return nil
}

// noteEnd remembers a command whose END was said, and forgets the oldest beyond the bound.
func (g *guest) noteEnd(id uint32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = append(g.ended, id)
	if len(g.ended) > maxUnreleased {
		delete(g.commands, g.ended[0])
		g.ended = g.ended[1:]
	}
}

func (g *guest) release(f frame, _ *nothing) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, id := range g.ended {
		if id == f.id {
			g.ended = append(g.ended[:i], g.ended[i+1:]...)
			delete(g.commands, id)
			return nil
		}
	}
	return nil
}

// attach lets a new server take over.
func (g *guest) attach(f frame, h *attachHeader) error {
	g.mu.Lock()
	if h.Epoch <= g.epoch || len(h.Nonce) == 0 {
		epoch := g.epoch
		g.mu.Unlock()
		return failed("invalid", "epoch %d is not above %d", h.Epoch, epoch)
	}
	g.epoch = h.Epoch
	var all []*command
	for _, c := range g.commands {
		all = append(all, c)
	}
	g.mu.Unlock()
	sort.Slice(all, func(i, j int) bool { return all[i].id < all[j].id })
	g.synchronise(h, all)
	return nil
}

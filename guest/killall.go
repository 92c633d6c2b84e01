// KILL_ALL and PROCESSES: the whole sandbox at once.

package main

import (
	"encoding/json"
	"os"
	"syscall"
)

const maxListedProcesses = 512

// killAll ends every process but the guest. Sessions keep their directory and environment and start anew with their next command.
func (g *guest) killAll(f frame, _ *nothing) error {
	g.ending.Add(1)
	g.mu.Lock()
	for _, c := range g.commands {
		c.kill(reasonInterrupted, 0)
	}
	g.mu.Unlock()
	go func() {
		killed, unkilled := killProcesses(func() []process {
			all := everyone()
			if len(all) > 0 {
				syscall.Kill(-1, syscall.SIGKILL) // faster than any list: a fork bomb has no round to itself
			}
			return all
		}, 0)
		g.forgetFrozen()
		g.awaitSessionEnds()
		g.becalm()
		g.done(f.id, killedHeader{Killed: killed, Unkilled: unkilled})
	}()
	return nil
}

// becalm ends a time in which no shell is started.
func (g *guest) becalm() {
	g.calm.L.Lock()
	g.ending.Add(-1)
	g.calm.L.Unlock()
	g.calm.Broadcast()
}

// awaitCalm holds back what would start a process while all are being killed.
func (g *guest) awaitCalm() {
	g.calm.L.Lock()
	for g.isEnding() {
		g.calm.Wait()
	}
	g.calm.L.Unlock()
}

// awaitSessionEnds returns when every session knows that its shell is gone, so that its next command meets a new one.
func (g *guest) awaitSessionEnds() {
	g.mu.Lock()
	sessions := make([]*session, 0, len(g.sessions))
	for _, s := range g.sessions {
		sessions = append(sessions, s)
	}
	g.mu.Unlock()
	for _, s := range sessions {
		s.awaitEnd()
	}
}

func everyone() []process {
	var all []process
	for _, siblings := range scanProcesses(nil) {
		for _, p := range siblings {
			if p.pid != os.Getpid() && p.pid != 1 {
				all = append(all, p)
			}
		}
	}
	return all
}

type listedProcess struct {
	PID     int    `json:"pid"`
	Parent  int    `json:"ppid"`
	UID     int    `json:"uid"`
	State   string `json:"state"`
	Command []byte `json:"command_b64"`
}

func (g *guest) processes(f frame, _ *nothing) error {
	go func() {
		listed := []listedProcess{}
		blocking(func() {
			for _, siblings := range scanProcesses(nil) {
				for _, p := range siblings {
					if len(listed) < maxListedProcesses {
						listed = append(listed, listedProcess{p.pid, p.parent, ownUID(p.pid), string(p.state), commandLine(p.pid)})
					}
				}
			}
		})
		encoded, _ := json.Marshal(listed)
		box := g.newDataBox(f.id)
		box.sayAll(encoded)
		box.end(countHeader{Count: len(listed)}, nil)
	}()
	return nil
}

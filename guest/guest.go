// The guest: what PID 1 has, and its beginning and end. Requests come in by dispatch.go.

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
)

const (
	protocolVersion   = 1
	memoryLimitBytes  = 96 << 20
	collectAtPercent  = 50
	guestProcessors   = 1 // what goroutines hand to one another then wakes no thread
	maxUnreleased     = 64
	pipeDirectoryMode = 0o711
)

type guest struct {
	writer  *writer
	lease   *lease
	reaper  *reaper
	cgroup  *cgroupFiles
	files   *fileWorkers
	drains  drains
	freezer freezer
	ending  atomic.Int32 // above 0 while everything is being killed: no shell is started then
	calm    *sync.Cond   // told when that is over

	// Set once by CONFIGURE, before anything reads them.
	configured atomic.Bool
	agent      agentSpec
	shellPath  []byte
	shellArgv  [][]byte
	shellEnv   [][]byte
	shellKind  string
	workingDir []byte
	pipes      string // the directory of FIFOs and scripts

	mu       sync.Mutex
	sessions map[string]*session
	commands map[uint32]*command
	ended    []uint32 // ids of commands whose END is kept, oldest first
	writes   map[uint32]*fileWrite
	unpacks  map[uint32]*fileUnpack
	epoch    int64
}

// guestMain is PID 1.
func guestMain() int {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "codecraft-guest: must be process 1 of a sandbox")
		return exitLinkBroken
	}
	debug.SetGCPercent(collectAtPercent)
	debug.SetMemoryLimit(memoryLimitBytes)
	runtime.GOMAXPROCS(guestProcessors)
	g, err := newGuest()
	if err == nil {
		g.hello()
		go g.writer.run()
		err = g.serve()
	}
	fmt.Fprintln(os.Stderr, "codecraft-guest:", err)
	die(exitLinkBroken)
	return exitLinkBroken
}

func newGuest() (*guest, error) {
	if err := limitCapabilities(); err != nil {
		return nil, fmt.Errorf("capabilities: %w", err)
	}
	if err := refuseAttributes(); err != nil {
		return nil, fmt.Errorf("refusing extended attributes: %w", err)
	}
	output, err := newPipeEnd(1)
	if err != nil {
		return nil, fmt.Errorf("standard output: %w", err)
	}
	g := &guest{
		writer: newWriter(output), reaper: newReaper(), calm: sync.NewCond(&sync.Mutex{}), cgroup: openCgroup(), pipes: "/dev/.c" + randomName(),
		sessions: map[string]*session{}, commands: map[uint32]*command{}, writes: map[uint32]*fileWrite{}, unpacks: map[uint32]*fileUnpack{},
	}
	g.lease = startLease(func() { die(exitLeaseLapsed) })
	g.reaper.orphaned = func() { go g.killOrphans() }
	catchSignals(g.reaper.reap)
	g.files = startFileWorkers()
	openThreads(guestThreads)
	return g, g.makePipeDirectory()
}

// limitCapabilities leaves the guest in effect with what it needs. Until CONFIGURE it may still pass on what the container was given.
func limitCapabilities() error {
	if err := limitBoundingSet(boundingSet() &^ forbiddenCapabilities); err != nil {
		return err
	}
	permitted := ownPermitted() &^ forbiddenCapabilities
	return setCapabilities(permitted&guestCapabilities, permitted)
}

func (g *guest) makePipeDirectory() error {
	if err := os.Mkdir(g.pipes, pipeDirectoryMode); err != nil {
		return err
	}
	return os.Chmod(g.pipes, pipeDirectoryMode)
}

// remakePipes restores the directory when a root agent has removed it.
func (g *guest) remakePipes() {
	blocking(func() { g.makePipeDirectory() })
}

func (g *guest) hello() {
	g.writer.say(typeHello, 0, helloHeader{
		Protocol: protocolVersion, Guest: ownHash(), Arch: runtime.GOARCH, Cgroup: g.cgroup.version, Hosts: hasHosts(),
	})
}

func ownHash() string {
	binary, err := os.Open("/proc/self/exe")
	if err != nil {
		return ""
	}
	defer binary.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, binary); err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// serve reads frames until the link is broken. End-of-file is not: a server may come back, until the lease lapses.
func (g *guest) serve() error {
	syscall.SetNonblock(0, true)
	reader := newFrameReader(os.NewFile(0, "link"))
	for {
		f, err := reader.next()
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			select {}
		}
		if err != nil {
			return fmt.Errorf("a frame from the server: %w", err)
		}
		g.lease.renew()
		g.dispatch(f)
	}
}

func (g *guest) isEnding() bool { return g.ending.Load() > 0 }

func (g *guest) shutdown() {
	g.ending.Add(1)
	die(0)
}

// killOrphans ends what a dead session process left: it is PID 1's child now.
func (g *guest) killOrphans() {
	killProcesses(func() []process {
		table := scanProcesses(nil)
		own := g.reaper.own() // after the scan: a session process that is in the table is known by now
		return table.below(os.Getpid(), func(p process) bool {
			_, live := own[p.pid]
			return live
		})
	}, 0)
}

func encodeHeader(header any) []byte {
	encoded, err := json.Marshal(header)
	if err != nil {
		return []byte("{}")
	}
	return encoded
}

// Usage: what the sandbox's cgroup says, version 1 or 2, as far as it is visible from inside. What cannot be known is absent.

package main

import (
	"bytes"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	samplePeriod     = 100 * time.Millisecond
	cgroupRoot       = "/sys/fs/cgroup"
	unknown          = int64(-1)
	nanosecondsPerUS = 1000
)

// cgroupFiles are kept open: a read at offset 0 makes the kernel write the figures anew.
type cgroupFiles struct {
	version             int
	cpu, memory, events int
}

func openCgroup() *cgroupFiles {
	if _, err := os.Stat(cgroupRoot + "/cgroup.controllers"); err == nil {
		return &cgroupFiles{version: 2, cpu: openFigure("cpu.stat"), memory: openFigure("memory.current"), events: openFigure("memory.events")}
	}
	return &cgroupFiles{version: 1, cpu: openFigure("cpuacct/cpuacct.usage"), memory: openFigure("memory/memory.usage_in_bytes"), events: openFigure("memory/memory.oom_control")}
}

func openFigure(name string) int {
	fd, err := syscall.Open(cgroupRoot+"/"+name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return fd
}

func figures(fd int) []byte {
	var buffer [2048]byte
	if fd < 0 {
		return nil
	}
	n, err := syscall.Pread(fd, buffer[:], 0)
	if err != nil {
		return nil
	}
	return buffer[:n]
}

// keyed finds `name value` among lines; an empty name takes the whole text as the value.
func keyed(text []byte, name string) int64 {
	for _, line := range bytes.Split(text, []byte{'\n'}) {
		value := line
		if name != "" {
			rest, found := bytes.CutPrefix(line, []byte(name+" "))
			if !found {
				continue
			}
			value = rest
		}
		if n, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err == nil {
			return n
		}
	}
	return unknown
}

func (c *cgroupFiles) cpuUS() int64 {
	if c.version == 2 {
		return keyed(figures(c.cpu), "usage_usec")
	}
	if ns := keyed(figures(c.cpu), ""); ns != unknown {
		return ns / nanosecondsPerUS
	}
	return unknown
}

func (c *cgroupFiles) memoryBytes() int64 { return keyed(figures(c.memory), "") }
func (c *cgroupFiles) oomKills() int64    { return keyed(figures(c.events), "oom_kill") }

// usageMeter watches one command.
type usageMeter struct {
	cgroup   *cgroupFiles
	cpu, oom int64

	mu      sync.Mutex
	peak    int64
	sampler *time.Timer
}

func (c *cgroupFiles) startMeter() *usageMeter {
	m := &usageMeter{cgroup: c, peak: unknown}
	blocking(func() { m.cpu, m.oom = c.cpuUS(), c.oomKills() })
	m.sampler = time.AfterFunc(samplePeriod, m.sample)
	return m
}

func (m *usageMeter) sample() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sampler == nil {
		return
	}
	blocking(m.look)
	m.sampler.Reset(samplePeriod)
}

func (m *usageMeter) look() { m.peak = max(m.peak, m.cgroup.memoryBytes()) }

// stop writes what is known to the end of the command.
func (m *usageMeter) stop(end *endHeader) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sampler.Stop()
	m.sampler = nil
	blocking(func() {
		m.look()
		end.CPUUS = difference(m.cpu, m.cgroup.cpuUS())
		end.OOMKills = difference(m.oom, m.cgroup.oomKills())
	})
	if m.peak != unknown {
		end.MemoryPeak = &m.peak
	}
}

func difference(before, after int64) *int64 {
	if before == unknown || after == unknown {
		return nil
	}
	d := after - before
	return &d
}

// abandon ends a meter whose command never was.
func (m *usageMeter) abandon() { m.stop(&endHeader{}) }

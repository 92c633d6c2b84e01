// Processes: what /proc says about them, and whose they are. Reading only; kill.go acts on it.

package main

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"syscall"
)

// process is known by (pid, start): a pid alone may have been given to another one since.
type process struct {
	pid, parent int
	state       byte
	threads     int
	start       uint64 // clock ticks after boot
}

type processKey struct {
	pid   int
	start uint64
}

func (p process) key() processKey { return processKey{p.pid, p.start} }

func (p process) isStopped() bool { return p.state == 'T' || p.state == 't' }

// processTable is all processes of the sandbox at one moment, by parent.
type processTable map[int][]process

// scanProcesses reads the whole table. Those in `own` (the guest's processes, which only it can reap) are not looked at again.
func scanProcesses(own map[int]process) processTable {
	table := processTable{}
	for _, pid := range numbersIn("/proc") {
		p, known := own[pid]
		if !known {
			var ok bool
			if p, ok = readProcess(pid); !ok {
				continue
			}
		}
		table[p.parent] = append(table[p.parent], p)
	}
	return table
}

// numbersIn lists the entries of a directory of proc(5) that are process or thread ids.
func numbersIn(directory string) []int {
	fd, err := syscall.Open(directory, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer syscall.Close(fd)
	var pids []int
	var names []string
	buffer := make([]byte, 8<<10)
	for {
		n, err := syscall.ReadDirent(fd, buffer)
		if err != nil || n <= 0 {
			return pids
		}
		_, _, names = syscall.ParseDirent(buffer[:n], -1, names[:0])
		for _, name := range names {
			if name[0] >= '1' && name[0] <= '9' {
				if pid, err := strconv.Atoi(name); err == nil {
					pids = append(pids, pid)
				}
			}
		}
	}
}

func readProcess(pid int) (process, bool) {
	var buffer [1024]byte
	n := readInto("/proc/"+strconv.Itoa(pid)+"/stat", buffer[:])
	p, there := parseStat(pid, buffer[:n])
	if there && p.state == 'Z' && p.threads > 1 {
		p.state = stateWithoutLeader(pid)
	}
	return p, there
}

// stateWithoutLeader is the state of a process whose first thread has ended, which makes it look like a zombie while others go on: of one that moves, if any.
func stateWithoutLeader(pid int) byte {
	state := byte('Z')
	directory := "/proc/" + strconv.Itoa(pid) + "/task"
	for _, thread := range numbersIn(directory) {
		var buffer [1024]byte
		n := readInto(directory+"/"+strconv.Itoa(thread)+"/stat", buffer[:])
		t, there := parseStat(thread, buffer[:n])
		if !there || t.state == 'Z' || t.state == 'X' {
			continue
		}
		if state = t.state; !t.isStopped() {
			return state
		}
	}
	return state
}

// stopPending says whether a process has been told to stop and has not come to it yet (proc(5) status, ShdPnd: those for the whole process).
func stopPending(pid int) bool {
	var buffer [4096]byte
	n := readInto("/proc/"+strconv.Itoa(pid)+"/status", buffer[:])
	_, rest, _ := bytes.Cut(buffer[:n], []byte("\nShdPnd:\t"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	pending, _ := strconv.ParseUint(string(line), 16, 64)
	return pending&(1<<(syscall.SIGSTOP-1)) != 0
}

// parseStat reads proc(5) stat. The name in it is the process's own choice and may hold anything, so fields count from its last parenthesis.
func parseStat(pid int, stat []byte) (process, bool) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return process{}, false
	}
	parent, _ := strconv.Atoi(string(fields[1]))
	threads, _ := strconv.Atoi(string(fields[17]))
	start, err := strconv.ParseUint(string(fields[19]), 10, 64)
	return process{pid: pid, parent: parent, state: fields[0][0], threads: threads, start: start}, err == nil
}

func readInto(path string, buffer []byte) int {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer syscall.Close(fd)
	n, _ := syscall.Read(fd, buffer)
	return max(n, 0)
}

// openChildren opens the list of a process's children, which is read anew each time (proc(5), /proc/pid/task/tid/children; of its first thread, which has
// what comes to it as a subreaper too). nil where the kernel has no such list.
func openChildren(pid int) *os.File {
	p := strconv.Itoa(pid)
	file, err := os.Open("/proc/" + p + "/task/" + p + "/children")
	if err != nil {
		return nil
	}
	return file
}

// areChildren says whether the list is known to hold these and nobody else.
func areChildren(list *os.File, pids ...int) bool {
	if list == nil {
		return false
	}
	var expected []byte
	for _, pid := range pids {
		expected = append(strconv.AppendInt(expected, int64(pid), 10), ' ')
	}
	var buffer [64]byte
	n, err := list.ReadAt(buffer[:], 0)
	return err == io.EOF && bytes.Equal(buffer[:n], expected)
}

// commandLine is the process's arguments with blanks between them, for people, at most 256 bytes; its name when it has none.
func commandLine(pid int) []byte {
	buffer := make([]byte, 256)
	n := readInto("/proc/"+strconv.Itoa(pid)+"/cmdline", buffer)
	if n == 0 {
		n = readInto("/proc/"+strconv.Itoa(pid)+"/comm", buffer)
		return bytes.TrimRight(buffer[:n], "\n")
	}
	return bytes.ReplaceAll(bytes.TrimRight(buffer[:n], "\x00"), []byte{0}, []byte{' '})
}

// below lists everything under root, but neither what `spare` holds nor what is under that.
func (t processTable) below(root int, spare func(process) bool) []process {
	var found []process
	for _, p := range t[root] {
		if spare != nil && spare(p) {
			continue
		}
		found = append(found, p)
		if p.pid != root {
			found = append(found, t.below(p.pid, spare)...)
		}
	}
	return found
}

// ownUID is the real uid of a process, -1 when it is gone.
func ownUID(pid int) int {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return -1
	}
	_, rest, _ := bytes.Cut(data, []byte("\nUid:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return -1
	}
	uid, err := strconv.Atoi(string(fields[0]))
	if err != nil {
		return -1
	}
	return uid
}

// File workers: two threads that touch files as someone else. File-system identity is a thread's own in Linux, so each worker is locked to its
// thread and uses raw calls; Go's own setters would change the whole process.

package main

import (
	"runtime"
	"syscall"
	"unsafe"
)

const fileWorkerCount = 2

const (
	asAgent = "agent"
	asRoot  = "root"
)

type fileTask struct {
	who  *identity // nil is root
	act  func() error
	done chan error
}

type fileWorkers struct {
	tasks chan fileTask
	agent identity // set before the first task as the agent
}

func startFileWorkers() *fileWorkers {
	w := &fileWorkers{tasks: make(chan fileTask)}
	for i := 0; i < fileWorkerCount; i++ {
		go w.work()
	}
	return w
}

// do runs a function on a worker's thread under an identity and returns its error.
func (w *fileWorkers) do(as string, act func() error) error {
	if as == asRoot {
		return w.doAs(nil, act)
	}
	return w.doAs(&w.agent, act)
}

func (w *fileWorkers) doAs(who *identity, act func() error) error {
	done := make(chan error, 1)
	w.tasks <- fileTask{who, act, done}
	return <-done
}

func (w *fileWorkers) work() {
	runtime.LockOSThread()
	for task := range w.tasks {
		task.done <- w.perform(task)
	}
}

func (w *fileWorkers) perform(task fileTask) error {
	if task.who == nil {
		return task.act()
	}
	permitted := ownPermitted()
	if err := assume(*task.who, permitted); err != nil {
		return err
	}
	defer resume(permitted)
	return task.act()
}

// assume gives the calling thread the identity's file-system rights and no capability that the identity does not have.
func assume(who identity, permitted capabilitySet) error {
	declared, err := parseCapabilities(who.Capabilities)
	if err != nil {
		return err
	}
	setThreadGroups(who.Groups)
	syscall.RawSyscall(syscall.SYS_SETFSGID, uintptr(who.GID), 0, 0)
	syscall.RawSyscall(syscall.SYS_SETFSUID, uintptr(who.UID), 0, 0)
	// setfsuid reports nothing: asking again with an impossible id returns what is in force.
	now, _, _ := syscall.RawSyscall(syscall.SYS_SETFSUID, ^uintptr(0), 0, 0)
	group, _, _ := syscall.RawSyscall(syscall.SYS_SETFSGID, ^uintptr(0), 0, 0)
	if int(now) != who.UID || int(group) != who.GID {
		resume(permitted)
		return failed("internal", "the file-system identity cannot be taken")
	}
	return setThreadCapabilities(declared&permitted, permitted)
}

func resume(permitted capabilitySet) {
	setThreadCapabilities(guestCapabilities&permitted, permitted)
	syscall.RawSyscall(syscall.SYS_SETFSUID, 0, 0, 0)
	syscall.RawSyscall(syscall.SYS_SETFSGID, 0, 0, 0)
	setThreadGroups(nil)
}

func setThreadGroups(groups []int) {
	ids := make([]uint32, len(groups)+1)
	for i, group := range groups {
		ids[i] = uint32(group)
	}
	syscall.RawSyscall(syscall.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(&ids[0])), 0)
}

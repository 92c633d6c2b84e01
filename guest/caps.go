// Capabilities and what else a process of the guest gives up about itself. Linux numbers, capability(7).

package main

import (
	"fmt"
	"strings"
	"syscall"
	"unsafe"
)

const (
	prSetDumpable       = 4
	prCapBSetRead       = 23
	prCapBSetDrop       = 24
	prSetChildSubreaper = 36
	prSetNoNewPrivs     = 38
	capabilityVersion3  = 0x20080522
)

var capabilityNames = []string{
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
	"NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
	"SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
	"AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
	"PERFMON", "BPF", "CHECKPOINT_RESTORE",
}

const highestCapability = 63 // the kernel has a 64-bit set

// capabilitySet has bit n for capability n.
type capabilitySet uint64

var (
	guestCapabilities     = mustCapabilities("KILL", "SETUID", "SETGID", "CHOWN", "DAC_OVERRIDE", "FOWNER", "SETPCAP")
	forbiddenCapabilities = mustCapabilities("SYS_PTRACE", "SYS_ADMIN")
)

// parseCapabilities reads names with or without CAP_; forbidden ones are refused.
func parseCapabilities(names []string) (capabilitySet, error) {
	var set capabilitySet
	for _, name := range names {
		n := capabilityNumber(strings.TrimPrefix(strings.ToUpper(name), "CAP_"))
		if n < 0 {
			return 0, fmt.Errorf("unknown capability %q", name)
		}
		set |= 1 << n
	}
	if set&forbiddenCapabilities != 0 {
		return 0, fmt.Errorf("SYS_PTRACE and SYS_ADMIN are never given")
	}
	return set, nil
}

func capabilityNumber(name string) int {
	for n, known := range capabilityNames {
		if known == name {
			return n
		}
	}
	return -1
}

func mustCapabilities(names ...string) capabilitySet {
	var set capabilitySet
	for _, name := range names {
		set |= 1 << capabilityNumber(name)
	}
	return set
}

func (s capabilitySet) numbers() []uintptr {
	var numbers []uintptr
	for n := uintptr(0); n <= highestCapability; n++ {
		if s&(1<<n) != 0 {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// boundingSet is what this process could ever get by an exec.
func boundingSet() capabilitySet {
	var set capabilitySet
	for n := uintptr(0); n <= highestCapability; n++ {
		if on, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prCapBSetRead, n, 0); errno == 0 && on == 1 {
			set |= 1 << n
		}
	}
	return set
}

// limitBoundingSet drops everything else from the bounding set of all threads.
func limitBoundingSet(keep capabilitySet) error {
	for _, n := range (boundingSet() &^ keep).numbers() {
		if _, _, errno := syscall.AllThreadsSyscall(syscall.SYS_PRCTL, prCapBSetDrop, n, 0); errno != 0 {
			return errno
		}
	}
	return nil
}

type capabilityHeader struct {
	version uint32
	pid     int32
}

type capabilityWords struct{ effective, permitted, inheritable uint32 }

func capabilityData(effective, permitted capabilitySet) (*capabilityHeader, *[2]capabilityWords) {
	return &capabilityHeader{version: capabilityVersion3}, &[2]capabilityWords{
		{effective: uint32(effective), permitted: uint32(permitted)},
		{effective: uint32(effective >> 32), permitted: uint32(permitted >> 32)},
	}
}

// setCapabilities sets what all threads may do.
func setCapabilities(effective, permitted capabilitySet) error {
	header, data := capabilityData(effective, permitted)
	_, _, errno := syscall.AllThreadsSyscall(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(data)), 0)
	return errnoError(errno)
}

// setThreadCapabilities sets what the calling thread alone may do.
func setThreadCapabilities(effective, permitted capabilitySet) error {
	header, data := capabilityData(effective, permitted)
	_, _, errno := syscall.RawSyscall(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(data)), 0)
	return errnoError(errno)
}

func errnoError(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

// ownPermitted is the permitted set of this process.
func ownPermitted() capabilitySet {
	header, data := capabilityData(0, 0)
	syscall.RawSyscall(syscall.SYS_CAPGET, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(data)), 0)
	return capabilitySet(data[0].permitted) | capabilitySet(data[1].permitted)<<32
}

// undumpable closes /proc/<pid>/{fd,mem,exe,environ} and ptrace to everything without SYS_PTRACE, root included.
func undumpable() error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetDumpable, 0, 0)
	return errnoError(errno)
}

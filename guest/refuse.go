// What the kernel refuses to all of a sandbox, the guest included: extended attributes. An access control list takes up to 128 KiB of the host's
// memory for each file, which the kernel charges to nobody, so that one sandbox could take gigabytes beyond its limit. The answer is that of a file
// system without any, which tools expect. The filter is inherited and can't be taken off, seccomp(2).

package main

import (
	"runtime"
	"syscall"
	"unsafe"
)

const (
	seccompSetModeFilter = 1
	seccompFilterTSync   = 1
	seccompAllow         = 0x7fff0000
	seccompErrno         = 0x00050000
	bpfLoadWord          = 0x20 // BPF_LD | BPF_W | BPF_ABS
	bpfAnd               = 0x54 // BPF_ALU | BPF_AND | BPF_K
	bpfJumpEqual         = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
	bpfReturn            = 0x06 // BPF_RET | BPF_K
	offsetOfNumber       = 0    // in struct seccomp_data
	offsetOfArchitecture = 4
	notX32               = 0xbfffffff
)

// refusedCalls are setxattr, lsetxattr, fsetxattr and setxattrat under one architecture (AUDIT_ARCH_*).
type refusedCalls struct {
	architecture uint32
	numbers      []uint32
}

type machine struct {
	seccomp uintptr // the number of the call
	refused []refusedCalls
}

var machines = map[string]machine{
	"amd64": {317, []refusedCalls{{0xc000003e, []uint32{188, 189, 190, 463}}, {0x40000003, []uint32{226, 227, 228, 463}}}},
	"arm64": {277, []refusedCalls{{0xc00000b7, []uint32{5, 6, 7, 463}}, {0x40000028, []uint32{226, 227, 228, 463}}}},
}

type bpfInstruction struct {
	code         uint16
	whenTrue     uint8
	whenNot      uint8
	operandValue uint32
}

type bpfProgram struct {
	length uint16
	first  *bpfInstruction
}

// refusal is the filter's program.
func refusal(refused []refusedCalls) []bpfInstruction {
	program := []bpfInstruction{{bpfLoadWord, 0, 0, offsetOfArchitecture}}
	for _, calls := range refused {
		block := []bpfInstruction{{bpfLoadWord, 0, 0, offsetOfNumber}, {bpfAnd, 0, 0, notX32}}
		for _, number := range calls.numbers {
			block = append(block, bpfInstruction{bpfJumpEqual, 0, 1, number}, bpfInstruction{bpfReturn, 0, 0, seccompErrno | uint32(syscall.EOPNOTSUPP)})
		}
		block = append(block, bpfInstruction{bpfReturn, 0, 0, seccompAllow})
		program = append(program, bpfInstruction{bpfJumpEqual, 0, uint8(len(block)), calls.architecture})
		program = append(program, block...)
	}
	return append(program, bpfInstruction{bpfReturn, 0, 0, seccompAllow})
}

// refuseAttributes holds for every thread, and for every process from now on.
func refuseAttributes() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	here := machines[runtime.GOARCH]
	instructions := refusal(here.refused)
	program := bpfProgram{uint16(len(instructions)), &instructions[0]}
	if _, _, errno := syscall.Syscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	if thread, _, errno := syscall.Syscall(here.seccomp, seccompSetModeFilter, seccompFilterTSync, uintptr(unsafe.Pointer(&program))); errno != 0 || thread != 0 {
		return errno
	}
	return nil
}

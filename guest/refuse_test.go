package main

import (
	"runtime"
	"syscall"
	"testing"
)

// decide runs a filter over one call, as the kernel would.
func decide(program []bpfInstruction, architecture, number uint32) uint32 {
	accumulator := uint32(0)
	for at := 0; ; at++ {
		switch i := program[at]; i.code {
		case bpfLoadWord:
			accumulator = map[uint32]uint32{offsetOfNumber: number, offsetOfArchitecture: architecture}[i.operandValue]
		case bpfAnd:
			accumulator &= i.operandValue
		case bpfJumpEqual:
			if accumulator == i.operandValue {
				at += int(i.whenTrue)
			} else {
				at += int(i.whenNot)
			}
		default:
			return i.operandValue
		}
	}
}

// Every way to set an attribute is refused under every architecture that the kernel runs, and nothing else is.
func TestOnlySettingAttributesIsRefused(t *testing.T) {
	refused := seccompErrno | uint32(syscall.EOPNOTSUPP)
	for name, each := range machines {
		program := refusal(each.refused)
		for _, calls := range each.refused {
			for number := uint32(0); number < 600; number++ {
				want := uint32(seccompAllow)
				for _, one := range calls.numbers {
					if one == number {
						want = refused
					}
				}
				if got := decide(program, calls.architecture, number); got != want {
					t.Errorf("%s: call %d under %x is answered by %x", name, number, calls.architecture, got)
				}
			}
		}
		if decide(program, 1, 188) != seccompAllow {
			t.Errorf("%s: a foreign architecture is refused", name)
		}
	}
	if decide(refusal(machines["amd64"].refused), 0xc000003e, 188|0x40000000) != refused {
		t.Error("x32 is a way around")
	}
	if machines[runtime.GOARCH].seccomp == 0 {
		t.Error("this machine is not known")
	}
}

// Session mode: the process between the guest and one session. It is root, a child subreaper and not dumpable; it starts processes as the
// agent, reaps, and reports deaths. It knows no protocol but the nursery's and ends with the guest.

package main

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"runtime"
	"sync"
	"syscall"
)

const (
	controlDescriptor   = 3
	maxDescriptors      = 8
	maxBirthBytes       = 16 << 20
	agentOOMScoreAdjust = "500"
	ownOOMScoreAdjust   = "0"
	oomScoreFile        = "/proc/self/oom_score_adj"
)

// sessionMain never returns while the guest lives. The main thread stays the main goroutine's: its children are its own, and so is what they start from.
func sessionMain() int {
	runtime.LockOSThread()
	runtime.GOMAXPROCS(1)
	syscall.CloseOnExec(controlDescriptor)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		return exitLinkBroken
	}
	var births sync.Mutex
	catchSignals(func() {
		births.Lock()
		defer births.Unlock()
		reapAll(func(pid int, status syscall.WaitStatus) { announce(wordDied, pid, uint32(status)) })
	})
	openThreads(sessionThreads)
	limited := false
	for {
		b, descriptors, err := receiveBirth()
		if err != nil {
			return 0
		}
		if !limited {
			limited = true
			err = limitTo(b.Who)
		}
		births.Lock()
		pid := 0
		if err == nil {
			pid, err = bear(b, descriptors)
		}
		announce(wordStarted, pid, errnoOf(err))
		births.Unlock()
		for _, fd := range descriptors {
			syscall.Close(fd)
		}
	}
}

func announce(word uint32, pid int, status uint32) {
	raw := binary.BigEndian.AppendUint32(nil, word)
	raw = binary.BigEndian.AppendUint32(raw, uint32(pid))
	raw = binary.BigEndian.AppendUint32(raw, status)
	syscall.Write(controlDescriptor, raw)
}

func errnoOf(err error) uint32 {
	switch e := err.(type) {
	case nil:
		return 0
	case syscall.Errno:
		return uint32(e)
	}
	return uint32(syscall.EINVAL)
}

// limitTo leaves in the bounding set what the agent may have and nothing else: it is all that an exec of its could ever bring. Every process of a
// nursery is of the same identity.
func limitTo(who identity) error {
	declared, err := parseCapabilities(who.Capabilities)
	if err != nil {
		return err
	}
	if err := limitBoundingSet(declared); err != nil {
		return err
	}
	kept := (guestCapabilities | declared) & ownPermitted()
	return setCapabilities(kept, kept)
}

func receiveBirth() (birth, []int, error) {
	var b birth
	head := make([]byte, 4)
	n, descriptors, err := receiveDescriptors(head)
	if err == nil {
		err = receiveFully(head[n:])
	}
	size := binary.BigEndian.Uint32(head)
	if err == nil && size > maxBirthBytes {
		err = syscall.EMSGSIZE
	}
	if err != nil {
		return b, nil, err
	}
	encoded := make([]byte, size)
	if err := receiveFully(encoded); err != nil {
		return b, nil, err
	}
	return b, descriptors, json.Unmarshal(encoded, &b)
}

func receiveDescriptors(head []byte) (int, []int, error) {
	space := make([]byte, syscall.CmsgSpace(maxDescriptors*4))
	for {
		n, spaceUsed, _, _, err := syscall.Recvmsg(controlDescriptor, head, space, syscall.MSG_CMSG_CLOEXEC)
		if err == syscall.EINTR {
			continue
		}
		if err == nil && n == 0 {
			err = syscall.EPIPE
		}
		if err != nil {
			return 0, nil, err
		}
		messages, err := syscall.ParseSocketControlMessage(space[:spaceUsed])
		if err != nil || len(messages) == 0 {
			return n, nil, err
		}
		descriptors, err := syscall.ParseUnixRights(&messages[0])
		return n, descriptors, err
	}
}

func receiveFully(buffer []byte) error {
	for len(buffer) > 0 {
		n, err := syscall.Read(controlDescriptor, buffer)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return err
		case n == 0:
			return syscall.EPIPE
		default:
			buffer = buffer[n:]
		}
	}
	return nil
}

// bear starts one process from this thread.
func bear(b birth, descriptors []int) (int, error) {
	attributes, err := attributesOf(b, descriptors)
	if err != nil {
		return 0, err
	}
	// The child is born with our score; lowering it back needs no capability because 0 is where it began.
	os.WriteFile(oomScoreFile, []byte(agentOOMScoreAdjust), 0)
	defer os.WriteFile(oomScoreFile, []byte(ownOOMScoreAdjust), 0)
	treatLibrarySignals(signalDefault)
	defer treatLibrarySignals(signalIgnored)
	argv := texts(b.Argv)
	pid, err := syscall.ForkExec(string(b.Path), argv, attributes)
	if err != nil && len(b.Fallback) > 0 && err != syscall.EAGAIN {
		attributes.Dir = string(b.Fallback)
		pid, err = syscall.ForkExec(string(b.Path), argv, attributes)
	}
	return pid, err
}

func attributesOf(b birth, descriptors []int) (*syscall.ProcAttr, error) {
	declared, err := parseCapabilities(b.Who.Capabilities)
	if err != nil || len(b.Path) == 0 || len(b.Argv) == 0 || len(descriptors) != len(b.Descriptors) {
		return nil, syscall.EINVAL
	}
	credential := &syscall.Credential{Uid: uint32(b.Who.UID), Gid: uint32(b.Who.GID)}
	for _, group := range b.Who.Groups {
		credential.Groups = append(credential.Groups, uint32(group))
	}
	system := &syscall.SysProcAttr{Credential: credential, Setsid: true}
	if b.Who.UID != 0 { // root has its bounding set by the exec itself
		system.AmbientCaps = declared.numbers()
	}
	return &syscall.ProcAttr{Dir: string(b.Cwd), Env: texts(b.Env), Files: childFiles(b.Descriptors, descriptors), Sys: system}, nil
}

func childFiles(numbers, descriptors []int) []uintptr {
	files := []uintptr{}
	for i, number := range numbers {
		for len(files) <= number {
			files = append(files, ^uintptr(0))
		}
		files[number] = uintptr(descriptors[i])
	}
	return files
}

func texts(raw [][]byte) []string {
	all := make([]string, len(raw))
	for i, text := range raw {
		all[i] = string(text)
	}
	return all
}

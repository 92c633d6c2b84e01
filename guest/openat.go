// Openat: steps from one directory descriptor to the next by single names, links never followed. Runs on a file worker.

package main

import (
	"os"
	"strings"
	"syscall"
	"unsafe"
)

const (
	stepFlags    = syscall.O_NOFOLLOW | syscall.O_CLOEXEC
	maxLinkBytes = 4096 // PATH_MAX
)

func openStep(dir int, name string, flags int, mode uint32) (int, error) {
	for {
		fd, err := syscall.Openat(dir, name, flags|stepFlags, mode)
		if err != syscall.EINTR {
			return fd, err
		}
	}
}

// openToRead leaves no access time behind where the owner of the file asks, which is all that Linux allows. A lease that a process holds on the file
// (fcntl(2), F_SETLEASE) shuts it: opening would wait until that process gives it up, which one that has been stopped never does.
func openToRead(open func(flags int) (int, error), flags int) (int, error) {
	fd, err := open(flags | syscall.O_NOATIME)
	if err == syscall.EPERM {
		fd, err = open(flags)
	}
	if err == syscall.EAGAIN {
		err = failed("permission", "a process holds a lease on the file")
	}
	return fd, err
}

// openTop opens an absolute path step by step to look at (O_PATH) whatever stands there, a link too.
func openTop(path string) (int, error) {
	fd, err := syscall.Open("/", oPath|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	for i, part := range parts {
		flags := oPath
		if i < len(parts)-1 {
			flags |= syscall.O_DIRECTORY
		}
		next, err := openStep(fd, part, flags, 0)
		syscall.Close(fd)
		if err != nil {
			return -1, err
		}
		fd = next
	}
	return fd, nil
}

// statAt looks at one name of a directory; for a link, target is where it leads.
func statAt(dir int, name string) (stat syscall.Stat_t, target string, err error) {
	fd, err := openStep(dir, name, oPath, 0)
	if err != nil {
		return stat, "", err
	}
	defer syscall.Close(fd)
	return lookAt(fd)
}

func lookAt(fd int) (stat syscall.Stat_t, target string, err error) {
	if err = syscall.Fstat(fd, &stat); err == nil && stat.Mode&syscall.S_IFMT == syscall.S_IFLNK {
		target, err = readLinkAt(fd)
	}
	return stat, target, err
}

// readLinkAt reads the link that fd itself stands for.
func readLinkAt(fd int) (string, error) {
	buffer := make([]byte, maxLinkBytes)
	var empty [1]byte
	n, _, errno := syscall.Syscall6(syscall.SYS_READLINKAT, uintptr(fd), uintptr(unsafe.Pointer(&empty)), uintptr(unsafe.Pointer(&buffer[0])), maxLinkBytes, 0, 0)
	if errno != 0 {
		return "", errno
	}
	return string(buffer[:n]), nil
}

func symlinkAt(target string, dir int, name string) error {
	to, err := syscall.BytePtrFromString(target)
	if err != nil {
		return err
	}
	at, err := syscall.BytePtrFromString(name)
	if err != nil {
		return err
	}
	_, _, errno := syscall.Syscall(syscall.SYS_SYMLINKAT, uintptr(unsafe.Pointer(to)), uintptr(dir), uintptr(unsafe.Pointer(at)))
	return errnoError(errno)
}

// setModified sets the times of an open file to a second.
func setModified(fd int, seconds int64) error {
	times := [2]syscall.Timespec{{Sec: seconds}, {Sec: seconds}}
	_, _, errno := syscall.Syscall6(syscall.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&times[0])), 0, 0, 0)
	return errnoError(errno)
}

// namesOf lists a directory of at most `limit` names; one more is there to be noticed.
func namesOf(fd int, limit int) ([]string, error) {
	copied, err := syscall.Dup(fd)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(copied)
	dir := os.NewFile(uintptr(copied), "directory")
	defer dir.Close()
	var all []string
	for len(all) <= limit {
		names, err := dir.Readdirnames(namesAtOnce)
		all = append(all, names...)
		if err != nil || len(names) == 0 {
			break
		}
	}
	return all, nil
}

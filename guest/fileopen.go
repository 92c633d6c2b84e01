// Opening: paths as the server gives them, and descriptors that are surely what they should be. Runs on a file worker.

package main

import (
	"os"
	"syscall"
)

// File systems whose files belong to the process that opens them, statfs(2).
const (
	procMagic = 0x9fa0
	sysMagic  = 0x62656572
)

const maxLinks = 40

// resolve makes a path absolute; relative ones start at the working directory.
func (g *guest) resolve(path []byte) (string, error) {
	if len(path) == 0 {
		return "", failed("invalid", "an empty path")
	}
	for _, b := range path {
		if b == 0 {
			return "", failed("invalid", "a path cannot hold a NUL byte")
		}
	}
	if path[0] == '/' {
		return string(path), nil
	}
	return string(g.workingDir) + "/" + string(path), nil
}

func identityName(as string) (string, error) {
	switch as {
	case "", asAgent:
		return asAgent, nil
	case asRoot:
		return asRoot, nil
	}
	return "", failed("invalid", "`as` is agent or root")
}

// openRegular opens without ever waiting, and gives back only a regular file that is the sandbox's own.
func openRegular(path string, flags int, mode uint32) (int, *syscall.Stat_t, error) {
	flags |= syscall.O_NONBLOCK | syscall.O_NOCTTY | syscall.O_CLOEXEC | syscall.O_LARGEFILE
	fd, err := openToRead(func(flags int) (int, error) { return openRetrying(path, flags, mode) }, flags)
	if err != nil {
		return -1, nil, err
	}
	stat, err := checkRegular(fd)
	if err != nil {
		syscall.Close(fd)
		return -1, nil, err
	}
	return fd, stat, nil
}

func openRetrying(path string, flags int, mode uint32) (int, error) {
	for {
		fd, err := syscall.Open(path, flags, mode)
		if err != syscall.EINTR {
			return fd, err
		}
	}
}

func checkRegular(fd int) (*syscall.Stat_t, error) {
	var stat syscall.Stat_t
	if err := syscall.Fstat(fd, &stat); err != nil {
		return nil, err
	}
	if stat.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		return nil, syscall.EISDIR
	}
	if stat.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return nil, failed("not_regular", "not a regular file")
	}
	return &stat, checkMount(fd)
}

func checkMount(fd int) error {
	var mount syscall.Statfs_t
	if err := syscall.Fstatfs(fd, &mount); err != nil {
		return err
	}
	if mount.Type == procMagic || mount.Type == sysMagic {
		return failed("not_regular", "files of the kernel are not served")
	}
	return nil
}

// openDirectory opens one for listing.
func openDirectory(path string) (*os.File, error) {
	flags := syscall.O_RDONLY | syscall.O_DIRECTORY | syscall.O_CLOEXEC
	fd, err := openToRead(func(flags int) (int, error) { return openRetrying(path, flags, 0) }, flags)
	if err != nil {
		return nil, err
	}
	if err := checkMount(fd); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

func typeOf(mode uint32) string {
	switch mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		return "file"
	case syscall.S_IFDIR:
		return "dir"
	case syscall.S_IFLNK:
		return "link"
	}
	return "other"
}

func modifiedMS(stat *syscall.Stat_t) int64 {
	seconds, nanoseconds := stat.Mtim.Unix()
	return seconds*1000 + nanoseconds/1_000_000
}

func readLink(path string) []byte {
	target, err := os.Readlink(path)
	if err != nil {
		return nil
	}
	return []byte(target)
}

// Failures: how errors become the words of FAILED.

package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// failure is an error with its word already known.
type failure struct {
	word    string
	message string
}

func (f *failure) Error() string { return f.message }

func failed(word, format string, arguments ...any) error {
	return &failure{word, fmt.Sprintf(format, arguments...)}
}

var errnoWords = map[syscall.Errno]string{
	syscall.ENOENT: "not_found", syscall.ESRCH: "not_found",
	syscall.EACCES: "permission", syscall.EPERM: "permission", syscall.EROFS: "permission", syscall.ETXTBSY: "permission",
	syscall.EISDIR: "is_directory", syscall.ENOTDIR: "not_directory",
	syscall.ENXIO: "not_regular", syscall.ENODEV: "not_regular",
	syscall.EEXIST: "exists", syscall.ENOTEMPTY: "exists",
	syscall.ENOSPC: "no_space", syscall.EDQUOT: "no_space",
	syscall.EFBIG: "too_large", syscall.E2BIG: "too_large",
	syscall.ENAMETOOLONG: "name_too_long", syscall.ELOOP: "loop",
	syscall.EINVAL: "invalid", syscall.ENOEXEC: "invalid", syscall.EBUSY: "busy",
	syscall.EAGAIN: "limit", syscall.ENOMEM: "limit", syscall.EMFILE: "limit", syscall.ENFILE: "limit",
}

func describeFailure(err error) failedHeader {
	var known *failure
	if errors.As(err, &known) {
		return failedHeader{Error: known.word, Message: known.message}
	}
	header := failedHeader{Error: "io", Message: err.Error()}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		header.Errno = int(errno)
		if word, ok := errnoWords[errno]; ok {
			header.Error = word
		}
	} else if errors.Is(err, os.ErrNotExist) {
		header.Error = "not_found"
	}
	return header
}

func (g *guest) fail(id uint32, err error) { g.writer.say(typeFailed, id, describeFailure(err)) }

func (g *guest) done(id uint32, header any) { g.writer.say(typeDone, id, header) }

// answer ends a request with DONE, or FAILED.
func (g *guest) answer(id uint32, header any, err error) {
	if err != nil {
		g.fail(id, err)
		return
	}
	g.done(id, header)
}

type nothing struct{}

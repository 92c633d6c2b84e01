// A shell: the process, its script pipe, its status pipe and its files. One command at a time; whose command it is, and what follows from its
// end, is the session's matter.

package main

import (
	"os"
	"strconv"
	"sync"
	"syscall"
)

// shellFiles live in a directory that the agent can enter but not list. The guest keeps them open, so that nobody can put anything in their place.
type shellFiles struct {
	dir                      string
	command, trailer, status scriptFile
}

type scriptFile struct {
	path   string
	fd     int
	length int // of its text
}

func newShellFiles(dir string, group int) (*shellFiles, error) {
	f := &shellFiles{dir: dir}
	for _, file := range []*scriptFile{&f.command, &f.trailer, &f.status} {
		file.path, file.fd = dir+"/"+randomName(), -1
	}
	for _, file := range []*scriptFile{&f.command, &f.trailer, &f.status} {
		fd, err := syscall.Open(file.path, syscall.O_RDWR|syscall.O_CREAT|syscall.O_EXCL|syscall.O_CLOEXEC|syscall.O_NOFOLLOW, 0o400)
		if err == nil {
			file.fd = fd
			err = firstError(syscall.Fchown(fd, 0, group), syscall.Fchmod(fd, 0o440))
		}
		if err != nil {
			f.remove()
			return nil, err
		}
	}
	return f, nil
}

func firstError(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *shellFiles) remove() {
	for _, file := range []scriptFile{f.command, f.trailer, f.status} {
		if file.fd >= 0 {
			syscall.Close(file.fd)
			syscall.Unlink(file.path)
		}
	}
}

// set gives it a new text. One of the same length, as reports have, is written over the old one: to be given a new page takes longer than all the rest.
func (f *scriptFile) set(text []byte) error {
	if len(text) != f.length {
		if err := syscall.Ftruncate(f.fd, 0); err != nil {
			return err
		}
	}
	f.length = len(text)
	for offset := 0; offset < len(text); {
		n, err := syscall.Pwrite(f.fd, text[offset:], int64(offset))
		if err != nil && err != syscall.EINTR {
			return err
		}
		offset += max(n, 0)
	}
	return nil
}

type shell struct {
	process  *child
	children *os.File // see openChildren
	files    *shellFiles
	script   *pipeEnd
	status   *pipeEnd
	reports  chan report
	kind     string // what findShell calls it

	mu     sync.Mutex
	parser reportParser
	onOpen func() // told once the shell has opened the command's input
}

// startShell has the nursery start one.
func startShell(n *nursery, b birth, dir, kind string) (*shell, error) {
	sh := &shell{reports: make(chan report, 1), kind: kind}
	b.Fallback, b.Descriptors = []byte("/"), []int{0, 1, 2, statusDescriptor}
	var err error
	blocking(func() { sh.files, err = newShellFiles(dir, b.Who.GID) })
	if err != nil {
		return nil, err
	}
	sh.process, err = sh.launch(n, b)
	if err != nil {
		sh.close()
		return nil, err
	}
	sh.children = openChildren(sh.process.pid)
	go sh.listen()
	return sh, nil
}

func (sh *shell) launch(n *nursery, b birth) (*child, error) {
	null, err := syscall.Open("/dev/null", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(null)
	script, scriptRead, err := newPipe(false)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(scriptRead)
	sh.script = script
	status, statusWrite, err := newPipe(true)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(statusWrite)
	sh.status = status
	return n.bear(b, []int{scriptRead, null, null, statusWrite})
}

// submit hands a command to the shell.
func (sh *shell) submit(o order) error {
	nonce := randomName()
	sh.mu.Lock()
	sh.parser, sh.onOpen = reportParser{nonce: nonce, wantsAck: o.onOpen != nil}, o.onOpen
	sh.mu.Unlock()
	select {
	case <-sh.reports: // a forged one that came too late for its command
	default:
	}
	lines, err := sh.prepare(o, nonce)
	if err != nil {
		return err
	}
	_, err = sh.script.file.Write(lines)
	if err != nil && !sh.hasDied() {
		return err
	}
	return nil
}

// prepare writes the command's files and gives the lines for the shell's standard input.
func (sh *shell) prepare(o order, nonce string) (lines []byte, err error) {
	blocking(func() {
		if o.lastStatus != 0 {
			err = sh.files.status.set([]byte("return " + strconv.Itoa(o.lastStatus) + "\n"))
		}
		if err == nil && (sh.kind == shellBash || sh.kind == shellAsh) {
			lines, err = sh.prepareInline(o, nonce)
		} else if err == nil {
			lines = []byte("\\. " + sh.files.trailer.path + "\n")
			err = firstError(
				sh.files.command.set(o.commandScript(quote(o.text), sh.files.status.path, nonce, sh.kind)),
				sh.files.trailer.set([]byte(wholeScript(sh.files.command.path, nonce))),
			)
		}
	})
	return lines, err
}

func (sh *shell) prepareInline(o order, nonce string) (lines []byte, err error) {
	word := quote(o.text)
	if sh.kind == shellBash && len(word) > maxInlineBytes {
		word = []byte(`"$(<` + sh.files.command.path + `)"`)
		err = sh.files.command.set(o.text)
	}
	lines = o.commandScript(word, sh.files.status.path, nonce, sh.kind)
	lines = append(lines, reportLines(sh.files.trailer.path, sh.kind)...)
	return lines, firstError(err, sh.files.trailer.set([]byte(reportScript(nonce))))
}

// listen reads reports until the status pipe is closed on the other side or by close.
func (sh *shell) listen() {
	buffer := make([]byte, 8<<10)
	for {
		n, err := sh.status.file.Read(buffer)
		if err != nil {
			return
		}
		sh.mu.Lock()
		r, done := sh.parser.feed(buffer[:n])
		opened := sh.onOpen
		if sh.parser.acked {
			sh.onOpen = nil
		} else {
			opened = nil
		}
		if done {
			sh.parser.received = nil
		}
		sh.mu.Unlock()
		if opened != nil {
			opened()
		}
		if done {
			select {
			case sh.reports <- r:
			default:
			}
		}
	}
}

func (sh *shell) hasDied() bool {
	select {
	case <-sh.process.died:
		return true
	default:
		return false
	}
}

// close lets go of everything but the process.
func (sh *shell) close() {
	sh.script.close()
	sh.status.close()
	sh.children.Close()
	blocking(sh.files.remove)
}

// Scripts: the text a shell is given for one command, and the report it gives back. POSIX sh only; what each trick is for stands beside it.
//
// dash gets a command from a file, which the file that ends with the report reads first: a `return` in a command ends its own file only. The others
// get it on their standard input: bash would name such a file in every message, and a child of ash that fails (childrenEnd) would never end in one.
// Because bash reads a pipe one byte at a time, it is told to fetch long commands from the file.

package main

import (
	"bytes"
	"strconv"
)

const (
	statusDescriptor = 9 // one digit, as dash knows no others
	statusRedirect   = ">&9"
	statusClosed     = "9>&-"

	maxInlineBytes = 2048 // about where bash's byte-wise reading costs as much as the fork of $(<file)

	shellBash, shellAsh, shellDash, shellOther = "bash", "ash", "dash", "sh"

	// What a shell does that has no way left to report, so that it is not waited for: out of descriptors, or its words taken away.
	orEnd = " || \\exit 70"
)

// commandPaths are the files of one command: FIFOs, and /dev/null for an input that is not fed.
type commandPaths struct {
	in, out, err string
	inFed        bool
	merged       bool
}

// quote makes one shell word of any bytes but NUL.
func quote(text []byte) []byte {
	quoted := append(make([]byte, 0, len(text)+16), '\'')
	quoted = append(quoted, bytes.ReplaceAll(text, []byte("'"), []byte(`'\''`))...)
	return append(quoted, '\'')
}

// order is one command for a shell.
type order struct {
	text       []byte
	paths      commandPaths
	lastStatus int    // what `$?` is to be
	onOpen     func() // told once the shell has opened the command's input
}

// commandScript runs `word`, a shell word that becomes the command's text.
//   - `\command eval`: a syntax or redirection error does not end the shell, and neither an alias nor a function of the agent's comes between
//     (a function called `command` is removed before).
//   - `>|`: noclobber does not matter. The status descriptor is closed, so nothing the command starts inherits it.
//   - `$?` is what the previous command left: statusFile holds `return <n>`. Where that is not 0, `||` keeps `set -e` from taking it for a failure.
//   - ash and dash undo the redirections of `eval` before they run the trap on EXIT, so their standard output is redirected for good, until the
//     report. Not their errors: they are where `set -x` shows our own words.
func (o *order) commandScript(word []byte, statusFile, nonce, kind string) []byte {
	var script bytes.Buffer
	script.WriteString("\\unset -f command 2>/dev/null\n")
	redirected := " <" + o.paths.in
	if kind == shellBash {
		redirected += " >|" + o.paths.out
	} else {
		script.WriteString("\\command exec >|" + o.paths.out + orEnd + "\n")
	}
	if o.paths.merged {
		redirected += " 2>&1"
	} else {
		redirected += " 2>|" + o.paths.err
	}
	if o.paths.inFed {
		// Says that the FIFO is open, so that the guest may close its own end: end-of-file.
		script.WriteString("{ \\command printf '" + nonce + "+\\000' " + statusRedirect + "; ")
		redirected = "; }" + redirected
	}
	if o.lastStatus != 0 {
		script.WriteString("\\. " + statusFile + " || ")
	}
	script.WriteString("\\command eval ")
	script.Write(word)
	script.WriteString(" " + statusClosed + redirected)
	if kind == shellAsh {
		script.WriteString("; " + saveStatus + "; " + childrenEnd)
	}
	script.WriteString("\n")
	return script.Bytes()
}

// saveStatus makes the status the first positional parameter: those can be put back, and no variable has to be taken.
const saveStatus = "\\set -- \"$?\" \"$@\"; \\unset -f command 2>/dev/null"

// childrenEnd: when an expansion or a special builtin fails in a child of ash, the child leaves `command eval` as if it were the shell itself, and goes
// on with what was read of its script. So this is on the same line. `test` is a builtin, so /proc/self is whoever asks.
const childrenEnd = "\\command test /proc/self -ef \"/proc/$$\" || \\exit \"$1\""

// reportScript says status, directory and exported environment, after saveStatus. `pwd` is the shell's own knowledge, whatever became of $PWD.
func reportScript(nonce string) string {
	return "{ \\command printf '" + nonce + " %d\\000' \"$1\"; \\command pwd; \\command printf '\\000'; " +
		"\\command export -p; \\command printf '\\000" + nonce + "\\n'; } " + statusRedirect + " 2>/dev/null" + orEnd + "\n" +
		"\\shift 2>/dev/null || \\command :\n"
}

// wholeScript is the file by which dash runs a command's file and reports. Its length never changes, so a shell that is still at its end when it is
// written anew finds its end there.
func wholeScript(commandFile, nonce string) string {
	return "\\. " + commandFile + "\n" + saveStatus + "\n" + endOutput + reportScript(nonce)
}

// endOutput undoes the `exec` of commandScript.
const endOutput = "\\command exec >/dev/null\n"

// reportLines are what follows a command on standard input.
func reportLines(reportFile, kind string) string {
	if kind == shellAsh {
		return endOutput + "\\. " + reportFile + orEnd + "\n"
	}
	return saveStatus + "; \\command . " + reportFile + orEnd + "\n"
}

// restoreScript brings a new shell to where an old one was. What is exported comes from the shell that ended, so it is the agent's own text, run as the agent.
func restoreScript(exports, cwd, workingDir []byte) []byte {
	var script bytes.Buffer
	script.Write(exports)
	script.WriteString("\n")
	for _, dir := range [][]byte{cwd, workingDir} {
		if len(dir) > 0 {
			script.WriteString("\\command cd -- ")
			script.Write(quote(dir))
			script.WriteString(" 2>/dev/null || ")
		}
	}
	script.WriteString("\\command cd /\n")
	return script.Bytes()
}

// report is what the trailer says.
type report struct {
	status  int
	cwd     []byte
	exports []byte
}

// reportParser finds one command's report among whatever arrives on the status pipe.
type reportParser struct {
	nonce    string
	received []byte
	acked    bool
	wantsAck bool
}

const (
	maxExportsBytes = 1 << 20 // what is kept of the environment; more is not restored
	maxReportBytes  = 16 << 20
)

// feed adds bytes; done when the report is whole. A nonce that does not come is given up for lost at maxReportBytes.
func (p *reportParser) feed(data []byte) (r report, done bool) {
	p.received = append(p.received, data...)
	if ack := []byte(p.nonce + "+\x00"); p.wantsAck && !p.acked && bytes.Contains(p.received, ack) {
		p.acked = true
	}
	if !bytes.HasSuffix(p.received, []byte("\x00"+p.nonce+"\n")) {
		if len(p.received) > maxReportBytes {
			p.received = nil
		}
		return r, false
	}
	_, rest, found := bytes.Cut(p.received, []byte(p.nonce+" "))
	fields := bytes.SplitN(rest, []byte{0}, 4)
	if !found || len(fields) != 4 {
		return r, false
	}
	status, err := strconv.Atoi(string(fields[0]))
	if err != nil {
		return r, false
	}
	r = report{status: status, cwd: bytes.Clone(bytes.TrimSuffix(fields[1], []byte("\n")))}
	if len(fields[2]) <= maxExportsBytes {
		r.exports = bytes.Clone(fields[2])
	}
	return r, true
}

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// played is what became of commands that a real shell was given one after the other, as the guest gives them.
type played struct {
	printed []string
	reports []report
	code    int
}

// play gives a shell all commands at once; each has a file to print to.
func play(t *testing.T, kind, path string, commands ...string) played {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not on this machine", path)
	}
	dir := t.TempDir()
	status, err := os.Create(dir + "/status")
	if err != nil {
		t.Fatal(err)
	}
	defer status.Close()
	var script bytes.Buffer
	var outs []string
	lastStatus := 0
	for i, text := range commands {
		files, err := newShellFiles(dir, os.Getgid()) // of its own, as all are written before the shell starts
		if err != nil {
			t.Fatal(err)
		}
		defer files.remove()
		sh := &shell{kind: kind, files: files}
		outs = append(outs, filepath.Join(dir, "out"+string(rune('a'+i))))
		lines, err := sh.prepare(order{text: []byte(text), paths: commandPaths{in: "/dev/null", out: outs[i], merged: true}, lastStatus: lastStatus}, "nonce")
		if err != nil {
			t.Fatal(err)
		}
		script.Write(lines)
	}
	shell := exec.Command(path)
	shell.Args[0] = filepath.Base(path)
	shell.Stdin, shell.ExtraFiles = &script, []*os.File{nil, nil, nil, nil, nil, nil, status}
	shell.Run()
	result := played{code: shell.ProcessState.ExitCode()}
	for _, out := range outs {
		text, _ := os.ReadFile(out)
		result.printed = append(result.printed, string(text))
	}
	said, _ := os.ReadFile(dir + "/status")
	for _, one := range bytes.SplitAfter(said, []byte("\x00nonce\n")) {
		parser := reportParser{nonce: "nonce"}
		if r, done := parser.feed(one); done {
			result.reports = append(result.reports, r)
		}
	}
	return result
}

var realShells = map[string]string{shellDash: "/bin/dash", shellBash: "/bin/bash"}

// Each command prints to its own place and reports its status; the shell lives on, whatever it was given.
func TestShellsReport(t *testing.T) {
	for kind, path := range realShells {
		t.Run(kind, func(t *testing.T) {
			r := play(t, kind, path, "echo one; X=kept", "(exit 3)", "echo 'unclosed", "echo $X", "cd /tmp", "f() { return 4; }; f")
			if len(r.reports) != 6 || r.printed[0] != "one\n" || r.printed[3] != "kept\n" || r.printed[2] == "" {
				t.Fatalf("%+v", r)
			}
			if r.reports[1].status != 3 || r.reports[2].status == 0 || string(r.reports[4].cwd) != "/tmp" || r.reports[5].status != 4 {
				t.Errorf("%+v", r.reports)
			}
		})
	}
}

// What a trap on EXIT prints is the output of the command that ended the shell.
func TestExitTrapIsHeard(t *testing.T) {
	for kind, path := range realShells {
		t.Run(kind, func(t *testing.T) {
			r := play(t, kind, path, "trap 'echo x' EXIT; echo on; exit 4", "echo never")
			if r.code != 4 || r.printed[0] != "on\nx\n" || r.printed[1] != "" || len(r.reports) != 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// The guest's own lines never show, not even under `set -x` left on.
func TestTracingShowsNothingOfOurs(t *testing.T) {
	for kind, path := range realShells {
		t.Run(kind, func(t *testing.T) {
			r := play(t, kind, path, "set -x", "echo on", "set +x")
			if len(r.reports) != 3 || !strings.HasSuffix(r.printed[1], "echo on\non\n") || strings.Contains(strings.Join(r.printed, ""), "/dev/null") {
				t.Errorf("%q", r.printed)
			}
		})
	}
}

// A shell that cannot report any more ends at once.
func TestSilentShellEnds(t *testing.T) {
	for kind, path := range realShells {
		t.Run(kind, func(t *testing.T) {
			r := play(t, kind, path, "exec 9>&-; ulimit -n 3; echo on", "echo never")
			if r.printed[0] == "" || r.printed[1] != "" || len(r.reports) != 0 {
				t.Errorf("%+v", r)
			}
		})
	}
	r := play(t, shellBash, "/bin/bash", "enable -n command printf", "echo never")
	if r.code != 70 || r.printed[1] != "" {
		t.Errorf("%+v", r)
	}
}

package main

import (
	"bytes"
	"os/exec"
	"testing"
)

// Quoted bytes come out of a shell as they went in.
func TestQuoteSurvivesShell(t *testing.T) {
	for _, text := range []string{"", "'", "''a'", "a b\n\tc", "$HOME `id` \\ \"", "\xff\xfe'\x81\x88", "é☃"} {
		out, err := exec.Command("/bin/sh", "-c", "printf %s "+string(quote([]byte(text)))).Output()
		if err != nil || string(out) != text {
			t.Errorf("%q came out as %q, %v", text, out, err)
		}
	}
}

// A report is found whole whatever pieces it arrives in, and whatever its values hold.
func TestReportInPieces(t *testing.T) {
	said := []byte("junk\x00nonce 7\x00/a\nb\xff\n\x00export A='x'\nexport B='\n'\n\x00nonce\n")
	for size := 1; size <= len(said); size++ {
		p := reportParser{nonce: "nonce"}
		var got report
		done := false
		for rest := said; len(rest) > 0; {
			n := min(size, len(rest))
			if r, ok := p.feed(rest[:n]); ok {
				got, done = r, true
			}
			rest = rest[n:]
		}
		if !done || got.status != 7 || string(got.cwd) != "/a\nb\xff" || !bytes.Contains(got.exports, []byte("B='\n'")) {
			t.Fatalf("in pieces of %d: %v %+v", size, done, got)
		}
	}
}

// Another nonce's report is not taken.
func TestForeignReportIsIgnored(t *testing.T) {
	p := reportParser{nonce: "mine"}
	if _, done := p.feed([]byte("other 0\x00/\n\x00\x00other\n")); done {
		t.Error("taken")
	}
	if _, done := p.feed([]byte("mine 0\x00/\n\x00\x00mine\n")); !done {
		t.Error("not taken after a foreign one")
	}
}

// An acknowledgement is seen only where one is waited for.
func TestAcknowledgement(t *testing.T) {
	p := reportParser{nonce: "n", wantsAck: true}
	p.feed([]byte("n+"))
	if p.acked {
		t.Error("acknowledged by half")
	}
	p.feed([]byte("\x00"))
	if !p.acked {
		t.Error("not acknowledged")
	}
}

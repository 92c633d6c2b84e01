package main

import "testing"

// The guest's own capabilities are the seven of the document, by the kernel's numbers.
func TestGuestCapabilities(t *testing.T) {
	if guestCapabilities != 0x1eb {
		t.Errorf("%#x", guestCapabilities)
	}
}

// Names may have their prefix; unknown and forbidden ones are refused.
func TestParseCapabilities(t *testing.T) {
	if set, err := parseCapabilities([]string{"CAP_NET_RAW", "kill"}); err != nil || set != 1<<13|1<<5 {
		t.Errorf("%#x %v", set, err)
	}
	for _, name := range []string{"SYS_ADMIN", "CAP_SYS_PTRACE", "NOSUCH"} {
		if _, err := parseCapabilities([]string{name}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// Figures are found by name in either version's files.
func TestKeyedFigures(t *testing.T) {
	text := []byte("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n")
	if keyed(text, "oom_kill") != 7 || keyed(text, "none") != unknown || keyed([]byte("42\n"), "") != 42 || keyed(nil, "") != unknown {
		t.Error(keyed(text, "oom_kill"))
	}
}

// The codecraft guest: PID 1 of every sandbox, and parent of every session in it. One binary, two modes. The contract is docs/guest-protocol.md.

package main

import "os"

func main() {
	if undumpable() != nil {
		os.Exit(exitLinkBroken)
	}
	if len(os.Args) == 2 && os.Args[1] == nurseryArgument {
		os.Exit(sessionMain())
	}
	os.Exit(guestMain())
}

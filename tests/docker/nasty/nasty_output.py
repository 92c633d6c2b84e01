"""Rows about standard input, output and descriptors."""

import re
from dataclasses import replace

from nasty_row import LITTLE, OUTPUT_LIMIT, SEPARATE, SHORT_S, STREAMED, TIMED_OUT, Repeated, Row, Step, exited, row, shell_ended, worded

CAPPED = replace(LITTLE, max_output=1_000_000)

OUTPUT_ROWS: tuple[Row, ...] = (
    row("cat of no input", b"cat", b""),
    row("read of no input", b'read x; echo "$? [$x]"', b"1 []\n"),
    row("input given", b'read a; echo "[$a]"; cat; read b; echo "$?"', b"[one]\ntwo\nthree1\n", stdin=b"one\ntwo\nthree"),
    row("empty input given", b"cat; echo end", b"end\n", stdin=b""),
    row("input that nobody reads", b"echo on", b"on\n", stdin=b"x" * 200_000, after=(Step(b"cat; echo off", b"off\n"),)),
    row("input of all bytes", b"cat", bytes(range(256)) * 400, stdin=bytes(range(256)) * 400, policy=STREAMED),
    row("read in a loop", b'while read -r l; do echo "[$l]"; done', b"[a]\n[b\\]\n", stdin=b"a\n b\\\nrest"),
    row(
        "closed input",
        b"exec 0<&-; read x; echo $?",
        b"1\n",
        on=worded(bash=b"bash: line #: read: read error: 0: Bad file descriptor\n1\n"),
        after=(Step(b"cat; echo on", b"on\n"),),
    ),
    row("closed output", b"exec 1>&-", b"", after=(Step(b"echo on", b"on\n"),)),
    row("print on closed output", b"exec 1>&-; echo lost 2>/dev/null", b"", exited(1), after=(Step(b"echo on", b"on\n"),)),
    row(
        "closed error output",
        b"exec 2>&-; echo oops >&2; echo $?",
        b"1\n",
        on=worded(dash=b"2\n"),
        after=(Step(b"echo on >&2", b"on\n"),),
    ),
    row("output to nowhere for good", b"exec >/dev/null 2>&1; echo lost", b"", after=(Step(b"echo on", b"on\n"),)),
    row("exec 2>&1", b"exec 2>&1; echo err >&2", b"err\n", after=(Step(b"echo on >&2", b"on\n"),)),
    row(
        "exec swaps the streams",
        b"exec 3>&1 1>&2 2>&3 3>&-; echo out; echo err >&2",
        b"err\n",
        errors=b"out\n",
        policy=SEPARATE,
        after=(Step(b"echo out; echo err >&2", b"out\n", errors=b"err\n", policy=SEPARATE),),
    ),
    row("streams in order when merged", b"for i in 1 2 3; do echo o$i; echo e$i >&2; done", b"o1\ne1\no2\ne2\no3\ne3\n"),
    row("streams apart", b"for i in 1 2 3; do echo o$i; echo e$i >&2; done", b"o1\no2\no3\n", errors=b"e1\ne2\ne3\n", policy=SEPARATE),
    row("exec closes 3 to 9", b"exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-", b""),
    row("exec closes 0 to 9", b"exec 0<&- 1>&- 2>&- 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-", b""),
    row(
        "exec closes 10 to 255",
        b'i=10; while [ $i -lt 256 ]; do eval "exec $i>&-"; i=$((i+1)); done',
        ending=shell_ended(0),
        on=worded(bash=b"bash: line #: #: Bad file descriptor\n"),
        shells=("bash",),
        why_not_all="only bash has descriptors of two digits in redirections, and so can close those that it saved itself",
    ),
    row(
        "exec opens 3 to 8",
        b"exec 3>f3 4>f4 5>f5 6>f6 7>f7 8>f8; echo in >&8",
        after=(Step(b"cat f8; echo more >&8; cat f8", b"in\nin\nmore\n"), Step(b"exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-")),
    ),
    row(
        "exec opens 9",
        b"exec 9>f9; echo in >&9; cat f9",
        b"in\n",
        # Descriptor 9 is the guest's between commands: it is the only thing of a session's that does not outlive its command.
        after=(Step(b"(echo more >&9) 2>/dev/null; cat f9", b"in\n"),),
    ),
    row(
        "devices of the process",
        b"echo a >/dev/stdout; echo b >/dev/stderr; echo c >/proc/self/fd/1; : >/dev/stdout; cat </dev/stdin",
        b"a\nb\nc\n",
    ),
    row("no terminal", b"test -t 0 || test -t 1 || test -t 2 || echo none; tty", b"none\nnot a tty\n", exited(1)),
    row("stty", b"stty -echo 2>/dev/null", b"", exited(1)),
    row("open the terminal", b"(: </dev/tty) 2>/dev/null || echo none", b"none\n"),
    row("pipe to head", b"yes | head -n 2", b"y\ny\n"),
    row("SIGPIPE of a child", b"{ yes 2>/dev/null; echo $? >status; } | head -n 1; cat status", b"y\n141\n"),
    row("yes beyond max_output", b"yes", Repeated(b"y\n", 200, 800), OUTPUT_LIMIT, policy=CAPPED),
    row("yes timed out", b"yes", Repeated(b"y\n", 200, 800), TIMED_OUT, policy=LITTLE, timeout_s=SHORT_S),
    row("kept to the byte", b"printf '%01000d' 7", b"0" * 999 + b"7", policy=LITTLE),
    row("output of a stopped writer", b"echo a; sh -c 'echo b; kill -STOP $$; echo c'", b"a\nb\n", TIMED_OUT, timeout_s=SHORT_S),
    row(
        "late output is nobody's",
        b"mkfifo go gone; { read x <go; echo late; echo late >&2; : >gone; } & echo now",
        b"now\n",
        background=None,
        after=(Step(b"echo go >go; cat gone; echo next", b"next\n", background=None), Step(b"wait", b"")),
    ),
    row(
        "output descriptor kept by a job",
        b"mkfifo go gone; { exec 5>&1; read x <go; echo late >&5; : >gone; } & echo now",
        b"now\n",
        background=None,
        after=(Step(b"echo go >go; cat gone; echo next", b"next\n", background=None), Step(b"wait", b"")),
    ),
    row("a job's output before the end", b"{ echo early; } & wait; echo on", b"early\non\n"),
    row("binary output through a pipe", b"head -c 300000 /dev/zero | tr '\\0' '\\377'", b"\xff" * 300_000, policy=STREAMED),
    row("nothing leaks into a child", b"ls /proc/self/fd | wc -l", re.compile(rb" *4\n")),
)

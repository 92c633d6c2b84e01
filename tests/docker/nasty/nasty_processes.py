"""Rows about processes: jobs and daemons that live on, bombs, hogs, full disks."""

from nasty_row import CHILD_OUT_OF_MEMORY, SHELL_OUT_OF_MEMORY, SHORT_S, TIMED_OUT, Row, Step, exited, row, shell_ended, worded

SLEEPER = (b"sleep 100",)
COUNT_SLEEPERS = b"grep -la '^sleep' /proc/[0-9]*/cmdline 2>/dev/null | wc -l | tr -d ' '"
COUNT_ZOMBIES = b"grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l | tr -d ' '"
NO_SLEEPERS = Step(COUNT_SLEEPERS, b"0\n")
# A process that was just forked is not the program yet that it will be; by the end of this one it is.
ONE_SLEEPER = Step(b'until [ "$(' + COUNT_SLEEPERS + b')" = 1 ]; do :; done; echo one', b"one\n", background=SLEEPER)
BOMB = b"bomb() { while :; do bomb & done; }; bomb"

PROCESS_ROWS: tuple[Row, ...] = (
    row("sleep 100 &", b"sleep 100 & echo on", b"on\n", background=1, after=(ONE_SLEEPER,)),
    row("job ended by number", b"{ sleep 100 & kill $!; wait $!; } 2>/dev/null; echo $?", b"143\n"),
    row("setsid daemon", b"setsid sleep 100 & echo on", b"on\n", background=1, after=(ONE_SLEEPER,)),
    row("double fork", b"( ( sleep 100 & ) & ); echo on", b"on\n", background=None, after=(ONE_SLEEPER,)),
    row(
        "double fork with a session of its own",
        b"(setsid sh -c 'sleep 100 & :' &); echo on",
        b"on\n",
        background=None,
        after=(ONE_SLEEPER,),
    ),
    row(
        "nohup",
        b"nohup sleep 100 >/dev/null 2>&1 & :",
        background=1,
        after=(ONE_SLEEPER,),
        shells=("dash", "bash"),
        why_not_all="this busybox has no nohup",
    ),
    row("a job outlives exit", b"sleep 100 & exit 3", ending=shell_ended(3), background=1, after=(ONE_SLEEPER,)),
    row(
        "a job outlives the time-out of a later command",
        b"sleep 100 &",
        background=1,
        after=(ONE_SLEEPER, Step(b"sleep 100", b"", TIMED_OUT, timeout_s=SHORT_S, background=SLEEPER), ONE_SLEEPER),
    ),
    row(
        "a server answers after the time-out of a later command",
        b'mkfifo ask answer; while read -r q <ask; do echo "got $q" >answer; done & echo up',
        b"up\n",
        background=None,
        after=(
            Step(b"echo one >ask; cat answer", b"got one\n", background=None),
            Step(b"sleep 100", b"", TIMED_OUT, timeout_s=SHORT_S, background=None),
            Step(b"echo two >ask; cat answer", b"got two\n", background=None),
        ),
    ),
    row(
        "daemons of a timed-out command die with it",
        b"setsid sleep 100 & ( (sleep 100 &) &); (setsid sh -c 'sleep 100 & sleep 100' &); nohup sleep 100 >/dev/null 2>&1 & sleep 100",
        b"",
        TIMED_OUT,
        timeout_s=SHORT_S,
        after=(NO_SLEEPERS,),
    ),
    row(
        "daemons that ignore TERM die with it",
        b"trap '' TERM HUP; (setsid sleep 100 &); sleep 100",
        b"",
        TIMED_OUT,
        timeout_s=SHORT_S,
        after=(NO_SLEEPERS,),
    ),
    row("a stopped child dies with it", b"sh -c 'kill -STOP $$' & sleep 100", b"", TIMED_OUT, timeout_s=SHORT_S),
    row(
        "fork bomb",
        b"(" + BOMB + b") >/dev/null 2>&1 & while :; do :; done",
        b"",
        TIMED_OUT,
        timeout_s=SHORT_S,
        after=(Step(b"sh -c 'echo forks again'", b"forks again\n"),),
    ),
    row(
        "fork bomb left behind",
        b"(" + BOMB + b") >/dev/null 2>&1 & echo on",
        b"on\n",
        background=None,
        after=(Step(b"echo still on", b"still on\n", background=None),),
    ),
    row(
        "processes that breed while they are killed",
        b"i=0; while [ $i -lt 20 ]; do (while :; do (:); done) & i=$((i+1)); done; wait",
        ending=TIMED_OUT,
        timeout_s=SHORT_S,
    ),
    row(
        "zombies of a parent that does not wait",
        b"sh -c 'for i in 1 2 3 4 5 6 7 8; do (:) & done; exec sleep 0.05'",
        b"",
        after=(Step(b"until " + COUNT_ZOMBIES + b" | grep -qx 0; do :; done; " + COUNT_ZOMBIES, b"0\n"),),  # reaped soon, not at once
    ),
    row(
        "orphans are reaped",
        b"i=0; while [ $i -lt 50 ]; do ( (:) & ); i=$((i+1)); done; until " + COUNT_ZOMBIES + b" | grep -qx 0; do :; done",
        background=None,
        after=(Step(COUNT_ZOMBIES, b"0\n"),),
    ),
    row("2,000 short processes", b"i=0; while [ $i -lt 2000 ]; do (:); i=$((i+1)); done; echo $i", b"2000\n"),
    row(
        "100 jobs at once",
        b"i=0; while [ $i -lt 100 ]; do sleep 100 & i=$((i+1)); done; echo $i",
        b"100\n",
        background=32,  # at most so many are listed
        after=(Step(b'until [ "$(' + COUNT_SLEEPERS + b')" = 100 ]; do :; done', background=SLEEPER * 32),),
    ),
    row(
        "memory hog",
        b"sh -c 'x=xxxxxxxx; while :; do x=$x$x; done'",
        b"Killed\n",
        CHILD_OUT_OF_MEMORY,
        on=worded(bash=b"bash: line #:# Killed                  sh -c 'x=xxxxxxxx; while :; do x=$x$x; done'\n"),
    ),
    row("memory hog in the shell itself", b"x=xxxxxxxx; while :; do x=$x$x; done", ending=SHELL_OUT_OF_MEMORY),
    row(
        "full disk",
        b"for d in /workspace /tmp /home/agent /dev/shm; do cat /dev/zero >$d/full; done 2>/dev/null; echo full",
        b"full\n",
        after=(Step(b"echo x >more 2>/dev/null", b"", exited(1)), Step(b"rm -f /workspace/full /tmp/full /home/agent/full /dev/shm/full")),
    ),
    row(
        "exit with a full disk",
        b"cat /dev/zero >/workspace/full 2>/dev/null; cat /dev/zero >/tmp/full 2>/dev/null; exit 3",
        b"",
        shell_ended(3),
        undo=b"rm -f /workspace/full /tmp/full",
    ),
    row(
        "no inodes left",
        b"i=0; while echo >/workspace/row/f$i && echo >/tmp/nasty$i; do i=$((i+1)); done 2>/dev/null; echo end",
        b"end\n",
        after=(Step(b"exit 3", ending=shell_ended(3)),),
        undo=b"rm -rf /tmp/nasty*",
    ),
    row(
        "wait with no children",
        b"wait; wait 999999; echo $?",
        b"127\n",
        on=worded(bash=b"bash: line #: wait: pid 999999 is not a child of this shell\n127\n"),
    ),
    row("jobs with none", b"jobs"),
    row(
        "fg with none",
        b"fg",
        ending=exited(2),
        on=worded(
            ash=b"sh: fg: line #: No current job\n",
            dash=b"dash: 1: fg: No current job\n",
            bash=(b"bash: line #: fg: no job control\n", exited(1)),
        ),
    ),
    row(
        "bg with none",
        b"bg",
        ending=exited(2),
        on=worded(
            ash=b"sh: bg: line #: No current job\n",
            dash=b"dash: 1: bg: No current job\n",
            bash=(b"bash: line #: bg: no job control\n", exited(1)),
        ),
    ),
    row(
        "job control on",
        b"set -m; sleep 100 & kill $!; wait $! 2>/dev/null; echo $?; set +m",
        b"143\n",
        on=worded(
            ash=b"sh: set: line #: can't access tty; job control turned off\n143\n",
            dash=b"dash: 1: set: can't access tty; job control turned off\n143\n",
        ),
    ),
    row(
        "time",
        b"time true",
        on=worded(
            ash=b"real\t#m#.#s\nuser\t#m#.#s\nsys\t#m#.#s\n",
            dash=(b"dash: 1: eval: time: not found\n", exited(127)),
            bash=b"\nreal\t#m#.#s\nuser\t#m#.#s\nsys\t#m#.#s\n",
        ),
    ),
    row("a shell in a shell", b"sh -c 'sh -c \"exit 6\"'", ending=exited(6)),
    row("child killed by a sibling", b"{ sleep 100 & p=$!; (kill -KILL $p); wait $p; } 2>/dev/null; echo $?", b"137\n"),
)

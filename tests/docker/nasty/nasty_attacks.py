"""Rows that attack the guest: signals, /proc, its descriptors, other users."""

import re

from nasty_row import SHORT_S, TIMED_OUT, Differs, Row, exited, row, shell_killed

ALL_SIGNALS = b"i=1; while [ $i -le 64 ]; do kill -$i %s 2>/dev/null; i=$((i+1)); done; echo survived"

ATTACK_ROWS: tuple[Row, ...] = (
    row("kill -9 1", b"kill -9 1 2>/dev/null; echo survived", b"survived\n"),
    row("every signal to PID 1", ALL_SIGNALS % b"1", b"survived\n"),
    row(
        "a storm of signals to PID 1",
        b"i=0; while [ $i -lt 2000 ]; do kill -TERM 1; kill -HUP 1; kill -CHLD 1; kill -URG 1; i=$((i+1)); done 2>/dev/null; echo survived",
        b"survived\n",
    ),
    row(
        "every signal but KILL and STOP to the session's keeper",
        (ALL_SIGNALS % b"$PPID").replace(b"kill -$i", b"[ $i = 9 ] || [ $i = 19 ] || kill -$i"),
        b"survived\n",
    ),
    row(
        "kill -9 of the session's keeper",
        b"kill -9 $PPID 2>/dev/null; while :; do :; done",
        ending=TIMED_OUT,
        timeout_s=SHORT_S,
        on={"root": Differs("root may kill it, and its shell goes with it", ending=shell_killed(9))},
    ),
    row("kill -STOP of the session's keeper", b"kill -STOP $PPID 2>/dev/null; while :; do :; done", b"", TIMED_OUT, timeout_s=SHORT_S),
    row(
        "kill -9 -1",
        b"sleep 100 & kill -9 -1; wait 2>/dev/null; echo on",
        b"on\n",
        users=("agent",),
        why_not_all="root kills the session's keeper with it: the next row",
    ),
    row(
        "kill -9 -1 by root",
        b"sleep 100 & kill -9 -1; while :; do :; done",
        ending=shell_killed(9),
        users=("root",),
        why_not_all="the agent's own processes are all that it may kill: the row before",
    ),
    row("kill -9 0", b"kill -9 0; echo never", ending=shell_killed(9)),
    row(
        "reads of /proc/1",
        b'for f in environ maps mem auxv stack fd/0 fd/1 exe; do head -c 1 /proc/1/$f >/dev/null 2>&1 && echo "read $f"; done; '
        b"for f in exe root cwd fd/0; do readlink /proc/1/$f 2>/dev/null; done; echo end",
        b"end\n",
    ),
    row(
        "writes to /proc/1",
        b'for f in fd/0 fd/1 fd/2 fd/3 mem oom_score_adj comm; do\n(echo junk >/proc/1/$f) 2>/dev/null && echo "wrote $f"\ndone; echo end',
        b"end\n",
    ),
    row(
        "reads and writes of the session's keeper",
        b"for f in environ maps mem fd/0 fd/1 fd/3; do\n"
        b'head -c 1 /proc/$PPID/$f >/dev/null 2>&1 && echo "read $f"; (echo junk >/proc/$PPID/$f) 2>/dev/null && echo "wrote $f"\n'
        b"done; echo end",
        b"end\n",
    ),
    row("junk into descriptors 3 to 9", b'for i in 3 4 5 6 7 8 9; do (eval "echo junk >&$i") 2>/dev/null; done; echo on', b"on\n"),
    row(
        "junk into descriptors 10 to 255",
        b'i=10; while [ $i -lt 256 ]; do eval "echo junk >&$i"; i=$((i+1)); done 2>/dev/null; echo on',
        b"junk\non\n",
        shells=("bash",),
        why_not_all="only bash lets its saved descriptors be named, one of them the error output that this loop redirects",
    ),
    row(
        "junk into every descriptor of the shell",
        b'for f in /proc/$$/fd/*; do timeout 0.1 sh -c "echo junk >$f" >/dev/null 2>&1; done; echo on',
        re.compile(rb"(junk\n)*on\n"),
        background=None,
    ),
    row(
        "junk out of every descriptor of the shell",
        b"for f in /proc/$$/fd/*; do timeout 0.05 head -c 1 $f >/dev/null 2>&1; done; echo on",
        b"on\n",
        background=None,
    ),
    row(
        "su",
        b"su root -c 'id -u' </dev/null 2>/dev/null | grep -cx 0",
        b"0\n",
        exited(1),
        users=("agent",),
        why_not_all="root is root already",
    ),
    row("sudo", b"sudo -n id -u 2>/dev/null", b"", exited(127)),
    row("mounts", b"mount -t tmpfs none /tmp 2>/dev/null && echo mounted; umount /proc 2>/dev/null && echo unmounted; echo end", b"end\n"),
    row(
        "writes where the system lies",
        b"for f in /x /etc/x /usr/x /proc/sys/kernel/core_pattern /sys/x /proc/sysrq-trigger; do\n"
        b'(: >$f) 2>/dev/null && echo "wrote $f"\n'
        b"done; echo end",
        b"end\n",
    ),
    row("raises its own priority", b"(echo -1000 >/proc/self/oom_score_adj) 2>/dev/null && echo raised; echo end", b"end\n"),
    row(
        "devices",
        b"for d in mem kmem port kmsg sda vda nvme0n1; do\n"
        b'mknod /tmp/d b 8 0 2>/dev/null && echo made; head -c 1 /dev/$d >/dev/null 2>&1 && echo "read $d"\n'
        b"done; echo end",
        b"end\n",
    ),
    row(
        "a link where a supervisor might write",
        b"ln -s /etc/passwd /tmp/codecraft 2>/dev/null; ln -s / /tmp/.guest; echo on",
        b"on\n",
        undo=b"rm -f /tmp/codecraft /tmp/.guest",
    ),
)

"""Rows about the session's state: names taken away from the shell's own words, options, variables, directories."""

from nasty_row import ROW_DIR, SHORT_S, TIMED_OUT, Row, Step, exited, row, shell_ended, shell_killed, worded

REFUSED_NAME = worded(
    ash=(b"sh: eval: line #: syntax error: bad function name\n", exited(2)),
    dash=(b"dash: 1: eval: Syntax error: Bad function name\n", exited(2)),
)
ODD_DIR = ROW_DIR + b"/new\nline 'quoted\" \xff"

STATE_ROWS: tuple[Row, ...] = (
    row("alias printf=false", b"alias printf=false", after=(Step(b"echo on", b"on\n"),)),
    row(
        "aliases of what a supervisor might use",
        b"alias command=false eval=false cd=false pwd=false export=false exec=false trap=false read=false",
        after=(Step(b"echo on", b"on\n"), Step(b"unalias -a")),
    ),
    row(
        "functions named like builtins",
        b"printf() { echo mine; }; pwd() { echo mine; }; cd() { echo mine; }; read() { echo mine; }; echo on",
        b"on\n",
        after=(Step(b"cd /", b"mine\n"), Step(b"pwd", b"mine\n"), Step(b"exit 1", b"", shell_ended(1)), Step(b"cd .", b"")),
    ),
    row(
        "function named command",
        b"command() { echo mine; }; echo on; command x",
        b"on\nmine\n",
        # Of all words the guest needs this one for itself, and takes the function away.
        after=(Step(b"echo still", b"still\n"), Step(b"command echo ours", b"ours\n")),
    ),
    row(
        "function named unset",
        b"unset() { echo mine; }; echo on",
        on=REFUSED_NAME | worded(bash=b"on\n"),
        undo=b"builtin unset -f unset 2>/dev/null || :",
    ),
    row("function named eval", b"eval() { echo mine; }", on=REFUSED_NAME, after=(Step(b"echo on", b"on\n"),)),
    row("function named export", b"export() { echo mine; }", on=REFUSED_NAME, after=(Step(b"echo on", b"on\n"),)),
    row("function named exec", b"exec() { echo mine; }", on=REFUSED_NAME, after=(Step(b"echo on", b"on\n"),)),
    row("function named set", b"set() { echo mine; }", on=REFUSED_NAME, after=(Step(b"echo on", b"on\n"),)),
    row("function named .", b". () { echo mine; }", on=REFUSED_NAME, after=(Step(b"echo on", b"on\n"),)),
    row("function named test", b"test() { echo mine; }; echo on", b"on\n", after=(Step(b"test", b"mine\n"),)),
    row(
        "readonly variables",
        b"readonly HOME PATH nope=1; echo on",
        b"on\n",
        after=(Step(b"cd /tmp; cd /workspace/row; echo $nope", b"1\n"),),
        spoils="bash keeps what is readonly and exported so",
    ),
    row("readonly PWD", b"readonly PWD; echo on", b"on\n", spoils="bash keeps what is readonly and exported so"),
    row(
        "readonly export survives a restart",
        b"export RO=1; readonly RO",
        after=(
            Step(b"exit 1", ending=shell_ended(1)),
            Step(b"echo $RO; RO=2; echo $RO", b"1\n2\n", on=worded(bash=(b"1\nbash: line #: RO: readonly variable\n", exited(1)))),
        ),
        spoils="bash keeps what is readonly and exported so",
    ),
    row(
        "IFS of letters", b"IFS='abcdefghijklmnopqrstuvwxyz0123456789/ '; echo on", b"on\n", after=(Step(b"echo 'on'; unset IFS", b"on\n"),)
    ),
    row(
        "IFS exported",
        b"IFS=/; export IFS",
        after=(Step(b"exit 1", ending=shell_ended(1)), Step(b"echo on", b"on\n")),
        spoils="a shell may export IFS for ever, even unset",
    ),
    row("set -f", b"set -f; echo *", b"*\n", after=(Step(b"echo *; set +f", b"*\n"),)),
    row("set -C", b"set -C; (echo a >f; echo b >f) 2>/dev/null; cat f", b"a\n", after=(Step(b"set +C; echo b >f; cat f", b"b\n"),)),
    row(
        "set -v",
        b"set -v\necho a",
        b"a\n",
        on=worded(bash=b"echo a\na\n"),
        after=(Step(b"echo b", b"b\n", on=worded(bash=b"echo b\nb\n")), Step(b"set +v", on=worded(bash=b"set +v\n"))),
    ),
    row(
        "set -x",
        b"set -x; echo a",
        b"+ echo a\na\n",
        on=worded(bash=b"++ echo a\na\n"),
        after=(
            Step(b"echo b", b"+ echo b\nb\n", on=worded(bash=b"++ echo b\nb\n")),
            Step(b"set +x", b"+ set +x\n", on=worded(bash=b"++ set +x\n")),
        ),
    ),
    row("PS4 that ends the shell", b"PS4='$(kill -9 $$)'; set -x", ending=shell_killed(9)),
    row("set -a", b"set -a; nasty_all=1; set +a", b"", after=(Step(b"unset nasty_all"),)),
    row("set -a left on", b"set -a", b"", after=(Step(b"exit 1", b"", shell_ended(1)),)),
    row("set -- arguments", b"set -- a 'b c'; echo $#", b"2\n", after=(Step(b'echo "$2"; set --', b"b c\n"),)),
    row(
        "unset PWD HOME PATH", b"unset PWD HOME PATH OLDPWD; echo on", b"on\n", undo=b"PATH=$NASTY_PATH HOME=$NASTY_HOME; export PATH HOME"
    ),
    row("unset PATH and restart", b"unset PATH; exit 1", b"", shell_ended(1)),
    row(
        "PATH of nothing",
        b"PATH=; export PATH",
        b"",
        after=(Step(b"exit 1", b"", shell_ended(1)), Step(b"echo on", b"on\n")),
        undo=b"PATH=$NASTY_PATH; export PATH",
    ),
    row(
        "PATH of 100 KB",
        b'p=/x; i=0; while [ $i -lt 15 ]; do p=$p:$p; i=$((i+1)); done; export PATH="$PATH:$p"; unset p i',
        after=(
            Step(b"cat marker; [ ${#PATH} -gt 98303 ] && echo long", b"long\n"),
            Step(b"exit 1", ending=shell_ended(1)),
            Step(b"cat marker; [ ${#PATH} -gt 98303 ] && echo long", b"long\n"),
        ),
        undo=b"PATH=$NASTY_PATH; export PATH",
    ),
    row(
        "variable too long for any program",
        b"v=xxxxxxxx; i=0; while [ $i -lt 15 ]; do v=$v$v; i=$((i+1)); done; export v",
        b"",
        after=(Step(b"exit 1", b"", shell_ended(1)), Step(b"echo ${#v}; unset v", b"262144\n"), Step(b"cat marker")),
    ),
    row("export PWD=/x", b"export PWD=/x", b"", after=(Step(b"exit 1", b"", shell_ended(1)), Step(b"pwd", ROW_DIR + b"\n"))),
    row("CDPATH", b"export CDPATH=/tmp:/; mkdir sub; cd ./sub; cd ..", b"", undo=b"unset CDPATH"),
    row(
        "umask 777", b"umask 777; umask; : >f; ls -l f | cut -c 1-10", b"0777\n----------\n", after=(Step(b"echo on; umask 022", b"on\n"),)
    ),
    row("ulimit -f 0", b"ulimit -f 0; echo x >f; echo never", b"", shell_killed(25), after=(Step(b"echo x >f; cat f", b"x\n"),)),
    row("ulimit -f 0 left set", b"ulimit -f 0; echo on", b"on\n", after=(Step(b"echo on", b"on\n"), Step(b"exit 1", b"", shell_ended(1)))),
    row(
        "ulimit -n 3",
        b"ulimit -n 3; echo on",
        b"on\n",
        shell_ended(2),
        on=worded(bash=(b"on\nbash: line #: #: Bad file descriptor\n", shell_ended(0))),
    ),
    row("ulimit -n 12", b"ulimit -n 12; echo on", b"on\n"),
    row("ulimit -t 1", b"ulimit -t 1; echo on", b"on\n"),
    row("ulimit -v 1", b"ulimit -v 1; echo on", b"on\n"),
    row(
        "BASH_ENV and ENV that end every shell",
        b"echo 'exit 7' >evil; export BASH_ENV=$PWD/evil ENV=$PWD/evil",
        b"",
        after=(Step(b"exit 1", b"", shell_ended(1)), Step(b"echo on; unset BASH_ENV ENV", b"on\n")),
    ),
    row(
        "SHELLOPTS exported",
        b"set -u; export SHELLOPTS",
        b"",
        after=(Step(b"exit 1", b"", shell_ended(1)), Step(b"echo on", b"on\n")),
        shells=("bash",),
        why_not_all="only bash has SHELLOPTS",
    ),
    row(
        "builtins disabled",
        b"enable -n eval command export pwd cd printf exec unset trap read; echo on",
        b"on\n",
        after=(Step(b"enable eval command export pwd cd printf exec unset trap read"),),
        shells=("bash",),
        why_not_all="only bash has enable",
    ),
    row(
        "function exported",
        b"greet() { echo hello; }; export -f greet",
        b"",
        after=(Step(b"exit 1", b"", shell_ended(1)), Step(b"greet 2>/dev/null", ending=exited(127))),
        shells=("bash",),
        why_not_all="only bash exports functions",
    ),
    row("posix mode", b"set -o posix; echo on; set +o posix", b"on\n", shells=("bash",), why_not_all="only bash has it"),
    row(
        "exports with newlines and quotes",
        b'export A="one\n\'two\' \\"three\\" \\$four \\`five\\` \\\\ "',
        b"",
        after=(Step(b"exit 1", b"", shell_ended(1)), Step(b'printf %s "$A"; unset A', b"one\n'two' \"three\" $four `five` \\ ")),
    ),
    row(
        "export of bytes that are not UTF-8",
        b"export B=$(printf 'a\\377\\300b')",
        b"",
        after=(Step(b"exit 1", b"", shell_ended(1)), Step(b"printf %s \"$B\" | od -An -tx1 | tr -d ' '; unset B", b"61ffc062\n")),
    ),
    row(
        "empty export",
        b"export E=",
        b"",
        after=(Step(b"exit 1", b"", shell_ended(1)), Step(b'echo "${E-unset}${E+set}"; unset E', b"set\n")),
    ),
    row(
        "exported name without a value",
        b"export LATER",
        b"",
        after=(Step(b"exit 1", b"", shell_ended(1)), Step(b'echo "${LATER-unset}"; unset LATER', b"unset\n")),
    ),
    row("unset of an export survives", b"unset NASTY", b"", after=(Step(b"exit 1", b"", shell_ended(1)),), loses=frozenset({"exported"})),
    row(
        "export in a command that is killed",
        b"export KILLED=1; sleep 100",
        b"",
        TIMED_OUT,
        timeout_s=SHORT_S,
        after=(Step(b'echo "[$KILLED]"', b"[]\n"),),
    ),
    row("cd in a command that is killed", b"cd /tmp; sleep 100", b"", TIMED_OUT, timeout_s=SHORT_S, after=(Step(b"pwd", ROW_DIR + b"\n"),)),
    row("cd -", b"cd /tmp; cd -", ROW_DIR + b"\n"),
    row(
        "a directory of odd bytes",
        b"d=$(printf 'new\\nline '\\''quoted\" \\377'); mkdir \"$d\" && cd \"$d\"",
        b"",
        cwd=ODD_DIR,
        after=(Step(b"exit 5", b"", shell_ended(5), cwd=ODD_DIR), Step(b"test -e ../marker && cd ..", b"")),
    ),
    row(
        "a directory that ends in a newline",
        b"mkdir 'n\n\n' && cd 'n\n\n'",
        b"",
        cwd=ROW_DIR + b"/n\n\n",
        after=(Step(b"exit 5", b"", shell_ended(5), cwd=ROW_DIR + b"/n\n\n"), Step(b"cd /workspace/row")),
    ),
    row("through a symbolic link", b"mkdir real; ln -s real link; cd link", b"", cwd=None, after=(Step(b"cd ..", b""),)),
    row(
        "deletes its own directory",
        b"mkdir gone && cd gone && rmdir ../gone",
        b"",
        cwd=None,
        after=(Step(b"echo on", b"on\n", cwd=None), Step(b"exit 1", b"", shell_ended(1), cwd=b"/workspace"), Step(b"cd row")),
    ),
    row(
        "renames its own directory",
        b"mkdir a && cd a && mv ../a ../b",
        b"",
        cwd=ROW_DIR + b"/b",
        after=(Step(b"exit 1", b"", shell_ended(1), cwd=ROW_DIR + b"/b"), Step(b"cd /workspace/row")),
    ),
    row(
        "a directory it may not enter again",
        b"mkdir shut && cd shut && chmod 0 .",
        b"",
        cwd=ROW_DIR + b"/shut",
        after=(Step(b"exit 1", b"", shell_ended(1), cwd=None), Step(b"cd /workspace/row")),
    ),
)

"""Rows about what is typed: quoting, syntax, odd and many bytes."""

from nasty_row import STREAMED, Row, Step, exited, row, shell_ended, worded

from codecraft_server.sandbox import FileProblemKind

MILLION = 1_000_000
DOUBLED_TO_MILLION = b"v='" + b"x" * 1000 + b'\'; for i in 0 1 2 3 4 5 6 7 8 9; do v="$v$v"; done; printf %.1000000s "$v"; unset v i'

TEXT_ROWS: tuple[Row, ...] = (
    row("heredoc", b"cat <<EOF\na $((1+1)) b\n\tc\nEOF", b"a 2 b\n\tc\n"),
    row("heredoc with quotes", b"cat <<'E O F'\n$nope '\"`\\\n\\'\nE O F", b"$nope '\"`\\\n\\'\n"),
    row(
        "heredoc without its end",
        b"cat <<EOF\nhalf",
        b"half",
        on=worded(bash=b"bash: line #: warning: here-document at line # delimited by end-of-file (wanted `EOF')\nhalf\n"),
    ),
    row("two heredocs and a quote", b"cat <<A; cat <<\\B\none'\nA\ntwo $x \"\nB\n", b"one'\ntwo $x \"\n"),
    row(
        "unclosed single quote",
        b"echo 'never closed\n",
        ending=exited(2),
        on=worded(
            ash=b"sh: eval: line #: syntax error: unterminated quoted string\n",
            dash=b"dash: 2: eval: Syntax error: Unterminated quoted string\n",
            bash=b"bash: eval: line #: unexpected EOF while looking for matching `''\n",
        ),
    ),
    row(
        "unclosed double quote",
        b'echo "never closed',
        ending=exited(2),
        on=worded(
            ash=b"sh: eval: line #: syntax error: unterminated quoted string\n",
            dash=b"dash: 1: eval: Syntax error: Unterminated quoted string\n",
            bash=b"bash: eval: line #: unexpected EOF while looking for matching `\"'\n",
        ),
    ),
    row(
        "unclosed command substitution",
        b"echo $(echo deep",
        ending=exited(2),
        on=worded(
            ash=b'sh: eval: line #: syntax error: unexpected end of file (expecting ")")\n',
            dash=b'dash: 1: eval: Syntax error: end of file unexpected (expecting ")")\n',
            bash=b"bash: eval: line #: unexpected EOF while looking for matching `)'\n",
        ),
    ),
    row(
        "unclosed backquote",
        b"echo `echo deep",
        ending=exited(2),
        on=worded(
            ash=b"sh: eval: line #: syntax error: EOF in backquote substitution\n",
            dash=b"dash: 1: eval: Syntax error: EOF in backquote substitution\n",
            bash=b"bash: eval: line #: unexpected EOF while looking for matching ``'\n",
        ),
    ),
    row(
        "unclosed brace",
        b"{ echo in",
        ending=exited(2),
        on=worded(
            ash=b'sh: eval: line #: syntax error: unexpected end of file (expecting "}")\n',
            dash=b'dash: 1: eval: Syntax error: end of file unexpected (expecting "}")\n',
            bash=b"bash: eval: line #: syntax error: unexpected end of file\n",
        ),
    ),
    row(
        "unclosed parenthesis",
        b"(echo in",
        ending=exited(2),
        on=worded(
            ash=b'sh: eval: line #: syntax error: unexpected end of file (expecting ")")\n',
            dash=b'dash: 1: eval: Syntax error: end of file unexpected (expecting ")")\n',
            bash=b"bash: eval: line #: syntax error: unexpected end of file\n",
        ),
    ),
    row(
        "syntax error",
        b"if then fi )",
        ending=exited(2),
        on=worded(
            ash=b'sh: eval: line #: syntax error: unexpected "then"\n',
            dash=b'dash: 1: eval: Syntax error: "then" unexpected\n',
            bash=b"bash: eval: line #: syntax error near unexpected token `then'\nbash: eval: line #: `if then fi )'\n",
        ),
    ),
    row(
        "stray end of a block",
        b"echo before\ndone",
        ending=exited(2),
        on=worded(
            ash=b'before\nsh: eval: line #: syntax error: unexpected "done"\n',
            dash=b'before\ndash: 2: eval: Syntax error: "done" unexpected\n',
            bash=b"before\nbash: eval: line #: syntax error near unexpected token `done'\nbash: eval: line #: `done'\n",
        ),
    ),
    row(
        "closes what it did not open",
        b"'; } ) ; echo in\n'",
        ending=exited(127),
        on=worded(
            ash=b"sh: eval: line #: ; } ) ; echo in\n: not found\n",
            dash=b"dash: 2: eval: ; } ) ; echo in\n: not found\n",
            bash=b"bash: line #: $'; } ) ; echo in\\n': command not found\n",
        ),
    ),
    row("quote of our own quoting", b"echo 'it'\\''s' \"\\\\\" \"'\"", b"it's \\ '\n"),
    row("backslash at the very end", b"echo a\\", b"a\\\n"),
    row(
        "bad substitution",
        b"echo ${x!y}; echo never",
        ending=exited(2),
        on=worded(
            ash=b"sh: eval: line #: syntax error: bad substitution\n",
            dash=b"dash: 1: eval: Bad substitution\n",
            bash=(b"bash: line #: ${x!y}: bad substitution\n", exited(1)),
        ),
    ),
    row(
        "division by zero",
        b"echo $((1/0)); echo never",
        ending=exited(2),
        on=worded(
            ash=b"sh: eval: line #: divide by zero\n",
            dash=b'dash: 1: eval: arithmetic expression: division by zero: "1/0"\n',
            bash=(b'bash: line #: 1/0: division by 0 (error token is "0")\n', exited(1)),
        ),
    ),
    row(
        "missing file sourced",
        b". /nonexistent/file",
        ending=exited(2),
        on=worded(
            ash=b"sh: .: line #: can't open '/nonexistent/file': No such file or directory\n",
            dash=b"dash: 1: .: cannot open /nonexistent/file: No such file\n",
            bash=(b"bash: line #: /nonexistent/file: No such file or directory\n", exited(1)),
        ),
    ),
    row(
        "special builtin redirected to nowhere",
        b': >/nonexistent/file; echo "still $?"',
        on=worded(
            ash=(b"sh: eval: line #: can't create /nonexistent/file: nonexistent directory\n", exited(1)),
            dash=(b"dash: 1: eval: cannot create /nonexistent/file: Directory nonexistent\n", exited(2)),
            bash=b"bash: line #: /nonexistent/file: No such file or directory\nstill 1\n",
        ),
    ),
    row("failing special builtin in a subshell", b"(: </nonexistent/file) 2>/dev/null || echo refused", b"refused\n"),
    row("failing special builtin in a substitution", b'v=$(: 2>/dev/null </nonexistent/file); echo "on $v"', b"on \n"),
    row("failing special builtin in a job", b": 2>/dev/null </nonexistent/file & wait; echo on", b"on\n"),
    row("failing expansion in a subshell", b"(echo ${nope?no}) 2>/dev/null; echo on; unset nope", b"on\n"),
    row("shift too far", b"shift 99", ending=exited(1), on=worded(dash=(b"dash: 1: shift: can't shift that many\n", exited(2)))),
    row(
        "return at top level",
        b"return 5",
        ending=exited(5),
        on=worded(
            ash=(b"", shell_ended(5)),
            bash=(b"bash: line #: return: can only `return' from a function or sourced script\n", exited(2)),
        ),
    ),
    row(
        "break outside of a loop",
        b"break; echo on",
        b"on\n",
        on=worded(bash=b"bash: line #: break: only meaningful in a `for', `while', or `until' loop\non\n"),
    ),
    row("NUL byte", b"echo a\0b", refused=FileProblemKind.INVALID),
    row("empty command", b""),
    row("blank command", b"  \n\t\n "),
    row("comment only", b"# nothing 'here\"`$("),
    row("carriage returns", b"echo one\r\necho two\r\n", b"one\r\ntwo\r\n"),
    row("carriage return after a number", b'v=1\r\necho "[$v]"', b"[1\r]\n"),
    row("command line of 1 MB", b"v='" + b"x" * (MILLION - 20) + b"'; echo ${#v}", b"999980\n", after=(Step(b"unset v"),)),
    row("command of 20,000 lines", b"n=0\n" + b"n=$((n+1))\n" * 20_000 + b"echo $n", b"20000\n"),
    row("line of 1 MB", DOUBLED_TO_MILLION, b"x" * MILLION, policy=STREAMED),
    row("bytes that are not UTF-8", b"printf '\\377\\376'; echo '\xff\xc3(\x80 \xed\xa0\x80'", b"\xff\xfe\xff\xc3(\x80 \xed\xa0\x80\n"),
    row("every byte but NUL", b"cat <<'EOF'\n" + bytes(range(1, 256)) + b"\nEOF", bytes(range(1, 256)) + b"\n"),
    row("output without a newline", b"printf 'no newline'", b"no newline"),
    row("output of nothing but newlines", b"printf '\\n\\n\\n'", b"\n\n\n"),
    row("terminal control sequences", b"printf '\\033[2J\\033]0;x\\007\\000\\b'", b"\x1b[2J\x1b]0;x\x07\0\b"),
    row("false piped to true", b"false | true"),
    row("not true", b"! true", ending=exited(1)),
    row("status of a failed command", b"(exit 42)", ending=exited(42)),
    row("status beyond 255", b"(exit 300)", ending=exited(44)),
    row("status of the command before", b"(exit 42)", ending=exited(42), after=(Step(b"echo $?", b"42\n"), Step(b"echo $?", b"0\n"))),
    row(
        "command not found",
        b"no-such-command",
        ending=exited(127),
        on=worded(
            ash=b"sh: eval: line #: no-such-command: not found\n",
            dash=b"dash: 1: eval: no-such-command: not found\n",
            bash=b"bash: line #: no-such-command: command not found\n",
        ),
    ),
    row(
        "not executable",
        b"./marker",
        ending=exited(126),
        on=worded(
            ash=b"sh: eval: line #: ./marker: Permission denied\n",
            dash=b"dash: 1: eval: ./marker: Permission denied\n",
            bash=b"bash: line #: ./marker: Permission denied\n",
        ),
    ),
    row(
        "a directory as a command",
        b"/tmp",
        ending=exited(126),
        on=worded(
            ash=b"sh: eval: line #: /tmp: Permission denied\n",
            dash=b"dash: 1: eval: /tmp: Permission denied\n",
            bash=b"bash: line #: /tmp: Is a directory\n",
        ),
    ),
)

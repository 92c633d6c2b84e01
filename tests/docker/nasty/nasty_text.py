"""Rows about what is typed: quoting, syntax, odd and many bytes."""

from nasty_row import STREAMED, Row, Step, exited, row

from codecraft_server.sandbox import FileProblemKind

MILLION = 1_000_000

TEXT_ROWS: tuple[Row, ...] = (
    row("heredoc", b"cat <<EOF\na $((1+1)) b\n\tc\nEOF", b"a 2 b\n\tc\n"),
    row("heredoc with quotes", b"cat <<'E O F'\n$nope '\"`\\\n\\'\nE O F", b"$nope '\"`\\\n\\'\n"),
    row("heredoc without its end", b"cat <<EOF\nhalf", b"half"),
    row("two heredocs and a quote", b"cat <<A; cat <<\\B\none'\nA\ntwo $x \"\nB\n", b"one'\ntwo $x \"\n"),
    row("unclosed single quote", b"echo 'never closed\n", b"", exited(2)),
    row("unclosed double quote", b'echo "never closed', b"", exited(2)),
    row("unclosed command substitution", b"echo $(echo deep", b"", exited(2)),
    row("unclosed backquote", b"echo `echo deep", b"", exited(2)),
    row("unclosed brace", b"{ echo in", b"", exited(2)),
    row("unclosed parenthesis", b"(echo in", b"", exited(2)),
    row("syntax error", b"if then fi )", b"", exited(2)),
    row("stray end of a block", b"echo before\ndone", b"before\n", exited(2)),
    row("closes what it did not open", b"'; } ) ; echo in\n'", b"", exited(127)),
    row("quote of our own quoting", b"echo 'it'\\''s' \"\\\\\" \"'\"", b"it's \\ '\n"),
    row("backslash at the very end", b"echo a\\", b"a\n"),
    row("bad substitution", b"echo ${x!y}", b"", exited(2)),
    row("division by zero", b"echo $((1/0))", b"", exited(2)),
    row("missing file sourced", b". /nonexistent/file", b"", exited(2)),
    row("redirected to nowhere", b': >/nonexistent/file; echo "still $?"', b""),
    row("shift too far", b"shift 99", b"", exited(2)),
    row("return at top level", b"return 5", b"", exited(5)),
    row("break outside of a loop", b"break; echo on", b"on\n"),
    row("NUL byte", b"echo a\0b", refused=FileProblemKind.INVALID),
    row("empty command", b""),
    row("blank command", b"  \n\t\n "),
    row("comment only", b"# nothing 'here\"`$("),
    row("carriage returns", b"echo one\r\necho two\r\n", b"one\r\ntwo\r\n"),
    row("carriage return after a number", b'v=1\r\necho "[$v]"', b"[1\r]\n"),
    row("command line of 1 MB", b"v='" + b"x" * (MILLION - 20) + b"'; echo ${#v}", b"999980\n", after=(Step(b"unset v"),)),
    row("command of 20,000 lines", b"n=0\n" + b"n=$((n+1))\n" * 20_000 + b"echo $n", b"20000\n"),
    row(
        "line of 1 MB",
        b"v='" + b"x" * 1000 + b'\'; for i in 0 1 2 3 4 5 6 7 8 9; do v="$v$v"; done; printf %.1000000s "$v"; unset v',
        b"x" * MILLION,
        policy=STREAMED,
    ),
    row("bytes that are not UTF-8", b"printf '\\377\\376'; echo '\xff\xc3(\x80 \xed\xa0\x80'", b"\xff\xfe\xff\xc3(\x80 \xed\xa0\x80\n"),
    row("every byte but NUL", b"cat <<'EOF'\n" + bytes(range(1, 256)) + b"\nEOF", bytes(range(1, 256)) + b"\n"),
    row("output without a newline", b"printf 'no newline'", b"no newline"),
    row("output of nothing but newlines", b"printf '\\n\\n\\n'", b"\n\n\n"),
    row("terminal control sequences", b"printf '\\033[2J\\033]0;x\\007\\000\\b'", b"\x1b[2J\x1b]0;x\x07\0\b"),
    row("false piped to true", b"false | true"),
    row("not true", b"! true", b"", exited(1)),
    row("status of a failed command", b"(exit 42)", b"", exited(42)),
    row("status beyond 255", b"(exit 300)", b"", exited(44)),
    row("command not found", b"no-such-command", b"", exited(127)),
    row("not executable", b"./marker", b"", exited(126)),
    row("a directory as a command", b"/tmp", b"", exited(126)),
    row("last status is not inherited", b"false", b"", exited(1), after=(Step(b"", b""), Step(b":", b""))),
)

"""Whether a command line of a page can be right: the parser of the program that it calls reads it. Runs nothing but `make help`.

Each program is imported when a page calls it, for that takes longer than all else here.
"""

import contextlib
import functools
import io
import re
import shlex
import subprocess

from snippets import ROOT

_PASS_ON = {
    "serve": ["codecraft-server", "serve"],
    "demo": ["codecraft", "demo"],
    "bench": ["python", "-m", "benchmarks"],
    "learn": ["python", "-m", "examples.learn"],
}


def commands(text: str) -> list[list[str]]:
    """The commands of a block of shell, as lists of words."""
    found = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        words = shlex.split(line, comments=True)
        while "&&" in words:
            at = words.index("&&")
            found.append(words[:at])
            words = words[at + 1 :]
        found.append(words)
    return [words for words in found if words]


def problem(words: list[str]) -> str:
    """Why a command can't be right; empty: it can."""
    program, *arguments = words
    try:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            return _problem(program.removeprefix(".venv/bin/"), arguments)
    except SystemExit as end:
        return "" if end.code == 0 else said.getvalue().strip()


def _problem(program: str, arguments: list[str]) -> str:
    match program:
        case "codecraft":
            from codecraft_client import cli  # noqa: PLC0415 - see above

            cli._parser().parse_args(arguments)
        case "codecraft-server":
            from codecraft_server.cli.parser import new_parser  # noqa: PLC0415 - see above

            new_parser({}).parse_args(arguments)
        case "python" if arguments[:2] == ["-m", "benchmarks"]:
            from benchmarks.__main__ import _parser  # noqa: PLC0415 - see above

            _parser().parse_args(arguments[2:])
        case "python" if arguments[:2] == ["-m", "examples.learn"]:
            from examples.learn.__main__ import options  # noqa: PLC0415 - see above

            options(arguments[2:])
        case "python" if arguments[0].endswith(".py") and (ROOT / arguments[0]).exists():
            pass
        case "make" if arguments[0] in targets():
            passed = dict(word.split("=", 1) for word in arguments[1:]).get("ARGS", "")
            return problem([*_PASS_ON[arguments[0]], *shlex.split(passed)]) if passed else ""
        case _:
            return f"{program} {arguments[0] if arguments else ''}: have a test ask for the block, or say why nobody runs it"
    return ""


@functools.cache
def targets() -> frozenset[str]:
    """What `make help` lists."""
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return frozenset(re.findall(r"^  make ([a-z-]+)", listed, re.MULTILINE)) | {"help"}

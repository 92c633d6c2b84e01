"""Whatever the pages name between back quotes exists: targets of make, options, variables, errors, reasons."""

import builtins
import re
from pathlib import Path

import gymnasium.error
from command_lines import targets
from snippets import PAGES, ROOT

from codecraft.v1 import errors_pb2

PATTERNS = (
    "codecraft_server/**/*.py",
    "codecraft_client/**/*.py",
    "benchmarks/*.py",
    "protos/codecraft/v1/*.proto",
    "examples/node/*.js",
    "examples/learn/*.py",
)
SOURCES = "".join(path.read_text() for pattern in PATTERNS for path in sorted(ROOT.glob(pattern)))
SERVER_OPTIONS = set(re.findall(r"(?:value|flag)\(\s*\"([a-z-]+)\"", SOURCES))
FOREIGN = {"--help", "--proto", "--reflection", "--no-deps"}  # of every program, of examples/node, of pip


def inline(page: Path) -> list[str]:
    """What stands between single back quotes."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose)


NAMED = {code for page in PAGES for code in inline(page)}


def test_every_make_target_that_is_named_exists_and_has_help() -> None:
    """`make X` in a page means a target X, and `make help` lists it."""
    assert {found[1] for code in NAMED if (found := re.match(r"make ([a-z-]+)", code))} <= targets()
    assert {"serve", "test", "demo", "check", "proto", "images", "bench", "clean"} <= targets()


def test_every_option_that_is_named_exists() -> None:
    """`--X` is an option of a program of ours."""
    known = {f"--{name}" for name in SERVER_OPTIONS} | set(re.findall(r"\"(--[a-z-]+)\"", SOURCES)) | FOREIGN
    assert {"--max-episodes", "--resume", "--quick"} <= known
    assert {option for code in NAMED for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", code)} - known == set()


def test_every_variable_of_the_environment_that_is_named_exists() -> None:
    """`CODECRAFT_X` is read by the client or the example in Node, or stands for an option of the server."""
    known = set(re.findall(r"CODECRAFT_[A-Z_]+", SOURCES)) | {"CODECRAFT_" + name.upper().replace("-", "_") for name in SERVER_OPTIONS}
    assert {name for page in PAGES for name in re.findall(r"CODECRAFT_[A-Z]+(?:_[A-Z]+)*", page.read_text())} - known == set()


def test_every_error_and_reason_that_is_named_exists() -> None:
    """`SomeError` is a class of ours, of Python's or of Gymnasium's, and `SOME_REASON` a word of the schema or the code."""
    classes = set(re.findall(r"^class (\w+)", SOURCES, re.MULTILINE)) | {*dir(builtins), *dir(gymnasium.error)}
    assert {code for code in NAMED if re.fullmatch(r"[A-Z]\w+Error", code)} - classes == set()
    assert {code for code in NAMED if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", code) and not re.search(rf"\b(\w+_)?{code}\b", SOURCES)} == set()


def test_every_error_reason_that_a_method_documents_exists() -> None:
    """Reasons named in the schema's comments are values of ErrorReason."""
    schema = "".join(path.read_text() for path in (ROOT / "protos/codecraft/v1").glob("*.proto"))
    documented = {word for line in re.findall(r"Errors: ((?:.|\n)*?)\.\n", schema) for word in re.findall(r"[A-Z]+(?:_[A-Z]+)+", line)}
    assert documented
    known = errors_pb2.ErrorReason.keys()
    assert documented <= {name.removeprefix("ERROR_REASON_") for name in known}

"""The parts of the agents that need no server: tools, excerpts, what is told of files, the choice of an agent."""

import contextlib
import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as some

from codecraft_client import ListFiles, ReadFile, RunCommand, WriteFile, tools
from codecraft_client.agents import choice
from codecraft_client.agents.excerpt import Excerpt, excerpt
from codecraft_client.agents.telling import told
from codecraft_client.agents.transcript import file_name
from codecraft_client.agents.wishes import BadCallError, Submit, wish
from codecraft_client.errors import UsageError
from codecraft_client.trajectory.plain import name_of
from codecraft_client.types import Budget, FileContent, FileEntry, FileList, FileType, Observation

BOUND = 100


def seen(file: FileContent | None = None, files: FileList | None = None, message: str = "") -> Observation:
    return Observation(message, b"", b"", (), None, file, files, None, Budget(1, 5, None))


@given(some.lists(some.binary(max_size=80)))
def test_an_excerpt_is_bounded_and_says_what_is_missing(pieces: list[bytes]) -> None:
    """However it comes in: what fits is whole, what does not has head, tail and the number of bytes between."""
    kept = Excerpt(BOUND)
    for piece in pieces:
        kept.add(piece)
    whole = b"".join(pieces)
    if len(whole) <= BOUND:
        assert kept.text == whole.decode(errors="replace")
    else:
        assert f"\n[... {len(whole) - BOUND} bytes cut here ...]\n" in kept.text
        assert len(kept._tail) + len(kept._head) <= 2 * BOUND + 80


@given(some.text(alphabet="aä€𝄞", min_size=BOUND))
def test_a_cut_splits_no_character(text: str) -> None:
    """What was valid UTF-8 has no replacement character because of the cut."""
    assert "\ufffd" not in excerpt(text.encode(), BOUND)


def test_lost_bytes_are_told_where_they_are_missing() -> None:
    """A hole in the stream is visible to the model."""
    kept = Excerpt(1000)
    kept.add(b"before")
    kept.missing(5)
    kept.add(b"after")
    assert kept.text == "before\n[5 bytes were lost here]\nafter"


def test_the_tools_are_valid_json_schema() -> None:
    """Every description is a valid schema, closed to what it does not name."""
    for tool in tools.offered() + tools.recorded():
        parameters = tool["function"]["parameters"]
        jsonschema.Draft202012Validator.check_schema(parameters)
        assert parameters["additionalProperties"] is False
        assert set(parameters["required"]) <= set(parameters["properties"])


def test_agents_and_exported_chats_have_the_same_tools() -> None:
    """What an agent is offered is what a chat made of a recording says, but for arguments that only programs give."""
    for offered, recorded in zip(tools.offered(), tools.recorded(), strict=True):
        ours, theirs = offered["function"], recorded["function"]
        assert (ours["name"], ours["description"]) == (theirs["name"], theirs["description"])
        assert ours["parameters"]["required"] == theirs["parameters"]["required"]
        assert ours["parameters"]["properties"].items() <= theirs["parameters"]["properties"].items()


@pytest.mark.parametrize("action", [RunCommand, WriteFile, ReadFile, ListFiles])
def test_a_tool_is_laid_out_as_its_action(action: type) -> None:
    """No field of an action is missing among what a recording may have, so that every recorded call fits its tool."""
    names = [field.name for field in dataclasses.fields(action)]
    assert [parameter.name for parameter in tools.BY_NAME[name_of(action)].parameters] == names


@pytest.mark.parametrize("tool", tools.TOOLS, ids=lambda tool: tool.name)
def test_what_is_not_offered_is_refused(tool: tools.Tool) -> None:
    """A model that makes up an argument is told which there are."""
    for parameter in set(tool.parameters) - set(tool.offered):
        with pytest.raises(BadCallError, match=f"no argument '{parameter.name}'"):
            wish(tool.name, json.dumps({parameter.name: "x"}))


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("run_command", {"command": "ls"}, RunCommand("ls")),
        ("run_command", {"command": "ls", "timeout_s": 2}, RunCommand("ls", timeout_s=2.0)),
        ("run_command", {"command": "ls", "timeout_s": None}, RunCommand("ls")),
        ("write_file", {"path": "a", "content": "ä"}, WriteFile("a", "ä")),
        ("read_file", {"path": "a", "offset": 7}, ReadFile("a", offset=7)),
        ("list_files", {}, ListFiles("")),
        ("list_files", {"path": "a", "depth": 2}, ListFiles("a", depth=2)),
        ("submit", {}, Submit()),
    ],
)
def test_a_call_is_an_action(name: str, arguments: dict[str, object], expected: object) -> None:
    """Each tool means one action; null is what was left out."""
    assert wish(name, json.dumps(arguments)) == expected


def test_no_arguments_at_all() -> None:
    """Some models send an empty string where there are no arguments."""
    assert wish("submit", "") == Submit()


@pytest.mark.parametrize(
    "arguments",
    [{"path": "a", "offset": -1}, {"path": "a", "offset": True}, {"path": "a", "offset": 1.5}, {"path": None}, {"path": "a" * 900_001}],
)
def test_values_out_of_bounds_are_refused(arguments: dict[str, object]) -> None:
    """The message is for the model."""
    with pytest.raises(BadCallError, match="argument"):
        wish("read_file", json.dumps(arguments))


@given(some.text())
def test_no_arguments_break_it(arguments: str) -> None:
    """Whatever a model writes is an action or an explanation."""
    with contextlib.suppress(BadCallError):
        assert isinstance(wish("run_command", arguments), RunCommand)


def test_deeply_nested_arguments_are_refused() -> None:
    """What no parser can follow is no JSON."""
    with pytest.raises(BadCallError, match="no valid JSON"):
        wish("run_command", "[" * 1_000_000)


def test_a_file_that_is_no_text_is_said_to_be_none() -> None:
    """Bytes that are no UTF-8 are shown as such; a character that the bound has split is not among them."""
    assert "not UTF-8" in told(seen(FileContent(b"\xff\xfe", 2, 0o644, end_of_file=True)), BOUND)
    assert "not UTF-8" not in told(seen(FileContent("ä".encode()[:1], 2, 0o644, end_of_file=False)), BOUND)
    assert told(seen(FileContent(b"", 0, 0o644, end_of_file=True)), BOUND) == "[0 of 0 bytes]"


def test_a_listing_is_bounded() -> None:
    """Names of any bytes are shown, within the bound, with how many there are."""
    entry = FileEntry(b"na\xffme", FileType.LINK, 3, 0o777, b"target")
    text = told(seen(files=FileList((entry,), truncated=False)), BOUND)
    assert text == "l 777 3 na\ufffdme -> target\n[1 entries]"
    many = told(seen(files=FileList((entry,) * 1000, truncated=True)), BOUND)
    assert "[1000 entries; there are more]" in many
    assert len(many) < 250


def test_file_names_of_transcripts_stay_in_their_directory() -> None:
    """Whatever an id is made of."""
    assert file_name("1", 2) == "1.2.jsonl"
    assert "/" not in file_name("../../etc/passwd", 1)
    assert len(file_name("ä" * 1000, 1)) < 255


@pytest.mark.parametrize("name", ["human", "light:", "no_such_module_here:agent", "json:no_such_function", ":agent"])
def test_an_agent_that_is_none_is_wrong_usage(name: str) -> None:
    """The message names what was asked for."""
    with pytest.raises(UsageError):
        choice.factory(name)


def test_an_agent_that_breaks_on_being_imported_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what it raised and where."""
    (tmp_path / "breaks_on_import.py").write_text("import sys\n\nraise ValueError('boom')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match=r"can't be imported: ValueError: boom \(breaks_on_import.py:3\)"):
        choice.factory("breaks_on_import:make")


def test_without_the_extra_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where LangChain is missing the message says what to install."""
    monkeypatch.setitem(sys.modules, "langchain_openai", None)
    monkeypatch.delitem(sys.modules, "codecraft_client.agents.langchain", raising=False)
    with pytest.raises(UsageError, match=r"`pip install '\.\[agents\]'` in a checkout, elsewhere `pip install 'WHEEL\[agents\]'`"):
        choice.factory("langchain")


def test_importing_the_client_brings_no_agents() -> None:
    """Neither the client nor the light agent knows LangChain; the client knows no agents."""
    program = "import sys; import codecraft_client; print('codecraft_client.agents' in sys.modules)\n"
    program += (
        "import codecraft_client.cli, codecraft_client.agents.light; print('langchain_core' in sys.modules or 'openai' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False", "False"]

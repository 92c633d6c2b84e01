"""The text dialect as a pure function."""

import json
import re
from pathlib import Path

from each import each
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from codecraft_server.episodes.dialect import EXAMPLE, parse
from codecraft_server.episodes.events import (
    ActionError,
    GiveUp,
    ListFiles,
    ParsedAction,
    ReadFile,
    Restart,
    RunCommand,
    StartTask,
    SubmitWork,
    WriteFile,
)
from codecraft_server.episodes.fields import Complaint

PAGE = Path(__file__).parents[3] / "docs" / "actions.md"


@each(
    ("text", "action"),
    [
        ('{"action": "command", "command": "ls"}', RunCommand(b"ls")),
        ('{"action": "command", "command": ""}', RunCommand(b"")),
        (
            '{"action": "command", "command": "é", "timeout": 2.5, "session": "a.B-_9", "stdin": ""}',
            RunCommand("é".encode(), 2.5, b"", session="a.B-_9"),
        ),
        ('{"command": "ls", "timeout": 3, "action": "command"}', RunCommand(b"ls", 3.0)),
        ('{"action": "write_file", "path": "a", "content": "b\\n"}', WriteFile(b"a", b"b\n")),
        ('{"action": "write_file", "path": "a", "content": "", "mode": "0755"}', WriteFile(b"a", b"", 0o755)),
        ('{"action": "write_file", "path": "a", "content": "", "mode": "600"}', WriteFile(b"a", b"", 0o600)),
        ('{"action": "read_file", "path": "a"}', ReadFile(b"a")),
        ('{"action": "list_files"}', ListFiles()),
        ('{"action": "list_files", "path": "src"}', ListFiles(b"src")),
        ('{"action": "start", "task_id": "1"}', StartTask("1")),
        ('{"action": "reset"}', Restart()),
        ('{"action": "submit"}', SubmitWork()),
        ('{"action": "close"}', GiveUp()),
        ('{"action": "exit"}', GiveUp()),
        (' \n\t{"action": "exit"}\r\n ', GiveUp()),
        ('```json\n{"action": "exit"}\n```', GiveUp()),
        ('\n```json  \n\n{"action":\n"exit"}\n\n  ```\n', GiveUp()),
        ('{"action": "command", "command": "\\ud83d\\ude00"}', RunCommand("😀".encode())),
    ],
)
def test_what_is_an_action(text: str, action: ParsedAction) -> None:
    """Each action with its options, bare or fenced."""
    assert parse(text) == action


@each(
    ("text", "message"),
    [
        ("", f"The text is empty. Send one JSON object such as {EXAMPLE}."),
        ("  \n", f"The text is empty. Send one JSON object such as {EXAMPLE}."),
        ("ls -l", f"Not JSON: Expecting value at line 1, column 1. Send one JSON object such as {EXAMPLE}."),
        ('{"action": "exit",}', "Not JSON: Illegal trailing comma|Not JSON: Expecting property name"),
        ('{"action": "exit"} {"action": "exit"}', "Not JSON: Extra data at line 1, column 20."),
        ('Sure! {"action": "exit"}', "Not JSON: Expecting value"),
        ('```\n{"action": "exit"}\n```', "Not JSON"),
        ('```python\n{"action": "exit"}\n```', "Not JSON"),
        ('```json\n{"action": "exit"}', "Not JSON"),
        ('```json\n{"action": "exit"}\n``` done', "Not JSON"),
        ("{'action': 'exit'}", "Not JSON: Expecting property name"),
        ('{"action": "command", "command": "a\nb"}', "Not JSON: Invalid control character"),
        ('[{"action": "exit"}]', "Not an action: an array, where one JSON object"),
        ('"exit"', "Not an action: a string,"),
        ("null", "Not an action: null,"),
        ("1", "Not an action: a number,"),
        ("true", "Not an action: a boolean,"),
        ("{}", 'The key "action" is missing. It must be a string.'),
        ('{"action": null}', '"action" must be a string, not null.'),
        ('{"action": ["exit"]}', '"action" must be a string, not an array.'),
        ('{"action": "exit", "action": "submit"}', 'The key "action" stands twice.'),
        ('{"action": "command", "command": {"a": 1, "a": 2}}', 'The key "a" stands twice.'),
        ('{"action": "command"}', 'The key "command" is missing.'),
        ('{"action": "command", "command": 1}', '"command" must be a string, not a number.'),
        ('{"action": "command", "command": {}}', '"command" must be a string, not an object.'),
        ('{"action": "command", "command": "ls", "cwd": "/"}', 'Unknown key "cwd". The action "command" has "command", "timeout"'),
        ('{"action": "submit", "answer": 1}', 'Unknown key "answer". The action "submit" has nothing besides "action".'),
        ('{"action": "command", "command": "ls", "timeout": "5"}', '"timeout" must be a number of seconds, not a string.'),
        ('{"action": "command", "command": "ls", "timeout": true}', '"timeout" must be a number of seconds, not a boolean.'),
        ('{"action": "command", "command": "ls", "timeout": null}', '"timeout" must be a number of seconds, not null.'),
        ('{"action": "command", "command": "ls", "timeout": 0}', '"timeout" must be a number of seconds above 0.'),
        ('{"action": "command", "command": "ls", "timeout": -1}', '"timeout" must be a number of seconds above 0.'),
        ('{"action": "command", "command": "ls", "timeout": 1e999}', '"timeout" must be a number of seconds above 0.'),
        ('{"action": "command", "command": "ls", "timeout": 1' + "0" * 400 + "}", '"timeout" must be a number of seconds above 0.'),
        ('{"action": "command", "command": "ls", "timeout": NaN}', "NaN is not JSON."),
        ('{"action": "command", "command": "ls", "timeout": -Infinity}', "-Infinity is not JSON."),
        ('{"action": "command", "command": "ls", "timeout": 1' + "0" * 5000 + "}", "it has a number that is too long."),
        ('{"action": "command", "command": "ls", "session": ""}', '"session" must be 1 to 64 of'),
        ('{"action": "command", "command": "ls", "session": "a b"}', '"session" must be 1 to 64 of'),
        ('{"action": "command", "command": "ls", "stdin": null}', '"stdin" must be a string, not null.'),
        ('{"action": "command", "command": "\\ud83d"}', '"command" has half of a surrogate pair at character 0.'),
        ('{"action": "write_file", "path": "a"}', 'The key "content" is missing.'),
        ('{"action": "write_file", "path": "a", "content": "", "mode": 755}', '"mode" must be a string, not a number.'),
        ('{"action": "write_file", "path": "a", "content": "", "mode": "rwx"}', '"mode" must be three or four octal digits'),
        ('{"action": "list_files", "path": null}', '"path" must be a string, not null.'),
        ('{"action": "start", "task_id": 1}', '"task_id" must be a string, not a number.'),
        ("[" * 100_000, "it is nested too deeply."),
        ('{"a":' * 100_000, "it is nested too deeply."),
    ],
)
def test_what_is_malformed(text: str, message: str) -> None:
    """Whatever is wrong is refused, and the message says what, where, and what would be right."""
    complaint = parse(text)
    assert isinstance(complaint, Complaint)
    assert complaint.error is ActionError.MALFORMED
    assert any(part in complaint.message for part in message.split("|"))


def test_an_unknown_action_is_told_which_there_are() -> None:
    """The names of all actions stand in the answer; the unknown one is repeated in part at the most."""
    complaint = parse(json.dumps({"action": "x" * 1000 + "\x00"}))
    assert isinstance(complaint, Complaint)
    assert complaint.error is ActionError.UNKNOWN_ACTION
    assert complaint.message.startswith('There is no action "' + "x" * 60 + '…". The actions are: command, write_file,')
    assert len(complaint.message) < 200


def decoded(raw: bytes) -> str:
    """Any characters at all, halves of surrogate pairs included."""
    return raw[: len(raw) & ~1].decode("utf-16-le", "surrogatepass")


MODERATE = examples(0.5)
anything = st.binary(max_size=40).map(decoded)
whole_characters = st.binary(max_size=40).map(lambda raw: raw.decode(errors="replace"))


@MODERATE
@given(anything)
def test_no_text_breaks_the_parser(text: str) -> None:
    """Any text is an action or a complaint with one printable line."""
    parsed = parse(text)
    assert not isinstance(parsed, Complaint) or parsed.message.isprintable()


json_values = st.none() | st.booleans() | st.integers() | st.floats() | anything | st.lists(anything) | st.dictionaries(anything, anything)
keys = st.sampled_from(["command", "timeout", "session", "stdin", "path", "content", "mode", "task_id"])
fields = st.dictionaries(keys | anything, json_values, max_size=5)
names = st.sampled_from(["command", "write_file", "read_file", "list_files", "start", "reset", "submit", "close", "exit"])


@MODERATE
@given(fields, names | json_values)
def test_no_object_breaks_the_parser(fields: dict[str, object], action: object) -> None:
    """Any JSON object is an action or a complaint with one printable line."""
    parsed = parse(json.dumps({**fields, "action": action}))
    assert not isinstance(parsed, Complaint) or parsed.message.isprintable()


@MODERATE
@given(whole_characters, whole_characters)
def test_strings_come_through_unchanged(path: str, content: str) -> None:
    """What a model writes is what is written, as UTF-8, bare or fenced."""
    text = json.dumps({"action": "write_file", "path": path, "content": content})
    assert parse(text) == parse(f"```json\n{text}\n```") == WriteFile(path.encode(), content.encode())


def test_the_page_shows_actions_that_are_ones() -> None:
    """Each example in docs/actions.md is an action, and each action has an example."""
    examples = re.findall(r'`(\{"action".*?\})`', PAGE.read_text())
    parsed = [parse(example) for example in examples]
    assert not [action for action in parsed if isinstance(action, Complaint)]
    kinds = {RunCommand, WriteFile, ReadFile, ListFiles, StartTask, Restart, SubmitWork, GiveUp}
    assert {type(action) for action in parsed} == kinds

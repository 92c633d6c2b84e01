"""What every importer stands on: foreign records are read, what is wrong is named by file and line, and a file is written whole or not."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from authoring import DEFAULTS, SCHEMA, entry
from each import each
from foreign import RECORDS, TRIPLE, jsonl
from jsonschema import Draft202012Validator
from snippets import snippet

from codecraft_server.cli import main
from codecraft_server.curriculum import load
from codecraft_server.curriculum.problems import Problems
from codecraft_server.importing import FORMATS, Importer, convert, records, save
from codecraft_server.importing.importer import Imported
from codecraft_server.settings import ImportBounds

PAGE = Path(__file__).parents[2] / "docs" / "importing.md"


def imported(path: Path, *options: str, output: str = "out.json") -> tuple[int, Path]:
    """Run the command on a file of HumanEval's format."""
    target = path.parent / output
    return main(["tasks", "import", "humaneval", str(path), "-o", str(target), *options]), target


@pytest.mark.parametrize("name", ["records.jsonl", "records.jsonl.gz"])
def test_an_imported_file_loads_and_keeps_the_order(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Plain and packed records become tasks in their order, and the line that is said tells how to serve them."""
    status, target = imported(jsonl(tmp_path, *RECORDS, name=name))
    assert status == 0
    assert list(load(target, DEFAULTS).tasks) == [record["task_id"] for record in RECORDS]
    said = capsys.readouterr().out
    assert "3 tasks" in said
    assert f"--curriculum {target}" in said


def test_what_is_written_fits_the_schema_that_it_names(tmp_path: Path) -> None:
    """`$schema` leads to the schema that ships, for editors, wherever the directory is taken, and the file is valid by it."""
    _, target = imported(jsonl(tmp_path, *RECORDS))
    document = json.loads(target.read_text())
    moved = tmp_path.rename(tmp_path.with_name("elsewhere"))
    assert json.loads((moved / document["$schema"]).read_text()) == SCHEMA
    Draft202012Validator(SCHEMA).validate(document)


def test_a_schema_that_is_there_is_kept_unless_it_is_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second import beside the first needs no --force; what is not this schema is replaced only when that is asked for."""
    path, schema = jsonl(tmp_path, *RECORDS), tmp_path / "curriculum.schema.json"
    assert [imported(path)[0], imported(path, output="second.json")[0]] == [0, 0]
    schema.write_text("mine")
    status, target = imported(path, output="third.json")
    assert (status, target.exists(), schema.read_text()) == (2, False, "mine")
    assert f"{schema} is there already; --force replaces it" in capsys.readouterr().err
    assert imported(path, "--force", output="third.json")[0] == 0
    assert json.loads(schema.read_text()) == SCHEMA
    assert imported(path, "--force", output="curriculum.schema.json")[0] == 2


def test_standard_output_gets_the_document_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`-o -` prints what a file would get, but for the schema: nothing stands beside standard output."""
    path = jsonl(tmp_path, *RECORDS)
    _, target = imported(path)
    capsys.readouterr()
    assert main(["tasks", "import", "humaneval", str(path), "-o", "-"]) == 0
    printed, written = json.loads(capsys.readouterr().out), json.loads(target.read_text())
    assert printed == {name: value for name, value in written.items() if name != "$schema"}


WRONG = [
    ([TRIPLE, "{"], "records.jsonl: line 2, column 2: no JSON"),
    (["", "[]"], "records.jsonl: line 2: must be an object, not a list"),
    ([TRIPLE, {**TRIPLE, "task_id": "b"}, TRIPLE], "records.jsonl: line 3: the id 'Made/0' is also that of line 1"),
    ([{key: TRIPLE[key] for key in TRIPLE if key != "test"}], 'records.jsonl: line 1: "test" is missing'),
    ([{**TRIPLE, "prompt": 3}], "records.jsonl: line 1.prompt: must be a string, not a number"),
    ([{**TRIPLE, "plus_input": []}], "records.jsonl: line 1.plus_input: unknown key"),
    (['{"test": "a", "test": "b"}'], "records.jsonl: line 1.test: stands twice"),
    ([{**TRIPLE, "task_id": ""}], "records.jsonl: line 1: the task's id must be 1 to 128 printable characters"),
    (
        [{**TRIPLE, "prompt": TRIPLE["prompt"] + "    # " + 70_000 * "x"}],
        "records.jsonl: line 1.description: must have at most 65536 bytes",
    ),
    ([], "records.jsonl: top level: has no records"),
    (["", "  "], "records.jsonl: top level: has no records"),
]


@each(("content", "expected"), WRONG)
def test_what_is_wrong_is_named_with_file_and_line(
    content: list[Any], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, the place and the reason, and no file."""
    status, target = imported(jsonl(tmp_path, *content))
    assert status == 2
    assert expected in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["records.jsonl"]
    assert not target.exists()


def test_all_problems_are_named_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each record that is wrong has a line of its own."""
    imported(jsonl(tmp_path, "{", TRIPLE, "[]"))
    assert [line.split(": ")[-2] for line in capsys.readouterr().err.splitlines()] == ["no JSON", "line 3"]


def damaged(packed: bytes) -> Iterator[tuple[str, bytes, str]]:
    """Files that are not what they seem, and what is said of them."""
    yield "plain.jsonl.gz", b"{}\n", "is not gzip, though its name ends in .gz"
    yield "cut.jsonl.gz", packed[:-12], "is damaged gzip"
    yield "bits.jsonl.gz", packed[:20] + bytes(byte ^ 0xFF for byte in packed[20:60]) + packed[60:], "is damaged gzip"
    yield "sum.jsonl.gz", packed[:-8] + b"\0\0\0\0" + packed[-4:], "is damaged gzip"
    yield "empty.jsonl.gz", b"", "has no records"
    yield "latin.jsonl", b'{"task_id": "\xe9"}\n', "line 1, byte 13: not UTF-8"


@each("number", range(6))
def test_a_damaged_file_is_refused(number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2 and what is the matter, never a trace."""
    packed = jsonl(tmp_path, *RECORDS, name="good.jsonl.gz").read_bytes()
    name, content, expected = list(damaged(packed))[number]
    path = tmp_path / name
    path.write_bytes(content)
    assert imported(path)[0] == 2
    said = capsys.readouterr().err
    assert str(path) in said
    assert expected in said


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Missing files and directories are refused in one line."""
    assert imported(tmp_path / "none.jsonl")[0] == 2
    assert "none.jsonl: top level: can't be read: No such file" in capsys.readouterr().err
    assert main(["tasks", "import", "humaneval", str(tmp_path), "-o", str(tmp_path / "out.json")]) == 2
    assert "Is a directory" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["records.jsonl", "records.jsonl.gz"])
def test_what_unpacks_to_too_much_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file is read up to its bound and not further, packed or not."""
    monkeypatch.setattr(records, "_BOUNDS", replace(ImportBounds(), foreign_bytes=1000))
    assert imported(jsonl(tmp_path, {"x": 2000 * "x"}, name=name))[0] == 2
    assert "has more than 1000 bytes unpacked" in capsys.readouterr().err


def test_a_file_that_is_there_is_replaced_only_when_that_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --force it stays as it is, and the option is named."""
    path = jsonl(tmp_path, *RECORDS)
    (tmp_path / "out.json").write_text("mine")
    status, target = imported(path)
    assert (status, target.read_text()) == (2, "mine")
    assert "--force" in capsys.readouterr().err
    assert imported(path, "--force")[0] == 0
    assert len(load(target, DEFAULTS).tasks) == 3


def test_a_failed_import_leaves_the_old_file(tmp_path: Path) -> None:
    """With --force too the old file goes only when the new one is whole."""
    (tmp_path / "out.json").write_text("mine")
    status, target = imported(jsonl(tmp_path, "{"), "--force")
    assert (status, target.read_text()) == (2, "mine")


def test_what_is_no_regular_file_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory or device is not replaced by a file, whatever is asked for."""
    path = jsonl(tmp_path, *RECORDS)
    for name in (tmp_path, Path("/dev/null")):
        assert main(["tasks", "import", "humaneval", str(path), "-o", str(name), "--force"]) == 2
        assert "is no regular file" in capsys.readouterr().err


def test_a_directory_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2 with the file that can't be written."""
    assert imported(jsonl(tmp_path, *RECORDS), output="none/out.json")[0] == 2
    assert "none/out.json can't be written: No such file" in capsys.readouterr().err


def test_what_does_not_load_is_not_written(tmp_path: Path) -> None:
    """The loader has the last word, and speaks of the file that was asked for."""
    target = tmp_path / "out.json"
    with pytest.raises(Exception, match=r"out\.json: tasks\.t\.prerequisites\[0\]") as caught:
        save({"tasks": {"t": entry(prerequisites=["none"])}}, target, DEFAULTS, force=False)
    assert ".part" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_importer_that_writes_nonsense_is_told_where(tmp_path: Path) -> None:
    """What an importer makes is checked as an author's entry is, at the record it was made of."""

    def read(path: Path, problems: Problems) -> Iterator[Imported]:
        for record in records.json_lines(path, problems):
            yield Imported(record, "t", entry(descripton="oops"))

    with pytest.raises(Exception, match=r"line 1\.descripton: unknown key; did you mean"):
        convert(Importer("nonsense", read), jsonl(tmp_path, {}), DEFAULTS)


def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2 and every format's name."""
    with pytest.raises(SystemExit) as ended:
        main(["tasks", "import", "nonsense", str(tmp_path), "-o", "-"])
    assert ended.value.code == 2
    assert all(name in capsys.readouterr().err for name in FORMATS)


def test_the_importer_in_the_page_works(tmp_path: Path) -> None:
    """The page's example, run as it is printed, makes tasks that load, and refuses what it must."""
    module: dict[str, Any] = {}
    exec(snippet("docs/importing.md", "importer"), module)  # noqa: S102 - it is ours
    good = json.loads(re.findall(r'`(\{"name".*\})`', PAGE.read_text())[0])
    target = tmp_path / "out.json"
    save(convert(module["IMPORTER"], jsonl(tmp_path, good), DEFAULTS), target, DEFAULTS, force=False)
    assert load(target, DEFAULTS).get("add").description == "Print the sum of 2 and 3. Write `answer.py`."
    with pytest.raises(Exception, match='line 1: "prints" is missing'):
        convert(module["IMPORTER"], jsonl(tmp_path, {"name": "x", "ask": "y"}), DEFAULTS)


def test_every_format_is_in_the_page() -> None:
    """Who looks for how to import finds each format by its name."""
    assert all(f"tasks import {name} " in PAGE.read_text() for name in FORMATS)

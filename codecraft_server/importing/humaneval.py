"""HumanEval: one Python function to be completed, as JSON lines {task_id, prompt, entry_point, canonical_solution, test}.

Chen et al. 2021, "Evaluating Large Language Models Trained on Code" (arXiv:2107.03374). There a program is
prompt + completion + test + `check(entry_point)`, all in one process. Here the learner's part is a module in a process of its own, and
the hidden test has its own copy of the prompt: some tests call helper functions of the prompt, and must not be answered by the learner's.
"""

import ast
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

from codecraft_server.curriculum.documents import Node
from codecraft_server.curriculum.problems import Problems
from codecraft_server.importing import records
from codecraft_server.importing.importer import Entry, Imported, Importer, lines

_KEYS = ("task_id", "prompt", "entry_point", "canonical_solution", "test")
_FILE = "solution.py"
_HIDDEN = "test_solution.py"
_GRADING_S = 60.0
_CHECK_S = 20.0  # the original allows 3, without the start of two interpreters and on a quiet machine
_SOURCE = "{id} of HumanEval, Chen et al. 2021, Evaluating Large Language Models Trained on Code, https://github.com/openai/human-eval"
_DESCRIPTION = """\
The file `solution.py` in the working directory begins the Python function `{name}`:

```python
{prompt}
```

Complete it there. You may append the body to the file or write the whole file anew; `solution.py` must then define `{name}` with these \
parameters."""
_TEST = (
    "Hidden tests import `{name}` from `solution.py`, call it and compare what it returns. All of them must pass, within "
    f"{_CHECK_S:g} seconds."
)


def _read(path: Path, problems: Problems) -> Iterator[Imported]:
    for record in records.json_lines(path, problems):
        texts = records.texts(record, _KEYS)
        if texts is not None and _usable(record, texts):
            yield Imported(record, texts["task_id"], _entry(texts))


def _entry(texts: Mapping[str, str]) -> Entry:
    name, prompt = texts["entry_point"], texts["prompt"]
    return {
        "title": name,
        "category": "HumanEval",
        "tags": ["humaneval", "python", "functions"],
        "docker": "codecraft/debian:1",
        "shell": "/bin/bash",
        "limits": {"grading_s": _GRADING_S},
        "description": _DESCRIPTION.format(name=name, prompt=prompt.strip("\n")).split("\n"),
        "test": _TEST.format(name=name),
        "files": {_FILE: lines(prompt)},
        "checks": [
            {
                "id": "tests",
                "title": f"{name} does what is asked for",
                "kind": "pytest",
                "timeout_s": _CHECK_S,
                "visibility": "result",
                "files": {_HIDDEN: lines(_hidden(texts))},
            }
        ],
        "solution": [_written(_solution(texts))],
        "wrong": [
            {"name": "an empty body", "commands": [_written(_with_body(texts, "pass"))]},
            {"name": "return None", "commands": [_written(_with_body(texts, "return None"))]},
        ],
        "license": "MIT",
        "source": _SOURCE.format(id=texts["task_id"]),
    }


def _written(content: str) -> Entry:
    return {"files": {_FILE: lines(content)}}


def _solution(texts: Mapping[str, str]) -> str:
    return texts["prompt"] + texts["canonical_solution"]


def _with_body(texts: Mapping[str, str], statement: str) -> str:
    """Return the prompt with a body of one statement, indented as the solution is."""
    first = next((line for line in texts["canonical_solution"].split("\n") if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())] or "    "
    return f"{_ended(texts['prompt'])}{indent}{statement}\n"


def _hidden(texts: Mapping[str, str]) -> str:
    """Return the test file: the prompt's own helpers, the record's test, and in the place of the function the learner's."""
    name = texts["entry_point"]
    call = f"from solution import {name}\n\n\ndef test_{name}():\n    check({name})\n"
    return f"{_with_body(texts, 'pass')}\n\n{_ended(texts['test'])}\n\n{call}"


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _usable(record: Node, texts: Mapping[str, str]) -> bool:
    """Say whether it is Python that can be run; notes what isn't."""
    before = record.source.problems.count
    name = texts["entry_point"]
    begun = _functions(record, "prompt", _with_body(texts, "pass"))
    if begun is not None and name not in begun:
        record.key("entry_point", name).problem(f"the prompt defines no function {name!r}")
    _functions(record, "canonical_solution", _solution(texts))
    checks = _functions(record, "test", texts["test"])
    if checks is not None and "check" not in checks:
        record.key("test", None).problem("defines no function check(candidate)")
    for taken in sorted({each for each in (begun or set()) | (checks or set()) if each.startswith("test")}):
        record.problem(f"defines {taken!r}, which would be taken for a test of its own")
    return record.source.problems.count == before


def _functions(record: Node, key: str, program: str) -> set[str] | None:
    """Return the names of the functions of a program; None, and a problem noted at the key, when it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about others' style
            tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError) as error:
        record.key(key, None).problem(f"no Python: {error}")
        return None
    return {part.name for part in tree.body if isinstance(part, ast.FunctionDef)}


IMPORTER = Importer("HumanEval's JSON lines, plain or gzip", _read)

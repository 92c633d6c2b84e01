"""Records of foreign formats, made up for the tests, and files of them."""

import gzip
import json
from pathlib import Path
from typing import Any

TRIPLE: dict[str, str] = {
    "task_id": "Made/0",
    "prompt": 'def triple(number: int) -> int:\n    """ Three times a number.\n    >>> triple(2)\n    6\n    """\n',
    "entry_point": "triple",
    "canonical_solution": "    return 3 * number\n",
    "test": "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(2) == 6\n    assert candidate(-1) == -3\n",
}
HELPED: dict[str, str] = {
    "task_id": "Made/1",
    "prompt": (
        'def mirrored(text: str):\n    return text[::-1]\n\n\ndef restored(text: str):\n    """ The text that `mirrored` was given. """\n'
    ),
    "entry_point": "restored",
    "canonical_solution": "    return mirrored(text)\n",
    "test": "def check(candidate):\n    for text in ('abc', '', 'xy'):\n        assert candidate(mirrored(text)) == text\n",
}
BY_NAME: dict[str, str] = {
    "task_id": "Made/2",
    "prompt": 'from typing import List\n\n\ndef climbed(steps: List[int]):\n\t"""Heights after each step."""',
    "entry_point": "climbed",
    "canonical_solution": "\n\tfrom itertools import accumulate\n\treturn list(accumulate(steps))",
    "test": "def check(candidate):\n    assert tuple(climbed([1, 2])) == (1, 3)\n    assert candidate([]) == []",
}
RECORDS = [TRIPLE, HELPED, BY_NAME]


def jsonl(folder: Path, *records: Any, name: str = "records.jsonl") -> Path:
    """Write records, one a line; strings as they are. Packed where the name ends in .gz."""
    content = "".join(f"{record if isinstance(record, str) else json.dumps(record)}\n" for record in records).encode()
    path = folder / name
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path

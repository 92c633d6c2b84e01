"""The fenced blocks of the pages, and which test answers for each. Knows no page by name.

A block is answered for in one of these ways, told by the comment on the line before it:

- `<!-- test: examples/NAME -->`: it is a part of that file, which a test runs.
- `<!-- test: NAME -->`: a test asks for it, by `snippet("PAGE", "NAME")`.
- `<!-- test: FOLDER/FILE -->`: it is a file that a test writes down, by `files("PAGE", "FOLDER/")`, before it does what else the page says.
- none, and a test asks for all of a page, by `every("PAGE", "LANGUAGE")`.
- none, and it is `sh`: `test_docs` reads each command line with the parser of the program that it calls.
- `<!-- not run: REASON -->`: nobody runs it, and why.
"""

import functools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/**/README.md")])
PAGES = [page for page in PAGES if "node_modules" not in page.parts]

_BLOCK = re.compile(r"^(?:<!-- (test|not run): ([^\n]+?) -->\n)?```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ASKED = re.compile(r"\b(snippet|files|every|table)\(\s*\"([^\"]+)\",\s*\"([^\"]+)\"")


@dataclass(frozen=True, slots=True)
class Snippet:
    """One block: its page as seen from the top, the line it begins in, its language, its mark, and its text."""

    page: str
    line: int
    language: str
    name: str  # of `test:`; empty: none
    reason: str  # of `not run:`; empty: none
    text: str

    @property
    def where(self) -> str:
        """PAGE:LINE."""
        return f"{self.page}:{self.line}"


def snippets(page: str) -> list[Snippet]:
    """All blocks of a page, named as seen from the top, in order."""
    text = (ROOT / page).read_text()
    return [
        Snippet(page, text.count("\n", 0, found.start()) + 1, found[3], *_mark(found[1], found[2]), found[4])
        for found in _BLOCK.finditer(text)
    ]


def snippet(page: str, name: str) -> str:
    """The text of the one block of a page that has this name."""
    (found,) = (one for one in snippets(page) if one.name == name)
    return found.text


def files(page: str, folder: str) -> dict[str, str]:
    """The texts of all blocks of a page whose name begins with `folder`, by their names."""
    return {one.name: one.text for one in snippets(page) if one.name.startswith(folder)}


def every(page: str, language: str) -> list[str]:
    """The texts of all blocks of a page in a language that have no mark of their own."""
    return [one.text for one in snippets(page) if one.language == language and not one.name and not one.reason]


def all_snippets(pages: Sequence[Path] = PAGES) -> list[Snippet]:
    """Those of all pages."""
    return [one for page in pages for one in snippets(os.path.relpath(page, ROOT))]


@functools.cache
def asked_for() -> frozenset[tuple[str, str, str]]:
    """What tests ask for, read from their sources: (snippet, files, every or table; page; name, folder or language)."""
    sources = (path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    return frozenset(found for path in sources for found in _ASKED.findall(path.read_text()))


def table(page: str, name: str, *, head: bool = False) -> list[list[str]]:
    """The rows of the table behind `<!-- test: NAME -->`, each a list of its cells; its head is the first of them where it is asked for."""
    found = re.search(rf"<!-- test: {re.escape(name)} -->\n(\|.*\n)\|[-| ]+\n((?:\|.*\n)+)", (ROOT / page).read_text())
    assert found is not None, f"{page} has no table {name!r}"
    lines = ((found[1] if head else "") + found[2]).splitlines()
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]


def _mark(kind: str | None, text: str | None) -> tuple[str, str]:
    return (text or "", "") if kind == "test" else ("", text or "")

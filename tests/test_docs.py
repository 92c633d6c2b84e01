"""The pages say what is true: every snippet is answered for, and every link leads somewhere."""

import re
from pathlib import Path

import pytest
from command_lines import commands, problem
from snippets import PAGES, ROOT, Snippet, all_snippets, asked_for


def unanswered(one: Snippet) -> str:
    """Why nobody answers for a block; empty: somebody does. See `snippets`."""
    asked = asked_for()
    if one.reason:
        return ""
    if one.name.startswith("examples/"):
        return _unshown(one)
    if one.name:
        wanted = {("snippet", one.page, one.name), ("files", one.page, f"{one.name.partition('/')[0]}/")}
        return "" if wanted & asked else "no test asks for it"
    if ("every", one.page, one.language) in asked:
        return ""
    if one.language == "sh":
        return "; ".join(filter(None, map(problem, commands(one.text))))
    return "it has no mark, and no test asks for all of its kind"


def _unshown(one: Snippet) -> str:
    path = ROOT / one.name
    if not path.exists() or one.text.strip() not in path.read_text():
        return f"it is no part of {one.name}"
    tests = (test.read_text() for test in (ROOT / "tests").rglob("test_*.py"))
    return "" if any(re.search(rf"\b{path.stem}\b", test) for test in tests) else f"no test runs {one.name}"


@pytest.mark.parametrize("one", all_snippets(), ids=lambda one: one.where)
def test_every_snippet_is_answered_for(one: Snippet) -> None:
    """A test runs it, it is a part of a program that a test runs, or its command lines are understood; else its mark says why not."""
    assert unanswered(one) == ""


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("```python\nprint(1)\n```", "no mark"),
        ("<!-- test: nobody's -->\n```python\nprint(1)\n```", "no test asks for it"),
        ("<!-- test: examples/quickstart.py -->\n```python\nprint(1)\n```", "no part of"),
        ("```sh\ncodecraft-server serve --lisen 127.0.0.1:1\n```", "--lisen"),
        ("```sh\nmake coffee\n```", "make coffee"),
        ("```sh\ntrue && curl example.com\n```", "curl example.com"),
        ("```sh\ncodecraft play 1  # a task\n```", ""),
        ("<!-- not run: it takes an hour -->\n```sh\ncurl example.com\n```", ""),
    ],
)
def test_a_snippet_that_nobody_runs_is_found(tmp_path: Path, block: str, told: str) -> None:
    """Unmarked, misspelt, changed in one place only: each is told."""
    (tmp_path / "page.md").write_text(f"# A page\n\n{block}\n")
    (one,) = all_snippets([tmp_path / "page.md"])
    assert told in unanswered(one)
    assert bool(told) == bool(unanswered(one))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_table_that_is_marked_is_held_against_the_code(page: Path) -> None:
    """A test asks for it."""
    asked = {name for kind, of, name in asked_for() if kind == "table" and ROOT / of == page}
    assert set(re.findall(r"<!-- test: ([^\n]+) -->\n\|", page.read_text())) == asked


def test_no_snippet_hides_from_the_tests() -> None:
    """Blocks are fenced, for an indented one is seen by no test."""
    hidden = [
        f"{page.relative_to(ROOT)}: {found[1].strip()}"
        for page in PAGES
        for found in re.finditer(r"\n\n( {4}\S.*)", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE))
    ]
    assert hidden == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that is there, and a heading of it where it names one."""
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    assert [target for target in targets if "://" not in target and not _leads_somewhere(page, target)] == []


def _leads_somewhere(page: Path, target: str) -> bool:
    path, _, heading = target.partition("#")
    file = page.parent / path if path else page
    if not file.exists() or not heading:
        return file.exists()
    titles = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
    return heading in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}

"""The pages say what is true: snippets are the files that the tests run, targets and reasons that are named exist."""

import re
import subprocess
from pathlib import Path

import pytest

from codecraft.v1 import errors_pb2

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/**/README.md")])
PAGES = [page for page in PAGES if "node_modules" not in page.parts]


def test_the_quickstart_in_the_readme_is_the_file_that_the_tests_run() -> None:
    """The README's Python is examples/quickstart.py but for its docstring."""
    readme = (ROOT / "README.md").read_text()
    shown = re.search(r"<!-- test: examples/quickstart.py -->\n```python\n(.*?)```", readme, re.DOTALL)
    assert shown is not None
    program = (ROOT / "examples" / "quickstart.py").read_text()
    assert shown.group(1).strip() in program


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that is there."""
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text())
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert missing == []


def test_every_make_target_that_is_named_exists_and_has_help() -> None:
    """`make X` in a page means a target X, and `make help` lists it."""
    named = {name for page in PAGES for name in re.findall(r"`make ([a-z-]+)", page.read_text())} - {"help"}
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert named <= set(re.findall(r"[a-z][a-z-]*", listed))
    assert {"serve", "test", "demo", "check", "proto", "images", "bench", "clean"} <= set(re.findall(r"[a-z][a-z-]*", listed))


def test_every_error_reason_that_a_method_documents_exists() -> None:
    """Reasons named in the schema's comments are values of ErrorReason."""
    schema = "".join(path.read_text() for path in (ROOT / "protos/codecraft/v1").glob("*.proto"))
    documented = {word for line in re.findall(r"Errors: ((?:.|\n)*?)\.\n", schema) for word in re.findall(r"[A-Z]+(?:_[A-Z]+)+", line)}
    assert documented
    known = errors_pb2.ErrorReason.keys()
    assert documented <= {name.removeprefix("ERROR_REASON_") for name in known}

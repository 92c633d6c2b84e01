"""What all tests share: no blocking call of ours on the event loop, and logging as it was."""

import inspect
import logging
from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster
from profiles import register

register()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let tests/run.sh run the suite in two parts."""
    parser.addoption("--part", choices=["together", "alone"], help="only the tests that share the machine, or only those that do not")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the other part. Not by `-m`, which is for those who run the tests."""
    if part := config.getoption("--part"):
        chosen = {wanted: [item for item in items if (item.get_closest_marker("alone") is not None) is wanted] for wanted in (True, False)}
        config.hook.pytest_deselected(items=chosen[part != "alone"])
        items[:] = chosen[part == "alone"]


@pytest.fixture(scope="session")
def detector() -> BlockBuster:
    """The one detector of blocking calls: making it is most of its cost."""
    made = BlockBuster(["codecraft_server", "codecraft_client"])
    # A log line goes to standard error, which pytest may have made a file.
    made.functions["io.TextIOWrapper.write"].can_block_in("logging/__init__.py", {"emit", "flush"})
    made.functions["io.BufferedWriter.write"].can_block_in("logging/__init__.py", {"emit", "flush"})
    return made


@pytest.fixture(autouse=True)
def no_blocking_calls(request: pytest.FixtureRequest, detector: BlockBuster) -> Iterator[None]:
    """Fail any asynchronous test in which code of ours blocks the event loop. Tests themselves may."""
    if not inspect.iscoroutinefunction(getattr(request.node, "function", None)):
        yield
        return
    detector.activate()
    try:
        yield
    finally:
        detector.deactivate()


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Undo what a test of the command line did to the process's logging."""
    root, ours = logging.getLogger(), logging.getLogger("codecraft_server")
    before = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers[:], level, own_level = before
    root.setLevel(level)
    ours.setLevel(own_level)

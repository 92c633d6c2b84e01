"""What all tests share: no blocking call of ours on the event loop, and logging as it was."""

import functools
import gc
import inspect
import logging
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec, module_from_spec
from types import ModuleType

import pytest
from blockbuster import BlockBuster

if "_hypothesis_pytestplugin" in sys.modules:  # tests/unit.sh leaves it out where no test needs it, for to load Hypothesis takes long
    from profiles import register

    register()
os.environ["LANGUAGE"] = "C"  # tests read what argparse says in English; else it also looks for a translation of each word, in files


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let tests/run.sh run the suite in two parts."""
    parser.addoption("--part", choices=["together", "alone"], help="only the tests that share the machine, or only those that do not")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the other part. Not by `-m`, which is for those who run the tests."""
    if part := config.getoption("--part"):
        chosen = {wanted: [item for item in items if (item.get_closest_marker("alone") is not None) is wanted] for wanted in (True, False)}
        config.hook.pytest_deselected(items=chosen[part != "alone"])
        items[:] = chosen[part == "alone"]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Never look for garbage in what collecting makes: all of it lives until the end, and to go through it took a tenth of a run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


class Detector(BlockBuster):
    """Of blocking calls. To make it is most of its cost, and to switch it most of the rest."""

    def __init__(self) -> None:
        super().__init__([_unloaded("codecraft_server"), _unloaded("codecraft_client")])
        self._on = False
        # A log line goes to standard error, which pytest may have made a file.
        self.functions["io.TextIOWrapper.write"].can_block_in("logging/__init__.py", {"emit", "flush"})
        self.functions["io.BufferedWriter.write"].can_block_in("logging/__init__.py", {"emit", "flush"})

    def switch(self, *, on: bool) -> None:
        """Detect from now on, or no longer."""
        if on is not self._on:
            (self.activate if on else self.deactivate)()
            self._on = on


def _unloaded(package: str) -> ModuleType:
    """A package that says where it is, which is all that the detector asks of it: to load one that no test uses takes longer than that."""
    spec = find_spec(package)
    assert spec is not None
    return module_from_spec(spec)


detector = functools.cache(Detector)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Fail an asynchronous test in which code of ours blocks the event loop, and undo what any test did to the process's logging.

    Tests themselves may block. No fixture, for as one it took longer than most tests.
    """
    root, ours = logging.getLogger(), logging.getLogger("codecraft_server")
    before = (root.handlers[:], root.level, ours.level)
    detector().switch(on=inspect.iscoroutinefunction(getattr(item, "function", None)))
    try:
        return (yield)
    finally:
        root.handlers[:], level, own_level = before
        root.setLevel(level)
        ours.setLevel(own_level)


def pytest_sessionfinish() -> None:
    """Leave no call watched."""
    detector().switch(on=False)

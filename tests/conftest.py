"""What all tests share: no blocking call of ours on the event loop."""

import inspect
from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx


@pytest.fixture(autouse=True)
def no_blocking_calls(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail any asynchronous test in which code of ours blocks the event loop. Tests themselves may."""
    if not inspect.iscoroutinefunction(getattr(request.node, "function", None)):
        yield
        return
    with blockbuster_ctx(["codecraft_server", "codecraft_client"]) as detector:
        # A log line goes to standard error, which pytest may have made a file.
        detector.functions["io.TextIOWrapper.write"].can_block_in("logging/__init__.py", {"emit", "flush"})
        detector.functions["io.BufferedWriter.write"].can_block_in("logging/__init__.py", {"emit", "flush"})
        yield

"""The fake sandbox keeps the contract of the real one, else what is tested with it means nothing."""

from collections.abc import AsyncIterator

import pytest
from contract.sandbox_contract import SandboxContract
from fakes import FakeSandbox, FakeSandboxes


class TestFakeSandbox(SandboxContract):
    """The suite, on the fake."""

    @pytest.fixture
    async def sandboxes(self) -> AsyncIterator[FakeSandboxes]:
        """The fake; nothing may be left in it."""
        async with FakeSandboxes() as sandboxes:
            yield sandboxes
        assert not sandboxes.alive

    async def lose(self, sandbox: FakeSandbox) -> None:
        """Fakes die when they are told to."""
        sandbox.lose()

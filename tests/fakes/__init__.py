"""What tests play with instead of Docker and of time. The fake sandbox passes the suite of the real one (`contract.sandbox_contract`)."""

from fakes.clock import FakeClock, settle
from fakes.sandbox import FakeSandbox, FakeSandboxes
from fakes.shell import FakeCommand
from fakes.tasks import FakeGrader, a_check, a_curriculum, a_task

__all__ = ["FakeClock", "FakeCommand", "FakeGrader", "FakeSandbox", "FakeSandboxes", "a_check", "a_curriculum", "a_task", "settle"]

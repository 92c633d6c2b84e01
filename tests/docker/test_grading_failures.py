"""What the service can't help while it grades, in real containers: a fault without a reward, and the right score when it is asked again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import docker
import pytest
import pytest_asyncio
from docker_helpers import WORKER, until, wait_until_gone
from fakes.game import Follower
from shipped import SHIPPED

from codecraft_server.curriculum import Curriculum
from codecraft_server.docker import DockerSandboxes
from codecraft_server.episodes import Episodes
from codecraft_server.episodes.events import FaultReason, Outcome, RunCommand, SubmitResult
from codecraft_server.grading import Grader
from codecraft_server.grading.verdict import Phase, PhaseBegan
from codecraft_server.sandbox import Origin
from codecraft_server.settings import EpisodeSettings, GradingSettings, SandboxSettings, Settings
from codecraft_server.task import Check, CommandCheck, Expected, GradingPlace, Match, Task, Visibility

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

HELLO = SHIPPED.get("1")
SLOW = CommandCheck("sleep 2; cat hello.py", stdout=Expected(Match.NORMALIZED, "right"))
TASK = replace(HELLO, task_id="t", checks=(Check("c", "C", 1.0, 10.0, Visibility.RESULT, SLOW),))


class Played:
    """An episode over real sandboxes."""

    def __init__(self, episodes: Episodes, key: tuple[str, str]) -> None:
        self.episodes = episodes
        self.key = key
        self.steps = 0

    async def run(self, command: str) -> None:
        """Take a step."""
        action = RunCommand(command.encode())
        await Follower(self.episodes.step(*self.key, self.steps, action, stream_output=False)).last()
        self.steps += 1

    def begin_submit(self, *, again: bool = False) -> Follower:
        """Submit in the background."""
        return Follower(self.episodes.submit(*self.key, again=again))

    async def submit(self, *, again: bool = False) -> SubmitResult:
        """Submit, and wait for the result."""
        result = await self.begin_submit(again=again).last()
        assert isinstance(result, SubmitResult)
        return result


class Table:
    """Episodes of one task or another, over real sandboxes."""

    def __init__(self, sandboxes: DockerSandboxes, client: docker.DockerClient) -> None:
        self.client = client
        self._sandboxes = sandboxes
        self._made: list[Episodes] = []

    async def play(self, task: Task = TASK, *commands: str, settings: Settings | None = None) -> Played:
        """Open an episode and run commands in it."""
        settings = settings or Settings()
        grader = Grader(self._sandboxes, settings.grading)
        episodes = Episodes(self._sandboxes, Curriculum({task.task_id: task}), grader, settings, "w")
        self._made.append(episodes)
        ready = await Follower(episodes.reset("r", task.task_id)).last()
        played = Played(episodes, (ready.episode_id, ready.episode_token))
        for command in commands:
            await played.run(command)
        return played

    async def close(self) -> None:
        """Close all episodes."""
        for episodes in self._made:
            await episodes.__aexit__(None, None, None)

    def grading_containers(self) -> list[Any]:
        """Containers that work is graded in."""
        found = self.client.containers.list(filters={"name": f"codecraft-{WORKER}-grading"})
        return list(found)

    async def kill_when_checking(self, call: Follower) -> None:
        """Kill the container once the checks have begun."""
        await until(lambda: PhaseBegan(Phase.CHECKING, 1) in call.events)
        for container in await asyncio.to_thread(self.grading_containers):
            await asyncio.to_thread(container.kill)


@pytest_asyncio.fixture(loop_scope="module")
async def table(shared_sandboxes: DockerSandboxes, engine_client: docker.DockerClient) -> AsyncIterator[Table]:
    """Where episodes are played; after the test all of their sandboxes are gone."""
    made = Table(shared_sandboxes, engine_client)
    yield made
    await made.close()
    await asyncio.to_thread(wait_until_gone, engine_client)  # while the event loop runs, on which they are removed


async def test_a_grading_sandbox_that_is_killed_is_a_fault_and_the_work_can_be_judged_again(table: Table) -> None:
    """No reward, never 0; then the right score in its place, for repeats, for GetEpisode and for the return."""
    played = await table.play(TASK, "echo right > hello.py")
    call = played.begin_submit()
    await table.kill_when_checking(call)
    result = await call.last()
    assert (result.outcome, result.reward.valid, result.episode_return) == (Outcome.FAULT, False, None)
    assert (result.fault.reason, result.fault.can_submit_again) == (FaultReason.SANDBOX_LOST, True)
    again = await played.submit(again=True)
    assert (again.outcome, again.reward.value, again.episode_return, again.fault) == (Outcome.PASSED, 1.0, 1.0, None)
    assert await played.submit() is again
    assert played.episodes.get(*played.key).outcome is Outcome.PASSED


async def test_wrong_work_is_still_wrong_when_it_is_judged_again(table: Table) -> None:
    """Nobody gains by a fault."""
    played = await table.play(TASK, "echo wrong > hello.py")
    call = played.begin_submit()
    await table.kill_when_checking(call)
    await call.last()
    again = await played.submit(again=True)
    assert (again.outcome, again.reward.value, again.episode_return) == (Outcome.FAILED, 0.0, 0.0)


async def test_an_agents_sandbox_that_is_lost_before_copying_can_not_be_judged_again(table: Table) -> None:
    """The work is gone with it."""
    played = await table.play(TASK, "echo right > hello.py")
    (container,) = [
        one for one in table.client.containers.list(filters={"name": f"codecraft-{WORKER}-"}) if "grading" not in (one.name or "")
    ]
    await asyncio.to_thread(container.kill)
    result = await played.submit()
    assert (result.fault.reason, result.fault.can_submit_again) == (FaultReason.SANDBOX_LOST, False)
    assert await played.submit(again=True) is result


async def test_an_image_that_is_gone_when_it_comes_to_grading_is_a_fault(table: Table) -> None:
    """The tag is removed between Reset and Submit; with the tag back the work is judged."""
    table.client.images.get("codecraft/debian:1").tag("codecraft-test-gone", WORKER)
    name = f"codecraft-test-gone:{WORKER}"
    try:
        task = replace(TASK, sandbox=replace(TASK.sandbox, image=name))
        played = await table.play(task, "echo right > hello.py")
        table.client.images.remove(name, noprune=True)
        result = await played.submit()
        assert (result.outcome, result.reward.valid, result.fault.can_submit_again) == (Outcome.FAULT, False, True)
        table.client.images.get("codecraft/debian:1").tag("codecraft-test-gone", WORKER)
        assert (await played.submit(again=True)).reward.value == 1.0
    finally:
        table.client.images.remove(name, noprune=True)


async def test_a_full_disk_in_the_grading_sandbox_fails_the_check_only(table: Table) -> None:
    """What the work fills up while it is judged is its own disk."""
    body = CommandCheck("sh hello.py; echo done", stdout=Expected(Match.NORMALIZED, "done"))
    next_body = CommandCheck("cat hello.py > /dev/null")
    checks = tuple(Check(str(number), "C", 0.5, 10.0, Visibility.RESULT, one) for number, one in enumerate((body, next_body)))
    played = await table.play(
        replace(TASK, checks=checks), "echo 'for d in . /tmp /dev/shm; do cat /dev/zero > $d/full; done; exit 1' > hello.py"
    )
    result = await played.submit()
    assert result.fault is None
    assert [check.passed for check in result.grade.checks][1], result.grade


async def test_checks_that_take_too_long_fail(table: Table) -> None:
    """A check's own limit is the learner's affair, also in the fresh sandbox."""
    body = CommandCheck("sh hello.py")
    played = await table.play(replace(TASK, checks=(Check("c", "C", 1.0, 1.0, Visibility.RESULT, body),)), "echo 'sleep 60' > hello.py")
    result = await played.submit()
    assert (result.fault, result.grade.score) == (None, 0.0)


async def test_the_sandboxes_memory_filled_up_is_no_fault(table: Table) -> None:
    """All disks full, and processes that hold all memory when the work is submitted: it is graded."""
    hog = "python3 -c \"import time; x = bytearray(400 * 2**20); print('held', flush=True); time.sleep(600)\" > /tmp/held &"
    fill = "for d in /tmp /dev/shm /home/agent .; do cat /dev/zero > $d/full; done; rm full; true"
    played = await table.play(TASK, "echo right > hello.py", fill, hog, hog, hog, "sleep 1")
    result = await played.submit()
    assert (result.fault, result.reward.value) == (None, 1.0)


async def test_memory_that_no_process_holds_does_not_keep_work_from_being_graded(table: Table) -> None:
    """Shared memory that outlives its processes, and files without content, can't fill the memory that copying needs."""
    segments = (
        "import ctypes; libc = ctypes.CDLL(None); libc.shmat.restype = ctypes.c_void_p",
        "for _ in range(60):",
        "    at = libc.shmat(libc.shmget(0, 16 << 20, 0o1600), None, 0); ctypes.memset(ctypes.c_void_p(at), 1, 16 << 20)",
        "    libc.shmdt(ctypes.c_void_p(at))",
        "for i in range(400000): open(f'/dev/shm/{i}', 'w').close()",
    )
    script = "\n".join(segments)
    played = await table.play(TASK, "echo right > hello.py; head -c 50M /dev/urandom > big", f"cat > /tmp/fill.py <<'X'\n{script}\nX")
    for _ in range(3):
        await played.run("python3 /tmp/fill.py 2> /dev/null; true")
    result = await played.submit()
    assert (result.fault, result.reward.value) == (None, 1.0)


async def test_semaphores_and_messages_hold_little(table: Table) -> None:
    """They outlive all processes too."""
    fill = (
        "import ctypes; libc = ctypes.CDLL(None); held = 0",
        "while held < 4000 and libc.semget(0, 250, 0o1600) >= 0: held += 1",
        "queues = 0",
        "while queues < 4000 and libc.msgget(0, 0o1600) >= 0: queues += 1",
        "open('hello.py', 'w').write('right' if 0 < held <= 32 and 0 < queues <= 16 else f'{held} {queues}')",
    )
    script = "\n".join(fill)
    played = await table.play(TASK, f"cat > /tmp/fill.py <<'X'\n{script}\nX", "python3 /tmp/fill.py")
    assert (await played.submit()).reward.value == 1.0


HEAVY = """
import mmap, os, time
room = mmap.mmap(-1, 120 << 20)
for at in range(0, len(room), 4096): room[at] = 1
for _ in range(100):
    if os.fork() == 0:
        while True:
            for at in range(0, len(room), 4096): room[at]
time.sleep(600)
"""


async def test_heavy_processes_of_a_check_are_no_way_out_of_a_score(table: Table) -> None:
    """They take long to end on the share of a processor that they have themselves: the work fails, and is not without a verdict."""
    sandbox = replace(TASK.sandbox, limits=replace(TASK.sandbox.limits, cpus=0.15, memory_bytes=512 << 20))
    body = CommandCheck("python3 hello.py")
    task = replace(TASK, sandbox=sandbox, checks=(Check("c", "C", 1.0, 9.0, Visibility.RESULT, body),))
    played = await table.play(task, f"cat > hello.py <<'X'\n{HEAVY}\nX")
    result = await played.submit()
    assert (result.fault, result.reward.value) == (None, 0.0)


@pytest.mark.parametrize("place", [GradingPlace.FRESH, GradingPlace.IN_PLACE])
async def test_full_capacity_can_always_grade(table: Table, place: GradingPlace) -> None:
    """With one episode admitted, and that one open, its work is graded; the result says where."""
    settings = Settings(episodes=EpisodeSettings(max_episodes=1))
    played = await table.play(replace(TASK, grading_place=place), "echo right > hello.py", settings=settings)
    result = await played.submit()
    assert (result.reward.value, result.grade.place) == (1.0, place)
    assert result.grade.origin is (Origin.COLD if place is GradingPlace.FRESH else None)


async def test_the_agents_sandbox_is_closed_before_the_checks(table: Table) -> None:
    """Its memory is free while the copy is judged."""
    played = await table.play(TASK, "echo right > hello.py")
    call = played.begin_submit()
    await until(lambda: PhaseBegan(Phase.CHECKING, 1) in call.events)
    containers = await asyncio.to_thread(table.client.containers.list, filters={"name": f"codecraft-{WORKER}-"})
    assert ["grading" in (one.name or "") for one in containers] == [True]
    assert (await call.last()).reward.value == 1.0


async def test_gradings_wait_for_a_place(table: Table) -> None:
    """With one place, what comes meanwhile waits, is told so, and is graded."""
    settings = Settings(grading=GradingSettings(places=1))
    first = await table.play(TASK, "echo right > hello.py", settings=settings)
    others = []
    for number in range(3):
        ready = await Follower(first.episodes.reset(f"r{number}", "t")).last()
        others.append(Played(first.episodes, (ready.episode_id, ready.episode_token)))
    calls = [played.begin_submit() for played in (first, *others)]
    results = [await call.last() for call in calls]
    assert sum(PhaseBegan(Phase.WAITING, 1) in call.events for call in calls) == 3
    assert [result.fault for result in results] == [None] * 4
    assert max(result.timing.queued_s for result in results) > 2.0


async def test_a_warm_sandbox_is_graded_in_where_one_stands_ready(settings: SandboxSettings, engine_client: docker.DockerClient) -> None:
    """The level that is kept warm serves gradings too, and the result says so."""
    async with DockerSandboxes(replace(settings, warm_per_image=1), WORKER) as sandboxes:
        table = Table(sandboxes, engine_client)
        played = await table.play(TASK, "echo right > hello.py")
        await until(lambda: sandboxes.ready([TASK.sandbox]) == 1)
        result = await played.submit()
        assert (result.reward.value, result.grade.origin) == (1.0, Origin.WARM)
        await table.close()

"""Opening an episode."""

import asyncio
import re

import pytest
from fakes import a_task, settle
from fakes.game import Follower, Game, Games

from codecraft_server.episodes.events import Outcome, Queued, Ready, RunCommand
from codecraft_server.errors import (
    EngineUnavailableError,
    EpisodeNotFoundError,
    InvalidFieldError,
    NoCapacityError,
    RequestIdConflictError,
    SandboxLostError,
    SandboxStartError,
    ShuttingDownError,
    TaskNotFoundError,
    TaskSetupError,
    WrongEpisodeTokenError,
)
from codecraft_server.layout import SettingUp
from codecraft_server.sandbox import Origin, PullProgress, StartProgress
from codecraft_server.task import TaskFile


async def test_ready_says_everything(game: Game) -> None:
    """Ready names the episode, its task, its budget, its sandbox and tells the task in words."""
    ready = (await game.reset()).ready
    assert re.fullmatch(r"w1-[0-9a-f]{8,}", ready.episode_id)
    assert len(ready.episode_token) >= 22  # 128 bit in base64
    assert ready.task is game.episodes.curriculum.get("1")
    assert ready.observation.message == "Task 1: Hello World\n\nPrint a greeting.\n\nThe greeting is compared."
    assert (ready.observation.budget.steps_taken, ready.observation.budget.steps_left) == (0, 10)
    assert (ready.origin, ready.image_digest) == (Origin.COLD, "sha256:" + "0" * 64)
    assert ready.timing.episode_s_left == 100.0


async def test_the_sandbox_knows_its_episode(game: Game) -> None:
    """The sandbox is named and labelled after the episode."""
    player = await game.reset()
    assert player.sandbox.name == player.ready.episode_id
    assert player.sandbox.labels == {"episode": player.ready.episode_id, "task": "1"}


async def test_no_task_makes_no_sandbox(game: Game) -> None:
    """Without a task an episode is open at once, and no sandbox is made."""
    ready = (await game.reset(None)).ready
    assert (ready.task, ready.origin, ready.image_digest) == (None, None, "")
    assert ready.observation.message.startswith("No task started.")
    assert ready.observation.budget.steps_left == game.settings.defaults.steps
    assert game.sandboxes.made == []


@pytest.mark.parametrize("request_id", ["", "x" * 129])
async def test_a_request_id_has_a_length(game: Game, request_id: str) -> None:
    """A request id that is empty or too long is refused before anything happens."""
    with pytest.raises(InvalidFieldError, match="request_id"):
        game.episodes.reset(request_id, "1")


async def test_an_unknown_task_is_refused(game: Game) -> None:
    """An unknown task takes no place."""
    with pytest.raises(TaskNotFoundError):
        game.episodes.reset("r", "nope")
    assert game.episodes.load().episodes == 0


async def test_progress_comes_first(game: Game) -> None:
    """What goes on while the sandbox is made is told before Ready."""
    pulling = PullProgress("image", "layer", "Downloading", 1, 2)
    game.sandboxes.told = [pulling]
    follower = game.follow(game.episodes.reset("r", "1"))
    await follower.last()
    assert follower.events[:2] == [pulling, StartProgress("codecraft/busybox:1")]
    assert isinstance(follower.events[-1], Ready)


async def test_a_repeat_attaches_to_the_opening(game: Game) -> None:
    """Two calls with one request id see the same progress and get the same episode; one sandbox is made."""
    game.sandboxes.starting = asyncio.Event()
    first = game.follow(game.episodes.reset("r", "1"))
    await settle()
    second = game.follow(game.episodes.reset("r", "1"))
    await settle()
    assert first.events == second.events == [StartProgress("codecraft/busybox:1")]
    game.sandboxes.starting.set()
    assert await first.last() is await second.last()
    assert len(game.sandboxes.made) == 1


async def test_a_repeat_returns_the_living_episode(game: Game) -> None:
    """A request id names its episode as long as that lives, and is free afterwards."""
    player = await game.reset(request_id="r")
    assert (await game.reset(request_id="r")).ready is player.ready
    await game.episodes.close(*player.key)
    assert (await game.reset(request_id="r")).ready.episode_id != player.ready.episode_id


async def test_a_request_id_can_not_mean_two_things(games: Games) -> None:
    """The same request id with another task is a conflict."""
    game = await games(a_task("1"), a_task("2"))
    await game.reset("1", "r")
    for other in ("2", None):
        with pytest.raises(RequestIdConflictError):
            game.episodes.reset("r", other)


async def test_waiting_for_a_place_is_told(games: Games) -> None:
    """When all places are taken a Reset waits in order and is told its position as it changes."""
    game = await games(max_episodes=1)
    player = await game.reset()
    second, third = (game.follow(game.episodes.reset(name, "1")) for name in "ab")
    await settle()
    assert (second.events, third.events) == ([Queued(1)], [Queued(2)])
    assert game.episodes.load().queued_resets == 2
    await game.clock.advance(3.0)
    await game.episodes.close(*player.key)
    ready = await second.last()
    assert ready.timing.queued_s == 3.0
    assert third.events == [Queued(2), Queued(1)]
    assert game.episodes.load().episodes == 1


async def test_waiting_has_a_sign_of_life(games: Games) -> None:
    """A Reset that waits repeats its last progress every heartbeat_s."""
    game = await games(max_episodes=1, heartbeat_s=10.0)
    await game.reset()
    waiting = game.follow(game.episodes.reset("b", "1"))
    await game.clock.advance(20.0)
    assert waiting.events == [Queued(1)] * 3


async def test_a_full_queue_refuses_at_once(games: Games) -> None:
    """When the queue is full a Reset is refused at once, with a retry delay; nothing is left of it."""
    game = await games(max_episodes=1, max_queued_resets=1)
    await game.reset()
    waiting = game.follow(game.episodes.reset("b", "1"))
    await settle()
    with pytest.raises(NoCapacityError) as refused:
        game.episodes.reset("c", "1")
    assert refused.value.retry_after_s
    await waiting.leave()


async def test_an_opening_nobody_waits_for_is_undone(games: Games) -> None:
    """An opening whose calls are all gone for reattach_grace_s is stopped, and its place is free."""
    game = await games(reattach_grace_s=10.0)
    game.sandboxes.starting = asyncio.Event()
    call = game.follow(game.episodes.reset("r", "1"))
    await settle()
    await call.leave()
    await game.clock.advance(9.9)
    assert game.sandboxes.opening == 1
    await game.clock.advance(0.2)
    assert game.sandboxes.opening == 0
    assert game.episodes.load().episodes == 0


async def test_a_call_that_comes_back_in_time_saves_its_opening(games: Games) -> None:
    """A repeat within reattach_grace_s attaches, and the opening goes on."""
    game = await games(reattach_grace_s=10.0)
    game.sandboxes.starting = asyncio.Event()
    call = game.follow(game.episodes.reset("r", "1"))
    await settle()
    await call.leave()
    await game.clock.advance(9.0)
    again = game.follow(game.episodes.reset("r", "1"))
    await game.clock.advance(60.0)
    game.sandboxes.starting.set()
    assert isinstance(await again.last(), Ready)


async def test_a_ready_nobody_took_is_undone(games: Games) -> None:
    """When the call is gone before Ready and nobody comes back, the finished episode is removed."""
    game = await games(reattach_grace_s=10.0)
    game.sandboxes.starting = asyncio.Event()
    call = game.follow(game.episodes.reset("r", "1"))
    await settle()
    await call.leave()
    game.sandboxes.starting.set()
    await game.clock.advance(5.0)
    assert len(game.sandboxes.alive) == 1
    await game.clock.advance(5.1)
    assert not game.sandboxes.alive


async def test_a_call_dropped_at_ready_is_undone_unless_claimed(games: Games) -> None:
    """A call that breaks while Ready is passed on may have lost the token; a later call with the token proves that it did not."""
    game = await games(reattach_grace_s=10.0)
    taken = []
    for name in ("lost", "received"):
        stream = game.episodes.reset(name, None)
        taken.append(await anext(stream))
        await stream.aclose()
    game.episodes.get(taken[1].episode_id, taken[1].episode_token)
    await game.clock.advance(10.1)
    assert [view.episode_id for view in game.episodes.views()] == [taken[1].episode_id]


async def test_a_stream_that_is_never_read_is_undone(games: Games) -> None:
    """A Reset whose caller went before its first event leaves nothing."""
    game = await games(reattach_grace_s=10.0)
    stream = game.episodes.reset("r", "1")
    await stream.aclose()
    await game.clock.advance(10.1)
    assert not game.sandboxes.alive
    assert len(game.sandboxes.made) == 1


@pytest.mark.parametrize("error", [EngineUnavailableError("no engine"), SandboxStartError("no start"), RuntimeError("a defect")])
async def test_a_failed_opening_leaves_nothing(game: Game, error: Exception) -> None:
    """Every call attached gets the error; place and request id are free again."""
    game.sandboxes.starting = asyncio.Event()
    game.sandboxes.failures = [error]
    calls = [game.follow(game.episodes.reset("r", "1")) for _ in range(2)]
    await settle()
    game.sandboxes.starting.set()
    for call in calls:
        with pytest.raises(type(error)):
            await call.last()
    assert game.episodes.load().episodes == 0
    assert (await game.reset(request_id="r")).ready.task


async def test_a_queued_reset_that_is_left_frees_its_number(games: Games) -> None:
    """A waiting Reset that is abandoned leaves the queue, and the next moves up."""
    game = await games(max_episodes=1, reattach_grace_s=10.0)
    await game.reset()
    left, stays = (game.follow(game.episodes.reset(name, "1")) for name in "ab")
    await settle()
    await left.leave()
    await game.clock.advance(10.1)
    assert stays.events[-1] == Queued(1)
    assert game.episodes.load().queued_resets == 1


# Setting up


async def test_files_and_setup_are_laid_out(games: Games) -> None:
    """A task's files are written and its setup run as the agent, in a clean environment, with progress."""
    files = (TaskFile("in/input.txt", b"3\n1\n", 0o600), TaskFile("/tmp/x", b"", 0o644))  # noqa: S108 - in the sandbox
    game = await games(a_task(files=files, setup=("echo one", "true")))
    follower = game.follow(game.episodes.reset("r", "1"))
    await follower.last()
    assert [event for event in follower.events if isinstance(event, SettingUp)] == [SettingUp(done, 4) for done in range(5)]
    sandbox = game.sandboxes.made[0]
    content = await sandbox.read_file(b"/workspace/in/input.txt", offset=0, max_bytes=100)
    assert (content.data, content.mode) == (b"3\n1\n", 0o600)
    execution = sandbox.executions[0]
    assert execution.argv == (b"/bin/sh", b"-c", b"echo one")
    assert (execution.uid, execution.cwd) == (1000, b"/workspace")
    assert set(execution.environment) == {"PATH", "HOME"}
    assert execution.environment["HOME"] == "/home/agent"


async def test_a_failing_setup_breaks_the_task(games: Games) -> None:
    """A setup command that fails is the task's fault: a typed error that says which and what it printed; the sandbox goes."""
    game = await games(a_task(setup=("true", "echo no such thing; exit 3")))
    call = game.follow(game.episodes.reset("r", "1"))
    with pytest.raises(TaskSetupError, match="setup command 2 of 2 exited 3: no such thing"):
        await call.last()
    assert not game.sandboxes.alive
    assert game.episodes.load().episodes == 0


async def test_a_file_that_can_not_be_written_breaks_the_task(games: Games) -> None:
    """A task's file at an impossible place is the task's fault."""
    game = await games(a_task(files=(TaskFile("/tmp", b"", 0o644),)))  # noqa: S108 - in the sandbox
    with pytest.raises(TaskSetupError, match="'/tmp'"):
        await game.follow(game.episodes.reset("r", "1")).last()


async def test_a_setup_that_hangs_is_bounded(games: Games) -> None:
    """A setup command ends at the task's command time."""
    game = await games(a_task(setup=("sleep 1000",)))
    call = game.follow(game.episodes.reset("r", "1"))
    await game.clock.advance(30.1)
    with pytest.raises(TaskSetupError, match="timed out"):
        await call.last()


async def test_a_sandbox_lost_in_setup_was_not_started(games: Games) -> None:
    """Losing the sandbox while it is set up is a failed start, which can be retried."""
    game = await games(a_task(setup=("sleep 10",)))
    call = game.follow(game.episodes.reset("r", "1"))
    await settle()
    game.sandboxes.made[0].lose()
    with pytest.raises(SandboxStartError) as failed:
        await call.last()
    assert isinstance(failed.value.__cause__, SandboxLostError)
    assert not game.sandboxes.alive


# Names and tokens


async def test_a_wrong_token_opens_nothing(game: Game) -> None:
    """Every call on an episode needs the token that Reset returned."""
    player = await game.reset()
    name, wrong = player.ready.episode_id, "wrong"
    episodes = game.episodes
    with pytest.raises(WrongEpisodeTokenError):
        episodes.get(name, wrong)
    with pytest.raises(WrongEpisodeTokenError):
        episodes.step(name, wrong, 0, RunCommand(b"true"), stream_output=False)
    with pytest.raises(WrongEpisodeTokenError):
        episodes.resume(name, wrong, 0, 0, 0)
    with pytest.raises(WrongEpisodeTokenError):
        episodes.submit(name, "\udcff")
    with pytest.raises(WrongEpisodeTokenError):
        episodes.interrupt(name, wrong, 0, 0.0)
    with pytest.raises(WrongEpisodeTokenError):
        await episodes.write_stdin(name, wrong, 0, 0, b"", end_of_file=True)
    with pytest.raises(WrongEpisodeTokenError):
        await episodes.close(name, wrong)


async def test_an_unknown_episode_is_not_found(game: Game) -> None:
    """An episode nobody opened is not found, whatever the token."""
    with pytest.raises(EpisodeNotFoundError):
        game.episodes.get("w1-00000000", "token")


async def test_episodes_are_listed_oldest_first(games: Games) -> None:
    """Open episodes are listed in the order in which they were opened; ended ones are not."""
    game = await games()
    players = [await game.reset(None) for _ in range(3)]
    await game.episodes.close(*players[1].key)
    assert [view.episode_id for view in game.episodes.views()] == [players[0].ready.episode_id, players[2].ready.episode_id]


async def test_prewarm_asks_for_the_tasks_sandbox(game: Game) -> None:
    """Prewarm has sandboxes of the task's kind stand ready, and the load counts them."""
    assert game.episodes.prewarm("1", 3) == 3
    assert game.episodes.load().warm == 3
    with pytest.raises(TaskNotFoundError):
        game.episodes.prewarm("nope", 1)
    with pytest.raises(InvalidFieldError, match="sandboxes"):
        game.episodes.prewarm("1", -1)


async def test_draining_opens_nothing(game: Game) -> None:
    """While the server shuts down a new Reset is refused, and one that waits is told so."""
    game.sandboxes.starting = asyncio.Event()
    opening = game.follow(game.episodes.reset("r", "1"))
    unread = game.episodes.reset("unread", None)
    await game.episodes.drain(0.0)
    with pytest.raises(ShuttingDownError):
        await opening.last()
    with pytest.raises(ShuttingDownError):
        await Follower(unread).last()
    with pytest.raises(ShuttingDownError):
        game.episodes.reset("s", "1")
    assert game.episodes.load().episodes == 0


async def test_closing_gives_the_place_back_when_the_sandbox_is_gone(games: Games) -> None:
    """A place is free only once the sandbox is gone, so that sandboxes never outnumber places."""
    game = await games(max_episodes=1)
    player = await game.reset()
    player.sandbox.closing = asyncio.Event()
    closing = asyncio.ensure_future(game.episodes.close(*player.key))
    waiting = game.follow(game.episodes.reset("b", "1"))
    await settle()
    assert waiting.events == [Queued(1)]
    player.sandbox.closing.set()
    assert await closing is Outcome.CLOSED
    assert isinstance(await waiting.last(), Ready)

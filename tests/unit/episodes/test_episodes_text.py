"""The text dialect played in episodes: what each action does, and what mistakes cost."""

import asyncio

import pytest
from fakes import a_check, a_task, settle
from fakes.game import Game, Games, Player

from codecraft_server import rewards
from codecraft_server.episodes.events import ActionError, FaultReason, Outcome, StepResult
from codecraft_server.errors import EngineUnavailableError, EpisodeEndedError, SandboxStartError, TaskSetupError
from codecraft_server.grading.verdict import CheckResult, FaultKind, GradingFault, Phase, PhaseBegan
from codecraft_server.rewards import RewardComponent, RewardKind, Step
from codecraft_server.sandbox import EndReason, StartProgress
from codecraft_server.task import Visibility

START = '{"action": "start", "task_id": "1"}'
SUBMIT = '{"action": "submit"}'


async def refused(player: Player, text: str, error: ActionError, penalty: float = -1.0) -> StepResult:
    """The text must be an observation with this error, must pay the penalty, and must leave the episode open."""
    result = await player.say(text)
    assert result.observation.error is error
    assert result.reward.components == (RewardComponent(RewardKind.PENALTY, penalty, error.value),)
    assert (result.label, result.outcome, result.fault) == (Step.REGRESS, None, None)
    return result


async def test_a_command(game: Game) -> None:
    """A command with its options runs as the typed one does."""
    player = await game.reset()
    text = '{"action": "command", "command": "cat", "stdin": "hé", "timeout": 3, "session": "other"}'
    assert (await player.say(text)).observation.output == "hé".encode()
    assert player.sandbox.commands[0].timeout_s == 3.0


async def test_files(game: Game) -> None:
    """Files are written, read and listed."""
    player = await game.reset()
    await player.say('{"action": "write_file", "path": "a", "content": "x", "mode": "0700"}')
    seen = (await player.say('{"action": "read_file", "path": "a"}')).observation
    assert (seen.file.data, seen.file.mode) == (b"x", 0o700)
    assert [entry.path for entry in (await player.say('{"action": "list_files"}')).observation.files.entries] == [b"a"]


@pytest.mark.parametrize("text", ["ls", "", '{"action": "command"}', '{"action": "command", "command": "ls", "timeout": 31}'])
async def test_malformed_text_pays_and_the_episode_goes_on(game: Game, text: str) -> None:
    """What is no action, or one with values out of range, pays the penalty, costs a step, and runs nothing."""
    player = await game.reset()
    result = await refused(player, text, ActionError.MALFORMED)
    assert result.observation.message
    assert result.observation.budget.steps_taken == 1
    assert player.sandbox.commands == []
    assert (await player.step("echo on")).observation.output == b"on\n"


async def test_the_message_says_what_would_be_right(game: Game) -> None:
    """A value out of range is named as the dialect spells it, with the range."""
    result = await (await game.reset()).say('{"action": "command", "command": "ls", "timeout": 31}')
    assert result.observation.message == '"timeout" must be above 0 and at most 30 s, is 31 s.'


async def test_an_unknown_action_pays(game: Game) -> None:
    """An action that does not exist is answered with those that do."""
    result = await refused(await game.reset(), '{"action": "fly"}', ActionError.UNKNOWN_ACTION)
    assert result.observation.message == (
        'There is no action "fly". The actions are: command, write_file, read_file, list_files, start, reset, submit, close, exit.'
    )


async def test_the_task_sets_the_penalty(games: Games) -> None:
    """A task may price mistakes otherwise."""
    game = await games(a_task(malformed_penalty=-0.25))
    await refused(await game.reset(), "nonsense", ActionError.MALFORMED, -0.25)


@pytest.mark.parametrize("action", ["reset", "submit"])
async def test_without_a_task_there_is_nothing_to_do(game: Game, action: str) -> None:
    """Before a task was started nothing else may be done."""
    await refused(await game.reset(None), f'{{"action": "{action}"}}', ActionError.NO_TASK)
    assert game.grader.calls == 0


async def test_a_path_the_agent_gets_wrong_is_no_malformed_text(game: Game) -> None:
    """A bad path in the dialect costs what a typed one costs: nothing."""
    result = await (await game.reset()).say('{"action": "read_file", "path": ""}')
    assert (result.observation.error, result.reward) == (ActionError.BAD_PATH, rewards.NOTHING)


# start


async def test_start_starts_a_task(game: Game) -> None:
    """`start` makes the sandbox, with progress, and gives the task and its text."""
    player = await game.reset(None)
    call = player.begin_text(START)
    result = await call.last()
    assert StartProgress("codecraft/busybox:1") in call.events
    assert result.started_task is game.episodes.curriculum.get("1")
    assert result.observation.message.startswith("Task 1: Hello World")
    assert (result.observation.budget.steps_taken, result.observation.budget.steps_left) == (1, 9)
    assert (await player.step("echo on")).observation.output == b"on\n"
    assert game.episodes.get(*player.key).task is result.started_task


async def test_start_of_an_unknown_task_pays(game: Game) -> None:
    """A task that does not exist is an observation, for the agent chose it."""
    await refused(await game.reset(None), '{"action": "start", "task_id": "x"}', ActionError.TASK_NOT_FOUND)
    assert game.sandboxes.made == []


async def test_a_second_start_pays(game: Game) -> None:
    """One task per episode."""
    await refused(await game.reset(), START, ActionError.TASK_ALREADY_STARTED)
    assert len(game.sandboxes.made) == 1


@pytest.mark.parametrize("error", [EngineUnavailableError("no engine"), SandboxStartError("no start"), TaskSetupError("1", "broken")])
async def test_a_start_that_fails_never_happened(game: Game, error: Exception) -> None:
    """When the service can't make the sandbox the step is a status, nothing is used up, and the same step may be tried again."""
    player = await game.reset(None)
    game.sandboxes.failures = [error]
    with pytest.raises(type(error)):
        await player.begin_text(START, index=0).last()
    assert game.episodes.get(*player.key).next_step_index == 0
    assert (await player.begin_text(START, index=0).last()).started_task


# reset


async def test_reset_begins_again_in_a_fresh_sandbox(game: Game) -> None:
    """`reset` replaces the sandbox; the old one goes first; steps and time stay used."""
    player = await game.reset()
    call = player.begin("echo x; sleep 5")
    await game.clock.advance(5.0)
    await call.last()
    result = await player.say('{"action": "reset"}')
    assert result.observation.message.startswith("Task 1: Hello World")
    assert result.started_task is None
    assert (result.observation.budget.steps_taken, result.timing.episode_s_left) == (2, 95.0)
    old, new = game.sandboxes.made
    assert (old.closed, new.closed, new.name) == (True, False, f"{player.ready.episode_id}-2")
    assert (await player.step("pwd")).observation.output == b"/workspace\n"
    assert game.episodes.load().episodes == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EngineUnavailableError("no engine"), FaultReason.ENGINE_LOST),
        (SandboxStartError("no start"), FaultReason.SANDBOX_LOST),
        (TaskSetupError("1", "broken"), FaultReason.TASK_BROKEN),
    ],
)
async def test_a_reset_that_fails_is_a_fault(game: Game, error: Exception, reason: FaultReason) -> None:
    """The old sandbox is gone, so an episode whose new one can't be made has faulted, without a reward."""
    player = await game.reset()
    game.sandboxes.failures = [error]
    result = await player.say('{"action": "reset"}')
    assert (result.outcome, result.fault.reason, result.reward, result.label) == (Outcome.FAULT, reason, rewards.ABSENT, Step.UNKNOWN)


# submit, close, exit


async def test_submit_grades_inside_the_step(games: Games) -> None:
    """`submit` tells phases and checks, then the result has the grade, the reward and the end."""
    game = await games(a_task(checks=(a_check("a", 0.5), a_check("b", 0.5, Visibility.HIDDEN))))
    player = await game.reset()
    call = player.begin_text(SUBMIT)
    result = await call.last()
    told = [event for event in call.events if isinstance(event, PhaseBegan | CheckResult)]
    assert told == [PhaseBegan(Phase.FREEZING, 2), PhaseBegan(Phase.CHECKING, 2), CheckResult("a", "Title of a", True, 0.5, True)]
    assert (result.outcome, result.outcome.terminated, result.reward.value, result.label) == (Outcome.PASSED, True, 1.0, Step.PROGRESS)
    assert result.grade.score == 1.0
    assert result.observation.message == "Submitted: passed, score 1."
    assert result.observation.budget.steps_taken == 1
    await settle()
    assert not game.sandboxes.alive
    with pytest.raises(EpisodeEndedError, match="PASSED"):
        await player.step("true")


async def test_a_failed_submission_pays_its_score(game: Game) -> None:
    """A submission below the pass mark ends the episode as FAILED and pays what it scored."""
    game.grader.score = 0.25
    result = await (await game.reset()).say(SUBMIT)
    assert (result.outcome, result.reward.value, result.label) == (Outcome.FAILED, 0.25, Step.NEUTRAL)
    assert result.observation.message == "Submitted: not passed, score 0.25."


async def test_a_submission_in_words_is_kept_for_submit(game: Game) -> None:
    """The Submit call after a text submission returns the same verdict, with the return over all steps."""
    player = await game.reset()
    await player.say("nonsense")
    await player.say(SUBMIT)
    result = await player.submit()
    assert (result.outcome, result.reward.value, result.episode_return) == (Outcome.PASSED, 1.0, 0.0)
    assert game.grader.calls == 1


async def test_a_text_submission_can_be_followed_by_submit(game: Game) -> None:
    """A Submit call that comes while a text submission is graded attaches to it."""
    game.grader.hold = asyncio.Event()
    player = await game.reset()
    step = player.begin_text(SUBMIT)
    await settle()
    call = player.begin_submit()
    await settle()
    assert call.events == [PhaseBegan(Phase.FREEZING, 1), PhaseBegan(Phase.CHECKING, 1)]
    game.grader.hold.set()
    assert (await step.last()).outcome is (await call.last()).outcome is Outcome.PASSED
    assert game.grader.calls == 1


async def test_a_submit_call_that_overtakes_a_text_submission_wins(game: Game) -> None:
    """A Submit call before the text submission got its turn grades once; the step says so and ends without the verdict."""
    player = await game.reset()
    stream = game.episodes.step(*player.key, 0, player.text(SUBMIT), stream_output=False)
    result = await player.submit()
    step = await game.follow(stream).last()
    assert (result.outcome, result.reward.value, step.outcome, step.reward) == (Outcome.PASSED, 1.0, None, rewards.NOTHING)
    assert game.grader.calls == 1


async def test_a_grader_that_fails_in_a_step_is_a_fault(game: Game) -> None:
    """When the work could not be judged there is no reward, and the episode has faulted."""
    game.grader.error = GradingFault(FaultKind.GRADER_FAILED, "The grader broke.")
    result = await (await game.reset()).say(SUBMIT)
    assert (result.outcome, result.fault.reason, result.reward.valid, result.grade) == (
        Outcome.FAULT,
        FaultReason.GRADER_FAILED,
        False,
        None,
    )


async def test_submit_on_the_last_step_is_graded(games: Games) -> None:
    """A submission that takes the last step is judged, not truncated."""
    game = await games(a_task(limits={"steps": 1}))
    assert (await (await game.reset()).say(SUBMIT)).outcome is Outcome.PASSED


@pytest.mark.parametrize("action", ["close", "exit"])
@pytest.mark.parametrize("task_id", ["1", None])
async def test_giving_up_ends_the_episode(game: Game, action: str, task_id: str | None) -> None:
    """`close` and `exit` end the episode with reward 0, with a task or without."""
    result = await (await game.reset(task_id)).say(f'{{"action": "{action}"}}')
    assert (result.outcome, result.outcome.terminated, result.reward, result.label) == (
        Outcome.GAVE_UP,
        True,
        rewards.NOTHING,
        Step.NEUTRAL,
    )
    await settle()
    assert not game.sandboxes.alive
    assert game.episodes.load().episodes == 0


async def test_a_dropped_call_does_not_stop_a_submission(games: Games) -> None:
    """Grading goes on though nobody follows for longer than reattach_grace_s."""
    game = await games(reattach_grace_s=10.0)
    game.grader.hold = asyncio.Event()
    player = await game.reset()
    call = player.begin_text(SUBMIT)
    await settle()
    await call.leave()
    await game.clock.advance(11.0)
    game.grader.hold.set()
    assert (await player.begin_text(SUBMIT, index=0).last()).outcome is Outcome.PASSED


async def test_a_streamed_text_command_is_interrupted_like_any(game: Game) -> None:
    """Interrupt works on a command that came as text."""
    player = await game.reset()
    call = player.begin_text('{"action": "command", "command": "sleep 20"}')
    await settle()
    player.interrupt(0)
    assert (await call.last()).observation.ended.reason is EndReason.INTERRUPTED

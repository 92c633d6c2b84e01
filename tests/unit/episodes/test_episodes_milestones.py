"""Milestones during an episode: when they are asked, what steps pay and are called, and what a failure to ask means."""

import asyncio
import math

import pytest
from each import each
from fakes import a_check, settle
from fakes.game import Follower, Game, Games, Player
from fakes.milestones import behind_its_back, exists, with_milestones, write

from codecraft_server.episodes.events import FaultReason, ListFiles, MilestoneChange, Outcome, ReadFile, StepResult, WriteFile
from codecraft_server.errors import InvalidFieldError, RequestIdConflictError, SandboxLostError
from codecraft_server.grading.verdict import FaultKind, GradingFault
from codecraft_server.rewards import RewardKind, RewardMode, RewardTerms, Step
from codecraft_server.sandbox import FileProblem, FileProblemKind
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Visibility

OUTCOME, MILESTONES = RewardTerms(), RewardTerms(RewardMode.MILESTONES)
SHAPED = RewardTerms(RewardMode.SHAPED, discount=1.0)
MODES = [OUTCOME, MILESTONES, SHAPED]


@pytest.fixture
async def milestones(games: Games) -> Game:
    return await games(with_milestones())


def looks(player: Player) -> int:
    return player.sandbox.calls.count("look")


def paid(result: StepResult) -> list[tuple[RewardKind, float]]:
    return [(part.kind, part.value) for part in result.reward.components]


# What is paid


async def test_each_milestone_pays_at_the_step_that_reached_it(milestones: Game) -> None:
    """The share is the task's; what is lost and won back pays nothing; the submission pays the rest of the score."""
    player = await milestones.reset(reward=MILESTONES)
    assert player.ready.reward == RewardTerms(RewardMode.MILESTONES, 0.5)
    first = await write(player, "a")
    assert (paid(first), first.reward.components[0].name) == ([(RewardKind.MILESTONE, 0.125)], "a")
    assert first.milestones == (MilestoneChange("a", "Title of a", holds=True, first=True, weight=0.25),)
    behind_its_back(player, "a", there=False)
    lost = await player.step("true")
    assert (paid(lost), lost.label) == ([], Step.REGRESS)
    assert lost.milestones == (MilestoneChange("a", "Title of a", holds=False, first=False, weight=0.25),)
    again = await write(player, "a")
    assert (paid(again), again.label, again.milestones[0].first) == ([], Step.PROGRESS, False)
    assert paid(await write(player, "b")) == [(RewardKind.MILESTONE, 0.375)]
    result = await player.submit()
    assert (result.reward.value, result.episode_return, result.label) == (0.5, 1.0, Step.PROGRESS)


async def test_shaping_pays_what_holds_and_takes_it_back_at_the_end(milestones: Game) -> None:
    """The potential's changes are paid step by step, and the end by the agent's doing pays it back."""
    player = await milestones.reset(reward=SHAPED)
    assert paid(await write(player, "b")) == [(RewardKind.SHAPING, 0.75)]
    behind_its_back(player, "b", there=False)
    assert paid(await player.step("true")) == [(RewardKind.SHAPING, -0.75)]
    assert paid(await write(player, "a")) == [(RewardKind.SHAPING, 0.25)]
    milestones.grader.score = 0.5
    result = await player.submit()
    assert [(part.kind, part.value) for part in result.reward.components] == [(RewardKind.OUTCOME, 0.5), (RewardKind.SHAPING, -0.25)]
    assert (result.episode_return, result.label) == (0.5, Step.NEUTRAL)


async def test_discounted_shaping_is_due_in_every_step(milestones: Game) -> None:
    """Also a step that changes nothing, or is no action, pays for standing still."""
    player = await milestones.reset(reward=RewardTerms(RewardMode.SHAPED, discount=0.5))
    await write(player, "a")
    assert paid(await player.step(ReadFile(b"a"))) == [(RewardKind.SHAPING, -0.125)]
    nonsense = await player.say("nonsense")
    assert paid(nonsense) == [(RewardKind.PENALTY, -1.0), (RewardKind.SHAPING, -0.125)]
    assert nonsense.label is Step.REGRESS


async def test_giving_up_pays_the_potential_back(milestones: Game) -> None:
    """To leave is to terminate."""
    player = await milestones.reset(reward=SHAPED)
    await write(player, "a")
    left = await player.say('{"action": "exit"}')
    assert (paid(left), left.outcome) == ([(RewardKind.SHAPING, -0.25)], Outcome.GAVE_UP)


async def test_running_out_of_steps_pays_nothing_back(games: Games) -> None:
    """Truncation is no end of the work: the last step pays as any other."""
    game = await games(with_milestones(limits={"steps": 2}))
    player = await game.reset(reward=SHAPED)
    await write(player, "a")
    last = await write(player, "b")
    assert (paid(last), last.outcome, last.label) == ([(RewardKind.SHAPING, 0.75)], Outcome.OUT_OF_STEPS, Step.PROGRESS)


async def test_a_submission_in_words_pays_the_same(milestones: Game) -> None:
    """The text action `submit` pays what Submit pays, asks no milestone, and is labelled by the verdict."""
    for terms, expected in ((OUTCOME, 1.0), (MILESTONES, 0.5), (SHAPED, 0.75)):
        player = await milestones.reset(reward=terms)
        await write(player, "a")
        looked = looks(player)
        step = await player.say('{"action": "submit"}')
        assert (step.reward.value, step.label, looks(player)) == (expected, Step.PROGRESS, looked)
        result = await player.submit()
        assert (result.reward.value, result.label) == (expected, Step.PROGRESS)


async def test_restart_begins_anew_and_pays_nothing_twice(milestones: Game) -> None:
    """The fresh sandbox holds nothing: the potential falls to what holds there, and what was paid once stays paid."""
    shaped, once = await milestones.reset(reward=SHAPED), await milestones.reset(reward=MILESTONES)
    for player in (shaped, once):
        await write(player, "a")
    restarted = await shaped.say('{"action": "reset"}')
    assert (paid(restarted), restarted.label) == ([(RewardKind.SHAPING, -0.25)], Step.REGRESS)
    assert paid(await once.say('{"action": "reset"}')) == []
    assert paid(await write(once, "a")) == []
    assert paid(await write(once, "b")) == [(RewardKind.MILESTONE, 0.375)]


async def test_a_task_started_in_words_pays_by_the_terms_of_reset(milestones: Game) -> None:
    """Reset's options wait for the task; steps before it pay nothing for milestones."""
    player = await milestones.reset(None, reward=RewardTerms(RewardMode.MILESTONES))
    assert player.ready.reward == RewardTerms(RewardMode.MILESTONES)
    await player.say("nonsense")
    started = await player.say('{"action": "start", "task_id": "1"}')
    assert (paid(started), started.label) == ([], Step.NEUTRAL)
    assert paid(await write(player, "a")) == [(RewardKind.MILESTONE, 0.125)]


async def test_hidden_milestones_stay_hidden(games: Games) -> None:
    """They pay and label; neither id nor title reaches anybody."""
    game = await games(with_milestones(milestones=(exists("a", 1.0, Visibility.HIDDEN),)))
    player = await game.reset(reward=MILESTONES)
    result = await write(player, "a")
    assert (paid(result), result.reward.components[0].name) == ([(RewardKind.MILESTONE, 0.5)], "")
    assert (result.milestones, result.label) == ((), Step.PROGRESS)


# When they are asked


@pytest.mark.parametrize("terms", MODES, ids=lambda terms: terms.mode.value)
async def test_milestones_are_asked_where_something_may_have_changed(milestones: Game, terms: RewardTerms) -> None:
    """After commands, writes and restarts, in every mode; not after reading, listing, mistakes and submissions."""
    player = await milestones.reset(reward=terms)
    for quiet in (ReadFile(b"a"), ListFiles()):
        await player.step(quiet)
    for mistake in ("nonsense", '{"action": "start", "task_id": "1"}'):
        await player.say(mistake)
    assert looks(player) == 0
    await player.step("true")
    await player.step("false")
    await write(player, "x")
    await player.step(WriteFile(b"/tmp", b""))  # fails, and may have made directories
    assert looks(player) == 4
    await player.say('{"action": "reset"}')
    assert looks(player) == 1
    await player.submit()
    assert looks(player) == 1


async def test_tasks_without_milestones_are_not_looked_at(game: Game) -> None:
    """There is nothing to look for, and a full score is a return of 1 in every mode."""
    for terms in MODES:
        player = await game.reset(reward=terms)
        assert (await write(player, "a")).label is Step.NEUTRAL
        assert looks(player) == 0
        assert (await player.submit()).episode_return == 1.0


async def test_looking_is_not_charged(games: Games) -> None:
    """However long a milestone takes, the episode's time is the agent's own."""
    game = await games(with_milestones(milestones=(a_check("runs"),)))
    game.grader.hold = asyncio.Event()
    player = await game.reset(reward=MILESTONES)
    step = player.begin("true", stream=True)
    await game.clock.advance(50.0)
    assert not step.done
    game.grader.hold.set()
    result = await step.last()
    assert paid(result) == [(RewardKind.MILESTONE, 0.5)]
    assert (result.timing.episode_s_left, result.timing.busy_s) == (100.0, 0.0)
    assert result.timing.elapsed_s == 50.0


async def test_an_interrupted_command_is_looked_at_too(milestones: Game) -> None:
    """What a step did before it was stopped by a submission is paid before that is."""
    player = await milestones.reset(reward=MILESTONES)
    step = player.begin("sleep 10")
    await settle()
    behind_its_back(player, "a", there=True)
    result = await player.submit()
    assert paid(await step.last()) == [(RewardKind.MILESTONE, 0.125)]
    assert result.episode_return == 0.625


# What failing means


FAILURES = [FileProblem(FileProblemKind.IO, "the disk fails"), RuntimeError("a defect")]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
async def test_where_only_the_outcome_pays_a_failed_look_costs_the_label(milestones: Game, failure: Exception) -> None:
    """The episode goes on, and a later look finds what there is."""
    player = await milestones.reset()
    step = player.begin("sleep 1")
    await settle()
    player.sandbox.fail_next = failure
    await milestones.clock.advance(1.0)
    result = await step.last()
    assert (result.label, result.reward.value, result.outcome, result.fault) == (Step.UNKNOWN, 0.0, None, None)
    assert (await write(player, "a")).label is Step.PROGRESS
    assert (await player.submit()).episode_return == 1.0


@pytest.mark.parametrize("terms", [MILESTONES, SHAPED], ids=lambda terms: terms.mode.value)
@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (FAILURES[0], FaultReason.GRADER_FAILED),
        (FAILURES[1], FaultReason.INTERNAL),
        (SandboxLostError("gone", "gone"), FaultReason.SANDBOX_LOST),
        (SandboxLostError("no engine", "engine"), FaultReason.ENGINE_LOST),
    ],
)
async def test_where_milestones_pay_a_failed_look_is_a_fault(
    milestones: Game, terms: RewardTerms, failure: Exception, reason: FaultReason
) -> None:
    """The step has no reward, never a fake 0, what it showed is shown, and the episode ends."""
    player = await milestones.reset(reward=terms)
    step = player.begin("sleep 1; echo done", stream=False)
    await settle()
    player.sandbox.fail_next = failure
    await milestones.clock.advance(1.0)
    result = await step.last()
    assert (result.label, result.reward.valid, result.outcome) == (Step.UNKNOWN, False, Outcome.FAULT)
    assert result.fault is not None
    assert result.fault.reason is reason
    assert result.observation.output == b"done\n"


async def test_a_milestone_that_can_not_be_run_is_a_fault(games: Games) -> None:
    """A grading sandbox that can't be had is the service's failure."""
    game = await games(with_milestones(milestones=(a_check("runs"),)))
    game.grader.error = GradingFault(FaultKind.GRADER_FAILED, "No sandbox.")
    player = await game.reset(reward=MILESTONES)
    result = await player.step("true")
    assert (result.reward.valid, result.outcome) == (False, Outcome.FAULT)
    assert result.fault is not None
    assert (result.fault.reason, result.fault.message) == (FaultReason.GRADER_FAILED, "No sandbox.")


async def test_a_look_that_hangs_is_given_up(games: Games) -> None:
    """A milestone that never answers ends as a fault, in a bounded time."""
    game = await games(with_milestones(milestones=(a_check("runs"),)), lease_s=1e6)
    game.grader.hold = asyncio.Event()
    player = await game.reset(reward=SHAPED)
    step = player.begin("true")
    await game.clock.advance(GradingBounds().prepare_s + 200.0)
    result = await step.last()
    assert (result.reward.valid, result.outcome) == (False, Outcome.FAULT)


@pytest.mark.parametrize("terms", MODES, ids=lambda terms: terms.mode.value)
async def test_a_step_cut_short_by_the_end_pays_no_fake_zero(milestones: Game, terms: RewardTerms) -> None:
    """When the episode is closed under a running command nobody knows what that reached: no label, and no reward where it matters."""
    player = await milestones.reset(reward=terms)
    step = player.begin("sleep 10")
    await settle()
    await milestones.episodes.close(*player.key)
    result = await step.last()
    assert (result.outcome, result.label, result.reward.valid) == (Outcome.CLOSED, Step.UNKNOWN, terms is OUTCOME)


async def test_a_fault_of_the_grader_has_no_label(milestones: Game) -> None:
    """Where the work could not be judged nobody knows what the submission was worth."""
    milestones.grader.error = GradingFault(FaultKind.GRADER_FAILED, "m")
    player = await milestones.reset(reward=MILESTONES)
    result = await player.submit()
    assert (result.label, result.reward.valid, result.episode_return) == (Step.UNKNOWN, False, None)


async def test_judged_again_it_pays_as_if_it_were_the_first_time(milestones: Game) -> None:
    """After a fault the kept work is judged once more, and pays by the same terms."""
    player = await milestones.reset(reward=MILESTONES)
    await write(player, "a")
    milestones.grader.error = GradingFault(FaultKind.GRADER_FAILED, "m")
    await player.submit()
    milestones.grader.error = None
    result = await Follower(milestones.episodes.submit(*player.key, again=True)).last()
    assert (result.reward.value, result.episode_return) == (0.5, 0.625)


# What may be asked for


@each(
    ("terms", "field"),
    [
        (RewardTerms(RewardMode.SHAPED), "reward.discount"),
        (RewardTerms(RewardMode.SHAPED, discount=0.0), "reward.discount"),
        (RewardTerms(RewardMode.SHAPED, discount=1.1), "reward.discount"),
        (RewardTerms(RewardMode.SHAPED, discount=math.nan), "reward.discount"),
        (RewardTerms(RewardMode.SHAPED, milestone_share=0.5, discount=1.0), "reward.milestone_share"),
        (RewardTerms(RewardMode.MILESTONES, discount=1.0), "reward.discount"),
        (RewardTerms(RewardMode.MILESTONES, -0.1), "reward.milestone_share"),
        (RewardTerms(RewardMode.MILESTONES, 1.1), "reward.milestone_share"),
        (RewardTerms(RewardMode.MILESTONES, math.nan), "reward.milestone_share"),
        (RewardTerms(RewardMode.MILESTONES, math.inf), "reward.milestone_share"),
        (RewardTerms(RewardMode.OUTCOME, 0.5), "reward.milestone_share"),
        (RewardTerms(RewardMode.OUTCOME, discount=1.0), "reward.discount"),
    ],
)
async def test_terms_that_make_no_sense_are_refused(games: Games, terms: RewardTerms, field: str) -> None:
    """A number out of range, one that belongs to another mode, and a missing one are refused by name before anything happens."""
    game = await games()
    with pytest.raises(InvalidFieldError) as refused:
        game.episodes.reset("r", "1", reward=terms)
    assert refused.value.field == field


async def test_a_request_id_has_one_reward(game: Game) -> None:
    """The same request id with other terms is a conflict; with the same ones it is the same episode."""
    player = await game.reset(request_id="r", reward=SHAPED)
    assert (await game.reset(request_id="r", reward=SHAPED)).ready is player.ready
    with pytest.raises(RequestIdConflictError):
        game.episodes.reset("r", "1")

"""What an episode has used and earned, and a step's result as it reads from there. Knows nothing of order or of sandboxes."""

from codecraft_server import rewards
from codecraft_server.episodes.actions import Effect
from codecraft_server.episodes.events import Budget, Fault, Observation, Outcome, StepResult, SubmitResult, Timing
from codecraft_server.episodes.judging import Submission, Verdict
from codecraft_server.episodes.statistics import Ending
from codecraft_server.episodes.steps import StepRun
from codecraft_server.episodes.workbench import Workbench
from codecraft_server.episodes.world import World
from codecraft_server.rewards import Reward


class Ledger:
    """Steps, busy seconds, rewards. Its bounds are the task's, or the defaults as long as there is no task."""

    def __init__(self, world: World, bench: Workbench) -> None:
        self.steps_taken = 0
        self._world = world
        self._bench = bench
        self._busy_s = 0.0
        self._rewards: list[Reward] = []

    @property
    def budget(self) -> Budget:
        """What is left of the steps."""
        return Budget(self.steps_taken, max(0, self._steps_most - self.steps_taken), self._bench.task)

    @property
    def seconds_left(self) -> float:
        """What is left of the busy time, not negative."""
        task = self._bench.task
        return max(0.0, (task.limits.episode_s if task else self._world.settings.defaults.episode_s) - self._busy_s)

    @property
    def _steps_most(self) -> int:
        task = self._bench.task
        return task.limits.steps if task else self._world.settings.defaults.steps

    @property
    def episode_return(self) -> float | None:
        """The sum of the rewards; None when it can't be known."""
        return rewards.returned(self._rewards)

    def used_up(self) -> Outcome | None:
        """How an episode ends that has nothing left."""
        if self.steps_taken >= self._steps_most:
            return Outcome.OUT_OF_STEPS
        return Outcome.OUT_OF_TIME if self.seconds_left <= 0 else None

    def charge(self, busy_s: float) -> None:
        """Count time of the sandbox."""
        self._busy_s += busy_s

    def earn(self, reward: Reward) -> None:
        """Count a reward, or the absence of one."""
        self._rewards.append(reward)

    def earn_after_all(self, reward: Reward) -> None:
        """Put a reward in the place of the one whose absence was counted last."""
        absent = max((index for index, one in enumerate(self._rewards) if not one.valid), default=None)
        if absent is None:
            self._rewards.append(reward)
        else:
            self._rewards[absent] = reward

    def step_result(self, run: StepRun, effect: Effect, outcome: Outcome | None, fault: Fault | None) -> StepResult:
        """What a step came to, all having been counted."""
        observation = Observation(
            budget=self.budget,
            message=effect.message,
            output=effect.output,
            error_output=effect.error_output,
            gaps=effect.gaps,
            ended=effect.ended,
            file=effect.file,
            files=effect.files,
            error=effect.error,
        )
        timing = Timing(
            started_at=run.began_wall,
            elapsed_s=self._world.clock.monotonic() - run.began,
            busy_s=effect.busy_s,
            stalled_s=effect.stalled_s,
            episode_s_left=self.seconds_left,
        )
        return StepResult(
            step_index=run.index,
            observation=observation,
            reward=effect.reward,
            label=effect.label,
            timing=timing,
            outcome=outcome,
            fault=fault,
            grade=effect.grade,
            started_task=effect.started_task,
            milestones=effect.milestones,
        )

    def submit_result(self, submission: Submission, verdict: Verdict) -> SubmitResult:
        """What a submission came to, its reward having been counted."""
        return SubmitResult(
            grade=verdict.grade,
            reward=verdict.reward,
            episode_return=self.episode_return,
            outcome=verdict.outcome,
            timing=submission.timing(self.seconds_left),
            fault=verdict.fault,
            label=rewards.of_submission(passed=verdict.grade.passed if verdict.grade else None),
        )

    def ending(self, outcome: Outcome, submitted: SubmitResult | None) -> Ending:
        """How the episode ended, for the statistics."""
        graded = submitted if submitted is not None and submitted.grade is not None else None
        return Ending(
            outcome=outcome,
            steps=self.steps_taken,
            score=graded.grade.score if graded and graded.grade else None,
            episode_return=self.episode_return,
            grading_s=graded.timing.elapsed_s - graded.timing.queued_s if graded else None,
        )

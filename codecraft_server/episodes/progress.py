"""How far an episode has come: has its milestones asked where something may have changed, and has its steps and its submission pay.

Knows what a failure to ask means for the episode. What is paid for is `way`'s matter, how milestones are asked `grading.milestones`'.
"""

import logging
from dataclasses import replace

from codecraft_server import rewards
from codecraft_server.clock import within
from codecraft_server.episodes.actions import Effect
from codecraft_server.episodes.events import Fault, FaultReason, Outcome
from codecraft_server.episodes.judging import Verdict
from codecraft_server.episodes.way import Way
from codecraft_server.episodes.workbench import Workbench
from codecraft_server.episodes.world import INTERNAL, World, fault_of
from codecraft_server.errors import SandboxLostError
from codecraft_server.grading.milestones import Milestones
from codecraft_server.grading.verdict import GradingFault
from codecraft_server.rewards import Reward, RewardMode, RewardTerms, Step
from codecraft_server.sandbox import Sandbox
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Task

_log = logging.getLogger(__name__)


class Progress:
    """Of one episode. Has no way as long as that has no task."""

    def __init__(self, world: World, bench: Workbench, terms: RewardTerms) -> None:
        self._world = world
        self._bench = bench
        self._terms = terms
        self._way: Way | None = None
        self._milestones: Milestones | None = None

    def _begun(self) -> Way | None:
        task = self._bench.task
        if self._way is None and task is not None:
            self._way = Way(self._terms, task)
            self._milestones = Milestones(task, self._world.grader, GradingBounds()) if task.milestones else None
        return self._way

    async def look(self, effect: Effect) -> None:
        """Have the milestones asked if an action may have changed something; note in its effect what holds now, or that nobody knows."""
        self._begun()
        task, sandbox = self._bench.task, self._bench.sandbox
        if self._milestones is None or task is None or not effect.changed or effect.fault is not None:
            return
        fault = INTERNAL if sandbox is None else await self._ask(self._milestones, task, sandbox, effect)
        if fault is not None and self._terms.mode is not RewardMode.OUTCOME:
            effect.fault = fault  # what this step pays is not known, so no later reward could make up the return

    async def _ask(self, milestones: Milestones, task: Task, sandbox: Sandbox, effect: Effect) -> Fault | None:
        bounds = GradingBounds()
        deadline_s = sum(each.timeout_s + bounds.slack_s for each in task.milestones) + bounds.prepare_s
        try:
            effect.holds = await within(self._world.clock, deadline_s, milestones.ask(sandbox))
        except GradingFault as fault:
            return Fault(FaultReason(fault.kind.value), fault.message)
        except TimeoutError:
            return Fault(FaultReason.GRADER_FAILED, "The milestones could not be asked in time.")
        except SandboxLostError as lost:
            return fault_of(lost)
        except Exception:  # noqa: BLE001 - the fault says to the client what it may know, the log the rest
            _log.exception("milestones broke", extra={"task": task.task_id, "sandbox": sandbox.name})
            return INTERNAL
        return None

    def pay(self, effect: Effect, outcome: Outcome | None) -> None:
        """Have a step pay that is no fault and no submission; `outcome` is how the episode ended with it."""
        way = self._begun()
        if way is None:
            return
        if outcome is Outcome.GAVE_UP:
            effect.reward = rewards.increased(effect.reward, way.left())
            return
        stride = way.step(effect.holds)
        effect.milestones = stride.changes
        effect.reward = rewards.increased(effect.reward, stride.parts)
        if self._milestones is not None and effect.changed and effect.holds is None:
            effect.label = Step.UNKNOWN
            effect.reward = effect.reward if self._terms.mode is RewardMode.OUTCOME else rewards.ABSENT
        elif effect.label is Step.NEUTRAL:
            effect.label = stride.label

    def paid(self, verdict: Verdict) -> Verdict:
        """A verdict with the reward that its submission pays in this episode."""
        way = self._begun()
        if verdict.grade is None or way is None:
            return verdict
        return replace(verdict, reward=Reward(valid=True, components=way.submitted(verdict.grade.score)))

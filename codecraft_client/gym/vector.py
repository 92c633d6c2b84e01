"""Many environments at once over one stream, in one process and without a thread or a process for each.

`step` takes a step everywhere and waits for all of them; `send` and `recv` don't hold up those that are done by those that are not.
The environments' arguments, observations, rewards and infos are CodeCraftEnv's, and batches look as Gymnasium's SyncVectorEnv makes them.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from gymnasium.error import AlreadyPendingCallError, ClosedEnvironmentError, InvalidAction, NoAsyncCallError, ResetNeeded
from gymnasium.utils import EzPickle
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from codecraft_client.calls import Reset
from codecraft_client.errors import UsageError
from codecraft_client.gym import batches
from codecraft_client.gym.actions import ActionMode, action_space, to_action
from codecraft_client.gym.batches import Stepped
from codecraft_client.gym.company import Company
from codecraft_client.gym.faults import VectorFaultError
from codecraft_client.gym.modes import OnFault, one_of
from codecraft_client.gym.observations import observation_space
from codecraft_client.gym.opening import Opening
from codecraft_client.gym.player import Player, State, Turning
from codecraft_client.rewards import RewardOptions
from codecraft_client.rollout import LIMIT
from codecraft_client.types import TaskChoice

MOST = LIMIT // 2  # each may have a step on the way and a request to close its episode


class CodeCraftVectorEnv(VectorEnv[dict[str, Any], Any, NDArray[Any]], EzPickle):
    """Many times CodeCraftEnv, on one stream.

    Cheap to make: nothing is said to the server before the first `reset`. A copy, pickled or otherwise, and what a forked process inherits,
    are new environments made alike, that need a reset. `close` it: it closes all episodes, and takes no longer than some 20 s whatever
    runs in them; those that can't be reached any more end with the server's lease. Each is used by one thread at a time.

    What fails in single environments is told for all of them at once, by a VectorFaultError that has the results of the others.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 1, "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012 - declared so by Gymnasium

    def __init__(
        self,
        num_envs: int = 1,
        target: str | None = None,
        task: str | None = None,
        *,
        choice: TaskChoice | None = None,
        trainer: str = "",
        reward: RewardOptions | None = None,
        action_mode: ActionMode = "text",
        on_fault: OnFault = "raise",
        render_mode: str | None = None,
        timing: bool = False,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    ) -> None:
        """No I/O.

        Args:
            num_envs: How many environments, each with an episode of its own; at most as many as the server has places.
            target: As for CodeCraftEnv.
            task: As for CodeCraftEnv; each environment draws its own where there is none.
            choice: As for CodeCraftEnv.
            trainer: As for CodeCraftEnv.
            reward: As for CodeCraftEnv.
            action_mode: As for CodeCraftEnv.
            on_fault: What a step does when the service fails: "raise" a VectorFaultError, or "truncate" the episode with NaN for a reward.
            render_mode: None or "ansi": `render` returns the screens. There is no "human" mode: the screens would be mixed up.
            timing: As for CodeCraftEnv.
            autoreset_mode: When an environment whose episode has ended opens another: with the NEXT_STEP, in the SAME_STEP, or (DISABLED)
                only when `reset` says so.

        Raises:
            UsageError: A mode that there is none of, a task as well as a choice, or a number of environments that can't be.
        """
        modes = {"action_mode": action_mode, "on_fault": on_fault, "render_mode": render_mode, "timing": timing}
        named_modes = modes | {"autoreset_mode": autoreset_mode}
        EzPickle.__init__(self, num_envs, target, task, choice=choice, trainer=trainer, reward=reward, **named_modes)
        one_of("action_mode", action_mode, ("text", "typed"))
        one_of("on_fault", on_fault, ("raise", "truncate"))
        one_of("render_mode", render_mode, (None, *self.metadata["render_modes"]))
        one_of("autoreset_mode", autoreset_mode, (*AutoresetMode, *(mode.value for mode in AutoresetMode)))
        if not 1 <= num_envs <= MOST:
            raise UsageError(f"num_envs must be from 1 to {MOST}, not {num_envs}")
        self.num_envs = num_envs
        self.single_action_space = action_space(action_mode)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.single_observation_space = observation_space()
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.render_mode = render_mode
        self._autoreset = AutoresetMode(autoreset_mode)
        self.metadata = self.metadata | {"autoreset_mode": self._autoreset}
        self._opening = Opening(task, choice, trainer, reward)
        self._action_mode: ActionMode = action_mode
        self._make = partial(Company, num_envs, target, raises=on_fault == "raise", timing=timing, screen=render_mode is not None)
        self._made: Company | None = None

    @property  # type: ignore[misc]  # one for each environment and read-only, as SyncVectorEnv has it
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """What each environment leaves to chance."""
        return tuple(player.chance for player in self._company.players)

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seed of each environment."""
        return tuple(player.seed_of_chance for player in self._company.players)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Close the episodes that are open, whatever is going on in them, and open others. What was sent there is not received any more.

        Args:
            seed: Of the first environment, the others have those after it; or one for each.
            options: As for CodeCraftEnv, and a list, tuple or array has one value for each environment. "reset_mask": which environments;
                the others go on, and what they showed last is returned for them.

        Raises:
            UsageError: An option that there is none of, or a list or mask of another length.
            CodecraftError: An episode could not be opened, such as NoCapacityError; then none is, and another reset is needed.
        """
        own = dict(options or {})
        mask, each, seeds = (batches.reset_mask(own, self.num_envs), batches.each(own, self.num_envs), batches.seeds(seed, self.num_envs))
        places = [int(place) for place in np.flatnonzero(mask)]
        company = self._company
        if unseen := [place for place, player in enumerate(company.players) if not mask[place] and player.shown is None]:
            raise ResetNeeded(f"{_list(unseen)} was never reset and is not in the mask")
        company.admit()
        for place in places:
            if seeds[place] is not None:
                company.players[place].seed(seeds[place])
        wanted = {place: self._reset_of(company.players[place], each[place]) for place in places}
        turns = company.open(wanted)
        shown = [player.shown or {} for player in company.players]
        infos = batches.infos([turns[place].infos if place in turns else () for place in range(self.num_envs)])
        return batches.observed(self.single_observation_space, shown), infos

    def step(self, actions: Any) -> Stepped:
        """Take a step in each environment and wait for all of them.

        Raises:
            InvalidAction: One of the actions is not in the action space. Nothing was sent.
            ResetNeeded: An environment has no episode, or one that is over, and does not reset by itself. Nothing was sent.
            VectorFaultError: The service failed in some (with `on_fault="raise"`), or a next episode could not be opened.
            AlreadyPendingCallError: Something that was sent has not been received.
        """
        self.send(actions)
        return self._received(self.num_envs)

    def send(self, actions: Any, env_ids: Iterable[int] | None = None) -> None:
        """Begin a step in each of these environments, or in all of them, one action for each. Waits for nothing.

        `recv` has the results. Until it has returned that of an environment, the environment takes no further step. Raises as `step` does.
        """
        places = list(range(self.num_envs)) if env_ids is None else self._places(env_ids)
        company = self._company
        if busy := [place for place in places if company.dialogues.is_busy(place)]:
            raise AlreadyPendingCallError(f"{_list(busy)} has a step that was sent and not received: call recv(), or reset()", "step")
        turnings = [
            self._turning(company.players[place], place, action)
            for place, action in zip(places, batches.actions_of(self.action_space, actions, len(places)), strict=True)
        ]
        for place, turning in zip(places, turnings, strict=True):
            company.dialogues.begin(place, turning)

    def recv(self, batch_size: int | None = None) -> Stepped:
        """Wait for the results of what was sent: for the first `batch_size` environments that are done, or for all.

        Returns what `step` returns, for those environments only, in the order of their numbers, which are in `infos["env_id"]`.

        Raises:
            NoAsyncCallError: Less was sent than is to be received.
            VectorFaultError: As for `step`.
        """
        sent = self._company.dialogues.busy + len(self._company.dialogues.finished)
        number = sent if batch_size is None else batch_size
        if not 1 <= number <= sent:
            raise NoAsyncCallError(f"steps of {sent} environments are to be received, not of {number}: send() first", "step")
        return self._received(number, told=True)

    def render(self) -> tuple[str, ...] | None:
        """Return the screens, where the mode is "ansi"."""
        if self.render_mode is None:
            return None
        return tuple(player.terminal.screen for player in self._company.players if player.terminal is not None)

    def close_extras(self) -> None:
        """Close all episodes, running commands or not, and the stream; see `close`."""
        company, self._made = self._made, None
        if company is not None and company.here:
            company.disband()

    @property
    def _company(self) -> Company:
        """That of this process: what a parent has begun is the parent's."""
        if self.closed:
            raise ClosedEnvironmentError("this environment is closed")
        if self._made is None or not self._made.here:
            self._made = self._make()
        return self._made

    def _places(self, env_ids: Iterable[int]) -> list[int]:
        places = [int(place) for place in env_ids]
        if len(set(places)) != len(places) or not set(places) <= set(range(self.num_envs)):
            raise UsageError(f"env_ids must be different numbers from 0 to {self.num_envs - 1}, not {places}")
        return places

    def _reset_of(self, player: Player, options: dict[str, Any]) -> Reset:
        return Reset(**self._opening.arguments(options, self._company.client, player.chance))

    def _turning(self, player: Player, place: int, action: Any) -> Turning:
        """What is to be done when an environment is given an action."""
        renewed = partial(self._reset_of, player, {})
        if player.state is State.ENDED and self._autoreset is AutoresetMode.NEXT_STEP:
            return player.opening(renewed)
        if player.state is not State.PLAYING:
            raise ResetNeeded(f"environment {place} {'has ended' if player.state is State.ENDED else 'has no episode'}: call reset()")
        try:
            sent = to_action(self._action_mode, self.single_action_space, action)
        except InvalidAction as error:
            raise InvalidAction(f"environment {place}: {error}") from error
        return player.renewing(sent, renewed) if self._autoreset is AutoresetMode.SAME_STEP else player.stepping(sent)

    def _received(self, number: int, *, told: bool = False) -> Stepped:
        """What the first so many environments came to; `told`: which ones they are, too."""
        company = self._company
        finished = company.dialogues.finished
        company.dialogues.wait(lambda: len(finished) >= number)
        places = sorted(islice(finished, number))
        turns = [company.taken(place) for place in places]
        results = batches.stepped(self.single_observation_space, turns)
        if told:
            results[-1]["env_id"] = np.array(places)
        errors = {place: turn.error for place, turn in zip(places, turns, strict=True) if turn.error is not None}
        if errors:
            raise VectorFaultError(errors, results) from errors[min(errors)]
        return results


def _list(places: Sequence[int]) -> str:
    return f"environment {', '.join(map(str, places))}"

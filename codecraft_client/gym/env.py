"""The environment: one episode after another, played through the client. Rules and rewards are the server's, the shape is Gymnasium's."""

import logging
from typing import Any

import gymnasium
from gymnasium.error import ResetNeeded
from gymnasium.utils import EzPickle

from codecraft_client.actions import Action
from codecraft_client.client import Client
from codecraft_client.episode import Episode
from codecraft_client.errors import CodecraftError, InvalidFieldError, UsageError
from codecraft_client.events import StepResult
from codecraft_client.gym import observations, told
from codecraft_client.gym.actions import ActionMode, action_space, to_action
from codecraft_client.gym.modes import OnFault, one_of
from codecraft_client.gym.opening import Opening
from codecraft_client.gym.streamed import watched
from codecraft_client.gym.terminal import Terminal
from codecraft_client.gym.told import Stepped
from codecraft_client.rewards import RewardOptions
from codecraft_client.types import TaskChoice

log = logging.getLogger("codecraft_client")


class CodeCraftEnv(gymnasium.Env[dict[str, Any], Any], EzPickle):
    """Learning to write code in a real sandbox.

    Cheap to make: nothing is said to the server before the first `reset`. A copy, pickled or otherwise, is a new environment made alike.
    `close` it: an episode that is left open keeps its sandbox until the server's lease ends.

    Attributes:
        episode: The client's episode that is being played; None before the first reset and after `close`.
        action: The client's action of the last step, as it was sent; None after a reset.
        result: The client's result of the last step, with all that is known of it; None after a reset, and where none came.
    """

    metadata: dict[str, Any] = {"render_modes": ["human", "ansi"], "render_fps": 1}  # noqa: RUF012 - declared so by Gymnasium

    def __init__(
        self,
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
    ) -> None:
        """No I/O.

        Args:
            target: HOST:PORT of the server; None: CODECRAFT_TARGET, else 127.0.0.1:50051. A token is taken from CODECRAFT_TOKEN.
            task: The task of every episode, unless `reset` is told another; None: each `reset` draws one of all that can be graded;
                NO_TASK: none, the agent starts one by the text action `start`.
            choice: Have the server choose the tasks so: one after another, or by how this trainer fares with them.
            trainer: Whose episodes they are: the server keeps choices and statistics apart by it.
            reward: How episodes pay; None: for their outcome only.
            action_mode: "text": a string in the JSON dialect, as a model writes it; "typed": a Dict, see `codecraft_client.gym.typed`.
            on_fault: What a step does when the service fails: "raise" a CodecraftError, or "truncate" the episode with NaN for a reward.
            render_mode: "human": shows what happens on standard output as it happens; "ansi": `render` returns the screen.
            timing: Whether infos have a part `timing`, which is never the same twice.

        Raises:
            UsageError: A mode that there is none of, or a task as well as a choice.
        """
        modes = {"action_mode": action_mode, "on_fault": on_fault, "render_mode": render_mode, "timing": timing}
        EzPickle.__init__(self, target, task, choice=choice, trainer=trainer, reward=reward, **modes)
        one_of("action_mode", action_mode, ("text", "typed"))
        one_of("on_fault", on_fault, ("raise", "truncate"))
        one_of("render_mode", render_mode, (None, *self.metadata["render_modes"]))
        self.action_space = action_space(action_mode)
        self.observation_space = observations.observation_space()
        self.render_mode = render_mode
        self.episode: Episode | None = None
        self.action: Action | None = None
        self.result: StepResult | None = None
        self._opening = Opening(task, choice, trainer, reward)
        self._action_mode: ActionMode = action_mode
        self._on_fault = on_fault
        self._timing = timing
        self._target = target
        self._client: Client | None = None
        self._over = True
        self._terminal = Terminal(live=render_mode == "human")

    @property
    def client(self) -> Client:
        """The connection, made at first use."""
        if self._client is None:
            self._client = Client.from_environment(self._target)
        return self._client

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Close the episode that is open and open another.

        Args:
            seed: Of what is left to chance, which is the task, where none is given.
            options: "task_id": the task of this episode; or "choice": how the server is to choose it; "reward": how it pays.

        Raises:
            UsageError: An option that there is none of.
            CodecraftError: The episode could not be opened, such as NoCapacityError and TaskNotFoundError.
        """
        super().reset(seed=seed)
        wanted = self._opening.arguments(options or {}, self.client, self.np_random)
        self._leave()
        self.episode = episode = self.client.reset(**wanted)
        self._over = False
        self._terminal.clear()
        self._terminal.line(episode.observation.message.strip())
        return told.opened(episode.ready, timing=self._timing)

    def step(self, action: Any) -> Stepped:
        """Take a step. What the agent does wrong is in the observation, costs what the task says, and the episode goes on.

        Raises:
            ResetNeeded: There is no episode, or it is over.
            InvalidAction: The action is not in the action space.
            EpisodeFaultError: The service failed (with `on_fault="raise"`). Other CodecraftErrors: the line or the server did.
        """
        if self.episode is None or self._over:
            raise ResetNeeded("the episode is over: call reset()" if self.episode else "call reset() first")
        self.action = self.result = None
        self.action = to_action(self._action_mode, self.action_space, action)
        try:
            result = self._taken(self.episode, self.action)
        except (UsageError, InvalidFieldError):
            raise  # this program's mistake, whatever is to be done about the service's
        except CodecraftError as error:
            if self._on_fault == "raise":
                raise
            self._over = True
            self._terminal.line(f"[no reward: {error}]")
            return told.lost(self.episode.observation, error)
        self.result, self._over = result, result.done
        fault = told.fault(self.episode.episode_id, result)
        if fault is not None and self._on_fault == "raise":
            raise fault
        return told.stepped(self.episode.episode_id, result, timing=self._timing)

    def render(self) -> str | None:
        """Return the screen, where the mode is "ansi"."""
        return self._terminal.screen if self.render_mode == "ansi" else None

    def close(self) -> None:
        """Close the episode and the connection. Idempotent; a `reset` after it opens both anew."""
        self._leave()
        if self._client is not None:
            self._client.close()
            self._client = None
            self._opening.forget()

    def _taken(self, episode: Episode, action: Action) -> StepResult:
        self._terminal.typed(action)
        if self.render_mode == "human":
            result = watched(episode.start(action), self._terminal, _kept_bytes(episode))
        else:
            result = episode.step(action)
        if self.render_mode == "ansi" or result.observation.file or result.observation.files:
            self._terminal.write(observations.observed(result.observation)["output"])
        self._terminal.ended(result)
        return result

    def _leave(self) -> None:
        """Close the episode. Where that fails, its lease ends it."""
        episode, self.episode, self._over = self.episode, None, True
        self.action = self.result = None
        if episode is None:
            return
        try:
            episode.close()
        except CodecraftError as failure:
            log.debug("episode %s was left to its lease: %s", episode.episode_id, failure)


def inmost(env: gymnasium.Env[Any, Any]) -> CodeCraftEnv:
    """Return the environment inside of all wrappers. UsageError when it is none of ours."""
    inner = env.unwrapped
    if not isinstance(inner, CodeCraftEnv):
        raise UsageError(f"{inner} is no CodeCraftEnv")
    return inner


def _kept_bytes(episode: Episode) -> int:
    return episode.task.limits.output_bytes if episode.task else 0

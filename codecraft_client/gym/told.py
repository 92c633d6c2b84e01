"""What Gymnasium is told of an opening, of a step, and of a step that was lost, whichever environment it is told by.

Pure: from the client's values to observation, reward, ends and info. Knows no line and no episode but by its id.
"""

import math
from typing import Any, TypeAlias

from codecraft_client.errors import CodecraftError, Where
from codecraft_client.events import Ready, StepResult
from codecraft_client.gym import observations
from codecraft_client.gym.faults import EpisodeFaultError
from codecraft_client.types import Observation

Opened: TypeAlias = tuple[dict[str, Any], dict[str, Any]]
Stepped: TypeAlias = tuple[dict[str, Any], float, bool, bool, dict[str, Any]]


def opened(ready: Ready, *, timing: bool) -> Opened:
    """Return what `reset` returns."""
    info = observations.opening_info(ready)
    if timing:
        info["timing"] = observations.timing(ready.episode_id, ready.timing)
    return observations.observed(ready.observation), info


def stepped(episode_id: str, result: StepResult, *, timing: bool) -> Stepped:
    """Return what `step` returns; the reward is NaN where there is none."""
    info = observations.step_info(result)
    if timing:
        info["timing"] = observations.timing(episode_id, result.timing, result)
    reward = math.nan if result.reward.value is None else result.reward.value
    return observations.observed(result.observation), reward, result.terminated, result.truncated, info


def lost(last: Observation, error: CodecraftError) -> Stepped:
    """Return what `step` returns when nothing came of it: the episode ends here, whatever has become of it there."""
    fault = {"reason": error.reason.lower() or type(error).__name__, "message": str(error)}
    return observations.unseen(last), math.nan, False, True, {"reward_valid": False, "fault": fault}


def fault(episode_id: str, result: StepResult) -> EpisodeFaultError | None:
    """Return the error of a step that has no reward because the service failed; None where all is well."""
    if result.reward.value is not None:
        return None
    what = f"{result.fault.reason.value}: {result.fault.message}" if result.fault else "no reward, and no reason given"
    return EpisodeFaultError(f"the service failed ({what})", fault=result.fault, where=Where("Step", episode_id))

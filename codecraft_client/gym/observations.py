"""What an agent sees, as a Dict of text and numbers, and what a trainer is told besides (`info`).

Both are deterministic wherever the programs are. Times, process ids and names of episodes are not, and have a part of their own: `timing`.
Keys that have no value are left out: a batch of infos could not hold them.
"""

from typing import Any

from gymnasium.spaces import Dict, Discrete

from codecraft_client.events import Ready, StepResult
from codecraft_client.gym.spaces import Utf8
from codecraft_client.rewards import Reward, StepLabel
from codecraft_client.types import CommandEnd, FileEntry, FileType, Gap, Observation, Stream, Timing

TEXT_BYTES = 4 * 2**20  # what a message of 1 MiB can hold, each byte of it shown as U+FFFD, and then some
STEPS_MAX = 1_000_000
NO_EXIT_CODE = -1

LABELS = {StepLabel.PROGRESS: 1, StepLabel.NEUTRAL: 0, StepLabel.REGRESS: -1}


def observation_space() -> Dict:
    """Return the space of observations.

    message: The task's text, or what was wrong with an action; mostly empty.
    output: What a command printed, a file holds, or a directory lists; marked where the middle was left out.
    end: How a command ended: "exited", "timed_out", …; empty when none was run.
    exit_code: 0 to 255, or -1 where there is none.
    steps_left: Steps before the episode is truncated.
    """
    return Dict(
        {
            "message": Utf8(TEXT_BYTES),
            "output": Utf8(TEXT_BYTES),
            "end": Utf8(32, samples=("", "exited", "timed_out")),
            "exit_code": Discrete(257, start=NO_EXIT_CODE),
            "steps_left": Discrete(STEPS_MAX + 1),
        }
    )


def observed(seen: Observation) -> dict[str, Any]:
    """Return it as an element of the space."""
    end = seen.command_end
    return {
        "message": seen.message,
        "output": _output(seen),
        "end": end.reason.value if end else "",
        "exit_code": NO_EXIT_CODE if end is None or end.exit_code is None else end.exit_code,
        "steps_left": seen.budget.steps_left,
    }


def unseen(last: Observation) -> dict[str, Any]:
    """Return what can be said of a step of which nothing came back, after what was seen last."""
    return {"message": "", "output": "", "end": "", "exit_code": NO_EXIT_CODE, "steps_left": last.budget.steps_left}


def opening_info(ready: Ready) -> dict[str, Any]:
    """Return what `reset` tells: which task, in which image."""
    task = ready.task
    named = {"task_id": task.task_id, "task_digest": task.digest, "image": task.image} if task else {}
    return named | {"image_digest": ready.image_digest}


def step_info(result: StepResult) -> dict[str, Any]:
    """Return what `step` tells besides what the agent sees."""
    seen = result.observation
    info: dict[str, Any] = {
        "output": seen.file.data if seen.file else seen.output,
        "gaps": tuple((gap.offset, gap.dropped_bytes) for gap in seen.gaps),
    }
    info |= rewarded(result.reward)
    if result.label in LABELS:
        info["label"] = LABELS[result.label]
    if result.milestones:
        info["milestones"] = tuple((change.milestone_id, change.holds, change.first, change.weight) for change in result.milestones)
    if seen.command_end:
        info["command_end"] = _command_end(seen.command_end)
    if seen.error:
        info["action_error"] = seen.error.value
    if result.outcome:
        info["outcome"] = result.outcome.value
    if result.fault:
        fault = result.fault
        info["fault"] = {"reason": fault.reason.value, "message": fault.message, "can_submit_again": fault.can_submit_again}
    if result.grade:
        score = {} if result.grade.score is None else {"score": result.grade.score}
        checks = tuple((check.check_id, check.passed, check.weight) for check in result.grade.checks)
        info["grade"] = score | {"passed": result.grade.passed, "checks": checks}
    if result.started_task:
        info |= {"task_id": result.started_task.task_id, "task_digest": result.started_task.digest}
    return info


def rewarded(reward: Reward) -> dict[str, Any]:
    """Return whether there is a reward, and its parts by kind and name."""
    parts: dict[str, float] = {}
    for part in reward.components:
        name = f"{part.kind.value}/{part.name}" if part.name else part.kind.value
        parts[name] = parts.get(name, 0.0) + part.value
    return {"reward_valid": reward.value is not None, "reward_components": parts}


def timing(episode_id: str, times: Timing, result: StepResult | None = None) -> dict[str, Any]:
    """Return what differs from run to run."""
    told: dict[str, Any] = {
        "episode_id": episode_id,
        "started_at": times.started_at,
        "elapsed_s": times.elapsed_s,
        "queued_s": times.queued_s,
        "busy_s": times.busy_s,
        "stalled_s": times.stalled_s,
        "episode_s_left": times.episode_s_left,
    }
    if result and result.usage:
        used = {"cpu_s": result.usage.cpu_s, "memory_peak_bytes": result.usage.memory_peak_bytes}
        told |= {name: float(value) for name, value in used.items() if value is not None}
    if result and result.observation.command_end:
        told["background_pids"] = tuple(process.pid for process in result.observation.command_end.background)
    return told


def _command_end(end: CommandEnd) -> dict[str, Any]:
    told: dict[str, Any] = {
        "reason": end.reason.value,
        "cwd": end.cwd,
        "session_restarted": end.session_restarted,
        "out_bytes": end.out_bytes,
        "dropped_bytes": end.dropped_bytes,
        "background": tuple(process.command for process in end.background),
    }
    codes = {"exit_code": end.exit_code, "signal": end.signal}
    return told | {name: code for name, code in codes.items() if code is not None}


def _output(seen: Observation) -> str:
    if seen.file is not None:
        return seen.file.data.decode(errors="replace")
    if seen.files is not None:
        more = ["…"] if seen.files.truncated else []
        return "".join(f"{line}\n" for line in [*map(_entry, seen.files.entries), *more])
    return _marked(seen.output, seen.gaps)


def _entry(entry: FileEntry) -> str:
    name = entry.path.decode(errors="replace")
    match entry.type:
        case FileType.DIRECTORY:
            return name + "/"
        case FileType.LINK:
            return f"{name} -> {entry.target.decode(errors='replace')}"
        case _:
            return name


def _marked(data: bytes, gaps: tuple[Gap, ...]) -> str:
    """Decode it with a mark wherever bytes are missing."""
    text, taken, dropped = "", 0, 0
    for gap in gaps:
        if gap.stream is Stream.OUT:
            until = gap.offset - dropped
            text += data[taken:until].decode(errors="replace") + f"\n[… {gap.dropped_bytes} bytes left out …]\n"
            taken, dropped = until, dropped + gap.dropped_bytes
    return text + data[taken:].decode(errors="replace")

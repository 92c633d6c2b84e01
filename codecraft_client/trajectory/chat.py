"""Export to chat format: one JSON object for an episode, as chat completions and fine-tuning take it, with the tools that were used.

`messages` and `tools` are OpenAI's (https://platform.openai.com/docs/api-reference/fine-tuning/chat-input). Beside them are fields of ours:
`labels` and `rewards`, with one entry for each message of the assistant, and `metadata`. Output is cut in the middle where it is longer
than the task lets an agent see at once; what is no UTF-8 becomes U+FFFD.
"""

import json
from collections.abc import Iterator
from typing import Any

from codecraft_client import tools
from codecraft_client.actions import Action, Text
from codecraft_client.events import StepResult, SubmitResult
from codecraft_client.rewards import StepLabel
from codecraft_client.telling import check_lines, grade_lines, result_lines
from codecraft_client.trajectory.format import Failure, Result, SubmissionResult
from codecraft_client.trajectory.plain import Json, name_of, to_plain
from codecraft_client.trajectory.reader import Deed, Trajectory
from codecraft_client.types import Stream

LABELS = {StepLabel.PROGRESS: 1, StepLabel.NEUTRAL: 0, StepLabel.REGRESS: -1, StepLabel.UNKNOWN: None}
OUTPUT_MOST = 65_536  # bytes, where no task says


def chat(trajectory: Trajectory) -> str:
    """Return the episode as one line. What was cut off before its end is left out."""
    header, end = trajectory.header, trajectory.end
    deeds = [deed for deed in trajectory.deeds if isinstance(deed.ending, (Result, SubmissionResult))]
    limits = header.task.limits if header.task else None
    most = limits.output_bytes if limits else OUTPUT_MOST
    messages: list[Json] = [{"role": "user", "content": header.observation.message}]
    for number, deed in enumerate(deeds):
        messages += _messages(deed, f"call_{number}", most)
    return _line(
        {
            "messages": messages,
            "tools": tools.recorded(),
            "labels": [_label(deed) for deed in deeds],
            "rewards": [_reward(deed) for deed in deeds],
            "metadata": {
                "episode_id": header.episode_id,
                "task_id": header.task.task_id if header.task else None,
                "task_digest": header.task.digest if header.task else None,
                "outcome": end.outcome.value if end and end.outcome else None,
                "return": end.episode_return if end else None,
                "complete": end is not None and len(deeds) == len(trajectory.deeds),
            },
        }
    )


def _messages(deed: Deed, call_id: str, most: int) -> Iterator[Json]:
    """A call of a tool and its result; a text action is what the assistant said, answered by the user."""
    content = _content(deed, most)
    if isinstance(deed.action, Text):
        yield {"role": "assistant", "content": deed.action.text}
        yield {"role": "user", "content": content}
        return
    name = "submit" if deed.action is None else name_of(type(deed.action))
    function = {"name": name, "arguments": json.dumps(_arguments(deed.action), ensure_ascii=False)}
    yield {"role": "assistant", "tool_calls": [{"id": call_id, "type": "function", "function": function}]}
    yield {"role": "tool", "tool_call_id": call_id, "content": content}


def _arguments(action: Action | None) -> dict[str, Any]:
    """What differs from what an action is when nothing is said; bytes as text."""
    if action is None:
        return {}
    left_out = {"timeout_s": None, "stdin": None, "stdin_open": False, "session": "main", "separate": False, "mode": None, "depth": 1}
    left_out |= {"max_bytes": 0, "max_entries": 0, "offset": 0 if name_of(type(action)) == "read_file" else None}
    given = {name: getattr(action, name) for name in type(action).__dataclass_fields__}
    kept = {name: value for name, value in given.items() if name not in left_out or value != left_out[name]}
    return {name: value.decode(errors="replace") if isinstance(value, bytes) else to_plain(value) for name, value in kept.items()}


def _content(deed: Deed, most: int) -> str:
    ending = deed.ending
    if isinstance(ending, Failure) or ending is None:
        return ""
    said = _said(ending.result)
    printed = b"".join(_excerpt(deed.output(stream), most) for stream in Stream).decode(errors="replace")
    return "\n".join(filter(None, [printed.rstrip("\n"), *said]))


def _said(result: StepResult | SubmitResult) -> list[str]:
    checks = check_lines(result.grade)
    return result_lines(result) + checks if isinstance(result, StepResult) else checks + grade_lines(result)


def _excerpt(data: bytes, most: int) -> bytes:
    if len(data) <= most:
        return data
    head, tail = data[: most // 2], data[-(most - most // 2) :]
    return head + b"\n[%d bytes left out]\n" % (len(data) - most) + tail


def _label(deed: Deed) -> int | None:
    """-1, 0 or 1; None where nothing is known."""
    return LABELS[deed.ending.result.label] if isinstance(deed.ending, (Result, SubmissionResult)) else None


def _reward(deed: Deed) -> float | None:
    return deed.ending.result.reward.value if isinstance(deed.ending, (Result, SubmissionResult)) else None


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, allow_nan=False) + "\n"

"""What a step, a submission or an episode's progress came to, in words for people: lines of plain text, in no terminal's language."""

import codecs

from codecraft_client.events import Progress, Pulling, Queued, StepResult, SubmitResult
from codecraft_client.grades import Grade
from codecraft_client.rewards import MilestoneChange, Reward
from codecraft_client.types import CommandEnd, EndReason, FaultReason, FileList, FileType

KINDS = {FileType.DIRECTORY: "/", FileType.LINK: "@"}


def result_lines(result: StepResult) -> list[str]:
    """What there is to say of a step besides what was printed."""
    seen = result.observation
    lines = seen.message.strip().split("\n") if seen.message.strip() else []
    if seen.file is not None:
        lines.append(codecs.decode(seen.file.data, "utf-8", "replace"))
        if not seen.file.end_of_file:
            lines.append(f"({seen.file.size_bytes} bytes in all)")
    if seen.files is not None:
        lines += _entries(seen.files)
    shut_down = result.fault is not None and result.fault.reason is FaultReason.SHUTDOWN
    if seen.command_end is not None and not shut_down:  # why it ended is told below
        lines += _end(seen.command_end)
    lines += [_milestone(change) for change in result.milestones]
    if result.fault is not None:
        lines.append(f"The service failed: {result.fault.message} Nothing is paid for this.")
    if result.reward.value or result.done:
        lines.append(reward_line(result.reward))
    if result.outcome is not None:
        lines.append(f"The episode is over: {result.outcome.value.replace('_', ' ')}.")
    return lines


def grade_lines(result: SubmitResult) -> list[str]:
    """What a submission came to; its checks are told as they speak."""
    lines = []
    if result.fault is not None:
        lines.append(f"The work could not be judged: {result.fault.message}")
        if result.fault.can_submit_again:
            lines.append("It is kept: it may be submitted again.")
    if result.grade is not None and result.grade.score is not None:
        lines.append(f"score {result.grade.score:g}")
    lines.append(reward_line(result.reward))
    if result.episode_return is not None:
        lines.append(f"return {result.episode_return:g}")
    lines.append(f"The episode is over: {result.outcome.value.replace('_', ' ')}.")
    return lines


def check_lines(grade: Grade | None) -> list[str]:
    """What each check said, as far as it is shown."""
    return [f"{'passed' if check.passed else 'failed'}: {check.title}" for check in grade.checks] if grade else []


def reward_line(reward: Reward) -> str:
    """A reward and what it is made of."""
    if reward.value is None:
        return "no reward"
    parts = ", ".join(f"{part.kind.value} {part.name}".rstrip() + f" {part.value:+g}" for part in reward.components)
    return f"reward {reward.value:g}" + (f" ({parts})" if parts else "")


def progress_line(event: Progress) -> str:
    """What is going on while an episode is opened; empty for what nobody need see."""
    match event:
        case Queued():
            return f"waiting, place {event.position}"
        case Pulling():
            return f"pulling {event.image} {event.layer} {event.status}"
        case _:
            return ""


def _milestone(change: MilestoneChange) -> str:
    """What became of a milestone."""
    return f"milestone {'reached' if change.first else 'holds again' if change.holds else 'lost'}: {change.title}"


def _entries(files: FileList) -> list[str]:
    lines = [entry.path.decode(errors="replace") + KINDS.get(entry.type, "") for entry in files.entries]
    return lines + (["(there are more)"] if files.truncated else [])


def _end(end: CommandEnd) -> list[str]:
    lines = []
    match end.reason:
        case EndReason.EXITED:
            if end.exit_code:
                lines.append(f"(exit code {end.exit_code})")
        case _:
            code = "" if end.exit_code is None else f", exit code {end.exit_code}"
            lines.append(f"({end.reason.value.replace('_', ' ')}{code})")
    if end.session_restarted:
        lines.append("(the shell was started anew: variables that are not exported and functions are gone, the directory stays)")
    if end.dropped_bytes:
        lines.append(f"({end.dropped_bytes} bytes of output were dropped)")
    return lines

"""What a model is told of a step: observations as text within a bound. Knows no episode and no endpoint."""

from codecraft_client.agents.excerpt import Excerpt, excerpt
from codecraft_client.types import CommandEnd, EndReason, FileContent, FileEntry, FileList, FileType, Observation

BACKGROUND_SHOWN = 5
NAME_SHOWN = 200
SIGN = {FileType.DIRECTORY: "d", FileType.LINK: "l", FileType.FILE: "-", FileType.OTHER: "?"}


def command_told(printed: Excerpt, observation: Observation, timeout_s: float) -> str:
    """Tell of a command whose output was streamed into `printed`."""
    parts = [printed.text.rstrip("\n"), observation.message.strip()]
    if observation.command_end is not None:
        parts.append(_end(observation.command_end, timeout_s))
    return _joined(parts)


def told(observation: Observation, bound_bytes: int) -> str:
    """Tell of any other action."""
    parts = [excerpt(observation.message.strip().encode(), bound_bytes)]
    if observation.file is not None:
        parts = [_file(observation.file, bound_bytes)]
    if observation.files is not None:
        parts = [_files(observation.files, bound_bytes)]
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    return "\n".join(part for part in parts if part)


def _end(end: CommandEnd, timeout_s: float) -> str:
    told = [_reason(end, timeout_s)]
    if end.session_restarted:
        told.append("The shell is a new one: functions and unexported variables are gone.")
    if end.background:
        shown = ", ".join(f"{job.pid} {job.command[:NAME_SHOWN].decode(errors='replace')}" for job in end.background[:BACKGROUND_SHOWN])
        more = ", ..." if len(end.background) > BACKGROUND_SHOWN else ""
        told.append(f"Running in the background: {shown}{more}.")
    return "\n".join(f"[{line}]" for line in told)


def _reason(end: CommandEnd, timeout_s: float) -> str:
    match end.reason:
        case EndReason.TIMED_OUT:
            return f"killed: it ran longer than {timeout_s:g} s"
        case EndReason.OUTPUT_LIMIT:
            return "killed: it printed too much"
        case EndReason.OUT_OF_MEMORY:
            return "killed: out of memory"
        case EndReason.SIGNALLED:
            return f"killed by signal {end.signal}"
        case EndReason.INTERRUPTED:
            return "interrupted"
        case _:
            return f"exit code {end.exit_code}" if end.exit_code is not None else "ended without an exit code"


def _file(file: FileContent, bound_bytes: int) -> str:
    text = excerpt(file.data, bound_bytes)
    notes = [f"{len(file.data)} of {file.size_bytes} bytes"]
    if not file.end_of_file:
        notes.append("there is more: read on with offset")
    if not _is_utf8(file.data, whole=file.end_of_file):
        notes.append("not UTF-8; what is no character shows as U+FFFD")
    return f"{text}\n[{'; '.join(notes)}]" if text else f"[{'; '.join(notes)}]"


def _is_utf8(data: bytes, *, whole: bool) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return not whole and error.end == len(data) and error.reason == "unexpected end of data"
    return True


def _files(files: FileList, bound_bytes: int) -> str:
    listing = b"\n".join(map(_entry, files.entries))
    note = f"[{len(files.entries)} entries{'; there are more' if files.truncated else ''}]"
    return f"{excerpt(listing, bound_bytes)}\n{note}" if listing else note


def _entry(entry: FileEntry) -> bytes:
    target = b" -> " + entry.target if entry.target else b""
    return b"%s %o %d %s%s" % (SIGN[entry.type].encode(), entry.mode, entry.size_bytes, entry.path, target)

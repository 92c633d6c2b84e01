"""What an agent sees: output, how a command ended, files. Everything a learner's program can blow up is cut to fit here, visibly."""

from collections.abc import Iterable, Iterator

from codecraft.v1 import types_pb2 as pb
from codecraft_server.episodes.events import Observation
from codecraft_server.sandbox import Ended, FileContent, FileEntry, FileList, Gap, Output, Stream
from codecraft_server.wire.scalars import named, shortened
from codecraft_server.wire.tasks import Terms, budget

# What an observation can hold besides its budget, so that a whole result stays below 1 MiB beside a task or a grade.
MAX_DATA_BYTES = 900_000  # of a file, or of output and error output together: as much as read_file may ask for
MAX_ENTRIES_BYTES = 600_000
MAX_MESSAGE_BYTES = 320 * 1024  # a task in words
MAX_GAPS = 64
MAX_CWD_BYTES = 4096
MAX_BACKGROUND = 32
MAX_PROCESS_BYTES = 256
_STREAMS = {Stream.OUT: pb.OUTPUT_STREAM_OUT, Stream.ERR: pb.OUTPUT_STREAM_ERR}


def output(value: Output) -> pb.Output:
    """Encode a piece of output."""
    return pb.Output(stream=_STREAMS[value.stream], offset=value.offset, data=value.data)


def gap(value: Gap) -> pb.Gap:
    """Encode a dropped piece of output."""
    return pb.Gap(stream=_STREAMS[value.stream], offset=value.offset, dropped_bytes=value.dropped)


def command_end(value: Ended) -> pb.CommandEnd:
    """Encode how a command ended; its times are in Timing, its usage in the result."""
    return pb.CommandEnd(
        reason=named(pb.EndReason, "END_REASON", value.reason),
        exit_code=value.exit_code,
        signal=value.signal,
        session_restarted=value.session_restarted,
        cwd=value.cwd[:MAX_CWD_BYTES],
        out_bytes=value.out_bytes,
        err_bytes=value.err_bytes,
        dropped_bytes=value.dropped_bytes,
        background=[
            pb.BackgroundProcess(pid=process.pid, command=process.command[:MAX_PROCESS_BYTES])
            for process in value.background[:MAX_BACKGROUND]
        ],
    )


def file_content(value: FileContent) -> pb.FileContent:
    """Encode what reading a file gave; more than fits is left out, and then this is not its end."""
    return pb.FileContent(
        data=value.data[:MAX_DATA_BYTES],
        size_bytes=value.size,
        mode=value.mode,
        end_of_file=value.end_of_file and len(value.data) <= MAX_DATA_BYTES,
    )


def file_entry(value: FileEntry) -> pb.FileEntry:
    """Encode an entry of a directory."""
    return pb.FileEntry(
        path=value.path,
        type=named(pb.FileType, "FILE_TYPE", value.type),
        size_bytes=value.size,
        mode=value.mode,
        target=value.target,
    )


def file_list(value: FileList) -> pb.FileList:
    """Encode a listed directory; entries that do not fit are left out, and then it is truncated."""
    entries = list(_fitting(map(file_entry, value.entries)))
    return pb.FileList(entries=entries, truncated=value.truncated or len(entries) < len(value.entries))


def observation(value: Observation, terms: Terms) -> pb.Observation:
    """Encode what an agent sees."""
    shown, shown_errors, gaps = _fit_output(value)
    return pb.Observation(
        message=shortened(value.message, MAX_MESSAGE_BYTES if not shown else MAX_CWD_BYTES),
        output=shown,
        error_output=shown_errors,
        gaps=map(gap, gaps),
        command_end=command_end(value.ended) if value.ended else None,
        file=file_content(value.file) if value.file else None,
        files=file_list(value.files) if value.files else None,
        error=named(pb.ActionError, "ACTION_ERROR", value.error),
        budget=budget(value.budget, terms),
    )


def _fitting(entries: Iterable[pb.FileEntry]) -> Iterator[pb.FileEntry]:
    """Yield entries while they fit."""
    room = MAX_ENTRIES_BYTES
    for entry in entries:
        room -= entry.ByteSize() + 4
        if room < 0:
            return
        yield entry


def _fit_output(value: Observation) -> tuple[bytes, bytes, list[Gap]]:
    """Cut what is too much of the output off its end, and say so with a gap."""
    shown = value.output[:MAX_DATA_BYTES]
    shown_errors = value.error_output[: MAX_DATA_BYTES - len(shown)]
    gaps = list(value.gaps[:MAX_GAPS])
    for stream, whole, part in ((Stream.OUT, value.output, shown), (Stream.ERR, value.error_output, shown_errors)):
        if cut := len(whole) - len(part):
            missing = sum(gap.dropped for gap in value.gaps if gap.stream is stream)
            gaps.append(Gap(stream, len(part) + missing, cut))
    return shown, shown_errors, gaps

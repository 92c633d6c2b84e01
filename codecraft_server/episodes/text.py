"""What the agent is told in words. Deterministic: no times, no ids. Pure."""

from codecraft_server.grading.verdict import Grade
from codecraft_server.sandbox import FileContent, FileList
from codecraft_server.task import Task

NO_TASK = 'No task started. Use {"action": "start", "task_id": …}.'
SUBMITTED = "Submitted."
GAVE_UP = "The episode is over."
NOT_JUDGED = "The work could not be judged; no reward was given."


def shown(path: bytes) -> str:
    """A path for people; what is no UTF-8 is escaped."""
    return path.decode("utf-8", "backslashreplace")


def task_text(task: Task) -> str:
    """The job, as the agent reads it."""
    parts = (f"Task {task.task_id}: {task.title}", task.description, task.test)
    return "\n\n".join(part for part in parts if part)


def unknown_task(task_id: str) -> str:
    """An answer to `start` with an id that does not exist."""
    return f"There is no task {task_id[:128]!r}."


def already_started(task: Task) -> str:
    """An answer to a second `start`."""
    return f'Task {task.task_id} has been started already. Solve and submit it, or leave with {{"action": "exit"}}.'


def written(path: bytes) -> str:
    """A file was written."""
    return f"File {shown(path)} written."


def read(path: bytes, content: FileContent) -> str:
    """A file was read, perhaps in part."""
    if content.end_of_file:
        return f"File {shown(path)} read."
    return f"File {shown(path)} read in part: {len(content.data)} of {content.size} bytes."


def listed(path: bytes, files: FileList) -> str:
    """A directory was listed."""
    count = len(files.entries)
    more = ", and there are more" if files.truncated else ""
    return f"{shown(path or b'.')}: {count} {'entry' if count == 1 else 'entries'}{more}."


def graded(grade: Grade) -> str:
    """A submission was graded."""
    said = f"Submitted: {'passed' if grade.passed else 'not passed'}, score {grade.score:g}."
    return f"{said} Nothing of it could be judged: {grade.problem}." if grade.problem else said

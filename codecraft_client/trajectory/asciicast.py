"""Export to asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/), which asciinema's players show."""

import json
from collections.abc import Iterator

from codecraft_client.trajectory.frames import frames
from codecraft_client.trajectory.reader import Trajectory

WIDTH, HEIGHT = 100, 30  # columns and lines; sandboxes have no terminal of their own


def asciicast(trajectory: Trajectory) -> Iterator[str]:
    """Yield the lines of a cast: its header, then output, and a marker where each step begins."""
    header, task = trajectory.header, trajectory.header.task
    title = f"{task.task_id}: {task.title}" if task else header.episode_id
    yield _line({"version": 2, "width": WIDTH, "height": HEIGHT, "timestamp": int(header.started_at), "title": title})
    for frame in frames(trajectory, colour=True):
        if frame.mark:
            yield _line([frame.at_s, "m", frame.mark])
        yield _line([frame.at_s, "o", frame.text.replace("\r\n", "\n").replace("\n", "\r\n")])


def _line(value: object) -> str:
    return json.dumps(value, allow_nan=False) + "\n"

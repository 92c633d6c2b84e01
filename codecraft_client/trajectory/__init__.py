"""Trajectories: episodes as files, written as they happen. docs/trajectories.md is the page.

    with Client() as client, client.reset("1") as episode:
        record(episode, "hello.jsonl", client.server_info())
        ...
    trajectory = read("hello.jsonl")

The rooms, top to bottom: `command`; `recording`, `verify`, `replay`, `chat`, `asciicast`; `frames`, `compare`; `writer`, `reader`;
`format`; `plain`.
"""

from codecraft_client.trajectory.asciicast import asciicast
from codecraft_client.trajectory.chat import chat
from codecraft_client.trajectory.compare import Difference
from codecraft_client.trajectory.format import FORMAT, Header
from codecraft_client.trajectory.reader import Deed, Trajectory, read
from codecraft_client.trajectory.recording import Recorder, record
from codecraft_client.trajectory.replay import replay
from codecraft_client.trajectory.verify import Verification, verify
from codecraft_client.trajectory.writer import Writer

__all__ = [
    "FORMAT",
    "Deed",
    "Difference",
    "Header",
    "Recorder",
    "Trajectory",
    "Verification",
    "Writer",
    "asciicast",
    "chat",
    "read",
    "record",
    "replay",
    "verify",
]

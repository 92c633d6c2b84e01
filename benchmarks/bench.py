"""What every measurement is handed: both servers, the engine, and how much time it may take."""

from dataclasses import dataclass

import docker

from benchmarks.player import Player
from benchmarks.progress import Progress
from benchmarks.servers import Running


@dataclass(frozen=True, slots=True)
class Bench:
    """One run.

    Attributes:
        server: The real server; `player` is connected to it.
        floor: The server that does nothing; `floor_player` is connected to it.
        quick: Fewer rounds: for a look, not for a number to quote.
    """

    engine: docker.DockerClient
    server: Running
    player: Player
    floor: Running
    floor_player: Player
    progress: Progress
    quick: bool

    def rounds(self, whole: int, quick: int) -> int:
        """How many rounds to make."""
        return quick if self.quick else whole

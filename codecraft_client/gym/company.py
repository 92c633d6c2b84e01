"""The players of one process, the line they share, and how their episodes come to an end. Knows no batches."""

import os
import time
from collections.abc import Collection

from codecraft_client.client import Client
from codecraft_client.errors import NoCapacityError
from codecraft_client.gym.dialogues import Dialogues
from codecraft_client.gym.player import Player, State, Turn
from codecraft_client.rollout import Rollout
from codecraft_client.timeouts import Timeouts

CLOSE_S = 10.0  # for all episodes to be closed at `close`; the stream is closed then in any case


class Company:
    """What belongs to one process: the players, and the line that they share."""

    def __init__(self, number: int, target: str | None, **modes: bool) -> None:
        self._process = os.getpid()
        self.client = Client.from_environment(target)
        self.rollout = Rollout.from_environment(target)
        self.dialogues: Dialogues[Turn] = Dialogues(self.rollout)
        self.players = [Player(Timeouts(), **modes) for _ in range(number)]
        self._admitted = False

    @property
    def here(self) -> bool:
        """Whether it belongs to this process."""
        return self._process == os.getpid()

    def admit(self) -> None:
        """NoCapacityError when the server never has as many places: the last ones would wait for those that the first ones hold."""
        if self._admitted:
            return
        places, number = self.client.server_info().limits.episodes, len(self.players)
        if number > places:
            told = f"num_envs={number} is more than the {places} episodes that the server at {self.client.target} admits"
            raise NoCapacityError(told, reason="NO_CAPACITY", metadata={"episodes": str(places)})
        self._admitted = True

    def leave(self, places: Collection[int]) -> None:
        """Give up what goes on there, close these episodes and wait until they are."""
        self._begin_to_leave(places)
        dialogues = self.dialogues
        dialogues.wait(lambda: not any(dialogues.is_going_on(place) for place in places))
        for place in places:
            dialogues.abandon(place)
            self.players[place].state = State.NEW

    def disband(self) -> None:
        """Close all episodes, as far as that is possible in time, and the line."""
        try:
            self._begin_to_leave(range(len(self.players)))
            self.dialogues.settle(time.monotonic() + CLOSE_S)
        finally:
            self.rollout.close()
            self.client.close()

    def _begin_to_leave(self, places: Collection[int]) -> None:
        for place in places:
            self.dialogues.abandon(place)
            if self.players[place].open:
                self.dialogues.begin(place, self.players[place].leaving())

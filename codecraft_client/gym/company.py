"""The players of one process, the line they share, and how their episodes come to an end. Knows no batches."""

import os
import time
from collections.abc import Collection, Mapping
from functools import partial

from codecraft_client.calls import Reset
from codecraft_client.client import Client
from codecraft_client.errors import CodecraftError, NoCapacityError
from codecraft_client.gym.dialogues import Dialogues
from codecraft_client.gym.faults import named
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

    def open(self, wanted: Mapping[int, Reset]) -> dict[int, Turn]:
        """Close these episodes, whatever is going on in them, and open others: all that are wanted, or none, and then it raises why."""
        finished = self.dialogues.finished
        for place, reset in wanted.items():
            self.dialogues.abandon(place)
            self.dialogues.begin(place, self.players[place].opening(partial(_given, reset)))
        self.dialogues.wait(lambda: wanted.keys() <= finished.keys() or any(turn.error for turn in map(finished.get, wanted) if turn))
        turns = {place: finished[place] for place in wanted if place in finished}
        failed = {place: turn.error for place, turn in turns.items() if turn.error is not None}
        if failed:
            self._leave(wanted)
            raise self._refused(*min(failed.items())) from failed[min(failed)]
        return {place: self.taken(place) for place in wanted}

    def taken(self, place: int) -> Turn:
        """Take what an environment came to, in order to return it."""
        turn = self.dialogues.finished.pop(place)
        self.players[place].shown = turn.observation
        return turn

    def disband(self) -> None:
        """Close all episodes, as far as that is possible in time, and the line."""
        try:
            self._begin_to_leave(range(len(self.players)))
            self.dialogues.settle(time.monotonic() + CLOSE_S)
        finally:
            self.rollout.close()
            self.client.close()

    def _refused(self, place: int, error: CodecraftError) -> CodecraftError:
        full = f"; num_envs={len(self.players)} is more than the server has places for at present"
        return named(error, place, full if isinstance(error, NoCapacityError) else "")

    def _leave(self, places: Collection[int]) -> None:
        """Close what was opened of these, and wait until it is. What is still being opened is closed as soon as that is told."""
        self._begin_to_leave(places)
        self.dialogues.wait(lambda: not any(map(self.dialogues.is_going_on, places)))
        for place in places:
            self.dialogues.abandon(place)
            self.players[place].state = State.NEW

    def _begin_to_leave(self, places: Collection[int]) -> None:
        for place in places:
            self.dialogues.abandon(place)
            if self.players[place].open:
                self.dialogues.begin(place, self.players[place].leaving())


def _given(reset: Reset) -> Reset:
    return reset

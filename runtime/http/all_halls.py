"""All halls of the server, asked as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from actors.hall.actor import ReadState, StateRead
from actors.hall.state import HallState
from protocol.ids import HallId
from runtime.http.desk import Desk
from runtime.http.replies import Replies

__all__ = ["ANSWER_S", "AllHalls", "States"]

ANSWER_S = 2.0
"""A hall that does not answer within that is left out: whoever asks all of them does not wait long for one."""

ASKED_MAX = 1_000
"""Halls that may be asked at once, over all requests; beyond that a hall counts as silent."""

States = Mapping[HallId, HallState]
"""The durable states of those halls that answered."""


class AllHalls:
    """The halls by their ``desks``, in the order of the configuration."""

    def __init__(self, desks: Mapping[HallId, Desk]) -> None:
        self.desks = desks
        self._replies = Replies(answers_max=ASKED_MAX, answer_s=ANSWER_S)

    def sweep(self, now_s: float) -> None:
        """End what is overdue."""
        self._replies.sweep(now_s)

    def read(self, finish: Callable[[States], None]) -> None:
        """Ask every hall for its state; ``finish`` is called once, with those that answered in time."""
        states: dict[HallId, HallState] = {}
        left = set(self.desks)
        if not left:
            finish(states)

        def take(hall: HallId, message: object | None) -> None:
            left.discard(hall)
            if isinstance(message, StateRead):
                states[hall] = message.state
            if not left:
                finish({id: states[id] for id in self.desks if id in states})

        for hall, desk in self.desks.items():
            if self._replies.full:
                take(hall, None)
            else:
                self._replies.ask(
                    desk.port.hall, lambda reply: ReadState(reply_to=reply), partial(take, hall)
                )

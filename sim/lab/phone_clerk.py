"""Clerks of a hall to which people come when their phones tell them: nobody knows at the call when."""

from __future__ import annotations

import math

from actors.world import Timer
from protocol.messages import PressAnswered
from protocol.radio.payloads import Key
from sim.lab.clerk import ShiftClerk
from sim.lab.visitors import Visitor
from sim.people import Doing

LOOKS_UP_S = 1.0
"""A clerk who has just pressed a key sees so long after it who stands there."""


class PhoneClerk(ShiftClerk):
    """Expects whoever was called, and serves him when he comes."""

    _step: Timer | None = None
    _unanswered = False

    def somebody_came(self, visitor: Visitor) -> None:
        """See that ``visitor`` stands here, who was not in the hall when he was called."""
        if self._person is not visitor or self._due is Key.START:
            return
        if self._unanswered:
            self._world.call_later(LOOKS_UP_S, lambda: self.somebody_came(visitor))
        elif self._doing is Doing.EXPECTING and self._step is not None:
            self._step.cancel()
            self._due = Key.START
            self._press(Key.START)

    def _walk_of(self, person: Visitor | None) -> float:
        if person is not None and person.phone is not None:
            there_s = person.there_s
            if there_s is None:
                return math.inf
            return max(0.0, there_s - self._world.monotonic()) + person.to_counter_s
        return super()._walk_of(person)

    def _press(self, key: Key) -> None:
        self._unanswered = True
        super()._press(key)

    def _press_answered(self, answer: PressAnswered) -> None:
        self._unanswered = False
        super()._press_answered(answer)

    def _await(self, doing: Doing, delay_s: float, key: Key) -> None:
        self._doing = doing
        self._due = key
        self._step = self._world.call_later(delay_s, self._step_due)

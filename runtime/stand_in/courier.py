"""Carries callbacks out when they are due, and their answers back; a timer waits for the next."""

from __future__ import annotations

import logging
from collections import deque
from typing import Any, Final

from runtime.stand_in.caller import Answer, Caller
from runtime.stand_in.clock import StandInClock
from runtime.stand_in.model import Called, Model

__all__ = ["CALLS_MAX", "Courier"]

log = logging.getLogger(__name__)

CALLS_MAX: Final = 100
"""Callbacks at the same time; others wait, and none more are taken from the model meanwhile."""

PAUSE_MIN_S: Final = 0.001
"""A timer that comes a little early must not turn round and round."""


class Courier:
    """Call `wake` after everything that may have given the model something to tell."""

    def __init__(self, reactor: Any, model: Model, clock: StandInClock, caller: Caller) -> None:
        self._reactor = reactor
        self._model = model
        self._clock = clock
        self._caller = caller
        self._waiting: deque[Called] = deque()
        self._under_way = 0
        self._timer: Any = None
        self._going = False
        self._closed = False

    def wake(self) -> None:
        """Set the timer to when the model has something to do next."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        due_s = self._model.next_deadline()
        # What is full wakes this again when a call has ended.
        if self._closed or due_s is None or self._full:
            return
        pause_s = self._clock.real_s(due_s - self._clock.now())
        self._timer = self._reactor.callLater(max(PAUSE_MIN_S, pause_s), self._due)

    def close(self) -> None:
        """Make no more calls, and end those that are under way."""
        self._closed = True
        self.wake()
        self._waiting.clear()
        self._caller.close()

    @property
    def _full(self) -> bool:
        return self._under_way >= CALLS_MAX or bool(self._waiting)

    def _due(self) -> None:
        self._timer = None
        self._waiting.extend(self._model.tick(self._clock.now()))
        self._go_on()

    def _go_on(self) -> None:
        # An answer may be there before its call returns: the loop that made it goes on by itself.
        if self._going:
            return
        self._going = True
        while self._waiting and self._under_way < CALLS_MAX and not self._closed:
            call = self._waiting.popleft()
            self._under_way += 1
            self._caller.call(call).addCallback(self._answered, call).addErrback(_log)
        self._going = False
        self.wake()

    def _answered(self, answer: Answer, call: Called) -> None:
        self._under_way -= 1
        status, body = answer
        self._model.callback_answered(call.id, status, body, self._clock.now())
        self._go_on()


def _log(failure: Any) -> None:
    log.error("callback's answer not taken reason=%s", failure.getErrorMessage())

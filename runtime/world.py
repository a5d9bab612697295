"""The real world: Twisted's reactor as outer loop, the machine's clocks.

The same class runs on `twisted.internet.task.Clock` in tests. `reactor.seconds` is wall time on some
reactors, so the monotonic clock is taken from the machine and never from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

from twisted.internet.base import DelayedCall
from twisted.internet.interfaces import IReactorTime

from actors.base import Ref
from actors.world import FailureStrategy, Timer, World
from runtime.reactor import LoopReactor

TURN_BUDGET_S = 0.005
"""Seconds that actors run before the reactor serves its ports and sockets again."""


class _Call:
    """A reactor's delayed call as a timer."""

    __slots__ = ("_delayed",)

    def __init__(self, delayed: DelayedCall) -> None:
        self._delayed = delayed

    def cancel(self) -> None:
        if self._delayed.active():
            self._delayed.cancel()


def wall_clock() -> datetime:
    """Return the machine's wall clock: aware, UTC."""
    return datetime.now(UTC)


class ReactorWorld(World):
    """A world on a Twisted reactor (or on `task.Clock`, with clocks to match)."""

    def __init__(
        self,
        reactor: IReactorTime,
        *,
        random: Random | None = None,
        now: Callable[[], datetime] = wall_clock,
        monotonic: Callable[[], float] = time.monotonic,
        failures: FailureStrategy | None = None,
    ) -> None:
        super().__init__(random=random or Random(), stopwatch=time.perf_counter)
        # Untyped: zope's interfaces say too little of their methods' arguments for the type checker.
        self.reactor: Any = reactor
        self.failures = failures
        self._now = now
        self._monotonic = monotonic
        self._soon: Callable[..., object] = self._call_soon
        self._soon_from_thread: Callable[..., object] = self._call_from_thread
        if isinstance(reactor, LoopReactor):
            self._soon, self._soon_from_thread = reactor.call_soon, reactor.call_soon_from_thread

    def now(self) -> datetime:
        return self._now()

    def monotonic(self) -> float:
        return self._monotonic()

    def tell_from_thread(self, ref: Ref[Any], message: object) -> None:
        """Tell ``ref`` something from a thread that is not the reactor's."""

        def tell() -> None:
            if ref.is_alive():
                ref.tell(message)

        self.call_from_thread(tell)

    def call_from_thread(self, call: Callable[[], None]) -> None:
        """Have ``call`` called on the reactor's thread, and whom it tells run at once; any thread may ask."""
        self._soon_from_thread(self.run_after, call, TURN_BUDGET_S)

    def _after(self, delay_s: float, call: Callable[[], None]) -> Timer:
        return _Call(self.reactor.callLater(max(delay_s, 0.0), self.run_after, call, TURN_BUDGET_S))

    def _wake(self) -> None:
        self._soon(self.run_ready, TURN_BUDGET_S)

    def _call_soon(self, *call: Any) -> None:
        self.reactor.callLater(0, *call)

    def _call_from_thread(self, *call: Any) -> None:
        self.reactor.callFromThread(*call)

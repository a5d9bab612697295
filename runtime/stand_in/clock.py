"""The stand-in's time: the wall clock's, which never goes back here, and may pass faster."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["StandInClock"]


class StandInClock:
    """Gives seconds of Unix time. With a ``pace`` of 10 ten of them pass in one real second, from now on."""

    def __init__(
        self,
        *,
        pace: float = 1.0,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if pace <= 0:
            raise ValueError(f"pace is {pace}; it is more than 0")
        self._pace = pace
        self._wall = wall
        self._monotonic = monotonic
        self._began_s = self._last_s = wall()
        self._last_monotonic = monotonic()

    def now(self) -> float:
        """Return the time. While the wall clock is behind what was said before, it goes on from there."""
        monotonic = self._monotonic()
        now_s = self._began_s + (self._wall() - self._began_s) * self._pace
        if now_s < self._last_s:
            now_s = self._last_s + (monotonic - self._last_monotonic) * self._pace
        self._last_s, self._last_monotonic = now_s, monotonic
        return now_s

    def real_s(self, seconds: float) -> float:
        """Return how many real seconds ``seconds`` of this clock take."""
        return seconds / self._pace

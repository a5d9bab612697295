"""A hall's time: the wall clock, except that it goes on when the wall clock is set back."""

from __future__ import annotations

from datetime import datetime, timedelta

from actors.world import World

STEP_S_MIN = 1.0
"""A wall clock that falls behind the monotonic one by more than this, from one reading to the next, was set
back. Readings are at most a minute apart, and clocks that are merely slewed differ by far less in that time."""


class HallClock:
    """Goes with the wall clock; where that is set back, on with the monotonic one until it has caught up.

    Waits, lock-outs and the end of the day stay right meanwhile. A restart in that time begins again with
    the wall clock, and events are then dated like the last one until it has caught up.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._read = world.now()
        self._read_monotonic_s = world.monotonic()

    def now(self) -> datetime:
        """Return the hall's time: aware, UTC, never before what was returned last."""
        now, monotonic_s = self._world.now(), self._world.monotonic()
        elapsed_s = monotonic_s - self._read_monotonic_s
        behind_s = elapsed_s - (now - self._read).total_seconds()
        if now < self._read or behind_s > STEP_S_MIN:
            now = self._read + timedelta(seconds=elapsed_s)
        self._read, self._read_monotonic_s = now, monotonic_s
        return now

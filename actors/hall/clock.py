"""A hall's time: the wall clock, except that it goes on when the wall clock is set back."""

from __future__ import annotations

from datetime import datetime, timedelta

from actors.world import World


class HallClock:
    """Goes with the wall clock; where that is set back, it stays ahead of it by as much.

    Waits, lock-outs and the end of the day stay right so. It returns to the wall clock when that is set
    forward again, or at a restart: events are then dated like the last one until the clock has caught up.
    """

    def __init__(self, world: World) -> None:
        self._wall = world.now
        self._read = world.now()
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the hall's time: aware, UTC, never before what was returned last."""
        now = self._wall()
        if now < self._read:
            now += self._ahead
            if now < self._read:
                self._ahead += self._read - now
                now = self._read
        self._read = now
        return now

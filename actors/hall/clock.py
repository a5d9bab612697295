"""A hall's time: the wall clock, except that it goes on when the wall clock is set back."""

from __future__ import annotations

from datetime import datetime, timedelta

from actors.world import World

BEHIND_SPEED = 0.9
"""How fast the hall's time goes while the wall clock is behind it: an hour is made up within ten, in which what
lasts is measured a tenth too short."""


class HallClock:
    """Goes with the wall clock, and never back.

    Where the wall clock is behind, because it was set back or because the hall's last event is dated later,
    the hall's time goes on a little slower than time does until the wall clock has caught up. So lock-outs
    and days end at all times, also after a restart.
    """

    def __init__(self, world: World, last_at: datetime) -> None:
        """Begin at the wall clock's time, or at ``last_at`` (aware) if that is later."""
        self._wall = world.now
        self._monotonic = world.monotonic
        self._read = max(world.now(), last_at)
        self._read_s: float | None = None
        """When it was read last, if the wall clock was behind."""

    def now(self) -> datetime:
        """Return the hall's time: aware, UTC, never before what was returned last."""
        wall = self._wall()
        if wall >= self._read:
            self._read, self._read_s = wall, None
            return wall
        now_s = self._monotonic()
        if self._read_s is not None:
            passed = timedelta(seconds=(now_s - self._read_s) * BEHIND_SPEED)
            self._read = max(wall, self._read + passed)
        self._read_s = now_s
        return self._read

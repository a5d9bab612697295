"""When a hall wakes by itself: as its business day ends, and as bookings become due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from actors.world import Timer
from protocol.values import value

SLEEP_S_MAX = 60.0
"""The longest sleep before the time is looked at again: the wall clock may be set meanwhile."""

RETRY_S = 1.0
"""How soon it is tried again where what was due could not be durable, or was too much at once."""


@value
class DayCheckDue:
    """From a hall to itself: the business day may be over."""


@value
class ReviewDue:
    """From a hall to itself: a reservation may have lapsed, or an appointment been missed."""


class Waking:
    """The timers of a hall; ``later`` has a message told to it after so many seconds."""

    def __init__(self, later: Callable[[float, object], Timer]) -> None:
        self._later = later
        self._day: Timer | None = None
        self._review: Timer | None = None

    def set_day(self, ends_at: datetime, now: datetime) -> None:
        """Wake when the business day ends."""
        if self._day is not None:
            self._day.cancel()
        left_s = max((ends_at - now).total_seconds(), RETRY_S)
        self._day = self._later(min(left_s, SLEEP_S_MAX), DayCheckDue())

    def set_review(self, due_at: datetime | None, now: datetime) -> None:
        """Wake when the next booking is due; not at all if there is none."""
        if self._review is not None:
            self._review.cancel()
            self._review = None
        if due_at is not None:
            left_s = (due_at - now).total_seconds()
            delay_s = min(left_s, SLEEP_S_MAX) if left_s > 0 else RETRY_S
            self._review = self._later(delay_s, ReviewDue())

"""When a hall or one of its services is open. Pure: what is kept here follows from the hours alone.

Hours are local: each time is looked up on its day in the zone of the hall, as `zoneinfo` does for ``fold=0``.
A time that daylight saving time leaves out is an hour later by the clock, one that comes twice is the first.
A time of closing of 00:00 is the end of the day. Where one opening ends as the next begins it stays open.
A service is open while both its own hours and the hall's say so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from actors.hall.day import business_day, zone
from actors.hall.state import HallState
from protocol.hall import HallSpec
from protocol.hours import ALWAYS, Hours
from protocol.ids import ServiceId
from protocol.values import value

SEARCH_DAYS = 400
"""How far ahead the next opening or closing is looked for; what is not found by then is as good as never."""

TIMETABLES_MAX = 4096
"""Pairs of hours that are remembered; then all are forgotten, and worked out anew."""

STRETCHES_MAX = 4
"""Answers that are kept of one pair: the present, the next opening, and what a clock set back asks for."""

_DAY = timedelta(days=1)
_MIDNIGHT = time()


@value
class Stretch:
    """A time (from ``begins`` to before ``ends``, aware, UTC) in which it is open, or else closed, throughout.

    ``changes_at`` is when that changes; None if it does not within `SEARCH_DAYS`.
    """

    begins: datetime
    ends: datetime
    is_open: bool
    changes_at: datetime | None

    @property
    def opens_at(self) -> datetime | None:
        """When it opens next; None while it is open."""
        return None if self.is_open else self.changes_at

    @property
    def closes_at(self) -> datetime | None:
        """When it closes next; None while it is closed."""
        return self.changes_at if self.is_open else None


def closing_at(state: HallState, service: ServiceId, at: datetime) -> datetime | None:
    """Return when the service closes for the last time in the business day of ``at`` (aware); it may have been.

    A break at noon is no such closing. None if it is not open on that day, or is still open at its end.
    """
    spec = state.spec
    hours = spec.services[service].hours
    if hours is ALWAYS and spec.hours is ALWAYS:
        return None
    return _timetable(spec, hours).closing(at)


def stretch_of(spec: HallSpec, service: ServiceId | None, at: datetime) -> Stretch:
    """Return whether the service, or the hall if none is given, is open at ``at`` (aware), and until when."""
    hours = ALWAYS if service is None else spec.services[service].hours
    return _timetable(spec, hours).stretch(at)


class _Timetable:
    """The hours of a hall and a service together, with the newest answers, which hold for a while."""

    def __init__(self, hall: Hours, service: Hours, time_zone: str, day_begins: time) -> None:
        self.hours = (hall,) if service == ALWAYS else (hall, service)
        self.held = (hall, service)  # so that nothing else gets their identities, which are the key
        self._time_zone = time_zone
        self._day_begins = day_begins
        never = datetime.min.replace(tzinfo=UTC)
        self._stretches: deque[Stretch] = deque(maxlen=STRETCHES_MAX)
        self._day = (never, never)
        self._closing: datetime | None = None

    def stretch(self, at: datetime) -> Stretch:
        """Return the stretch around ``at``."""
        for kept in self._stretches:
            if kept.begins <= at < kept.ends:
                return kept
        found = self._found(at)
        self._stretches.appendleft(found)
        return found

    def closing(self, at: datetime) -> datetime | None:
        """Return the last closing in the business day of ``at``."""
        begins, ends = self._day
        if not begins <= at < ends:
            day, ends = business_day(at, self._time_zone, self._day_begins)
            begins = self._instant(day, self._day_begins)
            self._closing = None
            for opens, closes in self._spans(day - _DAY, 4):
                if opens < ends and closes > begins:
                    self._closing = closes if closes <= ends else None
            self._day = (begins, ends)
        return self._closing

    def _found(self, at: datetime) -> Stretch:
        if self.hours == (ALWAYS,):
            return Stretch(begins=at, ends=at + _DAY, is_open=True, changes_at=None)
        today = at.astimezone(zone(self._time_zone)).date()
        horizon = self._instant(today + timedelta(days=SEARCH_DAYS), _MIDNIGHT)
        for opens, closes in self._spans(today - _DAY, SEARCH_DAYS + 1):
            if closes <= at:
                continue
            if opens > at:
                return Stretch(begins=at, ends=opens, is_open=False, changes_at=opens)
            changes_at = closes if closes < horizon else None
            # An answer that looks no further than the horizon is worked out again every day.
            ends = closes if closes < horizon else at + _DAY
            return Stretch(begins=opens, ends=ends, is_open=True, changes_at=changes_at)
        return Stretch(begins=at, ends=at + _DAY, is_open=False, changes_at=None)

    def _spans(self, first: date, days: int) -> Iterator[tuple[datetime, datetime]]:
        """Yield when it opens and closes in so many days from ``first``, in order, with gaps between."""
        pending: tuple[datetime, datetime] | None = None
        for number in range(days):
            for span in self._of_day(first + timedelta(days=number)):
                if pending is None:
                    pending = span
                elif span[0] <= pending[1]:
                    pending = (pending[0], max(pending[1], span[1]))
                else:
                    yield pending
                    pending = span
        if pending is not None:
            yield pending

    def _of_day(self, day: date) -> list[tuple[datetime, datetime]]:
        spans = [(self._instant(day, _MIDNIGHT), self._instant(day + _DAY, _MIDNIGHT))]
        for hours in self.hours:
            own = [
                (
                    self._instant(day, opens),
                    self._instant(day + _DAY if closes == _MIDNIGHT else day, closes),
                )
                for opens, closes in times_of(hours, day)
            ]
            both = [
                (max(opens, own_opens), min(closes, own_closes))
                for opens, closes in spans
                for own_opens, own_closes in own
            ]
            spans = [(opens, closes) for opens, closes in both if opens < closes]
        return sorted(spans)

    def _instant(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, tzinfo=zone(self._time_zone)).astimezone(UTC)


def times_of(hours: Hours, day: date) -> tuple[tuple[time, time], ...]:
    """Return the local times at which ``hours`` open and close on ``day``; closing at 00:00 is its end."""
    if any(closure.first <= day <= closure.last for closure in hours.closures):
        return ()
    for special in hours.special:
        if special.day == day:
            return special.times
    if not hours.openings:
        return ((_MIDNIGHT, _MIDNIGHT),)
    weekday = day.isoweekday()
    return tuple(
        (opening.opens, opening.closes) for opening in hours.openings if weekday in opening.weekdays
    )


_timetables: dict[tuple[int, int, str, time], _Timetable] = {}


def _timetable(spec: HallSpec, hours: Hours) -> _Timetable:
    """Return the timetable of these hours within the hall's, which are told by identity: hashing takes long."""
    key = (id(spec.hours), id(hours), spec.time_zone, spec.day_begins)
    found = _timetables.get(key)
    if found is None:
        if len(_timetables) >= TIMETABLES_MAX:
            _timetables.clear()
        found = _Timetable(spec.hours, hours, spec.time_zone, spec.day_begins)
        _timetables[key] = found
    return found

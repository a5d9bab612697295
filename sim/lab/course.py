"""The course of a rehearsal by quarter of an hour: who came and waited, and what the counters did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time

from protocol.ids import ServiceId
from protocol.values import value
from sim.lab.crowd import Queued
from sim.lab.run import Outcome
from sim.lab.visitors import Visitor
from sim.statistics import mean, percentiles

QUARTER_S = 900.0

Span = tuple[float, float]
"""From when to when, in world seconds."""


@value
class ServiceCourse:
    """One service, or all together (``service`` is None), quarter by quarter."""

    service: ServiceId | None
    came: tuple[int, ...]
    waiting: tuple[float, ...]
    """How many tickets waited, on the average over the quarter."""
    wait_mean_s: tuple[float | None, ...]
    """The mean wait of those who came in the quarter and were called; None of nobody."""
    wait_p90_s: tuple[float | None, ...]


@value
class Course:
    """``begins`` are the quarters' beginnings, local, as text such as ``2026-03-02T09:15``.

    Quarters in which nobody waited and no counter was open, at both ends of each day, are left out.
    """

    begins: tuple[str, ...]
    services: tuple[ServiceCourse, ...]
    open: tuple[float, ...]
    """Counters that were open, on the average over the quarter."""
    busy: tuple[float, ...]
    """Counters at which somebody had been called."""


class _Quarters:
    """The quarters of the scenario's days: where something falls, and how much of it in which."""

    def __init__(self, outcome: Outcome) -> None:
        self.begins_s: list[float] = []
        calendar = outcome.calendar
        for day in calendar.days:
            first_s, last_s = _active(outcome, day)
            at_s = calendar.seconds(day, time()) + (
                (first_s - calendar.seconds(day, time())) // QUARTER_S * QUARTER_S
            )
            while at_s < last_s:
                self.begins_s.append(at_s)
                at_s += QUARTER_S
        self._places = {begins_s: place for place, begins_s in enumerate(self.begins_s)}
        self._origin_s = self.begins_s[0] if self.begins_s else 0.0

    def place(self, at_s: float) -> int | None:
        """Return which quarter ``at_s`` falls into."""
        begins_s = self._origin_s + (at_s - self._origin_s) // QUARTER_S * QUARTER_S
        return self._places.get(begins_s)

    def mean_count(self, spans: Iterable[Span]) -> tuple[float, ...]:
        """Return how many of the spans are under way in each quarter, on the average."""
        seconds = [0.0] * len(self.begins_s)
        for begins_s, ends_s in spans:
            at_s = begins_s
            while at_s < ends_s:
                quarter_s = self._origin_s + (at_s - self._origin_s) // QUARTER_S * QUARTER_S
                until_s = min(ends_s, quarter_s + QUARTER_S)
                place = self._places.get(quarter_s)
                if place is not None:
                    seconds[place] += until_s - at_s
                at_s = until_s
        return tuple(each / QUARTER_S for each in seconds)


def _active(outcome: Outcome, day: date) -> Span:
    """Return from when to when something happened on a day; nothing if the hall was closed."""
    calendar = outcome.calendar
    if day not in calendar.open_days:
        return (0.0, 0.0)
    days = outcome.scenario.days
    begins_s = calendar.seconds(day, days.begins)
    ends_s = calendar.seconds(day, days.ends)
    day_ends_s = calendar.day_ends(day)
    came_s = [each.came_s for each in outcome.visitors if each.day == day and each.comes]
    begins_s = min([begins_s, *came_s])
    for stretch in outcome.stretches:
        if calendar.seconds(day, time()) <= stretch.begins_s < day_ends_s:
            begins_s = min(begins_s, stretch.begins_s)
            ends_s = max(ends_s, stretch.ends_s)
    return begins_s, ends_s


def course_of(outcome: Outcome) -> Course:
    """Return what happened in each quarter of an hour."""
    quarters = _Quarters(outcome)
    everybody = outcome.visitors
    services = [_service(quarters, None, everybody, outcome.queued)]
    for service in outcome.scenario.spec.services:
        own = [visitor for visitor in everybody if visitor.service == service]
        queued = [each for each in outcome.queued if each.service == service]
        services.append(_service(quarters, service, own, queued))
    return Course(
        begins=tuple(_label(outcome.calendar.local(each)) for each in quarters.begins_s),
        services=tuple(services),
        open=quarters.mean_count(
            (stretch.begins_s, stretch.ends_s) for stretch in outcome.stretches if stretch.open
        ),
        busy=quarters.mean_count((call.begins_s, call.ends_s) for call in outcome.calls),
    )


def _label(local: datetime) -> str:
    return local.isoformat(timespec="minutes")


def _service(
    quarters: _Quarters,
    service: ServiceId | None,
    visitors: Sequence[Visitor],
    queued: Sequence[Queued],
) -> ServiceCourse:
    came = [0] * len(quarters.begins_s)
    waits: list[list[float]] = [[] for _ in quarters.begins_s]
    for visitor in visitors:
        place = quarters.place(visitor.came_s) if visitor.comes else None
        if place is None:
            continue
        came[place] += 1
        if visitor.waited_s is not None:
            waits[place].append(visitor.waited_s)
    return ServiceCourse(
        service=service,
        came=tuple(came),
        waiting=quarters.mean_count((each.begins_s, each.ends_s) for each in queued),
        wait_mean_s=tuple(mean(each) if each else None for each in waits),
        wait_p90_s=tuple(percentiles(each, (0.9,))[0] if each else None for each in waits),
    )

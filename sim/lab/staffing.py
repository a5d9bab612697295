"""How many counters of which kind work in each quarter of an hour of a day, as shifts of clerks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from protocol.hall import Counter, HallSpec
from protocol.ids import CounterId, ServiceId
from protocol.values import replace, value
from sim.lab.scenario import LabScenario, Rating, Shift

QUARTER_S = 900.0
OVERTIME_S = 7200.0
"""The last clerks of the day stay so much longer while somebody waits."""

Plan = tuple[tuple[int, ...], ...]
"""For each group how many counters work in each quarter."""


@value
class Group:
    """Counters that call the same services in the same way."""

    counters: tuple[CounterId, ...]
    services: tuple[ServiceId, ...]


@value
class Pool:
    """Services that the same groups have, by their places: nobody else can serve their customers."""

    services: tuple[ServiceId, ...]
    groups: tuple[int, ...]


def groups_of(spec: HallSpec) -> tuple[Group, ...]:
    """Return the groups of a hall's counters, in their order."""
    found: dict[tuple[object, ...], list[CounterId]] = {}
    for counter in spec.counters.values():
        key = (counter.services, tuple(sorted(counter.weights.items())))
        found.setdefault(key, []).append(counter.id)
    return tuple(
        Group(counters=tuple(ids), services=spec.counters[ids[0]].services)
        for ids in found.values()
    )


def pools_of(spec: HallSpec, groups: Sequence[Group]) -> tuple[Pool, ...]:
    """Return the pools of a hall's services; of a service that no counter has there is none."""
    found: dict[tuple[int, ...], list[ServiceId]] = {}
    for service in spec.services:
        able = tuple(place for place, group in enumerate(groups) if service in group.services)
        if able:
            found.setdefault(able, []).append(service)
    return tuple(Pool(services=tuple(own), groups=able) for able, own in found.items())


class Day:
    """One day of a scenario, cut into quarters, and rooms for more counters than the hall has.

    Devices, phones and faults are left out, and so are evaluations: it is the queue that staff are needed for.
    """

    def __init__(self, scenario: LabScenario, day: date, most: int) -> None:
        """``most`` is how many counters a group may have."""
        self.date = day
        self.groups = groups_of(scenario.spec)
        self.pools = pools_of(scenario.spec, self.groups)
        doors = scenario.days
        first = datetime.combine(day, doors.begins)
        length_s = (datetime.combine(day, doors.ends) - first).total_seconds()
        self.quarters = math.ceil(length_s / QUARTER_S)
        self.bounds = (
            *((first + timedelta(seconds=n * QUARTER_S)).time() for n in range(self.quarters)),
            doors.ends,
        )
        """When each quarter begins, and when the last one ends (local)."""
        self._rooms, counters = _rooms(scenario.spec, self.groups, most)
        self._scenario = replace(
            scenario,
            spec=replace(scenario.spec, counters=counters),
            days=replace(doors, first=day, days=1),
            rating=Rating(),
            radio=None,
            breakages=(),
            phones=None,
        )

    def even(self, counters: int) -> Plan:
        """Return the plan with so many counters of every group all day."""
        return tuple((counters,) * self.quarters for _ in self.groups)

    def staffed(self, plan: Plan) -> LabScenario:
        """Return the day with the counters of ``plan``."""
        return replace(self._scenario, shifts=tuple(self._shifts(plan)))

    def as_staffed(self, shifts: Sequence[Shift]) -> float:
        """Return for how many hours counters work in shifts of a scenario."""
        return math.fsum(
            _hours(shift.begins, shift.ends)
            - sum(_hours(each.begins, each.ends) for each in shift.breaks)
            for shift in shifts
            if self.date.isoweekday() in shift.weekdays
        )

    def _shifts(self, plan: Plan) -> Iterator[Shift]:
        for rooms, counts in zip(self._rooms, plan, strict=True):
            for place, counter in enumerate(rooms):
                for begins, ends in _stretches([count > place for count in counts]):
                    last = ends == self.quarters
                    yield Shift(
                        counter=counter,
                        begins=self.bounds[begins],
                        ends=self.bounds[ends],
                        overtime_s=OVERTIME_S if last else 0.0,
                    )


def _rooms(
    spec: HallSpec, groups: Sequence[Group], most: int
) -> tuple[list[list[CounterId]], dict[CounterId, Counter]]:
    """Return the counters of each group, as many as it may have, and all of them."""
    counters = dict(spec.counters)
    rooms = []
    for group in groups:
        room = list(group.counters[:most])
        number = 0
        while len(room) < most:
            number += 1
            id = CounterId(f"{group.counters[-1]}+{number}")
            if id not in counters:
                counters[id] = replace(spec.counters[group.counters[-1]], id=id)
                room.append(id)
        rooms.append(room)
    return rooms, counters


def _stretches(works: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield from which to before which quarter somebody works."""
    begins: int | None = None
    for place, work in enumerate([*works, False]):
        if work and begins is None:
            begins = place
        elif not work and begins is not None:
            yield begins, place
            begins = None


def _hours(begins: time, ends: time) -> float:
    day = date.min
    return (datetime.combine(day, ends) - datetime.combine(day, begins)).total_seconds() / 3600

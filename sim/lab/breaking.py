"""What breaks in a rehearsal: faults in windows of each day, or at random times."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from sim.faults.catalogue import kind_of
from sim.faults.kind import Fault
from sim.lab.calendar import Calendar
from sim.lab.scenario import Breakage, LabScenario
from sim.lab.streams import stream

__all__ = ["FAULTS_MAX", "draw_faults"]

FAULTS_MAX = 10_000
"""Faults of one run."""


def draw_faults(
    scenario: LabScenario, calendar: Calendar, seed: int, premises: Any
) -> tuple[Fault, ...]:
    """Return the faults of a run on ``premises``, in the order in which they begin.

    Raises:
        ValueError: more than `FAULTS_MAX` would come.
    """
    drawing = _Drawing(scenario, calendar, seed, premises)
    faults: list[Fault] = []
    for number, breakage in enumerate(scenario.breakages, start=1):
        for day in calendar.open_days:
            if not breakage.dates or day in breakage.dates:
                faults += drawing.on(day, breakage, number)
            if len(faults) > FAULTS_MAX:
                raise ValueError(f"more than {FAULTS_MAX:,} faults would come: choose fewer")
    return tuple(sorted(faults, key=lambda fault: fault.begins_s))


class _Drawing:
    def __init__(self, scenario: LabScenario, calendar: Calendar, seed: int, premises: Any) -> None:
        self._days = scenario.days
        self._calendar = calendar
        self._seed = seed
        self._premises = premises

    def on(self, day: Any, breakage: Breakage, number: int) -> Iterator[Fault]:
        kind = kind_of(breakage.kind)
        seconds = self._calendar.seconds
        if breakage.begins is not None and breakage.ends is not None:
            begins_s = seconds(day, breakage.begins)
            lasts_s = seconds(day, breakage.ends) - begins_s
            yield _fault(breakage, breakage.where, begins_s, lasts_s)
            return
        chance = stream(self._seed, f"fault {number}", day.isoformat())
        places = kind.target.places(self._premises)
        at_s, ends_s = (seconds(day, at) for at in (self._days.begins, self._days.ends))
        while breakage.per_hour and places:
            at_s += chance.expovariate(breakage.per_hour / 3600)
            if at_s >= ends_s:
                return
            lasts_s = min(-math.log1p(-chance.random()) * breakage.lasts_s, kind.lasts_max_s)
            where = chance.choice(list(places))
            yield _fault(breakage, breakage.where or where, at_s, max(lasts_s, 0.1))


def _fault(breakage: Breakage, where: str | None, begins_s: float, lasts_s: float) -> Fault:
    return Fault(
        kind=breakage.kind,
        where=where,
        begins_s=begins_s,
        lasts_s=lasts_s,
        parameters=breakage.parameters,
    )

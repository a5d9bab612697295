"""What must fit together in a scenario file, and fit its hall: references, times, weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any

from protocol.hall import HallSpec
from protocol.tickets import TicketClass
from runtime.cli_scenario_tables import Block, File, Staffing
from runtime.config.document import Place
from runtime.config.problems import Findings, nearest
from runtime.config.tables import Tables
from sim.lab.scenario import Appointments, Burst, SetsOff

__all__ = ["check_scenario"]

_SHOWN_MAX = 20
"""Ids that a message lists."""


def check_scenario(tables: Tables, findings: Findings, file: File, spec: HallSpec) -> None:
    """Report what does not fit together in the scenario ``file`` of the hall ``spec``."""
    check = _Check(findings, file, spec)
    check.day()
    for place, block in tables.within((), Block):
        check.arrivals(place, block, tables.within(place, Burst))
    for place, appointments in tables.within((), Appointments):
        check.appointments(place, appointments)
    for service in file.service_times:
        check.refers(("service_time", service), service, "service", spec.services)
    check.shifts(tables.within((), Staffing))
    check.phones(tables.within((), Block))
    check.weights(("evaluation", "levels"), file.rating.levels)
    if file.rating.after_s > spec.evaluation.within_s and findings.sound(("evaluation",)):
        wrong = f"{file.rating.after_s:g} s is when the hall takes no evaluation any more"
        findings.add(("evaluation", "after_s"), wrong, f"allowed is {spec.evaluation.within_s:g}")
    if not file.arrivals and not file.appointments and findings.sound(("arrivals",)):
        findings.add(("arrivals",), "nobody comes", "needed is [[arrivals]] or [[appointments]]")


class _Check:
    """Reports what is wrong with the parts of a file."""

    def __init__(self, findings: Findings, file: File, spec: HallSpec) -> None:
        self._findings = findings
        self._file = file
        self._spec = spec

    def day(self) -> None:
        day, place = self._file.days, ("day",)
        if self._findings.sound((*place, "from"), (*place, "until")) and day.ends <= day.begins:
            wrong = f"{day.ends:%H:%M} is not after {day.begins:%H:%M}"
            self._findings.add((*place, "until"), wrong, "allowed is a later time of the same day")

    def refers(self, place: Place, name: str, kind: str, known: Iterable[Any]) -> bool:
        """Report ``name`` if the hall has no such thing; return whether it has."""
        names = [str(each) for each in known]
        if name in names:
            return True
        if self._findings.sound(place):
            hint = f"did you mean {meant!r}? " if (meant := nearest(name, names)) else ""
            more = ", …" if len(names) > _SHOWN_MAX else ""
            allowed = f"{hint}allowed: {', '.join(names[:_SHOWN_MAX])}{more}"
            wrong = f"hall {self._spec.id} has no {kind} {name!r}"
            self._findings.add(place, wrong, allowed)
        return False

    def weights(self, place: Place, weights: Mapping[Any, float]) -> None:
        if weights and not sum(weights.values()) and self._findings.sound(place):
            self._findings.add(place, "weighs nothing", "needed is a weight above 0")

    def arrivals(self, place: Place, block: Block, bursts: Iterable[tuple[Place, Burst]]) -> None:
        findings = self._findings
        self._one_of(place, "service", "services", block.service, block.services)
        self._at_most_one(place, "per_hour", "rates", block.per_hour, block.rates)
        if block.service is not None:
            self.refers((*place, "service"), block.service, "service", self._spec.services)
        for service in block.services:
            self.refers((*place, "services", service), service, "service", self._spec.services)
        for key in ("services", "classes", "party"):
            self.weights((*place, key), getattr(block, key))
        if TicketClass.APPOINTMENT in block.classes:
            wrong = "is of those who booked"
            allowed = "allowed: normal, priority; [[appointments]] has those who booked"
            findings.add((*place, "classes", "appointment"), wrong, allowed)
        doors = self._file.days
        if findings.sound(("day",)):
            for at, burst in bursts:
                if findings.sound((*at, "at")) and not doors.begins <= burst.at < doors.ends:
                    self._outside((*at, "at"), burst.at)
            for begins in block.rates:
                if findings.sound((*place, "rates")) and begins >= doors.ends:
                    self._outside((*place, "rates"), begins)
        if not (block.per_hour or block.rates or block.bursts) and findings.sound(place):
            findings.add(place, "nobody comes", "needed is per_hour, rates or [[arrivals.burst]]")

    def appointments(self, place: Place, booked: Appointments) -> None:
        at = (*place, "service")
        if not self.refers(at, booked.service, "service", self._spec.services):
            return
        appointments = self._spec.services[booked.service].appointments
        if appointments is None:
            able = [id for id, each in self._spec.services.items() if each.appointments]
            wrong = f"service {booked.service!r} is not booked in its hall"
            self._findings.add(at, wrong, f"allowed: {', '.join(able) or 'none of its services'}")
        elif appointments.soonest_days > appointments.latest_days:
            self._findings.add(at, "cannot be booked on any day", "see the hall's file")

    def phones(self, blocks: Iterable[tuple[Place, Block]]) -> None:
        """Report what needs phones where the scenario has none."""
        if self._file.phones is not None or not self._findings.sound(("phones",)):
            return
        needed = "needed is a [phones] table, which may be empty"
        for place, block in blocks:
            if block.follow_share:
                self._findings.add((*place, "follow_share"), "nobody has a phone", needed)
        if self._file.people.sets_off is SetsOff.BY_PUSH:
            wrong = "nobody has a phone that could tell when"
            self._findings.add(("people", "sets_off"), wrong, needed)

    def shifts(self, shifts: Iterable[tuple[Place, Staffing]]) -> None:
        taken: dict[tuple[str, int], list[tuple[time, time]]] = {}
        for place, shift in shifts:
            for index, counter in enumerate(shift.counters):
                self.refers((*place, "counters", index), counter, "counter", self._spec.counters)
            if shift.staff is not None and self._spec.staff:
                self.refers((*place, "staff"), shift.staff, "staff", self._spec.staff)
            if self._times_fit(place, shift):
                self._does_not_overlap(place, shift, taken)

    def _times_fit(self, place: Place, shift: Staffing) -> bool:
        """Report a shift that ends before it begins or in another business day, and breaks outside of it."""
        findings = self._findings
        if not findings.sound((*place, "from"), (*place, "until")):
            return False
        if shift.ends <= shift.begins:
            wrong = f"{shift.ends:%H:%M} is not after {shift.begins:%H:%M}"
            findings.add((*place, "until"), wrong, "allowed is a later time of the same day")
            return False
        over_s = _seconds(shift.ends) + shift.overtime_s
        if over_s >= 86_400 + _seconds(self._spec.day_begins):
            wrong = f"goes on into the business day that begins at {self._spec.day_begins:%H:%M}"
            findings.add((*place, "overtime_s"), wrong, "allowed is less")
        last = shift.begins
        for index, (begins, ends) in enumerate(shift.breaks):
            if not last <= begins < ends <= shift.ends and findings.sound((*place, "breaks")):
                wrong = f"{begins:%H:%M}-{ends:%H:%M} is not within the shift, or not after the one before"
                allowed = f"allowed is what is from {last:%H:%M} to {shift.ends:%H:%M}"
                findings.add((*place, "breaks", index), wrong, allowed)
            last = ends
        return True

    def _does_not_overlap(
        self, place: Place, shift: Staffing, taken: dict[tuple[str, int], list[tuple[time, time]]]
    ) -> None:
        for index, counter in enumerate(shift.counters):
            for weekday in shift.weekdays:
                others = taken.setdefault((counter, weekday), [])
                if any(begins < shift.ends and shift.begins < ends for begins, ends in others):
                    wrong = f"counter {counter} has another shift then on weekday {weekday}"
                    allowed = "allowed is one at a time"
                    self._findings.add((*place, "counters", index), wrong, allowed)
                    break
                others.append((shift.begins, shift.ends))

    def _one_of(self, place: Place, one: str, other: str, first: object, second: object) -> None:
        self._at_most_one(place, one, other, first, second)
        if first is None and not second and self._findings.sound(place):
            self._findings.add(place, f"has neither {one} nor {other}", "needed is one of them")

    def _at_most_one(
        self, place: Place, one: str, other: str, first: object, second: object
    ) -> None:
        if first is not None and second:
            self._findings.add(place, f"has both {one} and {other}", "allowed is one of them")

    def _outside(self, place: Place, at: time) -> None:
        doors = self._file.days
        wrong = f"{at:%H:%M} is not within the day"
        allowed = f"allowed is {doors.begins:%H:%M} to before {doors.ends:%H:%M}"
        self._findings.add(place, wrong, allowed)


def _seconds(at: time) -> float:
    return at.hour * 3600.0 + at.minute * 60 + at.second

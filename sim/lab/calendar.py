"""The days of a scenario on the clock of its world: seconds from when the world begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from actors.hall.day import business_day, zone
from actors.hall.opening import stretch_of
from protocol.hall import HallSpec
from sim.lab.scenario import LabScenario

BOOKED_AT = time(20)
"""When people book for another day, from this time on."""
BOOKED_TODAY_AT = time(5)
"""When they book for the same day where the hall lets nobody book earlier."""


class Calendar:
    """Local days and times as world seconds.

    The world begins at midnight of the first day, or of the day on which the first appointment is booked.
    """

    def __init__(self, scenario: LabScenario) -> None:
        self._spec = spec = scenario.spec
        days = scenario.days
        self.days = tuple(days.first + timedelta(days=number) for number in range(days.days))
        ahead = [booked_ahead(spec, each.service) for each in scenario.appointments]
        first = days.first - timedelta(days=max(ahead, default=0))
        self._zone = zone(spec.time_zone)
        self.begins = datetime.combine(first, time(), tzinfo=self._zone).astimezone(UTC)
        """When the world begins (aware, UTC)."""
        self._open = {
            day: self._is_open(day, scenario.days.begins, scenario.days.ends) for day in self.days
        }
        self.open_days = tuple(day for day in self.days if self._open[day])

    def seconds(self, day: date, at: time) -> float:
        """Return a local time in world seconds."""
        local = datetime.combine(day, at, tzinfo=self._zone)
        return (local.astimezone(UTC) - self.begins).total_seconds()

    def local(self, seconds: float) -> datetime:
        """Return world seconds as the hall's local time, without its zone."""
        moment = self.begins + timedelta(seconds=seconds)
        return moment.astimezone(self._zone).replace(tzinfo=None)

    def day_ends(self, day: date) -> float:
        """Return when the business day ends that noon of ``day`` belongs to."""
        noon = datetime.combine(day, time(12), tzinfo=self._zone).astimezone(UTC)
        _, ends_at = business_day(noon, self._spec.time_zone, self._spec.day_begins)
        return (ends_at - self.begins).total_seconds()

    def _is_open(self, day: date, begins: time, ends: time) -> bool:
        """Whether the hall is open at any time between the two."""
        opens_at = datetime.combine(day, begins, tzinfo=self._zone).astimezone(UTC)
        closes_at = datetime.combine(day, ends, tzinfo=self._zone).astimezone(UTC)
        stretch = stretch_of(self._spec, None, opens_at)
        return stretch.is_open or (
            stretch.changes_at is not None and stretch.changes_at < closes_at
        )


def booked_ahead(spec: HallSpec, service: str) -> int:
    """Return how many days ahead a slot of the service is booked: one, if the hall allows that."""
    appointments = next(each.appointments for id, each in spec.services.items() if id == service)
    assert appointments is not None, f"service {service} is not booked"
    return min(max(1, appointments.soonest_days), appointments.latest_days)

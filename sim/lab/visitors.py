"""Who comes: everything about each visitor is drawn before the run, so that it depends on nothing in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from random import Random

from actors.hall.slots import bookable
from protocol.answers import Reason
from protocol.appointments import Slot
from protocol.ids import CounterId, ServiceId, TicketId
from protocol.tickets import TicketClass
from sim.lab.calendar import BOOKED_AT, BOOKED_TODAY_AT, Calendar, booked_ahead
from sim.lab.scenario import VISITORS_MAX, Appointments, Arrivals, LabScenario, PhoneUse
from sim.lab.streams import Weighted, stream

BOOKING_HOUR_S = 3600.0
"""People book within so long."""


class End(StrEnum):
    """What became of a visitor."""

    SERVED = "served"
    NO_SHOW = "no_show"
    LEFT = "left"
    """Cancelled the ticket."""
    EXPIRED = "expired"
    """The day ended first."""
    REFUSED = "refused"
    """Got no ticket, or no booking."""
    MISSED = "missed"
    """Had booked and never came."""


class Phone:
    """The phone of a visitor, if there are any: what he does with it, and whether he is away because of it."""

    __slots__ = ("back_s", "gone", "notices_s", "returns_s", "scan_s", "scans", "strolls")

    def __init__(self) -> None:
        self.scans = False
        """He scans his paper,"""
        self.scan_s = 0.0
        """so long after he got it (seconds),"""
        self.strolls = False
        """and waits elsewhere in the building then."""
        self.notices_s = 0.0
        """From a message to its being read (seconds)."""
        self.back_s = 0.0
        """From elsewhere to the hall (seconds)."""

        self.gone = False
        """He is at home, or elsewhere, and does not know when he will be in the hall."""
        self.returns_s: float | None = None
        """When he was in the hall after that, or will be (world seconds)."""


class Visitor:
    """Somebody who comes, and what became of it. Changed in place: there is one of these a ticket.

    Times (``…_s`` at which something happens) are world seconds.
    """

    __slots__ = (
        "booked_s",
        "called_s",
        "came_back",
        "came_s",
        "comes",
        "counter",
        "day",
        "end",
        "ended_s",
        "in_hall_s",
        "level",
        "name",
        "number",
        "p50_s",
        "p90_s",
        "party",
        "patience_s",
        "phone",
        "present",
        "queued_s",
        "rates_after_s",
        "rates_share",
        "reason",
        "remote",
        "service",
        "service_s",
        "slot",
        "started_s",
        "taken_s",
        "ticket",
        "ticket_class",
        "to_counter_s",
        "way_s",
    )

    def __init__(
        self, name: str, day: date, service: ServiceId, came_s: float, service_s: float
    ) -> None:
        self.name = name
        self.day = day
        self.service = service
        self.came_s = came_s
        """When the ticket is taken, or the appointment checked in."""
        self.service_s = service_s
        self.ticket_class = TicketClass.NORMAL
        self.party = 1
        self.remote = False
        self.way_s = 0.0
        self.to_counter_s = 0.0
        self.patience_s: float | None = None
        self.present = True
        """False of one who goes without a word."""
        self.rates_share: float | None = None
        """Which of the levels is given, as a share; None if none is."""
        self.rates_after_s = 0.0
        self.slot: Slot | None = None
        self.booked_s = 0.0
        self.comes = True
        """False of one who booked and never comes."""
        self.phone: Phone | None = None
        """By which its ticket can be followed; None where nobody has any."""

        self.ticket: TicketId | None = None
        self.number = ""
        self.queued_s = 0.0
        """Since when its ticket waits, while it does."""
        self.taken_s: float | None = None
        self.in_hall_s: float | None = None
        """When it stood in the hall with its ticket, or will."""
        self.p50_s: float | None = None
        self.p90_s: float | None = None
        self.called_s: float | None = None
        self.started_s: float | None = None
        self.ended_s: float | None = None
        self.came_back = False
        """It was called before it had come, and asked for a place again."""
        self.counter: CounterId | None = None
        self.end: End | None = None
        self.reason: Reason | None = None
        """Why it was refused."""
        self.level: int | None = None

    def __repr__(self) -> str:
        return f"<visitor {self.name}>"

    @property
    def there_s(self) -> float | None:
        """When it was, or will be, where calls are seen and heard (world seconds); None if nobody knows."""
        phone = self.phone
        if phone is None:
            return self.in_hall_s
        if phone.gone:
            return None
        return self.in_hall_s if phone.returns_s is None else phone.returns_s

    def hears(self, now_s: float) -> bool:
        """Whether it is in the hall at ``now_s``, where calls are seen and heard."""
        there_s = self.there_s
        return there_s is not None and there_s <= now_s

    @property
    def waited_s(self) -> float | None:
        """How long it waited in the hall until it was called, if it was."""
        if self.called_s is None or self.in_hall_s is None:
            return None
        return max(0.0, self.called_s - self.in_hall_s)


def draw_visitors(scenario: LabScenario, seed: int) -> list[Visitor]:
    """Return everybody who comes, in the order of their first deed.

    Raises:
        ValueError: more than `VISITORS_MAX` are expected.
    """
    calendar = Calendar(scenario)
    expected = expected_visitors(scenario, calendar)
    if expected > VISITORS_MAX:
        raise ValueError(
            f"{expected:,.0f} visitors would come; a run takes {VISITORS_MAX:,} at most: choose fewer "
            "days or people"
        )
    visitors: list[Visitor] = []
    for day in calendar.open_days:
        for block in scenario.arrivals:
            if day.isoweekday() in block.weekdays and (not block.dates or day in block.dates):
                visitors += _walk_ins(scenario, calendar, block, day, seed)
        for booked in scenario.appointments:
            visitors += _booked(scenario, calendar, booked, day, seed)
    visitors.sort(key=lambda each: (each.came_s if each.slot is None else each.booked_s, each.name))
    return visitors


def expected_visitors(scenario: LabScenario, calendar: Calendar) -> float:
    """Return how many come without an appointment, on the average."""
    return math.fsum(
        math.fsum(
            per_hour * (ends_s - begins_s) / 3600
            for begins_s, ends_s, per_hour in _stretches(scenario, calendar, block, day)
        )
        + sum(burst.people for burst in block.bursts)
        for day in calendar.open_days
        for block in scenario.arrivals
    )


class _Drawn:
    """What is drawn of each person of a block on a day, each thing from its own stream."""

    def __init__(self, scenario: LabScenario, seed: int, *block: object) -> None:
        self._scenario = scenario
        self._block = block
        self._seed = seed
        self._streams: dict[str, Random] = {}

    def share(self, purpose: str) -> float:
        """Return the next number of the stream for ``purpose``, from 0 to below 1."""
        if purpose not in self._streams:
            self._streams[purpose] = stream(self._seed, *self._block, purpose)
        return self._streams[purpose].random()

    def visitor(self, name: str, day: date, service: ServiceId, came_s: float) -> Visitor:
        """Return somebody with everything that people have, whether they booked or not."""
        people, rating = self._scenario.people, self._scenario.rating
        takes_s = self._scenario.takes_s(service).quantile(self.share("service time"))
        visitor = Visitor(name, day, service, came_s, takes_s)
        visitor.to_counter_s = people.to_counter_s.quantile(self.share("to the counter"))
        patience = self.share("patience")
        if people.patience_s is not None:
            visitor.patience_s = people.patience_s.quantile(patience)
        visitor.present = self.share("stays") >= people.no_show_share
        level = self.share("level")
        if self.share("rates") < rating.share:
            visitor.rates_share = level
        visitor.rates_after_s = -math.log1p(-self.share("rates after")) * rating.after_s
        return visitor


def _walk_ins(
    scenario: LabScenario, calendar: Calendar, block: Arrivals, day: date, seed: int
) -> Iterator[Visitor]:
    services, classes = Weighted(block.services), Weighted(block.classes)
    parties = Weighted(block.party)
    for group, times in _groups(scenario, calendar, block, day, seed):
        drawn = _Drawn(scenario, seed, *group)
        for number, came_s in enumerate(times, start=1):
            name = "/".join((*group, str(number)))
            service = services.at(drawn.share("service"))
            visitor = drawn.visitor(name, day, service, came_s)
            visitor.ticket_class = classes.at(drawn.share("class"))
            visitor.party = parties.at(drawn.share("party"))
            visitor.remote = drawn.share("remote") < block.remote_share
            way_s = scenario.people.way_s.quantile(drawn.share("way"))
            visitor.way_s = way_s if visitor.remote else 0.0
            if scenario.phones is not None:
                visitor.phone = _phone(scenario.phones, drawn)
                scans = drawn.share("scans") < block.follow_share
                visitor.phone.scans = scans and not visitor.remote
            yield visitor


def _phone(phones: PhoneUse, drawn: _Drawn) -> Phone:
    phone = Phone()
    phone.strolls = drawn.share("strolls") < phones.elsewhere_share
    phone.scan_s = phones.scans_s.quantile(drawn.share("scan after"))
    phone.notices_s = phones.notices_s.quantile(drawn.share("notices after"))
    phone.back_s = phones.back_s.quantile(drawn.share("way back"))
    return phone


def _groups(
    scenario: LabScenario, calendar: Calendar, block: Arrivals, day: date, seed: int
) -> Iterator[tuple[tuple[str, ...], Iterable[float]]]:
    """Yield the groups of a block on a day: their names, and when each of their people comes."""
    name = (block.name, day.isoformat())
    gaps = stream(seed, *name, "arrivals")
    yield name, list(_poisson(gaps, _stretches(scenario, calendar, block, day)))
    for number, burst in enumerate(block.bursts, start=1):
        group = (*name, f"burst {number}")
        chance = stream(seed, *group, "arrivals")
        begins_s = calendar.seconds(day, burst.at)
        times = [begins_s + chance.random() * burst.within_s for _ in range(burst.people)]
        yield group, sorted(times)


def _stretches(
    scenario: LabScenario, calendar: Calendar, block: Arrivals, day: date
) -> list[tuple[float, float, float]]:
    """Return from when to when how many people an hour come on a day, in order."""
    doors = scenario.days
    bounds = [(max(at, doors.begins), per_hour) for at, per_hour in block.rates]
    bounds.append((doors.ends, 0.0))
    return [
        (calendar.seconds(day, begins), calendar.seconds(day, min(ends, doors.ends)), per_hour)
        for (begins, per_hour), (ends, _) in pairwise(bounds)
        if begins < min(ends, doors.ends) and per_hour
    ]


def _poisson(chance: Random, stretches: Iterable[tuple[float, float, float]]) -> Iterator[float]:
    """Yield random times at which people come, as many as the rates say.

    The times of a process with rate 1 are stretched by the rates: with other rates the same people come, at
    other times.
    """
    due = chance.expovariate(1.0)
    for begins_s, ends_s, per_hour in stretches:
        per_s = per_hour / 3600
        people = (ends_s - begins_s) * per_s
        while due < people:
            yield begins_s + due / per_s
            due += chance.expovariate(1.0)
        due -= people


def _booked(
    scenario: LabScenario, calendar: Calendar, booked: Appointments, day: date, seed: int
) -> Iterator[Visitor]:
    name = (f"booked {booked.service}", day.isoformat())
    drawn = _Drawn(scenario, seed, *name)
    ahead = booked_ahead(scenario.spec, booked.service)
    at = BOOKED_AT if ahead else BOOKED_TODAY_AT
    books_s = calendar.seconds(day - timedelta(days=ahead), at)
    early = stream(seed, *name, "early")
    for number, slot in enumerate(_places(scenario, booked.service, day), start=1):
        slot_s = calendar.seconds(day, slot.time)
        # Nobody is more than three spreads off: the hall takes nobody in an hour too early.
        off = max(-3.0, min(3.0, early.gauss(0.0, 1.0)))
        came_s = slot_s - booked.early_s + off * booked.spread_s
        visitor = drawn.visitor("/".join((*name, str(number))), day, booked.service, came_s)
        visitor.slot = slot
        visitor.ticket_class = TicketClass.APPOINTMENT
        visitor.booked_s = books_s + drawn.share("books") * BOOKING_HOUR_S
        visitor.comes = drawn.share("comes") >= booked.no_show_share
        if scenario.phones is not None:
            visitor.phone = Phone()  # which follows nothing: the paper has a code all the same
        if drawn.share("booked") < booked.booked_share:
            yield visitor


def _places(scenario: LabScenario, service: ServiceId, day: date) -> Iterator[Slot]:
    """Yield each place that may be booked on a day, by its slot."""
    appointments = scenario.spec.services[service].appointments
    assert appointments is not None, f"service {service} is not booked"
    for pattern in appointments.slots:
        if day.isoweekday() not in pattern.weekdays:
            continue
        every = timedelta(minutes=pattern.every_minutes)
        at = datetime.combine(day, pattern.begins)
        ends = datetime.combine(day, pattern.ends)
        if pattern.ends == time():
            ends += timedelta(days=1)
        while at + every <= ends:
            for _ in range(bookable(pattern, appointments.walk_in_share)):
                yield Slot(day=day, time=at.time())
            at += every

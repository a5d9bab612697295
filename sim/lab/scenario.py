"""What a rehearsal consists of: a hall, the days, who comes, who works, how long everything takes.

Local times are those of the hall. Everything here can be pickled: runs go to other processes and machines.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from enum import StrEnum

import attrs

from protocol.hall import HallSpec
from protocol.ids import CounterId, ServiceId, StaffId
from protocol.tickets import TicketClass
from protocol.values import value
from sim.distributions import Distribution, Exponential, Fixed
from sim.faults.catalogue import kind_of
from sim.faults.wechat import WECHAT

VISITORS_MAX = 200_000
"""Visitors of one run: each is kept with all that became of him, some 400 octets."""
DAYS_MAX = 31

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
MINUTE_S = 60.0


@value
class Days:
    """The days from ``first`` on, and when people come on them: from ``begins`` to ``ends``, local."""

    first: date
    days: int = 1
    begins: time = time(9)
    ends: time = time(17)


@value
class Burst:
    """At ``at`` so many ``people`` more come, evenly spread over ``within_s``: a bus, the opened door."""

    at: time
    people: int
    within_s: float = 300.0


@value
class Arrivals:
    """People who come without an appointment, at random times.

    ``rates`` says how many come in an hour, each from its time on until the next one's or the end of the day;
    before the first time nobody comes. What is chosen among has weights: of parts, whatever their sum.
    """

    name: str
    """Names its random numbers: another block with another name leaves these people as they are."""
    services: Mapping[ServiceId, float]
    rates: tuple[tuple[time, float], ...] = ()
    bursts: tuple[Burst, ...] = ()
    weekdays: tuple[int, ...] = EVERY_DAY
    dates: tuple[date, ...] = ()
    """If there are any, they come on these days alone."""
    classes: Mapping[TicketClass, float] = attrs.field(factory=lambda: {TicketClass.NORMAL: 1.0})
    party: Mapping[int, float] = attrs.field(factory=lambda: {1: 1.0})
    remote_share: float = 0.0
    """The share that take their tickets by phone and set off for the hall afterwards."""
    follow_share: float = 0.0
    """The share of the others that scan their paper, so that their phones follow it: see `PhoneUse`."""


@value
class Appointments:
    """People who booked a service beforehand.

    Of the places that may be booked ``booked_share`` are, each by chance. Who comes does so ``early_s``
    before the time on the average, normally distributed with ``spread_s``; ``no_show_share`` never come.
    """

    service: ServiceId
    booked_share: float = 0.8
    no_show_share: float = 0.1
    early_s: float = 600.0
    spread_s: float = 300.0


class SetsOff(StrEnum):
    """When somebody who took a ticket by phone sets off."""

    AT_ONCE = "at_once"
    BY_ESTIMATE = "by_estimate"
    """In time for the wait that the ticket tells of, with `MARGIN_S` to spare."""
    BY_PUSH = "by_push"
    """When the phone tells that the turn comes near. Who is told nothing sets off in time for the wait that
    nine of ten tickets do not exceed. Needs `PhoneUse`."""


MARGIN_S = 300.0


@value
class People:
    """What people are like. Times are in seconds."""

    to_counter_s: Distribution = attrs.field(factory=lambda: Fixed(always_s=10.0))
    """From the call to the counter, for who is in the hall."""
    patience_s: Distribution | None = None
    """How long they wait in the hall before they cancel and go; nobody does if it is None."""
    no_show_share: float = 0.0
    """Who go without a word after taking a ticket."""
    way_s: Distribution = attrs.field(factory=lambda: Exponential(mean_s=900.0))
    """From home to the hall, for those who took tickets by phone."""
    sets_off: SetsOff = SetsOff.AT_ONCE


@value
class PhoneUse:
    """People have phones, and the hall an account with WeChat, whose pushes they act on. Times are in seconds.

    Who takes a ticket by phone follows it. At home nobody sees or hears a call: who is told that the turn comes
    near, or of the call, sets off at once. Who follows in the hall hears calls there, unless he waits elsewhere
    in the building: then he comes when he is told of the call, or looks for himself once the wait is over that
    nine of ten tickets do not exceed.
    """

    elsewhere_share: float = 0.0
    """Of those who scanned their paper: they wait elsewhere in the building."""
    scans_s: Distribution = attrs.field(factory=lambda: Fixed(always_s=20.0))
    """From the ticket to its scan."""
    notices_s: Distribution = attrs.field(factory=lambda: Fixed(always_s=10.0))
    """From a message on the phone to its being read."""
    back_s: Distribution = attrs.field(factory=lambda: Fixed(always_s=30.0))
    """From elsewhere in the building to the hall."""
    messages_day_max: int = 100_000
    """Messages that WeChat lets the account send in a day,"""
    messages_minute_max: int = 50_000
    """in a minute,"""
    codes_day_max: int = 100_000
    """and QR codes that it makes for it in a day: a paper each."""


@value
class Break:
    """Nobody is called; ``begins`` once the customer there has been served, and then takes its full length."""

    begins: time
    ends: time


@value
class Shift:
    """Somebody works at a counter from ``begins`` to ``ends``, and ``overtime_s`` longer while people wait."""

    counter: CounterId
    begins: time
    ends: time
    staff: StaffId | None = None
    breaks: tuple[Break, ...] = ()
    weekdays: tuple[int, ...] = EVERY_DAY
    overtime_s: float = 0.0


@value
class Rating:
    """Who rate a service: a ``share`` of those served, with ``levels`` (1 to 5) by weight.

    Who waited longer than ``long_wait_s`` gives one level less.
    """

    share: float = 0.0
    levels: Mapping[int, float] = attrs.field(
        factory=lambda: {5: 60.0, 4: 25.0, 3: 9.0, 2: 3.0, 1: 3.0}
    )
    long_wait_s: float = 1800.0
    after_s: float = 60.0
    """How long after the service they do, on the average (exponentially distributed)."""


class Modules(StrEnum):
    """Radio modules that a rehearsal knows."""

    E32 = "e32"
    HC_12 = "hc-12"
    PERFECT = "perfect"


@value
class Radio:
    """The radio of a rehearsal with devices: its modules, and the share of packets lost by chance."""

    module: Modules = Modules.E32
    loss: float = 0.0


@value
class Breakage:
    """Something breaks: in a window of each day, or at random times.

    ``where`` is one of its kind's places. Without it a window is of all of them, and each time one is drawn.
    """

    kind: str
    where: str | None = None
    begins: time | None = None
    ends: time | None = None
    """Local; with them it is broken in between."""
    per_hour: float = 0.0
    """How often it breaks while people come, if there is no window."""
    lasts_s: float = 300.0
    """For how long then, on the average (exponentially distributed, up to the longest of its kind)."""
    dates: tuple[date, ...] = ()
    """If there are any, on these days alone."""
    parameters: Mapping[str, float] = attrs.field(factory=dict)


@value
class LabScenario:
    """One rehearsal. ``name`` is short, ``title`` for people.

    A service that ``service_s`` does not name takes what its hall expects of it, exponentially distributed.
    On days on which the hall is closed nobody comes and nobody works.
    """

    name: str
    title: str
    spec: HallSpec
    days: Days
    shifts: tuple[Shift, ...]
    arrivals: tuple[Arrivals, ...] = ()
    appointments: tuple[Appointments, ...] = ()
    service_s: Mapping[ServiceId, Distribution] = attrs.field(factory=dict)
    people: People = attrs.field(factory=People)
    rating: Rating = attrs.field(factory=Rating)
    no_show_after_s: float = 60.0
    """How long a clerk waits for somebody who was called; after half of it the call is repeated."""
    commit_s: float = 0.0
    """How long the hall's disk takes to make events durable."""
    phones: PhoneUse | None = None
    """None: nobody is told anything by phone, and who takes a ticket by phone does so on a web page."""
    radio: Radio | None = None
    breakages: tuple[Breakage, ...] = ()

    @property
    def with_devices(self) -> bool:
        """Whether it takes a whole hall with devices; else its queue is run, with WeChat's troubles if any."""
        return self.radio is not None or any(
            kind_of(each.kind).target.name != WECHAT.name for each in self.breakages
        )

    def takes_s(self, service: ServiceId) -> Distribution:
        """Return how long a service takes."""
        known = self.service_s.get(service)
        return known or Exponential(mean_s=self.spec.services[service].service_s)


def whole_day(spec: HallSpec, days: Days, overtime_s: float = 3600.0) -> tuple[Shift, ...]:
    """Return shifts in which every counter is staffed all day: where a scenario says nothing else."""
    return tuple(
        Shift(counter=counter, begins=days.begins, ends=days.ends, overtime_s=overtime_s)
        for counter in spec.counters
    )

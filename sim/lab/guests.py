"""Who came in a run of the production actors, as the sketch of a day (`sim.lab.sketch`) wants to know it."""

from __future__ import annotations

import math

from protocol.answers import Reason
from protocol.policies import LateRule
from protocol.tickets import TicketClass
from protocol.values import value
from sim.lab.attainment import Counts, count, counted_in, waits_since
from sim.lab.run import LabRun, Outcome
from sim.lab.scenario import LabScenario
from sim.lab.staffing import Day
from sim.lab.visitors import End, Visitor


@value
class Guest:
    """Somebody who got a ticket; ``service``, ``pool`` and ``quarter`` are places. Times are world seconds."""

    service: int
    ticket_class: TicketClass
    pool: int
    quarter: int | None
    """In which he counts; None if in none."""
    queued_s: float
    since_s: float
    """Since when he waits for the hall."""
    order: float
    """Who goes before whom of the same service and class."""
    due_s: float | None
    """Of the appointment, if he goes by that."""
    in_hall_s: float
    leaves_s: float
    """When patience ends; infinite if it does not."""
    to_counter_s: float
    """Seconds from the call on, for who is in the hall."""
    service_s: float
    """Seconds; how long it takes."""
    present: bool


@value
class Guests:
    """The people of one run; ``counts`` are of those who got no ticket as they would be too late."""

    guests: tuple[Guest, ...]
    counts: Counts
    begins_s: float
    """When people begin to come (world seconds)."""


def guests_of(day: Day, scenario: LabScenario, seed: int, within_s: float) -> tuple[Guests, Counts]:
    """Run ``scenario``, which is that of ``day``, and return who came, and how many were called in time."""
    outcome = LabRun(scenario, seed).go()
    calendar = outcome.calendar
    begins_s = calendar.seconds(day.date, scenario.days.begins)
    services = {service: place for place, service in enumerate(scenario.spec.services)}
    pools = {service: place for place, pool in enumerate(day.pools) for service in pool.services}
    refused = [[(0, 0)] * day.quarters for _ in day.pools]
    guests = []
    for visitor in outcome.visitors:
        pool = pools.get(visitor.service)
        if pool is None or visitor.end is End.MISSED:
            continue
        quarter = counted_in(visitor, calendar, scenario.days)
        if visitor.taken_s is not None:
            guests.append(_guest(outcome, visitor, services[visitor.service], pool, quarter))
        elif quarter is not None and visitor.reason is Reason.TOO_LATE:
            refused[pool][quarter] = (0, refused[pool][quarter][1] + 1)
    people = Guests(guests=tuple(guests), counts=refused, begins_s=begins_s)
    return people, count(outcome, day.pools, day.quarters, within_s)


def _guest(
    outcome: Outcome, visitor: Visitor, service: int, pool: int, quarter: int | None
) -> Guest:
    taken_s, in_hall_s, due_s = visitor.taken_s, visitor.in_hall_s, None
    assert taken_s is not None
    assert in_hall_s is not None
    if visitor.slot is not None and visitor.ticket_class is TicketClass.APPOINTMENT:
        due_s = outcome.calendar.seconds(visitor.slot.day, visitor.slot.time)
        policy = outcome.scenario.spec.policy
        if policy.late is LateRule.WALK_IN and taken_s - due_s > policy.late_after_s:
            due_s = None
    return Guest(
        service=service,
        ticket_class=visitor.ticket_class,
        pool=pool,
        quarter=quarter,
        queued_s=taken_s,
        since_s=waits_since(visitor, outcome.calendar),
        order=taken_s if due_s is None else due_s,
        due_s=due_s,
        in_hall_s=in_hall_s,
        leaves_s=in_hall_s + (math.inf if visitor.patience_s is None else visitor.patience_s),
        to_counter_s=visitor.to_counter_s,
        service_s=visitor.service_s,
        present=visitor.present,
    )

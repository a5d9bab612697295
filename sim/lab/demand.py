"""What Erlang's theory would staff: each quarter of an hour as if it went on for ever."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.erlang import erlang
from sim.lab.attainment import Target, waits_since
from sim.lab.calendar import Calendar
from sim.lab.scenario import LabScenario
from sim.lab.staffing import QUARTER_S, Day, Plan
from sim.lab.visitors import draw_visitors

COUNTERS_MAX = 1_000
"""Beyond which no answer is sought."""


def arrivals_in(day: Day, scenario: LabScenario, seeds: Sequence[int]) -> list[list[float]]:
    """Return for each pool how many come in each quarter, on the average over the runs."""
    places = {service: place for place, pool in enumerate(day.pools) for service in pool.services}
    counts = [[0.0] * day.quarters for _ in day.pools]
    calendar = Calendar(scenario)
    begins_s = calendar.seconds(day.date, scenario.days.begins)
    for seed in seeds:
        for visitor in draw_visitors(scenario, seed):
            place = places.get(visitor.service)
            if place is None or not visitor.comes:
                continue
            since_s = waits_since(visitor, calendar) + visitor.way_s
            quarter = min(day.quarters - 1, max(0, int((since_s - begins_s) // QUARTER_S)))
            counts[place][quarter] += 1 / len(seeds)
    return counts


def at_counter_s(scenario: LabScenario, day: Day) -> list[float]:
    """Return for each pool how long a ticket keeps a counter busy, on the average."""
    weights: dict[object, float] = {}
    for block in scenario.arrivals:
        people = sum(block.services.values()) or 1.0
        for service, weight in block.services.items():
            weights[service] = weights.get(service, 0.0) + weight / people
    for booked in scenario.appointments:
        weights[booked.service] = weights.get(booked.service, 0.0) + 1.0
    absent = scenario.people.no_show_share
    walk_s = scenario.people.to_counter_s.expected_s
    times = []
    for pool in day.pools:
        known = [
            (weights.get(each, 0.0), scenario.takes_s(each).expected_s) for each in pool.services
        ]
        total = sum(weight for weight, _ in known)
        takes_s = sum(w * s for w, s in known) / total if total else known[0][1]
        times.append((1 - absent) * (walk_s + takes_s) + absent * scenario.no_show_after_s)
    return times


def erlangs_plan(
    day: Day, arrivals: Sequence[Sequence[float]], busy_s: Sequence[float], target: Target
) -> Plan:
    """Return the fewest counters of each group that Erlang's formula asks for.

    A pool that several groups serve is shared among them as they have counters.
    """
    plan = []
    for place, group in enumerate(day.groups):
        shares = [
            len(group.counters) / sum(len(day.groups[each].counters) for each in pool.groups)
            if place in pool.groups
            else 0.0
            for pool in day.pools
        ]
        plan.append(
            tuple(
                _counters(
                    math.fsum(s * own[quarter] for s, own in zip(shares, arrivals, strict=True)),
                    math.fsum(
                        s * own[quarter] * takes_s
                        for s, own, takes_s in zip(shares, arrivals, busy_s, strict=True)
                    ),
                    target,
                )
                for quarter in range(day.quarters)
            )
        )
    return tuple(plan)


def _counters(people: float, work_s: float, target: Target) -> int:
    """Return the fewest counters for so many people and so much work in a quarter."""
    if not people or not work_s:
        return 0
    arrival_rate, service_rate = people / QUARTER_S, people / work_s
    counters = max(1, math.floor(work_s / QUARTER_S) + 1)
    while counters < COUNTERS_MAX:
        theory = erlang(arrival_rate, service_rate, counters)
        if theory.longer_than(target.within_s) <= 1 - target.share + 1e-12:
            return counters
        counters += 1
    return COUNTERS_MAX

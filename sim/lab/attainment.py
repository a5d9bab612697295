"""How many of those who came in a quarter of an hour were called within a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from joblib import Parallel, delayed

from protocol.answers import Reason
from protocol.values import value
from sim.lab.calendar import Calendar
from sim.lab.run import LabRun
from sim.lab.scenario import LabScenario
from sim.lab.staffing import QUARTER_S, Day, Plan, Pool
from sim.lab.visitors import End, Visitor


@value
class Target:
    """``share`` (above 0, to 1) of those who come shall be called within ``within_s`` (0 or more)."""

    share: float
    within_s: float


Counts = list[list[tuple[int, int]]]
"""For each pool and quarter: how many were called in time, of how many."""


@value
class Attained:
    """What a plan attains: ``runs`` are the counts of the single runs."""

    runs: tuple[Counts, ...]

    def counts(self, pool: int, quarter: int) -> tuple[int, int]:
        """Return of all runs how many were called in time, of how many."""
        cells = [run[pool][quarter] for run in self.runs]
        return sum(met for met, _ in cells), sum(of for _, of in cells)

    def share(self, pool: int, quarter: int) -> float | None:
        """Return the share of a pool in a quarter; None if nobody came."""
        met, of = self.counts(pool, quarter)
        return met / of if of else None

    def lowest(self, quarter: int) -> float | None:
        """Return the share of the pool that fares worst in a quarter."""
        shares = [self.share(pool, quarter) for pool in range(len(self.runs[0]))]
        return min((share for share in shares if share is not None), default=None)

    def missed(self, target: Target) -> list[tuple[int, int]]:
        """Return the pools and quarters that do not attain ``target``."""
        pools, quarters = len(self.runs[0]), len(self.runs[0][0])
        return [
            (pool, quarter)
            for quarter in range(quarters)
            for pool in range(pools)
            if (share := self.share(pool, quarter)) is not None and share < target.share
        ]

    def of_day(self) -> list[float]:
        """Return for each run the share of all who came."""
        shares = []
        for run in self.runs:
            cells = [cell for quarters in run for cell in quarters]
            of = sum(count for _, count in cells)
            shares.append(sum(met for met, _ in cells) / of if of else 1.0)
        return shares


def attain(
    day: Day, plan: Plan, target: Target, seeds: Iterable[int], engine: Parallel
) -> Attained:
    """Run a day with the counters of ``plan``, once for each seed."""
    scenario = day.staffed(plan)
    done = engine(
        delayed(count)(scenario, seed, day.pools, day.quarters, target.within_s) for seed in seeds
    )
    return Attained(runs=tuple(done))


def count(
    scenario: LabScenario, seed: int, pools: Sequence[Pool], quarters: int, within_s: float
) -> Counts:
    """Run a scenario of one day once, and count."""
    outcome = LabRun(scenario, seed).go()
    calendar = outcome.calendar
    day = scenario.days
    begins_s, ends_s = (calendar.seconds(day.first, each) for each in (day.begins, day.ends))
    places = {service: place for place, pool in enumerate(pools) for service in pool.services}
    counts = [[(0, 0)] * quarters for _ in pools]
    for visitor in outcome.visitors:
        place = places.get(visitor.service)
        if place is None or visitor.end is End.MISSED:
            continue
        since_s = waits_since(visitor, calendar)
        if since_s >= ends_s:
            continue  # who was still on the way when the doors closed
        met = called_within(visitor, since_s, within_s)
        if met is not None:
            quarter = max(0, int((since_s - begins_s) // QUARTER_S))
            in_time, of = counts[place][quarter]
            counts[place][quarter] = (in_time + met, of + 1)
    return counts


def waits_since(visitor: Visitor, calendar: Calendar) -> float:
    """Return since when somebody waits for the hall: in it, and not before the appointment (world seconds)."""
    since_s = visitor.came_s if visitor.in_hall_s is None else visitor.in_hall_s
    if visitor.slot is None:
        return since_s
    return max(since_s, calendar.seconds(visitor.slot.day, visitor.slot.time))


def called_within(visitor: Visitor, since_s: float, within_s: float) -> bool | None:
    """Return whether somebody was called in time; None of those who did not give the hall the time."""
    if visitor.called_s is not None:
        return visitor.called_s - since_s <= within_s
    if visitor.end is End.EXPIRED or visitor.reason is Reason.TOO_LATE:
        return False
    if visitor.end is End.LEFT and visitor.ended_s is not None:
        return False if visitor.ended_s - since_s > within_s else None
    return None

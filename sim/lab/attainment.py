"""How many of those who came in a quarter of an hour were called within a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from joblib import Parallel, delayed

from protocol.answers import Reason
from protocol.values import replace, value
from sim.lab.calendar import Calendar
from sim.lab.run import LabRun, Outcome
from sim.lab.scenario import Days, LabScenario
from sim.lab.staffing import QUARTER_S, Day, Plan, Pool
from sim.lab.visitors import End, Visitor
from sim.statistics import Interval, over_runs


@value
class Target:
    """``share`` (above 0, to 1) of those who come shall be called within ``within_s`` (0 or more)."""

    share: float
    within_s: float


Cell = tuple[int, int]
"""A pool, or a group, and a quarter."""
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

    def interval(self, pool: int, quarter: int, confidence: float) -> Interval | None:
        """Return the share of a pool in a quarter with its interval; None if nobody came."""
        return _ratio([run[pool][quarter] for run in self.runs], confidence)

    def interval_of_day(self, confidence: float) -> Interval | None:
        """Return the share of all who came with its interval."""
        return _ratio(
            [
                (sum(met for met, _ in cells), sum(of for _, of in cells))
                for run in self.runs
                for cells in [[cell for quarters in run for cell in quarters]]
            ],
            confidence,
        )

    def lowest(self, quarter: int) -> float | None:
        """Return the share of the pool that fares worst in a quarter."""
        pool = self._lowest_pool(quarter)
        return None if pool is None else self.share(pool, quarter)

    def interval_of_lowest(self, quarter: int, confidence: float) -> Interval | None:
        """Return the same with its interval."""
        pool = self._lowest_pool(quarter)
        return None if pool is None else self.interval(pool, quarter, confidence)

    def _lowest_pool(self, quarter: int) -> int | None:
        shares = {
            pool: share
            for pool in range(len(self.runs[0]))
            if (share := self.share(pool, quarter)) is not None
        }
        return min(shares, key=shares.__getitem__, default=None)

    def missed(self, target: Target) -> list[Cell]:
        """Return the pools and quarters that do not attain ``target``."""
        pools, quarters = len(self.runs[0]), len(self.runs[0][0])
        return [
            (pool, quarter)
            for quarter in range(quarters)
            for pool in range(pools)
            if (share := self.share(pool, quarter)) is not None and share < target.share
        ]

    def surely_missed(self, target: Target, confidence: float) -> list[Cell]:
        """Return those of the pools and quarters that miss it by more than chance explains."""
        return [
            cell
            for cell in self.missed(target)
            if (interval := self.interval(*cell, confidence)) is not None
            and interval.high < target.share
        ]


def _ratio(runs: Sequence[tuple[int, int]], confidence: float) -> Interval | None:
    """Return the share of so many of so many in each run, with its interval.

    It is a ratio of two sums that differ from run to run; the interval is that of the ratio estimator, with a
    run as one observation. Source: W. G. Cochran, *Sampling Techniques*, 3rd ed., chapter 6. Where all or none
    were in time it would have no width: then it is that of as many independent people.
    """
    met, of = sum(one for one, _ in runs), sum(all for _, all in runs)
    if not of:
        return None
    share = met / of
    around = over_runs(
        [share + (one - share * all) * len(runs) / of for one, all in runs], confidence
    )
    sure = (1 - confidence) ** (1 / of)
    low = sure if met == of else around.low
    high = 1 - sure if not met else around.high
    return replace(around, mean=share, low=max(0.0, low), high=min(1.0, high))


def attain(
    day: Day,
    plan: Plan,
    target: Target,
    seeds: Iterable[int],
    engine: Parallel,
    done: Callable[[], None] | None = None,
) -> Attained:
    """Run a day with the counters of ``plan``, once for each seed; ``done`` is called after each."""
    scenario = day.staffed(plan)
    runs = []
    calls = (
        delayed(_run)(scenario, seed, day.pools, day.quarters, target.within_s) for seed in seeds
    )
    for counts in engine(calls):
        runs.append(counts)
        if done is not None:
            done()
    return Attained(runs=tuple(runs))


def _run(
    scenario: LabScenario, seed: int, pools: Sequence[Pool], quarters: int, within_s: float
) -> Counts:
    return count(LabRun(scenario, seed).go(), pools, quarters, within_s)


def count(outcome: Outcome, pools: Sequence[Pool], quarters: int, within_s: float) -> Counts:
    """Return how many were called in time in a run of one day."""
    calendar, days = outcome.calendar, outcome.scenario.days
    places = {service: place for place, pool in enumerate(pools) for service in pool.services}
    counts = [[(0, 0)] * quarters for _ in pools]
    for visitor in outcome.visitors:
        place = places.get(visitor.service)
        if place is None or visitor.end is End.MISSED:
            continue
        quarter = counted_in(visitor, calendar, days)
        if quarter is None:
            continue
        met = called_within(visitor, waits_since(visitor, calendar), within_s)
        if met is not None:
            in_time, of = counts[place][quarter]
            counts[place][quarter] = (in_time + met, of + 1)
    return counts


def waits_since(visitor: Visitor, calendar: Calendar) -> float:
    """Return since when somebody waits for the hall: in it, and not before the appointment (world seconds)."""
    since_s = visitor.came_s if visitor.in_hall_s is None else visitor.in_hall_s
    if visitor.slot is None:
        return since_s
    return max(since_s, calendar.seconds(visitor.slot.day, visitor.slot.time))


def counted_in(visitor: Visitor, calendar: Calendar, days: Days) -> int | None:
    """Return in which quarter of a day somebody counts; None who was on the way when the doors closed."""
    begins_s, ends_s = (calendar.seconds(days.first, each) for each in (days.begins, days.ends))
    since_s = waits_since(visitor, calendar)
    return None if since_s >= ends_s else max(0, int((since_s - begins_s) // QUARTER_S))


def called_within(visitor: Visitor, since_s: float, within_s: float) -> bool | None:
    """Return whether somebody was called in time; None of those who did not give the hall the time."""
    if visitor.called_s is not None:
        return visitor.called_s - since_s <= within_s
    if visitor.end is End.EXPIRED or visitor.reason is Reason.TOO_LATE:
        return False
    if visitor.end is End.LEFT and visitor.ended_s is not None:
        return False if visitor.ended_s - since_s > within_s else None
    return None

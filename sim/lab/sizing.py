"""The fewest counters for each quarter of an hour of a day that meet a target, by simulation.

Every plan is tried with the same people (`sim.lab.streams`), over several runs, on the production actors. The
search begins with what Erlang's formula asks for, adds counters where the target is missed, and then takes them
away one by one, in many quarters at once that are too far apart to feel one another, for as long as every
quarter still meets the target: no single one can be spared then. At every time somebody works who can serve
each service.

A plan that just meets the target with these people is told beside what it attains with others (fresh seeds).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, time
from functools import partial
from typing import Any

from joblib import Parallel

from protocol.ids import HallId
from protocol.values import value
from sim.lab.attainment import Attained, Target, attain
from sim.lab.calendar import Calendar
from sim.lab.demand import arrivals_in, at_counter_s, erlangs_plan
from sim.lab.runs import JOBS_MAX
from sim.lab.scenario import LabScenario
from sim.lab.staffing import QUARTER_S, Day, Group, Plan
from sim.report import plain
from sim.run import Progress
from sim.statistics import Interval, over_runs

RUNS_MAX = 1_000
MOST_MAX = 200
"""Counters of one group at most."""
SPARE = 3
"""So many more than twice Erlang's answer are tried where nothing is said."""
ADDING_ROUNDS_MAX = 60
PATIENT_ROUNDS = 3
"""Rounds after each of which one counter more is added at a time."""
CONFIDENCE = 0.95
GUESSED_TRIALS = 12
"""Trials for each group, about: for the progress that is told."""


class OutOfReach(ValueError):
    """The target cannot be met."""


@value
class Size:
    """A quarter of an hour: how many come in it, and how many counters of each group are needed."""

    begins: time
    came: float
    """In a run, on the average."""
    counters: tuple[int, ...]
    erlang: tuple[int, ...]
    attained: float | None
    """By the services that fare worst; None if nobody comes."""
    fresh: float | None
    """The same with people who the plan was not made for."""


@value
class Sizing:
    """The fewest counters of a day."""

    scenario: str
    title: str
    hall: HallId
    day: date
    target: Target
    seeds: tuple[int, ...]
    groups: tuple[Group, ...]
    quarters: tuple[Size, ...]
    trials: int
    """Plans that were tried, each with all seeds."""
    counter_hours: float
    erlang_hours: float
    scenario_hours: float
    """Those of the scenario's own shifts, without their breaks."""
    erlang_missed: int
    """Quarters that would miss the target with Erlang's counters."""
    fresh_missed: int
    fresh_share: Interval
    """Of the day's people with fresh seeds."""

    def as_json(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        fields: dict[str, Any] = plain(self)
        fields["day"] = self.day.isoformat()
        for shown, size in zip(fields["quarters"], self.quarters, strict=True):
            shown["begins"] = f"{size.begins:%H:%M}"
        return fields


def size(
    scenario: LabScenario,
    target: Target,
    seed: int,
    runs: int,
    *,
    day: date | None = None,
    most: int | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Sizing:
    """Return the fewest counters for ``target`` on a day of ``scenario``, whose own shifts do not count.

    Args:
        seed: of the first run; the others have those that follow, and the fresh ones those after them.
        runs: 2 to `RUNS_MAX`.
        day: its first open day if left out.
        most: counters that a group may have, to `MOST_MAX`; `SPARE` more than twice Erlang's answer if left
            out.
        jobs: processes that run at once.

    Raises:
        OutOfReach: the target cannot be met with ``most`` counters.
        ValueError: an argument is out of range, the hall is closed on the day, or nobody comes.
        SimulationFailed: a run failed; the message names its seed.
    """
    if not 2 <= runs <= RUNS_MAX:
        raise ValueError(f"{runs} runs are not enough or too many; it takes 2 to {RUNS_MAX:,}")
    if not 1 <= jobs <= JOBS_MAX:
        raise ValueError(f"{jobs} jobs cannot be run at once; it takes 1 to {JOBS_MAX}")
    if not 0 < target.share <= 1 or target.within_s < 0:
        raise ValueError("a target is a share above 0 % and up to 100 %, within a time")
    day = _open_day(scenario, day)
    seeds = range(seed, seed + runs)
    few = Day(scenario, day, 1)
    alone = few.staffed(few.even(1))
    arrivals = arrivals_in(few, alone, seeds)
    if not any(map(sum, arrivals)):
        raise ValueError(f"nobody comes on {day}: name another day")
    asked = erlangs_plan(few, arrivals, at_counter_s(alone, few), target)
    if most is None:
        most = min(MOST_MAX, 2 * max(max(row) for row in asked) + SPARE)
    roomy = Day(scenario, day, most)
    search = _Search(roomy, target, most, seeds, jobs, progress)
    with search.engine:
        plan, begun = search.fewest(asked)
        found = search.attained(plan)
        fresh = attain(roomy, plan, target, range(seed + runs, seed + 2 * runs), search.engine)
    if progress is not None:
        progress(1.0)
    return Sizing(
        scenario=scenario.name,
        title=scenario.title,
        hall=scenario.spec.id,
        day=day,
        target=target,
        seeds=tuple(seeds),
        groups=roomy.groups,
        quarters=tuple(
            Size(
                begins=roomy.bounds[quarter],
                came=math.fsum(own[quarter] for own in arrivals),
                counters=tuple(row[quarter] for row in plan),
                erlang=tuple(row[quarter] for row in asked),
                attained=found.lowest(quarter),
                fresh=fresh.lowest(quarter),
            )
            for quarter in range(roomy.quarters)
        ),
        trials=search.trials,
        counter_hours=_hours(plan),
        erlang_hours=_hours(asked),
        scenario_hours=roomy.as_staffed(scenario.shifts),
        erlang_missed=len({quarter for _, quarter in begun.missed(target)}),
        fresh_missed=len({quarter for _, quarter in fresh.missed(target)}),
        fresh_share=over_runs(fresh.of_day(), CONFIDENCE),
    )


def _open_day(scenario: LabScenario, wanted: date | None) -> date:
    open_days = Calendar(scenario).open_days
    if not open_days:
        raise ValueError("the hall is closed on every day of the scenario")
    if wanted is None:
        return open_days[0]
    if wanted not in open_days:
        shown = ", ".join(day.isoformat() for day in open_days)
        raise ValueError(f"{wanted} is no open day of the scenario; those are {shown}")
    return wanted


def _hours(plan: Plan) -> float:
    return sum(map(sum, plan)) * QUARTER_S / 3600


class _Search:
    """Seeks the fewest counters; every plan is run once."""

    def __init__(
        self,
        day: Day,
        target: Target,
        most: int,
        seeds: Sequence[int],
        jobs: int,
        progress: Progress | None,
    ) -> None:
        self.trials = 0
        self.engine = Parallel(n_jobs=jobs)
        self._day = day
        self._target = target
        self._most = most
        self._seeds = seeds
        self._progress = progress
        self._known: dict[Plan, Attained] = {}
        self._lasts = 1 + math.ceil(target.within_s / QUARTER_S)
        """Quarters after which those who came in one have been called, if they are called in time."""

    def attained(self, plan: Plan) -> Attained:
        """Return what a plan attains."""
        if plan not in self._known:
            self.trials += 1
            if self._progress is not None:
                guessed = GUESSED_TRIALS * (1 + len(self._day.groups))
                self._progress(min(0.95, self.trials / guessed))
            self._known[plan] = attain(self._day, plan, self._target, self._seeds, self.engine)
        return self._known[plan]

    def fewest(self, asked: Plan) -> tuple[Plan, Attained]:
        """Return the fewest counters, and what those attain that were ``asked`` for at first."""
        self._within_reach()
        capped = tuple(tuple(min(self._most, count) for count in row) for row in asked)
        plan = self._staffed_always(capped)
        begun = self.attained(plan)
        plan = self._enough(plan)
        # What seemed needed while more was there to be taken away elsewhere is looked at once more, alone.
        for apart in (self._lasts + 1, 2 * self._lasts + 2):
            plan = self._fewer(plan, apart)
        return plan, begun

    def _within_reach(self) -> None:
        """Raise `OutOfReach` if the target is missed even with all the counters there may be."""
        attained = self.attained(self._day.even(self._most))
        missed = attained.missed(self._target)
        if missed:
            pool, quarter = min(missed, key=lambda each: attained.share(*each) or 0.0)
            share = attained.share(pool, quarter) or 0.0
            services = ", ".join(self._day.pools[pool].services)
            raise OutOfReach(
                f"the target cannot be met: with {self._most} of each kind of counter all day, "
                f"{share:.0%} of those who come for {services} from {self._day.bounds[quarter]:%H:%M} on are "
                f"called within {self._target.within_s / 60:g} min; ask for less, or let there be more counters"
            )

    def _staffed_always(self, plan: Plan) -> Plan:
        """Return the plan with somebody for each service at every time."""
        rows = [list(row) for row in plan]
        for quarter in range(self._day.quarters):
            for pool in self._day.pools:
                if not any(rows[group][quarter] for group in pool.groups):
                    rows[pool.groups[0]][quarter] = 1
        return tuple(map(tuple, rows))

    # -- more ------------------------------------------------------------------------------------

    def _enough(self, plan: Plan) -> Plan:
        """Add counters until the target is met."""
        for number in range(ADDING_ROUNDS_MAX):
            attained = self.attained(plan)
            missed = attained.missed(self._target)
            if not missed:
                return plan
            rows = [list(row) for row in plan]
            for quarter in sorted({quarter for _, quarter in missed}):
                pools = {pool for pool, each in missed if each == quarter}
                for _ in range(1 + number // PATIENT_ROUNDS):
                    self._add(rows, quarter, pools, attained)
            if tuple(map(tuple, rows)) == plan:
                break
            plan = tuple(map(tuple, rows))
        return self._day.even(self._most)

    def _add(
        self, rows: list[list[int]], quarter: int, pools: set[int], attained: Attained
    ) -> None:
        """Add a counter, or a few, for pools that miss the target in a quarter."""
        late = {pool: _late(attained, pool, quarter) for pool in pools}
        able = sorted({group for pool in pools for group in self._day.pools[pool].groups})

        def helps(group: int) -> int:
            return sum(
                count for pool, count in late.items() if group in self._day.pools[pool].groups
            )

        best = max(able, key=helps)
        # Those of the quarter are called in it and after it, behind those who came before.
        for at in (quarter, *range(quarter + 1, quarter + self._lasts), quarter - 1):
            if 0 <= at < self._day.quarters and rows[best][at] < self._most:
                rows[best][at] += 1
                return

    # -- fewer -----------------------------------------------------------------------------------

    def _fewer(self, plan: Plan, apart: int) -> Plan:
        """Take counters away for as long as the target is met, in quarters that are ``apart``."""
        needed: set[tuple[int, int]] = set()
        changed = True
        while changed:
            changed = False
            for group in range(len(self._day.groups)):
                for first in range(min(apart, self._day.quarters)):
                    cells = [
                        (group, quarter)
                        for quarter in range(first, self._day.quarters, apart)
                        if (group, quarter) not in needed and self._spared(plan, group, quarter)
                    ]
                    kept = self._without(plan, cells, needed)
                    changed = changed or kept != plan
                    plan = kept
        return plan

    def _spared(self, plan: Plan, group: int, quarter: int) -> bool:
        """Whether without one counter there is still somebody for each service."""
        return plan[group][quarter] > 0 and all(
            sum(plan[each][quarter] for each in pool.groups) > 1
            for pool in self._day.pools
            if group in pool.groups
        )

    def _without(
        self, plan: Plan, cells: Sequence[tuple[int, int]], needed: set[tuple[int, int]]
    ) -> Plan:
        """Return the plan without as many of the counters at ``cells`` as can be spared."""
        left = list(cells)
        while left:
            fewer = _less(plan, left)
            missed = {quarter for _, quarter in self.attained(fewer).missed(self._target)}
            if not missed:
                return fewer
            blamed = {min(left, key=partial(_far, quarter)) for quarter in missed}
            needed |= blamed
            left = [cell for cell in left if cell not in blamed]
        return plan


def _far(missed: int, cell: tuple[int, int]) -> float:
    """Return how unlikely it is that a target is ``missed`` in a quarter for the counter gone at ``cell``.

    The queue that it leaves goes on into later quarters; who came a little before it still needs it.
    """
    after = missed - cell[1]
    return after if after >= 0 else -1.5 * after


def _late(attained: Attained, pool: int, quarter: int) -> int:
    met, of = attained.counts(pool, quarter)
    return of - met


def _less(plan: Plan, cells: Iterable[tuple[int, int]]) -> Plan:
    rows = [list(row) for row in plan]
    for group, quarter in cells:
        rows[group][quarter] -= 1
    return tuple(map(tuple, rows))

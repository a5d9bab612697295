"""The fewest counters for each quarter of an hour of a day that meet a target, by simulation.

Four steps, each with as many runs as are asked for:

1. With all the counters there may be the production actors show who comes, and whether the target is in reach.
2. With those people the search (`sim.lab.fewest`) goes from what Erlang's formula asks for to the fewest
   counters, on the light picture of the queue that `sim.lab.sketch` is: hundreds of plans in seconds. A plan
   that clearly fails is given up before all runs are done.
3. The production actors try what it found, with the same people; counters are added where they miss the
   target.
4. They try it with other people (fresh seeds): it was fitted to the first ones, and does better with those.

Every plan is tried with the same people (`sim.lab.streams`), so that plans are compared and not crowds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, time
from typing import Any

from joblib import Parallel, delayed

from protocol.ids import HallId
from protocol.values import value
from sim.lab.attainment import Attained, Cell, Counts, Target, attain
from sim.lab.calendar import Calendar
from sim.lab.demand import arrivals_in, at_counter_s, erlangs_plan
from sim.lab.fewest import Search
from sim.lab.guests import Guests, guests_of
from sim.lab.runs import JOBS_MAX
from sim.lab.scenario import LabScenario
from sim.lab.sketch import Sketch
from sim.lab.staffing import QUARTER_S, Day, Group, Plan
from sim.report import plain
from sim.run import Progress
from sim.statistics import Interval

RUNS_MAX = 1_000
MOST_MAX = 200
"""Counters of one group at most."""
SPARE = 3
"""So many more than twice Erlang's answer are tried where nothing is said."""
CONFIDENCE = 0.95
CHUNKS = 4
"""Parts of the runs after each of which the sketch gives up a plan that fails for certain."""
SEARCH_RUNS = 130
"""For how many plans as many runs are sketched, about: for the progress that is told."""
SEARCH_DONE, ALL_DONE = 3.0, 6.5
"""Trials by the actors that take as long as all up to the end of the search, and as everything, about."""


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
    fresh: Interval | None
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
    sketched: int
    """Plans that the search has looked at."""
    tried: int
    """Plans that the production actors have tried."""
    counter_hours: float
    erlang_hours: float
    scenario_hours: float
    """Those of the scenario's own shifts, without their breaks."""
    erlang_missed: int
    """Quarters that would miss the target with Erlang's counters."""
    fresh_missed: int
    """Quarters that come out below the target with fresh seeds."""
    fresh_surely_missed: int
    """Those of them that do so by more than chance explains."""
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
    with Parallel(n_jobs=jobs, return_as="generator") as engine:
        trials = _Trials(roomy, target, seeds, engine, _Told(progress, runs))
        sketched = _Sketched(trials, _within_reach(trials, most))
        search = Search(roomy, target, most, sketched)
        begun = search.staffed_always(asked)
        guessed = search.fewest(search.enough(begun))
        plan = Search(roomy, target, most, trials).enough(guessed)
        found, erlang_found = trials.attained(plan), trials.attained(begun)
        fresh = trials.with_others(plan, range(seed + runs, seed + 2 * runs))
    fresh_share = fresh.interval_of_day(CONFIDENCE)
    assert fresh_share is not None, "somebody comes"
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
                fresh=fresh.interval_of_lowest(quarter, CONFIDENCE),
            )
            for quarter in range(roomy.quarters)
        ),
        sketched=sketched.plans,
        tried=trials.plans,
        counter_hours=_hours(plan),
        erlang_hours=_hours(begun),
        scenario_hours=roomy.as_staffed(scenario.shifts),
        erlang_missed=_quarters(erlang_found.missed(target)),
        fresh_missed=_quarters(fresh.missed(target)),
        fresh_surely_missed=_quarters(fresh.surely_missed(target, CONFIDENCE)),
        fresh_share=fresh_share,
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


def _quarters(cells: Sequence[Cell]) -> int:
    return len({quarter for _, quarter in cells})


def _within_reach(trials: _Trials, most: int) -> list[Guests]:
    """Return who comes; raise `OutOfReach` if the target is missed even with all the counters there may be."""
    people, attained = trials.with_all(most)
    day, target = trials.day, trials.target
    missed = attained.missed(target)
    if missed:
        pool, quarter = min(missed, key=lambda each: attained.share(*each) or 0.0)
        share = attained.share(pool, quarter) or 0.0
        services = ", ".join(day.pools[pool].services)
        raise OutOfReach(
            f"the target cannot be met: with {most} of each kind of counter all day, "
            f"{share:.0%} of those who come for {services} from {day.bounds[quarter]:%H:%M} on are "
            f"called within {target.within_s / 60:g} min; ask for less, or let there be more counters"
        )
    return people


class _Told:
    """Tells progress: how much of the work of all steps, about, is done."""

    def __init__(self, progress: Progress | None, runs: int) -> None:
        self._progress = progress
        self._runs = runs
        self._done = 0.0
        self._sketches = 0

    def run(self) -> None:
        """Note that the actors have done one run."""
        self._done += 1 / self._runs
        self._tell()

    def sketch(self) -> None:
        """Note that one run was sketched."""
        self._sketches += 1
        share = min(1.0, self._sketches / (SEARCH_RUNS * self._runs))
        self._done = max(self._done, 1.0 + share * (SEARCH_DONE - 1.0))
        if not self._sketches % self._runs:
            self._tell()

    def searched(self) -> None:
        """Note that the search is over."""
        self._done = max(self._done, SEARCH_DONE)

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(min(0.99, self._done / ALL_DONE))


class _Trials:
    """What plans attain with the production actors; every plan is run once."""

    def __init__(
        self, day: Day, target: Target, seeds: Sequence[int], engine: Parallel, told: _Told
    ) -> None:
        self.day = day
        self.target = target
        self.seeds = seeds
        self.told = told
        self._engine = engine
        self._known: dict[Plan, Attained] = {}

    @property
    def plans(self) -> int:
        """How many were tried."""
        return len(self._known)

    def with_all(self, most: int) -> tuple[list[Guests], Attained]:
        """Return who comes when ``most`` counters of each group work all day, and what that attains."""
        plan = self.day.even(most)
        scenario = self.day.staffed(plan)
        calls = (
            delayed(guests_of)(self.day, scenario, each, self.target.within_s)
            for each in self.seeds
        )
        people, counts = [], []
        for guests, counted in self._engine(calls):
            people.append(guests)
            counts.append(counted)
            self.told.run()
        self._known[plan] = attained = Attained(runs=tuple(counts))
        return people, attained

    def attained(self, plan: Plan) -> Attained:
        """Return what a plan attains."""
        if plan not in self._known:
            self.told.searched()
            self._known[plan] = self.with_others(plan, self.seeds)
        return self._known[plan]

    def missed(self, plan: Plan) -> Sequence[Cell]:
        """Return where a plan misses the target."""
        return self.attained(plan).missed(self.target)

    def with_others(self, plan: Plan, seeds: Sequence[int]) -> Attained:
        """Return what a plan attains with the people of other seeds."""
        return attain(self.day, plan, self.target, seeds, self._engine, self.told.run)


class _Sketched:
    """What plans attain, by the sketch; every plan is looked at once."""

    def __init__(self, trials: _Trials, people: Sequence[Guests]) -> None:
        day, self._target = trials.day, trials.target
        self._sketch = Sketch(day, day.staffed(day.even(1)), self._target.within_s)
        self._people = people
        self._told = trials.told
        self._missed: dict[Plan, Sequence[Cell]] = {}
        # No more than so many may be late, however many of those who came leave before they are.
        spared = 1 - self._target.share
        self._late_max = [
            [math.floor(spared * came + 1e-9) for came in row] for row in _came(day, people)
        ]

    @property
    def plans(self) -> int:
        """How many were looked at."""
        return len(self._missed)

    def attained(self, plan: Plan) -> Attained:
        """Return what a plan attains."""
        runs = tuple(self._runs(plan))
        self._missed[plan] = Attained(runs=runs).missed(self._target)
        return Attained(runs=runs)

    def missed(self, plan: Plan) -> Sequence[Cell]:
        """Return where a plan misses the target: in some places, if it does so for certain in a few runs."""
        if plan not in self._missed:
            self._missed[plan] = self._misses(plan)
        return self._missed[plan]

    def _misses(self, plan: Plan) -> Sequence[Cell]:
        runs: list[Counts] = []
        late = [[0] * len(row) for row in self._late_max]
        chunk = max(1, len(self._people) // CHUNKS)
        for counts in self._runs(plan):
            runs.append(counts)
            for row, cells in zip(late, counts, strict=True):
                for quarter, (met, of) in enumerate(cells):
                    row[quarter] += of - met
            if len(runs) % chunk == 0 and (certain := self._certain(late)):
                return certain
        return Attained(runs=tuple(runs)).missed(self._target)

    def _certain(self, late: Sequence[Sequence[int]]) -> list[Cell]:
        return [
            (pool, quarter)
            for pool, (row, most) in enumerate(zip(late, self._late_max, strict=True))
            for quarter, count in enumerate(row)
            if count > most[quarter]
        ]

    def _runs(self, plan: Plan) -> Iterator[Counts]:
        for each in self._people:
            yield self._sketch.counts(plan, each)
            self._told.sketch()


def _came(day: Day, people: Sequence[Guests]) -> list[list[int]]:
    """Return for each pool and quarter how many may count."""
    came = [[0] * day.quarters for _ in day.pools]
    for each in people:
        for guest in each.guests:
            if guest.quarter is not None:
                came[guest.pool][guest.quarter] += 1
        for row, cells in zip(came, each.counts, strict=True):
            for quarter, (_, of) in enumerate(cells):
                row[quarter] += of
    return came

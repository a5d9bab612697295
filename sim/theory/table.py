"""Theory, the hall and Ciw side by side: for each network the figures of many runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import Any

from joblib import Parallel, delayed

from protocol.values import value
from sim.report import plain
from sim.run import Progress
from sim.statistics import Interval, mean, over_runs
from sim.theory.hall import on_hall
from sim.theory.network import Network, Visit, busy_share, networks
from sim.theory.peer import ciw_is_here, on_ciw
from sim.theory.queue import exceeded_by

RUNS = 30
CUSTOMERS = 3_000
"""Who come in a run after the warm-up."""
CUSTOMERS_MIN = 100
WARM_UP = 100
"""The first so many customers of a run, who found the hall empty or nearly so, are not looked at."""
SHARES = (0.25, 0.05)
"""Of the distribution of waits those are looked at that such shares of customers exceed."""
CONFIDENCE = 0.999
"""Some ninety intervals are looked at: of those of 99 % one would miss by chance alone."""


@value
class TheoryRow:
    """A figure of a network; ``unit`` is "time" (in parts of a mean service) or "share"."""

    model: str
    source: str
    figure: str
    unit: str
    theory: float
    ours: Interval
    ciw: Interval | None
    """None where Ciw is not installed."""

    @property
    def agrees(self) -> bool:
        """Whether theory lies within the hall's interval, and Ciw differs by no more than chance."""
        return self.ours.holds(self.theory) and (self.ciw is None or _alike(self.ours, self.ciw))

    def as_json(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {**plain(self), "agrees": self.agrees}


def around(interval: Interval) -> str:
    """Return the mean, and how far the interval goes to both sides of it."""
    return f"{interval.mean:.3f} ±{interval.high - interval.mean:.3f}"


def _alike(one: Interval, other: Interval) -> bool:
    """Whether the difference of two independent means may be 0."""
    half_width = math.hypot(one.high - one.mean, other.high - other.mean)
    return abs(one.mean - other.mean) <= half_width


@value
class _Figure:
    """What is looked at: how it follows from the visits after the warm-up."""

    name: str
    unit: str
    theory: float
    seen: Callable[[Sequence[Visit]], float]


def theory_rows(
    *,
    runs: int = RUNS,
    customers: int = CUSTOMERS,
    seed: int = 1,
    confidence: float = CONFIDENCE,
    jobs: int = 1,
    progress: Progress | None = None,
) -> list[TheoryRow]:
    """Run every network ``runs`` times, in the hall and in Ciw if that is installed.

    Args:
        runs: 2 or more; the intervals are over them.
        customers: of each run after the warm-up, `CUSTOMERS_MIN` or more.
        seed: of the first run; the others have those that follow.

    Raises:
        ValueError: ``runs``, ``customers`` or ``confidence`` is out of range.
        SimulationFailed: an actor failed; the message names the seed.
    """
    if customers < CUSTOMERS_MIN:
        raise ValueError(f"{customers} customers say nothing; it takes {CUSTOMERS_MIN} or more")
    rows: list[TheoryRow] = []
    each = networks()
    for number, network in enumerate(each):
        rows += rows_of(
            network, runs=runs, customers=customers, seed=seed, confidence=confidence, jobs=jobs,
            progress=None if progress is None else partial(_part_done, progress, number, len(each)),
        )  # fmt: skip
    return rows


def _part_done(progress: Progress, number: int, of: int, done: float) -> None:
    progress((number + done) / of)


def rows_of(
    network: Network,
    *,
    runs: int = RUNS,
    customers: int = CUSTOMERS,
    seed: int = 1,
    confidence: float = CONFIDENCE,
    jobs: int = 1,
    progress: Progress | None = None,
) -> list[TheoryRow]:
    """Return the rows of one network; see `theory_rows`."""
    seeds = range(seed, seed + runs)
    simulators = [on_hall, on_ciw] if ciw_is_here() else [on_hall]
    wanted = [(simulator, each) for simulator in simulators for each in seeds]
    seen: list[list[float]] = []
    engine = Parallel(n_jobs=jobs, return_as="generator")
    for figures in engine(delayed(_seen)(network, *one, customers) for one in wanted):
        seen.append(figures)
        if progress is not None:
            progress(len(seen) / len(wanted))
    ours, others = seen[:runs], seen[runs:]
    return [
        TheoryRow(
            model=network.name,
            source=network.source,
            figure=figure.name,
            unit=figure.unit,
            theory=figure.theory,
            ours=over_runs([run[place] for run in ours], confidence),
            ciw=over_runs([run[place] for run in others], confidence) if others else None,
        )
        for place, figure in enumerate(_figures(network))
    ]


def _seen(network: Network, simulator: Any, seed: int, customers: int) -> list[float]:
    visits = simulator(network, customers + WARM_UP, seed)
    return [figure.seen(visits) for figure in _figures(network)]


@lru_cache(maxsize=16)
def _figures(network: Network) -> list[_Figure]:
    """Return what is looked at; kept, as a wait that so many exceed is sought step by step."""
    found: list[_Figure] = []
    for stage, each in enumerate(network.stages):
        at_stage = f"stage {stage + 1}: " if len(network.stages) > 1 else ""
        for kind, queue in enumerate(each.queues):
            of_class = f"class {kind + 1}: " if len(each.queues) > 1 else ""
            found += _waits(at_stage + of_class, stage, kind, queue)
        found.append(_busy(at_stage, stage, each.counters, each.queues[0].load))
    [*_, last] = network.stages
    left = getattr(last.queues[0], "left_share", None)
    if left is not None:
        found.append(_Figure(name="give up", unit="share", theory=left, seen=_left))
    return found


def _waits(prefix: str, stage: int, kind: int, queue: Any) -> Iterable[_Figure]:
    def of(visits: Sequence[Visit]) -> list[float]:
        return [
            each.waited
            for each in visits
            if each.stage == stage and each.kind == kind and each.customer >= WARM_UP
        ]

    def longer_than(wait: float) -> Callable[[Sequence[Visit]], float]:
        # Within a run the clock is in microseconds, so a wait of 0 may be told as a little more.
        return lambda visits: mean([each > wait + 1e-6 for each in of(visits)])

    yield _Figure(
        name=f"{prefix}mean wait",
        unit="time",
        theory=queue.mean_wait,
        seen=lambda visits: mean(of(visits)),
    )
    yield _Figure(
        name=f"{prefix}wait at all",
        unit="share",
        theory=queue.longer_than(0.0),
        seen=longer_than(0.0),
    )
    for share in SHARES:
        wait = round(exceeded_by(queue, share), 2)
        yield _Figure(
            name=f"{prefix}wait longer than {wait:g}",
            unit="share",
            theory=queue.longer_than(wait),
            seen=longer_than(wait),
        )


def _busy(prefix: str, stage: int, counters: int, load: float) -> _Figure:
    def seen(visits: Sequence[Visit]) -> float:
        first = [each.came for each in visits if not each.stage and each.customer >= WARM_UP]
        own = [each for each in visits if each.stage == stage]
        return busy_share(own, counters, min(first), max(first))

    return _Figure(name=f"{prefix}counters busy", unit="share", theory=load, seen=seen)


def _left(visits: Sequence[Visit]) -> float:
    return mean([each.ended is None for each in visits if each.customer >= WARM_UP])

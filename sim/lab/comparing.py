"""Two scenarios beside each other, run by run with the same seeds: what differs, and whether that is sure.

The visitors of a seed are the same in both (`sim.lab.streams`), so that a difference is not that of two crowds:
its interval is that of the differences of single runs, by Student's t, and much narrower than those of the two
means. Source: A. M. Law, *Simulation Modeling and Analysis*, 5th ed., sections 10.2.1 and 11.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from typing import Any

from protocol.values import value
from sim.lab.figures import LabReport
from sim.lab.phone_figures import PHONE_FIGURES
from sim.lab.runs import rehearse_often
from sim.lab.scenario import LabScenario
from sim.lab.visitors import End
from sim.report import plain
from sim.run import Progress
from sim.statistics import Interval, mean, over_runs


class Verdict(StrEnum):
    """What is sure of the second scenario, in one figure."""

    BETTER = "better"
    WORSE = "worse"
    MORE = "more"
    """Which is neither good nor bad."""
    LESS = "less"
    UNSURE = "unsure"
    SAME = "same"
    """There is no difference in any run."""


class Wanted(StrEnum):
    """What one would like a figure to be."""

    LOW = "low"
    HIGH = "high"
    EITHER = "either"


@value
class Difference:
    """A figure of both scenarios. ``unit`` is s, people or share; ``runs`` is how many had it in both."""

    name: str
    unit: str
    wanted: Wanted
    runs: int
    first: float
    """The mean over the runs."""
    second: float
    difference: Interval
    """Of the second less the first, run by run."""

    @property
    def verdict(self) -> Verdict:
        """Return what is sure of the second one."""
        low, high = self.difference.low, self.difference.high
        if low == high == 0:
            return Verdict.SAME
        if low <= 0 <= high:
            return Verdict.UNSURE
        if self.wanted is Wanted.EITHER:
            return Verdict.MORE if low > 0 else Verdict.LESS
        return Verdict.BETTER if (low > 0) is (self.wanted is Wanted.HIGH) else Verdict.WORSE

    @property
    def runs_advised(self) -> int | None:
        """About how many runs would make the difference sure if it stays what it is; None if it is 0."""
        middle = abs(self.difference.mean)
        if not middle:
            return None
        return max(
            self.runs,
            math.ceil(self.runs * ((self.difference.high - self.difference.low) / 2 / middle) ** 2),
        )


@value
class Comparison:
    """Two scenarios, the second against the first."""

    first: str
    second: str
    seeds: tuple[int, ...]
    confidence: float
    same_visitors: bool
    """Whether as many came in every run of both."""
    figures: tuple[Difference, ...]

    def sure(self, verdict: Verdict) -> list[Difference]:
        """Return the figures of which ``verdict`` is sure."""
        return [figure for figure in self.figures if figure.verdict is verdict]

    def as_json(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        fields: dict[str, Any] = plain(self)
        for shown, figure in zip(fields["figures"], self.figures, strict=True):
            shown["verdict"] = figure.verdict.value
        return fields


Figure = Callable[[LabReport], float | None]


def compare(
    first: LabScenario,
    second: LabScenario,
    seed: int,
    runs: int,
    *,
    jobs: int = 1,
    cluster: str | None = None,
    confidence: float = 0.95,
    progress: Progress | None = None,
) -> Comparison:
    """Run both with the seeds ``seed``, ``seed`` + 1, … and return how the second differs.

    The arguments are those of `rehearse_often`.

    Raises:
        LinkError, ValueError, SimulationFailed: as `rehearse_often`.
    """
    reports = [
        rehearse_often(
            scenario, seed, runs, jobs=jobs, cluster=cluster, confidence=confidence,
            progress=None if progress is None else partial(_half_done, progress, number),
        ).reports
        for number, scenario in enumerate((first, second))
    ]  # fmt: skip
    return differences(first, second, *reports, confidence=confidence)


def _half_done(progress: Progress, number: int, done: float) -> None:
    progress((number + done) / 2)


def differences(
    first: LabScenario,
    second: LabScenario,
    ones: Sequence[LabReport],
    others: Sequence[LabReport],
    *,
    confidence: float,
) -> Comparison:
    """Return how the reports of the second scenario differ from those of the first with the same seeds."""
    pairs = list(zip(ones, others, strict=True))
    assert all(one.seed == other.seed for one, other in pairs), "other seeds, other people"
    figures = []
    for name, unit, wanted, of_first, of_second in _figures(first, second):
        both = [
            (one, other)
            for report, against in pairs
            if (one := of_first(report)) is not None and (other := of_second(against)) is not None
        ]
        if len(both) >= 2:
            figures.append(
                Difference(
                    name=name,
                    unit=unit,
                    wanted=wanted,
                    runs=len(both),
                    first=mean([one for one, _ in both]),
                    second=mean([other for _, other in both]),
                    difference=over_runs([other - one for one, other in both], confidence),
                )
            )
    return Comparison(
        first=first.name,
        second=second.name,
        seeds=tuple(report.seed for report in ones),
        confidence=confidence,
        same_visitors=all(one.came == other.came for one, other in pairs),
        figures=tuple(figures),
    )


def _figures(
    first: LabScenario, second: LabScenario
) -> Iterator[tuple[str, str, Wanted, Figure, Figure]]:
    """Yield what is compared: name, unit, what is wanted, and the figure of each of the two."""
    for name, unit, wanted, figure in _OF_ALL:
        yield name, unit, wanted, figure, figure
    if first.phones is not None and second.phones is not None:
        for name, unit, less, figure in PHONE_FIGURES:
            yield name, unit, _WANTED[less], figure, figure
    places = {service: place for place, service in enumerate(second.spec.services, start=1)}
    for place, service in enumerate(first.spec.services, start=1):
        there = places.get(service)
        if there is not None:
            for name, key in (("mean wait", "mean_s"), ("90 % wait", "p90_s")):
                yield f"{service}: {name}", "s", Wanted.LOW, _wait(place, key), _wait(there, key)


def _wait(place: int, key: str) -> Figure:
    def figure(report: LabReport) -> float | None:
        waits = report.waits[place]
        return getattr(waits, key) if waits.called else None

    return figure


def _ends(end: End) -> Figure:
    return lambda report: report.ends[end]


def _within_target(report: LabReport) -> float | None:
    return report.targets[0].share if report.waits[0].called else None


def _busy(report: LabReport) -> float | None:
    open_share = sum(report.course.open)
    return sum(report.course.busy) / open_share if open_share else None


_WANTED = {True: Wanted.LOW, False: Wanted.HIGH, None: Wanted.EITHER}

_OF_ALL: tuple[tuple[str, str, Wanted, Figure], ...] = (
    ("mean wait", "s", Wanted.LOW, _wait(0, "mean_s")),
    ("90 % wait", "s", Wanted.LOW, _wait(0, "p90_s")),
    ("within target", "share", Wanted.HIGH, _within_target),
    ("served", "people", Wanted.HIGH, _ends(End.SERVED)),
    ("left", "people", Wanted.LOW, _ends(End.LEFT)),
    ("expired", "people", Wanted.LOW, _ends(End.EXPIRED)),
    ("refused", "people", Wanted.LOW, _ends(End.REFUSED)),
    ("counters busy", "share", Wanted.EITHER, _busy),
)

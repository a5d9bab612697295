"""Many runs of one scenario, on this machine's processors or on a Dask cluster, and what they say together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from joblib import Parallel, delayed, parallel_config

from protocol.errors import LinkError
from protocol.ids import HallId
from protocol.values import replace, value
from sim.lab.figures import LabReport, rehearse
from sim.lab.phone_figures import PHONE_FIGURES
from sim.lab.scenario import LabScenario
from sim.lab.visitors import End
from sim.report import plain
from sim.run import Progress
from sim.statistics import Interval, over_runs

RUNS_MAX = 10_000
JOBS_MAX = 256
CLUSTER_TIMEOUT_S = 15
"""How long a cluster's scheduler may take to answer."""


@value
class RunsFigure:
    """A figure over all runs. ``unit`` is s, people, share or level; ``runs`` is how many had it at all."""

    name: str
    unit: str
    runs: int
    interval: Interval


@value
class RunsReport:
    """Many runs of one scenario with seeds one after another; ``reports`` are theirs, in this order."""

    scenario: str
    title: str
    hall: HallId
    seeds: tuple[int, ...]
    confidence: float
    figures: tuple[RunsFigure, ...]
    reports: tuple[LabReport, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain data, without the single runs."""
        fields: dict[str, Any] = plain(replace(self, reports=()))
        del fields["reports"]
        return fields


def rehearse_often(
    scenario: LabScenario,
    seed: int,
    runs: int,
    *,
    jobs: int = 1,
    cluster: str | None = None,
    confidence: float = 0.95,
    progress: Progress | None = None,
) -> RunsReport:
    """Run ``scenario`` with the seeds ``seed``, ``seed`` + 1, … and return what the runs say together.

    Args:
        runs: 2 to `RUNS_MAX`.
        jobs: processes of this machine that run at once, 1 to `JOBS_MAX`.
        cluster: the address of a Dask scheduler, such as ``tcp://10.0.0.5:8786``, whose workers run instead;
            Paihao must be installed there.
        confidence: of the intervals, above 0 and below 1.

    Raises:
        LinkError: the cluster does not answer, or what it takes to talk to it is not installed.
        ValueError: ``runs`` or ``jobs`` is out of range.
        SimulationFailed: a run failed; the message names its seed.
    """
    if not 2 <= runs <= RUNS_MAX:
        raise ValueError(f"{runs} runs have no interval; it takes 2 to {RUNS_MAX:,}")
    if not 1 <= jobs <= JOBS_MAX:
        raise ValueError(f"{jobs} jobs cannot be run at once; it takes 1 to {JOBS_MAX}")
    reports: list[LabReport] = []
    with _engine(jobs, cluster) as engine:
        for report in engine(delayed(_one)(scenario, each) for each in range(seed, seed + runs)):
            reports.append(report)
            if progress is not None:
                progress(len(reports) / runs)
    # They come as they are done.
    reports.sort(key=lambda report: report.seed)
    return summarize(scenario, reports, confidence)


def _one(scenario: LabScenario, seed: int) -> LabReport:
    report = rehearse(scenario, seed)
    # The single pairs are many, and nobody looks at those of a hundred runs.
    report = replace(report, estimates=replace(report.estimates, pairs=()))
    if report.phones is None:
        return report
    return replace(report, phones=replace(report.phones, before_call_s=()))


@contextmanager
def _engine(jobs: int, cluster: str | None) -> Iterator[Callable[[Iterable[Any]], Iterable[Any]]]:
    """Return what runs calls somewhere else and yields their results as they are done."""
    if cluster is None:
        yield Parallel(n_jobs=jobs, return_as="generator_unordered")
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise LinkError(
            "a cluster needs Dask, which is not installed: pip install 'paihao[cluster]'"
        ) from error
    try:
        connect: Callable[..., Any] = Client
        client = connect(cluster, timeout=CLUSTER_TIMEOUT_S, set_as_default=True)
    except (OSError, ValueError, TimeoutError) as error:
        raise LinkError(
            f"no Dask scheduler answers at {cluster}: {error}; start one with `dask scheduler`, "
            "and workers with `dask worker ADDRESS` where Paihao is installed"
        ) from error
    with client, parallel_config(backend="dask"):
        yield Parallel(return_as="generator_unordered")


# -- what they say together ----------------------------------------------------------------------


def summarize(scenario: LabScenario, reports: Sequence[LabReport], confidence: float) -> RunsReport:
    """Return means over ``reports`` with their intervals."""
    figures = []
    for name, unit, figure in _figures(scenario):
        values = [each for report in reports if (each := figure(report)) is not None]
        if len(values) >= 2:
            interval = _possible(over_runs(values, confidence), unit)
            figures.append(RunsFigure(name=name, unit=unit, runs=len(values), interval=interval))
    return RunsReport(
        scenario=scenario.name,
        title=scenario.title,
        hall=scenario.spec.id,
        seeds=tuple(report.seed for report in reports),
        confidence=confidence,
        figures=tuple(figures),
        reports=tuple(reports),
    )


def _possible(interval: Interval, unit: str) -> Interval:
    """Cut off what no such figure can be: Student's t knows no bounds."""
    most = {"share": 1.0, "level": 5.0}.get(unit, interval.high)
    return replace(interval, low=max(0.0, interval.low), high=min(most, interval.high))


Figure = Callable[[LabReport], float | None]


def _figures(scenario: LabScenario) -> Iterator[tuple[str, str, Figure]]:
    """Yield name, unit and meaning of each figure that is told of many runs."""
    yield "visitors", "people", lambda report: report.came
    for end, name in _ENDS:
        yield name, "people", lambda report, end=end: report.ends[end]  # type: ignore[misc]
    yield from _waits(0, "all")
    for place, service in enumerate(scenario.spec.services.values(), start=1):
        yield from _waits(place, str(service.id))
    yield "counters busy", "share", _busy
    yield (
        "within the estimate's 90 %",
        "share",
        lambda report: report.estimates.within_p90 if report.estimates.told else None,
    )
    yield "rating", "level", lambda report: report.ratings.mean
    if scenario.phones is not None:
        for name, unit, _, figure in PHONE_FIGURES:
            yield name, unit, figure


_ENDS = (
    (End.SERVED, "served"),
    (End.NO_SHOW, "no-show"),
    (End.LEFT, "left"),
    (End.EXPIRED, "expired"),
    (End.REFUSED, "refused"),
)


def _waits(place: int, name: str) -> Iterator[tuple[str, str, Figure]]:
    """Yield the figures of the waits at ``place`` in a report."""

    def wait(key: str) -> Figure:
        def figure(report: LabReport) -> float | None:
            waits = report.waits[place]
            return getattr(waits, key) if waits.called else None

        return figure

    yield f"{name}: mean wait", "s", wait("mean_s")
    yield f"{name}: 90 % wait", "s", wait("p90_s")
    if not place:
        yield f"{name}: longest wait", "s", wait("longest_s")
    yield (
        f"{name}: within target",
        "share",
        lambda report: report.targets[place].share if report.waits[place].called else None,
    )


def _busy(report: LabReport) -> float | None:
    open_share = sum(report.course.open)
    return sum(report.course.busy) / open_share if open_share else None

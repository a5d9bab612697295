"""Many runs of one scenario: the same wherever they run, with intervals as Student's t has them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from statistics import mean, stdev
from typing import Any

import pytest

from protocol.errors import LinkError
from protocol.values import replace
from sim.lab.figures import rehearse
from sim.lab.runs import RunsReport, rehearse_often
from sim.lab.scenario import LabScenario, Shift
from sim.world import SimulationFailed

T_975_OF_3 = 3.182446
"""Student's t with 3 degrees of freedom; from its tables."""


def figure(report: RunsReport, name: str) -> Any:
    (found,) = (each for each in report.figures if each.name == name)
    return found.interval


def test_figures_are_the_means_of_the_single_runs(scenario: LabScenario) -> None:
    done: list[float] = []
    often = rehearse_often(scenario, 5, 4, progress=done.append)
    single = [rehearse(scenario, seed) for seed in (5, 6, 7, 8)]
    assert often.seeds == (5, 6, 7, 8)
    assert done == [0.25, 0.5, 0.75, 1.0]
    assert [each.waits for each in often.reports] == [each.waits for each in single]
    waits = [report.waits[0].mean_s for report in single]
    interval = figure(often, "all: mean wait")
    half = T_975_OF_3 * stdev(waits) / 4**0.5
    assert interval.mean == pytest.approx(mean(waits))
    assert interval.high - interval.mean == pytest.approx(half)
    assert figure(often, "served").mean == mean(len_served(report) for report in single)


def len_served(report: Any) -> int:
    return sum(work.served for work in report.counters)


def test_processes_of_their_own_change_nothing(scenario: LabScenario) -> None:
    alone = rehearse_often(scenario, 1, 3)
    together = rehearse_often(scenario, 1, 3, jobs=2)
    assert together == alone


@pytest.fixture
def cluster() -> Iterator[str]:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs=50,
    ) as local:
        yield local.scheduler_address


def test_a_cluster_with_two_workers_changes_nothing(cluster: str, scenario: LabScenario) -> None:
    assert rehearse_often(scenario, 1, 3, cluster=cluster) == rehearse_often(scenario, 1, 3)


def test_a_cluster_that_does_not_answer_is_said(
    scenario: LabScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed")
    monkeypatch.setattr("sim.lab.runs.CLUSTER_TIMEOUT_S", 0.5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        with pytest.raises(LinkError, match="dask scheduler"):
            rehearse_often(scenario, 1, 2, cluster=f"tcp://127.0.0.1:{taken.getsockname()[1]}")


@pytest.mark.parametrize(("runs", "jobs"), [(1, 1), (10_001, 1), (2, 0), (2, 257)])
def test_numbers_out_of_range_are_refused(scenario: LabScenario, runs: int, jobs: int) -> None:
    with pytest.raises(ValueError, match="takes"):
        rehearse_often(scenario, 1, runs, jobs=jobs)


def test_a_run_that_fails_names_its_seed(
    scenario: LabScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_scenario: LabScenario, seed: int) -> Any:
        raise SimulationFailed(f"seed {seed}: lost")

    monkeypatch.setattr("sim.lab.runs.rehearse", fails)
    with pytest.raises(SimulationFailed, match="seed 9: lost"):
        rehearse_often(scenario, 9, 2)


def test_another_staffing_meets_the_same_people(scenario: LabScenario) -> None:
    """Common random numbers: who comes, when, and for how long does not depend on who serves."""
    fewer = replace(scenario, shifts=tuple(one for one in scenario.shifts if one.counter != "3"))
    assert isinstance(fewer.shifts[0], Shift)
    one, other = rehearse(scenario, 1), rehearse(fewer, 1)
    assert [each.came for each in one.course.services] == [
        each.came[: len(one.course.begins)] for each in other.course.services
    ]
    assert other.waits[0].mean_s > one.waits[0].mean_s

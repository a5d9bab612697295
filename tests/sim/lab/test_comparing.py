"""Two scenarios with the same people: differences, what is sure of them, and what is not."""

from __future__ import annotations

from datetime import time

import pytest

from protocol.values import replace
from sim.lab.comparing import Comparison, Difference, Verdict, Wanted, compare
from sim.lab.scenario import LabScenario, People
from sim.statistics import over_runs

RUNS = 6


def figure(comparison: Comparison, name: str) -> Difference:
    [found] = [each for each in comparison.figures if each.name == name]
    return found


def difference(changes: list[float], wanted: Wanted = Wanted.LOW) -> Difference:
    return Difference(
        name="mean wait", unit="s", wanted=wanted, runs=len(changes), first=0.0, second=0.0,
        difference=over_runs(changes, 0.95),
    )  # fmt: skip


def test_longer_shift_is_surely_better_with_the_same_people(scenario: LabScenario) -> None:
    patient = replace(scenario, people=People())
    third = replace(patient.shifts[2], begins=time(9), ends=time(12))
    more = replace(patient, name="more", shifts=(*patient.shifts[:2], third))
    comparison = compare(patient, more, 1, RUNS)
    assert comparison.same_visitors
    assert comparison.seeds == (1, 2, 3, 4, 5, 6)
    mean_wait = figure(comparison, "mean wait")
    assert mean_wait.verdict is Verdict.BETTER
    assert mean_wait.difference.mean == pytest.approx(mean_wait.second - mean_wait.first)
    assert figure(comparison, "counters busy").verdict is Verdict.LESS
    other_way = compare(more, patient, 1, RUNS)
    assert figure(other_way, "mean wait").verdict is Verdict.WORSE
    assert figure(other_way, "mean wait").difference.mean == -mean_wait.difference.mean


def test_scenario_is_the_same_as_itself(scenario: LabScenario) -> None:
    told: list[float] = []
    comparison = compare(scenario, scenario, 5, 2, progress=told.append)
    assert {each.verdict for each in comparison.figures} == {Verdict.SAME}
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_services_that_only_one_hall_has_are_left_out(scenario: LabScenario) -> None:
    names = {each.name for each in compare(scenario, scenario, 1, 2).figures}
    assert "a: mean wait" in names
    services = dict(scenario.spec.services)
    only_a = {id: each for id, each in services.items() if id == "a"}
    counters = {
        id: replace(each, services=tuple(only_a)) for id, each in scenario.spec.counters.items()
    }
    smaller = replace(
        scenario,
        spec=replace(scenario.spec, services=only_a, counters=counters),
        arrivals=(replace(scenario.arrivals[0], services=dict.fromkeys(only_a, 1.0)),),
        appointments=(),
    )
    comparison = compare(scenario, smaller, 1, 2)
    assert not [each for each in comparison.figures if each.name.startswith("b:")]
    assert [each for each in comparison.figures if each.name.startswith("a:")]
    assert not comparison.same_visitors, "without appointments fewer come"


def test_verdict_follows_from_the_interval_and_what_is_wanted() -> None:
    assert difference([-10, -11, -9]).verdict is Verdict.BETTER
    assert difference([10, 11, 9]).verdict is Verdict.WORSE
    assert difference([10, 11, 9], Wanted.HIGH).verdict is Verdict.BETTER
    assert difference([-10, -11, -9], Wanted.EITHER).verdict is Verdict.LESS
    assert difference([-10, 11, 3]).verdict is Verdict.UNSURE
    assert difference([0, 0, 0]).verdict is Verdict.SAME


def test_advice_is_more_runs_the_wider_the_interval() -> None:
    wide, narrow = difference([-10, 30, 1]), difference([-1, 4, 1])
    assert wide.runs_advised is not None
    assert narrow.runs_advised is not None
    assert wide.runs_advised > narrow.runs_advised > 3
    assert difference([0, 0]).runs_advised is None
    assert difference([5, 5, 5]).runs_advised == 3

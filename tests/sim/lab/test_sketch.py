"""The light picture of a day's queue: it must say of any plan nearly what the production actors do."""

from __future__ import annotations

from datetime import date

import pytest

from protocol.policies import Policy, PolicyKind
from protocol.tickets import TicketClass
from protocol.values import replace
from sim.lab.attainment import Counts, count
from sim.lab.guests import guests_of
from sim.lab.run import LabRun
from sim.lab.scenario import LabScenario
from sim.lab.sketch import Sketch
from sim.lab.staffing import Day, Plan

DAY = date(2026, 3, 3)
WITHIN_S = 600.0
RATIOS = {TicketClass.APPOINTMENT: 3, TicketClass.PRIORITY: 2, TicketClass.NORMAL: 1}
# Two groups for twelve quarters: some too few, some too many, with gaps.
PLAN: Plan = ((1, 1, 1, 2, 1, 2, 1, 1, 1, 2, 1, 1), (0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0))


def both(scenario: LabScenario, plan: Plan, seed: int) -> tuple[Counts, Counts]:
    """Return what the sketch and what the actors say."""
    day = Day(scenario, DAY, 6)
    people, _ = guests_of(day, day.staffed(day.even(6)), seed, WITHIN_S)
    sketch = Sketch(day, day.staffed(plan), WITHIN_S)
    outcome = LabRun(day.staffed(plan), seed).go()
    return sketch.counts(plan, people), count(outcome, day.pools, day.quarters, WITHIN_S)


def in_time(counts: Counts) -> tuple[int, int]:
    """Return of all how many were called in time, of how many."""
    cells = [cell for row in counts for cell in row]
    return sum(met for met, _ in cells), sum(of for _, of in cells)


def apart(one: Counts, other: Counts) -> int:
    """Return how many are in time in one and not in the other, quarter by quarter."""
    return sum(
        abs(first[0] - second[0])
        for row, rows in zip(one, other, strict=True)
        for first, second in zip(row, rows, strict=True)
    )


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(kind=PolicyKind.CLASS_RATIOS, ratios=RATIOS, overtaken_max=2),
        Policy(kind=PolicyKind.CLASS_RATIOS, ratios=RATIOS, overtaken_wait_s=900.0),
        Policy(kind=PolicyKind.SERVICE_WEIGHTS),
        Policy(kind=PolicyKind.TARGET_WAIT),
    ],
    ids=["first-come", "ratios", "ratios-bounded-wait", "weights", "target"],
)
def test_sketch_says_nearly_what_the_actors_do(scenario: LabScenario, policy: Policy) -> None:
    crowded = replace(scenario, spec=replace(scenario.spec, policy=policy))
    for seed in (1, 3):
        sketched, acted = both(crowded, PLAN, seed)
        met, of = in_time(acted)
        assert 0.2 * of < met < 0.8 * of, "the plan must be neither good nor hopeless"
        assert apart(sketched, acted) <= 0.1 * of
        assert abs(in_time(sketched)[0] - met) <= 0.05 * of
        assert abs(in_time(sketched)[1] - of) <= 0.05 * of


def test_sketch_with_enough_counters_calls_everybody_at_once(scenario: LabScenario) -> None:
    day = Day(scenario, DAY, 6)
    plan = day.even(6)
    people, acted = guests_of(day, day.staffed(plan), 1, WITHIN_S)
    met, of = in_time(acted)
    assert of > 50
    assert met == of
    assert Sketch(day, day.staffed(plan), WITHIN_S).counts(plan, people) == acted


def test_sketch_of_an_empty_plan_calls_nobody(scenario: LabScenario) -> None:
    day = Day(scenario, DAY, 6)
    people, _ = guests_of(day, day.staffed(day.even(6)), 1, WITHIN_S)
    nobody = Sketch(day, day.staffed(day.even(6)), WITHIN_S).counts(day.even(0), people)
    met, of = in_time(nobody)
    assert (met, of > 30) == (0, True)

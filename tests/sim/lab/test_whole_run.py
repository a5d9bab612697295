"""Rehearsals with devices: what breaks, when, and what comes of it."""

from __future__ import annotations

from datetime import date, time

import pytest

from protocol.ids import ServiceId
from protocol.values import replace
from runtime.config.load import DEMO, load_config
from sim.distributions import Fixed
from sim.lab.figures import rehearse
from sim.lab.run import LabRun, Outcome
from sim.lab.scenario import (
    Arrivals,
    Breakage,
    Days,
    LabScenario,
    Modules,
    People,
    Radio,
    Shift,
)
from sim.lab.visitors import End
from sim.lab.whole import WholeRun

BEGINS, ENDS = time(9), time(9, 20)


def short(*breakages: Breakage, radio: Radio | None = None) -> LabScenario:
    [spec] = load_config(DEMO).halls
    return LabScenario(
        name="short",
        title="Short",
        spec=spec,
        days=Days(first=date(2026, 3, 2), begins=BEGINS, ends=ENDS),
        shifts=tuple(
            Shift(counter=counter, begins=BEGINS, ends=ENDS, overtime_s=1800.0)
            for counter in spec.counters
        ),
        arrivals=(
            Arrivals(name="all", services={ServiceId("declare"): 1.0}, rates=((BEGINS, 60.0),)),
        ),
        service_s={service: Fixed(always_s=90.0) for service in spec.services},
        people=People(to_counter_s=Fixed(always_s=8.0)),
        radio=radio,
        breakages=breakages,
    )


def mean_wait(outcome: Outcome) -> float:
    waits = [each.waited_s for each in outcome.visitors if each.waited_s is not None]
    return sum(waits) / len(waits)


def test_scenario_with_devices_has_about_the_waits_of_its_queue_alone() -> None:
    scenario = short(radio=Radio(module=Modules.E32, loss=0.02))
    whole, queue = WholeRun(scenario, 1).go(), LabRun(scenario, 1).go()
    assert [each.came_s for each in whole.visitors] == [each.came_s for each in queue.visitors]
    assert {each.end for each in whole.visitors} == {End.SERVED}
    # Keys, windows and eyes take a few seconds for each customer.
    assert mean_wait(queue) < mean_wait(whole) < mean_wait(queue) + 60
    [samples] = whole.channels.values()
    assert samples[-1].counts.packets > 100
    assert samples[-1].counts.lost > samples[0].counts.lost


def test_hall_that_dies_for_minutes_turns_people_away() -> None:
    dead = Breakage(kind="process-kill", begins=time(9, 5), ends=time(9, 10))
    broken, well = WholeRun(short(dead), 1).go(), WholeRun(short(radio=Radio()), 1).go()
    [fault] = broken.faults
    assert broken.calendar.local(fault.begins_s).time() == time(9, 5)
    assert fault.lasts_s == 300
    dead_s = (fault.begins_s - 15, fault.begins_s + fault.lasts_s)
    refused = [each for each in broken.visitors if each.end is End.REFUSED]
    assert refused
    assert all(dead_s[0] < each.came_s < dead_s[1] for each in refused)
    assert End.REFUSED not in {each.end for each in well.visitors}


def test_faults_by_rate_are_those_of_the_seed_and_within_their_bounds() -> None:
    often = Breakage(kind="terminal-restart", per_hour=100.0, lasts_s=60.0)
    first, again, other = (WholeRun(short(often), seed).faults for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert 15 < len(first) < 60
    assert len({fault.where for fault in first}) > 3
    assert all(0.1 <= fault.lasts_s <= 120 for fault in first)


def test_same_seed_gives_the_same_report_with_faults() -> None:
    scenario = short(
        Breakage(kind="radio-loss", where="g1", per_hour=20.0, parameters={"loss": 0.5}),
        Breakage(kind="printer-jam", where="k1", begins=time(9, 2), ends=time(9, 6)),
    )
    report = rehearse(scenario, 3)
    assert rehearse(scenario, 3).as_json() == report.as_json()
    assert ("2026-03-02T09:02:00", "printer-jam k1 for 240 s") in report.faults


def test_days_without_the_fault_have_none() -> None:
    fault = Breakage(kind="disk-full", begins=time(9), ends=time(9, 5), dates=(date(2026, 3, 3),))
    scenario = short(fault)
    assert WholeRun(scenario, 1).faults == ()
    later = replace(scenario, days=replace(scenario.days, days=2))
    [only] = WholeRun(later, 1).faults
    assert only.begins_s == pytest.approx(86_400 + 9 * 3600, abs=1)

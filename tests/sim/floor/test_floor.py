"""People with devices: they get through a morning, also when something of it fails."""

from __future__ import annotations

from datetime import date, time

import pytest
import simpy

from protocol.ids import CounterId, KioskId, ServiceId
from runtime.config.load import DEMO, load_config
from sim.distributions import Fixed
from sim.floor.equipment import equipped
from sim.floor.floor import Floor
from sim.halls import theory_hall
from sim.lab.calendar import Calendar
from sim.lab.scenario import Arrivals, Days, LabScenario, People, Rating, Shift, whole_day
from sim.lab.visitors import End
from sim.radio.modules import E32
from sim.site import Site

ONE = CounterId("1")
BEGINS, ENDS = time(9), time(9, 20)
DECLARE = ServiceId("declare")


def morning() -> LabScenario:
    """Return twenty minutes in the demo hall; five of the counters' minutes later it is empty."""
    [spec] = load_config(DEMO).halls
    days = Days(first=date(2026, 3, 2), begins=BEGINS, ends=ENDS)
    return LabScenario(
        name="morning",
        title="Morning",
        spec=spec,
        days=days,
        shifts=tuple(
            Shift(counter=counter, begins=BEGINS, ends=ENDS, overtime_s=1800.0)
            for counter in spec.counters
        ),
        arrivals=(
            Arrivals(
                name="all",
                services={DECLARE: 2.0, ServiceId("invoice"): 1.0},
                rates=((BEGINS, 60.0),),
            ),
        ),
        service_s={service: Fixed(always_s=60.0) for service in spec.services},
        people=People(to_counter_s=Fixed(always_s=8.0)),
        rating=Rating(share=1.0),
    )


class Morning:
    def __init__(self, seed: int = 1, scenario: LabScenario | None = None) -> None:
        self.scenario = scenario = scenario or morning()
        calendar = Calendar(scenario)
        begins_s = calendar.seconds(scenario.days.first, BEGINS)
        env = simpy.Environment(initial_time=begins_s - 60)
        self.site = Site(env, scenario.spec, seed, begins=calendar.begins, module=E32)
        self.floor = Floor(self.site, scenario, seed)

    def run(self, minutes: float) -> None:
        self.site.run(60 * minutes)

    @property
    def ends(self) -> set[End | None]:
        return {visitor.end for visitor in self.floor.crowd.visitors}

    def papers(self) -> list[str]:
        return sorted(paper.number for paper in self.site.hardware.printers[KioskId("k1")].papers)


@pytest.fixture
def hall() -> Morning:
    return Morning()


def test_everybody_is_served_and_has_a_paper_and_rates(hall: Morning) -> None:
    hall.run(45)
    visitors = hall.floor.crowd.visitors
    assert len(visitors) > 10
    assert hall.ends == {End.SERVED}
    assert hall.papers() == sorted(visitor.number for visitor in visitors)
    at_one = [visitor for visitor in visitors if visitor.counter == ONE]
    assert at_one
    rated = [visitor for visitor in at_one if visitor.level is not None]
    results = hall.site.hardware.evaluators[ONE].results
    # Whoever is followed by another customer at once has no time to rate.
    assert rated
    assert len(rated) == len(results)
    assert {stretch.counter for stretch in hall.floor.stretches} == set(hall.scenario.spec.counters)
    assert hall.floor.screen.announced


def test_process_that_is_gone_for_minutes_loses_nobody(hall: Morning) -> None:
    hall.run(8)
    hall.site.kill()
    hall.run(2)
    hall.site.start()
    hall.run(60)
    came = [visitor for visitor in hall.floor.crowd.visitors if visitor.number]
    ends = [visitor.end for visitor in came]
    assert None not in ends
    # Who was called just then may be passed over: keys were pressed of which nobody knew what they did.
    assert ends.count(End.SERVED) >= len(came) - 3
    turned_away = [visitor for visitor in hall.floor.crowd.visitors if not visitor.number]
    assert 0 < len(turned_away) < 6


def test_staff_with_a_dead_keypad_use_their_page(hall: Morning) -> None:
    for keypad in hall.site.hardware.keypads.values():
        keypad.off = True
    hall.run(60)
    assert hall.ends == {End.SERVED}


def test_customers_hear_the_call_though_windows_are_dark_and_the_screen_is_not(
    hall: Morning,
) -> None:
    for window in hall.site.hardware.windows.values():
        window.off = True
    hall.run(15)
    assert hall.ends <= {End.SERVED, None}
    assert End.SERVED in hall.ends


def test_who_neither_sees_nor_hears_the_call_is_a_no_show() -> None:
    hall = Morning()
    hall.floor.screen.switch(off=True)
    for window in hall.site.hardware.windows.values():
        window.off = True
    hall.run(15)
    assert hall.floor.screen.calls == ()
    assert End.SERVED not in hall.ends


def test_screen_that_has_power_again_shows_what_is_called(hall: Morning) -> None:
    hall.run(12)
    screen = hall.floor.screen
    shown = {call.number for call in screen.calls}
    assert shown
    screen.switch(off=True)
    assert not screen.calls
    screen.switch(off=False)
    hall.run(0.1)
    assert {each.number for each in screen.calls} & shown


def test_hall_without_devices_gets_them_at_each_counter() -> None:
    spec = equipped(theory_hall(23))
    assert len(spec.gateways) == 2
    site = Site(None, spec, 1, module=E32)
    assert set(site.hardware.keypads) == set(site.hardware.windows) == set(spec.counters)
    assert set(site.hardware.printers) == {"k1", "k2"}
    assert equipped(spec) == spec


def test_shifts_end_and_counters_close(hall: Morning) -> None:
    scenario = hall.scenario
    assert len(whole_day(scenario.spec, scenario.days)) == len(scenario.spec.counters)
    hall.run(60)
    windows = hall.site.hardware.windows.values()
    assert {window.state.name for window in windows} == {"CLOSED"}

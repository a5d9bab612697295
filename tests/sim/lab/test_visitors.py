"""Who comes: what the rates say, and the same people in every variant."""

from __future__ import annotations

from collections import Counter
from datetime import date, time

import pytest

from protocol.hours import Closure, Hours
from protocol.ids import ServiceId
from protocol.tickets import TicketClass
from protocol.values import replace
from sim.distributions import Empirical, Exponential, Fixed, LogNormal
from sim.lab.calendar import Calendar
from sim.lab.scenario import VISITORS_MAX, Arrivals, Burst, Days, LabScenario
from sim.lab.streams import Weighted
from sim.lab.visitors import Visitor, draw_visitors


def walk_ins(scenario: LabScenario, seed: int = 1) -> list[Visitor]:
    return [visitor for visitor in draw_visitors(scenario, seed) if visitor.slot is None]


def with_block(scenario: LabScenario, **changes: object) -> LabScenario:
    return replace(scenario, arrivals=(replace(scenario.arrivals[0], **changes),))


def test_rates_hold_from_their_time_on(scenario: LabScenario) -> None:
    many = with_block(scenario, rates=((time(9, 30), 4000), (time(9, 45), 0), (time(11), 2000)))
    calendar = Calendar(many)
    quarters = Counter(
        calendar.local(visitor.came_s).strftime("%H:")
        + str(calendar.local(visitor.came_s).minute // 15)
        for visitor in walk_ins(many)
    )
    assert set(quarters) == {"09:2", "11:0", "11:1", "11:2", "11:3"}
    assert quarters["09:2"] == pytest.approx(1000, rel=0.1)
    assert quarters["11:0"] == pytest.approx(500, rel=0.15)


def test_longer_services_and_other_rates_leave_the_same_people(scenario: LabScenario) -> None:
    usual = walk_ins(scenario)
    slow = walk_ins(replace(scenario, service_s={ServiceId("a"): Exponential(mean_s=900)}))
    assert [
        (each.name, each.came_s, each.service, each.party, each.patience_s) for each in usual
    ] == [(each.name, each.came_s, each.service, each.party, each.patience_s) for each in slow]
    ranks = [
        sorted(range(len(each)), key=[one.service_s for one in each].__getitem__)
        for each in (
            [one for one in usual if one.service == "a"],
            [one for one in slow if one.service == "a"],
        )
    ]
    assert ranks[0] == ranks[1], "who is slow stays slow"
    fewer = walk_ins(with_block(scenario, rates=((time(9), 20),)))
    assert 0 < len(fewer) < len(usual)
    for one, other in zip(fewer, usual, strict=False):
        assert (one.name, one.service_s, one.service) == (
            other.name,
            other.service_s,
            other.service,
        )


def test_another_block_leaves_the_people_of_this_one(scenario: LabScenario) -> None:
    more = Arrivals(
        name="more", services={ServiceId("b"): 1}, bursts=(Burst(at=time(9), people=7),)
    )
    both = walk_ins(replace(scenario, arrivals=(more, *scenario.arrivals)))
    assert len([each for each in both if each.name.startswith("more")]) == 7
    assert [each.came_s for each in both if each.name.startswith("everybody")] == [
        each.came_s for each in walk_ins(scenario)
    ]


def test_burst_comes_within_its_time(scenario: LabScenario) -> None:
    burst = Burst(at=time(10), people=50, within_s=120)
    bus = with_block(scenario, rates=(), bursts=(burst,))
    begins_s = Calendar(bus).seconds(date(2026, 3, 3), time(10))
    times = [visitor.came_s - begins_s for visitor in walk_ins(bus)]
    assert len(times) == 50
    assert 0 <= min(times) < 20
    assert 100 < max(times) <= 120


def test_shares_are_as_typed(scenario: LabScenario) -> None:
    people = walk_ins(with_block(scenario, rates=((time(9), 2000),)))
    count = len(people)
    assert count == pytest.approx(6000, rel=0.05)

    def share(those: list[Visitor]) -> float:
        return len(those) / count

    assert share([each for each in people if each.service == "a"]) == pytest.approx(0.75, abs=0.02)
    assert share(
        [each for each in people if each.ticket_class is TicketClass.PRIORITY]
    ) == pytest.approx(0.2, abs=0.02)
    assert share([each for each in people if each.party == 2]) == pytest.approx(0.25, abs=0.02)
    assert share([each for each in people if each.remote]) == pytest.approx(0.2, abs=0.02)
    assert share([each for each in people if not each.present]) == pytest.approx(0.05, abs=0.01)
    assert all(each.way_s == 0 for each in people if not each.remote)


def test_bookable_places_are_booked_by_chance_the_evening_before(scenario: LabScenario) -> None:
    booked = [each for each in draw_visitors(scenario, 1) if each.slot is not None]
    # Six slots with three places each, of which one is for walk-ins.
    assert 6 <= len(booked) <= 12
    calendar = Calendar(scenario)
    for each in booked:
        assert calendar.local(each.booked_s).date() == date(2026, 3, 2)
        assert each.ticket_class is TicketClass.APPOINTMENT
    full = replace(scenario, appointments=(replace(scenario.appointments[0], booked_share=1.0),))
    assert len([each for each in draw_visitors(full, 1) if each.slot is not None]) == 12


def test_nobody_comes_on_closed_days_and_on_other_weekdays(scenario: LabScenario) -> None:
    closed = Hours(closures=(Closure(first=date(2026, 3, 4), last=date(2026, 3, 4)),))
    week = replace(
        with_block(scenario, weekdays=(1, 2, 3, 4)),
        spec=replace(scenario.spec, hours=closed),
        days=replace(scenario.days, days=4),
    )
    days = {each.day for each in walk_ins(week)}
    assert days == {date(2026, 3, 3), date(2026, 3, 5)}


def test_too_many_visitors_are_refused(scenario: LabScenario) -> None:
    with pytest.raises(ValueError, match=f"a run takes {VISITORS_MAX:,} at most"):
        draw_visitors(with_block(scenario, rates=((time(9), 1e6),)), 1)


def test_daylight_saving_time_moves_the_day_on_the_worlds_clock(scenario: LabScenario) -> None:
    spring = replace(
        scenario,
        spec=replace(scenario.spec, time_zone="Europe/Berlin"),
        days=Days(first=date(2026, 3, 28), days=2),
        appointments=(),
    )
    calendar = Calendar(spring)
    nine = [calendar.seconds(day, time(9)) for day in calendar.days]
    assert nine == [9 * 3600, 9 * 3600 + 23 * 3600]
    assert calendar.local(nine[1]).hour == 9


@pytest.mark.parametrize(
    "times",
    [
        Exponential(mean_s=100),
        LogNormal(mean_s=100, spread=0.8),
        Fixed(always_s=100),
        Empirical(times_s=(50.0, 100.0, 150.0)),
    ],
)
def test_quantiles_rise_and_have_the_expected_mean(times: Exponential) -> None:
    drawn = [times.quantile((number + 0.5) / 20_000) for number in range(20_000)]
    assert drawn == sorted(drawn)
    assert sum(drawn) / len(drawn) == pytest.approx(times.expected_s, rel=0.01)
    assert times.expected_s == pytest.approx(100)
    assert times.quantile(0.0) >= 0


def test_weights_share_what_is_chosen() -> None:
    weighted = Weighted({"a": 3, "b": 0, "c": 1})
    chosen = Counter(weighted.at(number / 1000) for number in range(1000))
    assert chosen == {"a": 750, "c": 250}

"""The fewest counters for a target: enough, not one too many, and beside what Erlang's formula asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time

import pytest
from joblib import Parallel

from protocol.answers import Reason
from protocol.appointments import Slot
from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CounterId, HallId, Language, ServiceId
from protocol.values import replace
from sim.distributions import Exponential, Fixed
from sim.erlang import erlang
from sim.lab.attainment import Attained, Cell, Target, attain, called_within, waits_since
from sim.lab.calendar import Calendar
from sim.lab.demand import arrivals_in, at_counter_s, erlangs_plan
from sim.lab.fewest import Search
from sim.lab.scenario import Arrivals, Break, Days, LabScenario, People, Shift
from sim.lab.sizing import OutOfReach, size
from sim.lab.staffing import Day, Plan, groups_of, pools_of
from sim.lab.visitors import End, Visitor
from sim.statistics import student_t

EN = Language("en")
TARGET = Target(share=0.9, within_s=300)
RUNS = 3
DAY = date(2026, 3, 3)


def hall(**counters: str) -> HallSpec:
    """Return a hall with counters such as ``c1="ab"``: each letter is a service."""
    services = sorted({service for each in counters.values() for service in each})
    return HallSpec(
        id=HallId("SIZE"),
        names={EN: "A hall to size"},
        languages=(EN,),
        services={
            ServiceId(id): Service(id=ServiceId(id), names={EN: id}, prefix=id.upper())
            for id in services
        },
        counters={
            CounterId(id): Counter(
                id=CounterId(id), names={EN: id}, services=tuple(map(ServiceId, own))
            )
            for id, own in counters.items()
        },
    )


def morning(spec: HallSpec, **people: float) -> LabScenario:
    """Return two hours, the second one three times as busy: so many come for each service at first."""
    return LabScenario(
        name="morning",
        title="A morning",
        spec=spec,
        days=Days(first=DAY, begins=time(9), ends=time(10, 30)),
        shifts=(),
        arrivals=tuple(
            Arrivals(
                name=service,
                services={ServiceId(service): 1.0},
                rates=((time(9), per_hour), (time(10), 3 * per_hour)),
            )
            for service, per_hour in people.items()
        ),
        service_s={ServiceId(service): Exponential(mean_s=240) for service in people},
        people=People(to_counter_s=Fixed(always_s=10)),
    )


def attained(scenario: LabScenario, plan: Plan, seeds: range, most: int = 20) -> Attained:
    return attain(Day(scenario, DAY, most), plan, TARGET, seeds, Parallel(n_jobs=1))


def test_target_is_met_and_not_by_one_counter_fewer() -> None:
    scenario = morning(hall(c1="a", c2="a"), a=20)
    sizing = size(scenario, TARGET, 1, RUNS)
    plan = (tuple(each.counters[0] for each in sizing.quarters),)
    assert attained(scenario, plan, range(1, 1 + RUNS)).missed(TARGET) == []
    assert all((each.attained or 1.0) >= TARGET.share for each in sizing.quarters)
    for quarter, count in enumerate(plan[0]):
        if count > 1:
            row = list(plan[0])
            row[quarter] -= 1
            fewer = attained(scenario, (tuple(row),), range(1, 1 + RUNS))
            assert fewer.missed(TARGET), f"one could be spared from quarter {quarter} on"
    first, busy = sum(plan[0][:4]) / 4, sum(plan[0][4:]) / 2
    assert busy > first >= 1


def test_answer_tells_what_it_attains_with_fresh_people() -> None:
    scenario = morning(hall(c1="a", c2="a"), a=20)
    sizing = size(scenario, TARGET, 1, RUNS)
    plan = (tuple(each.counters[0] for each in sizing.quarters),)
    fresh = attained(scenario, plan, range(1 + RUNS, 1 + 2 * RUNS))
    for quarter, each in enumerate(sizing.quarters):
        assert each.fresh is not None
        assert each.fresh.mean == pytest.approx(fresh.lowest(quarter))
        assert each.fresh.low <= each.fresh.mean <= each.fresh.high
    assert sizing.fresh_missed == len(fresh.missed(TARGET))
    assert sizing.fresh_surely_missed <= sizing.fresh_missed
    assert sizing.fresh_share.low < sizing.fresh_share.mean <= sizing.fresh_share.high <= 1
    assert sizing.sketched > sizing.tried


def test_stricter_target_takes_more_counters() -> None:
    scenario = morning(hall(c1="a"), a=20)
    usual = size(scenario, Target(share=0.8, within_s=600), 1, 2)
    strict = size(scenario, Target(share=0.95, within_s=60), 1, 2)
    assert strict.counter_hours > usual.counter_hours
    assert strict.erlang_hours > usual.erlang_hours


def test_every_service_always_has_somebody() -> None:
    scenario = morning(hall(c1="ab", c2="b", c3="c"), a=4, b=8, c=1)
    sizing = size(scenario, TARGET, 1, 2)
    assert [group.services for group in sizing.groups] == [("a", "b"), ("b",), ("c",)]
    for each in sizing.quarters:
        both, alone, third = each.counters
        assert both >= 1, "nobody else has a"
        assert both + alone >= 1
        assert third >= 1


def test_target_out_of_reach_is_refused_with_what_was_reached() -> None:
    scenario = morning(hall(c1="a"), a=40)
    with pytest.raises(
        OutOfReach, match=r"with 1 of each kind of counter all day, \d+% of those who"
    ):
        size(scenario, TARGET, 1, 2, most=1)


def test_days_on_which_nobody_is_there_are_refused() -> None:
    scenario = morning(hall(c1="a"), a=20)
    with pytest.raises(ValueError, match="2026-03-04 is no open day of the scenario"):
        size(scenario, TARGET, 1, 2, day=date(2026, 3, 4))
    nobody = replace(scenario, arrivals=(replace(scenario.arrivals[0], weekdays=(7,)),))
    with pytest.raises(ValueError, match="nobody comes on 2026-03-03"):
        size(nobody, TARGET, 1, 2)
    with pytest.raises(ValueError, match="it takes 2 to"):
        size(scenario, TARGET, 1, 1)


class Loads:
    """Judges without runs: every quarter wants so many counters of a group, or of the one after it."""

    def __init__(self, wanted: Sequence[int]) -> None:
        self.wanted = wanted
        self.judged = 0

    def attained(self, plan: Plan) -> Attained:
        self.judged += 1
        counts = [
            (9 if row >= want else 5, 10) for row, want in zip(plan[0], self.wanted, strict=True)
        ]
        return Attained(runs=([counts],))

    def missed(self, plan: Plan) -> Sequence[Cell]:
        return self.attained(plan).missed(TARGET)


@pytest.mark.parametrize("begun", [(1,) * 6, (9,) * 6, (3, 1, 9, 2, 2, 5)])
def test_search_finds_the_fewest_from_wherever_it_begins(begun: tuple[int, ...]) -> None:
    judge = Loads((1, 4, 2, 2, 6, 1))
    search = Search(Day(morning(hall(c1="a"), a=20), DAY, 9), TARGET, 9, judge)
    assert search.fewest(search.enough((begun,))) == ((1, 4, 2, 2, 6, 1),)


def test_search_takes_counters_away_in_many_quarters_at_once() -> None:
    judge = Loads((1,) * 6)
    search = Search(Day(morning(hall(c1="a"), a=20), DAY, 9), TARGET, 9, judge)
    assert search.fewest(((5,) * 6,)) == ((1,) * 6,)
    assert judge.judged < 4 * 6


# -- the parts -----------------------------------------------------------------------------------


def test_erlangs_plan_is_the_formulas_answer_in_each_quarter() -> None:
    scenario = morning(hall(c1="a"), a=20)
    day = Day(scenario, DAY, 1)
    [plan] = erlangs_plan(day, [[5.0, 5.0, 5.0, 5.0, 15.0, 0.0]], [250.0], TARGET)
    assert plan[5] == 0
    for people, counters in ((5, plan[0]), (15, plan[4])):
        enough = erlang(people / 900, 1 / 250, counters)
        assert enough.longer_than(300) <= 0.1
        load = people * 250 / 900
        if counters - 1 > load:
            assert erlang(people / 900, 1 / 250, counters - 1).longer_than(300) > 0.1
    assert plan[4] > plan[0]


def test_arrivals_and_times_at_the_counter_are_the_scenarios() -> None:
    scenario = morning(hall(c1="a"), a=20)
    day = Day(scenario, DAY, 1)
    [came] = arrivals_in(day, day.staffed(day.even(1)), range(1, 41))
    assert sum(came[:4]) == pytest.approx(20, rel=0.1)
    assert sum(came[4:]) == pytest.approx(30, rel=0.1)
    assert at_counter_s(scenario, day) == [pytest.approx(250)]


def test_plan_becomes_shifts_that_are_as_long_as_they_can_be() -> None:
    scenario = morning(hall(c1="a", c2="b"), a=20, b=3)
    day = Day(scenario, DAY, 2)
    shifts = day.staffed(((1, 2, 2, 1, 0, 1), (0, 0, 0, 0, 0, 0))).shifts
    assert [(each.counter, each.begins, each.ends, each.overtime_s > 0) for each in shifts] == [
        ("c1", time(9), time(10), False),
        ("c1", time(10, 15), time(10, 30), True),
        ("c1+1", time(9, 15), time(9, 45), False),
    ]


def test_groups_and_pools_follow_from_the_services_of_counters() -> None:
    spec = hall(c1="ab", c2="ab", c3="b", c4="c")
    groups = groups_of(spec)
    assert [group.counters for group in groups] == [("c1", "c2"), ("c3",), ("c4",)]
    assert {pool.services: pool.groups for pool in pools_of(spec, groups)} == {
        ("a",): (0,),
        ("b",): (0, 1),
        ("c",): (2,),
    }


def test_who_left_late_or_was_never_called_was_not_called_in_time() -> None:
    scenario = replace(
        morning(hall(c1="a"), a=60),
        people=People(to_counter_s=Fixed(always_s=10), patience_s=Fixed(always_s=600)),
    )
    row = attained(scenario, ((1,) * 6,), range(1, 2))
    met = sum(row.counts(0, quarter)[0] for quarter in range(6))
    of = sum(row.counts(0, quarter)[1] for quarter in range(6))
    assert met < 0.5 * of
    hasty = replace(scenario, people=People(patience_s=Fixed(always_s=60)))
    row = attained(hasty, ((1,) * 6,), range(1, 2))
    assert row.missed(TARGET) == [], "who left before the time was up is not counted"


def test_hours_of_a_scenarios_shifts_are_without_breaks() -> None:
    scenario = morning(hall(c1="a"), a=20)
    noon = Break(begins=time(9, 30), ends=time(10))
    shifts = [
        Shift(counter=CounterId("c1"), begins=time(9), ends=time(10, 30), breaks=(noon,)),
        Shift(counter=CounterId("c1"), begins=time(11), ends=time(12), weekdays=(7,)),
    ]
    assert Day(scenario, DAY, 1).as_staffed(shifts) == 1.0


def test_interval_of_a_share_is_that_of_the_ratio_over_runs() -> None:
    met, of = [8, 5, 9, 6, 10, 7], [10, 8, 10, 9, 10, 10]
    row = Attained(runs=tuple([[cell]] for cell in zip(met, of, strict=True)))
    found = row.interval(0, 0, 0.95)
    assert found is not None
    assert found.mean == pytest.approx(sum(met) / sum(of))
    residuals = [one - found.mean * all for one, all in zip(met, of, strict=True)]
    error = (sum(each**2 for each in residuals) / 5 / 6) ** 0.5 / (sum(of) / 6)
    assert found.high - found.mean == pytest.approx(student_t(0.975, 5) * error)
    assert row.interval_of_day(0.95) == found
    assert row.surely_missed(Target(share=0.99, within_s=300), 0.95) == [(0, 0)]
    assert row.surely_missed(Target(share=0.85, within_s=300), 0.95) == []


def test_interval_of_those_who_were_all_in_time_has_a_width() -> None:
    all_met = Attained(runs=([[(5, 5)]], [[(5, 5)]])).interval(0, 0, 0.95)
    assert all_met is not None
    assert (all_met.mean, all_met.high) == (1.0, 1.0)
    assert all_met.low == pytest.approx(0.05**0.1)
    assert Attained(runs=([[(0, 0)]], [[(0, 0)]])).interval(0, 0, 0.95) is None


def visitor(**what_became: object) -> Visitor:
    came = Visitor("one", DAY, ServiceId("a"), 1000.0, 60.0)
    for name, found in what_became.items():
        setattr(came, name, found)
    return came


@pytest.mark.parametrize(
    ("what_became", "in_time"),
    [
        ({"called_s": 1300.0, "end": End.SERVED}, True),
        ({"called_s": 1301.0, "end": End.SERVED}, False),
        ({"called_s": 1300.0, "end": End.NO_SHOW}, True),
        ({"ended_s": 1300.0, "end": End.LEFT}, None),
        ({"ended_s": 1301.0, "end": End.LEFT}, False),
        ({"end": End.EXPIRED}, False),
        ({"end": End.REFUSED, "reason": Reason.TOO_LATE}, False),
        ({"end": End.REFUSED, "reason": Reason.QUOTA}, None),
    ],
)
def test_call_counts_if_it_comes_within_the_time(
    what_became: dict[str, object], in_time: bool | None
) -> None:
    assert called_within(visitor(**what_became), 1000.0, 300.0) is in_time


def test_who_is_early_for_an_appointment_waits_from_its_time_on() -> None:
    calendar = Calendar(morning(hall(c1="a"), a=20))
    ten_s = calendar.seconds(DAY, time(10))
    early = visitor(in_hall_s=ten_s - 600, slot=Slot(day=DAY, time=time(10)))
    late = visitor(in_hall_s=ten_s + 60, slot=Slot(day=DAY, time=time(10)))
    assert waits_since(early, calendar) == ten_s
    assert waits_since(late, calendar) == ten_s + 60
    assert waits_since(visitor(), calendar) == 1000.0

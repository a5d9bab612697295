"""Runs of a whole hall: exact against a plain reckoning, repeatable, with every person accounted for."""

from collections import Counter
from collections.abc import Callable
from heapq import heapreplace
from random import Random

import pytest

from protocol.hall import HallSpec, UnstartedTicket
from protocol.tickets import TicketState
from protocol.values import replace
from runtime.config.load import DEMO, load_config
from sim.distributions import Exponential, Fixed, LogNormal
from sim.halls import THEORY_SERVICE, theory_hall, with_counters
from sim.run import Run, compare_with_theory, simulate
from sim.scenario import ARRIVALS_MAX, Keys, Scenario, theory_scenario


@pytest.fixture
def demo() -> HallSpec:
    [spec] = load_config(DEMO).halls
    return with_counters(spec, len(spec.counters))


def busy_day(**changes: object) -> Scenario:
    """Return an hour with a bit of everything: walks, no-shows, people who leave."""
    scenario = Scenario(
        arrivals_per_s=60 / 3600,
        service_s=LogNormal(mean_s=180, spread=0.7),
        doors_s=3600,
        walk_s=Exponential(mean_s=15),
        no_show_share=0.1,
        patience_s=Exponential(mean_s=1800),
    )
    return replace(scenario, **changes)


@pytest.mark.parametrize("counters", [1, 3, 10])
def test_every_wait_is_that_of_a_plain_reckoning(counters: int) -> None:
    scenario = theory_scenario(0.9 * counters, 1.0, 2_000)
    tally = Run(theory_hall(counters), scenario, 7).go()
    gaps, services = Random("7/arrivals"), Random("7/how long")
    free_at = [0.0] * counters
    now = 0.0
    expected = []
    for _ in range(2_000):
        now += gaps.expovariate(1.0) / scenario.arrivals_per_s
        begins = max(now, free_at[0])
        expected.append(begins - now)
        heapreplace(free_at, begins + scenario.service_s.draw(services))
    assert list(tally.waits[THEORY_SERVICE]) == pytest.approx(expected, abs=1e-6)
    assert tally.served == 2_000
    assert tally.last_end_s == pytest.approx(max(free_at))


def test_theory_lies_within_the_interval() -> None:
    report = compare_with_theory(1.2, 1.0, 2, customers=4_000, seed=1, confidence=0.99)
    assert report.customers >= report.customers_advised
    assert report.agrees
    assert report.waited_share == pytest.approx(report.theory.wait_probability, abs=0.04)
    assert report.busy_share == pytest.approx(0.6, abs=0.04)


def test_wrong_theory_lies_outside_of_the_interval() -> None:
    right = compare_with_theory(1.2, 1.0, 2, customers=4_000, seed=1, confidence=0.99)
    wrong = replace(right, theory=replace(right.theory, mean_wait=2 * right.theory.mean_wait))
    assert not wrong.agrees


def logged(run: Run) -> list[str]:
    """Return the log of every message of a run."""
    log: list[str] = []
    run.world.trace = lambda time_s, to, message: log.append(f"{time_s!r} {to} {message!r}")
    run.go()
    return log


@pytest.mark.parametrize(
    "make",
    [
        lambda spec, seed: Run(spec, busy_day(), seed),
        lambda spec, seed: Run(spec, busy_day(keys=Keys.NEXT_ONLY, no_show_share=0.0), seed),
        lambda _spec, seed: Run(theory_hall(4), theory_scenario(3.0, 1.0, 200), seed),
    ],
)
def test_same_seed_gives_the_same_log_of_every_message(
    demo: HallSpec, make: Callable[[HallSpec, int], Run]
) -> None:
    first = logged(make(demo, 11))
    assert len(first) > 300
    assert not [line for line in first if " at 0x" in line], "a log must not name places in memory"
    assert logged(make(demo, 11)) == first
    assert logged(make(demo, 12)) != first


def test_everybody_who_came_is_accounted_for(demo: HallSpec) -> None:
    patience_s = Exponential(mean_s=50_000)
    report = simulate(demo, busy_day(overtime_s=0.0, patience_s=patience_s), seed=3)
    ends = report.served, report.no_show, report.left, report.expired
    assert all(ends), ends
    assert sum(ends) == report.arrived
    every, *services = report.waits
    assert every.called == sum(each.called for each in services)
    assert every.called >= report.served + report.no_show
    assert report.served == sum(each.served for each in report.counters)
    assert all(0 < each.busy_share <= 1 for each in report.counters)
    assert every.p50_s <= every.p90_s <= every.p95_s <= every.longest_s


@pytest.mark.parametrize("commit_s", [0.0, 2.0])
def test_what_people_saw_is_what_the_hall_holds(demo: HallSpec, commit_s: float) -> None:
    run = Run(demo, busy_day(commit_s=commit_s, patience_s=Exponential(mean_s=300)), 3)
    run.world.close = lambda: None  # type: ignore[method-assign]  # to look at it afterwards
    tally = run.go()
    states = Counter(ticket.state for ticket in run.state().tickets.values())
    assert states == {
        TicketState.SERVED: tally.served,
        TicketState.NO_SHOW: tally.no_show,
        TicketState.CANCELLED: tally.left,
    }
    assert min(states.values()) > 0


def test_slow_disk_delays_calls_and_leaves_nobody_to_idle_clerks() -> None:
    # People come while calls are on their way to the disk, and nobody comes later to wake a clerk.
    scenario = Scenario(
        arrivals_per_s=1 / 6,
        service_s=Fixed(always_s=30.0),
        doors_s=90,
        keys=Keys.NEXT_ONLY,
        commit_s=5.0,
    )
    for seed in range(20):
        tally = Run(theory_hall(30), scenario, seed).go()
        assert tally.served == tally.arrived
        # The ticket and the call are two commits; a clerk who is fetched by another needs more.
        assert min(tally.waits[THEORY_SERVICE]) >= 5.0
        assert max(tally.waits[THEORY_SERVICE]) < 90.0


def test_more_counters_serve_the_same_people_sooner(demo: HallSpec) -> None:
    few = simulate(demo, busy_day(patience_s=None), seed=3)
    many = simulate(with_counters(demo, 9), busy_day(patience_s=None), seed=3)
    assert few.arrived == many.arrived
    assert many.waits[0].mean_s < few.waits[0].mean_s / 2


def test_silent_walk_out_costs_the_clerk_the_wait_and_counts_as_no_show(demo: HallSpec) -> None:
    scenario = busy_day(no_show_share=1.0, patience_s=None, no_show_after_s=40.0)
    report = simulate(demo, scenario, seed=3)
    assert report.no_show == report.arrived
    busy_s = sum(each.busy_share for each in report.counters) * report.lasted_s
    assert busy_s == pytest.approx(40.0 * report.no_show, rel=1e-6)


def test_hall_where_an_unstarted_ticket_is_a_no_show_serves_those_who_come(
    demo: HallSpec,
) -> None:
    strict = replace(demo, unstarted=UnstartedTicket.NO_SHOW)
    report = simulate(strict, busy_day(no_show_share=0.0, patience_s=None), seed=3)
    assert (report.served, report.no_show) == (report.arrived, 0)


def test_services_nobody_wants_have_no_waits(demo: HallSpec) -> None:
    wanted, *others = demo.services
    report = simulate(demo, busy_day(mix={wanted: 1.0}), seed=3)
    called = {each.service: each.called for each in report.waits}
    assert called[wanted] == called[None] > 0
    assert [called[service] for service in others] == [0] * len(others)


def test_numbers_that_run_out_are_counted_as_refused() -> None:
    spec = theory_hall(1)
    service = replace(spec.services[THEORY_SERVICE], last=5)
    report = simulate(
        replace(spec, services={service.id: service}),
        busy_day(no_show_share=0.0, patience_s=None, service_s=Fixed(always_s=1.0)),
        seed=3,
    )
    assert report.served == 5
    assert report.refused == report.arrived - 5 > 0


def test_clerks_who_go_home_leave_the_rest_to_the_end_of_the_day() -> None:
    scenario = busy_day(
        service_s=Fixed(always_s=600.0), patience_s=None, no_show_share=0.0, overtime_s=60.0
    )
    for keys in Keys:
        report = simulate(theory_hall(1), replace(scenario, keys=keys), seed=3)
        # Serving begins at most one minute after the doors have closed, and is then finished.
        assert report.lasted_s <= 3600 + 60 + 600 + 60
        assert report.expired == report.arrived - report.served > 0


def test_progress_ends_with_the_whole(demo: HallSpec) -> None:
    shares: list[float] = []
    Run(demo, busy_day(), 1).go(shares.append)
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert shares[-1] > 0.8


def test_run_that_is_too_long_is_refused(demo: HallSpec) -> None:
    with pytest.raises(ValueError, match=f"a run takes {ARRIVALS_MAX:,} at most"):
        simulate(demo, busy_day(arrivals_per_s=1000.0), seed=1)


def test_comparison_with_too_few_customers_is_refused() -> None:
    with pytest.raises(ValueError, match="50 customers are too few"):
        compare_with_theory(1, 2, 1, customers=50, seed=1, confidence=0.9)

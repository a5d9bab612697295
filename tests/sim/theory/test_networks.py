"""The production actors in networks that theory can solve, beside theory and beside Ciw."""

from __future__ import annotations

import pytest

from protocol.hall import HallSpec
from protocol.policies import Policy
from protocol.values import replace
from sim.distributions import Exponential
from sim.lab.streams import stream
from sim.statistics import Interval, mean, over_runs
from sim.theory.hall import hall_of, on_hall
from sim.theory.network import Network, networks
from sim.theory.table import RUNS, TheoryRow, rows_of

CUSTOMERS = 350
"""Of each run."""
CUSTOMERS_OF_FEW_RUNS = 500
MORE_CUSTOMERS = {"M/M/3": 800, "M/M/3 with priorities": 800}
"""With 600 the mean waits of these runs are still too skewed for the intervals to hold."""
NETWORKS = {network.name: network for network in networks()}


@pytest.mark.parametrize("name", NETWORKS)
def test_hall_and_ciw_do_what_theory_says(name: str) -> None:
    pytest.importorskip("ciw")
    customers = MORE_CUSTOMERS.get(name, CUSTOMERS)
    rows = rows_of(NETWORKS[name], runs=RUNS, customers=customers)
    for row in rows:
        assert row.ours.batches == RUNS == 30
        assert row.ciw is not None
        assert row.ours.holds(row.theory), row
        assert row.ciw.holds(row.theory), row
        assert row.agrees, row
        if "mean wait" in row.figure:
            assert row.ours.high - row.ours.low < row.theory, "an interval this wide says nothing"
        elif "busy" in row.figure:
            assert row.ours.high - row.ours.low < 0.1
    assert {row.figure.split(": ")[-1].split(" longer")[0] for row in rows} >= {
        "mean wait", "wait at all", "wait", "counters busy",
    }  # fmt: skip


def mean_waits(network: Network, spec: HallSpec | None = None) -> list[float]:
    """Return the mean wait of the first class in each of a few runs."""
    runs = (
        on_hall(network, MORE_CUSTOMERS.get(network.name, CUSTOMERS_OF_FEW_RUNS), seed, spec)
        for seed in range(1, 7)
    )
    return [mean([each.waited for each in visits if not each.kind]) for visits in runs]


def mean_wait_in(network: Network) -> Interval:
    return over_runs(mean_waits(network), 0.95)


def test_hall_without_priorities_is_not_cobhams() -> None:
    network = NETWORKS["M/M/3 with priorities"]
    first_come = replace(hall_of(network), policy=Policy())
    pairs = zip(mean_waits(network, first_come), mean_waits(network), strict=True)
    difference = over_runs([without - strict for without, strict in pairs], 0.99)
    assert difference.low > 0


def test_hall_with_one_more_counter_is_not_the_networks() -> None:
    network = NETWORKS["M/D/3"]
    [stage] = network.stages
    more = replace(network, stages=(replace(stage, counters=4),))
    assert not mean_wait_in(more).holds(stage.queues[0].mean_wait)


def test_exponential_services_are_not_constant_ones() -> None:
    network = NETWORKS["M/D/3"]
    [stage] = network.stages
    other = replace(network, stages=(replace(stage, service=Exponential(mean_s=1.0)),))
    assert not mean_wait_in(other).holds(stage.queues[0].mean_wait)


def test_every_wait_at_one_counter_is_that_of_a_plain_reckoning() -> None:
    network = NETWORKS["M/G/1"]
    visits = sorted(on_hall(network, 300, 7), key=lambda each: each.customer)
    chance = {what: stream(7, network.name, what) for what in ("arrivals", "service")}
    now = free_at = 0.0
    for visit in visits:
        now += chance["arrivals"].expovariate(0.6)
        begins = max(now, free_at)
        free_at = begins + network.stages[0].service.draw(chance["service"])
        assert visit.waited == pytest.approx(begins - now, abs=1e-6)
        assert visit.ended == pytest.approx(free_at)


def test_row_differs_when_theory_or_ciw_is_far_off() -> None:
    interval = over_runs([1.0, 1.1, 0.9, 1.05], 0.95)
    far = over_runs([2.0, 2.1, 1.9, 2.05], 0.95)
    row = TheoryRow(
        model="", source="", figure="", unit="time", theory=1.0, ours=interval, ciw=interval
    )
    assert row.agrees
    assert replace(row, ciw=None).agrees
    assert not replace(row, theory=2.0).agrees
    assert not replace(row, ciw=far).agrees

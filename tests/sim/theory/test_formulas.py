"""Formulas against one another, against a plain reckoning of states, and against published figures."""

from __future__ import annotations

import math

import pytest

from sim.distributions import Exponential, Fixed, LogNormal
from sim.erlang import erlang
from sim.theory.constant_service import ConstantService
from sim.theory.impatience import Impatience
from sim.theory.priorities import PriorityClass
from sim.theory.queue import Queue, exceeded_by
from sim.theory.single_server import SingleServer

CLASSES = [
    PriorityClass(arrival_rates=(0.6, 1.5), service_rate=1.0, counters=3, place=place)
    for place in (0, 1)
]
IMPATIENT = Impatience(arrival_rate=3.3, service_rate=1.0, counters=3, patience_rate=0.5)
QUEUES: dict[str, Queue] = {
    "M/G/1": SingleServer(arrival_rate=0.65, service=LogNormal(mean_s=1.0, spread=0.8)),
    "M/D/3": ConstantService(arrival_rate=2.25, service_time=1.0, counters=3),
    "high": CLASSES[0],
    "low": CLASSES[1],
    "impatient": IMPATIENT,
}


@pytest.mark.parametrize("name", QUEUES)
def test_mean_wait_is_what_lies_under_the_distribution(name: str) -> None:
    queue, step = QUEUES[name], 0.1
    last = int(min(60.0, exceeded_by(queue, 1e-5)) / step)
    # The middle of each step, but from the end of the tail on, which is exponential.
    under = math.fsum(queue.longer_than((place + 0.5) * step) * step for place in range(last))
    assert under == pytest.approx(queue.mean_wait, rel=5e-3)


def test_exponential_service_at_one_counter_is_erlangs_queue() -> None:
    theory = erlang(0.7, 1.0, 1)
    single = SingleServer(arrival_rate=0.7, service=Exponential(mean_s=1.0))
    assert single.mean_wait == pytest.approx(theory.mean_wait)
    for wait in (0.0, 0.5, 3.0):
        assert single.longer_than(wait) == pytest.approx(theory.longer_than(wait), rel=1e-4)


def test_two_formulas_of_constant_service_agree() -> None:
    crommelin = ConstantService(arrival_rate=0.7, service_time=1.0, counters=1)
    khinchine = SingleServer(arrival_rate=0.7, service=Fixed(always_s=1.0))
    assert crommelin.mean_wait == pytest.approx(khinchine.mean_wait, rel=1e-6)
    for wait in (0.0, 0.5, 1.5, 2.25):
        assert crommelin.longer_than(wait) == pytest.approx(khinchine.longer_than(wait), abs=2e-3)


def test_constant_service_halves_the_wait_of_many_counters_nearly() -> None:
    constant = ConstantService(arrival_rate=2.25, service_time=1.0, counters=3)
    ratio = constant.mean_wait / erlang(2.25, 1.0, 3).mean_wait
    # (1 + (1 - r)(c - 1)(sqrt(4 + 5 c) - 2) / (16 c r)) / 2: G. Cosmetatos, "Some approximate equilibrium
    # results for the multi-server queue (M/G/r)" (1976), good to a percent or two.
    about = (1 + 0.25 * 2 * (math.sqrt(19) - 2) / (16 * 2.25)) / 2
    assert ratio == pytest.approx(about, rel=0.02)


def test_classes_share_the_wait_of_the_whole_queue() -> None:
    high, low = CLASSES
    together = (0.6 * high.mean_wait + 1.5 * low.mean_wait) / 2.1
    assert together == pytest.approx(erlang(2.1, 1.0, 3).mean_wait)
    assert high.longer_than(0.0) == pytest.approx(erlang(2.1, 1.0, 3).wait_probability)


def test_impatient_queue_is_that_of_its_states() -> None:
    weights = [1.0]
    for people in range(1, 200):
        leave = min(people, 3) * 1.0 + max(0, people - 3) * 0.5
        weights.append(weights[-1] * 3.3 / leave)
    total = math.fsum(weights)
    waiting = math.fsum((people - 3) * w for people, w in enumerate(weights) if people > 3) / total
    assert IMPATIENT.mean_wait == pytest.approx(waiting / 3.3)
    assert IMPATIENT.left_share == pytest.approx(0.5 * waiting / 3.3)
    assert IMPATIENT.longer_than(0.0) == pytest.approx(math.fsum(weights[3:]) / total)
    busy = math.fsum(min(people, 3) * w for people, w in enumerate(weights)) / total / 3
    assert IMPATIENT.load == pytest.approx(busy)


def test_endless_patience_is_erlangs_queue() -> None:
    patient = Impatience(arrival_rate=2.1, service_rate=1.0, counters=3, patience_rate=1e-3)
    assert patient.mean_wait == pytest.approx(erlang(2.1, 1.0, 3).mean_wait, rel=0.02)

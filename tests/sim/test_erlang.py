"""Erlang's delay model against values that were published, and against its closed forms."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.erlang import COUNTERS_MAX, blocked, erlang


@pytest.mark.parametrize(
    ("arrival_rate", "service_rate", "counters", "wait_probability", "mean_wait"),
    [
        # Gross, Shortle, Thompson, Harris, "Fundamentals of Queueing Theory": the eye clinic, with
        # six patients an hour and three doctors of three an hour: Lq = 8/9 and so Wq = 4/27.
        (6, 3, 3, 4 / 9, 4 / 27),
        # Hillier, Lieberman, "Introduction to Operations Research": the county hospital's emergency
        # room with two doctors: Wq = 1/24 hour.
        (2, 3, 2, 1 / 6, 1 / 24),
        # Anderson, Sweeney, Williams, "Quantitative Methods for Business", the multiple-server table.
        (10, 12, 2, 0.245, 0.0175),
        (10, 12, 3, 0.058, 0.0022),
        # Erlang C's curve at 6 erlang and 10 servers, read as about 0.10.
        (2, 1 / 3, 10, 0.1013, 0.0760),
    ],
)
def test_published_examples_are_met(
    arrival_rate: float,
    service_rate: float,
    counters: int,
    wait_probability: float,
    mean_wait: float,
) -> None:
    theory = erlang(arrival_rate, service_rate, counters)
    assert theory.wait_probability == pytest.approx(wait_probability, abs=6e-4)
    assert theory.mean_wait == pytest.approx(mean_wait, abs=6e-5)


def test_one_erlang_on_two_lines_blocks_a_fifth() -> None:
    # The first rows of every table of Erlang B.
    assert blocked(1.0, 1) == 0.5
    assert blocked(1.0, 2) == pytest.approx(0.2)


@given(load=st.floats(0.001, 0.999), service_rate=st.floats(0.01, 100))
def test_one_and_two_counters_have_closed_forms(load: float, service_rate: float) -> None:
    single = erlang(load * service_rate, service_rate, 1)
    assert single.wait_probability == pytest.approx(load)
    assert single.mean_wait == pytest.approx(load / (service_rate * (1 - load)))
    double = erlang(2 * load * service_rate, service_rate, 2)
    assert double.wait_probability == pytest.approx(2 * load**2 / (1 + load))
    assert double.load == pytest.approx(load)


@given(load=st.floats(0.05, 0.95), counters=st.integers(1, 60))
def test_recursion_equals_the_sum_of_powers(load: float, counters: int) -> None:
    offered = load * counters
    tail = offered**counters / math.factorial(counters) / (1 - load)
    head = sum(offered**count / math.factorial(count) for count in range(counters))
    theory = erlang(offered, 1.0, counters)
    assert theory.wait_probability == pytest.approx(tail / (head + tail))


def test_very_many_counters_stay_in_range() -> None:
    theory = erlang(99_900, 1, 100_000)
    # Halfin and Whitt's limit, with beta = (1 - load) sqrt(counters).
    beta = 0.001 * math.sqrt(100_000)
    density = math.exp(-(beta**2) / 2) / math.sqrt(2 * math.pi)
    below = 0.5 * (1 + math.erf(beta / math.sqrt(2)))
    assert theory.wait_probability == pytest.approx(1 / (1 + beta * below / density), rel=0.01)


def test_waits_beyond_a_time_fall_off_exponentially() -> None:
    theory = erlang(9, 1, 10)
    assert theory.longer_than(0) == theory.wait_probability
    assert theory.longer_than(2) == pytest.approx(theory.wait_probability * math.exp(-2))


@pytest.mark.parametrize(
    ("arrival_rate", "service_rate", "counters", "complaint"),
    [
        (0, 1, 1, "the arrival rate is 0"),
        (math.inf, 1, 1, "the arrival rate is inf"),
        (1, -1, 1, "the service rate is -1"),
        (1, 1, 0, "there are 0 counters"),
        (1, 1, COUNTERS_MAX + 1, "there must be 1 to 1,000,000"),
        (10, 1, 10, "the queue grows for ever"),
    ],
)
def test_impossible_queue_is_refused(
    arrival_rate: float, service_rate: float, counters: int, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        erlang(arrival_rate, service_rate, counters)

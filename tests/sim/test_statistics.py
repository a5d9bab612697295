"""Intervals against printed tables and against samples whose mean is known."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.statistics import (
    BATCHES,
    batch_means,
    mean,
    observations_min,
    percentiles,
    student_t,
)


@pytest.mark.parametrize(
    ("share", "freedom", "quantile"),
    [
        # The table of Student's t that every textbook prints.
        (0.95, 1, 6.314),
        (0.975, 1, 12.706),
        (0.995, 1, 63.657),
        (0.975, 2, 4.303),
        (0.975, 3, 3.182),
        (0.9, 5, 1.476),
        (0.975, 9, 2.262),
        (0.995, 9, 3.250),
        (0.9995, 9, 4.781),
        (0.995, 19, 2.861),
        (0.975, 30, 2.042),
        (0.995, 120, 2.617),
    ],
)
def test_quantile_of_student_t_is_as_printed(share: float, freedom: int, quantile: float) -> None:
    assert student_t(share, freedom) == pytest.approx(quantile, abs=5e-4)


def test_median_of_student_t_is_nought() -> None:
    assert student_t(0.5, 7) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("share", "freedom"), [(0.4, 5), (1.0, 5), (0.9, 0)])
def test_quantile_that_there_is_not_is_refused(share: float, freedom: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        student_t(share, freedom)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_percentile_is_the_nearest_rank(observations: list[float], share: float) -> None:
    [found] = percentiles(observations, [share])
    at_most = sum(each <= found for each in observations)
    below = sum(each < found for each in observations)
    assert found in observations
    assert at_most / len(observations) >= share - 1e-12
    assert below / len(observations) <= share


def test_figures_of_nothing_are_nought() -> None:
    assert mean([]) == 0
    assert percentiles([], [0.5, 0.9]) == [0, 0]


def test_too_few_observations_are_refused() -> None:
    fewest = observations_min()
    batch_means([1.0] * fewest, 0.9)
    with pytest.raises(ValueError, match=f"it takes {fewest} or more"):
        batch_means([1.0] * (fewest - 1), 0.9)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -1.0])
def test_impossible_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="above 0 and below 1"):
        batch_means([1.0] * 1000, confidence)


def test_warm_up_is_left_out() -> None:
    interval = batch_means([99.0] * 100 + [1.0, 3.0] * 450, 0.99)
    assert (interval.mean, interval.low, interval.high) == (2.0, 2.0, 2.0)
    assert (interval.warm_up, interval.batch_size, interval.batches) == (100, 90, BATCHES)


def test_interval_is_that_of_a_hand_calculation() -> None:
    # Two batches with means 1 and 2: mean 1.5, deviation sqrt(1/2), t(0.95, 1) = 6.314.
    interval = batch_means([1.0] * 10 + [2.0] * 10, 0.9, batches=2, warm_up_share=0.0)
    half_width = 6.3138 * 0.5**0.5 / 2**0.5
    assert interval.mean == 1.5
    assert interval.low == pytest.approx(1.5 - half_width, abs=1e-4)
    assert interval.high == pytest.approx(1.5 + half_width, abs=1e-4)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_intervals_hold_the_mean_as_often_as_they_say(confidence: float) -> None:
    # Neighbours of each sample are alike, as waits are: an interval for independent observations
    # would be half as wide and hold the mean in far fewer runs.
    held = sum(batch_means(_alike(seed), confidence).holds(0.0) for seed in range(300))
    assert held / 300 == pytest.approx(confidence, abs=0.05)


def _alike(seed: int) -> list[float]:
    random = Random(seed)
    values, last = [], 0.0
    for _ in range(1000):
        last = 0.6 * last + random.gauss(0, 1)
        values.append(last)
    return values

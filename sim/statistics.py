"""Figures from a run's observations: means, percentiles, and intervals that hold the true mean.

Waits that follow one another are alike (who comes behind a long queue waits long too), so the usual
interval for independent observations is far too narrow. **Batch means** are used instead: the first
observations, made while the hall filled up, are left out; the rest are cut into a few long batches; their
means are nearly independent and normal, so that Student's t holds for them.
Source: A. M. Law, *Simulation Modeling and Analysis*, 5th ed., sections 9.5.1 and 9.5.3; 10 to 30 batches
are advised by B. Schmeiser, "Batch size effects in the analysis of simulation output" (1982).
"""

import math
from collections.abc import Sequence

from protocol.values import value

BATCHES = 10
"""With 20 the intervals of M/M/10 at load 0.9 held the truth a little less often than they should."""
WARM_UP_SHARE = 0.1
"""The share of observations at the beginning that batch means leave out."""
BATCH_MIN = 10
"""Observations that a batch must have."""
HALVINGS = 60
"""Of the right angle, in which Student's t is sought: more than a float can tell apart."""


@value
class Interval:
    """Where the true mean lies with probability ``confidence``, if the batches are independent."""

    mean: float
    low: float
    high: float
    confidence: float
    batches: int
    batch_size: int
    warm_up: int
    """Observations that were left out at the beginning."""

    def holds(self, truth: float) -> bool:
        """Return whether ``truth`` lies within the interval."""
        return self.low <= truth <= self.high


def mean(observations: Sequence[float]) -> float:
    """Return the mean; 0 of nothing."""
    return math.fsum(observations) / len(observations) if observations else 0.0


def percentiles(observations: Sequence[float], shares: Sequence[float]) -> list[float]:
    """Return for each of ``shares`` (0 to 1) the observation that so large a share does not exceed.

    The nearest rank is taken, so each figure is a wait that somebody had; 0 of nothing.
    """
    if not observations:
        return [0.0] * len(shares)
    ordered = sorted(observations)
    last = len(ordered) - 1
    return [ordered[min(last, max(0, math.ceil(share * len(ordered)) - 1))] for share in shares]


def observations_min(batches: int = BATCHES, warm_up_share: float = WARM_UP_SHARE) -> int:
    """Return how many observations `batch_means` needs at least."""
    return math.ceil(batches * BATCH_MIN / (1 - warm_up_share))


def batch_means(
    observations: Sequence[float],
    confidence: float,
    *,
    batches: int = BATCHES,
    warm_up_share: float = WARM_UP_SHARE,
) -> Interval:
    """Return an interval for the mean of a long run's ``observations``, in the order they were made.

    ``confidence`` is above 0 and below 1, ``batches`` at least 2. What does not fill the last batch is
    left out with the warm-up.

    Raises:
        ValueError: there are fewer than `observations_min`, or no such confidence can be had.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence is {confidence:g}; it must be above 0 and below 1")
    needed = observations_min(batches, warm_up_share)
    if len(observations) < needed:
        raise ValueError(
            f"{len(observations)} observations are too few for an interval; it takes {needed} or more"
        )
    size = int(len(observations) * (1 - warm_up_share)) // batches
    warm_up = len(observations) - size * batches
    means = [
        math.fsum(observations[begin : begin + size]) / size
        for begin in range(warm_up, len(observations), size)
    ]
    return _interval(means, confidence, batch_size=size, warm_up=warm_up)


def over_runs(observations: Sequence[float], confidence: float) -> Interval:
    """Return an interval for the mean of what independent runs have shown, one figure each, 2 or more.

    ``confidence`` is above 0 and below 1. Each run is a batch of its own, with nothing left out.

    Raises:
        ValueError: there are fewer, or no such confidence can be had.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence is {confidence:g}; it must be above 0 and below 1")
    runs = len(observations)
    if runs < 2:
        raise ValueError(f"{runs} runs are too few for an interval; it takes 2 or more")
    return _interval(observations, confidence, batch_size=1, warm_up=0)


def _interval(
    means: Sequence[float], confidence: float, *, batch_size: int, warm_up: int
) -> Interval:
    batches = len(means)
    middle = math.fsum(means) / batches
    variance = math.fsum((each - middle) ** 2 for each in means) / (batches - 1)
    half_width = student_t(0.5 + confidence / 2, batches - 1) * math.sqrt(variance / batches)
    return Interval(
        mean=middle,
        low=middle - half_width,
        high=middle + half_width,
        confidence=confidence,
        batches=batches,
        batch_size=batch_size,
        warm_up=warm_up,
    )


def student_t(share: float, freedom: int) -> float:
    """Return the quantile of Student's t: the value that ``share`` (0.5 to below 1) of it lies below.

    For a whole number of degrees of ``freedom`` (1 or more) the distribution has a closed form, which is
    inverted by halving: exact to the last digits, so no package is needed for one number.
    """
    if not 0.5 <= share < 1:
        raise ValueError(f"the share is {share}; it must be 0.5 or more and below 1")
    if freedom < 1:
        raise ValueError(f"there are {freedom} degrees of freedom; there must be 1 or more")
    low, high = 0.0, math.pi / 2
    within = 2 * share - 1
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _within_angle(middle, freedom) < within:
            low = middle
        else:
            high = middle
    return math.tan((low + high) / 2) * math.sqrt(freedom)


def _within_angle(angle: float, freedom: int) -> float:
    """Return the share of Student's t within ``tan(angle) sqrt(freedom)`` on both sides of 0.

    Source: M. Abramowitz, I. Stegun, *Handbook of Mathematical Functions*, 26.7.3 (odd) and 26.7.4 (even).
    """
    sine, cosine = math.sin(angle), math.cos(angle)
    square = cosine * cosine
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = 0.0
    for power in range(odd, freedom - 1, 2):
        total += term
        term *= square * (power + 1) / (power + 2)
    return (angle + sine * total) * 2 / math.pi if odd else sine * total

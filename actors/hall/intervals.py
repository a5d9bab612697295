"""How long until a queue has moved up, in closed form: from moments to an interval. Pure arithmetic.

A ticket is called at the k-th end of a service from now, where k is one more than those ahead of it. All
``counters`` are busy until then: one that is free takes somebody at once.

Mean: those ahead bring work, shared by the counters; before that, somebody has to be done first. Variance:
ends at many counters come like Poisson's at first, whatever a service's own variance is; in the long run
the variance of the services is what counts. Both are exact where service times are exponential; the wait is
then Erlang's. The quantiles are those of the gamma distribution with that mean and variance, by E. Wilson and
M. Hilferty, "The distribution of chi-square" (1931).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

from protocol.estimates import Estimate
from protocol.values import maker

FREE_P90_S = 10.0
"""Even if a counter is free, its clerk has to press a key: the least ``p90_s`` that is ever said."""
SPREAD_MAX = 2.0
"""The most that a wait's variance may be, in squares of its mean: the quantiles hold no farther."""

_Z90 = 1.2815515655446004
"""Nine tenths of the normal distribution are below."""

make_estimate = maker(Estimate)

AT_ONCE = make_estimate(p50_s=0.0, p90_s=FREE_P90_S)
"""What is expected where a counter is free."""


def interval_of(mean_s: float, spread: float) -> Estimate:
    """Return the interval of a wait with this mean (above 0); ``spread`` is its variance in squares of it."""
    if spread > SPREAD_MAX:
        spread = SPREAD_MAX
    middle = 1.0 - spread / 9.0
    upper = middle + _Z90 / 3.0 * sqrt(spread)
    p90_s = mean_s * upper * upper * upper
    return make_estimate(
        p50_s=mean_s * middle * middle * middle, p90_s=p90_s if p90_s > FREE_P90_S else FREE_P90_S
    )


def widened(estimate: Estimate, width: float) -> Estimate:
    """Return the interval with so many times the distance from its middle to its end."""
    p50_s = estimate.p50_s
    p90_s = p50_s + width * (estimate.p90_s - p50_s)
    return make_estimate(p50_s=p50_s, p90_s=p90_s if p90_s > FREE_P90_S else FREE_P90_S)


def with_returns(wait_s: float, counters: int, rests_s: Iterable[float]) -> float:
    """Return what is left of a wait at so many ``counters`` if others come back and share the work.

    ``rests_s`` is when each of them does, in seconds from now.
    """
    work_s, sharing = wait_s * counters, counters
    for rest_s in sorted(rests_s):
        if work_s <= rest_s * sharing:
            break
        work_s += rest_s
        sharing += 1
    return work_s / sharing


def alike(ahead: float, counters: int, mean_s: float, spread: float, known: float) -> Estimate:
    """Return the interval where all ``ahead`` want the same of the same ``counters``, which are all busy.

    They need be no whole number: some may give up.

    A service takes ``mean_s``, its variance is ``spread`` in squares of the mean, and that is known as if from
    so many observations. How long the present services have lasted is not looked at.
    """
    ends = ahead + 1
    # One that has begun at some time takes half of (1 + spread) from now, in parts of the mean.
    jobs = ahead + (1.0 + spread) * 0.5
    variance = ahead * spread + many_spread(ends, counters, spread)
    return interval_of(jobs * mean_s / counters, variance / (jobs * jobs) + spread / known)


def many_spread(ends: float, counters: int, spread: float) -> float:
    """Return what the wait for so many ends adds to the variance of those ahead, in squares of the mean.

    It is the variance of one more service, and where that is below the exponential's, what the many counters'
    ends are less regular than those of one would be, until each has come round.
    """
    irregular = ends * (counters - 1) / (counters + ends)
    return spread + (1.0 - spread) * irregular if spread < 1.0 else spread


def rest_s(mean_s: float, spread: float, age_s: float) -> float:
    """Return how long a service that has lasted ``age_s`` probably takes from now.

    At its beginning that is its mean; in the end what an exponential tail of the same variance leaves. In
    between it falls (or rises, where the variance is above that of the exponential) so that over all ages it is
    half of (1 + spread) of the mean, as the theory of renewal has it.
    """
    near = 1.0 + age_s / mean_s
    return mean_s * (spread + (1.0 - spread) / (near * near))


def first_end_s(rests_s: list[float], ahead: float, mean_s: float, spread: float) -> float:
    """Return how long the work of ``ahead`` others does not account for, of counters busy for ``rests_s`` more.

    With nobody ahead, that is until the first of the counters is free; behind many, what they have still to
    do, less what they will have to do when the ticket is called, shared by all.
    """
    counters = len(rests_s)
    first_s = 1.0 / sum([1.0 / rest for rest in rests_s])
    shared_s = (sum(rests_s) - (counters - 1) * mean_s * (1.0 + spread) * 0.5) / counters
    near = counters / (counters + ahead)
    return near * first_s + (1.0 - near) * shared_s

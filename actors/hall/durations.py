"""How long a ticket of a service keeps a counter: what was measured, and what was expected. Pure.

Beside that, what else is learned of a service as its tickets end: how many give up, and whether the waits of
nine tenths were within what had been said. The latter is steered: after a wait that was longer than it was said
to be at most, intervals are made wider, and after every other one a ninth as much narrower, so that they
neither grow nor shrink where it is one of ten.
"""

from __future__ import annotations

from math import exp

from actors.hall.state import HallState, ServiceTimes
from protocol.events import TicketCalled
from protocol.ids import ServiceId
from protocol.values import maker, replace

TIMES_MEMORY = 100
"""Services over which a measured time is averaged: later ones count more, and a change shows within so many."""

PRIOR_WEIGHT = 10.0
"""Observations that the configured duration of a service is worth; fewer the more were made."""
SPREAD_MIN, SPREAD_MAX = 0.02, 4.0
"""Bounds of a service's variance, in squares of its mean: a few measurements may say anything."""
MEAN_MIN_S = 0.001
"""A service takes no less, whatever was measured."""
UNKNOWN_S = 300.0
"""A service of which nothing is known takes so long."""

WIDER, NARROWER = exp(0.06 * 0.9), exp(-0.06 * 0.1)
"""What a wait beyond the interval that was told, or within it, makes of those to come."""
WIDTH_MIN, WIDTH_MAX = 0.8, 2.0
"""Bounds of that: one odd hour is not to make intervals useless for days."""

Duration = tuple[float, float, float]
"""The mean (seconds), the variance in squares of the mean, and the observations by which they are known."""

_PRIOR_FADES = PRIOR_WEIGHT / TIMES_MEMORY

_make_times = maker(ServiceTimes)


def measured(
    times: ServiceTimes | None, took_s: float, called: TicketCalled | None = None
) -> ServiceTimes:
    """Return what is known of a service's times after one more, by exponentially weighted moments.

    ``called`` is its call, which has what had been said of its wait.
    """
    if times is None:
        return _make_times(count=1, mean_s=took_s, variance=0.0)
    count = times.count + 1 if times.count < TIMES_MEMORY else TIMES_MEMORY
    off_s = took_s - times.mean_s
    step_s = off_s / count
    return _make_times(
        count=count,
        mean_s=times.mean_s + step_s,
        variance=(1 - 1 / count) * (times.variance + off_s * step_s),
        left=times.left - times.left / count,
        width=times.width if called is None else _steered(times.width, called),
    )


def _steered(width: float, called: TicketCalled) -> float:
    said = called.estimate
    if said is None or said.p50_s == 0.0:
        return width  # nothing was said, or that a counter is free
    width *= WIDER if called.waited_s > said.p90_s else NARROWER
    return min(max(width, WIDTH_MIN), WIDTH_MAX)


def given_up(times: ServiceTimes) -> ServiceTimes:
    """Return what is known after a customer gave up who had not been called."""
    return replace(times, left=times.left + (1.0 - times.left) / (times.count + 1))


def back_again(times: ServiceTimes) -> ServiceTimes:
    """Return what is known once a ticket waits again whose call had ended with nobody coming.

    That call counts as part of the next one: people ahead are counted by tickets, and each keeps counters for
    as long as all of its calls take.
    """
    count = times.count - 1
    if not count:
        return times
    return replace(times, count=count, mean_s=times.mean_s * times.count / count)


def duration_of(state: HallState, service: ServiceId) -> Duration:
    """Return how long tickets of the service keep a counter.

    Measured times and the configured one together, which counts less and less. What is expected of the
    variance before it is measured is that of the exponential distribution.
    """
    times = state.times.get(service)
    count = 0 if times is None else times.count
    if times is None or count < TIMES_MEMORY:
        configured = state.spec.services.get(service)
        # Configured no more: somebody may still be served.
        prior_s = UNKNOWN_S if configured is None else configured.service_s
        if times is None:
            return prior_s, 1.0, PRIOR_WEIGHT
        prior = PRIOR_WEIGHT - count * _PRIOR_FADES
        known = count + prior
        mean_s = max(MEAN_MIN_S, (count * times.mean_s + prior * prior_s) / known)
        spread = (count * times.variance / (mean_s * mean_s) + prior) / known
    else:
        known = float(count)
        mean_s = times.mean_s
        if mean_s < MEAN_MIN_S:
            mean_s = MEAN_MIN_S
        spread = times.variance / (mean_s * mean_s)
    if spread < SPREAD_MIN:
        spread = SPREAD_MIN
    elif spread > SPREAD_MAX:
        spread = SPREAD_MAX
    return mean_s, spread, known

"""M/G/1: one counter, services of any distribution.

With the arrival rate ``l``, the service time ``S`` and the load ``r = l E[S]`` below 1:

    E[W]      = l E[S^2] / (2 (1 - r))                                  Pollaczek and Khinchine
    P(W <= t) = 1 - r + r * integral from 0 to t of P(W <= t - u) f(u) du
    f(u)      = P(S > u) / E[S]                                         what is left of a service under way

The second line is the renewal equation of a geometric sum of such rests; it is solved step by step here.
Source: D. Gross, J. Shortle, J. Thompson, C. Harris, *Fundamentals of Queueing Theory*, 4th ed., section
5.1.5; W. Feller, *An Introduction to Probability Theory and Its Applications*, vol. II, 2nd ed., XI.6.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

from protocol.values import value
from sim.distributions import Exponential, Fixed, LogNormal

STEPS = 300
"""Into which the wait that is asked for is cut: the error falls with their square."""
_NORMAL = NormalDist()

Service = Exponential | Fixed | LogNormal


@value
class SingleServer:
    """M/G/1 with a load below 1."""

    arrival_rate: float
    service: Service

    @property
    def load(self) -> float:
        return self.arrival_rate * self.service.expected_s

    @property
    def mean_wait(self) -> float:
        return self.arrival_rate * second_moment(self.service) / (2 * (1 - self.load))

    def longer_than(self, wait: float) -> float:
        if not wait:
            return self.load
        return 1 - _within(self, wait)


def second_moment(service: Service) -> float:
    """Return the mean of the squares of service times."""
    mean = service.expected_s
    match service:
        case Exponential():
            return 2 * mean * mean
        case Fixed():
            return mean * mean
        case LogNormal():
            return mean * mean * (1 + service.spread * service.spread)


def service_longer_than(service: Service, time: float) -> float:
    """Return the share of services that take longer than ``time``."""
    match service:
        case Exponential():
            return math.exp(-time / service.mean_s)
        case Fixed():
            return 1.0 if time < service.always_s else 0.0
        case LogNormal():
            if time <= 0:
                return 1.0
            variance = math.log1p(service.spread * service.spread)
            middle = math.log(service.mean_s) - variance / 2
            return 1 - _NORMAL.cdf((math.log(time) - middle) / math.sqrt(variance))


@lru_cache(maxsize=256)
def _within(queue: SingleServer, wait: float) -> float:
    """Return P(W <= wait), by the trapezoidal rule on the renewal equation."""
    load, mean = queue.load, queue.service.expected_s
    step = wait / STEPS
    rest = [
        load * step * service_longer_than(queue.service, place * step) / mean
        for place in range(STEPS + 1)
    ]
    shares = [1 - load]
    for place in range(1, STEPS + 1):
        known = rest[place] * shares[0] / 2
        known += math.fsum(rest[back] * shares[place - back] for back in range(1, place))
        shares.append((1 - load + known) / (1 - rest[0] / 2))
    return shares[-1]

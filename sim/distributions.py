"""Times that differ from person to person, drawn from a generator that is given, or told by their quantiles.

A quantile turns one random number from 0 to below 1 into a time: who draws so takes the same number of random
numbers whatever the distribution, and a longer mean makes everybody's time longer.
"""

import math
from random import Random
from statistics import NormalDist
from typing import Protocol

from protocol.values import value


class Distribution(Protocol):
    """Something that times can be drawn from."""

    def draw(self, random: Random, /) -> float:
        """Return a time in seconds, 0 or more."""
        ...

    def quantile(self, share: float, /) -> float:
        """Return the time (seconds) that ``share`` (0 to below 1) of all times do not exceed."""
        ...

    @property
    def expected_s(self) -> float:
        """The mean, in seconds."""
        ...


_NORMAL = NormalDist()


@value
class Exponential:
    """Times without memory, as Erlang's theory has them: mostly short, now and then a long one."""

    mean_s: float

    def draw(self, random: Random, /) -> float:
        return random.expovariate(1.0) * self.mean_s

    def quantile(self, share: float, /) -> float:
        return -math.log1p(-share) * self.mean_s

    @property
    def expected_s(self) -> float:
        return self.mean_s


@value
class Fixed:
    """Always the same time."""

    always_s: float

    def draw(self, _random: Random, /) -> float:
        return self.always_s

    def quantile(self, _share: float, /) -> float:
        return self.always_s

    @property
    def expected_s(self) -> float:
        return self.always_s


@value
class LogNormal:
    """Times around a most usual one, with a tail: nearer to real counters than the exponential.

    ``spread`` is the standard deviation in parts of the mean; 0.5 to 1 is usual, above 0.
    """

    mean_s: float
    spread: float

    def draw(self, random: Random, /) -> float:
        variance = math.log1p(self.spread * self.spread)
        return random.lognormvariate(math.log(self.mean_s) - variance / 2, math.sqrt(variance))

    def quantile(self, share: float, /) -> float:
        if not share:
            return 0.0
        variance = math.log1p(self.spread * self.spread)
        normal = _NORMAL.inv_cdf(share)
        return self.mean_s * math.exp(math.sqrt(variance) * normal - variance / 2)

    @property
    def expected_s(self) -> float:
        return self.mean_s


@value
class Empirical:
    """Times that were measured, each as often as it was; ``times_s`` are in ascending order, 1 or more."""

    times_s: tuple[float, ...]

    def draw(self, random: Random, /) -> float:
        return self.quantile(random.random())

    def quantile(self, share: float, /) -> float:
        return self.times_s[int(share * len(self.times_s))]

    @property
    def expected_s(self) -> float:
        return math.fsum(self.times_s) / len(self.times_s)

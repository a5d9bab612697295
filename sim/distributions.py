"""Times that differ from person to person, drawn from a generator that is given."""

import math
from random import Random
from typing import Protocol

from protocol.values import value


class Distribution(Protocol):
    """Something that times can be drawn from."""

    def draw(self, random: Random, /) -> float:
        """Return a time in seconds, 0 or more."""
        ...


@value
class Exponential:
    """Times without memory, as Erlang's theory has them: mostly short, now and then a long one."""

    mean_s: float

    def draw(self, random: Random, /) -> float:
        return random.expovariate(1.0) * self.mean_s


@value
class Fixed:
    """Always the same time."""

    always_s: float

    def draw(self, _random: Random, /) -> float:
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

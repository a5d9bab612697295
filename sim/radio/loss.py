"""What chance does to a packet on its way to one listener, beside what collides."""

from __future__ import annotations

from math import exp, log, log1p
from random import Random
from typing import Any, Protocol

import attrs

from protocol.values import value

__all__ = ["NONE", "BurstLoss", "Chance", "Damage", "IndependentLoss", "Loss"]


def _probability(_instance: object, attribute: attrs.Attribute[Any], chance: float) -> None:
    if not 0 <= chance <= 1:
        raise ValueError(f"{attribute.name} is {chance}; a probability lies between 0 and 1")


def _duration(_instance: object, attribute: attrs.Attribute[Any], seconds: float) -> None:
    if not seconds > 0:
        raise ValueError(f"{attribute.name} is {seconds}; it lasts for more than 0 seconds")


class Chance(Protocol):
    """The luck of one listener."""

    def loses(self, at_s: float) -> bool:
        """Whether the listener loses a packet that ends at ``at_s``; times never go back."""
        ...


class Loss(Protocol):
    """A kind of loss."""

    def chance(self, random: Random) -> Chance:
        """Return the luck of a further listener."""
        ...


@value
class IndependentLoss:
    """Each packet is lost with the probability ``loss``."""

    loss: float = attrs.field(default=0.0, validator=_probability)

    def chance(self, random: Random) -> Chance:
        """See `Loss`."""
        return _Independent(self.loss, random)


@value
class BurstLoss:
    """The Gilbert-Elliott channel in continuous time: good and bad times take turns.

    They last for ``good_s`` and ``bad_s`` seconds on the average, exponentially distributed, and lose
    the shares ``loss_good`` and ``loss_bad`` of the packets.
    """

    good_s: float = attrs.field(default=60.0, validator=_duration)
    bad_s: float = attrs.field(default=1.0, validator=_duration)
    loss_good: float = attrs.field(default=0.0, validator=_probability)
    loss_bad: float = attrs.field(default=0.8, validator=_probability)

    @property
    def mean(self) -> float:
        """The share of packets that are lost in the long run."""
        bad = self.bad_share
        return (1 - bad) * self.loss_good + bad * self.loss_bad

    @property
    def bad_share(self) -> float:
        """The share of bad times."""
        return self.bad_s / (self.good_s + self.bad_s)

    def chance(self, random: Random) -> Chance:
        """See `Loss`."""
        return _Bursts(self, random)


NONE = IndependentLoss()


@value
class Damage:
    """What a module passes on wrong. Real ones check their packets: these are faults."""

    duplication: float = attrs.field(default=0.0, validator=_probability)
    """The probability that a listener's module passes a packet on twice."""
    bit_error: float = attrs.field(default=0.0, validator=_probability)
    """The probability, for each bit, that it is passed on wrong."""

    def apply(self, octets: bytes, random: Random) -> bytes:
        """Return what one listener's module makes of ``octets``."""
        heard = self._flip(octets, random)
        if self.duplication and random.random() < self.duplication:
            heard += self._flip(octets, random)
        return heard

    def _flip(self, octets: bytes, random: Random) -> bytes:
        if not self.bit_error:
            return octets
        flipped, bits = 0, 8 * len(octets)
        bit = self._right(random)
        while bit < bits:
            flipped |= 1 << bit
            bit += 1 + self._right(random)
        return (int.from_bytes(octets) ^ flipped).to_bytes(len(octets))

    def _right(self, random: Random) -> int:
        """Return how many bits are right before the next wrong one: one draw instead of one for each."""
        if self.bit_error == 1.0:
            return 0
        return int(log(1.0 - random.random()) / log1p(-self.bit_error))


class _Independent:
    def __init__(self, loss: float, random: Random) -> None:
        self._loss = loss
        self._draw = random.random

    def loses(self, at_s: float) -> bool:
        return bool(self._loss) and self._draw() < self._loss


class _Bursts:
    """Knows the state at the last packet; what it is now follows from the time between them."""

    def __init__(self, loss: BurstLoss, random: Random) -> None:
        self._loss = loss
        self._draw = random.random
        self._bad = self._draw() < loss.bad_share
        self._at_s = 0.0

    def loses(self, at_s: float) -> bool:
        loss = self._loss
        kept = exp(-(at_s - self._at_s) * (1 / loss.good_s + 1 / loss.bad_s))
        bad = loss.bad_share + (self._bad - loss.bad_share) * kept
        self._bad = self._draw() < bad
        self._at_s = at_s
        return self._draw() < (loss.loss_bad if self._bad else loss.loss_good)

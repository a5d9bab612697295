"""Random numbers by name, so that variants of a scenario share them.

A stream belongs to a seed and a purpose. Every person takes one number from each stream, whatever becomes of
it, and a distribution turns the number into a time by its quantile. So with more counters, longer services or
another share of remote tickets the same people come at the same times, and whoever was slow is slow again.
"""

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


def stream(seed: int, *purpose: object) -> Random:
    """Return the generator of ``seed`` for a purpose; the same in every process."""
    return Random("/".join(map(str, (seed, *purpose))))


class Weighted(Generic[T]):
    """Chooses among things, each as often as its weight says, by a number from 0 to below 1."""

    def __init__(self, weights: Mapping[T, float]) -> None:
        self._things = list(weights)
        self._bounds = list(accumulate(weights.values()))

    def at(self, share: float) -> T:
        place = bisect_right(self._bounds, share * self._bounds[-1])
        return self._things[min(place, len(self._things) - 1)]

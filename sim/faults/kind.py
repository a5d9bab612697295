"""What a kind of fault is, and one fault of it: named, with parameters in ranges and a longest duration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import attrs

from protocol.errors import ConfigError
from protocol.values import value

End = Callable[[], object]
"""Ends a fault: everything is then as if it had not been, but for what came of it."""


@value
class Target:
    """What faults act on. ``places`` tells which of it there are on premises: names such as ``keypad/1``."""

    name: str
    what: str
    """How ``where`` names one of it, for people."""
    places: Callable[[Any], Sequence[str]]


@value
class Parameter:
    """A number that a fault has: its meaning, unit, range (ends included), and what it is if left out."""

    meaning: str
    least: float
    most: float
    default: float
    unit: str = ""
    whole: bool = False


def share(meaning: str, default: float, *, least: float = 0.0, most: float = 1.0) -> Parameter:
    """Return a parameter that is a probability or a share."""
    return Parameter(meaning=meaning, least=least, most=most, default=default, unit="share")


def seconds(meaning: str, default: float, least: float, most: float) -> Parameter:
    """Return a parameter in seconds."""
    return Parameter(meaning=meaning, least=least, most=most, default=default, unit="s")


@value
class FaultKind:
    """A kind of fault.

    ``begin`` makes it begin at a place, with all parameters given, and returns what ends it. A fault lasts for
    ``lasts_max_s`` at most; one that is drawn at random lasts from ``lasts_min_s`` on. Those that are ``live``
    can be injected into virtual devices of a hall that really runs.
    """

    name: str
    does: str
    """In one sentence."""
    target: Target
    begin: Callable[[Any, str, Mapping[str, float]], End]
    parameters: Mapping[str, Parameter] = attrs.field(factory=dict)
    lasts_min_s: float = 1.0
    lasts_max_s: float = 3600.0
    live: bool = True

    def complete(self, given: Mapping[str, float]) -> dict[str, float]:
        """Return all parameters: those ``given``, and the others as they are if left out.

        Raises:
            ConfigError: there is no such parameter, or it is out of its range.
        """
        for name, number in given.items():
            known = self.parameters.get(name)
            if known is None:
                names = ", ".join(self.parameters) or "none"
                raise ConfigError(f"{self.name} has no parameter {name!r}; it has {names}")
            if not known.least <= number <= known.most or (known.whole and number != int(number)):
                kind = "a whole number" if known.whole else "a number"
                raise ConfigError(
                    f"{self.name}: {name} is {number:g}; allowed is {kind} from {known.least:g} to "
                    f"{known.most:g}"
                )
        return {name: given.get(name, each.default) for name, each in self.parameters.items()}


@value
class Fault:
    """One fault: from ``begins_s`` (seconds on the clock of its premises) on for ``lasts_s``.

    ``where`` is one of its target's places; None is all of them at once. ``parameters`` are those that differ
    from their defaults.
    """

    kind: str
    where: str | None = None
    begins_s: float = 0.0
    lasts_s: float
    parameters: Mapping[str, float] = attrs.field(factory=dict)

    def __str__(self) -> str:
        words = [self.kind, *([] if self.where is None else [self.where])]
        words += [f"{name}={number:g}" for name, number in self.parameters.items()]
        return f"{' '.join(words)} at {self.begins_s:.3f} s for {self.lasts_s:g} s"


def draw_fault(
    kind: FaultKind,
    premises: Any,
    random: Random,
    begins_s: float,
    *,
    lasts_max_s: float | None = None,
) -> Fault | None:
    """Return a fault of ``kind`` at random: place, duration and parameters; None where nothing can have it.

    Short ones are as frequent as long ones: the logarithm of the duration is uniform.
    """
    places = kind.target.places(premises)
    if not places:
        return None
    most_s = kind.lasts_max_s if lasts_max_s is None else min(kind.lasts_max_s, lasts_max_s)
    least_s = min(kind.lasts_min_s, most_s)
    lasts_s = least_s * (most_s / least_s) ** random.random()
    where = random.choice(list(places))
    parameters = {name: _drawn(each, random) for name, each in kind.parameters.items()}
    return Fault(
        kind=kind.name, where=where, begins_s=begins_s, lasts_s=lasts_s, parameters=parameters
    )


def _drawn(parameter: Parameter, random: Random) -> float:
    if parameter.whole:
        return float(random.randint(int(parameter.least), int(parameter.most)))
    return random.uniform(parameter.least, parameter.most)

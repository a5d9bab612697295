"""Has faults begin and end on premises."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from protocol.errors import ConfigError
from protocol.values import value
from sim.faults.catalogue import kind_of
from sim.faults.kind import End, Fault
from sim.faults.premises import Ground

ACTIVE_MAX = 1_000
"""Faults at once on one site."""


@value
class Active:
    """A fault that is on, and what ends it."""

    fault: Fault
    ends: tuple[End, ...]


def start(premises: Ground, fault: Fault) -> None:
    """Have ``fault`` begin now; it ends with `end`, `end_all`, or a site's healing.

    Raises:
        ConfigError: there is no such kind, place or parameter, or too many faults are on.
    """
    kind = kind_of(fault.kind)
    parameters = kind.complete(fault.parameters)
    places = kind.target.places(premises)
    if fault.where is not None and fault.where not in places:
        known = ", ".join(places) or "none"
        raise ConfigError(
            f"{fault.kind}: there is no {kind.target.name} {fault.where!r}; there are {known}"
        )
    if len(premises.active) >= ACTIVE_MAX:
        raise ConfigError(f"{ACTIVE_MAX} faults are on already: end some first")
    if id(fault) in premises.active:
        return
    where = places if fault.where is None else (fault.where,)
    ends = tuple(kind.begin(premises, place, parameters) for place in where)
    premises.active[id(fault)] = Active(fault=fault, ends=ends)


def end(premises: Ground, fault: Fault) -> None:
    """Have ``fault`` end; nothing happens if it is not on."""
    active = premises.active.pop(id(fault), None)
    if active is not None:
        for each in reversed(active.ends):
            each()


def end_all(premises: Ground) -> None:
    """Have every fault end that is on."""
    for active in list(premises.active.values()):
        end(premises, active.fault)


def active(premises: Ground) -> list[Fault]:
    """Return the faults that are on, the oldest first."""
    return [each.fault for each in premises.active.values()]


def schedule(
    premises: Ground,
    faults: Iterable[Fault],
    told: Callable[[Fault, bool], object] = lambda _fault, _begins: None,
) -> None:
    """Have each fault begin at its time and end after its duration; ``told`` hears of both.

    The premises may end one earlier, as healing does: it does not begin again.
    """

    def begin(fault: Fault) -> None:
        start(premises, fault)
        told(fault, True)
        premises.later(fault.lasts_s, partial(stop, fault))

    def stop(fault: Fault) -> None:
        if id(fault) in premises.active:
            end(premises, fault)
            told(fault, False)

    for fault in faults:
        premises.later(max(fault.begins_s - premises.now_s(), 0.0), partial(begin, fault))

"""Which counters will call whom, where services share counters in parts. Pure arithmetic.

Counters with the same services are one group. Everybody is called by whichever of the counters that have the
service comes to it first, so that people go where less is to be done: what is to be done evens out between
groups, as far as they have services in common. That is found in a few rounds: each time the people of a service
move from groups with more to groups with less.
"""

from __future__ import annotations

from collections.abc import Mapping

from protocol.hall import HallSpec
from protocol.ids import CounterId, ServiceId
from protocol.values import value

ROUNDS = 4
"""Rounds in which the groups even out; the first two bring the most."""


@value
class Group:
    """Counters with the same services."""

    services: tuple[ServiceId, ...]
    counters: tuple[CounterId, ...]


@value
class Crew:
    """The open counters of one group: how many, and how long each is busy already (seconds, above 0)."""

    group: Group
    open: int
    busy_s: float


def groups_around(spec: HallSpec, service: ServiceId) -> tuple[Group, ...]:
    """Return the groups that have to do with ``service``, by way of whatever services they have in common."""
    counters: dict[tuple[ServiceId, ...], list[CounterId]] = {}
    for id, counter in spec.counters.items():
        counters.setdefault(tuple(sorted(counter.services)), []).append(id)
    near, found = {service}, -1
    while found < len(near):
        found = len(near)
        for services in counters:
            if not near.isdisjoint(services):
                near.update(services)
    return tuple(
        Group(services=services, counters=tuple(ids))
        for services, ids in counters.items()
        if not near.isdisjoint(services)
    )


def shares(crews: list[Crew], work_s: Mapping[ServiceId, float]) -> list[dict[ServiceId, float]]:
    """Return for each crew which share (0 to 1) it will call of each service's people.

    Only services with work (seconds) to be done are told.
    """
    counters: dict[ServiceId, int] = {}
    for crew in crews:
        for service in crew.group.services:
            counters[service] = counters.get(service, 0) + crew.open
    parts = [
        {each: crew.open / counters[each] for each in crew.group.services if each in work_s}
        for crew in crews
    ]
    if len(crews) == 1:
        return parts
    for _ in range(ROUNDS):
        sums = dict.fromkeys(work_s, 0.0)
        for crew, mine in zip(crews, parts, strict=True):
            load_s = crew.busy_s + sum([work_s[id] * part for id, part in mine.items()]) / crew.open
            for id in mine:
                mine[id] /= load_s
                sums[id] += mine[id]
        for mine in parts:
            for id in mine:
                mine[id] /= sums[id]
    return parts

"""Which counters will call whom, where services share counters in parts. Pure arithmetic.

Counters with the same services are one group. Everybody is called by whichever of the counters that have the
service comes to it first, so that people go where less is to be done: what is to be done evens out between
groups, as far as they have services in common. That is found in a few rounds: each time the people of all
services move from groups with more to groups with less. How much a group draws is one number, which is the same
for each of its services, as all of them see the same load there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

from protocol.hall import HallSpec
from protocol.ids import CounterId, ServiceId
from protocol.values import value

ROUNDS = 3
"""Rounds in which the groups even out; the first two bring the most."""
LAYOUTS_MAX = 1_000
"""Halls of one process whose layouts are remembered; then all are forgotten, and made anew."""


_Pick = Callable[[Sequence[float]], Iterable[float]]


@value
class Layout:
    """Services that have to do with each other by way of their counters, and the groups of these counters.

    Services and groups are numbered: of figures for each group ``groups_of`` picks those of a service's groups,
    of figures for each service ``services_of`` those of a group's services. Each picks the last figure as well,
    which is to be a nought: so that there are always two or more, and they come as a tuple.
    """

    services: tuple[ServiceId, ...]
    groups: tuple[tuple[CounterId, ...], ...]
    groups_of: tuple[_Pick, ...]
    services_of: tuple[_Pick, ...]
    group_of: dict[CounterId, int]
    asked: dict[ServiceId, tuple[CounterId, ...]]
    """The counters that have each service."""
    alone: bool
    """There is one service only."""


_layouts: dict[int, tuple[HallSpec, dict[ServiceId, Layout]]] = {}
"""By the identity of the hall's configuration, which is kept here so that no other one gets it."""


def layout_of(spec: HallSpec, service: ServiceId) -> Layout:
    """Return what has to do with ``service``; the same one for all services that have to do with each other."""
    remembered = _layouts.get(id(spec))
    if remembered is None:
        if len(_layouts) >= LAYOUTS_MAX:
            _layouts.clear()
        remembered = _layouts[id(spec)] = (spec, {})
    layouts = remembered[1]
    layout = layouts.get(service)
    if layout is None:
        layout = _layout_around(spec, service)
        if service in layout.asked:
            layouts.update(dict.fromkeys(layout.services, layout))
    return layout


def _layout_around(spec: HallSpec, service: ServiceId) -> Layout:
    alike: dict[tuple[ServiceId, ...], list[CounterId]] = {}
    for id, counter in spec.counters.items():
        alike.setdefault(tuple(sorted(counter.services)), []).append(id)
    near, found = {service}, 0
    while found < len(near):
        found = len(near)
        for its in alike:
            if not near.isdisjoint(its):
                near.update(its)
    groups = {its: ids for its, ids in alike.items() if not near.isdisjoint(its)}
    services = tuple(each for each in spec.services if each in near)
    return Layout(
        services=services,
        groups=tuple(tuple(ids) for ids in groups.values()),
        groups_of=tuple(
            _pick(place for place, its in enumerate(groups) if each in its) for each in services
        ),
        services_of=tuple(
            _pick(place for place, each in enumerate(services) if each in its) for its in groups
        ),
        group_of={id: place for place, ids in enumerate(groups.values()) for id in ids},
        asked={
            each: tuple(id for id, counter in spec.counters.items() if each in counter.services)
            for each in services
        },
        alone=services == (service,),
    )


def _pick(places: Iterable[int]) -> _Pick:
    # Of one figure alone itemgetter would make no tuple: a service may be one that no counter has.
    return itemgetter(*(tuple(places) or (-1,)), -1)


def pulls_of(
    layout: Layout, counters: Sequence[int], busy_s: Sequence[float], work_s: Sequence[float]
) -> list[float]:
    """Return how much a counter of each group draws, beside the others.

    Args:
        layout: the services and groups.
        counters: how many are open in each group.
        busy_s: how long one of them is busy already, above 0.
        work_s: what is to be done for each service, in seconds.
    """
    pulls = [1.0] * len(counters)
    for _ in range(ROUNDS):
        loads_s = loads_of(layout, pulls, drawn_of(layout, counters, pulls), work_s)
        pulls = [
            pull / (busy + load) for pull, busy, load in zip(pulls, busy_s, loads_s, strict=True)
        ]
    return pulls


def drawn_of(layout: Layout, counters: Sequence[int], pulls: Sequence[float]) -> list[float]:
    """Return for each service how much so many ``counters`` of each group draw all together."""
    draws = [count * pull for count, pull in zip(counters, pulls, strict=True)]
    draws.append(0.0)
    return [sum(groups(draws)) for groups in layout.groups_of]


def loads_of(
    layout: Layout, pulls: Sequence[float], drawn: Sequence[float], work_s: Sequence[float]
) -> list[float]:
    """Return how many seconds of the work a counter of each group will do, if so much is ``drawn``."""
    each_s = [work / (draw or 1.0) for work, draw in zip(work_s, drawn, strict=True)]
    each_s.append(0.0)
    return [
        pull * sum(services(each_s))
        for pull, services in zip(pulls, layout.services_of, strict=True)
    ]


def shares(
    layout: Layout, mine: Sequence[int], pulls: Sequence[float], drawn: Sequence[float]
) -> list[float]:
    """Return which share (0 to 1) of each service's people will be called by counters of one's own.

    ``mine`` is how many of each group are one's own; ``drawn`` is what all open ones draw.
    """
    got = drawn_of(layout, mine, pulls)
    return [part / (draw or 1.0) for part, draw in zip(got, drawn, strict=True)]

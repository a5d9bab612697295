"""Who goes before a ticket, as far as that can be told beforehand. Pure.

Exact for `PolicyKind.FIRST_COME`. With `TARGET_WAIT` who came earlier is taken to go first. With
`CLASS_RATIOS` and `SERVICE_WEIGHTS` other classes or services are taken to have their full share of the calls
until the ticket's own turn, as long as somebody waits in them; also those who probably come meanwhile, at the
pace of the last ones (`with_coming`). How often those of the same service are overtaken is bounded
(`within_bound`); a bound on how long is not looked at. An appointment goes before whoever has none once it is
due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from actors.hall.overtaking import overtaken_at
from actors.hall.paces import to_come
from actors.hall.ranks import Order, Ranks, at, before, instant
from actors.hall.state import HallState, Line
from protocol.hall import HallSpec
from protocol.ids import CounterId, ServiceId
from protocol.tickets import TicketClass


class Stream(NamedTuple):
    """Some of those who wait: alike in service and class; ``ahead`` of them go first.

    A tuple, as a large hall makes some hundreds of them for each estimate.
    """

    service: ServiceId
    ticket_class: TicketClass
    waiting: float
    ahead: float


def streams_of(
    state: HallState, services: Iterable[ServiceId], order: Order | None
) -> list[Stream]:
    """Return who waits for one of the services; who came before ``order``, or else everybody, goes first."""
    streams = []
    for service in services:
        line = state.lines.get(service)
        if line is None:
            continue
        for ticket_class, queue in line.classes.items():
            ahead = queue.size if order is None else before(queue, order)
            streams.append(Stream(service, ticket_class, queue.size, ahead))
    return streams


def with_coming(
    state: HallState,
    streams: Iterable[Stream],
    services: Iterable[ServiceId],
    but: TicketClass | None,
    now: datetime,
    within_s: float,
) -> list[Stream]:
    """Return ``streams`` with those who probably come for the ``services`` within so many seconds.

    Those of the class ``but`` are left out.
    """
    lines, changed = state.lines, []
    for each in streams:
        service, its_class, waiting, ahead = each
        pace = None if its_class is but else lines[service].paces.get(its_class)
        coming = 0.0 if pace is None else to_come(pace, now, within_s)
        changed.append(Stream(service, its_class, waiting + coming, ahead) if coming else each)
    # Of some nobody is there yet.
    for service in services:
        line = lines.get(service)
        if line is None:
            continue
        for its_class, pace in line.paces.items():
            if its_class is not but and its_class not in line.classes:
                changed.append(Stream(service, its_class, to_come(pace, now, within_s), 0.0))
    return changed


def within_bound(
    state: HallState,
    most: int,
    streams: Iterable[Stream],
    service: ServiceId,
    own: TicketClass,
    order: Order | None,
) -> list[Stream]:
    """Return ``streams`` where nobody of ``service`` is overtaken more than ``most`` times.

    Of the other classes those go first who came before ``order`` and will have been overtaken as often by
    those of the ticket's own class that are between; and of those who came, or come, after it no more
    than may still overtake the ticket itself.
    """
    line = state.lines.get(service)
    if line is None:
        return list(streams)
    left = most if order is None else max(0, most - overtaken_at(line, order))
    changed = []
    for each in streams:
        if each.service == service and each.ticket_class is not own:
            others = line.classes.get(each.ticket_class)
            earlier = _ahead(others, order)
            first = _at_bound(line, most, others, earlier, line.classes.get(own), order)
            each = each._replace(ahead=min(max(each.ahead, first), earlier + left))
        changed.append(each)
    return changed


def _ahead(queue: Ranks | None, order: Order | None) -> int:
    """Return how many of the queue came before ``order``, or are in it at all."""
    if queue is None:
        return 0
    return queue.size if order is None else before(queue, order)


def _at_bound(
    line: Line,
    most: int,
    others: Ranks | None,
    earlier: int,
    own: Ranks | None,
    order: Order | None,
) -> int:
    """Return how many of the first so many ``others`` are overtaken no more before a ticket's turn.

    The earlier one came, the more often it was overtaken: so the last of these is looked for.
    """
    if others is None:
        return 0
    mine = _ahead(own, order)
    low, high = 0, earlier
    while low < high:
        middle = (low + high) // 2
        theirs = at(others, middle).order
        if overtaken_at(line, theirs) + mine - _ahead(own, theirs) >= most:
            low = middle + 1
        else:
            high = middle
    return low


def by_class(
    ratios: Mapping[TicketClass, int], streams: Sequence[Stream], own: TicketClass
) -> list[Stream]:
    """Return ``streams`` where the other classes have their ratios of the calls until the ticket's turn."""
    turns = 1.0
    waiting: dict[TicketClass, float] = {}
    for _, its_class, its_waiting, ahead in streams:
        waiting[its_class] = waiting.get(its_class, 0.0) + its_waiting
        if its_class is own:
            turns += ahead
    calls = turns / ratios.get(own, 1)
    parts = {
        each: min(1.0, calls * ratios.get(each, 1) / some) for each, some in waiting.items() if some
    }
    changed = []
    for each in streams:
        service, its_class, its_waiting, _ = each
        if its_class is not own and its_waiting:
            each = Stream(service, its_class, its_waiting, its_waiting * parts[its_class])
        changed.append(each)
    return changed


def by_service(
    weights: Mapping[ServiceId, float], streams: Sequence[Stream], own: ServiceId
) -> list[Stream]:
    """Return ``streams`` where the others have their ``weights`` of the calls until the ticket's turn."""
    turns = 1.0
    waiting: dict[ServiceId, float] = {}
    for service, _, its_waiting, ahead in streams:
        waiting[service] = waiting.get(service, 0.0) + its_waiting
        if service == own:
            turns += ahead
    parts = {
        each: min(1.0, turns * weights.get(each, 0.0) / some)
        for each, some in waiting.items()
        if some
    }
    changed = []
    for each in streams:
        service, its_class, its_waiting, _ = each
        if service != own and its_waiting:
            each = Stream(service, its_class, its_waiting, its_waiting * parts[service])
        changed.append(each)
    return changed


def weights_of(
    spec: HallSpec, service: ServiceId, counters: Sequence[CounterId]
) -> dict[ServiceId, float]:
    """Return how many tickets of each service the counters call for each one of ``service``."""
    calls: dict[ServiceId, float] = {}
    for id in counters:
        counter = spec.counters[id]
        own = counter.weights.get(service, 1) * len(counters)
        for other in counter.services:
            calls[other] = calls.get(other, 0.0) + counter.weights.get(other, 1) / own
    return calls


def with_due(state: HallState, streams: Iterable[Stream], until: datetime) -> list[Stream]:
    """Return ``streams`` where of those with appointments those go first whose time is before ``until``."""
    key = (instant(until),)
    changed = []
    for stream in streams:
        if stream.ticket_class is TicketClass.APPOINTMENT:
            queue = state.lines[stream.service].classes.get(stream.ticket_class)
            # Of those who are yet to come it is not known what they come for.
            ahead = stream.ahead if queue is None else before(queue, key)
            stream = stream._replace(ahead=ahead)
        changed.append(stream)
    return changed


def only_due(state: HallState, streams: Iterable[Stream], until: datetime) -> list[Stream]:
    """Return those of ``streams`` with appointments, where those go first whose time is before ``until``."""
    booked = [each for each in streams if each.ticket_class is TicketClass.APPOINTMENT]
    return with_due(state, booked, until)

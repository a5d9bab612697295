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

from actors.hall.overtaking import overtaken_at
from actors.hall.paces import to_come
from actors.hall.ranks import Order, Ranks, at, before, instant
from actors.hall.state import HallState, Line
from protocol.hall import HallSpec
from protocol.ids import CounterId, ServiceId
from protocol.tickets import TicketClass
from protocol.values import changer, maker, value


@value
class Stream:
    """Some of those who wait: alike in service and class; ``ahead`` of them go first."""

    service: ServiceId
    ticket_class: TicketClass
    waiting: float
    ahead: float


_make_stream, _with_ahead = maker(Stream), changer(Stream, "ahead")


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
            streams.append(
                _make_stream(
                    service=service,
                    ticket_class=ticket_class,
                    waiting=queue.size,
                    ahead=queue.size if order is None else before(queue, order),
                )
            )
    return streams


def with_coming(
    state: HallState,
    streams: Sequence[Stream],
    services: Iterable[ServiceId],
    now: datetime,
    within_s: float,
) -> list[Stream]:
    """Return ``streams`` with those who probably come for the ``services`` within so many seconds."""
    known = {(each.service, each.ticket_class): each for each in streams}
    for service in services:
        line = state.lines.get(service)
        if line is None:
            continue
        for ticket_class, pace in line.paces.items():
            coming = to_come(pace, now, within_s)
            key = (service, ticket_class)
            each = known.get(key)
            if coming:
                known[key] = _make_stream(
                    service=service,
                    ticket_class=ticket_class,
                    waiting=coming if each is None else each.waiting + coming,
                    ahead=0.0 if each is None else each.ahead,
                )
    return list(known.values())


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
            each = _with_ahead(each, min(max(each.ahead, first), earlier + left))
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
    turns = 1.0 + sum([each.ahead for each in streams if each.ticket_class is own])
    waiting: dict[TicketClass, float] = {}
    for each in streams:
        waiting[each.ticket_class] = waiting.get(each.ticket_class, 0.0) + each.waiting
    changed = list(streams)
    for place, each in enumerate(streams):
        other = each.ticket_class
        if other is not own:
            calls = turns * ratios.get(other, 1) / ratios.get(own, 1)
            changed[place] = _with_ahead(each, each.waiting * min(1.0, calls / waiting[other]))
    return changed


def by_service(
    weights: Mapping[ServiceId, float], streams: Sequence[Stream], own: ServiceId
) -> list[Stream]:
    """Return ``streams`` where the others have their ``weights`` of the calls until the ticket's turn."""
    turns = 1.0 + sum([each.ahead for each in streams if each.service == own])
    waiting: dict[ServiceId, float] = {}
    for each in streams:
        waiting[each.service] = waiting.get(each.service, 0.0) + each.waiting
    changed = list(streams)
    for place, each in enumerate(streams):
        if each.service != own:
            calls = turns * weights.get(each.service, 0.0)
            ahead = each.waiting * min(1.0, calls / waiting[each.service])
            changed[place] = _with_ahead(each, ahead)
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
            stream = _with_ahead(stream, ahead)
        changed.append(stream)
    return changed


def only_due(state: HallState, streams: Iterable[Stream], until: datetime) -> list[Stream]:
    """Return those of ``streams`` with appointments, where those go first whose time is before ``until``."""
    booked = [each for each in streams if each.ticket_class is TicketClass.APPOINTMENT]
    return with_due(state, booked, until)

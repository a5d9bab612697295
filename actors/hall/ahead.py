"""Who goes before a ticket, as far as that can be told beforehand. Pure.

Exact for `PolicyKind.FIRST_COME`. With `TARGET_WAIT` who came earlier is taken to go first. With
`CLASS_RATIOS` and `SERVICE_WEIGHTS` other classes or services are taken to have their full share of the calls
until the ticket's own turn, as long as somebody waits in them. An appointment goes before whoever has none once
it is due. Bounds on overtaking are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from actors.hall.ranks import Order, before, instant
from actors.hall.state import HallState
from protocol.hall import HallSpec
from protocol.ids import CounterId, ServiceId
from protocol.tickets import TicketClass
from protocol.values import maker, replace, value


@value
class Stream:
    """Some of those who wait: alike in service and class; ``ahead`` of them go first."""

    service: ServiceId
    ticket_class: TicketClass
    waiting: int
    ahead: float


_make_stream = maker(Stream)


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
            changed[place] = replace(each, ahead=each.waiting * min(1.0, calls / waiting[other]))
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
            changed[place] = replace(each, ahead=ahead)
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
            queue = state.lines[stream.service].classes[stream.ticket_class]
            stream = replace(stream, ahead=before(queue, key))
        changed.append(stream)
    return changed


def only_due(state: HallState, streams: Iterable[Stream], until: datetime) -> list[Stream]:
    """Return those of ``streams`` with appointments, where those go first whose time is before ``until``."""
    booked = [each for each in streams if each.ticket_class is TicketClass.APPOINTMENT]
    return with_due(state, booked, until)

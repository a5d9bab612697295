"""How far it is with tickets, from a hall's durable state: for who follows one, and for everybody. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from actors.hall.estimating import estimate_ticket
from actors.hall.state import HallState, Ticket
from actors.hall.views import ahead_of
from protocol.estimates import Estimate
from protocol.hall import HallSpec, Names, name_in
from protocol.ids import CounterId, FollowerId, Language, ServiceId, TicketId
from protocol.tickets import TicketState
from protocol.values import value
from runtime.wechat.numbers import Number, gives, read_number

__all__ = [
    "AtCounter",
    "Followers",
    "PublicProgress",
    "TicketProgress",
    "public_progress",
    "ticket_progress",
]

CALLS_SHOWN_MAX = 6
"""Counters that are named of those that call for a service."""


@value
class TicketProgress:
    """How far it is with one ticket, for who has it. Its language is the ticket's own."""

    number: str
    language: Language
    state: TicketState
    hall: str
    service: str
    ahead: int
    wait: Estimate | None
    """How much longer it will probably wait, if that can be told."""
    counter: str | None
    """The counter that has it."""
    page: str
    """The address of its page."""


@value
class AtCounter:
    """A number that is called, or served, at a counter."""

    number: str
    counter: Names


@value
class PublicProgress:
    """What everybody may see in the hall of a number: where it is called, or how its service goes on.

    Nothing of it tells whether a ticket with the number is there while it is not called.
    """

    hall: Names
    service: Names
    called_to: Names | None
    """The counter where the number is called, or served, now."""
    now: tuple[AtCounter, ...]
    """What the service's counters have now."""
    waiting: int
    """How many wait for the service."""


def ticket_progress(state: HallState, ticket: Ticket, page: str, at: datetime) -> TicketProgress:
    """Return how far it is with ``ticket`` at ``at``; ``page`` is the address of its page."""
    spec, language = state.spec, ticket.language
    counter = ticket.counter if ticket.state.at_counter else None
    return TicketProgress(
        number=ticket.number,
        language=language,
        state=ticket.state,
        hall=name_in(spec.names, language),
        service=name_in(_service_names(spec, ticket.service), language),
        ahead=ahead_of(state, ticket),
        wait=estimate_ticket(state, ticket, at),
        counter=None if counter is None else name_in(_counter_names(spec, counter), language),
        page=page,
    )


def public_progress(state: HallState, number: Number) -> Iterator[PublicProgress]:
    """Yield what the hall shows everybody of ``number``: at most one; none if it gives no such numbers."""
    spec = state.spec
    service = next((each for each in spec.services.values() if gives(each, number)), None)
    if service is None:
        return
    called = tuple(_at_counters(state))
    mine = (counter for ticket, counter in called if read_number(ticket.number) == number)
    to = next(mine, None)
    now = [
        AtCounter(number=ticket.number, counter=_counter_names(spec, counter))
        for ticket, counter in called
        if ticket.service == service.id
    ]
    yield PublicProgress(
        hall=spec.names,
        service=service.names,
        called_to=None if to is None else _counter_names(spec, to),
        now=tuple(now[:CALLS_SHOWN_MAX]),
        waiting=state.waiting(service.id),
    )


def _at_counters(state: HallState) -> Iterator[tuple[Ticket, CounterId]]:
    for counter in state.spec.counters:
        ticket = state.post(counter).ticket
        if ticket is not None:
            yield state.tickets[ticket], counter


def _service_names(spec: HallSpec, service: ServiceId) -> Names:
    """Return the service's names; its id if it is configured no more."""
    known = spec.services.get(service)
    return {spec.languages[0]: service} if known is None else known.names


def _counter_names(spec: HallSpec, counter: CounterId) -> Names:
    known = spec.counters.get(counter)
    return {spec.languages[0]: counter} if known is None else known.names


class Followers:
    """Which of a hall's tickets are followed by whom; looked up anew once something has happened."""

    def __init__(self) -> None:
        self._seq = -1
        self._tickets: Mapping[FollowerId, Sequence[TicketId]] = {}

    def tickets(self, state: HallState, follower: FollowerId) -> list[Ticket]:
        """Return the tickets of today that ``follower`` follows, also ended ones, in the order of taking."""
        if not state.followed:
            return []
        if state.seq != self._seq:
            self._seq, self._tickets = state.seq, _by_follower(state)
        found = [state.tickets[id] for id in self._tickets.get(follower, ())]
        return sorted(found, key=lambda ticket: (ticket.taken_at, ticket.id))


def _by_follower(state: HallState) -> Mapping[FollowerId, Sequence[TicketId]]:
    found: dict[FollowerId, list[TicketId]] = {}
    for ticket in state.tickets.values():
        if ticket.follower is not None:
            found.setdefault(ticket.follower, []).append(ticket.id)
    return found

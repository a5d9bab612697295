"""A ticket as the API tells it: as it was issued, and as it is now."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from actors.hall.admission import is_late
from actors.hall.closures import closed_today
from actors.hall.estimating import estimate_ticket
from actors.hall.state import HallState, Ticket
from actors.hall.views import ahead_of
from protocol.ids import CounterId, KioskId, Language, ServiceId, TicketId
from protocol.tickets import PrintState, TicketClass, TicketState
from protocol.values import value
from runtime.http.bodies import field
from runtime.http.menu_views import WaitView, wait_view
from runtime.http.service_views import FinishedService, finished_services

_STRUCK = frozenset({TicketState.WAITING, TicketState.HELD, TicketState.CANCELLED})
"""States in which a closure that is added concerns a ticket."""


@value
class IssuedTicket:
    """A ticket that was issued."""

    id: TicketId
    number: str = field(about="What is called, such as A010.")
    service: ServiceId
    ahead: int = field(about="People who waited for the service before this ticket.")
    kiosk: KioskId | None
    due_at: datetime | None = field(about="The time of the appointment, if it has one.")
    estimate: WaitView | None = field(about="How long it will probably wait, if that can be told.")
    late: bool = field(about="Whether it will probably not be called before closing.")
    scan_url: str = field(about="What the ticket's QR code says: its page.")


@value
class TicketView:
    """A ticket as it is now."""

    id: TicketId
    number: str = field(about="What is called, such as A010.")
    service: ServiceId
    ticket_class: TicketClass = field(about="Its class.", json_name="class")
    language: Language
    state: TicketState
    due_at: datetime | None = field(about="The time of the appointment, if it has one.")
    closure: str | None = field(
        about="Why its service is closed today, while it waits or once it is cancelled; null if it is not."
    )
    ahead: int = field(about="People who go before it now.")
    estimate: WaitView | None = field(
        about="How much longer it will probably wait; null if it does not wait or nobody can tell."
    )
    late: bool = field(about="Whether it will probably not be called before closing.")
    counter: CounterId | None = field(about="The counter that has it, or had it last.")
    kiosk: KioskId | None
    printed: PrintState
    print_failure: str | None = field(about="Why there is no paper.")
    recalls: int
    taken_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    scan_url: str
    served: tuple[FinishedService, ...] = field(about="What was finished for it, oldest first.")
    followed: bool = field(about="Whether a phone follows it, which is told of its turn.")


class Standing(NamedTuple):
    """What changes for who waits with a ticket.

    A tuple, as one is made for each phone that waits whenever the queue moves.
    """

    state: TicketState
    ahead: int
    counter: CounterId | None
    recalls: int


def standing_of(state: HallState, id: TicketId) -> Standing | None:
    """Return how far it is with a ticket; None if it is not of this business day."""
    ticket = state.tickets.get(id)
    if ticket is None:
        return None
    return Standing(ticket.state, ahead_of(state, ticket), ticket.counter, ticket.recalls)


def ticket_view(state: HallState, ticket: Ticket, scan_url: str, at: datetime) -> TicketView:
    """Return what anybody with its id may see of ``ticket``."""
    estimate = estimate_ticket(state, ticket, at)
    return TicketView(
        id=ticket.id,
        number=ticket.number,
        service=ticket.service,
        ticket_class=ticket.ticket_class,
        language=ticket.language,
        state=ticket.state,
        due_at=ticket.taken.due_at,
        closure=_closure_of(state, ticket, at),
        ahead=ahead_of(state, ticket),
        estimate=wait_view(estimate),
        late=ticket.service in state.spec.services and is_late(state, ticket.service, at, estimate),
        counter=ticket.counter,
        kiosk=ticket.kiosk,
        printed=ticket.printed,
        print_failure=ticket.print_failure,
        recalls=ticket.recalls,
        taken_at=ticket.taken_at,
        called_at=ticket.called_at,
        started_at=ticket.started_at,
        ended_at=ticket.ended_at,
        scan_url=scan_url,
        served=finished_services(state, ticket),
        followed=ticket.follower is not None,
    )


def _closure_of(state: HallState, ticket: Ticket, at: datetime) -> str | None:
    if not state.diary.closures or ticket.state not in _STRUCK:
        return None
    return closed_today(state, ticket.service, at)

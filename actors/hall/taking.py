"""Taking tickets, and what becomes of their paper."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from actors.hall.access import check_access, numbers_exhausted
from actors.hall.admission import is_late, refused_as_late
from actors.hall.estimating import estimate_service
from actors.hall.refusals import Refusal, find_service, find_ticket, unknown_kiosk
from actors.hall.state import HallState
from actors.hall.visits import begun
from protocol.answers import Reason
from protocol.commands import PARTY_MAX, ReportPrint, ReprintTicket, TakeTicket
from protocol.events import Event, ReprintRequested, TicketPrinted, TicketPrintFailed, TicketTaken
from protocol.hall import Admission, PastLast, Service
from protocol.ids import ServiceId, TicketId
from protocol.push_events import TicketFollowed
from protocol.tickets import PrintState
from protocol.values import maker

make_ticket_taken = maker(TicketTaken)


def take(state: HallState, command: TakeTicket, at: datetime) -> tuple[Event, ...]:
    """Give out the next number of the service."""
    spec = state.spec
    wanted, then = (command.service, ()) if not command.then else begun(state, command, at)
    service = find_service(state, wanted)
    if not 1 <= command.party <= PARTY_MAX:
        raise Refusal(
            Reason.BAD_VALUE,
            f"{command.party} people cannot come under one number; give 1 to {PARTY_MAX}",
        )
    if command.kiosk is not None and command.kiosk not in spec.kiosks:
        raise unknown_kiosk(state, command.kiosk)
    check_access(state, service, then, command.person, command.follower, at)
    taken = issue(state, service, then, command, at)
    if taken.late and spec.admission is Admission.REFUSE:
        raise refused_as_late(state, taken)
    return (taken,) if command.follower is None else (taken, followed_from_start(taken, command))


def followed_from_start(taken: TicketTaken, command: TakeTicket) -> TicketFollowed:
    """Return the event that the phone which took a ticket follows it."""
    assert taken.follower is not None
    return TicketFollowed(
        at=taken.at,
        command=taken.command,
        ticket=taken.ticket,
        follower=taken.follower,
        silent=command.silent,
    )


def issue(
    state: HallState,
    service: Service,
    then: tuple[ServiceId, ...],
    command: TakeTicket,
    at: datetime,
    due_at: datetime | None = None,
) -> TicketTaken:
    """Return the event that gives out the next number of ``service``; only numbers can refuse it.

    ``then`` are the further services of the visit; ``due_at`` is the time of an appointment.
    """
    spec = state.spec
    line = state.lines.get(service.id)
    last = None if line is None else line.serial
    serial = service.first if last is None else last + 1
    number = service.number(serial)
    id = _ticket_id(state.day, number)
    # A configuration that changed within the day may lead back to numbers that are given out.
    while id in state.tickets:
        serial += 1
        number = service.number(serial)
        id = _ticket_id(state.day, number)
    if serial > service.last and service.past_last is PastLast.REFUSE:
        raise numbers_exhausted(state, service)
    estimate = estimate_service(state, service.id, at, command.ticket_class, due_at)
    return make_ticket_taken(
        at=at,
        command=command.id,
        ticket=id,
        service=service.id,
        number=number,
        serial=serial,
        language=command.language if command.language in spec.languages else spec.languages[0],
        ticket_class=command.ticket_class,
        channel=command.channel,
        kiosk=command.kiosk,
        ahead=state.waiting(service.id),
        person=command.person,
        party=command.party,
        then=then,
        visit_order=command.visit_order,
        estimate=estimate,
        late=is_late(state, service.id, at, estimate),
        due_at=due_at,
        follower=command.follower,
    )


def _ticket_id(day: date, number: str) -> TicketId:
    return TicketId(f"{_day_code(day)}-{number}")


@lru_cache(maxsize=8)
def _day_code(day: date) -> str:
    """Return the day as tickets' ids begin with it, such as ``20261123``."""
    return f"{day:%Y%m%d}"


def report_print(state: HallState, command: ReportPrint, at: datetime) -> tuple[Event, ...]:
    """Note that the paper came out, or why not."""
    ticket = find_ticket(state, command.ticket)
    if ticket.kiosk is None:
        raise Refusal(Reason.NO_PRINTER, f"{ticket.number} was not taken at a kiosk")
    if command.failure is not None:
        if not ticket.state.open:
            return ()  # nobody waits for it any more, and nothing could print it again
        return (
            TicketPrintFailed(
                at=at,
                command=command.id,
                ticket=ticket.id,
                kiosk=ticket.kiosk,
                failure=command.failure,
            ),
        )
    return (TicketPrinted(at=at, command=command.id, ticket=ticket.id, kiosk=ticket.kiosk),)


def reprint(state: HallState, command: ReprintTicket, at: datetime) -> tuple[Event, ...]:
    """Ask for the paper again."""
    ticket = find_ticket(state, command.ticket)
    if not ticket.state.open:
        raise Refusal(
            Reason.TICKET_STATE, f"{ticket.number} is {ticket.state}: its paper serves no more"
        )
    if ticket.printed is PrintState.PENDING:
        raise Refusal(Reason.TICKET_STATE, f"{ticket.number} is being printed")
    kiosk = command.kiosk or ticket.kiosk
    if kiosk is None:
        raise Refusal(Reason.NO_PRINTER, f"{ticket.number} has no kiosk; name one to print at")
    if kiosk not in state.spec.kiosks:
        raise unknown_kiosk(state, kiosk)
    if state.spec.kiosks[kiosk].printer is None:
        raise Refusal(Reason.NO_PRINTER, f"kiosk {kiosk} has no printer")
    return (ReprintRequested(at=at, command=command.id, ticket=ticket.id, kiosk=kiosk),)

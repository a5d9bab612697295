"""Why a command is refused, and finding what it names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from actors.hall.diary import Booking
from actors.hall.state import HallState, Ticket
from protocol.answers import Reason
from protocol.commands import NOTE_CHARACTERS_MAX, TicketCommand
from protocol.hall import Service
from protocol.ids import BookingId, CounterId, KioskId, ServiceId, TicketId
from protocol.tickets import TRANSITIONS, TicketStep

REACHED_STEPS = frozenset(
    {
        TicketStep.HOLD,
        TicketStep.RESUME,
        TicketStep.REQUEUE,
        TicketStep.TRANSFER,
        TicketStep.REACTIVATE,
    }
)
"""What a counter does also with tickets that it might call, or had last; all else only with the one it has."""


class Refusal(Exception):
    """Carries a refusal out of a decision's depth."""

    def __init__(self, reason: Reason, detail: str, opens_at: datetime | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.opens_at = opens_at


def find_counter(state: HallState, counter: CounterId) -> CounterId:
    """Return ``counter`` if the hall has it."""
    if counter not in state.spec.counters:
        raise Refusal(
            Reason.UNKNOWN_COUNTER,
            f"hall {state.spec.id} has no counter {counter!r}; it has {listed(state.spec.counters)}",
        )
    return counter


def find_service(state: HallState, service: ServiceId) -> Service:
    """Return the service of that id, if the hall has it."""
    found = state.spec.services.get(service)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_SERVICE,
            f"hall {state.spec.id} has no service {service!r}; it has {listed(state.spec.services)}",
        )
    return found


def find_ticket(state: HallState, ticket: TicketId) -> Ticket:
    """Return the ticket of that id, if this business day has it."""
    found = state.tickets.get(ticket)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_TICKET,
            f"hall {state.spec.id} has no ticket {ticket!r} on business day {state.day}",
        )
    return found


def find_booking(state: HallState, id: BookingId) -> Booking:
    """Return the booking with that code."""
    found = state.diary.bookings.get(id)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_BOOKING,
            f"hall {state.spec.id} has no booking {id!r}; look at the code again, or it ended some days ago",
        )
    return found


def find_step(state: HallState, command: TicketCommand, step: TicketStep) -> Ticket:
    """Return the ticket that the command is about, if ``step`` is allowed for it now."""
    if command.ticket is not None:
        ticket = find_ticket(state, command.ticket)
        if command.counter is not None:
            _check_counter(state, find_counter(state, command.counter), ticket, step)
    elif command.counter is not None:
        held = state.post(find_counter(state, command.counter)).ticket
        if held is None:
            raise Refusal(
                Reason.NO_TICKET_AT_COUNTER,
                f"counter {command.counter} has no ticket; call the next one first",
            )
        ticket = state.tickets[held]
    else:
        raise Refusal(Reason.UNKNOWN_TICKET, "neither a ticket nor a counter was named")
    check_step(ticket, step)
    return ticket


def _check_counter(state: HallState, counter: CounterId, ticket: Ticket, step: TicketStep) -> None:
    """Refuse a counter's step with a ticket that is not its own."""
    if step in REACHED_STEPS:
        check_reached(state, counter, ticket)
    elif counter != ticket.counter:
        raise Refusal(Reason.NO_TICKET_AT_COUNTER, f"{ticket.number} is not at counter {counter}")


def reaches(state: HallState, counter: CounterId, ticket: Ticket) -> bool:
    """Return whether the ticket is at the counter or was last there, or else could be called to it."""
    if ticket.counter == counter:
        return True
    if ticket.state.at_counter:
        return False
    if ticket.reserved_for is not None:
        return ticket.reserved_for == counter
    return ticket.service in state.spec.counters[counter].services


def check_reached(state: HallState, counter: CounterId, ticket: Ticket) -> None:
    """Refuse a ticket that is neither for the counter nor was last there."""
    if not reaches(state, counter, ticket):
        raise Refusal(
            Reason.WRONG_COUNTER,
            f"{ticket.number} is not for counter {counter}, and was not there last",
        )


def check_note(note: str) -> str:
    """Return ``note`` if it is short enough to be kept."""
    if len(note) > NOTE_CHARACTERS_MAX:
        raise Refusal(
            Reason.BAD_VALUE,
            f"it has {len(note)} characters, more than the {NOTE_CHARACTERS_MAX} allowed; shorten it",
        )
    return note


def check_step(ticket: Ticket, step: TicketStep) -> None:
    """Refuse a step that the table of transitions does not have."""
    if (ticket.state, step) not in TRANSITIONS:
        raise Refusal(
            Reason.TICKET_STATE,
            f"{ticket.number} is {ticket.state}: {step} is not possible now",
        )


def unknown_kiosk(state: HallState, kiosk: KioskId) -> Refusal:
    """Return the refusal that names the kiosks that there are."""
    return Refusal(
        Reason.UNKNOWN_KIOSK,
        f"hall {state.spec.id} has no kiosk {kiosk!r}; it has {listed(state.spec.kiosks)}",
    )


def listed(names: Iterable[str]) -> str:
    """Name what there is, but no more than ten."""
    shown = [str(name) for name in names]
    return ", ".join(shown[:10]) + (", …" if len(shown) > 10 else "") if shown else "none"

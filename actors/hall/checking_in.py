"""The customer of a booking has come: from an appointment to a ticket."""

from __future__ import annotations

from datetime import datetime

from actors.hall.booking import reviewed
from actors.hall.choosing import check_in_as
from actors.hall.diary import Booking
from actors.hall.refusals import Refusal, find_booking, find_service, unknown_kiosk
from actors.hall.slots import slot_at
from actors.hall.state import HallState
from actors.hall.taking import followed_from_start, issue
from protocol.answers import Reason
from protocol.appointments import BookingState
from protocol.booking_events import CustomerCheckedIn
from protocol.commands import CheckIn, TakeTicket
from protocol.events import Event
from protocol.ids import PersonId


@reviewed
def check_in(state: HallState, command: CheckIn, at: datetime) -> tuple[Event, ...]:
    """Issue the ticket of a booking, whatever hours, quota and limits say to walk-ins."""
    if command.kiosk is not None and command.kiosk not in state.spec.kiosks:
        raise unknown_kiosk(state, command.kiosk)
    if command.booking is not None:
        booking = find_booking(state, command.booking)
    elif command.person is not None:
        booking = _booking_of(state, command.person, at)
    else:
        raise Refusal(Reason.UNKNOWN_BOOKING, "neither a booking nor a person was named")
    service = find_service(state, booking.service)
    _check_time(state, booking, at)
    ticket_class, due_at = check_in_as(state.spec.policy, booking.starts_at, at)
    take = TakeTicket(
        id=command.id,
        service=service.id,
        language=command.language or booking.language,
        ticket_class=ticket_class,
        channel=command.channel,
        kiosk=command.kiosk,
        person=booking.person,
        party=booking.party,
        follower=booking.holder,
    )
    taken = issue(state, service, (), take, at, due_at)
    checked_in = CustomerCheckedIn(
        at=at, command=command.id, booking=booking.id, ticket=taken.ticket
    )
    if take.follower is None:
        return taken, checked_in
    return taken, followed_from_start(taken, take), checked_in


def _booking_of(state: HallState, person: PersonId, at: datetime) -> Booking:
    """Return the person's booking for which it is time; else the one that comes next."""
    bookings = state.diary.bookings
    own = [bookings[id] for id in state.diary.of_person.get(person, ())]
    if not own:
        raise Refusal(Reason.UNKNOWN_BOOKING, "the person has no booking whose time is not over")
    own.sort(key=lambda booking: (booking.starts_at, booking.id))
    return next(
        (booking for booking in own if booking.check_in_from <= at < booking.check_in_until), own[0]
    )


def _check_time(state: HallState, booking: Booking, at: datetime) -> None:
    """Refuse whose booking has ended, and who is too early or too late."""
    slot = slot_at(state.spec, booking.starts_at)
    late = booking.state is BookingState.NO_SHOW
    if not booking.state.open and not late:
        ticket = "" if booking.ticket is None else f", and has ticket {booking.ticket}"
        raise Refusal(Reason.BOOKING_STATE, f"booking {booking.id} is {booking.state}{ticket}")
    if late or at >= booking.check_in_until:
        raise Refusal(
            Reason.CHECK_IN_LATE, f"the appointment was at {slot}; take a ticket as everybody does"
        )
    # A ticket would expire as the business day ends.
    opens_at = booking.check_in_from
    if booking.starts_at >= state.ends_at:
        opens_at = max(opens_at, state.ends_at)
    if at < opens_at:
        opens = slot_at(state.spec, opens_at)
        raise Refusal(
            Reason.CHECK_IN_EARLY,
            f"the appointment is at {slot}; check in from {opens} on",
            opens_at,
        )

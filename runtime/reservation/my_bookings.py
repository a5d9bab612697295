"""What customers do with appointments on their phones: book, look, confirm, move, cancel, check in."""

from __future__ import annotations

from collections.abc import Callable

from actors.hall.state import HallState
from protocol.answers import Accepted
from protocol.booking_events import AppointmentBooked
from protocol.commands import PARTY_MAX, BookAppointment, CheckIn
from protocol.ids import Language, ServiceId
from protocol.tickets import Channel
from protocol.values import value
from runtime.http.api import issued_by
from runtime.http.bodies import field
from runtime.http.bookings import booking_of_path, drawn_code, show_booking, slot_typed
from runtime.http.calls import Call
from runtime.http.problems import refuse
from runtime.reservation.mine_views import BookingClaim, booking_claim
from runtime.reservation.my_tickets import (
    check_by_phone,
    language_of,
    latitude,
    longitude,
    person_asking,
    typed_document,
    typed_phone,
)
from runtime.reservation.nearness import check_near, position_of

__all__ = ["MyBookBody", "MyCheckInBody", "book_slot", "check_in", "if_mine"]


@value
class MyBookBody:
    """Which slot is wanted."""

    service: ServiceId = field(about="The service's id.")
    slot: str = field(about="The hall's local day and time, such as 2026-03-02T09:15.")
    language: Language | None = field(
        about="The customer's language; the browser's where it is left out.", default=None
    )
    party: int = field(
        about=f"How many people come under the one number, 1 to {PARTY_MAX}.", default=1
    )
    phone: str | None = typed_phone()
    document: str | None = typed_document()


@value
class MyCheckInBody:
    """Where the phone is that checks in."""

    latitude: float | None = latitude()
    longitude: float | None = longitude()


def book_slot(call: Call) -> None:
    """Book a slot for the customer's phone, which holds the booking."""
    body: MyBookBody = call.body
    command = BookAppointment(
        id=call.command_id(),
        service=body.service,
        slot=slot_typed(body.slot),
        code=drawn_code(),
        language=language_of(call, body.language),
        person=person_asking(call, body.service, body),
        party=body.party,
        follower=call.asking.follower,
    )

    def booked(accepted: Accepted) -> None:
        events = [one for one in accepted.events if isinstance(one, AppointmentBooked)]
        show_booking(call, events[-1].booking, status=201)

    call.submit(command, booked)


def if_mine(handler: Callable[[Call], None]) -> Callable[[Call], None]:
    """Return what has ``handler`` answer for a booking of the customer's own, and refuses it for another's."""

    def checked(call: Call) -> None:
        _mine(call, lambda _: handler(call))

    return checked


def check_in(call: Call) -> None:
    """Issue the ticket of a booking to the phone that holds it."""
    body: MyCheckInBody = call.body
    check_near(call.hall.spec.place, position_of(body.latitude, body.longitude))

    def issue(claim: BookingClaim) -> None:
        check_by_phone(call, claim.booking.service)
        command = CheckIn(id=call.command_id(), booking=claim.booking.id, channel=Channel.WECHAT)
        call.submit(command, issued_by(call.hall))

    _mine(call, issue)


def _mine(call: Call, do: Callable[[BookingClaim], None]) -> None:
    code = booking_of_path(call)

    def found(state: HallState) -> None:
        claim = booking_claim(state, code, call.asking.follower)
        if claim is None:
            wrong = f"hall {call.hall.spec.id} has no booking {code!r}; look at the code again"
            raise refuse("unknown-booking", wrong)
        if not claim.mine:
            raise refuse("not-yours", f"another phone, or the hall's staff, made booking {code}")
        do(claim)

    call.read(found)

"""What the routes of appointments and bans do. The table is in `booking_routes`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from actors.hall.refusals import Refusal
from actors.hall.slots import appointments_of, offered_between, today_of
from actors.hall.state import HallState
from protocol.answers import Accepted
from protocol.appointments import Slot, code_of, read_code, read_slot
from protocol.booking_events import (
    AppointmentBooked,
    BanLifted,
)
from protocol.commands import (
    BookAppointment,
    CancelAppointment,
    CheckIn,
    ConfirmAppointment,
    LiftBan,
    MoveAppointment,
)
from protocol.errors import CodeError
from protocol.hall import Service
from protocol.ids import BookingId, Language, PersonId, ServiceId
from runtime.http.api import issued_by, taken_at
from runtime.http.booking_views import (
    BanGone,
    BookBody,
    CheckInBody,
    CheckInPersonBody,
    LiftBanBody,
    MoveBody,
    SlotList,
    booking_view,
    slot_view,
)
from runtime.http.calls import Call
from runtime.http.encoding import to_json
from runtime.http.persons import Given, person_of
from runtime.http.problems import RequestRefused, of_reason, refuse
from runtime.http.request import NO_STORE, Response

SLOT_DAYS_MAX = 62
"""Days whose slots are listed at once."""

CODE_BITS = 40


# -- slots ---------------------------------------------------------------------------------------


def list_slots(call: Call) -> None:
    """Say which slots of a service may be booked, and how many places are free."""
    service, now = ServiceId(call.params["service"]), call.hall.now()
    first, last = _asked_day(call, b"from"), _asked_day(call, b"to")

    def found(state: HallState) -> Response:
        begins = first or today_of(state.spec, now)
        ends = last or begins + timedelta(days=SLOT_DAYS_MAX - 1)
        if not 0 <= (ends - begins).days < SLOT_DAYS_MAX:
            raise refuse("malformed-request", f"from and to must span 1 to {SLOT_DAYS_MAX} days")
        try:
            appointments_of(state, service)
        except Refusal as refusal:
            raise RequestRefused(of_reason(refusal.reason, refusal.detail)) from None
        offered = offered_between(state, service, begins, ends, now)
        slots = SlotList(service=service, slots=tuple(slot_view(one) for one in offered))
        return Response(status=200, body=to_json(slots), headers=(NO_STORE,))

    call.read(found)


def _asked_day(call: Call, name: bytes) -> date | None:
    """Return the day that the query says."""
    values = call.request.query_values(name)
    if not values:
        return None
    found = day_of(values[-1].decode("ascii", "replace"))
    if found is None:
        wrong = f"{name.decode()} must be a day such as 2026-03-02"
        raise refuse("malformed-request", wrong)
    return found


def day_of(text: str) -> date | None:
    """Return the day that ``text`` says, such as 2026-03-02, if it says one."""
    try:
        return date.fromisoformat(text) if len(text) == len("2026-03-02") else None
    except ValueError:
        return None


# -- bookings ------------------------------------------------------------------------------------


def book_slot(call: Call) -> None:
    """Book a slot."""
    body: BookBody = call.body
    spec = call.hall.spec
    language = spoken(call, body.language) or spec.languages[0]
    services = [spec.services[body.service]] if body.service in spec.services else []
    command = BookAppointment(
        id=call.command_id(),
        service=body.service,
        slot=slot_typed(body.slot),
        code=drawn_code(),
        language=language,
        person=_person(call, body, services),
        party=body.party,
    )

    def booked(accepted: Accepted) -> None:
        events = [one for one in accepted.events if isinstance(one, AppointmentBooked)]
        show_booking(call, events[-1].booking, status=201)

    call.submit(command, booked)


def read_booking(call: Call) -> None:
    """Say how a booking is."""
    show_booking(call, booking_of_path(call))


def step_booking(
    step: type[ConfirmAppointment] | type[CancelAppointment],
) -> Callable[[Call], None]:
    """Return what does ``step`` of a booking."""

    def take_step(call: Call) -> None:
        code = booking_of_path(call)
        call.submit(step(id=call.command_id(), booking=code), lambda _: show_booking(call, code))

    return take_step


def move_booking(call: Call) -> None:
    """Give a booking another slot."""
    body: MoveBody = call.body
    code = booking_of_path(call)
    command = MoveAppointment(id=call.command_id(), booking=code, slot=slot_typed(body.slot))
    call.submit(command, lambda _: show_booking(call, code))


def check_in(call: Call) -> None:
    """Issue the ticket of a booking, by its code."""
    body: CheckInBody = call.body
    _check_in(call, body, booking=booking_of_path(call))


def check_in_person(call: Call) -> None:
    """Issue the ticket of a booking, by what its customer says of himself."""
    body: CheckInPersonBody = call.body
    person = _person(call, body, [])
    if person is None:
        raise refuse(
            "identity-needed", "give the phone, document or openid that was given at booking"
        )
    _check_in(call, body, person=person)


def _check_in(call: Call, body: CheckInBody | CheckInPersonBody, **whose: Any) -> None:
    kiosk, channel = taken_at(call, body.kiosk)
    command = CheckIn(
        id=call.command_id(),
        language=spoken(call, body.language),
        channel=channel,
        kiosk=kiosk,
        **whose,
    )
    call.submit(command, issued_by(call.hall))


def show_booking(call: Call, code: BookingId, status: int = 200) -> None:
    """Answer with a booking as it is now; a repeated request gets that, too."""

    def found(state: HallState) -> Response:
        booking = state.diary.bookings.get(code)
        if booking is None:
            wrong = f"hall {state.spec.id} has no booking {code!r}; look at the code again"
            raise refuse("unknown-booking", wrong)
        headers: tuple[tuple[bytes, bytes], ...] = (NO_STORE,)
        if status == 201:
            headers = (*headers, (b"Location", b"%s/%s" % (call.request.path, code.encode())))
        body = to_json(booking_view(state.spec, booking))
        return Response(status=status, body=body, headers=headers)

    call.read(found)


def drawn_code() -> BookingId:
    """Return a code for a new booking."""
    return code_of(secrets.randbits(CODE_BITS))


def booking_of_path(call: Call) -> BookingId:
    """Return the code that the path says.

    Raises:
        RequestRefused: it is no code.
    """
    return _read_code(call.params["code"])


def _read_code(typed: str) -> BookingId:
    try:
        return read_code(typed)
    except CodeError as error:
        raise refuse("unknown-booking", f"the code {error}") from None


def slot_typed(typed: str) -> Slot:
    """Return the slot that a body says.

    Raises:
        RequestRefused: it is none.
    """
    try:
        return read_slot(typed)
    except CodeError as error:
        raise invalid_body("slot", str(error)) from None


def spoken(call: Call, language: Language | None) -> Language | None:
    """Return ``language``, if the hall speaks it.

    Raises:
        RequestRefused: it does not.
    """
    spec = call.hall.spec
    if language is not None and language not in spec.languages:
        raise refuse(
            "unknown-language",
            f"hall {spec.id} does not speak {language!r}; it speaks {', '.join(spec.languages)}",
            allowed=list(spec.languages),
        )
    return language


def _person(
    call: Call, said: BookBody | CheckInPersonBody | LiftBanBody, services: list[Service]
) -> PersonId | None:
    desk = call.hall
    given = Given(phone=said.phone, document=said.document, openid=said.openid)
    today = datetime.now(ZoneInfo(desk.spec.time_zone)).date()
    return person_of(given, services, desk.port.key, today)


def invalid_body(name: str, why: str) -> RequestRefused:
    """Return the exception that refuses a body because of its member ``name``."""
    return refuse("invalid-body", f"{name} {why}", errors=[{"pointer": f"#/{name}", "detail": why}])


# -- bans ----------------------------------------------------------------------------------------


def lift_ban(call: Call) -> None:
    """Let somebody book again."""
    body: LiftBanBody = call.body
    person = _person(call, body, [])
    booking = None if body.booking is None else _read_code(body.booking)
    if person is None and booking is None:
        raise refuse("identity-needed", "give the phone, document or openid, or a booking's code")
    command = LiftBan(id=call.command_id(), person=person, booking=booking)

    def lifted(accepted: Accepted) -> Response:
        (event,) = (one for one in accepted.events if isinstance(one, BanLifted))
        return Response(status=200, body=to_json(BanGone(until=event.until)), headers=(NO_STORE,))

    call.submit(command, lifted)

"""What the routes of appointments and closures do. The table is in `booking_routes`."""

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
    AppointmentMoved,
    AppointmentRevoked,
    ClosureAdded,
)
from protocol.commands import (
    AddClosure,
    BookAppointment,
    CancelAppointment,
    CheckIn,
    ConfirmAppointment,
    MoveAppointment,
    RemoveClosure,
)
from protocol.errors import CodeError
from protocol.hall import Service
from protocol.hours import Closure
from protocol.ids import BookingId, ClosureId, Language, PersonId, ServiceId
from runtime.http.api import issued_by, taken_at
from runtime.http.booking_views import (
    BookBody,
    CheckInBody,
    CheckInPersonBody,
    ClosureBody,
    ClosureGone,
    ClosureList,
    ClosureStep,
    ClosureView,
    MoveBody,
    SlotList,
    booking_view,
    closure_view,
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
    found = _day(values[-1].decode("ascii", "replace"))
    if found is None:
        wrong = f"{name.decode()} must be a day such as 2026-03-02"
        raise refuse("malformed-request", wrong)
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-03-02") else None
    except ValueError:
        return None


# -- bookings ------------------------------------------------------------------------------------


def book_slot(call: Call) -> None:
    """Book a slot."""
    body: BookBody = call.body
    spec = call.hall.spec
    language = _spoken(call, body.language) or spec.languages[0]
    services = [spec.services[body.service]] if body.service in spec.services else []
    command = BookAppointment(
        id=call.command_id(),
        service=body.service,
        slot=_slot(body.slot),
        code=code_of(secrets.randbits(CODE_BITS)),
        language=language,
        person=_person(call, body.phone, body.document, services),
        party=body.party,
    )

    def booked(accepted: Accepted) -> None:
        events = [one for one in accepted.events if isinstance(one, AppointmentBooked)]
        _show(call, events[-1].booking, status=201)

    call.submit(command, booked)


def read_booking(call: Call) -> None:
    """Say how a booking is."""
    _show(call, _code(call))


def step_booking(
    step: type[ConfirmAppointment] | type[CancelAppointment],
) -> Callable[[Call], None]:
    """Return what does ``step`` of a booking."""

    def take_step(call: Call) -> None:
        code = _code(call)
        call.submit(step(id=call.command_id(), booking=code), lambda _: _show(call, code))

    return take_step


def move_booking(call: Call) -> None:
    """Give a booking another slot."""
    body: MoveBody = call.body
    code = _code(call)
    command = MoveAppointment(id=call.command_id(), booking=code, slot=_slot(body.slot))
    call.submit(command, lambda _: _show(call, code))


def check_in(call: Call) -> None:
    """Issue the ticket of a booking, by its code."""
    body: CheckInBody = call.body
    _check_in(call, body, booking=_code(call))


def check_in_person(call: Call) -> None:
    """Issue the ticket of a booking, by what its customer says of himself."""
    body: CheckInPersonBody = call.body
    person = _person(call, body.phone, body.document, [])
    if person is None:
        raise refuse("identity-needed", "give the phone or the document that was given at booking")
    _check_in(call, body, person=person)


def _check_in(call: Call, body: CheckInBody | CheckInPersonBody, **whose: Any) -> None:
    kiosk, channel = taken_at(call, body.kiosk)
    command = CheckIn(
        id=call.command_id(),
        language=_spoken(call, body.language),
        channel=channel,
        kiosk=kiosk,
        **whose,
    )
    call.submit(command, issued_by(call.hall))


def _show(call: Call, code: BookingId, status: int = 200) -> None:
    """Answer with a booking as it is now; a repeated request gets that, too."""

    def found(state: HallState) -> Response:
        booking = state.diary.bookings.get(code)
        if booking is None:
            wrong = f"hall {state.spec.id} has no booking {code!r}; look at the code again"
            raise refuse("unknown-booking", wrong)
        location = f"/api/v1/halls/{state.spec.id}/bookings/{code}"
        headers: tuple[tuple[bytes, bytes], ...] = (NO_STORE,)
        if status == 201:
            headers = (*headers, (b"Location", location.encode()))
        body = to_json(booking_view(state.spec, booking))
        return Response(status=status, body=body, headers=headers)

    call.read(found)


def _code(call: Call) -> BookingId:
    typed = call.params["code"]
    try:
        return read_code(typed)
    except CodeError as error:
        raise refuse("unknown-booking", f"the code {error}") from None


def _slot(typed: str) -> Slot:
    try:
        return read_slot(typed)
    except CodeError as error:
        raise _invalid("slot", str(error)) from None


def _spoken(call: Call, language: Language | None) -> Language | None:
    spec = call.hall.spec
    if language is not None and language not in spec.languages:
        raise refuse(
            "unknown-language",
            f"hall {spec.id} does not speak {language!r}; it speaks {', '.join(spec.languages)}",
            allowed=list(spec.languages),
        )
    return language


def _person(
    call: Call, phone: str | None, document: str | None, services: list[Service]
) -> PersonId | None:
    desk = call.hall
    today = datetime.now(ZoneInfo(desk.spec.time_zone)).date()
    return person_of(Given(phone=phone, document=document), services, desk.port.key, today)


def _invalid(name: str, why: str) -> RequestRefused:
    return refuse("invalid-body", f"{name} {why}", errors=[{"pointer": f"#/{name}", "detail": why}])


# -- closures ------------------------------------------------------------------------------------


def list_closures(call: Call) -> None:
    """Say which closures were added."""

    def found(state: HallState) -> Response:
        added = sorted(state.diary.closures.values(), key=lambda one: (one.closure.first, one.id))
        closures = ClosureList(closures=tuple(closure_view(one) for one in added))
        return Response(status=200, body=to_json(closures), headers=(NO_STORE,))

    call.read(found)


def add_closure(call: Call) -> None:
    """Close the hall or a service on some days."""
    body: ClosureBody = call.body
    days: list[date] = []
    for name, typed in (("first", body.first), ("last", body.last or body.first)):
        day = _day(typed)
        if day is None:
            raise _invalid(name, "must be a day such as 2026-10-01")
        days.append(day)
    closure = Closure(first=days[0], last=days[1], reason=body.reason or "")
    command = AddClosure(id=call.command_id(), closure=closure, service=body.service)
    call.submit(command, _added)


def _added(accepted: Accepted) -> Response:
    events = accepted.events
    (added,) = (one for one in events if isinstance(one, ClosureAdded))
    closure = ClosureView(
        id=added.closure,
        service=added.service,
        first=added.first,
        last=added.last,
        reason=added.reason,
    )
    step = ClosureStep(
        closure=closure,
        moved=sum(isinstance(one, AppointmentMoved) for one in events),
        revoked=sum(isinstance(one, AppointmentRevoked) for one in events),
    )
    return Response(status=201, body=to_json(step), headers=(NO_STORE,))


def remove_closure(call: Call) -> None:
    """Open again."""
    id = ClosureId(call.params["closure"])
    gone = Response(status=200, body=to_json(ClosureGone(id=id)))
    call.submit(RemoveClosure(id=call.command_id(), closure=id), lambda _: gone)

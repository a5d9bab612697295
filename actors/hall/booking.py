"""Booking, confirming, moving and cancelling appointments, and what becomes of those that nobody came for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from hashlib import blake2b
from typing import Protocol, TypeVar

from actors.hall.apply import apply_all
from actors.hall.bans import banned_for, check_ban
from actors.hall.diary import Booking
from actors.hall.refusals import Refusal, find_booking
from actors.hall.slots import OfferedSlot, appointments_of, check_slot, slot_at
from actors.hall.state import HallState
from protocol.answers import Reason
from protocol.appointments import (
    BOOKING_TRANSITIONS,
    AppointmentSpec,
    BookingState,
    BookingStep,
    code_of,
    read_code,
)
from protocol.booking_events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentLapsed,
    AppointmentMissed,
    AppointmentMoved,
)
from protocol.commands import (
    PARTY_MAX,
    BookAppointment,
    CancelAppointment,
    ConfirmAppointment,
    MoveAppointment,
)
from protocol.errors import CodeError
from protocol.events import Event
from protocol.hall import Identity, Service
from protocol.ids import BookingId, CommandId

BOOKINGS_MAX = 20_000
"""Bookings in a hall's diary, those included that ended lately; beyond that none is taken. So many take less
than two seconds to read at a start."""

REVIEW_MAX = 500
"""Bookings that one command lets end, so that a turn stays short; the rest end with the next."""

C = TypeVar("C", bound="_Known")


class _Known(Protocol):
    """A command."""

    @property
    def id(self) -> CommandId: ...


Decide = Callable[[HallState, C, datetime], tuple[Event, ...]]


def reviewed(decide: Decide[C]) -> Decide[C]:
    """Have ``decide`` see a diary in which everything whose time has come has ended, whoever asks first."""

    @wraps(decide)
    def decide_reviewed(state: HallState, command: C, at: datetime) -> tuple[Event, ...]:
        ended = overdue(state, command.id, at)
        return ended + decide(apply_all(state, ended) if ended else state, command, at)

    return decide_reviewed


@reviewed
def book(state: HallState, command: BookAppointment, at: datetime) -> tuple[Event, ...]:
    """Give a place of a slot to somebody."""
    service, appointments = appointments_of(state, command.service)
    if not 1 <= command.party <= PARTY_MAX:
        wrong = f"{command.party} people cannot come under one number; give 1 to {PARTY_MAX}"
        raise Refusal(Reason.BAD_VALUE, wrong)
    _check_person(state, service, appointments, command, at)
    if len(state.diary.bookings) >= BOOKINGS_MAX:
        wrong = f"the hall has {BOOKINGS_MAX} bookings, as many as it takes; try again another day"
        raise Refusal(Reason.SLOT_FULL, wrong)
    offered = check_slot(state, service.id, command.slot, at)
    within_s = appointments.confirm_within_s
    lapses_at = (
        None if within_s is None else min(at + timedelta(seconds=within_s), offered.starts_at)
    )
    languages = state.spec.languages
    return (
        AppointmentBooked(
            at=at,
            command=command.id,
            booking=_free_code(state, command.code),
            service=service.id,
            starts_at=offered.starts_at,
            ends_at=offered.ends_at,
            check_in_from=offered.starts_at - timedelta(seconds=appointments.early_s),
            check_in_until=offered.starts_at + timedelta(seconds=appointments.late_s),
            lapses_at=lapses_at,
            language=command.language if command.language in languages else languages[0],
            person=command.person,
            party=command.party,
            holder=command.follower,
        ),
    )


@reviewed
def confirm(state: HallState, command: ConfirmAppointment, at: datetime) -> tuple[Event, ...]:
    """Note that the customer will come; once more does no harm."""
    booking = find_booking(state, command.booking)
    if booking.state is BookingState.CONFIRMED:
        return ()
    _check_step(booking, BookingStep.CONFIRM, at)
    return (AppointmentConfirmed(at=at, command=command.id, booking=booking.id),)


@reviewed
def move(state: HallState, command: MoveAppointment, at: datetime) -> tuple[Event, ...]:
    """Give the booking another slot; the one it has already needs no event."""
    booking = find_booking(state, command.booking)
    _check_step(booking, BookingStep.MOVE, at)
    _check_before(state, booking, at)
    if slot_at(state.spec, booking.starts_at) == command.slot:
        return ()
    offered = check_slot(state, booking.service, command.slot, at)
    return (moved(state, booking, offered, command.id, at),)


@reviewed
def cancel_booking(state: HallState, command: CancelAppointment, at: datetime) -> tuple[Event, ...]:
    """Free the place."""
    booking = find_booking(state, command.booking)
    _check_step(booking, BookingStep.CANCEL, at)
    _check_before(state, booking, at)
    return (AppointmentCancelled(at=at, command=command.id, booking=booking.id),)


def moved(
    state: HallState,
    booking: Booking,
    offered: OfferedSlot,
    command: CommandId,
    at: datetime,
    reason: str | None = None,
) -> AppointmentMoved:
    """Return the event that gives ``booking`` the slot ``offered``."""
    _, appointments = appointments_of(state, booking.service)
    return AppointmentMoved(
        at=at,
        command=command,
        booking=booking.id,
        starts_at=offered.starts_at,
        ends_at=offered.ends_at,
        check_in_from=offered.starts_at - timedelta(seconds=appointments.early_s),
        check_in_until=offered.starts_at + timedelta(seconds=appointments.late_s),
        lapses_at=_lapses_anew(booking, appointments, offered.starts_at),
        reason=reason,
    )


def _lapses_anew(
    booking: Booking, appointments: AppointmentSpec, starts_at: datetime
) -> datetime | None:
    """Return when a reservation lapses in another slot: the time to confirm it does not begin anew."""
    if booking.state is not BookingState.RESERVED:
        return None
    assert booking.lapses_at is not None
    lapses_at = booking.lapses_at
    if appointments.confirm_within_s is not None:
        # It may have been cut off by the beginning of the old slot.
        within = timedelta(seconds=appointments.confirm_within_s)
        lapses_at = max(lapses_at, booking.booked_at + within)
    return min(lapses_at, starts_at)


def overdue(state: HallState, command: CommandId, at: datetime) -> tuple[Event, ...]:
    """Return the events of bookings whose time has come by ``at``: at most `REVIEW_MAX` bookings'."""
    events: tuple[Event, ...] = ()
    for _ in range(REVIEW_MAX):
        due = state.diary.due
        if due is None or due.order[0] > at:
            break
        ended = _ended(state, BookingId(due.ticket), command, at)
        state = apply_all(state, ended)
        events += ended
    return events


def _ended(state: HallState, id: BookingId, command: CommandId, at: datetime) -> tuple[Event, ...]:
    """Return what ends a booking that is due."""
    booking = state.diary.bookings[id]
    if booking.state is BookingState.RESERVED:
        return (AppointmentLapsed(at=at, command=command, booking=booking.id),)
    missed = AppointmentMissed(at=at, command=command, booking=booking.id)
    banned = banned_for(state, booking, command, at)
    return (missed,) if banned is None else (missed, banned)


def _check_person(
    state: HallState,
    service: Service,
    appointments: AppointmentSpec,
    command: BookAppointment,
    at: datetime,
) -> None:
    """Refuse who has not said who he is, is banned, or has as many bookings as one may."""
    person, diary = command.person, state.diary
    if person is None:
        named = service.identity is not Identity.NONE
        if named or appointments.person_max is not None or appointments.ban is not None:
            wrong = f"service {service.id} is booked by those who say who they are; give a phone or a document"
            raise Refusal(Reason.IDENTITY_NEEDED, wrong)
        return
    if appointments.ban is not None:
        check_ban(state, person, at)
    if appointments.person_max is not None:
        own = diary.of_person.get(person, frozenset())
        if command.follower is not None:
            # Another name every time does not help a phone.
            held = diary.of_holder.get(command.follower, frozenset())
            own |= {id for id in held if diary.bookings[id].state.open}
        count = sum(diary.bookings[id].service == service.id for id in own)
        if count >= appointments.person_max:
            raise Refusal(
                Reason.PERSON_LIMIT,
                f"the person has {count} bookings of service {service.id}, as many as one may; "
                "cancel one first",
            )


def _check_step(booking: Booking, step: BookingStep, at: datetime) -> None:
    """Refuse a step that the table has not, or whose time is over although nobody has noted it yet."""
    due_at = booking.due_at
    if (booking.state, step) not in BOOKING_TRANSITIONS or (due_at is not None and due_at <= at):
        raise Refusal(
            Reason.BOOKING_STATE,
            f"booking {booking.id} is {booking.state}: {step} is not possible now",
        )


def _check_before(state: HallState, booking: Booking, at: datetime) -> None:
    """Refuse what is possible only before the appointment."""
    if at >= booking.starts_at:
        slot = slot_at(state.spec, booking.starts_at)
        raise Refusal(
            Reason.BOOKING_STATE, f"the time of booking {booking.id}, {slot}, has come: check in"
        )


def _free_code(state: HallState, code: BookingId) -> BookingId:
    """Return ``code``, or where a booking has it another that follows from it."""
    try:
        code = read_code(code)
    except CodeError as error:
        raise Refusal(Reason.BAD_VALUE, f"the code {error}") from error
    while code in state.diary.bookings:
        code = code_of(int.from_bytes(blake2b(code.encode(), digest_size=5).digest(), "big"))
    return code


__all__ = [
    "BOOKINGS_MAX",
    "REVIEW_MAX",
    "book",
    "cancel_booking",
    "confirm",
    "move",
    "moved",
    "overdue",
    "reviewed",
]

"""What each event of appointments makes of a hall's diary. The configuration is not asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from actors.hall.diary import AddedClosure, Booking, Diary, filed, unfiled
from actors.hall.state import HallState
from protocol.appointments import BAN_DAYS_MAX, BAN_NO_SHOWS_MAX, BookingState
from protocol.booking_events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentLapsed,
    AppointmentMissed,
    AppointmentMoved,
    AppointmentRevoked,
    BanLifted,
    ClosureAdded,
    ClosureRemoved,
    ClosureSettled,
    CustomerCheckedIn,
    PersonBanned,
)
from protocol.hours import Closure
from protocol.ids import BookingId
from protocol.values import replace

KEPT_DAYS = 7
"""Days for which a booking can still be read once its time is over, and a closure once it has ended."""


def _booked(state: HallState, event: AppointmentBooked) -> None:
    booking = Booking(
        id=event.booking,
        service=event.service,
        state=BookingState.CONFIRMED if event.lapses_at is None else BookingState.RESERVED,
        booked_at=event.at,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        check_in_from=event.check_in_from,
        check_in_until=event.check_in_until,
        lapses_at=event.lapses_at,
        language=event.language,
        person=event.person,
        party=event.party,
        holder=event.holder,
    )
    state.diary = filed(state.diary, booking)


def _confirmed(state: HallState, event: AppointmentConfirmed) -> None:
    _change(state, event.booking, state=BookingState.CONFIRMED)


def _moved(state: HallState, event: AppointmentMoved) -> None:
    _change(
        state,
        event.booking,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        check_in_from=event.check_in_from,
        check_in_until=event.check_in_until,
        lapses_at=event.lapses_at,
        reason=event.reason,
    )


def _cancelled(state: HallState, event: AppointmentCancelled) -> None:
    _change(state, event.booking, state=BookingState.CANCELLED)


def _lapsed(state: HallState, event: AppointmentLapsed) -> None:
    _change(state, event.booking, state=BookingState.LAPSED)


def _revoked(state: HallState, event: AppointmentRevoked) -> None:
    _change(state, event.booking, state=BookingState.REVOKED, reason=event.reason)


def _checked_in(state: HallState, event: CustomerCheckedIn) -> None:
    _change(state, event.booking, state=BookingState.CHECKED_IN, ticket=event.ticket)


def _missed(state: HallState, event: AppointmentMissed) -> None:
    booking = state.diary.bookings[event.booking]
    _change(state, event.booking, state=BookingState.NO_SHOW)
    if booking.person is not None:
        before = state.diary.missed.get(booking.person, ())
        missed = (*before, booking.starts_at)[-BAN_NO_SHOWS_MAX:]
        state.diary = replace(state.diary, missed=state.diary.missed.set(booking.person, missed))


def _banned(state: HallState, event: PersonBanned) -> None:
    diary = state.diary
    missed = diary.missed.delete(event.person) if event.person in diary.missed else diary.missed
    state.diary = replace(diary, bans=diary.bans.set(event.person, event.until), missed=missed)


def _ban_lifted(state: HallState, event: BanLifted) -> None:
    state.diary = replace(state.diary, bans=state.diary.bans.delete(event.person))


def _closure_added(state: HallState, event: ClosureAdded) -> None:
    added = AddedClosure(
        id=event.closure,
        closure=Closure(first=event.first, last=event.last, reason=event.reason),
        service=event.service,
        end_waiting=event.end_waiting,
        unsettled_since=event.at if event.left else None,
    )
    state.diary = replace(state.diary, closures=state.diary.closures.set(event.closure, added))


def _closure_settled(state: HallState, event: ClosureSettled) -> None:
    settled = replace(state.diary.closures[event.closure], unsettled_since=None)
    state.diary = replace(state.diary, closures=state.diary.closures.set(event.closure, settled))


def _closure_removed(state: HallState, event: ClosureRemoved) -> None:
    state.diary = replace(state.diary, closures=state.diary.closures.delete(event.closure))


def _change(state: HallState, id: BookingId, /, **changes: Any) -> None:
    state.diary = filed(state.diary, replace(state.diary.bookings[id], **changes))


def without_old(diary: Diary, day: date, at: datetime) -> Diary:
    """Return the diary for a business day ``day`` that begins at ``at``: what is long over is dropped."""
    over = at - timedelta(days=KEPT_DAYS)
    for booking in list(diary.bookings.values()):
        # An open one is not dropped, however late the hall was started: it ends with an event first.
        if booking.ends_at < over and not booking.state.open:
            diary = unfiled(diary, booking)
    closures, missed, bans = diary.closures, diary.missed, diary.bans
    for added in diary.closures.values():
        if added.closure.last < day - timedelta(days=KEPT_DAYS):
            closures = closures.delete(added.id)
    counted = at - timedelta(days=BAN_DAYS_MAX)
    for person, times in diary.missed.items():
        if times[-1] < counted:
            missed = missed.delete(person)
    for person, until in diary.bans.items():
        if until <= at:
            bans = bans.delete(person)
    if closures is diary.closures and missed is diary.missed and bans is diary.bans:
        return diary
    return replace(diary, closures=closures, missed=missed, bans=bans)


APPLY_BOOKINGS: Mapping[type, Callable[[HallState, Any], None]] = MappingProxyType(
    {
        AppointmentBooked: _booked,
        AppointmentConfirmed: _confirmed,
        AppointmentMoved: _moved,
        AppointmentCancelled: _cancelled,
        AppointmentLapsed: _lapsed,
        AppointmentRevoked: _revoked,
        AppointmentMissed: _missed,
        CustomerCheckedIn: _checked_in,
        PersonBanned: _banned,
        BanLifted: _ban_lifted,
        ClosureAdded: _closure_added,
        ClosureSettled: _closure_settled,
        ClosureRemoved: _closure_removed,
    }
)
"""What applies each event, on the copy that `apply_all` has made for itself."""

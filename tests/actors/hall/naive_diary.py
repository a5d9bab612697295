"""A hall's appointments and closures as anybody would write them down: looked up by walking, and counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import attrs

from protocol.answers import Reason
from protocol.appointments import BookingState
from protocol.ids import BookingId, ClosureId, FollowerId, PersonId, ServiceId

RESERVED, CONFIRMED, CHECKED_IN = (
    BookingState.RESERVED,
    BookingState.CONFIRMED,
    BookingState.CHECKED_IN,
)
LAPSED, MISSED, REVOKED = BookingState.LAPSED, BookingState.NO_SHOW, BookingState.REVOKED
OPEN_SLIPS = (RESERVED, CONFIRMED)
IN_A_PLACE = (RESERVED, CONFIRMED, CHECKED_IN, MISSED)

SLOT, EARLY, LATE = timedelta(minutes=30), timedelta(minutes=30), timedelta(minutes=10)
"""How long a slot is, and how long before and after its beginning its people check in."""
LATEST = timedelta(days=14)
"""How far ahead there are slots."""
PERSON_MAX = 6
"""Bookings of one person."""
NO_SHOWS, WITHIN, BANNED_FOR = 2, timedelta(days=7), timedelta(days=20)
"""Who misses so many within that time books nothing for so long."""
KEPT = timedelta(days=7)
"""How long what has ended can still be read."""
DAY, WEEK = timedelta(days=1), timedelta(days=7)

Who = tuple[PersonId | None, FollowerId | None]
"""Who takes a ticket or books, as far as he says, and by which phone, if by one."""

Told = tuple[object, ...]
"""What an event tells, in short."""


def day_of(at: datetime) -> date:
    """The local date in Shanghai, which has no daylight saving time."""
    return (at + timedelta(hours=8)).date()


def midnight(day: date) -> datetime:
    """When that local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)


@attrs.define(kw_only=True)
class Slip:
    """A booking."""

    code: BookingId
    starts_at: datetime
    booked_at: datetime
    state: BookingState
    person: PersonId | None
    holder: FollowerId | None
    """The phone that booked it."""
    lapses_at: datetime | None

    @property
    def due_at(self) -> datetime | None:
        """When it ends by itself."""
        if self.state is RESERVED:
            return self.lapses_at
        return self.starts_at + LATE if self.state is CONFIRMED else None


@attrs.define(kw_only=True)
class Sign:
    """A closure: what hangs on the door."""

    id: ClosureId
    service: ServiceId | None
    first: date
    last: date
    reason: str
    ends_waiting: bool
    unsettled_since: datetime | None = None

    def says_closed(self, service: ServiceId, day: date) -> bool:
        return self.service in (None, service) and self.first <= day <= self.last


@attrs.define(kw_only=True)
class NaiveDiary:
    """Slips and signs in dicts; all slips are for one service."""

    service: ServiceId
    capacity: int
    confirm_within_s: float | None
    moves: bool
    slips: dict[BookingId, Slip] = attrs.Factory(dict)
    signs: dict[ClosureId, Sign] = attrs.Factory(dict)
    missed: dict[PersonId, list[datetime]] = attrs.Factory(dict)
    bans: dict[PersonId, datetime] = attrs.Factory(dict)

    def copied(self) -> NaiveDiary:
        """A copy that may change by itself; closures are the same."""
        return attrs.evolve(
            self,
            slips={code: attrs.evolve(slip) for code, slip in self.slips.items()},
            missed={person: list(times) for person, times in self.missed.items()},
            bans=dict(self.bans),
        )

    # -- slots and closures ----------------------------------------------------------------------

    def closed(self, service: ServiceId, day: date) -> bool:
        return any(sign.says_closed(service, day) for sign in self.signs.values())

    def opens_before(self, service: ServiceId, at: datetime, ends_at: datetime) -> bool:
        """Whether the service is open, or opens, between two times."""
        day = day_of(at)
        if not self.closed(service, day):
            return True
        while self.closed(service, day):
            day += DAY
        return midnight(day) < ends_at

    def taken(self, starts_at: datetime) -> int:
        return sum(
            slip.starts_at == starts_at and slip.state in IN_A_PLACE for slip in self.slips.values()
        )

    @property
    def places(self) -> int:
        """Places of a slot that may be booked: three tenths, and what is left over, are for walk-ins."""
        return self.capacity * 7 // 10

    def refuses_slot(self, starts_at: datetime, at: datetime) -> Reason | None:
        day = day_of(starts_at)
        if not day_of(at) <= day <= day_of(at) + LATEST or starts_at <= at:
            return Reason.UNKNOWN_SLOT
        if self.closed(self.service, day):
            return Reason.UNKNOWN_SLOT
        return None if self.taken(starts_at) < self.places else Reason.SLOT_FULL

    # -- bookings --------------------------------------------------------------------------------

    def refuses_booking(self, starts_at: datetime, who: Who, at: datetime) -> Reason | None:
        person, phone = who
        if person is None:
            return Reason.IDENTITY_NEEDED
        if person in self.bans and at < self.bans[person]:
            return Reason.BANNED
        own = [
            slip
            for slip in self.slips.values()
            if slip.state in OPEN_SLIPS
            and (slip.person == person or (phone is not None and slip.holder == phone))
        ]
        if len(own) >= PERSON_MAX:
            return Reason.PERSON_LIMIT
        return self.refuses_slot(starts_at, at)

    def book(self, code: BookingId, starts_at: datetime, who: Who, at: datetime) -> Slip:
        person, phone = who
        assert code not in self.slips, "two bookings have one code"
        slip = Slip(
            code=code,
            starts_at=starts_at,
            booked_at=at,
            state=CONFIRMED,
            person=person,
            holder=phone,
            lapses_at=None,
        )
        if self.confirm_within_s is not None:
            slip.state = RESERVED
            slip.lapses_at = min(at + timedelta(seconds=self.confirm_within_s), starts_at)
        self.slips[code] = slip
        return slip

    def refuses_change(self, code: BookingId, at: datetime) -> Reason | None:
        """Why a booking can be neither moved nor cancelled."""
        slip = self.slips.get(code)
        if slip is None:
            return Reason.UNKNOWN_BOOKING
        possible = slip.state in OPEN_SLIPS and at < slip.starts_at
        return None if possible else Reason.BOOKING_STATE

    def move(self, slip: Slip, starts_at: datetime) -> None:
        slip.starts_at = starts_at
        if slip.state is RESERVED:
            assert slip.lapses_at is not None
            assert self.confirm_within_s is not None
            within = slip.booked_at + timedelta(seconds=self.confirm_within_s)
            slip.lapses_at = min(max(slip.lapses_at, within), starts_at)
        else:
            slip.lapses_at = None

    def booking_of(self, person: PersonId, at: datetime) -> BookingId | None:
        """The booking of a person for which it is time, or else the next one."""
        own = [s for s in self.slips.values() if s.person == person and s.state in OPEN_SLIPS]
        own.sort(key=lambda slip: (slip.starts_at, slip.code))
        now = [slip for slip in own if slip.starts_at - EARLY <= at < slip.starts_at + LATE]
        return (now or own)[0].code if own else None

    def refuses_check_in(
        self, code: BookingId | None, at: datetime, ends_at: datetime
    ) -> Reason | None:
        """Why there is no ticket for a booking; the business day ends at ``ends_at``."""
        slip = None if code is None else self.slips.get(code)
        if slip is None:
            return Reason.UNKNOWN_BOOKING
        if slip.state is MISSED:
            return Reason.CHECK_IN_LATE
        if slip.state not in OPEN_SLIPS:
            return Reason.BOOKING_STATE
        if at >= slip.starts_at + LATE:
            return Reason.CHECK_IN_LATE
        early = at < slip.starts_at - EARLY or slip.starts_at >= ends_at > at
        return Reason.CHECK_IN_EARLY if early else None

    # -- what comes with time --------------------------------------------------------------------

    def overdue(self, at: datetime) -> list[Told]:
        """End the bookings whose time has come; return what is told of it, in its order."""
        told: list[Told] = []
        while due := [
            (s.due_at, s.code) for s in self.slips.values() if s.due_at and s.due_at <= at
        ]:
            slip = self.slips[min(due)[1]]
            if slip.state is RESERVED:
                slip.state = LAPSED
                told.append(("AppointmentLapsed", slip.code))
                continue
            slip.state = MISSED
            told.append(("AppointmentMissed", slip.code))
            if slip.person is None:
                continue
            times = self.missed.setdefault(slip.person, [])
            times.append(slip.starts_at)
            if sum(time > slip.starts_at - WITHIN for time in times) >= NO_SHOWS:
                until = slip.starts_at + LATE + BANNED_FOR
                told.append(("PersonBanned", slip.person, until))
                self.bans[slip.person] = until
                del self.missed[slip.person]
        return told

    def forget(self, at: datetime) -> None:
        """A day begins: what is long over is dropped."""
        for slip in list(self.slips.values()):
            if slip.state not in OPEN_SLIPS and slip.starts_at + SLOT < at - KEPT:
                del self.slips[slip.code]
        for sign in list(self.signs.values()):
            if sign.last < day_of(at - timedelta(hours=4)) - KEPT:
                del self.signs[sign.id]

    # -- what a closure strikes ------------------------------------------------------------------

    def struck(self, sign: Sign) -> list[Slip]:
        """The bookings on its days, the first ones first."""
        slips = [
            slip
            for slip in self.slips.values()
            if slip.state in OPEN_SLIPS and sign.says_closed(self.service, day_of(slip.starts_at))
        ]
        return sorted(slips, key=lambda slip: (slip.starts_at, slip.booked_at, slip.code))

    def strike(self, slip: Slip, at: datetime) -> Told:
        """Move it to the same time of a following week, or else take it back."""
        later = slip.starts_at + WEEK
        while self.moves and day_of(later) <= day_of(at) + LATEST:
            if self.refuses_slot(later, at) is None:
                self.move(slip, later)
                return ("AppointmentMoved", slip.code, later)
            later += WEEK
        slip.state = REVOKED
        return ("AppointmentRevoked", slip.code)

    def unsettled(self) -> Sign | None:
        """The closure that a review goes on with."""
        left = [(s.unsettled_since, s.id) for s in self.signs.values() if s.unsettled_since]
        return self.signs[min(left)[1]] if left else None

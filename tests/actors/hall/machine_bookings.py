"""Rules for appointments, closures and bans, and for a configuration that changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from protocol.answers import Reason
from protocol.appointments import Slot
from protocol.booking_events import ClosureAdded, ClosureSettled
from protocol.commands import (
    AddClosure,
    BookAppointment,
    CancelAppointment,
    CheckIn,
    ConfirmAppointment,
    LiftBan,
    MoveAppointment,
    RemoveClosure,
    ReviewBookings,
)
from protocol.hours import Closure
from protocol.ids import BookingId, ClosureId, FollowerId, PersonId, ServiceId
from protocol.tickets import VisitOrder
from protocol.values import replace
from tests.actors.hall import booked as b
from tests.actors.hall import naive_diary as d
from tests.actors.hall.conftest import TAX, VAT, ZH
from tests.actors.hall.machine import CAPACITY, KIOSKS, PEOPLE, PHONES, PICKS, Driven, does, told
from tests.actors.hall.machine_counters import CounterRules
from tests.actors.hall.naive import CANCELLED, Paper

DAYS = (0, 1, 1, 7, 8)
TIMES = (timedelta(hours=9), timedelta(hours=10, minutes=30))
CODES = (BookingId("00000000"), BookingId("0000000A"))
NOBODYS = BookingId("ZZZZZZZZ")


def has_bookings(machine: Driven) -> bool:
    return bool(machine.model.diary.slips)


class BookingRules(CounterRules):
    """See the module."""

    def slot(self, days: int, time: timedelta) -> datetime:
        return d.midnight(d.day_of(self.at) + timedelta(days=days)) + time

    def code(self, pick: int) -> BookingId:
        """Some booking's, mostly of an open one, or rarely nobody's."""
        slips = self.model.diary.slips
        codes = sorted(code for code in slips if slips[code].state in d.OPEN_SLIPS)
        if not codes or pick % 8 == 7:
            codes = [*sorted(slips), NOBODYS]
        return codes[pick // 8 % len(codes)]

    # -- booking ---------------------------------------------------------------------------------

    @does(
        BookAppointment,
        days=DAYS,
        time=TIMES,
        person=(None, *PEOPLE, *PEOPLE),
        code=CODES,
        follower=(None, None, *PHONES),
    )
    def book_a_slot(
        self,
        days: int,
        time: timedelta,
        person: PersonId | None,
        code: BookingId,
        follower: FollowerId | None = None,
    ) -> None:
        starts_at, who = self.slot(days, time), (person, follower)
        events = self.do_reviewed(
            BookAppointment,
            lambda diary: diary.refuses_booking(starts_at, who, self.at),
            service=TAX,
            slot=slot_of(starts_at),
            code=code,
            language=ZH,
            person=person,
            follower=follower,
        )
        if events is None:
            return
        (event,) = events
        slip = self.model.diary.book(event.booking, starts_at, who, self.at)
        assert (event.starts_at, event.ends_at) == (starts_at, starts_at + d.SLOT)
        assert (event.check_in_from, event.check_in_until) == (
            starts_at - d.EARLY,
            starts_at + d.LATE,
        )
        assert event.lapses_at == slip.lapses_at

    @does(BookAppointment, weight=4, days=DAYS, time=TIMES)
    def fill(self, days: int, time: timedelta) -> None:
        """One person after another books until there is no place, and one more."""
        for number in range(CAPACITY):
            self.book_a_slot(days, time, PersonId(f"p{number}"), BookingId("0000000B"))

    @does(ConfirmAppointment, when=has_bookings, pick=PICKS)
    def confirm(self, pick: int) -> None:
        code = self.code(pick)

        def refuses(diary: d.NaiveDiary) -> Reason | None:
            slip = diary.slips.get(code)
            if slip is None:
                return Reason.UNKNOWN_BOOKING
            return None if slip.state in d.OPEN_SLIPS else Reason.BOOKING_STATE

        if self.do_reviewed(ConfirmAppointment, refuses, booking=code) is not None:
            self.model.diary.slips[code].state = d.CONFIRMED

    @does(MoveAppointment, when=has_bookings, pick=PICKS, days=DAYS, time=TIMES)
    def move(self, pick: int, days: int, time: timedelta) -> None:
        code, starts_at = self.code(pick), self.slot(days, time)

        def refuses(diary: d.NaiveDiary) -> Reason | None:
            refused = diary.refuses_change(code, self.at)
            if refused is None and diary.slips[code].starts_at != starts_at:
                refused = diary.refuses_slot(starts_at, self.at)
            return refused

        events = self.do_reviewed(MoveAppointment, refuses, booking=code, slot=slot_of(starts_at))
        if events:
            slip = self.model.diary.slips[code]
            self.model.diary.move(slip, starts_at)
            assert [told(event) for event in events] == [("AppointmentMoved", code, starts_at)]
            assert events[0].lapses_at == slip.lapses_at
        elif events is not None:
            assert self.model.diary.slips[code].starts_at == starts_at

    @does(CancelAppointment, when=has_bookings, pick=PICKS)
    def cancel_booking(self, pick: int) -> None:
        code = self.code(pick)
        events = self.do_reviewed(
            CancelAppointment, lambda diary: diary.refuses_change(code, self.at), booking=code
        )
        if events is not None:
            self.model.diary.slips[code].state = d.BookingState.CANCELLED

    @does(CheckIn, when=has_bookings, pick=PICKS, person=(None, None, None, *PEOPLE), kiosk=KIOSKS)
    def check_in(self, pick: int, person: PersonId | None, **parts: Any) -> None:
        """With the code, or by saying who one is."""
        ends_at, code = self.model.ends_at, None if person else self.code(pick)
        found: list[BookingId | None] = []

        def refuses(diary: d.NaiveDiary) -> Reason | None:
            found.append(code if person is None else diary.booking_of(person, self.at))
            refused = diary.refuses_check_in(found[0], self.at, ends_at)
            if refused is None and self.model.exhausted(TAX):
                refused = Reason.NUMBERS_EXHAUSTED
            return refused

        events = self.do_reviewed(CheckIn, refuses, booking=code, person=person, **parts)
        if events is None:
            return
        taken, *followed, checked_in = events
        slip = self.model.diary.slips[found[0]]  # type: ignore[index]
        assert (checked_in.booking, checked_in.ticket) == (slip.code, taken.ticket)
        assert (taken.person, taken.due_at) == (slip.person, slip.starts_at)
        assert [each.follower for each in followed] == ([slip.holder] if slip.holder else [])
        slip.state = d.CHECKED_IN
        self.issued(taken)

    @does(
        ReviewBookings,
        weight=4,
        when=has_bookings,
        pick=PICKS,
        minutes=(-40, -20, -1, 5, 15),
        comes=(True, True, False),
    )
    def it_is_time_for_a_booking(self, pick: int, minutes: int, comes: bool) -> None:
        """The clock goes on to about the time of some booking, if that is to come."""
        slip = self.model.diary.slips.get(self.code(pick))
        if slip is not None and self.at < (at := slip.starts_at + timedelta(minutes=minutes)):
            begins = self.go_to(at)
            self.review()
            if begins:
                self.morning()
            if comes:
                self.check_in(pick, slip.person if pick % 2 else None, kiosk=None)

    @does(LiftBan, weight=5, person=(None, *PEOPLE, *PEOPLE), pick=PICKS)
    def lift_ban(self, person: PersonId | None, pick: int) -> None:
        diary, parts = self.model.diary, {"person": person}
        if person is not None and diary.bans:
            person = parts["person"] = sorted(diary.bans)[0]
        meant, refused = person, None
        if person is None:
            code = self.code(pick)
            parts = {"booking": code}
            slip = diary.slips.get(code)
            meant = None if slip is None else slip.person
            refused = Reason.UNKNOWN_BOOKING if slip is None else None
        if refused is None and not (meant in diary.bans and self.at < diary.bans[meant]):
            refused = Reason.NOT_BANNED
        if self.do(LiftBan, refused, **parts) is not None:
            assert meant is not None
            del diary.bans[meant]

    # -- closures --------------------------------------------------------------------------------

    @does(
        AddClosure,
        weight=5,
        days=(-1, 0, 0, 0, 1, 7),
        lasts=(-1, 0, 0, 0, 1, 2),
        service=(None, TAX, TAX, VAT),
        end_waiting=(True, False),
        reason=("", "works"),
    )
    def add_closure(
        self, days: int, lasts: int, service: ServiceId | None, end_waiting: bool, reason: str
    ) -> None:
        today = d.day_of(self.at)
        first = today + timedelta(days=days)
        last = first + timedelta(days=lasts)
        events = self.do_reviewed(
            AddClosure,
            lambda _: Reason.BAD_VALUE if last < first or last < today else None,
            closure=Closure(first=first, last=last, reason=reason),
            service=service,
            end_waiting=end_waiting,
        )
        if events is None:
            return
        added, *strikes = events
        assert isinstance(added, ClosureAdded)
        assert added.closure not in self.model.diary.signs
        sign = d.Sign(
            id=added.closure,
            service=service,
            first=first,
            last=last,
            reason=reason or "closed",
            ends_waiting=end_waiting,
        )
        self.model.diary.signs[sign.id] = sign
        left = self.strike(sign, strikes)
        assert added.left == left
        sign.unsettled_since = self.at if left else None

    @does(RemoveClosure, weight=14, pick=PICKS)
    def remove_closure(self, pick: int) -> None:
        ids = [*sorted(self.model.diary.signs), ClosureId("none")]
        id = ids[pick % len(ids)]
        refused = Reason.UNKNOWN_CLOSURE if id == "none" else None
        if self.do_reviewed(RemoveClosure, lambda _: refused, closure=id) is not None:
            del self.model.diary.signs[id]

    @does(ReviewBookings)
    def review(self) -> None:
        events = self.do_reviewed(ReviewBookings)
        assert events is not None
        sign = self.model.diary.unsettled()
        if sign is None:
            assert events == ()
            return
        settled = [event for event in events if isinstance(event, ClosureSettled)]
        left = self.strike(sign, [event for event in events if event not in settled])
        assert [event.closure for event in settled] == ([] if left else [sign.id])
        if not left:
            sign.unsettled_since = None

    @does(ReviewBookings, weight=3)
    def settle(self) -> None:
        """Reviewed until nothing is left to do: then nobody is left where it is closed."""
        diary = self.model.diary
        while diary.unsettled() is not None:
            self.review()
            diary = self.model.diary
        for slip in diary.slips.values():
            if slip.state in d.OPEN_SLIPS:
                assert not diary.closed(TAX, d.day_of(slip.starts_at)), slip

    def strike(self, sign: d.Sign, events: list[Any]) -> int:
        """Check what becomes of the first whom the closure strikes; return how many are left."""
        model = self.model
        away, slips = model.sent_away(sign, self.at), model.diary.struck(sign)
        first = (*away, *slips)[: self.strikes]
        assert len(events) == len(first), "each is told once what becomes of it"
        for one, event in zip(first, events, strict=True):
            if isinstance(one, Paper):
                self.goes_away(one, sign, event)
            else:
                assert told(event) == model.diary.strike(one, self.at)
                assert event.reason == sign.reason
        return len(away) + len(slips) - len(first)

    def goes_away(self, paper: Paper, sign: d.Sign, event: Any) -> None:
        """Its visit goes on with what is open, or else the ticket ends because of the closure."""
        diary, today = self.model.diary, d.day_of(self.at)
        still = [service for service in paper.then if not diary.closed(service, today)]
        assert event.ticket == paper.id
        if not still:
            paper.state = CANCELLED
            assert event.reason == sign.reason
            return
        shortest = paper.visit_order is VisitOrder.SHORTEST_WAIT
        assert event.service in (still if shortest else still[:1])
        paper.service, paper.reserved = event.service, None
        paper.then = tuple(service for service in paper.then if service != paper.service)
        self.model.moved(paper, paper.key, self.at)

    # -- configuration ---------------------------------------------------------------------------

    @does(weight=3, capacity=range(1, CAPACITY + 1))
    def configure(self, capacity: int) -> None:
        """Slots have more or fewer places from now on; who has one keeps it."""
        self.model.diary.capacity = capacity
        self.configured(replace(self.spec, services=self.services(capacity)))


def slot_of(at: datetime) -> Slot:
    local = at + timedelta(hours=8)
    return Slot(day=date(local.year, local.month, local.day), time=local.time())


__all__ = ["BookingRules", "b"]

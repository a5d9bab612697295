"""Whatever is asked in whatever order: no slot has more bookings than places, and nothing is lost."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from actors.hall import closing
from actors.hall.apply import apply_all
from actors.hall.closures import closed_today
from actors.hall.diary import EMPTY_DIARY, filed
from actors.hall.state import HallState
from protocol.answers import Rejected
from protocol.appointments import OPEN_BOOKINGS, PLACED_BOOKINGS, BanRule
from protocol.booking_events import AppointmentBooked, ClosureAdded
from protocol.commands import AddClosure, LiftBan, RemoveClosure
from protocol.hours import Closure
from protocol.ids import PersonId
from protocol.values import replace
from runtime.journal.states import decode_state, encode_state
from tests.actors.hall import booked as b
from tests.actors.hall.conftest import TAX, Book

CAPACITY, SHARE, BOOKABLE = 4, 0.3, 2

# Few slots, a week apart, so that they are often full and moved to.
SLOTS = st.builds("2026-03-{:02}T09:00".format, st.sampled_from([4, 11]))
PEOPLE = st.sampled_from([PersonId("li"), PersonId("wang"), PersonId("zhao")])


class Bookings(RuleBasedStateMachine):
    """Drives one hall; keeps the largest number of places that each slot ever had."""

    bookings: Bundle[Any] = Bundle("bookings")
    closures: Bundle[Any] = Bundle("closures")

    @initialize(
        confirm_within_s=st.sampled_from([None, 3600.0, 86_400.0]),
        move=st.booleans(),
        strikes=st.sampled_from([1, closing.STRIKES_MAX]),
    )
    def begin(self, confirm_within_s: float | None, move: bool, strikes: int) -> None:
        self.patched = pytest.MonkeyPatch()
        self.patched.setattr(closing, "STRIKES_MAX", strikes)
        self.options: dict[str, Any] = {
            "confirm_within_s": confirm_within_s,
            "move_closed": move,
            "walk_in_share": SHARE,
            "person_max": 6,
            "ban": BanRule(no_shows=2, within_days=7, for_days=3),
        }
        self.hall = Book(b.booked_hall(slots=(b.morning(capacity=CAPACITY),), **self.options))
        self.capacity = CAPACITY
        self.codes: set[str] = set()

    @rule(
        target=bookings, slot=SLOTS, person=PEOPLE, code=st.sampled_from(["00000000", "0000000A"])
    )
    def book(self, slot: str, person: PersonId, code: str) -> Any:
        decision = b.book(self.hall, slot, person, code=code)
        if isinstance(decision, Rejected):
            return multiple()
        event = decision[-1]
        assert isinstance(event, AppointmentBooked)
        assert event.booking not in self.codes
        self.codes.add(event.booking)
        # The capacity of today binds whoever books today, however many have it from before.
        taken = self.hall.state.diary.taken[TAX, event.starts_at]
        assert taken <= int(self.capacity * 0.7)
        return event.booking

    @rule(target=bookings, slot=SLOTS)
    def fill(self, slot: str) -> Any:
        """Book for one person after another until there is no place."""
        found = []
        for number in range(CAPACITY + 1):
            decision = b.book(self.hall, slot, PersonId(f"p{len(self.codes)}-{number}"))
            if not isinstance(decision, Rejected):
                found.append(decision[-1].booking)
        self.codes.update(found)
        assert len(found) <= int(self.capacity * 0.7)
        return multiple(*found)

    @rule(id=bookings)
    def confirm(self, id: Any) -> None:
        b.confirm(self.hall, id)

    @rule(id=bookings, slot=SLOTS)
    def move(self, id: Any, slot: str) -> None:
        b.move(self.hall, id, slot)

    @rule(id=bookings)
    def cancel(self, id: Any) -> None:
        b.cancel(self.hall, id)

    @rule(id=bookings)
    def check_in(self, id: Any) -> None:
        tickets = len(self.hall.state.tickets)
        decision = b.check_in(self.hall, id)
        if isinstance(decision, Rejected):
            assert len(self.hall.state.tickets) == tickets

    @rule(
        target=closures,
        first=st.sampled_from([4, 11]),
        days=st.integers(0, 1),
        quiet=st.booleans(),
    )
    def close(self, first: int, days: int, quiet: bool) -> Any:
        day = date(2026, 3, first)
        closure = Closure(first=day, last=day + timedelta(days=days))
        decision = self.hall.do(AddClosure(id=next(b.ids), closure=closure))
        if isinstance(decision, Rejected):
            return multiple()
        if quiet:
            self.settle()
        return next(event.closure for event in decision if isinstance(event, ClosureAdded))

    @rule(id=consumes(closures))
    def open(self, id: Any) -> None:
        self.hall.do(RemoveClosure(id=next(b.ids), closure=id))

    @rule(minutes=st.sampled_from([5, 30, 240, 720]))
    def wait(self, minutes: int) -> None:
        self.hall.wait(minutes=minutes)

    @rule()
    def review(self) -> None:
        b.review(self.hall)

    @rule(person=PEOPLE)
    def lift(self, person: PersonId) -> None:
        banned = self.hall.state.diary.bans.get(person, self.hall.now) > self.hall.now
        decision = self.hall.do(LiftBan(id=next(b.ids), person=person))
        assert isinstance(decision, Rejected) is not banned

    @rule()
    def settle(self) -> None:
        """Review until nothing is left to do: then no booking is left where it is closed."""
        while b.review(self.hall):
            pass
        state = self.hall.state
        for booking in state.diary.bookings.values():
            if booking.state in OPEN_BOOKINGS:
                closed = closed_today(state, booking.service, booking.starts_at)
                assert closed is None, booking

    @rule(capacity=st.integers(1, CAPACITY))
    def configure(self, capacity: int) -> None:
        self.capacity = capacity
        spec = b.booked_hall(slots=(b.morning(capacity=capacity),), **self.options)
        self.hall.state = replace(self.hall.state, spec=spec)

    @invariant()
    def nothing_is_overbooked(self) -> None:
        if hasattr(self, "hall"):
            counted = counted_slots(self.hall.state)
            assert all(count <= BOOKABLE for count in counted.values()), counted

    @invariant()
    def what_follows_from_bookings_agrees_with_them(self) -> None:
        if not hasattr(self, "hall"):
            return
        state = self.hall.state
        diary = state.diary
        anew = replace(EMPTY_DIARY, closures=diary.closures, missed=diary.missed, bans=diary.bans)
        for booking in diary.bookings.values():
            anew = filed(anew, booking)
        assert anew == diary
        assert counted_slots(state) == Counter(dict(diary.taken))
        open_ones = {id for id, one in diary.bookings.items() if one.state in OPEN_BOOKINGS}
        assert {id for ids in diary.of_person.values() for id in ids} == open_ones

    def teardown(self) -> None:
        if hasattr(self, "hall"):
            self.patched.undo()
            state = self.hall.state
            assert decode_state(encode_state(state), state.spec) == state
            again = apply_all(HallState(spec=state.spec), self.hall.events)
            assert again == state


def counted_slots(state: HallState) -> Counter[Any]:
    """Bookings that have a place, by slot, counted one by one."""
    return Counter(
        (one.service, one.starts_at)
        for one in state.diary.bookings.values()
        if one.state in PLACED_BOOKINGS
    )


TestBookings = Bookings.TestCase
TestBookings.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)

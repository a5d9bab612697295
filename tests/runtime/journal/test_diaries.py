"""Appointments in snapshots: in parts of bounded size, and back as they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from actors.hall.diary import EMPTY_DIARY, AddedClosure, Booking, Diary, filed
from actors.hall.state import HallState
from protocol.appointments import BookingState, code_of
from protocol.hours import Closure
from protocol.ids import ClosureId, Language, PersonId, ServiceId
from protocol.values import replace
from runtime.journal.diaries import PART_BOOKINGS
from runtime.journal.states import SnapshotUnreadable, decode_state, encode_state
from tests.runtime.journal.days import hall_spec

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def booking(number: int) -> Booking:
    """One of many, in whatever state."""
    starts_at = MORNING + timedelta(minutes=30 * (number % 400))
    states = list(BookingState)
    state = states[number % len(states)]
    return Booking(
        id=code_of(number * 104_729),
        service=ServiceId("tax"),
        state=state,
        booked_at=MORNING,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        check_in_from=starts_at - timedelta(minutes=30),
        check_in_until=starts_at + timedelta(minutes=10),
        lapses_at=starts_at if state is BookingState.RESERVED else None,
        language=Language("zh"),
        person=PersonId(f"phone-{number % 97}") if number % 3 else None,
        party=1 + number % 4,
        reason="施工" if state is BookingState.REVOKED else None,
    )


def full_diary(bookings: int) -> Diary:
    """A diary with something in every field."""
    diary = EMPTY_DIARY
    for number in range(bookings):
        diary = filed(diary, booking(number))
    closure = Closure(first=MORNING.date(), last=MORNING.date(), reason="施工")
    closures = [
        AddedClosure(id=ClosureId("c1"), closure=closure, service=None),
        AddedClosure(
            id=ClosureId("c2"),
            closure=closure,
            service=ServiceId("tax"),
            end_waiting=True,
            unsettled_since=MORNING,
        ),
    ]
    return replace(
        diary,
        closures=diary.closures.update({one.id: one for one in closures}),
        missed=diary.missed.set(PersonId("phone-1"), (MORNING, MORNING + timedelta(days=1))),
        bans=diary.bans.set(PersonId("phone-2"), MORNING + timedelta(days=30)),
    )


@pytest.mark.parametrize("bookings", [0, 1, 2 * PART_BOOKINGS + 1])
def test_diary_comes_back_as_it_was_from_parts_of_bounded_size(bookings: int) -> None:
    state = HallState(spec=hall_spec(), diary=full_diary(bookings))
    parts = list(encode_state(state))
    again = decode_state(parts, state.spec)
    assert again == state
    assert all(len(part) < 600 * PART_BOOKINGS for part in parts)
    if bookings:
        assert again.diary.next_due_at == state.diary.next_due_at
        assert len(again.diary.taken) > 0


def test_an_empty_diary_needs_no_part() -> None:
    assert len(list(encode_state(HallState(spec=hall_spec())))) == 1


@pytest.mark.parametrize("part", [["visitors", []], ["bookings", [{"id": "x"}]], ["bans", [1]]])
def test_parts_that_make_no_sense_are_refused(part: list[object]) -> None:
    parts = [*encode_state(HallState(spec=hall_spec())), orjson.dumps(part).decode()]
    with pytest.raises(SnapshotUnreadable, match="makes no sense"):
        decode_state(parts, hall_spec())

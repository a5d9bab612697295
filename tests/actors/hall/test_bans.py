"""Who misses too many appointments books none for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from protocol.answers import Reason
from protocol.appointments import BanRule
from protocol.booking_events import (
    AppointmentMissed,
    BanLifted,
    PersonBanned,
)
from protocol.commands import LiftBan
from protocol.ids import BookingId
from protocol.values import replace
from tests.actors.hall import booked as b
from tests.actors.hall.booked import (
    LI,
    TUESDAY,
    WANG,
    booked,
    diary_of,
    local,
    refused,
)
from tests.actors.hall.conftest import Book

RULE = BanRule(no_shows=2, within_days=7, for_days=30)


def missed(hall: Book, slot: str, person: Any = LI) -> Any:
    """Book a slot and do not come."""
    booked(hall, slot, person)
    hall.now = local(slot) + timedelta(minutes=10)
    return [
        event for event in b.review(hall) if isinstance(event, AppointmentMissed | PersonBanned)
    ]


def test_who_misses_too_many_within_the_days_is_banned_for_a_while() -> None:
    hall = diary_of(ban=RULE)
    (first,) = missed(hall, TUESDAY)
    assert isinstance(first, AppointmentMissed)
    second, ban = missed(hall, "2026-03-05T09:00")
    assert isinstance(second, AppointmentMissed)
    assert isinstance(ban, PersonBanned)
    assert ban.until == local("2026-03-05T09:10") + timedelta(days=30)
    decision = b.book(hall, "2026-03-06T09:00", LI)
    assert refused(decision) is Reason.BANNED
    assert decision.opens_at == ban.until
    booked(hall, "2026-03-06T09:00", WANG)
    hall.now = ban.until - timedelta(seconds=1)
    assert refused(b.book(hall, "2026-04-06T09:00", LI)) is Reason.BANNED
    hall.now = ban.until
    booked(hall, "2026-04-06T09:00", LI)


def test_no_shows_that_lie_further_apart_do_not_ban() -> None:
    hall = diary_of(ban=RULE)
    missed(hall, TUESDAY)
    assert len(missed(hall, "2026-03-10T09:00")) == 1
    assert len(missed(hall, "2026-03-16T09:00")) == 2


def test_a_lifted_ban_bans_no_more_and_its_no_shows_count_no_more() -> None:
    hall = diary_of(ban=RULE)
    missed(hall, TUESDAY)
    _, ban = missed(hall, "2026-03-05T09:00")
    (lifted,) = hall.do(LiftBan(id=next(b.ids), person=LI))
    assert isinstance(lifted, BanLifted)
    assert (lifted.person, lifted.until) == (LI, ban.until)
    assert len(missed(hall, "2026-03-06T09:00")) == 1
    assert refused(hall.do(LiftBan(id=next(b.ids), person=LI))) is Reason.NOT_BANNED


def test_a_ban_is_lifted_by_the_code_of_a_booking_while_it_lasts() -> None:
    hall = diary_of(ban=RULE)
    missed(hall, TUESDAY)
    missed(hall, "2026-03-05T09:00")
    mine, anonymous = sorted(hall.state.diary.bookings)[0], BookingId("00000009")
    assert refused(hall.do(LiftBan(id=next(b.ids), booking=anonymous))) is Reason.UNKNOWN_BOOKING
    assert refused(hall.do(LiftBan(id=next(b.ids)))) is Reason.NOT_BANNED
    (lifted,) = hall.do(LiftBan(id=next(b.ids), booking=mine))
    assert isinstance(lifted, BanLifted)
    hall.state = replace(
        hall.state,
        diary=replace(hall.state.diary, bans=hall.state.diary.bans.set(LI, lifted.until)),
    )
    hall.now = lifted.until
    assert refused(hall.do(LiftBan(id=next(b.ids), person=LI))) is Reason.NOT_BANNED


def test_without_a_rule_nobody_is_banned() -> None:
    hall = diary_of()
    for day in (3, 4, 5, 6, 9, 10):
        assert len(missed(hall, f"2026-03-{day:02}T09:00")) == 1

"""What a phone takes and books: it holds that, is told of it, and has no second one."""

from __future__ import annotations

from typing import Any

from protocol.answers import Reason
from protocol.commands import CancelTicket, ReactivateTicket
from protocol.events import DayBegun, TicketTaken
from protocol.hall import Identity
from protocol.ids import CommandId, FollowerId, PersonId
from protocol.push_commands import FollowTicket, UnfollowTicket
from protocol.push_events import PushDue, TicketFollowed
from protocol.pushes import PushKind
from protocol.tickets import Channel
from tests.actors.hall import booked as b
from tests.actors.hall.booked import LI, TUESDAY, WANG, booking_of, diary_of, local
from tests.actors.hall.conftest import TAX, VAT, Book
from tests.actors.hall.test_access import ask, hall, ids, refused

ZHANG, ZHAO = FollowerId("zhang"), FollowerId("zhao")


def take(book: Book, follower: FollowerId, service: Any = TAX, **changes: Any) -> list[Any]:
    decision = ask(book, service, follower=follower, channel=Channel.WECHAT, **changes)
    return own(decision)


def own(decision: Any) -> list[Any]:
    """Return the events of a decision, but for the day that began with it."""
    assert isinstance(decision, tuple), decision
    return [event for event in decision if not isinstance(event, DayBegun)]


def test_a_phone_follows_what_it_takes_and_is_told_at_once_if_it_is_near() -> None:
    book = hall()
    taken, followed, push = take(book, ZHANG, silent=True)
    assert isinstance(taken, TicketTaken)
    assert isinstance(followed, TicketFollowed)
    assert (taken.follower, taken.channel) == (ZHANG, Channel.WECHAT)
    assert (followed.follower, followed.ticket, followed.silent) == (ZHANG, taken.ticket, True)
    assert isinstance(push, PushDue)
    assert (push.kind, push.follower) == (PushKind.NEAR, ZHANG)
    assert book.state.held[ZHANG] == {taken.ticket}


def test_a_phone_has_one_open_ticket_for_a_service() -> None:
    book = hall()
    first, *_ = take(book, ZHANG)
    assert first.number in refused(ask(book, follower=ZHANG), Reason.PERSON_LIMIT).detail
    take(book, ZHANG, VAT)
    take(book, ZHAO)
    book.do(CancelTicket(id=next(ids), ticket=first.ticket))
    second, *_ = take(book, ZHANG)
    again = ReactivateTicket(id=CommandId("again"), ticket=first.ticket)
    assert second.number in refused(book.do(again), Reason.PERSON_LIMIT).detail


def test_another_name_does_not_help_a_phone() -> None:
    book = hall({"identity": Identity.PHONE, "person_max": 2})
    refused(ask(book, follower=ZHANG), Reason.IDENTITY_NEEDED)
    for name in ("li", "wang"):
        taken, *_ = take(book, ZHANG, person=PersonId(name))
        refused(ask(book, follower=ZHANG, person=PersonId("zhou")), Reason.PERSON_LIMIT)
        book.do(CancelTicket(id=next(ids), ticket=taken.ticket))
    refused(ask(book, follower=ZHANG, person=PersonId("zhou")), Reason.PERSON_LIMIT)


def test_a_ticket_of_paper_that_is_followed_is_not_held() -> None:
    book = hall()
    paper, *_ = own(ask(book))
    book.do(FollowTicket(id=next(ids), ticket=paper.ticket, follower=ZHANG))
    take(book, ZHANG)


def test_a_phone_holds_its_ticket_also_when_it_lets_go_of_it() -> None:
    book = hall()
    taken, *_ = take(book, ZHANG)
    book.do(UnfollowTicket(id=next(ids), ticket=taken.ticket, follower=ZHANG))
    assert book.state.tickets[taken.ticket].follower is None
    refused(ask(book, follower=ZHANG), Reason.PERSON_LIMIT)


def test_a_refused_phone_changes_nothing() -> None:
    book = hall()
    take(book, ZHANG)
    before = book.state
    refused(ask(book, follower=ZHANG), Reason.PERSON_LIMIT)
    assert book.state is before


def test_a_booking_goes_to_the_phone_that_made_it_wherever_its_customer_checks_in() -> None:
    book = diary_of()
    id = b.booked(book, TUESDAY, LI, follower=ZHANG)
    assert booking_of(book, id).holder == ZHANG
    assert book.state.diary.of_holder[ZHANG] == {id}
    book.now = local("2026-03-03T08:50")
    taken, followed, *_ = own(b.check_in(book, person=LI))
    assert (taken.follower, followed.follower) == (ZHANG, ZHANG)
    assert book.state.tickets[taken.ticket].follower == ZHANG
    assert book.state.held[ZHANG] == {taken.ticket}
    assert book.state.diary.of_holder[ZHANG] == {id}, "it can still be read"


def test_a_phone_books_no_more_under_another_name() -> None:
    book = diary_of(person_max=1)
    b.booked(book, TUESDAY, LI, follower=ZHANG)
    assert b.refused(b.book(book, TUESDAY, WANG, follower=ZHANG)) is Reason.PERSON_LIMIT
    b.booked(book, TUESDAY, WANG, follower=ZHAO)

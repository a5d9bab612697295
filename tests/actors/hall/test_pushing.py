"""Phones that follow tickets are told that their turn comes near, and when it has come."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from protocol.answers import Reason, Rejected
from protocol.commands import (
    CallNext,
    CallTicket,
    CancelTicket,
    HoldTicket,
    MarkNoShow,
    ReactivateTicket,
    RecallTicket,
    RequeueTicket,
    ResumeTicket,
    StartService,
    TransferTicket,
)
from protocol.hall import HallSpec
from protocol.hours import ALWAYS, Hours, Opening
from protocol.ids import FollowerId, TicketId
from protocol.policies import Policy, PolicyKind
from protocol.push_commands import FollowTicket, ReportPush, UnfollowTicket
from protocol.push_events import CallVoiced, PushDue, PushEnded, TicketUnfollowed
from protocol.pushes import PushKind, PushOutcome, PushSpec
from protocol.tickets import QueuePlace, TicketClass
from protocol.values import replace
from tests.actors.hall.turns import ONE, PRIORITY, THREE, Q, R, S, Turns, turns_spec

ZHANG, ZHAO = FollowerId("zhang"), FollowerId("zhao")
NEAR, CALL, RECALL = PushKind


class Followed(Turns):
    """A hall in which phones follow tickets."""

    def line(self, many: int, service: Any = Q, **more: Any) -> list[TicketId]:
        return [self.take(service, **more) for _ in range(many)]

    def follow(self, ticket: TicketId, follower: FollowerId = ZHANG) -> Any:
        return self.ask(FollowTicket, ticket=ticket, follower=follower)

    def due(self, ticket: TicketId) -> list[PushDue]:
        """Every push there was of the ticket."""
        of_it = [event for event in self.events if getattr(event, "ticket", None) == ticket]
        return [event for event in of_it if isinstance(event, PushDue)]

    def kinds(self, ticket: TicketId) -> list[PushKind]:
        return [push.kind for push in self.due(ticket)]

    def ended(self, ticket: TicketId) -> list[PushEnded]:
        of_it = [event for event in self.events if getattr(event, "ticket", None) == ticket]
        return [event for event in of_it if isinstance(event, PushEnded)]


def hall(**changes: Any) -> Followed:
    spec: HallSpec = turns_spec(changes.pop("policy", Policy()))
    return Followed(replace(spec, **changes))


@pytest.fixture
def book() -> Followed:
    return hall()


# -- that one's turn comes near --------------------------------------------------------------------


def test_tenth_with_a_lead_of_three_is_told_when_the_seventh_is_called(book: Followed) -> None:
    tickets = book.line(10)
    book.follow(tickets[9])
    for _ in range(6):
        book.next()
    assert not book.due(tickets[9])
    assert book.next().ticket == tickets[6]
    [push] = book.due(tickets[9])
    assert (push.kind, push.ahead, push.follower) == (NEAR, 2, ZHANG)
    assert push.command == book.events[-1].command


def test_who_is_near_already_is_told_as_soon_as_he_follows(book: Followed) -> None:
    _, _, third, fourth = book.line(4)
    book.follow(fourth)
    assert not book.due(fourth)
    book.follow(third)
    assert book.kinds(third) == [NEAR]


def test_lead_of_none_tells_of_the_call_alone() -> None:
    book = Followed(turns_spec(Policy(), q={"lead": 0}))
    [ticket] = book.line(1)
    book.follow(ticket)
    book.next()
    assert book.kinds(ticket) == [CALL]


def test_tickets_that_give_up_bring_others_near(book: Followed) -> None:
    tickets = book.line(5)
    book.follow(tickets[4])
    book.ask(CancelTicket, ticket=tickets[0])
    assert not book.due(tickets[4])
    book.ask(HoldTicket, ticket=tickets[1])
    assert book.kinds(tickets[4]) == [NEAR]


def test_transfer_into_the_middle_counts(book: Followed) -> None:
    [early] = book.line(1, R)
    book.wait(seconds=1)
    others = book.line(4)
    book.follow(others[3])
    book.ask(TransferTicket, ticket=early, to_service=Q)
    book.next()
    assert not book.due(others[3])
    book.next()
    assert book.kinds(others[3]) == [NEAR]


def test_transferred_ticket_is_near_where_it_comes_to_stand(book: Followed) -> None:
    tickets = book.line(9)
    book.follow(tickets[8])
    book.ask(TransferTicket, ticket=tickets[8], to_service=R)
    assert book.kinds(tickets[8]) == [NEAR]


def test_those_who_wait_for_one_counter_alone_come_near_there(book: Followed) -> None:
    tickets = book.line(4, S)
    for ticket in tickets:
        book.ask(TransferTicket, ticket=ticket, to_counter=THREE)
    book.follow(tickets[3])
    assert not book.due(tickets[3])
    book.next(THREE)
    assert book.kinds(tickets[3]) == [NEAR]


def test_priority_by_shares_goes_first_and_counts() -> None:
    ratios = {TicketClass.PRIORITY: 3, TicketClass.NORMAL: 1}
    book = hall(policy=Policy(kind=PolicyKind.CLASS_RATIOS, ratios=ratios))
    tickets = book.line(2)
    book.line(9, ticket_class=PRIORITY)
    book.follow(tickets[1])
    # Behind the other one, three of those with priority go between, or more.
    assert not book.due(tickets[1])
    while book.next().ticket != tickets[0]:
        assert not book.due(tickets[1])
    assert book.kinds(tickets[1]) == [NEAR]


def test_preliminary_push_comes_once_for_a_ticket(book: Followed) -> None:
    tickets = book.line(6)
    book.follow(tickets[0])
    book.ask(RequeueTicket, ticket=tickets[0], place=QueuePlace.BACK)
    for _ in range(5):
        book.next()
    assert book.kinds(tickets[0]) == [NEAR]


def test_who_follows_after_another_is_not_told_again_that_it_is_near(book: Followed) -> None:
    [ticket] = book.line(1)
    book.follow(ticket)
    book.ask(UnfollowTicket, ticket=ticket)
    book.follow(ticket, ZHAO)
    assert book.kinds(ticket) == [NEAR]
    book.next()
    assert [push.follower for push in book.due(ticket)] == [ZHANG, ZHAO]


def test_resumed_ticket_that_was_never_told_is_told(book: Followed) -> None:
    tickets = book.line(5)
    book.ask(HoldTicket, ticket=tickets[0])
    book.follow(tickets[0])
    assert not book.due(tickets[0])
    book.ask(ResumeTicket, ticket=tickets[0])
    assert book.kinds(tickets[0]) == [NEAR]


# -- calls -----------------------------------------------------------------------------------------


def test_call_is_told_with_its_counter(book: Followed) -> None:
    [ticket] = book.line(1)
    book.follow(ticket)
    book.next()
    assert book.kinds(ticket) == [NEAR, CALL]
    assert book.due(ticket)[-1].counter == ONE


def test_each_call_is_told_once(book: Followed) -> None:
    [ticket] = book.line(1)
    book.follow(ticket)
    book.next()
    book.ask(MarkNoShow, counter=ONE)
    book.ask(ReactivateTicket, ticket=ticket)
    book.next()
    assert book.kinds(ticket) == [NEAR, CALL, CALL]


def test_held_ticket_that_is_called_again_is_told_again(book: Followed) -> None:
    [ticket] = book.line(1)
    book.follow(ticket)
    book.next()
    book.ask(HoldTicket, counter=ONE)
    book.ask(CallTicket, counter=ONE, ticket=ticket)
    assert book.kinds(ticket) == [NEAR, CALL, CALL]


def test_who_follows_during_a_call_is_told_of_it(book: Followed) -> None:
    [ticket] = book.line(1)
    book.next()
    book.follow(ticket)
    assert book.kinds(ticket) == [CALL]


def test_following_again_during_a_call_tells_nothing_new(book: Followed) -> None:
    [ticket] = book.line(1)
    book.next()
    book.follow(ticket)
    book.ask(UnfollowTicket, ticket=ticket)
    book.follow(ticket)
    assert book.kinds(ticket) == [CALL]


@pytest.mark.parametrize("told", [True, False])
def test_recall_is_told_if_configured(told: bool) -> None:
    book = hall(pushes=PushSpec(recall=told), recall_lockout_s=0.0)
    [ticket] = book.line(1)
    book.follow(ticket)
    book.next()
    book.ask(RecallTicket, counter=ONE)
    assert book.kinds(ticket) == ([NEAR, CALL, RECALL] if told else [NEAR, CALL])


def test_nobody_is_told_once_service_has_begun(book: Followed) -> None:
    [ticket] = book.line(1)
    book.next()
    book.ask(StartService, counter=ONE)
    book.follow(ticket)
    assert not book.due(ticket)


# -- calls that nobody says aloud ------------------------------------------------------------------


def silent(book: Followed, ticket: TicketId) -> bool:
    called = book.ticket(ticket).called
    assert called is not None
    return called.silent


def test_call_is_silent_as_the_follower_wishes(book: Followed) -> None:
    first, second = book.line(2)
    book.ask(FollowTicket, ticket=first, follower=ZHANG, silent=True)
    book.ask(FollowTicket, ticket=second, follower=ZHAO, silent=True)
    book.ask(FollowTicket, ticket=second, follower=ZHAO)
    assert book.next().silent
    assert book.due(first)[-1].silent
    assert not book.next().silent


def test_call_of_a_silent_service_is_silent_for_those_who_are_told() -> None:
    book = Followed(turns_spec(Policy(), q={"silent": True}))
    first, _second = book.line(2)
    book.follow(first)
    assert book.next().silent
    assert not book.next().silent, "nobody would come"


@pytest.mark.parametrize(
    ("hour", "is_silent"), [(11, False), (12, True), (13, True), (14, False), (23, True)]
)
def test_calls_are_silent_at_certain_hours_of_the_hall(hour: int, is_silent: bool) -> None:
    noon = Opening(weekdays=(1,), opens=time(12), closes=time(14))
    night = Opening(weekdays=(1,), opens=time(22), closes=time(0))
    book = hall(pushes=PushSpec(silent=Hours(openings=(noon, night))))
    book.wait(hours=hour - 12)
    [ticket] = book.line(1)
    book.follow(ticket)
    assert book.next().silent is is_silent


@pytest.mark.parametrize("told", [True, False])
def test_silent_call_is_recalled_aloud_unless_recalls_are_told(told: bool) -> None:
    book = hall(pushes=PushSpec(recall=told, silent=ALWAYS), recall_lockout_s=0.0)
    [ticket] = book.line(1)
    book.follow(ticket)
    book.next()
    [recalled, *_] = book.ask(RecallTicket, counter=ONE)
    assert recalled.silent is told


@pytest.mark.parametrize("outcome", list(PushOutcome))
def test_silent_call_whose_push_is_not_sent_is_said_aloud(outcome: PushOutcome) -> None:
    book = hall(pushes=PushSpec(silent=ALWAYS))
    [ticket] = book.line(1)
    book.follow(ticket)
    book.next()
    push = book.due(ticket)[-1].push
    events = book.ask(ReportPush, ticket=ticket, push=push, outcome=outcome)
    aloud = [event for event in events if isinstance(event, CallVoiced)]
    assert silent(book, ticket) is (outcome is PushOutcome.SENT)
    assert [(event.number, event.counter) for event in aloud] == (
        [] if outcome is PushOutcome.SENT else [("Q001", ONE)]
    )


def test_silent_call_is_said_aloud_when_its_follower_lets_go_before_he_was_told() -> None:
    book = hall(pushes=PushSpec(silent=ALWAYS))
    [ticket] = book.line(1)
    book.follow(ticket)
    book.next()
    book.ask(UnfollowTicket, ticket=ticket)
    assert not silent(book, ticket)


def test_call_that_is_over_is_not_said_aloud() -> None:
    book = hall(pushes=PushSpec(silent=ALWAYS))
    [ticket] = book.line(1)
    book.follow(ticket)
    book.next()
    book.ask(StartService, counter=ONE)
    assert not any(isinstance(event, CallVoiced) for event in book.events)


# -- how pushes end --------------------------------------------------------------------------------


def test_push_ends_with_what_it_tells_of(book: Followed) -> None:
    [ticket] = book.line(1)
    book.follow(ticket)
    book.next()
    [near] = book.ended(ticket)
    assert (near.outcome, near.push) == (PushOutcome.STALE, book.due(ticket)[0].push)
    book.ask(CallNext, counter=ONE)
    assert [push.push for push in book.ended(ticket)] == [push.push for push in book.due(ticket)]


def test_sent_push_is_not_ended_again(book: Followed) -> None:
    [ticket] = book.line(1)
    book.follow(ticket)
    [push] = book.due(ticket)
    report = {"ticket": ticket, "push": push.push, "outcome": PushOutcome.SENT}
    assert [event.outcome for event in book.ask(ReportPush, **report)] == [PushOutcome.SENT]
    assert book.ask(ReportPush, **report) == ()
    book.next()
    assert len(book.ended(ticket)) == 1


def test_who_lets_go_is_told_nothing_more(book: Followed) -> None:
    [ticket] = book.line(1)
    book.follow(ticket)
    book.ask(UnfollowTicket, ticket=ticket, follower=ZHANG)
    assert [push.outcome for push in book.ended(ticket)] == [PushOutcome.STALE]
    book.next()
    assert book.kinds(ticket) == [NEAR]


def test_follower_who_cannot_be_reached_follows_no_more(book: Followed) -> None:
    [ticket] = book.line(1)
    book.follow(ticket)
    [push] = book.due(ticket)
    events = book.ask(
        ReportPush,
        ticket=ticket,
        push=push.push,
        outcome=PushOutcome.REFUSED,
        detail="does not follow the account",
        unfollow=True,
    )
    assert [type(event) for event in events] == [PushEnded, TicketUnfollowed]
    book.next()
    assert book.kinds(ticket) == [NEAR]


# -- following -------------------------------------------------------------------------------------


def test_second_phone_is_refused_until_the_first_lets_go(book: Followed) -> None:
    [ticket] = book.line(1)
    book.follow(ticket)
    refused = book.follow(ticket, ZHAO)
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.FOLLOWED
    book.ask(UnfollowTicket, ticket=ticket, follower=ZHAO)
    assert book.ticket(ticket).follower == ZHANG
    book.ask(UnfollowTicket, ticket=ticket, follower=ZHANG)
    book.follow(ticket, ZHAO)
    assert book.ticket(ticket).follower == ZHAO


def test_same_phone_that_follows_again_changes_nothing(book: Followed) -> None:
    [ticket] = book.line(1)
    book.follow(ticket)
    assert book.follow(ticket) == ()


def test_ticket_that_has_ended_is_not_followed(book: Followed) -> None:
    [ticket] = book.line(1)
    book.ask(CancelTicket, ticket=ticket)
    refused = book.follow(ticket)
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.TICKET_STATE


def test_next_day_begins_without_followers(book: Followed) -> None:
    [ticket] = book.line(1)
    book.follow(ticket)
    book.wait(days=1)
    book.line(1)
    assert book.state.followed == 0
    assert book.ask(ReportPush, ticket=ticket, push=f"{ticket}/1", outcome=PushOutcome.SENT) == ()

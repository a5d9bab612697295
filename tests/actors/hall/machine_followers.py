"""Rules for phones that follow tickets, and what must hold of what they are told."""

from __future__ import annotations

from protocol.answers import Reason
from protocol.ids import FollowerId, PushId
from protocol.policies import PolicyKind
from protocol.push_commands import FollowTicket, ReportPush, UnfollowTicket
from protocol.push_events import PushDue, PushEnded
from protocol.pushes import PushKind, PushOutcome
from tests.actors.hall.machine import PHONES, PICKS, Driven, does
from tests.actors.hall.machine_bookings import BookingRules
from tests.actors.hall.machine_tickets import has_tickets
from tests.actors.hall.naive import CALLED, OPEN_STATES, WAITING, Paper

NOBODYS = PushId("20260302-A001/99")


def has_followers(machine: Driven) -> bool:
    return any(paper.follower for paper in machine.model.papers.values())


def has_pushes(machine: Driven) -> bool:
    return any(paper.due_pushes for paper in machine.model.papers.values())


class FollowerRules(BookingRules):
    """See the module."""

    @does(FollowTicket, weight=25, when=has_tickets, pick=PICKS, phone=PHONES)
    def follow(self, pick: int, phone: FollowerId) -> None:
        paper = self.some(pick, "reprint")
        refused = None
        if paper.state not in OPEN_STATES:
            refused = Reason.TICKET_STATE
        elif paper.follower not in (None, phone):
            refused = Reason.FOLLOWED
        if self.do(FollowTicket, refused, ticket=paper.id, follower=phone) is not None:
            paper.follower = phone

    @does(UnfollowTicket, weight=4, when=has_followers, pick=PICKS, phone=(None, *PHONES))
    def unfollow(self, pick: int, phone: FollowerId | None) -> None:
        paper = self.some(pick, "reprint")
        events = self.do(UnfollowTicket, ticket=paper.id, follower=phone)
        lets_go = paper.follower is not None and phone in (None, paper.follower)
        assert bool(events) is lets_go
        if lets_go:
            paper.follower = None

    @does(
        ReportPush,
        weight=20,
        when=has_pushes,
        pick=PICKS,
        outcome=(PushOutcome.SENT, PushOutcome.SENT, PushOutcome.REFUSED),
        unfollow=(False, False, False, True),
    )
    def report_push(self, pick: int, outcome: PushOutcome, unfollow: bool) -> None:
        due = [push for paper in self.model.papers.values() for push in paper.due_pushes.values()]
        push = due[pick % len(due)]
        paper, id = self.model.papers[push.ticket], push.push if pick % 8 else NOBODYS
        events = self.do(ReportPush, ticket=paper.id, push=id, outcome=outcome, unfollow=unfollow)
        ended = [event for event in self.pushed if type(event) is PushEnded and event.push == id]
        assert [event.outcome for event in ended] == ([outcome] if pick % 8 else [])
        gone = bool(ended) and unfollow
        assert bool(events) is gone
        if gone:
            paper.follower = None

    # -- what must hold --------------------------------------------------------------------------

    def take_in_pushes(self) -> None:
        """Check each push that began or ended since this was asked last, and write it down."""
        fresh, self.pushed = self.pushed, []
        for event in fresh:
            paper = self.model.papers.get(event.ticket)
            if paper is None:
                continue  # of the day before
            if isinstance(event, PushDue):
                self.due(paper, event)
            else:
                assert paper.due_pushes.pop(event.push, None) is not None, "a push ended twice"

    def due(self, paper: Paper, push: PushDue) -> None:
        assert push.push not in paper.heard, "a push is due twice"
        assert push.follower == paper.follower, "a stranger is told"
        paper.heard[push.push] = push
        paper.due_pushes[push.push] = push
        if push.kind is PushKind.NEAR:
            assert not paper.near, "a second preliminary push"
            assert paper.state is WAITING
            assert push.ahead == self.position(paper)
            assert push.ahead < self.lead(paper) or self.by_share
            paper.near = True
        else:
            called = self.book.state.tickets[paper.id].called
            assert called is not None
            assert paper.state is CALLED, "told of a call that is over"
            assert called.command not in paper.told_calls, "told twice of a call"
            assert push.counter == paper.counter
            paper.told_calls.add(called.command)

    @property
    def by_share(self) -> bool:
        """Whether others are called between those of one class, so that the place alone says little."""
        return self.spec.policy.kind is PolicyKind.CLASS_RATIOS

    def lead(self, paper: Paper) -> int:
        return self.spec.services[paper.service].lead

    def position(self, paper: Paper) -> int:
        return len([other for other in self.model.beside(paper) if other.key < paper.key])

    def followers_are_told(self) -> None:
        """Everybody who is near, or called, was told, and nothing waits to be sent that is over."""
        for paper in self.model.papers.values():
            ticket = self.book.state.tickets[paper.id]
            assert ticket.follower == paper.follower
            kept = ticket.following.due if ticket.following is not None else ()
            assert {push.push for push in kept} == set(paper.due_pushes)
            for push in kept:
                assert push.follower == paper.follower
                assert paper.state is (WAITING if push.kind is PushKind.NEAR else CALLED)
            if paper.follower is None:
                continue
            if paper.state is WAITING and not paper.near and not self.by_share:
                assert self.position(paper) >= self.lead(paper), "not told that it is near"
            if paper.state is CALLED:
                assert ticket.called is not None
                assert ticket.called.command in paper.told_calls, "not told of the call"

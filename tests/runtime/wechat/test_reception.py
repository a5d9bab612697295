"""What is done with several halls at once, some of them away: without sockets, on halls that answer at once."""

from __future__ import annotations

from typing import Any

import pytest
from pykka import ActorDeadError
from twisted.internet.defer import Deferred

from actors.hall.actor import ReadState, StateRead
from protocol.answers import Accepted, Rejected
from protocol.commands import CallNext, CancelTicket, OpenCounter, TakeTicket
from protocol.events import TicketTaken
from protocol.ids import (
    CommandId,
    CounterId,
    FollowerId,
    HallId,
    Language,
    ServiceId,
    TicketId,
)
from protocol.messages import Submit
from protocol.push_events import TicketUnfollowed
from protocol.tickets import TicketState
from runtime.wechat.numbers import Number
from runtime.wechat.reception import Asker, FollowedHall, HallAway, Reception
from runtime.wechat.wishes import FollowTheTicket, LetGo, TellNumber, TellProgress, Wish
from tests.actors.hall.conftest import NOON, TAX, VAT, Book, hall_spec

HANGZHOU, SHANGHAI = HallId("HZ01"), HallId("SH02")
ME = FollowerId("me")
A001 = Number(head="A", serial=1)


class Hall(Book):
    """A hall that answers at once; one that is ``away`` takes nothing."""

    def __init__(self, id: HallId) -> None:
        super().__init__(hall_spec(id=id, names={"zh": id, "en": id}))
        self.away = False
        self._commands = 0

    def tell(self, message: Any) -> None:
        if self.away:
            raise ActorDeadError
        if isinstance(message, ReadState):
            assert message.reply_to is not None
            message.reply_to.tell(StateRead(state=self.state))
            return
        assert isinstance(message, Submit)
        assert message.reply_to is not None
        done = self.do(message.command)
        answer = done
        if not isinstance(done, Rejected):
            answer = Accepted(command=message.command.id, events=tuple(done))
        message.reply_to.tell(answer)

    def take(self, service: ServiceId = TAX) -> TicketId:
        self._commands += 1
        command = TakeTicket(
            id=CommandId(f"take-{self._commands}"), service=service, language=Language("en")
        )
        [taken] = [event for event in self.do(command) if isinstance(event, TicketTaken)]
        return taken.ticket

    def call(self, counter: str = "1") -> None:
        self._commands += 2
        self.do(OpenCounter(id=CommandId(f"{self._commands}o"), counter=CounterId(counter)))
        self.do(CallNext(id=CommandId(f"{self._commands}n"), counter=CounterId(counter)))


class Two:
    """Two halls, and somebody who asks."""

    def __init__(self) -> None:
        self.first, self.second = Hall(HANGZHOU), Hall(SHANGHAI)
        halls = {HANGZHOU: self.first, SHANGHAI: self.second}
        self.reception = Reception(
            {
                id: FollowedHall(
                    spec=hall.state.spec, hall=hall, page=lambda ticket: f"/t/{ticket}"
                )
                for id, hall in halls.items()
            },
            lambda: NOON,
        )
        self._commands = 0

    def ask(self, wish: Wish, follower: FollowerId = ME) -> str:
        self._commands += 1
        asker = Asker(follower=follower, command=CommandId(f"c{self._commands}"))
        results: list[Any] = []
        Deferred.fromCoroutine(self.reception.carry_out(wish, asker)).addBoth(results.append)
        [result] = results
        if not isinstance(result, str):
            result.raiseException()
        return str(result)

    def follow(self, hall: HallId, ticket: TicketId, follower: FollowerId = ME) -> str:
        return self.ask(FollowTheTicket(hall=hall, ticket=ticket), follower)


@pytest.fixture
def two() -> Two:
    return Two()


def test_progress_of_every_hall_is_told(two: Two) -> None:
    two.follow(HANGZHOU, two.first.take())
    two.follow(SHANGHAI, two.second.take())
    told = two.ask(TellProgress())
    assert told.index("HZ01") < told.index("SH02")


def test_progress_is_that_of_now_and_not_of_when_it_was_asked_first(two: Two) -> None:
    two.follow(HANGZHOU, two.first.take())
    assert "A002" not in two.ask(TellProgress())
    two.follow(HANGZHOU, two.first.take())
    assert "A002" in two.ask(TellProgress())


def test_progress_of_the_other_hall_is_told_while_one_is_away(two: Two) -> None:
    two.follow(SHANGHAI, two.second.take())
    two.first.away = True
    assert "SH02" in two.ask(TellProgress())
    two.second.away = True
    assert "The hall does not answer" in two.ask(TellProgress())


def test_number_is_told_of_each_hall_that_gives_it(two: Two) -> None:
    told = two.ask(TellNumber(number=A001, typed="a1"))
    assert "a1 is a number of Income tax (HZ01)" in told
    assert "a1 is a number of Income tax (SH02)" in told


def test_own_number_is_told_alone_and_without_other_tickets(two: Two) -> None:
    two.follow(HANGZHOU, two.first.take())
    two.follow(HANGZHOU, two.first.take(VAT))
    two.second.take()
    told = two.ask(TellNumber(number=A001, typed="A001"))
    assert "A001" in told
    assert "B001" not in told
    assert "SH02" not in told


def test_own_ended_ticket_is_told_when_its_number_is_asked_for(two: Two) -> None:
    ticket = two.first.take()
    two.follow(HANGZHOU, ticket)
    two.first.do(CancelTicket(id=CommandId("x"), ticket=ticket))
    assert "Cancelled" in two.ask(TellNumber(number=A001, typed="A001"))


def test_number_is_told_with_the_calls_of_its_own_service(two: Two) -> None:
    two.first.take()
    two.first.take(VAT)
    two.first.call("1")
    two.first.call("2")
    assert two.first.state.tickets[TicketId("20260302-B001")].state is TicketState.CALLED
    told = two.ask(TellNumber(number=Number(head="A", serial=3), typed="A003"))
    assert "Now called: A001 (1号)" in told
    assert "B001" not in told


def test_own_ended_ticket_that_is_scanned_again_has_ended(two: Two) -> None:
    ticket = two.first.take()
    two.follow(HANGZHOU, ticket)
    two.first.do(CancelTicket(id=CommandId("x"), ticket=ticket))
    assert two.follow(HANGZHOU, ticket) == "A001 has ended, so there is nothing to be told."


def test_leaving_lets_go_in_every_hall(two: Two) -> None:
    tickets = [two.first.take(), two.second.take(), two.first.take()]
    two.follow(HANGZHOU, tickets[0])
    two.follow(SHANGHAI, tickets[1])
    two.follow(HANGZHOU, tickets[2], FollowerId("other"))
    assert two.ask(LetGo()) == ""
    for hall, ticket in ((two.first, tickets[0]), (two.second, tickets[1])):
        [let_go] = [event for event in hall.events if isinstance(event, TicketUnfollowed)]
        assert let_go.ticket == ticket


def test_leaving_while_a_hall_is_away_is_done_in_the_others_and_asked_again(two: Two) -> None:
    ticket, other = two.first.take(), two.second.take()
    two.follow(HANGZHOU, ticket)
    two.follow(SHANGHAI, other)
    two.first.away = True
    with pytest.raises(HallAway):
        two.ask(LetGo())
    assert two.second.state.tickets[other].follower is None
    two.first.away = False
    two.ask(LetGo())
    assert two.first.state.tickets[ticket].follower is None


def test_hall_that_is_away_does_not_follow(two: Two) -> None:
    ticket = two.first.take()
    two.first.away = True
    with pytest.raises(HallAway):
        two.follow(HANGZHOU, ticket)


def test_nobody_is_looked_for_where_nobody_follows(two: Two) -> None:
    two.first.take()
    assert two.ask(TellProgress(language=Language("en"))).startswith("You follow no ticket")

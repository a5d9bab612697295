"""A day on which more is done than to call and to finish: tickets are sent elsewhere, set aside, put back.

Some people come for two services at once, and some who wait change their mind.
"""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any

from protocol.answers import Accepted, Answer
from protocol.commands import (
    Command,
    HoldTicket,
    RequeueTicket,
    ResumeTicket,
    TakeTicket,
    TransferTicket,
)
from protocol.ids import CommandId, CounterId, ServiceId
from protocol.messages import Submit
from protocol.radio.payloads import Key
from protocol.tickets import QueuePlace, TicketState
from protocol.values import replace
from sim.lab.clerk import ShiftClerk
from sim.lab.crowd import Call, LabCrowd
from sim.lab.visitors import Visitor
from sim.people import Doing

AWAY_S = 420.0
"""A ticket that is set aside is taken up again after so long."""
CHANGED_MIND_S = 200.0
"""Who waits and wants something else says so after so long."""


def other(service: ServiceId) -> ServiceId:
    return ServiceId("b" if service == "a" else "a")


class EventfulCrowd(LabCrowd):
    """People for whom more happens."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.chance = Random(7)
        self._then: set[str] = set()
        """Whose visit has another service to come."""

    def _ask(self, command: Command, then: Any) -> None:
        if isinstance(command, TakeTicket) and self.chance.random() < 0.15:
            command = replace(command, then=(other(command.service),))
            self._then.add(command.id.removesuffix("/take"))
        super()._ask(command, then)

    def waits_again(self, visitor: Visitor) -> None:
        """Let somebody wait whose ticket has its number already."""
        visitor.patience_s = None
        self._waits(visitor)

    def _waits(self, visitor: Visitor) -> None:
        super()._waits(visitor)
        if visitor.slot is None and self.chance.random() < 0.08:
            self._world.call_later(CHANGED_MIND_S, partial(self._changes_mind, visitor))

    def _changes_mind(self, visitor: Visitor) -> None:
        assert visitor.ticket is not None
        if self._waiting.get(visitor.number) is not visitor:
            return
        id = CommandId(f"{visitor.name}/else")
        command: Command = TransferTicket(
            id=id, ticket=visitor.ticket, to_service=other(visitor.service)
        )
        if self.chance.random() < 0.5:
            command = RequeueTicket(id=id, ticket=visitor.ticket, place=QueuePlace.AFTER, after=2)
        self._ask(command, _nothing)

    def goes_on(self, visitor: Visitor, counter: CounterId) -> None:
        """Somebody leaves a counter and will be called again."""
        del self._at_counters[visitor]
        assert visitor.called_s is not None
        now_s = self._world.monotonic()
        self.calls.append(Call(counter=counter, begins_s=visitor.called_s, ends_s=now_s))

    def comes_back_later(self, visitor: Visitor) -> None:
        """Somebody whose ticket was set aside."""
        assert visitor.ticket is not None
        resume = ResumeTicket(id=CommandId(f"{visitor.name}/resume"), ticket=visitor.ticket)
        self._at(
            self._world.monotonic() + AWAY_S,
            partial(self._ask, resume, partial(self._resumed, visitor)),
        )

    def _resumed(self, visitor: Visitor, answer: Answer) -> None:
        assert isinstance(answer, Accepted)
        self.waits_again(visitor)

    def leaves_counter(self, visitor: Visitor, counter: CounterId, end: TicketState) -> None:
        if end is TicketState.SERVED and visitor.name in self._then:
            self._then.discard(visitor.name)
            self.goes_on(visitor, counter)
            self.waits_again(visitor)
        else:
            super().leaves_counter(visitor, counter, end)


class EventfulClerk(ShiftClerk):
    """Now and then does not finish, but sends the ticket elsewhere."""

    def _step_due(self) -> None:
        person, crowd = self._person, self._customers
        assert isinstance(crowd, EventfulCrowd)
        share = crowd.chance.random()
        if self._due is not Key.FINISH or person is None or share > 0.25 or person.came_back:
            super()._step_due()
            return
        person.came_back = True  # no more than once
        id, ticket = CommandId(f"{person.name}/move"), person.ticket
        self._command: Command = HoldTicket(id=id, ticket=ticket, counter=self._counter)
        if share < 0.06:
            self._command = TransferTicket(
                id=id, ticket=ticket, counter=self._counter, to_service=other(person.service),
                back=share < 0.03,
            )  # fmt: skip
        elif share < 0.12:
            self._command = TransferTicket(
                id=id, ticket=ticket, counter=self._counter, to_counter=CounterId("2")
            )
        elif share < 0.18:
            place = QueuePlace.BACK if share < 0.15 else QueuePlace.FRONT
            self._command = RequeueTicket(id=id, ticket=ticket, counter=self._counter, place=place)
        self._doing = Doing.AWAITING_ANSWER
        self._hall.tell(Submit(command=self._command, reply_to=self))

    def tell(self, message: object, /) -> None:
        if not isinstance(message, Accepted) or not message.command.endswith("/move"):
            super().tell(message)
            return
        person, crowd = self._person, self._customers
        assert person is not None
        assert isinstance(crowd, EventfulCrowd)
        self._person = None
        crowd.goes_on(person, self._counter)
        if isinstance(self._command, HoldTicket):
            crowd.comes_back_later(person)
        else:
            crowd.waits_again(person)
        self._press_next()


def _nothing(_answer: Answer) -> None:
    """The ticket was just called."""

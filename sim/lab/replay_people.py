"""The people and clerks of a day that was, who do once more what they did."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import attrs

from actors.base import Ref
from protocol.answers import Accepted, Answer, Rejected
from protocol.commands import (
    Command,
    HoldTicket,
    ReactivateTicket,
    RequeueTicket,
    ResumeTicket,
    TransferTicket,
)
from protocol.ids import CommandId, CounterId, ServiceId
from protocol.messages import CounterChanged, Submit
from protocol.radio.payloads import Key
from protocol.tickets import QueuePlace, TicketState
from protocol.values import replace
from sim.lab.clerk import ShiftClerk
from sim.lab.crowd import LabCrowd
from sim.lab.recording import Deed, Leg, Move
from sim.lab.scenario import LabScenario
from sim.lab.visitors import End, Visitor
from sim.people import Doing
from sim.world import SimWorld

EARLIER_S = 0.001
"""A clerk looks up so long before he did something: sums of seconds are not exact."""


_ON = "on/"
"""How the ids of commands begin that send a ticket on from a counter."""


class ReplayVisitor(Visitor):
    """Somebody who came that day."""

    __slots__ = ("alone", "first_wait_s", "given_up_s", "leg", "moves")

    def __init__(self, name: str, day: date, leg: Leg, came_s: float, service_s: float) -> None:
        super().__init__(name, day, leg.service, came_s, service_s)
        self.leg = leg
        self.given_up_s: float | None = None
        """How long the clerk waits for him, if that is known."""
        self.moves: list[tuple[float, Move]] = []
        """What is done with the ticket while it waits, so long after he came."""
        self.alone: CounterId | None = None
        """The counter for which alone he waits."""
        self.first_wait_s: float | None = None
        """From coming to the first call, if there was one."""

    def seen_s(self, counter: CounterId) -> float:
        """Return when an idle clerk of a counter calls him (world seconds)."""
        if not self.leg.seen:
            return self.queued_s
        by, after_s = self.leg.seen[-1 if self.came_back else 0]
        return self.queued_s + after_s + (0.0 if by == counter else EARLIER_S)

    def waits_for(self, counter: CounterId, services: Container[ServiceId]) -> bool:
        """Whether a counter with these services may call him."""
        return self.service in services if self.alone is None else self.alone == counter


@attrs.define(kw_only=True, eq=False)
class Follower:
    """Who comes when somebody has left the counter: the same person, for what is next."""

    visitor: ReplayVisitor
    delay_s: float
    came_by: Move | None
    """How the ticket went on; None if he took another one."""
    due: bool = False


def command_of(move: Move, id: CommandId, visitor: Visitor, counter: CounterId | None) -> Command:
    """Return the command that does ``move``, with the ticket that is at ``counter`` or waits."""
    ticket = visitor.ticket
    match move.deed:
        case Deed.TRANSFER:
            return TransferTicket(
                id=id, ticket=ticket, counter=counter, to_service=move.service,
                to_counter=move.to_counter, back=move.place is QueuePlace.BACK,
            )  # fmt: skip
        case Deed.REQUEUE:
            place = move.place or QueuePlace.BACK
            return RequeueTicket(
                id=id, ticket=ticket, counter=counter, place=place, after=move.after
            )
        case Deed.HOLD:
            return HoldTicket(id=id, ticket=ticket, counter=counter)
        case Deed.RESUME:
            return ResumeTicket(id=id, ticket=ticket)
        case Deed.VISIT:
            raise AssertionError("a visit goes on by itself")


class ReplayCrowd(LabCrowd):
    """The people of the day. Who had something else to do afterwards has it again."""

    def __init__(
        self,
        world: SimWorld,
        scenario: LabScenario,
        hall: Ref[Any],
        visitors: Sequence[ReplayVisitor],
        followers: Mapping[Visitor, Follower],
    ) -> None:
        later = {each.visitor for each in followers.values()}
        super().__init__(world, scenario, hall, [each for each in visitors if each not in later])
        self._followers = followers
        self._moved: set[Visitor] = set()
        self._held: dict[ReplayVisitor, None] = {}
        """Whose ticket was set aside while it waited."""
        self._offered = scenario.spec.services
        self.visitors = list(visitors)

    # -- what clerks see -------------------------------------------------------------------------

    def seen_in_s(self, counter: CounterId, services: Container[ServiceId]) -> float:
        """Return after how long the clerk of ``counter``, who is idle, calls one of those who wait.

        Of several idle clerks the one goes first who did so that day, and not sooner.
        """
        times_s = [
            each.seen_s(counter)
            for each in self._waiting.values()
            if isinstance(each, ReplayVisitor) and each.waits_for(counter, services)
        ]
        return min(times_s, default=0.0) - self._world.monotonic()

    def called(self, number: str) -> Visitor | None:
        """Return who sees that ``number`` is called; note the wait until the first call."""
        visitor = super().called(number)
        if isinstance(visitor, ReplayVisitor) and visitor.first_wait_s is None:
            visitor.first_wait_s = self._world.monotonic() - visitor.came_s
        return visitor

    def move_of(self, visitor: Visitor) -> Move | None:
        """Return what staff do with somebody's ticket instead of finishing."""
        follower = self._followers.get(visitor)
        move = None if follower is None or follower.due else follower.came_by
        return None if move is None or move.deed is Deed.VISIT else move

    def moved(self, visitor: Visitor) -> None:
        """Note that staff have done so."""
        self._moved.add(visitor)

    def leaves_counter(self, visitor: Visitor, counter: CounterId, end: TicketState) -> None:
        """Let somebody go, or wait for what is next."""
        super().leaves_counter(visitor, counter, end)
        follower = self._followers.get(visitor)
        if follower is not None and visitor.end is not None and not follower.due:
            follower.due = True
            self._goes_on(visitor, follower, end)

    # -- what is next ----------------------------------------------------------------------------

    def _goes_on(self, visitor: Visitor, follower: Follower, end: TicketState) -> None:
        move, next_one = follower.came_by, follower.visitor
        next_one.came_s = self._world.monotonic() + follower.delay_s
        visits = move is not None and move.deed is Deed.VISIT and next_one.service in self._offered
        if move is not None and visits and end is TicketState.SERVED:
            self._takes_over(visitor, next_one, move)
        elif move is not None and visitor in self._moved:
            if move.deed is Deed.HOLD:
                self._at(next_one.came_s, partial(self._resume, visitor, next_one, move))
            else:
                self._takes_over(visitor, next_one, move)
        else:
            self._at(next_one.came_s, partial(self._take_ticket, next_one))

    def _takes_over(self, before: Visitor, visitor: ReplayVisitor, move: Move) -> None:
        """Somebody waits for what is next, with the ticket that he has."""
        now_s = self._world.monotonic()
        visitor.came_s = visitor.taken_s = visitor.in_hall_s = now_s
        visitor.ticket, visitor.number = before.ticket, before.number
        visitor.ticket_class = before.ticket_class
        visitor.alone = move.to_counter
        self._waits(visitor)
        self._will_be_moved(visitor)

    def _resume(self, before: Visitor, visitor: ReplayVisitor, move: Move) -> None:
        command = ResumeTicket(id=CommandId(f"{visitor.name}/resume"), ticket=before.ticket)
        self._ask(command, partial(self._resumed, before, visitor, move))

    def _resumed(self, before: Visitor, visitor: ReplayVisitor, move: Move, answer: Answer) -> None:
        if isinstance(answer, Rejected):
            visitor.end = End.EXPIRED
        else:
            self._takes_over(before, visitor, move)

    # -- tickets ---------------------------------------------------------------------------------

    def _further(self, visitor: Visitor) -> tuple[ServiceId, ...]:
        """Return the services that come after the first one of a visit."""
        services: list[ServiceId] = []
        while (follower := self._followers.get(visitor)) is not None and follower.came_by:
            visitor = follower.visitor
            if follower.came_by.deed is Deed.VISIT and visitor.service in self._offered:
                services.append(visitor.service)
        return tuple(services)

    def _has_ticket(self, visitor: Visitor, answer: Answer) -> None:
        super()._has_ticket(visitor, answer)
        if isinstance(answer, Accepted) and isinstance(visitor, ReplayVisitor):
            self._will_be_moved(visitor)

    def come_back(self, visitor: Visitor) -> None:
        if not isinstance(visitor, ReplayVisitor) or visitor.ticket is None:
            super().come_back(visitor)
            return
        leg = visitor.leg
        command = ReactivateTicket(
            id=CommandId(f"{visitor.name}/come back"),
            ticket=visitor.ticket,
            place=leg.back_at,
            after=leg.back_after,
        )
        self._ask(command, partial(self._came_back, visitor))

    # -- while they wait -------------------------------------------------------------------------

    def _will_be_moved(self, visitor: ReplayVisitor) -> None:
        for number, (after_s, move) in enumerate(visitor.moves):
            self._at(visitor.came_s + after_s, partial(self._move, visitor, number, move))

    def _move(self, visitor: ReplayVisitor, number: int, move: Move) -> None:
        """Do with a ticket that waits what was done, if it was not called in the meantime."""
        waits = self._waiting.get(visitor.number) is visitor
        if visitor in self._held if move.deed is Deed.RESUME else waits:
            id = CommandId(f"{visitor.name}/move {number}")
            command = command_of(move, id, visitor, None)
            self._ask(command, partial(self._was_moved, visitor, move))

    def _was_moved(self, visitor: ReplayVisitor, move: Move, answer: Answer) -> None:
        if isinstance(answer, Rejected):
            return
        match move.deed:
            case Deed.TRANSFER:
                visitor.service, visitor.alone = move.service, move.to_counter
            case Deed.HOLD:
                del self._waiting[visitor.number]
                self._queued(visitor)
                self._held[visitor] = None
            case Deed.RESUME:
                del self._held[visitor]
                self._waits(visitor)
            case Deed.REQUEUE | Deed.VISIT:
                pass

    def end_day(self) -> None:
        """The day is over: who did not get to what was next never will."""
        super().end_day()
        for visitor in self._held:
            self._ends(visitor, End.EXPIRED)
        for follower in self._followers.values():
            if follower.visitor.end is None:
                follower.visitor.end = End.MISSED


class ReplayClerk(ShiftClerk):
    """As quick as the clerks were: to see people, to give somebody up, and to call the next one."""

    def __init__(self, crowd: ReplayCrowd, services: Container[ServiceId], *given: Any) -> None:
        self._crowd = crowd
        self._services = services
        self._rests_s = 0.0
        """What is still done after the last customer."""
        self._move: Move | None = None
        """What is just done with the ticket that is at the counter."""
        super().__init__(*given)

    # -- sending tickets elsewhere ---------------------------------------------------------------

    def _step_due(self) -> None:
        person = self._person
        move = None if person is None else self._crowd.move_of(person)
        if self._due is not Key.FINISH or move is None:
            super()._step_due()
        else:
            self._sends_on(move)

    def _sends_on(self, move: Move) -> None:
        assert self._person is not None
        self._move = move
        self._doing = Doing.AWAITING_ANSWER
        self._presses += 1
        id = CommandId(f"{_ON}{self._counter}/{self._presses}")
        command = command_of(move, id, self._person, self._counter)
        self._hall.tell(Submit(command=command, reply_to=self))

    def tell(self, message: object, /) -> None:
        """Take an answer, or a look at the counter."""
        if isinstance(message, Accepted | Rejected) and message.command.startswith(_ON):
            self._sent_on(message)
        else:
            super().tell(message)

    def _sent_on(self, answer: Answer) -> None:
        person, move = self._person, self._move
        assert person is not None
        assert move is not None
        if isinstance(answer, Accepted):
            self._crowd.moved(person)
            self._let_go(TicketState.SERVED)
            self._press_next()
        elif move.to_counter is not None:
            self._sends_on(replace(move, to_counter=None))  # it is closed now
        else:
            super()._step_due()

    # -- how quick they are ----------------------------------------------------------------------

    def _let_go(self, end: TicketState) -> None:
        person = self._person
        super()._let_go(end)
        if isinstance(person, ReplayVisitor):
            leg = person.leg
            self._rests_s = leg.given_up_after_s if end is TicketState.NO_SHOW else leg.after_s

    def _press_next(self) -> None:
        rests_s, self._rests_s = self._rests_s, 0.0
        if not rests_s:
            super()._press_next()
            return
        self._doing = Doing.AWAITING_ANSWER
        self._world.call_later(rests_s, super()._press_next)

    def _counter_changed(self, view: CounterChanged) -> None:
        if view.waiting and self._doing is Doing.IDLE:
            delay_s = self._crowd.seen_in_s(self._counter, self._services)
            if delay_s > 0:
                self._world.call_later(delay_s, self._see)
            else:
                self._press_next()

    def _see(self) -> None:
        if self._doing is Doing.IDLE and self._crowd.waiting:
            self._press_next()

    def _walk_of(self, person: Visitor | None) -> float:
        walk_s = super()._walk_of(person)
        given_up_s = person.given_up_s if isinstance(person, ReplayVisitor) else None
        if person is not None and given_up_s and not (person.came_back and person.present):
            self._no_show_after_s = given_up_s
        elif person is not None and person.in_hall_s is not None:
            self._no_show_after_s = walk_s + 1.0
        return walk_s

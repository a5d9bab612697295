"""Does with the halls what callbacks ask for. Commands and questions are messages; nothing here waits.

A coroutine carries each wish out to its end, however long the hall takes; whoever wants an answer by a time
looks at a clock of his own.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, TypeVar, assert_never

import attrs
from pykka import ActorDeadError
from twisted.internet.defer import Deferred, DeferredList

from actors.hall.actor import ReadState, StateRead
from actors.hall.state import HallState, Ticket
from protocol.answers import Accepted, Answer, Reason, Rejected
from protocol.commands import Command
from protocol.errors import LinkError, MailboxFull
from protocol.hall import HallSpec
from protocol.ids import CommandId, FollowerId, HallId, TicketId
from protocol.messages import Recipient, Submit
from protocol.push_commands import FollowTicket, UnfollowTicket
from protocol.values import value
from runtime.wechat import answers
from runtime.wechat.numbers import Number, read_number
from runtime.wechat.progress import (
    Followers,
    PublicProgress,
    TicketProgress,
    public_progress,
    ticket_progress,
)
from runtime.wechat.wishes import (
    BadCode,
    FollowTheTicket,
    LetGo,
    Nothing,
    TellHelp,
    TellNumber,
    TellProgress,
    Welcome,
    Wish,
)

__all__ = ["FollowedHall", "HallAway", "Reception"]

T = TypeVar("T")

_LATER = frozenset({Reason.NOT_DURABLE, Reason.OVERLOADED})
"""Refusals of a command that may come again as it is."""


class HallAway(LinkError):
    """A hall does not take a command now; the same one may be sent again."""


@attrs.frozen(kw_only=True, eq=False)
class FollowedHall:
    """A hall whose tickets are followed. ``hall`` takes `Submit` and `ReadState`.

    ``page`` gives the address of a ticket's page, with the code that shows that one has its paper.
    """

    spec: HallSpec
    hall: Recipient
    page: Callable[[TicketId], str]


@value
class Asker:
    """Who asks, as the halls may know him, and the id of what he asks for."""

    follower: FollowerId
    command: CommandId


class Reception:
    """Carries wishes out. ``now`` gives the time (aware)."""

    def __init__(self, halls: Mapping[HallId, FollowedHall], now: Callable[[], datetime]) -> None:
        self._halls = halls
        self._now = now
        self._followers = {hall: Followers() for hall in halls}

    async def carry_out(self, wish: Wish, asker: Asker) -> str:
        """Return what is to be told of ``wish``, once it is done; "" if nothing is.

        Raises:
            HallAway: a hall did not take what was to change; the wish may be carried out again.
        """
        match wish:
            case FollowTheTicket():
                return await self._follow(wish, asker)
            case LetGo():
                await self._let_go(asker)
                return ""
            case TellProgress():
                tickets, away = await self._followed(asker.follower)
                if tickets:
                    return answers.progress_text(tickets)
                return answers.away() if away else answers.none_followed(wish.language)
            case TellNumber():
                return await self._tell_number(wish, asker.follower)
            case BadCode():
                return answers.bad_code(wish.trouble)
            case Welcome():
                return answers.welcome()
            case TellHelp():
                return answers.help_text(wish.language)
            case Nothing():
                return ""
        assert_never(wish)

    # -- following --------------------------------------------------------------------------

    async def _follow(self, wish: FollowTheTicket, asker: Asker) -> str:
        hall = self._halls.get(wish.hall)
        if hall is None:
            return answers.foreign_hall()
        state = await _read(hall)
        ticket = state.tickets.get(wish.ticket)
        if ticket is None:
            return answers.old_ticket()
        # Whoever follows it already only wants to know; to follow it anew would make silent calls loud.
        if ticket.follower != asker.follower or not ticket.state.open:
            command = FollowTicket(id=asker.command, ticket=wish.ticket, follower=asker.follower)
            answer = await _submit(hall, command)
            if isinstance(answer, Rejected):
                return answers.not_followed(answer.reason, self._progress(hall, state, ticket))
            state = await _read(hall)
            ticket = state.tickets.get(wish.ticket)
            if ticket is None:
                return answers.old_ticket()
        return answers.followed(self._progress(hall, state, ticket))

    async def _let_go(self, asker: Asker) -> None:
        await self._of_all(lambda id, hall: self._let_go_in(id, hall, asker), needed=True)

    async def _let_go_in(self, id: HallId, hall: FollowedHall, asker: Asker) -> None:
        state = await _read(hall)
        for ticket in self._followers[id].tickets(state, asker.follower):
            if ticket.state.open:
                command = UnfollowTicket(
                    id=CommandId(f"{asker.command}/{ticket.id}"),
                    ticket=ticket.id,
                    follower=asker.follower,
                )
                await _submit(hall, command)

    # -- telling ----------------------------------------------------------------------------

    async def _followed(self, follower: FollowerId) -> tuple[list[TicketProgress], bool]:
        """Return the open tickets that somebody follows, and whether a hall could not be asked."""

        async def find(id: HallId, hall: FollowedHall) -> list[TicketProgress]:
            state = await _read(hall)
            tickets = self._followers[id].tickets(state, follower)
            return [self._progress(hall, state, ticket) for ticket in tickets if ticket.state.open]

        found, away = await self._of_all(find)
        return [progress for those in found for progress in those], away

    async def _tell_number(self, wish: TellNumber, follower: FollowerId) -> str:
        async def find(
            id: HallId, hall: FollowedHall
        ) -> tuple[list[TicketProgress], list[PublicProgress]]:
            state = await _read(hall)
            own = [
                self._progress(hall, state, ticket)
                for ticket in self._followers[id].tickets(state, follower)
                if _has(ticket, wish.number)
            ]
            return own, list(public_progress(state, wish.number))

        found, away = await self._of_all(find)
        own = [progress for those, _ in found for progress in those]
        if own:
            return answers.progress_text(own)
        public = [progress for _, those in found for progress in those]
        if public:
            return answers.number_text(wish.typed, public)
        return answers.away() if away else answers.number_unknown(wish.typed)

    def _progress(self, hall: FollowedHall, state: HallState, ticket: Ticket) -> TicketProgress:
        return ticket_progress(state, ticket, hall.page(ticket.id), self._now())

    async def _of_all(
        self,
        ask: Callable[[HallId, FollowedHall], Coroutine[Deferred[Any], Any, T]],
        *,
        needed: bool = False,
    ) -> tuple[list[T], bool]:
        """Return what ``ask`` finds in each hall, all at once, and whether one of them is away.

        Raises:
            HallAway: one is, and each is ``needed``.
        """
        asked = [Deferred.fromCoroutine(ask(id, hall)) for id, hall in self._halls.items()]
        results: list[tuple[bool, Any]] = await DeferredList(asked, consumeErrors=True)
        failures = [failure for success, failure in results if not success]
        for failure in failures:
            if needed or not failure.check(HallAway):
                failure.raiseException()
        return [result for success, result in results if success], bool(failures)


def _has(ticket: Ticket, number: Number) -> bool:
    return read_number(ticket.number) == number


class _Reply:
    """Told an answer once, it goes on; told anything later, or after that was given up, it does nothing."""

    def __init__(self) -> None:
        self.answered: Deferred[Any] = Deferred()

    def tell(self, message: object, /) -> None:
        if not self.answered.called:
            self.answered.callback(message)


def _ask(hall: FollowedHall, message: Callable[[Recipient], object]) -> Deferred[Any]:
    """Tell the hall a message for a reply; return what it answers."""
    reply = _Reply()
    try:
        hall.hall.tell(message(reply))
    except (ActorDeadError, MailboxFull) as error:
        raise HallAway(f"the hall {hall.spec.id} takes no messages now") from error
    return reply.answered


async def _read(hall: FollowedHall) -> HallState:
    read = await _ask(hall, lambda reply: ReadState(reply_to=reply))
    assert isinstance(read, StateRead)
    return read.state


async def _submit(hall: FollowedHall, command: Command) -> Answer:
    answer = await _ask(hall, lambda reply: Submit(command=command, reply_to=reply))
    assert isinstance(answer, Accepted | Rejected)
    if isinstance(answer, Rejected) and answer.reason in _LATER:
        raise HallAway(answer.detail)
    return answer

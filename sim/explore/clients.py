"""Asking a hall as pages and kiosks do: the same request again, under the same id, until there is an answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from pykka import ActorDeadError

from protocol.answers import Accepted, Answer, Reason, Rejected
from protocol.commands import Command
from protocol.errors import MailboxFull
from protocol.ids import CommandId
from protocol.messages import Submit
from sim.site import Site
from sim.watch.sightings import Answered, Asked

TRIES_MAX = 8
"""How often something is asked before the person gives up."""

ANSWER_S = 4.0
"""How long an answer is awaited before the same is asked again; twice as long each time."""

ANSWER_S_MAX = 60.0

REPEAT_S_MAX = 900.0
"""How late a request may come again, of which everybody has the answer."""

_AGAIN = frozenset({Reason.NOT_DURABLE, Reason.OVERLOADED})

Then = Callable[[Answer], None]


def nothing(_answer: Answer) -> None:
    """Do nothing about an answer."""


class Clients:
    """All pages and kiosks from which a hall is asked. ``see`` is shown requests and answers."""

    def __init__(
        self, site: Site, see: Callable[[Any], object], random: Random, twice_share: float
    ) -> None:
        self.site = site
        self.see = see
        self.random = random
        self._twice_share = twice_share
        self._repeats = Random(f"{site.seed}/repeats")
        self._asked = 0

    def new_id(self, who: str) -> CommandId:
        """Return an id that no other request has."""
        self._asked += 1
        return CommandId(f"{who}/{self._asked}")

    def ask(self, command: Command, then: Then = nothing) -> None:
        """Ask until there is an answer, or `TRIES_MAX` times; ``then`` is called with the first answer."""
        self.see(Asked(command=command))
        request = _Request(self, command, then)
        request.send()
        if self.random.random() < self._twice_share:
            request.send_once()
        if self._repeats.random() < self._twice_share:
            # Somebody loads a page once more, or a proxy sends what it has: much later, maybe.
            later_s = self._repeats.uniform(0.0, REPEAT_S_MAX)
            self.site.outside.call_later(later_s, request.send_once)


class _Request:
    """What one person asks, and asks again."""

    __slots__ = ("answered", "clients", "command", "then", "tries")

    def __init__(self, clients: Clients, command: Command, then: Then) -> None:
        self.clients = clients
        self.command = command
        self.then = then
        self.tries = 0
        self.answered = False

    def tell(self, answer: Any, /) -> None:
        """Take an answer."""
        assert isinstance(answer, Accepted | Rejected)
        clients = self.clients
        clients.see(Answered(command=self.command, answer=answer))
        refused_for_now = isinstance(answer, Rejected) and answer.reason in _AGAIN
        if not self.answered and not refused_for_now:
            self.answered = True
            # What a person does next is not done within the hall's turn.
            clients.site.outside.call_later(0.0, partial(self.then, answer))

    def send(self) -> None:
        """Ask, and look after a while whether there was an answer."""
        if self.answered or self.tries >= TRIES_MAX:
            return
        wait_s = min(ANSWER_S * 2.0**self.tries, ANSWER_S_MAX)
        self.tries += 1
        self.send_once()
        self.clients.site.outside.call_later(wait_s, self.send)

    def send_once(self) -> None:
        """Ask; nobody may be there to hear it."""
        if self.clients.site.running:
            try:
                self.clients.site.parts.hall.tell(Submit(command=self.command, reply_to=self))
            except (ActorDeadError, MailboxFull):
                return

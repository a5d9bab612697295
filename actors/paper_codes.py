"""Papers that wait for the code by which a phone may follow their ticket.

asked --made--> printed with it
  |
  +--late, or none--> printed with the page's address; for a while no code is asked for, and nobody waits
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import inf
from typing import Protocol

from actors.ports import ScanCodePort
from actors.world import Timer
from protocol.ids import Language, TicketId
from protocol.messages import Recipient
from protocol.printing.ticket import TicketFacts
from protocol.values import value

log = logging.getLogger(__name__)

__all__ = ["CODE_MAX_S", "CODE_PAUSE_S", "CodeOverdue", "PaperCodes", "Waiting"]

CODE_MAX_S = 1.5
"""How long a paper waits for its code."""

CODE_PAUSE_S = 30.0
"""So long after a code that did not come none is asked for."""


@value
class CodeOverdue:
    """The code of the ticket has not come in time."""

    ticket: TicketId


@value
class Waiting:
    """A paper that waited: what it says, in which language."""

    facts: TicketFacts
    language: Language


class Owner(Protocol):
    """What is needed of the kiosk's actor, which is told `ScanCodeMade` and `CodeOverdue`."""

    @property
    def name(self) -> str: ...
    @property
    def monotonic(self) -> float: ...
    def later(self, delay_s: float, message: object) -> Timer: ...


class PaperCodes:
    """See the module. Without ``port`` no paper waits. ``me`` gives where answers go."""

    def __init__(
        self, port: ScanCodePort | None, owner: Owner, me: Callable[[], Recipient]
    ) -> None:
        self._port = port
        self._owner = owner
        self._me = me
        self._from_s = -inf
        """When the next code may be asked for."""
        self._waiting: dict[TicketId, tuple[Waiting, Timer]] = {}

    def wait(self, facts: TicketFacts, language: Language) -> bool:
        """Ask for the paper's code; return whether it has to wait for that."""
        if self._port is None or self._owner.monotonic < self._from_s:
            return False
        ticket = facts.ticket
        self._take(ticket)
        overdue = self._owner.later(CODE_MAX_S, CodeOverdue(ticket=ticket))
        self._waiting[ticket] = (Waiting(facts=facts, language=language), overdue)
        self._port.make(ticket, self._me())
        return True

    def came(self, ticket: TicketId, code: str | None) -> Waiting | None:
        """Take the ticket's code, or that there is none; return its paper, if that waited."""
        waiting = self._take(ticket)
        if waiting is not None and code is None:
            log.warning("no code for a ticket kiosk=%s pause_s=%g", self._owner.name, CODE_PAUSE_S)
            self._from_s = self._owner.monotonic + CODE_PAUSE_S
        return waiting

    def _take(self, ticket: TicketId) -> Waiting | None:
        waiting, overdue = self._waiting.pop(ticket, (None, None))
        if overdue is not None:
            overdue.cancel()
        return waiting

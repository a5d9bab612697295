"""A hall at the web server: its port, its streams, and its view kept as octets while nothing changes."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from actors.hall.state import HallState, Ticket
from protocol.tickets import TicketState
from runtime.http.encoding import to_json
from runtime.http.limits import Limits
from runtime.http.ports import HallPort
from runtime.http.streams import Hub
from runtime.http.views import hall_view

ASIDE = frozenset({TicketState.HELD, TicketState.NO_SHOW, TicketState.CANCELLED})
"""States of tickets that are in no queue and may come back."""


class Desk:
    """Everything that the web server has of one hall."""

    def __init__(self, port: HallPort, limits: Limits, monotonic: Callable[[], float]) -> None:
        self.port = port
        self.spec = port.spec
        self.hub = Hub(port, limits, monotonic)
        self._failed_at: int | None = None
        self._boot = secrets.token_hex(4)
        self._seq = -1
        self._view = b""
        self._aside_seq = -1
        self._aside: tuple[Ticket, ...] = ()

    def view(self, state: HallState) -> tuple[bytes, bytes]:
        """Return the hall's view as JSON, and its entity tag.

        The tag names this start of the server as well: names may have been configured anew.
        """
        if state.seq != self._seq:
            self._view = to_json(hall_view(state))
            self._seq = state.seq
        return self._view, b'"%s-%d"' % (self._boot.encode(), state.seq)

    def aside(self, state: HallState) -> tuple[Ticket, ...]:
        """Return the tickets that are in no queue and may come back: looked for once for all counters."""
        if state.seq != self._aside_seq:
            self._aside = tuple(
                ticket for ticket in state.tickets.values() if ticket.state in ASIDE
            )
            self._aside_seq = state.seq
        return self._aside

    def note_failure(self) -> None:
        """A command was not durable."""
        self._failed_at = self.hub.last

    @property
    def failing(self) -> bool:
        """Whether nothing became durable since a command failed to."""
        return self._failed_at is not None and self._failed_at == self.hub.last

"""A hall at the web server: its port, its streams, and its view kept as octets while nothing changes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from actors.hall.state import HallState, Ticket
from protocol.tickets import TicketState
from runtime.http.encoding import to_json
from runtime.http.limits import Limits
from runtime.http.ports import HallPort
from runtime.http.streams import Hub
from runtime.http.ticket_streams import Later, TicketStreams
from runtime.http.views import hall_view

ASIDE = frozenset({TicketState.HELD, TicketState.NO_SHOW, TicketState.CANCELLED})
"""States of tickets that are in no queue and may come back."""


class Desk:
    """Everything that the web server has of one hall."""

    def __init__(
        self,
        port: HallPort,
        limits: Limits,
        monotonic: Callable[[], float],
        later: Later,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.port = port
        self.spec = port.spec
        self.now = now
        self.hub = Hub(port, limits, monotonic)
        self.ticket_streams = TicketStreams(port, limits, monotonic, later)
        self._failed_at: int | None = None
        self._boot = secrets.token_hex(4)
        self._seq = -1
        self._view = b""
        self._views = 0
        """How many views were made: what is open changes without an event."""
        self._seen_at = self._holds_until = datetime.min.replace(tzinfo=UTC)
        self._aside_seq = -1
        self._aside: tuple[Ticket, ...] = ()

    def start(self) -> None:
        """Begin to follow the hall."""
        self.hub.start()
        self.ticket_streams.start()

    def sweep(self, now_s: float) -> None:
        """Look after the streams."""
        self.hub.sweep(now_s)
        self.ticket_streams.sweep(now_s)

    def view(self, state: HallState) -> tuple[bytes, bytes]:
        """Return the hall's view as JSON, and its entity tag.

        The tag names this start of the server as well: names may have been configured anew.
        """
        now = self.now()
        if state.seq != self._seq or not self._seen_at <= now < self._holds_until:
            view, self._holds_until = hall_view(state, now)
            self._view, self._seq, self._seen_at = to_json(view), state.seq, now
            self._views += 1
        return self._view, b'"%s-%d-%d"' % (self._boot.encode(), state.seq, self._views)

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

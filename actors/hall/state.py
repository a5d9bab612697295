"""The state of a hall's queue: a value that follows from the hall's events alone.

Nothing in it is ever changed in place, so a state that was durable once can be kept, read, shown and written
to a snapshot while decisions go on, and going back to it costs nothing. Small maps (services, counters) are
dicts that are copied on change; the maps that grow with the day are hash tries (`immutables.Map`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import attrs
from immutables import Map

from actors.hall.heap import Heap
from protocol.hall import HallSpec
from protocol.ids import CounterId, KioskId, Language, ServiceId, TicketId
from protocol.tickets import Channel, CounterMode, PrintState, TicketClass, TicketState
from protocol.values import value

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@value
class Ticket:
    """A ticket of the present business day. Times are aware, UTC."""

    id: TicketId
    number: str
    service: ServiceId
    language: Language
    ticket_class: TicketClass
    channel: Channel
    kiosk: KioskId | None
    state: TicketState
    order: tuple[int, ...]
    """Its place among those who wait for the service: the smallest goes first."""
    taken_at: datetime
    counter: CounterId | None = None
    """The counter that has it, or that had it last."""
    called_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    recalls: int = 0
    recalled_at: datetime | None = None
    printed: PrintState = PrintState.NONE
    print_failure: str | None = None


@value
class Post:
    """What a counter is doing."""

    mode: CounterMode = CounterMode.CLOSED
    reason: str = ""
    ticket: TicketId | None = None


CLOSED_POST = Post()


@value
class Line:
    """Those who wait for one service.

    ``queue`` may hold tickets that wait no more (cancelled ones): they are skipped when their turn comes;
    ``waiting`` counts those who do wait. ``serial`` is the last one given out today.
    """

    queue: Heap | None
    waiting: int
    serial: int


@attrs.define(kw_only=True)
class HallState:
    """Everything that the hall's next decision depends on. Only `apply_all` sets fields, on a copy of its own.

    ``seq`` numbers the last event; ``last_at`` is its time. A service has a line once a ticket was taken,
    a counter has a post once something happened there, in this business day.
    """

    spec: HallSpec
    seq: int = 0
    last_at: datetime = BEFORE_ALL
    day: date = date.min
    ends_at: datetime = BEFORE_ALL
    tickets: Map[TicketId, Ticket] = attrs.field(factory=Map)
    lines: Mapping[ServiceId, Line] = attrs.field(factory=dict)
    posts: Mapping[CounterId, Post] = attrs.field(factory=dict)

    def post(self, counter: CounterId) -> Post:
        """Return what the counter is doing."""
        return self.posts.get(counter, CLOSED_POST)

    def waiting(self, service: ServiceId) -> int:
        """Return how many wait for the service."""
        line = self.lines.get(service)
        return 0 if line is None else line.waiting

    def waiting_for(self, counter: CounterId) -> int:
        """Return how many wait for any service of the counter."""
        waiting = 0
        for service in self.spec.counters[counter].services:
            line = self.lines.get(service)
            if line is not None:
                waiting += line.waiting
        return waiting


__all__ = ["BEFORE_ALL", "CLOSED_POST", "HallState", "Line", "Post", "Ticket"]

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
from protocol.events import Event
from protocol.hall import HallSpec
from protocol.ids import CommandId, CounterId, KioskId, Language, ServiceId, TicketId
from protocol.tickets import Channel, CounterMode, PrintState, TicketClass, TicketState
from protocol.values import value

ANSWERS_MAX = 10_000
"""Answers of one generation; the last one to two generations of answers are remembered for repeats."""

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
class HallState:
    """Everything that the hall's next decision depends on.

    ``seq`` numbers the last event; ``last_at`` is its time. ``queues`` may hold tickets that wait no more
    (cancelled ones): they are skipped when their turn comes; ``waiting`` counts those who do wait.
    ``answers`` and ``answers_before`` are two generations of events by the command that caused them.
    """

    spec: HallSpec
    seq: int = 0
    last_at: datetime = BEFORE_ALL
    day: date = date.min
    ends_at: datetime = BEFORE_ALL
    tickets: Map[TicketId, Ticket] = attrs.field(factory=Map)
    queues: Mapping[ServiceId, Heap | None] = attrs.field(factory=dict)
    waiting: Mapping[ServiceId, int] = attrs.field(factory=dict)
    serials: Mapping[ServiceId, int] = attrs.field(factory=dict)
    posts: Mapping[CounterId, Post] = attrs.field(factory=dict)
    answers: Map[CommandId, tuple[Event, ...]] = attrs.field(factory=Map)
    answers_before: Map[CommandId, tuple[Event, ...]] = attrs.field(factory=Map)

    def answer(self, command: CommandId) -> tuple[Event, ...] | None:
        """Return the events that ``command`` caused, if it is remembered."""
        return self.answers.get(command) or self.answers_before.get(command)

    def post(self, counter: CounterId) -> Post:
        """Return what the counter is doing."""
        return self.posts.get(counter, CLOSED_POST)

    def waiting_for(self, counter: CounterId) -> int:
        """Return how many wait for any service of the counter."""
        waiting = self.waiting
        return sum(waiting.get(service, 0) for service in self.spec.counters[counter].services)


__all__ = ["ANSWERS_MAX", "BEFORE_ALL", "CLOSED_POST", "HallState", "Post", "Ticket"]

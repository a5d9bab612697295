"""A clerk with paper and pencil: what each event makes of a hall, as somebody follows who reads the stream.

It is naive on purpose and shares nothing with the actors' own `apply`: what the hall says is compared with it.
"""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

import attrs

from protocol.events import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayBegun,
    Event,
    ServiceEvaluated,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketCancelled,
    TicketExpired,
    TicketHeld,
    TicketNoShow,
    TicketReactivated,
    TicketRequeued,
    TicketResumed,
    TicketTaken,
    TicketTransferred,
    VisitContinued,
)
from protocol.ids import CounterId, ServiceId, TicketId
from protocol.messages import Recorded
from protocol.tickets import CounterMode, TicketClass, TicketState, VisitOrder
from sim.watch.diary import Diary
from sim.watch.sightings import BookingSaid, ClosureSaid, CounterSaid, HallSaid, TicketSaid


@attrs.define(slots=True)
class Entry:
    """A ticket of the day."""

    id: TicketId
    number: str
    service: ServiceId
    ticket_class: TicketClass
    since: datetime
    """When it was taken, or came to the present service of its visit."""
    place: int
    """How many were taken, or came so, before it."""
    party: int = 1
    then: tuple[ServiceId, ...] = ()
    """Services of its visit that come after the present one."""
    fixed: bool = True
    """They come in this order."""
    due_at: datetime | None = None
    """The time of the appointment by which it goes."""
    state: TicketState = TicketState.WAITING
    counter: CounterId | None = None
    """Where it is; nothing if it is at no counter."""
    reserved: bool = False
    """Where it waits, it waits for one counter alone."""
    moved: bool = False
    """It did not just wait since it was taken: somebody put it somewhere else."""
    finished: int = 0
    evaluated: int = 0


@attrs.define(slots=True)
class Desk:
    """A counter on this day."""

    mode: CounterMode = CounterMode.CLOSED
    ticket: TicketId | None = None
    evaluated: int = 0
    levels: int = 0


class Ledger:
    """The hall as of the event ``seq``."""

    def __init__(self, counters: Iterable[CounterId]) -> None:
        self.seq = 0
        self.day: date | None = None
        self.tickets: dict[TicketId, Entry] = {}
        self.waiting: dict[ServiceId, dict[TicketId, Entry]] = {}
        """Who waits for each service, in the order in which they joined."""
        self.desks: dict[CounterId, Desk] = {}
        self.diary = Diary()
        self._counters = tuple(counters)
        self._taken = 0
        self._clear()

    def _clear(self) -> None:
        self.tickets = {}
        self.waiting = {}
        self.desks = {counter: Desk() for counter in self._counters}

    def take(self, seq: int, event: Event) -> None:
        """Write down what the event says."""
        self.seq = seq
        write = _WRITE.get(type(event))
        if write is not None:
            write(self, event)
        self.diary.take(event)

    def take_all(self, records: Iterable[Recorded]) -> Ledger:
        """Write down all ``records``; return self."""
        for record in records:
            self.take(record.seq, record.event)
        return self

    def said(self) -> HallSaid:
        """Return what the hall should say."""
        waits: Count[ServiceId] = Count()
        for service, waiting in self.waiting.items():
            waits[service] = sum(not entry.reserved for entry in waiting.values())
        return HallSaid(
            seq=self.seq,
            tickets={
                id: TicketSaid(
                    number=entry.number,
                    service=entry.service,
                    state=entry.state,
                    counter=entry.counter,
                    then=entry.then,
                )
                for id, entry in self.tickets.items()
            },
            counters={
                id: CounterSaid(
                    mode=desk.mode,
                    ticket=desk.ticket,
                    evaluated=desk.evaluated,
                    levels=desk.levels,
                )
                for id, desk in self.desks.items()
            },
            waiting={service: count for service, count in waits.items() if count},
            bookings={
                id: BookingSaid(
                    service=booked.service,
                    state=booked.state,
                    starts_at=booked.starts_at,
                    ticket=booked.ticket,
                )
                for id, booked in self.diary.bookings.items()
            },
            closures={
                id: ClosureSaid(service=closed.service, first=closed.first, last=closed.last)
                for id, closed in self.diary.closures.items()
            },
            bans=dict(self.diary.bans),
        )

    # -- each event -------------------------------------------------------------------------

    def _day_begun(self, event: DayBegun) -> None:
        self.day = event.day
        self._clear()

    def _ticket_taken(self, event: TicketTaken) -> None:
        self._taken += 1
        entry = Entry(
            id=event.ticket,
            number=event.number,
            service=event.service,
            ticket_class=event.ticket_class,
            since=event.at,
            place=self._taken,
            party=event.party,
            then=event.then,
            fixed=event.visit_order is VisitOrder.FIXED,
            due_at=event.due_at,
        )
        self.tickets[event.ticket] = entry
        self._queue(entry)

    def _ticket_called(self, event: TicketCalled) -> None:
        entry = self._leave(event.ticket)
        if entry is not None:
            entry.state, entry.counter = TicketState.CALLED, event.counter
        if event.counter in self.desks:
            self.desks[event.counter].ticket = event.ticket

    def _service_started(self, event: ServiceStarted) -> None:
        if event.ticket in self.tickets:
            self.tickets[event.ticket].state = TicketState.SERVING

    def _service_finished(self, event: ServiceFinished) -> None:
        entry = self._leave(event.ticket)
        if entry is not None:
            entry.state = TicketState.SERVED
            entry.finished += 1

    def _ended(self, event: TicketNoShow | TicketCancelled | TicketExpired) -> None:
        entry = self._leave(event.ticket)
        if entry is not None:
            entry.state = _ENDS[type(event)]

    def _ticket_held(self, event: TicketHeld) -> None:
        entry = self._leave(event.ticket)
        if entry is not None:
            entry.state, entry.moved = TicketState.HELD, True

    def _waits(self, event: TicketResumed | TicketRequeued | TicketReactivated) -> None:
        entry = self._leave(event.ticket)
        if entry is not None:
            self._wait(entry)

    def _transferred(self, event: TicketTransferred) -> None:
        entry = self._leave(event.ticket)
        if entry is not None:
            entry.service = event.service
            entry.reserved = event.to_counter is not None
            # It has come to this service before its turn.
            entry.then = tuple(each for each in entry.then if each != event.service)
            self._wait(entry)

    def _continued(self, event: VisitContinued) -> None:
        entry = self._leave(event.ticket)
        if entry is not None:
            self._taken += 1
            entry.service, entry.then, entry.reserved = event.service, event.then, False
            entry.since, entry.place, entry.due_at = event.at, self._taken, None
            self._wait(entry)
            # It stands where somebody stands who takes a ticket now.
            entry.moved = False

    def _evaluated(self, event: ServiceEvaluated) -> None:
        if event.ticket in self.tickets:
            self.tickets[event.ticket].evaluated += 1
        if event.counter in self.desks:
            desk = self.desks[event.counter]
            desk.evaluated += 1
            desk.levels += event.level

    def _opened(self, event: CounterOpened) -> None:
        self._mode(event.counter, CounterMode.OPEN)

    def _paused(self, event: CounterPaused) -> None:
        self._mode(event.counter, CounterMode.PAUSED)

    def _closed(self, event: CounterClosed) -> None:
        self._mode(event.counter, CounterMode.CLOSED)

    # -- inside -----------------------------------------------------------------------------

    def _mode(self, counter: CounterId, mode: CounterMode) -> None:
        if counter in self.desks:
            self.desks[counter].mode = mode

    def _queue(self, entry: Entry) -> None:
        self.waiting.setdefault(entry.service, {})[entry.id] = entry

    def _wait(self, entry: Entry) -> None:
        entry.state, entry.moved = TicketState.WAITING, True
        self._queue(entry)

    def _leave(self, ticket: TicketId) -> Entry | None:
        """Take a ticket out of its queue, or away from its counter."""
        entry = self.tickets.get(ticket)
        if entry is None:
            return None
        self.waiting.get(entry.service, {}).pop(ticket, None)
        if entry.counter is not None:
            desk = self.desks.get(entry.counter)
            if desk is not None and desk.ticket == ticket:
                desk.ticket = None
            entry.counter = None
        return entry


_ENDS = {
    TicketNoShow: TicketState.NO_SHOW,
    TicketCancelled: TicketState.CANCELLED,
    TicketExpired: TicketState.EXPIRED,
}

_WRITE: dict[type, Callable[[Ledger, Any], None]] = {
    DayBegun: Ledger._day_begun,
    TicketTaken: Ledger._ticket_taken,
    TicketCalled: Ledger._ticket_called,
    ServiceStarted: Ledger._service_started,
    ServiceFinished: Ledger._service_finished,
    TicketNoShow: Ledger._ended,
    TicketCancelled: Ledger._ended,
    TicketExpired: Ledger._ended,
    TicketHeld: Ledger._ticket_held,
    TicketResumed: Ledger._waits,
    TicketRequeued: Ledger._waits,
    TicketReactivated: Ledger._waits,
    TicketTransferred: Ledger._transferred,
    VisitContinued: Ledger._continued,
    ServiceEvaluated: Ledger._evaluated,
    CounterOpened: Ledger._opened,
    CounterPaused: Ledger._paused,
    CounterClosed: Ledger._closed,
}

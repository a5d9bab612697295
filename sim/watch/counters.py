"""2. A ticket is at one counter at a time, and is called by one."""

from __future__ import annotations

from protocol.events import (
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketNoShow,
    TicketRecalled,
)
from protocol.ids import CommandId, CounterId, TicketId
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.sightings import EventSeen, Forged, ScreenSeen, number_of


class OneCounter(Invariant):
    """See the module. One press calls one ticket, and the screen never sends anybody to two counters.

    A press that somebody forged calls nobody.
    """

    number = 2
    title = "a ticket is at one counter at a time, and is called by one"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._calls: dict[CommandId, TicketId] = {}
        self._forged: set[CommandId] = set()

    @sees(Forged)
    def _forgery(self, seen: Forged) -> None:
        if seen.press is not None:
            self._forged.add(CommandId(seen.press))

    @sees(EventSeen)
    def _event(self, seen: EventSeen) -> None:
        event = seen.event
        if event.command in self._forged:
            self.broken(f"{type(event).__name__} by a press that was forged [{event.command}]")
        match event:
            case TicketCalled():
                self._called(event)
            case ServiceStarted() | ServiceFinished() | TicketNoShow() | TicketRecalled():
                self._done_at(event.ticket, event.counter, type(event).__name__)

    def _called(self, event: TicketCalled) -> None:
        ledger = self.scene.ledger
        entry = ledger.tickets.get(event.ticket)
        if entry is not None and entry.counter is not None:
            self.broken(
                f"{event.number} is called to {event.counter} while it is at {entry.counter}",
                event.number,
            )
        desk = ledger.desks.get(event.counter)
        if desk is not None and desk.ticket is not None:
            self.broken(
                f"{event.number} is called to {event.counter}, which has {number_of(desk.ticket)}",
                event.number,
            )
        first = self._calls.setdefault(event.command, event.ticket)
        if first != event.ticket:
            self.broken(
                f"one press [{event.command}] called {number_of(first)} and {event.number}",
                event.number,
            )

    def _done_at(self, ticket: TicketId, counter: CounterId, what: str) -> None:
        entry = self.scene.ledger.tickets.get(ticket)
        if entry is not None and entry.counter != counter:
            where = "at no counter" if entry.counter is None else f"at {entry.counter}"
            number = number_of(ticket)
            self.broken(f"{what} of {number} at {counter} while it is {where}", number)

    @sees(ScreenSeen)
    def _screen(self, seen: ScreenSeen) -> None:
        places: dict[str, CounterId] = {}
        for call in seen.calls:
            other = places.setdefault(call.number, call.counter)
            if other != call.counter:
                self.broken(
                    f"the screen sends {call.number} to {other} and to {call.counter}", call.number
                )

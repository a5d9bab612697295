"""4. Nothing is seen outside before its event is durable.

Somebody looks at the disk at each sighting: what is seen must follow from what the disk holds at that instant.
"""

from __future__ import annotations

from protocol.answers import Accepted
from protocol.events import Event, TicketCalled, TicketPrintFailed, TicketRecalled, TicketTaken
from protocol.ids import CommandId, CounterId, TicketId
from protocol.radio.payloads import Result, WindowState
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.sightings import (
    Answered,
    EventSeen,
    HallSaid,
    KeypadSeen,
    KioskSeen,
    PaperSeen,
    ProcessStarted,
    ScreenSeen,
    WindowSeen,
    number_of,
)

_SHOWN = frozenset({WindowState.CALLED, WindowState.RECALL, WindowState.SERVING})


class DurableFirst(Invariant):
    """See the module."""

    number = 4
    title = "nothing is seen before its event is durable"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._read = 0
        self._commands: dict[CommandId, list[Event]] = {}
        self._taken: set[TicketId] = set()
        self._failed: set[TicketId] = set()
        self._called: set[tuple[str, CounterId]] = set()

    def _look(self) -> int:
        """Read what is new on the disk; return its last event."""
        durable = self.scene.durable()
        if durable != self._read:
            for record in self.scene.on_disk(self._read):
                self._note(record.event)
            self._read = durable
        return durable

    def _note(self, event: Event) -> None:
        self._commands.setdefault(event.command, []).append(event)
        match event:
            case TicketTaken():
                self._taken.add(event.ticket)
            case TicketCalled() | TicketRecalled():
                self._called.add((event.number, event.counter))
            case TicketPrintFailed():
                self._failed.add(event.ticket)

    @sees(EventSeen)
    def _event(self, seen: EventSeen) -> None:
        durable = self._look()
        if seen.seq > durable:
            self.broken(
                f"event {seen.seq} is told, and the disk holds {durable}", _number(seen.event)
            )

    @sees(HallSaid)
    def _said(self, seen: HallSaid) -> None:
        durable = self._look()
        if seen.seq > durable:
            self.broken(f"the hall tells of event {seen.seq}, and the disk holds {durable}")

    @sees(Answered)
    def _answered(self, seen: Answered) -> None:
        answer = seen.answer
        if not isinstance(answer, Accepted) or not answer.events:
            return
        self._look()
        held = self._commands.get(answer.command, [])
        for event in answer.events:
            if event not in held:
                self.broken(
                    f"the answer to [{answer.command}] tells of {type(event).__name__}, which the"
                    " disk does not hold",
                    _number(event),
                )
                return

    @sees(PaperSeen)
    def _paper(self, seen: PaperSeen) -> None:
        self._look()
        if not seen.smudged and seen.ticket is not None and seen.ticket not in self._taken:
            self.broken(
                f"{seen.number} is on paper, and the disk holds no such ticket", seen.number
            )

    @sees(KioskSeen)
    def _kiosk(self, seen: KioskSeen) -> None:
        self._look()
        for ticket in seen.unprinted:
            if ticket not in self._failed:
                self.broken(
                    f"kiosk {seen.kiosk} shows {number_of(ticket)} without paper, and the disk does"
                    " not hold that it failed",
                    number_of(ticket),
                )

    @sees(WindowSeen)
    def _window(self, seen: WindowSeen) -> None:
        if seen.state in _SHOWN:
            self._call(f"window {seen.counter}", seen.text, seen.counter)

    @sees(ScreenSeen)
    def _screen(self, seen: ScreenSeen) -> None:
        for call in seen.calls:
            self._call("the screen", call.number, call.counter)

    @sees(KeypadSeen)
    def _keypad(self, seen: KeypadSeen) -> None:
        if seen.result.result is Result.CALLED:
            self._call(f"keypad {seen.counter}", seen.result.text, seen.counter)

    def _call(self, who: str, number: str, counter: CounterId) -> None:
        self._look()
        if (number, counter) not in self._called:
            self.broken(
                f"{who} shows {number} at {counter}, and the disk holds no such call", number
            )

    @sees(ProcessStarted)
    def _started(self, seen: ProcessStarted) -> None:
        if seen.durable < self._read:
            self.broken(f"the disk held {self._read} events, and holds {seen.durable} now")
        self._look()


def _number(event: Event) -> str | None:
    ticket: TicketId | None = getattr(event, "ticket", None)
    return None if ticket is None else number_of(ticket)

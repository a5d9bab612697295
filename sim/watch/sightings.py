"""What somebody outside a hall's process can see, each as a value; `Log` keeps the last of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import attrs

from protocol.answers import Accepted, Answer
from protocol.appointments import BookingState
from protocol.commands import Command
from protocol.events import Event
from protocol.ids import BookingId, ClosureId, CounterId, KioskId, PersonId, ServiceId, TicketId
from protocol.messages import DisplayedCall, Recorded
from protocol.pushes import PushKind
from protocol.radio.payloads import PressResult, WindowState
from protocol.tickets import CounterMode, TicketState
from protocol.values import value

LOG_MAX = 20_000
"""Sightings that are kept; one more drops the oldest."""


@value
class PaperSeen:
    """A kiosk's printer cut a paper: its number, and the ticket that its code leads to.

    It is ``smudged`` if its octets may have suffered on a bad line: then neither need be right.
    """

    kiosk: KioskId
    number: str
    ticket: TicketId | None
    smudged: bool = False


@value
class KioskSeen:
    """A kiosk's screen shows which tickets have no paper."""

    kiosk: KioskId
    unprinted: tuple[TicketId, ...]


@value
class WindowSeen:
    """A window's display changed, or was told the same once more."""

    counter: CounterId
    state: WindowState
    text: str


@value
class ScreenSeen:
    """The large screen shows these calls; it is ``dark`` without power."""

    calls: tuple[DisplayedCall, ...]
    dark: bool = False


@value
class KeypadSeen:
    """A keypad tells its staff what a press did."""

    counter: CounterId
    result: PressResult


@value
class PadSeen:
    """An evaluator tells a customer what became of the rating."""

    counter: CounterId
    result: PressResult


@value
class PushSeen:
    """A push came to the phone of ``person``, about ``ticket``."""

    person: str
    ticket: TicketId
    kind: PushKind


@value
class Asked:
    """Somebody at a page or a kiosk's screen asked for something."""

    command: Command


@value
class Answered:
    """And was answered."""

    command: Command
    answer: Answer


@value
class EventSeen:
    """The public stream told an event; ``late`` if it was fetched after a restart."""

    seq: int
    event: Event
    late: bool = False


@value
class AlarmsSeen:
    """The alarm board shows these."""

    alarms: tuple[str, ...]


@value
class TicketSaid:
    """What a page is told of a ticket."""

    number: str
    service: ServiceId
    state: TicketState
    counter: CounterId | None
    """Where it is, unless it is at no counter now."""
    then: tuple[ServiceId, ...] = ()
    """What is to come of its visit."""


@value
class BookingSaid:
    """What a page is told of an appointment; ``starts_at`` is aware, UTC."""

    service: ServiceId
    state: BookingState
    starts_at: datetime
    ticket: TicketId | None


@value
class ClosureSaid:
    """What a page is told of a closure that was added."""

    service: ServiceId | None
    first: date
    last: date


@value
class CounterSaid:
    """What a page is told of a counter."""

    mode: CounterMode
    ticket: TicketId | None
    evaluated: int
    levels: int


@value
class HallSaid:
    """What a page is told of the whole hall, as of the event ``seq``; ``fresh`` right after a start."""

    seq: int
    tickets: Mapping[TicketId, TicketSaid]
    counters: Mapping[CounterId, CounterSaid]
    waiting: Mapping[ServiceId, int]
    """How many wait for each service at any of its counters."""
    bookings: Mapping[BookingId, BookingSaid] = attrs.field(factory=dict)
    closures: Mapping[ClosureId, ClosureSaid] = attrs.field(factory=dict)
    bans: Mapping[PersonId, datetime] = attrs.field(factory=dict)
    """Until when somebody may book nothing."""
    fresh: bool = False


@value
class ProcessStarted:
    """The hall's process runs; the disk holds events up to ``durable``."""

    durable: int


@value
class ProcessEnded:
    """The hall's process is gone."""


@value
class FaultSeen:
    """A fault began or ended, as ``text`` says; ``stuck`` are the counters whose windows are stuck now.

    ``calm`` says that nothing is wrong with the radio any more.
    """

    text: str
    stuck: frozenset[CounterId] = frozenset()
    calm: bool = False


@value
class Forged:
    """Somebody forged or replayed ``what`` on the radio, with the name ``press`` if it is a press."""

    what: str
    press: str | None = None


@value
class Quiet:
    """Everything is healed and nobody does anything; all had the time to settle.

    ``closed`` if staff have called everybody before, until nobody was left.
    """

    said: HallSaid
    closed: bool = False


@value
class CopySeen:
    """Somebody looked at headquarters' copy of the hall: every event, by its number there.

    ``quiet`` if everything is healed, and all had the time to settle.
    """

    events: tuple[Recorded, ...]
    quiet: bool


Sighting = (
    PaperSeen
    | KioskSeen
    | WindowSeen
    | ScreenSeen
    | KeypadSeen
    | PadSeen
    | Asked
    | Answered
    | EventSeen
    | AlarmsSeen
    | HallSaid
    | ProcessStarted
    | ProcessEnded
    | FaultSeen
    | Forged
    | Quiet
    | CopySeen
)


def number_of(ticket: TicketId) -> str:
    """Return the number on a ticket, with which its id ends."""
    return ticket.rpartition("-")[2]


class Log:
    """The last sightings, each with its time (seconds since the run began)."""

    def __init__(self, kept: int = LOG_MAX) -> None:
        self._entries: deque[tuple[float, Any]] = deque(maxlen=kept)
        self.note = self._entries.append
        """Keep a time and a sighting."""

    def __len__(self) -> int:
        return len(self._entries)

    def lines(self) -> Iterator[str]:
        """Yield all that is kept, the oldest first."""
        for at_s, sighting in self._entries:
            yield _line(at_s, sighting)

    def around(self, number: str | None, most: int) -> list[str]:
        """Return the last lines that concern the ticket with ``number``, or the process, or faults."""
        found: deque[str] = deque(maxlen=most)
        for at_s, sighting in self._entries:
            kind = type(sighting)
            if kind in _OF_ALL or number is None or number in _numbers(sighting):
                found.append(_line(at_s, sighting))
        return list(found)


_OF_ALL = frozenset({ProcessStarted, ProcessEnded, FaultSeen})


def _line(at_s: float, sighting: Any) -> str:
    return f"{at_s:12.3f} s  {_TOLD[type(sighting)](sighting)}"


def _numbers(sighting: Any) -> tuple[str, ...]:
    """Return the numbers that a sighting is about."""
    match sighting:
        case PaperSeen(number=number):
            return (number,)
        case KioskSeen(unprinted=unprinted):
            return tuple(number_of(ticket) for ticket in unprinted)
        case WindowSeen(text=text):
            return (text,)
        case KeypadSeen(result=result) | PadSeen(result=result):
            return (result.text,)
        case ScreenSeen(calls=calls):
            return tuple(call.number for call in calls)
        case Asked(command=command):
            return _numbers_in(command)
        case Answered(command=command, answer=Accepted(events=events)):
            return tuple(n for told in (command, *events) for n in _numbers_in(told))
        case Answered(command=command):
            return _numbers_in(command)
        case EventSeen(event=event):
            return _numbers_in(event)
        case HallSaid(tickets=tickets):
            return tuple(said.number for said in tickets.values())
        case _:
            return ()


def _numbers_in(told: object) -> tuple[str, ...]:
    ticket = getattr(told, "ticket", None)
    return (number_of(ticket),) if ticket else ()


_OF_EVENTS = ("ticket", "booking", "person", "closure", "service", "then", "counter", "to_counter")
"""What an event or a command is about, as far as it has that."""


def event_text(event: Event) -> str:
    """Return an event in a few words: its name, and what it is about."""
    words = [type(event).__name__]
    for name in (*_OF_EVENTS, "times", "level", "failure", "day"):
        told = getattr(event, name, None)
        if told is not None and told != ():
            words.append(f"{name}={number_of(told) if name == 'ticket' else told}")
    return " ".join(words)


def _command_text(command: Command) -> str:
    words = [type(command).__name__]
    for name in (*_OF_EVENTS, "to_service", "kiosk", "level", "slot"):
        told = getattr(command, name, None)
        if told is not None and told != ():
            words.append(f"{name}={number_of(told) if name == 'ticket' else told}")
    return f"{' '.join(words)} [{command.id}]"


def _answer_text(answer: Answer) -> str:
    if isinstance(answer, Accepted):
        return "; ".join(event_text(event) for event in answer.events) or "nothing to do"
    return f"refused: {answer.reason.value}"


_TOLD: Mapping[type, Callable[[Any], str]] = {
    PaperSeen: lambda seen: (
        f"paper at kiosk {seen.kiosk}: {seen.number or '(part of one)'}"
        + (" (over a bad line)" if seen.smudged else "")
    ),
    KioskSeen: lambda seen: (
        f"kiosk {seen.kiosk} shows without paper: "
        + (", ".join(number_of(ticket) for ticket in seen.unprinted) or "nobody")
    ),
    WindowSeen: lambda seen: (
        f"window {seen.counter} shows {seen.state.name.lower()} {seen.text}".rstrip()
    ),
    ScreenSeen: lambda seen: (
        ("screen is dark: " if seen.dark else "screen shows ")
        + (", ".join(f"{call.number} at {call.counter}" for call in seen.calls) or "nobody")
    ),
    KeypadSeen: lambda seen: (
        f"keypad {seen.counter} shows {seen.result.result.name.lower()} {seen.result.text}".rstrip()
    ),
    PadSeen: lambda seen: f"pad {seen.counter} shows {seen.result.result.name.lower()}",
    PushSeen: lambda seen: f"{seen.person}'s phone: {seen.kind.value} of {number_of(seen.ticket)}",
    Asked: lambda seen: f"asked: {_command_text(seen.command)}",
    Answered: lambda seen: f"answer to [{seen.command.id}]: {_answer_text(seen.answer)}",
    EventSeen: lambda seen: (
        f"event {seen.seq}: {event_text(seen.event)} [{seen.event.command}]"
        + (" (fetched)" if seen.late else "")
    ),
    AlarmsSeen: lambda seen: f"alarms: {', '.join(seen.alarms) or 'none'}",
    HallSaid: lambda seen: (
        f"the hall says: event {seen.seq}, {len(seen.tickets)} tickets, "
        f"{sum(seen.waiting.values())} wait"
    ),
    ProcessStarted: lambda seen: f"process starts on {seen.durable} durable events",
    ProcessEnded: lambda _seen: "process is gone",
    FaultSeen: lambda seen: f"fault: {seen.text}",
    Forged: lambda seen: f"somebody sends {seen.what}",
    Quiet: lambda _seen: "all is quiet",
    CopySeen: lambda seen: f"headquarters has {len(seen.events)} events",
}

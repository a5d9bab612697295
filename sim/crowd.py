"""The people of a simulated hall: who they are, what becomes of them, how long they wait.

The crowd knows what the hall cannot: how long a person's matter takes, when patience ends, who walked out
silently. It hears of tickets and calls as anybody would, by the hall's durable events, and measures from
outside: a wait lasts from a person's arrival to the event that calls the ticket.
"""

from array import array
from collections.abc import Callable
from itertools import accumulate
from random import Random
from typing import Any, ClassVar

from actors.base import Ref
from protocol.answers import Reason, Rejected
from protocol.commands import CancelTicket, TakeTicket
from protocol.errors import WorldError
from protocol.events import (
    Event,
    ServiceFinished,
    TicketCalled,
    TicketCancelled,
    TicketExpired,
    TicketNoShow,
    TicketTaken,
)
from protocol.hall import HallSpec
from protocol.ids import CommandId, CounterId, ServiceId, TicketId
from protocol.messages import Answered, Recorded, Submit
from sim.scenario import Scenario


class Person:
    """Somebody who came. Changed in place, unlike what is said between actors: there is one a ticket."""

    __slots__ = (
        "arrived_s",
        "called_s",
        "leaves_after_s",
        "number",
        "present",
        "service",
        "service_s",
    )

    def __init__(self, service: ServiceId, arrived_s: float, service_s: float) -> None:
        self.service = service
        self.arrived_s = arrived_s
        self.service_s = service_s
        self.present = True
        """False of one who walked out without a word."""
        self.leaves_after_s: float | None = None
        self.called_s: float | None = None
        self.number = ""
        """On the ticket, once it was called."""


class Tally:
    """What was counted and measured, in flat arrays: 8 octets a wait."""

    def __init__(self, spec: HallSpec) -> None:
        self.waits: dict[ServiceId, array[float]] = {each: array("d") for each in spec.services}
        """Seconds from arrival to call, in the order of the calls."""
        self.busy_s: dict[CounterId, float] = dict.fromkeys(spec.counters, 0.0)
        self.served_at: dict[CounterId, int] = dict.fromkeys(spec.counters, 0)
        self.arrived = 0
        self.served = 0
        self.no_show = 0
        self.left = 0
        self.expired = 0
        self.refused: dict[Reason, int] = {}
        self.last_end_s = 0.0
        """When the last ticket ended that was not expired."""


class Crowd:
    """All who came and whose tickets are still open. Told `Recorded` and `Answered` by the hall."""

    def __init__(
        self,
        spec: HallSpec,
        scenario: Scenario,
        seed: int,
        hall: Ref[Any],
        seconds: Callable[[], float],
    ) -> None:
        self.tally = Tally(spec)
        self.on_patience: Callable[[TicketId, float], None] | None = None
        """Is called with each new ticket whose holder loses patience, and after how many seconds."""
        self._scenario = scenario
        self._hall = hall
        self._seconds = seconds
        self._language = spec.languages[0]
        self._services = list(spec.services)
        self._shares = list(
            accumulate(
                scenario.mix.get(each, 0.0) if scenario.mix else 1.0 for each in spec.services
            )
        )
        # One stream for each question, so that a change of one thing leaves the others as they were:
        # with more counters the very same people come.
        self._which_service = Random(f"{seed}/service")
        self._how_long = Random(f"{seed}/how long")
        self._who_stays = Random(f"{seed}/who stays")
        self._asking: dict[CommandId, Person] = {}
        self._open: dict[TicketId, Person] = {}
        self._called: dict[str, Person] = {}

    def __repr__(self) -> str:
        return "<crowd>"

    @property
    def present(self) -> int:
        """How many are in the hall: their tickets are asked for or open."""
        return len(self._asking) + len(self._open)

    @property
    def closed(self) -> bool:
        """Whether nobody comes any more."""
        if self._scenario.customers is not None:
            return self.tally.arrived >= self._scenario.customers
        return self._seconds() >= self._scenario.doors_s

    def arrive(self) -> None:
        """Let one more person come and take a ticket."""
        tally, scenario = self.tally, self._scenario
        tally.arrived += 1
        services = self._services
        if len(services) == 1:
            service = services[0]
        else:
            [service] = self._which_service.choices(services, cum_weights=self._shares)
        person = Person(service, self._seconds(), scenario.service_s.draw(self._how_long))
        if scenario.no_show_share:
            person.present = self._who_stays.random() >= scenario.no_show_share
        if scenario.patience_s is not None:
            person.leaves_after_s = scenario.patience_s.draw(self._who_stays)
        command = CommandId(f"person/{tally.arrived}")
        self._asking[command] = person
        self._hall.tell(
            Submit(
                command=TakeTicket(id=command, service=service, language=self._language),
                reply_to=self,
            )
        )

    def lose_patience(self, ticket: TicketId) -> None:
        """Let the ticket's holder cancel it by telephone, unless it was called meanwhile."""
        person = self._open.get(ticket)
        if person is not None and person.called_s is None:
            command = CancelTicket(id=CommandId(f"leave/{ticket}"), ticket=ticket)
            self._hall.tell(Submit(command=command))

    def who_comes(self, number: str) -> Person:
        """Return whom a clerk sees after the call of ``number``."""
        return self._called[number]

    # -- what the hall tells ---------------------------------------------------------------------

    def tell(self, message: object, /) -> None:
        """Take what the hall says to everybody, or answers to one person."""
        if type(message) is Recorded:
            take = self._TAKE.get(type(message.event))
            if take is not None:
                take(self, message.event)
        elif type(message) is Answered:
            if type(message.answer) is Rejected:
                self._refused(message.answer)
        else:
            raise WorldError(f"the crowd does not take {type(message).__name__}")

    def _refused(self, answer: Rejected) -> None:
        del self._asking[answer.command]
        refused = self.tally.refused
        refused[answer.reason] = refused.get(answer.reason, 0) + 1

    def _taken(self, event: TicketTaken) -> None:
        person = self._asking.pop(event.command, None)
        if person is None:
            return  # taken at a kiosk or by telephone, by somebody else's hand
        self._open[event.ticket] = person
        if person.leaves_after_s is not None and self.on_patience is not None:
            self.on_patience(event.ticket, person.leaves_after_s)

    def _ticket_called(self, event: TicketCalled) -> None:
        person = self._open.get(event.ticket)
        if person is None:
            return
        now_s = self._seconds()
        person.called_s = now_s
        person.number = event.number
        self._called[event.number] = person
        self.tally.waits[person.service].append(now_s - person.arrived_s)

    def _served(self, event: ServiceFinished) -> None:
        if self._ended(event.ticket, event.counter):
            self.tally.served += 1
            self.tally.served_at[event.counter] += 1

    def _no_show(self, event: TicketNoShow) -> None:
        if self._ended(event.ticket, event.counter):
            self.tally.no_show += 1

    def _cancelled(self, event: TicketCancelled) -> None:
        if self._ended(event.ticket, event.counter):
            self.tally.left += 1

    def _expired(self, event: TicketExpired) -> None:
        if self._open.pop(event.ticket, None) is not None:
            self.tally.expired += 1

    def _ended(self, ticket: TicketId, counter: CounterId | None) -> bool:
        """Forget the person; return whether it was one of ours."""
        person = self._open.pop(ticket, None)
        if person is None:
            return False
        now_s = self._seconds()
        self.tally.last_end_s = now_s
        if person.called_s is not None:
            self._called.pop(person.number, None)
            if counter is not None:
                self.tally.busy_s[counter] += now_s - person.called_s
        return True

    _TAKE: ClassVar[dict[type[Event], Callable[[Any, Any], None]]] = {
        TicketTaken: _taken,
        TicketCalled: _ticket_called,
        ServiceFinished: _served,
        TicketNoShow: _no_show,
        TicketCancelled: _cancelled,
        TicketExpired: _expired,
    }

"""The people of a simulated hall: who they are, what becomes of them, how long they wait.

The crowd knows what the hall cannot: how long a person's matter takes, when patience ends, who walked out
silently. Of the hall it knows what people see of it: the answer to the wish for a ticket, and the call. It
measures from outside: a wait lasts from a person's arrival until the clerk has the number.
"""

from array import array
from collections.abc import Callable
from itertools import accumulate
from random import Random
from typing import Any

from actors.base import Ref
from protocol.answers import Accepted, Answer, Reason, Rejected
from protocol.commands import CancelTicket, TakeTicket
from protocol.errors import WorldError
from protocol.events import Event, TicketTaken
from protocol.hall import HallSpec
from protocol.ids import CommandId, CounterId, ServiceId, TicketId
from protocol.messages import Submit
from protocol.tickets import TicketState
from protocol.values import maker
from sim.scenario import Scenario

make_submit, make_take_ticket = maker(Submit), maker(TakeTicket)

_SERVED = TicketState.SERVED


class Person:
    """Somebody who came. Changed in place, unlike what is said between actors: there is one a ticket."""

    __slots__ = (
        "arrived_s",
        "called_s",
        "leaves_after_s",
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
        self.called_s = 0.0


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
    """All who came and are still there. Told the hall's answers."""

    def __init__(
        self,
        spec: HallSpec,
        scenario: Scenario,
        seed: int,
        hall: Ref[Any],
        seconds: Callable[[], float],
    ) -> None:
        self.tally = Tally(spec)
        self.on_patience: Callable[[TicketTaken, float], None] | None = None
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
        self._leaving: set[CommandId] = set()
        self._waiting: dict[str, Person] = {}
        """By the number on the ticket, which is the hall's own for a day."""
        self._called = 0

    def __repr__(self) -> str:
        return "<crowd>"

    @property
    def present(self) -> int:
        """How many are in the hall: at the kiosk, waiting, or at a counter."""
        return len(self._asking) + len(self._waiting) + len(self._leaving) + self._called

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
        takes_s = scenario.services_s.get(service, scenario.service_s)
        person = Person(service, self._seconds(), takes_s.draw(self._how_long))
        if scenario.no_show_share:
            person.present = self._who_stays.random() >= scenario.no_show_share
        if scenario.patience_s is not None:
            person.leaves_after_s = scenario.patience_s.draw(self._who_stays)
        command = CommandId(f"person/{tally.arrived}")
        self._asking[command] = person
        self._hall.tell(
            make_submit(
                command=make_take_ticket(id=command, service=service, language=self._language),
                reply_to=self,
            )
        )

    def lose_patience(self, ticket: TicketId, number: str) -> None:
        """Let the ticket's holder cancel it by telephone, unless called already."""
        if self._waiting.pop(number, None) is not None:
            command = CancelTicket(id=CommandId(f"leave/{ticket}"), ticket=ticket)
            self._leaving.add(command.id)
            self._hall.tell(Submit(command=command, reply_to=self))

    def called(self, number: str) -> Person | None:
        """Return who sees that ``number`` is called; nobody does if its holder is just cancelling."""
        person = self._waiting.pop(number, None)
        if person is not None:
            self._called += 1
            person.called_s = self._seconds()
            self.tally.waits[person.service].append(person.called_s - person.arrived_s)
        return person

    def leaves_counter(self, person: Person, counter: CounterId, end: TicketState) -> None:
        """Let a person go whose ticket ended at a counter as served, no-show or expired."""
        self._called -= 1
        tally = self.tally
        if end is _SERVED:
            tally.served += 1
            tally.served_at[counter] += 1
        elif end is TicketState.NO_SHOW:
            tally.no_show += 1
        else:
            tally.expired += 1
        tally.last_end_s = self._seconds()
        tally.busy_s[counter] += tally.last_end_s - person.called_s

    # -- what the hall tells ---------------------------------------------------------------------

    def tell(self, message: object, /) -> None:
        """Take the hall's answer to one person."""
        if not isinstance(message, Accepted) and not isinstance(message, Rejected):
            raise WorldError(f"the crowd does not take {type(message).__name__}")
        person = self._asking.pop(message.command, None)
        if person is None:
            self._left(message)
        elif isinstance(message, Accepted):
            self._took(person, message.events[-1])
        else:
            refused = self.tally.refused
            refused[message.reason] = refused.get(message.reason, 0) + 1

    def _took(self, person: Person, taken: Event) -> None:
        assert type(taken) is TicketTaken
        waiting, number = self._waiting, taken.number
        if number in waiting:
            # A new day's numbers begin again: whoever still has the same one came yesterday.
            self.tally.expired += 1
        waiting[number] = person
        if person.leaves_after_s is not None and self.on_patience is not None:
            self.on_patience(taken, person.leaves_after_s)

    def _left(self, answer: Answer) -> None:
        self._leaving.remove(answer.command)
        if isinstance(answer, Rejected):
            self.tally.expired += 1  # the ticket's day was over
        else:
            self.tally.left += 1
            self.tally.last_end_s = self._seconds()

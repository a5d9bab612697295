"""1. A number is issued once for each hall, service and day, however many clients ask at once."""

from __future__ import annotations

from datetime import date

from protocol.answers import Accepted
from protocol.events import DayBegun, TicketTaken
from protocol.ids import CommandId, ServiceId, TicketId
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.sightings import Answered, EventSeen, PaperSeen, number_of


class NumbersOnce(Invariant):
    """See the module. Two people who hold the same number see it; so does who asked once and got two."""

    number = 1
    title = "a number is issued once"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._day: date | None = None
        self._issued: dict[tuple[date | None, ServiceId, str], CommandId] = {}
        self._tickets: set[TicketId] = set()
        self._asked: dict[CommandId, TicketId] = {}
        self._told: dict[TicketId, CommandId] = {}

    @sees(EventSeen)
    def _event(self, seen: EventSeen) -> None:
        event = seen.event
        if type(event) is DayBegun:
            self._day = event.day
        elif type(event) is TicketTaken:
            self._taken(event)

    def _taken(self, event: TicketTaken) -> None:
        key = (self._day, event.service, event.number)
        before = self._issued.setdefault(key, event.command)
        if before != event.command or event.ticket in self._tickets:
            self.broken(f"{event.number} was issued for [{before}] and again", event.number)
        self._tickets.add(event.ticket)
        self._once(event.command, event.ticket)

    def _once(self, command: CommandId, ticket: TicketId) -> None:
        first = self._asked.setdefault(command, ticket)
        if first != ticket:
            self.broken(
                f"who asked once [{command}] was given {number_of(first)} and {number_of(ticket)}",
                number_of(ticket),
            )

    @sees(Answered)
    def _answered(self, seen: Answered) -> None:
        if not isinstance(seen.answer, Accepted):
            return
        for event in seen.answer.events:
            if type(event) is TicketTaken:
                holder = self._told.setdefault(event.ticket, event.command)
                if holder != event.command:
                    self.broken(
                        f"{event.number} was told to [{holder}] and to [{event.command}]",
                        event.number,
                    )
                self._once(event.command, event.ticket)

    @sees(PaperSeen)
    def _paper(self, seen: PaperSeen) -> None:
        if seen.smudged or seen.ticket is None or number_of(seen.ticket) == seen.number:
            return
        self.broken(
            f"a paper of kiosk {seen.kiosk} has {seen.number} and the code of {seen.ticket}",
            seen.number,
        )

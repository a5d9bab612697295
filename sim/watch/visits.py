"""3. No service of a visit is lost: all come under one number, each once, before the ticket ends."""

from __future__ import annotations

from protocol.answers import Accepted
from protocol.commands import TakeTicket
from protocol.events import Event, ServiceFinished, TicketCalled, TicketTaken, VisitContinued
from protocol.ids import TicketId
from protocol.tickets import VisitOrder
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.sightings import Answered, EventSeen, number_of


class VisitsGoOn(Invariant):
    """See the module. A party has one number as well."""

    number = 3
    title = "no service of a visit is lost"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._goes_on: TicketId | None = None
        """Whose service was finished, and whose visit has to go on with the very next event."""

    @sees(EventSeen)
    def _event(self, seen: EventSeen) -> None:
        event = seen.event
        self._look_whether_it_goes_on(event)
        match event:
            case ServiceFinished():
                entry = self.scene.ledger.tickets.get(event.ticket)
                if entry is not None and entry.then:
                    self._goes_on = event.ticket
            case VisitContinued():
                self._continued(event)
            case TicketCalled():
                self._called(event)

    def _look_whether_it_goes_on(self, event: Event) -> None:
        ticket, self._goes_on = self._goes_on, None
        if ticket is None or (isinstance(event, VisitContinued) and event.ticket == ticket):
            return
        entry = self.scene.ledger.tickets.get(ticket)
        left = () if entry is None else entry.then
        self.broken(
            f"{number_of(ticket)} was finished, and its visit does not go on with"
            f" {', '.join(left)}",
            number_of(ticket),
        )

    def _continued(self, event: VisitContinued) -> None:
        number = number_of(event.ticket)
        entry = self.scene.ledger.tickets.get(event.ticket)
        if entry is None:
            self.broken(f"the visit of {number} goes on, which was never issued today", number)
            return
        left = tuple(each for each in entry.then if each != event.service)
        as_asked = not entry.fixed or entry.then[:1] == (event.service,)
        if event.service not in entry.then or event.then != left or not as_asked:
            self.broken(
                f"{number} goes on with {event.service}, and {event.then} after that; what was left"
                f" is {entry.then}",
                number,
            )

    def _called(self, event: TicketCalled) -> None:
        entry = self.scene.ledger.tickets.get(event.ticket)
        if entry is None:
            return
        if (event.number, event.service) != (entry.number, entry.service):
            self.broken(
                f"{entry.number} waits for {entry.service}, and is called as {event.number} for"
                f" {event.service}",
                entry.number,
            )

    @sees(Answered)
    def _answered(self, seen: Answered) -> None:
        command = seen.command
        if isinstance(command, TakeTicket) and isinstance(seen.answer, Accepted):
            for event in seen.answer.events:
                if isinstance(event, TicketTaken):
                    self._compare(command, event)

    def _compare(self, asked: TakeTicket, taken: TicketTaken) -> None:
        wanted, given = (asked.service, *asked.then), (taken.service, *taken.then)
        if asked.visit_order is not VisitOrder.FIXED:
            wanted, given = tuple(sorted(wanted)), tuple(sorted(given))
        if (wanted, asked.party) != (given, taken.party):
            self.broken(
                f"{taken.number} is for {given} and {taken.party} people; asked was for {wanted} and"
                f" {asked.party}",
                taken.number,
            )

"""3. No issued ticket is lost: each ends served, no-show, cancelled or expired."""

from __future__ import annotations

from protocol.answers import Accepted
from protocol.events import (
    DayBegun,
    Event,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketCancelled,
    TicketExpired,
    TicketHeld,
    TicketNoShow,
    TicketReactivated,
    TicketRecalled,
    TicketRequeued,
    TicketResumed,
    TicketTaken,
    TicketTransferred,
    VisitContinued,
)
from protocol.ids import TicketId
from protocol.tickets import TRANSITIONS, TicketStep
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.sightings import Answered, EventSeen, HallSaid, Quiet, number_of

_STEPS: dict[type, TicketStep] = {
    TicketCalled: TicketStep.CALL,
    TicketRecalled: TicketStep.RECALL,
    ServiceStarted: TicketStep.START,
    ServiceFinished: TicketStep.FINISH,
    VisitContinued: TicketStep.GO_ON,
    TicketNoShow: TicketStep.NO_SHOW,
    TicketHeld: TicketStep.HOLD,
    TicketResumed: TicketStep.RESUME,
    TicketRequeued: TicketStep.REQUEUE,
    TicketTransferred: TicketStep.TRANSFER,
    TicketCancelled: TicketStep.CANCEL,
    TicketReactivated: TicketStep.REACTIVATE,
    TicketExpired: TicketStep.EXPIRE,
}


class EveryTicketEnds(Invariant):
    """See the module. Whoever was told a number is known to the hall until the day ends."""

    number = 3
    title = "no issued ticket is lost"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._held: set[TicketId] = set()
        """What people were told that they have, today."""

    @sees(EventSeen)
    def _event(self, seen: EventSeen) -> None:
        event = seen.event
        if type(event) is DayBegun:
            self._day_ends()
            return
        step = _STEPS.get(type(event))
        if step is not None:
            self._step(event, step)

    def _day_ends(self) -> None:
        for entry in self.scene.ledger.tickets.values():
            if entry.state.open:
                self.broken(f"its day ended, and {entry.number} is {entry.state}", entry.number)
        self._held.clear()

    def _step(self, event: Event, step: TicketStep) -> None:
        ticket: TicketId = event.ticket  # type: ignore[union-attr]
        number = number_of(ticket)
        entry = self.scene.ledger.tickets.get(ticket)
        if entry is None:
            self.broken(f"{type(event).__name__} of {number}, which was never issued today", number)
        elif (entry.state, step) not in TRANSITIONS:
            self.broken(f"{type(event).__name__} of {number}, which is {entry.state}", number)

    @sees(Answered)
    def _answered(self, seen: Answered) -> None:
        if isinstance(seen.answer, Accepted):
            day = self.scene.ledger.day
            for event in seen.answer.events:
                if type(event) is DayBegun:
                    day = event.day
                elif type(event) is TicketTaken and _of_day(event.ticket, day):
                    self._held.add(event.ticket)

    @sees(HallSaid)
    def _said(self, seen: HallSaid) -> None:
        day = self.scene.ledger.day
        for ticket in self._held:
            if ticket not in seen.tickets and _of_day(ticket, day):
                self.broken(
                    f"somebody has {number_of(ticket)}, and the hall knows nothing of it",
                    number_of(ticket),
                )

    @sees(Quiet)
    def _quiet(self, seen: Quiet) -> None:
        self._said(seen.said)
        if not seen.closed:
            return
        for said in seen.said.tickets.values():
            if said.state.open:
                self.broken(
                    f"all who work have called all they can, and {said.number} is {said.state}",
                    said.number,
                )


def _of_day(ticket: TicketId, day: object) -> bool:
    """Whether the ticket is of the day (a date): its id begins with that."""
    return day is not None and ticket.startswith(f"{day:%Y%m%d}-")

"""5. Within a service and class tickets go in order; a class is overtaken at most as often as the policy says.

Only tickets that simply wait are looked at, from when they were taken: whoever was held, sent elsewhere or put
somewhere by staff goes by rules of their own, and so does who has an appointment or is called by the number.
What is checked is therefore a little less than what holds, and never more.
"""

from __future__ import annotations

from datetime import timedelta

from protocol.events import DayBegun, TicketCalled
from protocol.ids import TicketId
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.ledger import Entry
from sim.watch.sightings import Asked, EventSeen


class InOrder(Invariant):
    """See the module."""

    number = 5
    title = "tickets go in order, and are overtaken as often as the policy says"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._overtaken: dict[TicketId, int] = {}
        self._given: set[str] = set()
        """Commands that named whom to call."""

    @sees(Asked)
    def _asked(self, seen: Asked) -> None:
        if type(seen.command).__name__ == "CallTicket":
            self._given.add(seen.command.id)

    @sees(EventSeen)
    def _event(self, seen: EventSeen) -> None:
        event = seen.event
        if type(event) is TicketCalled:
            self._called(event)
        elif type(event) is DayBegun:
            self._overtaken.clear()

    def _called(self, event: TicketCalled) -> None:
        ledger = self.scene.ledger
        called = ledger.tickets.get(event.ticket)
        if called is None or called.moved or called.by_time or event.command in self._given:
            return
        for earlier in ledger.waiting.get(event.service, {}).values():
            # They stand in the order in which they joined, so that whoever is behind comes after it.
            if earlier is called:
                break
            if not earlier.moved and not earlier.by_time and not earlier.reserved:
                self._passed(earlier, called, event)

    def _passed(self, earlier: Entry, called: Entry, event: TicketCalled) -> None:
        number = earlier.number
        if earlier.ticket_class is called.ticket_class:
            self.broken(f"{called.number} is called before {number}, which came first", number)
            return
        policy = self.scene.spec.policy
        times = self._overtaken[earlier.id] = self._overtaken.get(earlier.id, 0) + 1
        if policy.overtaken_max is not None and times > policy.overtaken_max:
            self.broken(
                f"{number} is overtaken for the {times}. time, by {called.number};"
                f" {policy.overtaken_max} are allowed",
                number,
            )
        waits = event.at - earlier.taken_at
        if policy.overtaken_wait_s is not None and waits >= timedelta(
            seconds=policy.overtaken_wait_s
        ):
            self.broken(
                f"{number} has waited {waits.total_seconds():.0f} s and is overtaken by"
                f" {called.number}; nobody is after {policy.overtaken_wait_s:g} s",
                number,
            )

"""5. Within a service and class tickets go in order; a class is overtaken at most as often as the policy says.

Only tickets that simply wait are looked at, from when they were taken or came to the present service of their
visit: whoever was held, sent elsewhere or put somewhere by staff goes by rules of their own, and so does who is
called by the number. Those with an appointment go by its time, and before others once it has come. What is
checked is therefore a little less than what holds, and never more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from protocol.choices import Rule
from protocol.events import DayBegun, TicketCalled
from protocol.ids import TicketId
from protocol.tickets import TicketClass
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.ledger import Entry
from sim.watch.sightings import Asked, EventSeen


class InOrder(Invariant):
    """See the module."""

    number = 5
    title = "tickets go in order, and are overtaken as often as the policy says"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._overtaken: dict[tuple[TicketId, int], int] = {}
        """By the ticket and its place, as a visit waits several times."""
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
        if called is None or called.moved or event.command in self._given:
            return
        waiting = ledger.waiting.get(event.service, {}).values()
        if called.due_at is not None:
            self._by_time(waiting, called)
            return
        self._nobody_is_due(called, event)
        for earlier in waiting:
            # They stand in the order in which they joined, so that whoever is behind comes after it.
            if earlier is called:
                break
            if not earlier.moved and earlier.due_at is None and not earlier.reserved:
                self._passed(earlier, called, event)

    def _by_time(self, waiting: Iterable[Entry], called: Entry) -> None:
        """Appointments of a service are called by their times."""
        assert called.due_at is not None
        for other in waiting:
            if other.due_at is None or other.moved or other.reserved:
                continue
            if (other.due_at, other.place) < (called.due_at, called.place):
                number = other.number
                self.broken(
                    f"{called.number} is called before {number}, whose appointment is at"
                    f" {other.due_at:%H:%M} UTC",
                    number,
                )

    def _nobody_is_due(self, called: Entry, event: TicketCalled) -> None:
        """Who has none is called before nobody whose appointment has come, unless a bound makes it so."""
        if event.choice is not None and event.choice.rule is Rule.OVERTAKEN_BOUND:
            return
        due_at = event.at + timedelta(seconds=self.scene.spec.policy.due_before_s)
        for service in self.scene.spec.counters[event.counter].services:
            booked = [
                entry
                for entry in self.scene.ledger.waiting.get(service, {}).values()
                if entry.ticket_class is TicketClass.APPOINTMENT and not entry.reserved
            ]
            # Whom somebody put before them need not go by a time.
            if any(entry.moved for entry in booked):
                continue
            for entry in booked:
                if entry.due_at is not None and entry.due_at <= due_at:
                    self.broken(
                        f"{called.number} is called to {event.counter}, and {entry.number}, whose"
                        f" appointment is at {entry.due_at:%H:%M} UTC, waits",
                        entry.number,
                    )

    def _passed(self, earlier: Entry, called: Entry, event: TicketCalled) -> None:
        number = earlier.number
        if earlier.ticket_class is called.ticket_class:
            self.broken(f"{called.number} is called before {number}, which came first", number)
            return
        policy = self.scene.spec.policy
        stay = (earlier.id, earlier.place)
        times = self._overtaken[stay] = self._overtaken.get(stay, 0) + 1
        if policy.overtaken_max is not None and times > policy.overtaken_max:
            self.broken(
                f"{number} is overtaken for the {times}. time, by {called.number};"
                f" {policy.overtaken_max} are allowed",
                number,
            )
        waits = event.at - earlier.since
        if policy.overtaken_wait_s is not None and waits >= timedelta(
            seconds=policy.overtaken_wait_s
        ):
            self.broken(
                f"{number} has waited {waits.total_seconds():.0f} s and is overtaken by"
                f" {called.number}; nobody is after {policy.overtaken_wait_s:g} s",
                number,
            )

"""A hall in which people of every class come and are called, for tests of who is next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import count
from typing import Any

from actors.hall.apply import apply_all
from actors.hall.decide import decide
from actors.hall.state import Ticket
from protocol.answers import Rejected
from protocol.commands import CallNext, Command, TakeTicket
from protocol.events import TicketCalled, TicketTaken
from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CounterId, HallId, ServiceId, TicketId
from protocol.policies import Policy
from protocol.tickets import TicketClass
from protocol.values import replace
from tests.actors.hall.conftest import ZH, Book

NORMAL, PRIORITY, APPOINTMENT = TicketClass
Q, R, S = ServiceId("q"), ServiceId("r"), ServiceId("s")
ONE, TWO, THREE = CounterId("1"), CounterId("2"), CounterId("3")
HAS: Mapping[CounterId, tuple[ServiceId, ...]] = {ONE: (Q, R, S), TWO: (R, S), THREE: (S,)}


def turns_spec(
    policy: Policy, weights: Mapping[ServiceId, int] | None = None, **services: dict[str, Any]
) -> HallSpec:
    """Three services, and counters with all, two and one of them; ``weights`` are those of the first."""
    return HallSpec(
        id=HallId("T"),
        names={ZH: "厅"},
        services={
            id: Service(id=id, names={ZH: id}, prefix=id.upper(), **services.get(id, {}))
            for id in (Q, R, S)
        },
        counters={
            id: Counter(
                id=id, names={ZH: id}, services=has, weights=(weights or {}) if id == ONE else {}
            )
            for id, has in HAS.items()
        },
        policy=policy,
    )


class Turns(Book):
    """A hall's state, driven by people and counters."""

    def __init__(self, spec: HallSpec) -> None:
        super().__init__(spec)
        self._ids = count()

    def ask(self, kind: type[Command], **parts: Any) -> Any:
        """Do a command of that kind."""
        return self.do(kind(id=f"c{next(self._ids)}", **parts))

    def take(
        self,
        service: ServiceId,
        ticket_class: TicketClass = NORMAL,
        due_s: float | None = None,
    ) -> TicketId:
        """Take a ticket; with ``due_s`` for an appointment in so many seconds (they may be over already)."""
        command = TakeTicket(
            id=f"c{next(self._ids)}", service=service, language=ZH, ticket_class=ticket_class
        )
        decision = decide(self.state, command, self.now)
        assert not isinstance(decision, Rejected)
        *begun, taken = decision
        assert isinstance(taken, TicketTaken)
        if due_s is not None:
            taken = replace(
                taken,
                ticket_class=APPOINTMENT,
                due_at=self.now + timedelta(seconds=due_s),
            )
        self.state = apply_all(self.state, (*begun, taken))
        self.events += (*begun, taken)
        return taken.ticket

    def call(self, counter: CounterId) -> TicketCalled | None:
        """Call the next ticket to a counter."""
        for event in self.ask(CallNext, counter=counter):
            if isinstance(event, TicketCalled):
                return event
        return None

    def next(self, counter: CounterId = ONE) -> TicketCalled:
        """Call the next ticket, which there is."""
        called = self.call(counter)
        assert called is not None
        return called

    def ticket(self, id: TicketId) -> Ticket:
        return self.state.tickets[id]

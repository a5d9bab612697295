"""Customers: they take tickets at kiosks and on phones, give up, and say what they think."""

from __future__ import annotations

from random import Random

from protocol.answers import Accepted, Answer
from protocol.commands import CancelTicket, EvaluateService, TakeTicket
from protocol.events import TicketTaken
from protocol.ids import KioskId, ServiceId, TicketId
from protocol.tickets import Channel, VisitOrder
from sim.explore.case import Case
from sim.explore.clients import Clients, Then, nothing

BURST_MAX = 6
"""People who come at one instant."""

PATIENCE_S = 900.0
"""Mean time after which those give up who do."""

FURTHER_MAX = 3
"""Services of a visit beside the first one."""

LOOK_S = 45.0
"""How often somebody stands before a pad that invites, on the average."""


class Customers:
    """Come until `close` is called."""

    def __init__(self, case: Case, clients: Clients, follow: Then = nothing) -> None:
        """Prepare; ``follow`` is shown each answer that may give somebody a number."""
        self._case = case
        self._follow = follow
        self._people = case.people
        self._clients = clients
        self._world = clients.site.outside
        self._random = Random(f"{case.seed}/customers")
        self._closed = False
        self._kiosks: list[KioskId | None] = [*case.spec.kiosks, None]
        self._services = list(case.spec.services)
        self._await_next()
        for counter in clients.site.hardware.evaluators:
            self._world.call_later(self._after(LOOK_S), lambda c=counter: self._look_at_pad(c))  # type: ignore[misc]

    def close(self) -> None:
        """Let nobody come any more."""
        self._closed = True

    def _after(self, mean_s: float) -> float:
        return self._random.expovariate(1 / mean_s)

    def _await_next(self) -> None:
        self._world.call_later(self._after(3600 / self._people.arrivals_per_h), self._arrive)

    def _arrive(self) -> None:
        if self._closed:
            return
        random = self._random
        together = random.random() < self._people.burst_share
        for _ in range(random.randint(2, BURST_MAX) if together else 1):
            self._take()
        self._await_next()

    def _take(self) -> None:
        random = self._random
        kiosk = random.choice(self._kiosks)
        spec = self._case.spec
        service, *then = self._visit()
        take = TakeTicket(
            id=self._clients.new_id("take"),
            service=service,
            language=random.choice(spec.languages),
            ticket_class=random.choice(self._people.classes),
            channel=Channel.WEB if kiosk is None else Channel.KIOSK,
            kiosk=kiosk,
            party=random.choice([1, 1, 1, 2, 5]),
            then=tuple(then),
            visit_order=random.choice(list(VisitOrder)),
        )
        self._clients.ask(take, self.taken)

    def _visit(self) -> list[ServiceId]:
        """Choose a service, or several of one visit."""
        random, count = self._random, 1
        if random.random() < self._people.visit_share:
            count += random.randint(1, min(len(self._services) - 1, FURTHER_MAX))
        return random.sample(self._services, count)

    def taken(self, answer: Answer) -> None:
        """Do what somebody does who has a number, if the answer gives one."""
        if not isinstance(answer, Accepted):
            return
        self._follow(answer)
        taken = [event for event in answer.events if isinstance(event, TicketTaken)]
        if not taken:
            return
        ticket, random = taken[-1].ticket, self._random
        if random.random() < self._people.cancel_share:
            self._world.call_later(self._after(PATIENCE_S), lambda: self._cancel(ticket))
        if random.random() < self._people.rating_share:
            later_s = self._after(2 * PATIENCE_S)
            for _ in range(random.choice([1, 1, 2])):
                self._world.call_later(later_s, lambda: self._rate(ticket))

    def _cancel(self, ticket: TicketId) -> None:
        if not self._closed:
            self._clients.ask(CancelTicket(id=self._clients.new_id("cancel"), ticket=ticket))

    def _rate(self, ticket: TicketId) -> None:
        if not self._closed:
            id, level = self._clients.new_id("rate"), self._random.randint(1, 5)
            self._clients.ask(EvaluateService(id=id, ticket=ticket, level=level))

    def _look_at_pad(self, counter: str) -> None:
        """Rate at a pad that invites somebody."""
        if self._closed:
            return
        hardware = self._clients.site.hardware
        for id, pad in hardware.evaluators.items():
            invited = id == counter and pad.invites is not None and not pad.off
            if invited and self._random.random() < self._people.rating_share * 2:
                hardware.rate(id, self._random.randint(1, 5))
        self._world.call_later(self._after(LOOK_S), lambda: self._look_at_pad(counter))

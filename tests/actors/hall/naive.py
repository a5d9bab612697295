"""A hall's queue as anybody would write it down: tickets in a dict, everything else looked up by walking.

Where exactly a ticket stands is a key that the hall chose. The model takes it from the hall, counts once that
the ticket stands where it was put, and from then on goes by it alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import attrs

from protocol.answers import Reason
from protocol.ids import CounterId, PersonId, ServiceId, TicketId
from protocol.tickets import CounterMode, QueuePlace, TicketClass, TicketState, VisitOrder

WAITING, CALLED, SERVING, HELD = (
    TicketState.WAITING,
    TicketState.CALLED,
    TicketState.SERVING,
    TicketState.HELD,
)
SERVED, NO_SHOW, CANCELLED = TicketState.SERVED, TicketState.NO_SHOW, TicketState.CANCELLED
AT_COUNTER = (CALLED, SERVING)
OPEN_STATES = (WAITING, CALLED, SERVING, HELD)


@attrs.define(kw_only=True)
class Paper:
    """A ticket of the day."""

    id: TicketId
    number: str
    service: ServiceId
    ticket_class: TicketClass
    key: tuple[int, ...]
    since: datetime
    """Since when its wait counts."""
    state: TicketState = WAITING
    counter: CounterId | None = None
    reserved: CounterId | None = None
    then: tuple[ServiceId, ...] = ()
    visit_order: VisitOrder = VisitOrder.FIXED
    served: list[ServiceId] = attrs.Factory(list)
    person: PersonId | None = None
    asked: frozenset[ServiceId] = frozenset()
    """The services that it was taken for."""


@attrs.define(kw_only=True)
class Naive:
    """A hall in lists and dicts."""

    has: dict[CounterId, tuple[ServiceId, ...]]
    papers: dict[TicketId, Paper] = attrs.Factory(dict)
    modes: dict[CounterId, CounterMode] = attrs.Factory(dict)
    issued: dict[ServiceId, int] = attrs.Factory(dict)

    def new_day(self) -> None:
        self.papers, self.modes, self.issued = {}, {}, {}

    def mode(self, counter: CounterId) -> CounterMode:
        return self.modes.get(counter, CounterMode.CLOSED)

    def at(self, counter: CounterId) -> Paper | None:
        """Whom the counter has."""
        found = [
            paper
            for paper in self.papers.values()
            if paper.counter == counter and paper.state in AT_COUNTER
        ]
        assert len(found) < 2, "a counter has two tickets"
        return found[0] if found else None

    def waiting(self) -> list[Paper]:
        return [paper for paper in self.papers.values() if paper.state is WAITING]

    def queue(self, service: ServiceId, reserved: CounterId | None = None) -> list[Paper]:
        """Those who wait for the service at any counter, or for one counter alone, the first one first."""
        found = [
            paper
            for paper in self.waiting()
            if paper.reserved == reserved and (reserved is not None or paper.service == service)
        ]
        return sorted(found, key=lambda paper: paper.key)

    def beside(self, paper: Paper) -> list[Paper]:
        """The others who wait where the paper waits, or would."""
        queue = self.queue(paper.service, paper.reserved)
        return [other for other in queue if other is not paper]

    def next_at(self, counter: CounterId) -> Paper | None:
        """Who came first of all that the counter may call."""
        may = [
            paper
            for paper in self.waiting()
            if paper.reserved == counter
            or (paper.reserved is None and paper.service in self.has[counter])
        ]
        return min(may, key=lambda paper: paper.key) if may else None

    def has_open(self, person: PersonId | None, services: Iterable[ServiceId]) -> bool:
        """Whether the person has an open ticket for one of the services."""
        return person is not None and any(
            paper.person == person and paper.state in OPEN_STATES and paper.asked & set(services)
            for paper in self.papers.values()
        )

    def has_counter(self, service: ServiceId) -> bool:
        return any(service in services for services in self.has.values())

    def release(self, papers: Iterable[Paper]) -> None:
        """Nobody waits for a closed counter alone whom another one could call."""
        for paper in papers:
            counter = paper.reserved
            if (
                counter is not None
                and self.mode(counter) is CounterMode.CLOSED
                and self.has_counter(paper.service)
            ):
                paper.reserved = None

    def moved(self, paper: Paper, key: tuple[int, ...], at: datetime) -> None:
        """The paper waits, at ``key``."""
        if key > paper.key:
            paper.since = at
        paper.key, paper.state, paper.counter = key, WAITING, None

    def check_place(self, paper: Paper, place: QueuePlace, after: int) -> None:
        """Count that it stands where it was put among those who wait with it."""
        others = self.beside(paper)
        before = sum(other.key < paper.key for other in others)
        wanted = {QueuePlace.FRONT: 0, QueuePlace.BACK: len(others)}
        assert before == wanted.get(place, min(after, len(others)))

    def go_on(self, paper: Paper, key: tuple[int, ...], service: ServiceId, at: datetime) -> None:
        """The visit goes on with another service, behind everybody."""
        assert service in paper.then
        assert paper.visit_order is VisitOrder.SHORTEST_WAIT or service == paper.then[0]
        assert all(other.key < key for other in self.waiting() if other is not paper)
        self.moved(paper, key, at)
        paper.since, paper.service, paper.reserved = at, service, None
        paper.then = tuple(left for left in paper.then if left != service)

    def may_call(self, counter: CounterId, paper: Paper) -> bool:
        """Whether it waits for the counter; who is held may also go back to where he was."""
        if paper.state is HELD and paper.counter == counter:
            return True
        if paper.reserved is not None:
            return paper.reserved == counter
        return paper.service in self.has[counter]

    def refuses(self, paper: Paper, step: str) -> Reason | None:
        """Why a step of the ticket is refused, if the state that it is in says so."""
        possible = {
            "call": (WAITING, HELD),
            "recall": (CALLED,),
            "start": (CALLED,),
            "finish": AT_COUNTER,
            "no_show": (CALLED,),
            "hold": (WAITING, *AT_COUNTER),
            "resume": (HELD,),
            "requeue": OPEN_STATES,
            "transfer": OPEN_STATES,
            "cancel": (WAITING, CALLED, HELD),
            "reactivate": (NO_SHOW, CANCELLED),
        }
        return None if paper.state in possible[step] else Reason.TICKET_STATE

    def refuses_transfer(
        self, services: Any, to_service: ServiceId | None, to_counter: CounterId | None
    ) -> Reason | None:
        if to_service is None and to_counter is None:
            return Reason.BAD_VALUE
        if to_service is not None and to_service not in services:
            return Reason.UNKNOWN_SERVICE
        if to_counter is not None:
            closed = self.mode(to_counter) is CounterMode.CLOSED
            return Reason.COUNTER_CLOSED if closed else None
        return None if self.has_counter(to_service) else Reason.NO_COUNTER  # type: ignore[arg-type]

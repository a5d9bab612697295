"""The office: somebody closes a service or the hall for a day or more, opens it again, and lifts bans."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from actors.hall.day import zone
from protocol.answers import Accepted, Answer
from protocol.booking_events import ClosureAdded
from protocol.commands import AddClosure, LiftBan, RemoveClosure
from protocol.hours import Closure
from protocol.ids import ClosureId, ServiceId
from sim.explore.case import Case
from sim.explore.clients import Clients
from sim.watch.ledger import Ledger

HALL_SHARE = 0.15
"""Closures of the whole hall; the others are of one service."""

OPENS_SHARE, OPENS_S = 0.8, 600.0
"""So many are taken back, within so long on the average."""


class Office:
    """Closes things until `close` is called."""

    def __init__(self, case: Case, clients: Clients, ledger: Ledger) -> None:
        self._case = case
        self._clients = clients
        self._ledger = ledger
        self._world = clients.site.outside
        self._random = Random(f"{case.seed}/office")
        self._closed = False
        self._await_next()

    def close(self) -> None:
        """Do nothing any more."""
        self._closed = True

    def _await_next(self) -> None:
        if self._case.people.closure_s is not None:
            after_s = self._random.expovariate(1 / self._case.people.closure_s)
            self._world.call_later(after_s, self._act)

    def _act(self) -> None:
        if self._closed:
            return
        self._add()
        for person in list(self._ledger.diary.bans):
            if self._random.random() < 0.5:
                self._clients.ask(LiftBan(id=self._clients.new_id("lift"), person=person))
        self._await_next()

    def _add(self) -> None:
        random, spec = self._random, self._case.spec
        whole = random.random() < HALL_SHARE
        service: ServiceId | None = None if whole else random.choice(list(spec.services))
        today = self._world.now().astimezone(zone(spec.time_zone)).date()
        first = today + timedelta(days=random.choice([0, 0, 1, 7]))
        last = first + timedelta(days=random.choice([0, 0, 1]))
        command = AddClosure(
            id=self._clients.new_id("closure"),
            closure=Closure(first=first, last=last, reason=random.choice(["", "停电"])),
            service=service,
            end_waiting=random.random() < 0.5,
        )
        self._clients.ask(command, self._added)

    def _added(self, answer: Answer) -> None:
        added = answer.events if isinstance(answer, Accepted) else ()
        for event in added:
            if isinstance(event, ClosureAdded) and self._random.random() < OPENS_SHARE:
                self._open_later(event.closure)

    def _open_later(self, closure: ClosureId) -> None:
        def open_again() -> None:
            self._clients.ask(RemoveClosure(id=self._clients.new_id("open"), closure=closure))

        self._world.call_later(self._random.expovariate(1 / OPENS_S), open_again)

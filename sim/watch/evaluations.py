"""9. An evaluation counts once."""

from __future__ import annotations

from protocol.answers import Accepted
from protocol.events import ServiceEvaluated, ServiceFinished
from protocol.ids import CommandId, CounterId, ServiceId, TicketId
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.sightings import Answered, EventSeen, HallSaid, Quiet, number_of


class EvaluationsOnce(Invariant):
    """See the module. What is said of a counter is the sum of what its customers said."""

    number = 9
    title = "an evaluation counts once"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._finished: dict[tuple[TicketId, ServiceId, CounterId], int] = {}
        self._evaluated: dict[tuple[TicketId, ServiceId, CounterId], int] = {}
        self._commands: set[CommandId] = set()
        self._thanked: dict[TicketId, set[CommandId]] = {}

    @sees(EventSeen)
    def _event(self, seen: EventSeen) -> None:
        event = seen.event
        if type(event) is ServiceFinished:
            entry = self.scene.ledger.tickets.get(event.ticket)
            if entry is not None:
                key = (event.ticket, entry.service, event.counter)
                self._finished[key] = self._finished.get(key, 0) + 1
        elif type(event) is ServiceEvaluated:
            self._rated(event)

    def _rated(self, event: ServiceEvaluated) -> None:
        number = number_of(event.ticket)
        key = (event.ticket, event.service, event.counter)
        times = self._evaluated[key] = self._evaluated.get(key, 0) + 1
        finished = self._finished.get(key, 0)
        if times > finished:
            self.broken(
                f"{event.service} at {event.counter} was finished {finished} times for {number} and"
                f" evaluated {times} times",
                number,
            )
        if event.command in self._commands:
            self.broken(f"one rating [{event.command}] of {number} was counted twice", number)
        self._commands.add(event.command)

    @sees(Answered)
    def _answered(self, seen: Answered) -> None:
        """Two ratings of one service cannot both be taken."""
        if not isinstance(seen.answer, Accepted):
            return
        for event in seen.answer.events:
            if type(event) is ServiceEvaluated:
                thanked = self._thanked.setdefault(event.ticket, set())
                thanked.add(event.command)
                entry = self.scene.ledger.tickets.get(event.ticket)
                if entry is not None and len(thanked) > max(entry.finished, 1):
                    number = number_of(event.ticket)
                    self.broken(
                        f"{len(thanked)} ratings were taken of {number}, which was served"
                        f" {entry.finished} times",
                        number,
                    )

    @sees(HallSaid)
    def _said(self, seen: HallSaid) -> None:
        if seen.seq != self.scene.ledger.seq:
            return
        for counter, said in seen.counters.items():
            desk = self.scene.ledger.desks[counter]
            if (said.evaluated, said.levels) != (desk.evaluated, desk.levels):
                self.broken(
                    f"counter {counter} was rated {desk.evaluated} times with {desk.levels} in sum;"
                    f" the hall says {said.evaluated} times with {said.levels}"
                )

    @sees(Quiet)
    def _quiet(self, seen: Quiet) -> None:
        self._said(seen.said)

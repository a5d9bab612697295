"""10. A restart at any instant gives the state of the durable prefix."""

from __future__ import annotations

from typing import Any

from protocol.answers import Accepted, Answer
from protocol.events import Event
from protocol.ids import CommandId
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.ledger import Ledger
from sim.watch.sightings import Answered, HallSaid, ProcessStarted, Quiet, number_of


class RestartKeeps(Invariant):
    """See the module. What the hall says after a start is what a clerk writes down who reads the disk.

    An answer belongs to that state: whoever asks again is told what was told before.
    """

    number = 10
    title = "a restart gives the state of the durable prefix"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._durable = 0
        self._answers: dict[CommandId, Answer] = {}
        self._read = 0
        self._held: dict[CommandId, list[Event]] = {}
        """What the disk held at a start of each command: its answer, if somebody asks again."""

    @sees(ProcessStarted)
    def _started(self, seen: ProcessStarted) -> None:
        self._durable = seen.durable
        for record in self.scene.on_disk(self._read):
            self._held.setdefault(record.event.command, []).append(record.event)
        self._read = seen.durable

    @sees(HallSaid)
    def _said(self, seen: HallSaid) -> None:
        if not seen.fresh:
            if seen.seq == self.scene.ledger.seq:
                self._compare(seen, self.scene.ledger.said(), "the stream of events")
            return
        if seen.seq < self._durable:
            self.broken(
                f"the disk held {self._durable} events at the start; the hall begins with"
                f" {seen.seq}"
            )
            return
        ledger = Ledger(self.scene.spec.counters)
        records = self.scene.on_disk(0)
        self._compare(seen, ledger.take_all(records[: seen.seq]).said(), "the disk")

    @sees(Quiet)
    def _quiet(self, seen: Quiet) -> None:
        self._said(seen.said)

    def _compare(self, said: HallSaid, kept: HallSaid, by: str) -> None:
        for what, one, other in (
            ("ticket", said.tickets, kept.tickets),
            ("counter", said.counters, kept.counters),
            ("queue", said.waiting, kept.waiting),
            ("booking", said.bookings, kept.bookings),
            ("closure", said.closures, kept.closures),
            ("ban", said.bans, kept.bans),
        ):
            found = _difference(one, other)
            if found is not None:
                key, its, should = found
                name = number_of(key) if what == "ticket" else key
                self.broken(
                    f"{what} {name} is {its} by the hall, and {should} by {by}",
                    name if what == "ticket" else None,
                )
                return

    @sees(Answered)
    def _answered(self, seen: Answered) -> None:
        answer = seen.answer
        if not isinstance(answer, Accepted) or not answer.events:
            return
        first = self._answers.setdefault(answer.command, answer)
        held = self._held.get(answer.command)
        if first != answer or (held is not None and tuple(held) != answer.events):
            ticket = getattr(answer.events[-1], "ticket", None)
            self.broken(
                f"[{answer.command}] was asked again and has another answer",
                None if ticket is None else number_of(ticket),
            )


def _difference(one: Any, other: Any) -> tuple[Any, Any, Any] | None:
    """Return the first key at which two mappings differ, with what they have there."""
    if one == other:
        return None
    for key in [*one, *(key for key in other if key not in one)]:
        if one.get(key) != other.get(key):
            return key, one.get(key), other.get(key)
    return None

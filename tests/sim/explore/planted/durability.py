"""Bugs by which something is seen before it is durable."""

from __future__ import annotations

from typing import Any

from actors.audience import told
from actors.hall import actor
from actors.hall.actor import HallActor, ReadState, StateRead
from actors.hall.batch import Batch
from actors.hall.state import HallState
from protocol.answers import Answer
from protocol.messages import Recipient
from tests.sim.explore.planted.bug import Bug, Plant


class _AtOnce(list[tuple[Recipient, Answer]]):
    """Answers that do not wait for the commit."""

    def append(self, waiting: tuple[Recipient, Answer], /) -> None:
        told(*waiting)


def _answers_at_once(plant: Plant) -> None:
    """Answers are sent before the commit."""

    def batch(state: HallState) -> Batch:
        made = Batch(state)
        made.answers = _AtOnce()
        return made

    plant.attribute(actor, "Batch", batch)


def _publishes_before_the_commit(plant: Plant) -> None:
    """Listeners are told before the commit, and not after it."""
    flush, publish = HallActor._flush, HallActor._publish

    def flush_and_tell(hall: HallActor) -> None:
        records = list(hall._open.records)
        flush(hall)
        for record in records:
            hall._audience.events.tell(record)

    def publish_counters(hall: HallActor, records: Any, before: Any) -> None:
        recipients, hall._audience.events.recipients = hall._audience.events.recipients, []
        try:
            publish(hall, records, before)
        finally:
            hall._audience.events.recipients = recipients

    plant.attribute(HallActor, "_flush", flush_and_tell)
    plant.attribute(HallActor, "_publish", publish_counters)


def _tells_what_is_not_durable(plant: Plant) -> None:
    """Pages are told the state with what is only decided."""

    def read(hall: HallActor, message: ReadState) -> HallState:
        if message.reply_to is not None:
            told(message.reply_to, StateRead(state=hall._open.state))
        return hall._open.state

    plant.entry(HallActor._handlers, ReadState, read)


BUGS = (
    Bug(name="answers before the commit", invariant=4, seed=0, plant=_answers_at_once),
    Bug(
        name="published before the commit",
        invariant=4,
        seed=0,
        plant=_publishes_before_the_commit,
    ),
    Bug(
        name="pages are told what is not durable",
        invariant=4,
        seed=0,
        plant=_tells_what_is_not_durable,
    ),
)

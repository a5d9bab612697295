"""The uplink between a hall's journal and headquarters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from actors.uplink import (
    ALARM_AFTER_S,
    ANSWER_MAX_S,
    BATCH_EVENTS,
    GATHER_S,
    IDLE_S,
    PAUSE_FIRST_S,
    PAUSE_MAX_S,
    UplinkActor,
)
from protocol.errors import JournalDamaged
from protocol.event_rows import Row
from protocol.events import CounterClosed
from protocol.ids import CommandId, CounterId, HallId
from protocol.messages import ClearAlarm, RaiseAlarm, Recorded, Subscribe
from protocol.uplink import BatchAnswered, EventBatch, UplinkResult
from tests.actors.conftest import ClockRig, SimRig
from tests.actors.recorders import Ear, RecorderActor

pytestmark = pytest.mark.parametrize("rig", [SimRig, ClockRig], indirect=True)

HALL = HallId("HZ01")
MOMENT_S = 4 * GATHER_S


class Shelf:
    """A journal's rows, of which only the numbers matter here."""

    def __init__(self, count: int = 0) -> None:
        self.count = count
        self.damaged = False

    def rows(self, after: int, limit: int) -> Sequence[Row]:
        if self.damaged:
            raise JournalDamaged("event 7 is missing")
        last = min(self.count, after + limit)
        return [Row(seq, "at", "kind", "c", "{}", f"d{seq}") for seq in range(after + 1, last + 1)]


class Office:
    """Headquarters, as far as an uplink sees it: it is at ``seq``, away, or of another opinion."""

    def __init__(self) -> None:
        self.batches: list[EventBatch] = []
        self.seq = 0
        self.answers = True
        self.result = UplinkResult.HAS
        self.other_from: int | None = None
        """From this event on it has other ones."""

    def send(self, batch: EventBatch, reply_to: Any) -> None:
        self.batches.append(batch)
        if not self.answers:
            return
        result = self.result
        for row in batch.rows if result is UplinkResult.HAS else ():
            if self.other_from is not None and self.other_from <= row.seq:
                result = UplinkResult.DIVERGED
                break
            if row.seq == self.seq + 1:
                self.seq = row.seq
        reply_to.tell(BatchAnswered(hall=HALL, result=result, seq=self.seq, detail="why"))

    def sent(self) -> list[tuple[int, int] | None]:
        """Return the first and the last event of each batch, None for a question."""
        return [(b.rows[0].seq, b.rows[-1].seq) if b.rows else None for b in self.batches]


class Stage:
    """An uplink; a shelf in place of the journal, recorders in place of the others."""

    def __init__(self, rig: Any, events: int = 0, there: int = 0) -> None:
        self.rig = rig
        self.shelf, self.office = Shelf(events), Office()
        self.office.seq = there
        self.hall, self.alarms = Ear(), Ear()
        spawn = rig.world.spawn
        hall = spawn("hall", RecorderActor, self.hall)
        alarms = spawn("alarms", RecorderActor, self.alarms)
        self.uplink = spawn(
            "hall/HZ01/uplink", UplinkActor, HALL, hall, alarms, self.shelf, self.office
        )

    def happen(self, events: int = 1) -> None:
        """Have so many events become durable, and told."""
        for _ in range(events):
            self.shelf.count += 1
            event = CounterClosed(
                at=self.rig.world.now(), command=CommandId("c"), counter=CounterId("1")
            )
            self.uplink.tell(Recorded(seq=self.shelf.count, event=event))
        self.rig.run(0.0)

    def alarmed(self) -> bool:
        told = [message for message in self.alarms if isinstance(message, RaiseAlarm | ClearAlarm)]
        return isinstance(told[-1], RaiseAlarm)


def test_start_listens_and_sends_what_headquarters_lacks(rig: Any) -> None:
    stage = Stage(rig, events=2 * BATCH_EVENTS + 3, there=BATCH_EVENTS)
    rig.run(1.0)
    stage.happen()
    rig.run(MOMENT_S)
    assert stage.hall.of(Subscribe)
    last = 2 * BATCH_EVENTS + 3
    # The first batch begins with what is there already: is it the same?
    assert stage.office.sent() == [
        None,
        (BATCH_EVENTS, 2 * BATCH_EVENTS - 1),
        (2 * BATCH_EVENTS, last),
        (last + 1, last + 1),
    ]
    assert stage.office.seq == last + 1
    assert not stage.alarmed()


def test_backlog_is_sent_although_nothing_happens(rig: Any) -> None:
    stage = Stage(rig, events=3 * BATCH_EVENTS)
    rig.run(1.0)
    assert stage.office.seq == 3 * BATCH_EVENTS


def test_events_of_a_moment_go_together_and_one_batch_at_a_time(rig: Any) -> None:
    stage = Stage(rig)
    rig.run(MOMENT_S)
    stage.happen(3)
    rig.run(MOMENT_S)
    assert stage.office.sent() == [None, (1, 3)]
    stage.office.answers = False
    stage.happen()
    rig.run(MOMENT_S)
    stage.happen()
    rig.run(MOMENT_S)
    assert stage.office.sent() == [None, (1, 3), (4, 4)]


def test_answer_that_does_not_come_is_asked_for_again_from_where_headquarters_is(rig: Any) -> None:
    stage = Stage(rig)
    rig.run(MOMENT_S)
    stage.office.answers = False
    stage.happen(2)
    rig.run(MOMENT_S)
    stage.office.seq = 2  # it was taken, and the answer was lost
    stage.office.answers = True
    stage.happen()
    rig.run(ANSWER_MAX_S + 2 * PAUSE_FIRST_S)
    assert stage.office.sent()[1:] == [(1, 2), None, (2, 3)]
    assert stage.office.seq == 3


def test_pauses_grow_while_headquarters_is_away_and_a_person_is_told(rig: Any) -> None:
    stage = Stage(rig, events=1)
    stage.office.result = UplinkResult.LATER
    rig.run(60.0)
    early = len(stage.office.batches)
    assert 5 <= early <= 8
    assert not stage.alarms.of(RaiseAlarm)
    rig.run(ALARM_AFTER_S + PAUSE_MAX_S)
    assert len(stage.office.batches) - early <= 9
    assert stage.alarmed()
    stage.office.result = UplinkResult.HAS
    rig.run(2 * PAUSE_MAX_S)
    assert stage.office.seq == 1
    assert not stage.alarmed()


def test_other_events_there_raise_an_alarm_that_stays_until_they_agree(rig: Any) -> None:
    stage = Stage(rig, events=5, there=3)
    stage.office.other_from = 3
    rig.run(10.0)
    assert stage.office.sent()[:4] == [None, (3, 5), None, (3, 5)]
    assert stage.office.seq == 3
    assert stage.alarmed()
    assert not stage.alarms.of(ClearAlarm)
    stage.office.other_from = None
    rig.run(2 * PAUSE_MAX_S)
    assert stage.office.seq == 5
    assert not stage.alarmed()


def test_journal_that_is_shorter_than_headquarters_copy_is_an_older_one(rig: Any) -> None:
    stage = Stage(rig, events=5, there=8)
    rig.run(10.0)
    [raised, *_] = stage.alarms.of(RaiseAlarm)
    assert "an older copy was put back" in raised.detail
    assert not any(batch.rows for batch in stage.office.batches)


def test_journal_that_cannot_be_read_raises_an_alarm_and_is_read_again(rig: Any) -> None:
    stage = Stage(rig, events=5)
    stage.shelf.damaged = True
    rig.run(1.0)
    assert "event 7 is missing" in stage.alarms.of(RaiseAlarm)[0].detail
    stage.shelf.damaged = False
    rig.run(10.0)
    assert stage.office.seq == 5
    assert not stage.alarmed()


def test_headquarters_that_lost_its_last_events_gets_them_again(rig: Any) -> None:
    stage = Stage(rig, events=5)
    rig.run(MOMENT_S)
    assert stage.office.seq == 5
    stage.office.seq = 2
    stage.happen()
    rig.run(1.0)
    assert stage.office.seq == 6
    stage.office.seq = 3  # and nothing happens that would be sent
    rig.run(IDLE_S + 1.0)
    assert stage.office.seq == 6


def test_headquarters_is_asked_seldom_while_nothing_happens(rig: Any) -> None:
    stage = Stage(rig, events=5)
    rig.run(MOMENT_S)
    stage.office.batches.clear()
    rig.run(10 * IDLE_S)
    # Each time how far things are, and whether the last event is the same.
    assert 18 <= len(stage.office.batches) <= 20

"""Takes a hall's events to headquarters: the hall's journal is their outbox, which this reads from where
headquarters is.

asking --has--> sending <--> idle         one batch is on its way at a time
   ^               |
   +--later--------+--diverged--> alarm, and asked again now and then

Headquarters says how far it is, and that alone counts: nothing is remembered here that could be lost. A batch
that comes twice is taken once there. While headquarters is away the journal keeps what happens, and the hall is
not held up; an outage of days is read from the disk afterwards, a batch at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.ports import EventRows, UplinkPort
from actors.world import Timer
from protocol.errors import StorageError
from protocol.event_rows import Row
from protocol.ids import HallId
from protocol.messages import ClearAlarm, RaiseAlarm, Recorded, Subscribe
from protocol.uplink import BatchAnswered, EventBatch, UplinkResult
from protocol.values import value

log = logging.getLogger(__name__)

BATCH_EVENTS = 250
"""Events of one batch: some 100 kB, read in two milliseconds, for which the hall waits."""

GATHER_S = 0.05
"""How long events are gathered, so that a rush is sent in batches and a single event soon."""

REST_S = 0.02
"""Between batches of a backlog: the hall goes first."""

ANSWER_MAX_S = 30.0
"""After so long without an answer a batch is sent again."""

IDLE_S = 60.0
"""How often headquarters is asked while nothing happens: it may have lost its last events meanwhile."""

PAUSE_FIRST_S = 1.0
PAUSE_MAX_S = 60.0
"""The first and the longest pause after "later"; each is twice the one before."""

ALARM_AFTER_S = 300.0
"""So long headquarters may be away before a person is told."""


@value
class _Due:
    """It is time to send, or to ask."""


@value
class _Idle:
    """Nothing was sent for a while."""


@value
class _AnswerOverdue:
    """Nobody has answered the batch."""


class UplinkActor(Actor):
    """See the module. Its alarm is ``uplink/{hall}``."""

    def __init__(
        self,
        place: Place,
        id: HallId,
        hall: Ref[Any],
        alarms: Ref[Any],
        rows: EventRows,
        port: UplinkPort,
    ) -> None:
        super().__init__(place)
        self._id = id
        self._hall = hall
        self._alarms = alarms
        self._rows = rows
        self._port = port
        self._there: int | None = None
        """The last event that headquarters has; unknown until it has said so."""
        self._unproven = True
        """Whether what it has was not compared with the journal yet."""
        self._last = 0
        """The last event of which was heard; nothing is heard of a backlog at the start."""
        self._full = False
        """Whether the last batch held as much as one may, so that there is probably more."""
        self._overdue: Timer | None = None
        """There while a batch is on its way."""
        self._due: Timer | None = None
        self._idle: Timer | None = None
        self._pause_s = PAUSE_FIRST_S
        self._failing_since_s: float | None = None
        # A predecessor that failed may have raised the alarm.
        self._alarmed = True

    def on_start(self) -> None:
        """Listen to the hall, and ask headquarters how far it is."""
        told(self._hall, Subscribe(recipient=self._actor_ref))
        self._send(())

    @receives(Recorded)
    def _take_event(self, record: Recorded) -> None:
        self._last = record.seq
        self._send_in(GATHER_S)

    def _send_in(self, delay_s: float) -> None:
        """Send what there is in a while, unless that is going to happen anyway."""
        if self._overdue is None and self._due is None:
            self._due = self.later(delay_s, _Due())

    @receives(_Due)
    def _take_due(self, _message: _Due) -> None:
        self._due = None
        if self._there is None:
            self._send(())
            return
        # The first batch begins with the last event that is there already: is it the same one?
        overlap = 1 if self._unproven and self._there else 0
        try:
            rows = self._rows.rows(self._there - overlap, BATCH_EVENTS)
        except StorageError as error:
            self._diverged(f"its events cannot be read: {error}")
            return
        if overlap and not rows:
            self._diverged(
                f"headquarters has {self._there} events, and the journal fewer: an older copy was put back"
            )
        elif rows:
            self._send(rows)
        else:
            self._goes_well()

    def _diverged(self, detail: str) -> None:
        self._there = None
        self._alarm(detail)
        self._pause()

    def _send(self, rows: Sequence[Row]) -> None:
        self._unproven = not rows
        self._full = len(rows) == BATCH_EVENTS
        self._overdue = self.later(ANSWER_MAX_S, _AnswerOverdue())
        if self._idle is not None:
            self._idle.cancel()
        self._idle = self.later(IDLE_S, _Idle())
        self._port.send(EventBatch(hall=self._id, rows=tuple(rows)), self._actor_ref)

    @receives(_Idle)
    def _take_idle(self, _message: _Idle) -> None:
        if self._overdue is None and self._due is None:
            self._send(())

    @receives(BatchAnswered)
    def _take_answer(self, answer: BatchAnswered) -> None:
        if self._overdue is None:
            return  # it comes too late: the batch is sent again
        self._overdue.cancel()
        self._overdue = None
        match answer.result:
            case UplinkResult.HAS:
                self._go_on(answer.seq)
            case UplinkResult.LATER:
                self._away(answer.detail)
            case UplinkResult.DIVERGED:
                self._diverged(answer.detail)

    def _go_on(self, there: int) -> None:
        self._there = there
        if not self._unproven:
            self._goes_well()
        if self._unproven or self._full or there < self._last:
            self._send_in(REST_S)

    def _goes_well(self) -> None:
        self._pause_s, self._failing_since_s = PAUSE_FIRST_S, None
        if self._alarmed:
            self._alarmed = False
            told(self._alarms, ClearAlarm(alarm=self._trouble))

    @receives(_AnswerOverdue)
    def _take_overdue(self, _message: _AnswerOverdue) -> None:
        self._overdue = None
        self._away(f"no answer for {ANSWER_MAX_S:g} s")

    def _away(self, detail: str) -> None:
        """Ask anew after a pause: headquarters may have come back with less, or with more."""
        if self._failing_since_s is None:
            self._failing_since_s = self.monotonic
            log.warning("headquarters is away hall=%s detail=%s", self._id, detail)
        elif self.monotonic - self._failing_since_s >= ALARM_AFTER_S:
            self._alarm(f"headquarters takes no events: {detail}")
        self._there = None
        self._pause()

    def _pause(self) -> None:
        pause_s = self._pause_s * self.random.uniform(0.75, 1.25)
        self._pause_s = min(self._pause_s * 2, PAUSE_MAX_S)
        self._send_in(pause_s)

    def _alarm(self, detail: str) -> None:
        self._alarmed = True
        told(self._alarms, RaiseAlarm(alarm=self._trouble, detail=detail))

    @property
    def _trouble(self) -> str:
        return f"uplink/{self._id}"

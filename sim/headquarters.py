"""Headquarters in virtual time, and the network that leads there, with everything that may befall it.

What headquarters takes it decides as the real one does (`protocol.uplink.fresh_rows`); only its database is a
list here, which forgets its end where its machine loses power.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from actors.audience import told
from actors.world import Timer
from protocol.event_rows import Row, first_digest
from protocol.ids import HallId
from protocol.messages import Recipient
from protocol.uplink import (
    BatchAnswered,
    CopyDiverged,
    EventBatch,
    UplinkResult,
    fresh_rows,
)

__all__ = ["Headquarters"]

LATENCY_S = 0.02
"""One way."""

LATE_S = 20.0
"""What comes twice comes again after so long at most, behind what was sent later."""

Later = Callable[[float, Callable[[], None]], Timer]


class Headquarters:
    """See the module; also `actors.ports.UplinkPort`. One hall's way there, and its copy.

    ``later`` is a clock that outlives the hall's process. What befalls the network is 0 or off while all is
    well.
    """

    def __init__(self, hall: HallId, random: Random, later: Later) -> None:
        self.rows: list[Row] = []
        """The copy."""
        self.loss = 0.0
        """The share of messages that vanish, either way."""
        self.twice = 0.0
        """The share that comes once more, up to `LATE_S` later."""
        self.delay_s = 0.0
        """What each message takes longer, at most."""
        self.refuses = False
        """Whether the network says at once that nobody is there."""
        self.silent = False
        """Whether connections stay open and nothing comes through, either way."""
        self.starting = False
        """Whether it takes a batch, and goes down before it answers."""
        self._first = first_digest(hall)
        self._random = random
        self._later = later

    def send(self, batch: EventBatch, reply_to: Recipient) -> None:
        """Have ``batch`` taken, if it gets there."""
        if self.refuses:
            away = BatchAnswered(hall=batch.hall, result=UplinkResult.LATER, detail="nobody there")
            self._later(LATENCY_S, lambda: _told(reply_to, away))
            return
        self._carry(lambda: self._arrive(batch, reply_to))

    def heal(self) -> None:
        """Have nothing befall anybody any more; what is on its way arrives."""
        self.loss = self.twice = self.delay_s = 0.0
        self.refuses = self.silent = self.starting = False

    def lose_end(self, events: int) -> None:
        """Forget the last ``events``, as a database does whose machine loses power."""
        del self.rows[max(len(self.rows) - events, 0) :]

    def _carry(self, arrive: Callable[[], None]) -> None:
        """Have ``arrive`` called as the network brings a message: late, twice, or never."""
        random = self._random
        if self.silent or random.random() < self.loss:
            return
        self._later(LATENCY_S + random.uniform(0.0, self.delay_s), arrive)
        if random.random() < self.twice:
            self._later(LATENCY_S + random.uniform(0.0, LATE_S), arrive)

    def _arrive(self, batch: EventBatch, reply_to: Recipient) -> None:
        if self.silent:
            return
        answer = self.take(batch)
        if not self.starting:
            self._carry(lambda: _told(reply_to, answer))

    def take(self, batch: EventBatch) -> BatchAnswered:
        """Take a batch, and answer it."""
        rows, result, detail = self.rows, UplinkResult.HAS, ""
        digest = rows[-1].digest if rows else self._first
        try:
            rows += fresh_rows(batch.rows, len(rows), digest, lambda seq: rows[seq - 1].digest)
        except CopyDiverged as wrong:
            result, detail = UplinkResult.DIVERGED, str(wrong)
        return BatchAnswered(hall=batch.hall, result=result, seq=len(rows), detail=detail)


def _told(reply_to: Recipient, answer: BatchAnswered) -> None:
    told(reply_to, answer)

"""What a radio link has still to send, and what of it goes next.

The more urgent goes first. Among equals a broadcast goes first, and the peers take turns. What goes to one
peer keeps its order, but that a more urgent datagram passes those that were not attempted yet.

A peer with stock firmware takes a datagram for a new one when a broadcast came between two attempts. So a
broadcast waits until no datagram is under way, unless all that are may be taken twice (`Outgoing.idempotent`);
meanwhile nothing starts that would make it wait longer, except what is more urgent.
"""

from collections import deque
from collections.abc import Collection, Iterator
from enum import IntEnum
from math import inf

import attrs

from protocol.radio.datagram import BROADCAST
from protocol.radio.frame import Frame

__all__ = ["Outbox", "Outgoing", "Urgency"]


class Urgency(IntEnum):
    """What goes first when the channel is free; acknowledgements go before all of it."""

    LOW = 0
    """What nobody waits for: texts, brightness."""
    NORMAL = 1
    HIGH = 2
    """What somebody looks for right now: the result of a press, a call."""


@attrs.define(eq=False)
class Outgoing:
    """A datagram or broadcast on its way; ``frame`` is None until the first attempt."""

    to: int
    payload: bytes
    token: int | None
    urgency: Urgency = Urgency.NORMAL
    idempotent: bool = False
    """To take it twice does no harm, so that a broadcast may come between two attempts."""
    passed_on: bool = False
    """The peer passes it on, and needs the channel for that."""
    frame: Frame | None = None
    attempts: int = 0
    began_s: float = 0.0
    attempted_s: float = 0.0
    due_s: float = -inf
    """When the next attempt may be made."""


class Outbox:
    """See the module. It has no bound of its own: who adds looks at `waiting` and `count` first."""

    def __init__(self) -> None:
        self.waiting = 0
        """Datagrams that wait or are under way, to all peers together; without broadcasts."""
        self._queues: dict[int, deque[Outgoing]] = {}
        self._turns: deque[deque[Outgoing]] = deque()
        """The queues that are not empty; whose turn is next stands first."""
        self._broadcasts: deque[Outgoing] = deque()

    def count(self, to: int) -> int:
        """Return how many wait or are under way to ``to``."""
        return len(self._queue(to))

    def head(self, to: int) -> Outgoing | None:
        """Return the first to the peer ``to``, the only one that may have been attempted."""
        queue = self._queue(to)
        return queue[0] if queue else None

    def add(self, outgoing: Outgoing) -> None:
        """Take in one more."""
        queue = self._queue(outgoing.to)
        place = len(queue)
        while place and not queue[place - 1].attempts:
            if queue[place - 1].urgency >= outgoing.urgency:
                break
            place -= 1
        queue.insert(place, outgoing)
        if outgoing.to != BROADCAST:
            self.waiting += 1
            if len(queue) == 1:
                self._turns.append(queue)

    def remove(self, outgoing: Outgoing) -> None:
        """Take ``outgoing`` away."""
        queue = self._queue(outgoing.to)
        queue.remove(outgoing)
        if outgoing.to != BROADCAST:
            self.waiting -= 1
            if not queue:
                self._turns.remove(queue)

    def find_waiting(self, token: int) -> Outgoing | None:
        """Return the oldest with ``token`` that was not attempted yet."""
        for queue in (self._broadcasts, *self._turns):
            for outgoing in queue:
                if outgoing.token == token and not outgoing.attempts:
                    return outgoing
        return None

    def find(self, token: int) -> Outgoing | None:
        """Return the oldest datagram with ``token``, attempted or not."""
        for queue in self._turns:
            for outgoing in queue:
                if outgoing.token == token:
                    return outgoing
        return None

    def to_others_than(self, peers: Collection[int]) -> list[Outgoing]:
        """Return the datagrams to any but ``peers``, oldest first for each."""
        return [outgoing for queue in self._turns for outgoing in queue if outgoing.to not in peers]

    def next_due(self, now_s: float) -> Outgoing | None:
        """Return what goes next if it may go by ``now_s``; its peer's next turn comes after the others'."""
        best: Outgoing | None = None
        if not self._turns and not self._broadcasts:
            return None
        for outgoing in self._candidates():
            if outgoing.due_s <= now_s and (best is None or outgoing.urgency > best.urgency):
                best = outgoing
        if best is not None and best.to != BROADCAST:
            queue = self._queue(best.to)
            self._turns.remove(queue)
            self._turns.append(queue)
        return best

    def next_due_s(self) -> float | None:
        """Return when the first may go (-inf: at any time), or None where none is left."""
        if self._broadcasts:
            return min((outgoing.due_s for outgoing in self._candidates()), default=None)
        if not self._turns:
            return None
        return min([queue[0].due_s for queue in self._turns])

    def _candidates(self) -> Iterator[Outgoing]:
        """Yield what may go once its pause is over, in the order of the turns."""
        broadcast = self._broadcasts[0] if self._broadcasts else None
        heads = [queue[0] for queue in self._turns]
        if broadcast is None:
            yield from heads
            return
        if not any(head.attempts and not head.idempotent for head in heads):
            yield broadcast
        for head in heads:
            if head.attempts or head.idempotent or head.urgency > broadcast.urgency:
                yield head

    def _queue(self, to: int) -> deque[Outgoing]:
        if to == BROADCAST:
            return self._broadcasts
        queue = self._queues.get(to)
        if queue is None:
            queue = self._queues[to] = deque()
        return queue

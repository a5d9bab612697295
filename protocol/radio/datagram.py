"""Datagrams and their acknowledgements: addresses, flags, IDs, repeats.

    TO FROM ID FLAGS payload      FLAGS: 80 acknowledgement, 40 repeat, 30 reserved, 0F application

- Address 255 is everybody. What goes there is sent once and never acknowledged.
- An acknowledgement swaps TO and FROM, keeps the ID, sets 80 and carries the one octet 21.
- A receiver with stock firmware remembers one ID for each sender, of unicasts and broadcasts
  alike, at first 0. It acknowledges a datagram with that ID again and drops it, whatever it holds.

Source: captured frames of RadioHead 1.135 and 1.112.
"""

from collections import deque

from protocol.radio.frame import Frame

__all__ = [
    "BROADCAST",
    "FLAGS_APPLICATION",
    "FLAGS_RESERVED",
    "FLAG_ACK",
    "FLAG_RETRY",
    "DuplicateMemory",
    "PeerIds",
    "acknowledgement",
    "acknowledges",
]

BROADCAST = 255

FLAG_ACK = 0x80
FLAG_RETRY = 0x40
FLAGS_RESERVED = 0x30
FLAGS_APPLICATION = 0x0F

ACK_PAYLOAD = b"!"

ID_MAX = 255

HELD_MAX = 64
"""IDs remembered for each peer as those that it may hold; a peer out of range meets no more."""


def acknowledgement(datagram: Frame) -> Frame:
    """Return the frame that acknowledges ``datagram``."""
    return Frame(
        to=datagram.source,
        source=datagram.to,
        id=datagram.id,
        flags=FLAG_ACK,
        payload=ACK_PAYLOAD,
    )


def acknowledges(answer: Frame, datagram: Frame) -> bool:
    """Whether ``answer`` acknowledges ``datagram``.

    Its other flags and its payload do not matter: firmware leaves remains of earlier frames there.
    """
    return (
        bool(answer.flags & FLAG_ACK)
        and answer.id == datagram.id
        and answer.source == datagram.to
        and answer.to == datagram.source
    )


class PeerIds:
    """Chooses IDs such that no peer takes a new datagram for a repeat.

    Each peer has its own counter: 1 to 255, then 1 again. 0 is never used, for that is what stock
    firmware remembers at first. A peer holds the ID that it heard last: the one that it
    acknowledged, or one sent since then, to it or to everybody. All of these are passed over, by
    its next datagram and by broadcasts.

    What cannot be known here is what a peer holds from before this object was made: its first
    datagram may be acknowledged and dropped. What must arrive is confirmed by its payload.
    """

    def __init__(self, first: int = 1) -> None:
        """Begin with the ID ``first`` (1 to 255) for each peer and for everybody."""
        self._before_first = first - 1
        self._last: dict[int, int] = {}
        self._held: dict[int, deque[int]] = {}
        self._broadcasts: deque[int] = deque(maxlen=HELD_MAX)

    def next_unicast(self, to: int) -> int:
        """Return the ID of the next datagram to the peer ``to``."""
        held = self._held_by(to)
        chosen = _next_free(self._last.get(to, self._before_first), set(held))
        self._last[to] = chosen
        held.append(chosen)
        return chosen

    def next_broadcast(self) -> int:
        """Return the ID of the next broadcast.

        Where all 255 IDs may be held by some peer, the one used the longest time ago is taken.
        """
        taken = set(self._broadcasts).union(*self._held.values())
        chosen = _next_free(self._last.get(BROADCAST, self._before_first), taken)
        self._last[BROADCAST] = chosen
        for held in (self._broadcasts, *self._held.values()):
            held.append(chosen)
        return chosen

    def heard(self, to: int, id_: int) -> None:
        """Note that the peer ``to`` (or everybody) may hold ``id_`` from another node with our address."""
        if to != BROADCAST:
            self._held_by(to).append(id_)
            return
        for held in (self._broadcasts, *self._held.values()):
            held.append(id_)

    def acknowledged(self, to: int, id_: int) -> None:
        """Note that the peer ``to`` holds ``id_`` now and none before it."""
        held = self._held[to]
        held.clear()
        held.append(id_)

    def _held_by(self, to: int) -> deque[int]:
        held = self._held.get(to)
        if held is None:
            held = self._held[to] = deque(self._broadcasts, maxlen=HELD_MAX)
        return held


def _following(id_: int) -> int:
    return id_ % ID_MAX + 1


def _next_free(last: int, taken: set[int]) -> int:
    chosen = _following(last)
    for _ in range(ID_MAX):
        if chosen not in taken:
            return chosen
        chosen = _following(chosen)
    return chosen


class DuplicateMemory:
    """Remembers the last datagram of each sender, 256 at most, to know its repeats.

    A repeat has the ID and the payload of the last one. Stock firmware goes by the ID alone, and
    so loses the first datagram of a sender that was restarted and counts from 1 again.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, bytes]] = {}

    def repeats(self, datagram: Frame) -> bool:
        """Whether ``datagram`` is the last one of its sender once more; it is remembered."""
        seen = (datagram.id, datagram.payload)
        if self._last.get(datagram.source) == seen:
            return True
        self._last[datagram.source] = seen
        return False

"""What a radio link wants done, and what it counts."""

from enum import StrEnum

import attrs

from protocol.values import value

__all__ = [
    "Acknowledged",
    "Action",
    "GaveUp",
    "LinkCounts",
    "Received",
    "Refusal",
    "Refused",
    "Stranger",
    "Transmit",
]


@value
class Transmit:
    """Write ``octets`` to the line now, in the order of the actions."""

    octets: bytes


@value
class Received:
    """The node ``source`` sent ``payload``, to us or to everybody; repeats are left out."""

    source: int
    payload: bytes
    flags: int
    broadcast: bool


@value
class Acknowledged:
    """The peer's radio has the datagram, ``round_trip_s`` after the first of its attempts."""

    token: int
    to: int
    round_trip_s: float
    attempts: int


@value
class GaveUp:
    """The peer acknowledged none of the attempts; it may have the datagram all the same."""

    token: int
    to: int
    attempts: int


class Refusal(StrEnum):
    """Why something is not taken for sending."""

    PEER_QUEUE_FULL = "peer_queue_full"
    QUEUE_FULL = "queue_full"
    BROADCASTS_FULL = "broadcasts_full"


@value
class Refused:
    """Nothing was taken: too much waits already. A refused broadcast has no token."""

    token: int | None
    to: int
    reason: Refusal


@value
class Stranger:
    """The node ``source`` sent something, to us or to everybody, and is none of our peers.

    It was not acknowledged: the sender knows that nobody took it.
    """

    source: int


Action = Transmit | Received | Acknowledged | GaveUp | Refused | Stranger


@attrs.define
class LinkCounts:
    """What a link has seen since it was made. All figures only grow."""

    frames_sent: int = 0
    octets_sent: int = 0
    """With the bit rate, the share of the time in which we were on the air."""
    acknowledgements_sent: int = 0
    broadcasts_sent: int = 0
    retries: int = 0
    """Transmissions after the first of a datagram."""
    acknowledged: int = 0
    given_up: int = 0
    refused: int = 0
    stale_acknowledgements: int = 0
    """Acknowledgements of nothing that is under way."""
    datagrams_received: int = 0
    """For us or for everybody, repeats included."""
    retries_received: int = 0
    """Datagrams for us that say they are repeats: a meter of what the uplink loses."""
    duplicates: int = 0
    """Datagrams that we had already."""
    strangers: int = 0
    """Datagrams from nodes that are none of our peers."""
    overheard: int = 0
    """Frames between others."""
    impossible: int = 0
    """Frames from everybody, from ourselves, or acknowledgements to everybody."""

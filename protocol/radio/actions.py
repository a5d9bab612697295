"""What a radio link wants done, and what it counts."""

from enum import StrEnum

import attrs

from protocol.values import value

__all__ = [
    "Acknowledged",
    "Action",
    "BroadcastSent",
    "DutyCycleFell",
    "DutyCycleReached",
    "GaveUp",
    "LinkCounts",
    "Misrouted",
    "Overheard",
    "PeerCounts",
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


@value
class BroadcastSent:
    """The broadcast that was given ``token`` goes out now; who hears it is not known."""

    token: int


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
class Overheard:
    """A peer that we know and do not serve sent something to our address or to everybody.

    It was neither acknowledged nor delivered. ``repeat`` says that it is not the peer's first attempt.
    """

    source: int
    repeat: bool


@value
class Stranger:
    """The node ``source`` sent something, to us or to everybody, and is none of our peers.

    It was not acknowledged: the sender knows that nobody took it.
    """

    source: int


@value
class Misrouted:
    """What ``source`` sent on a routed segment has no router's header, or is not for us; see ``reason``.

    Its radio was told that it arrived, for that is not the link's to judge; it was not delivered.
    """

    source: int
    reason: str


@value
class DutyCycleReached:
    """We sent for as much of the last hour as is allowed: only acknowledgements are sent now."""

    share: float


@value
class DutyCycleFell:
    """We may send again."""


Action = (
    Transmit
    | Received
    | Acknowledged
    | GaveUp
    | BroadcastSent
    | Refused
    | Overheard
    | Stranger
    | Misrouted
    | DutyCycleReached
    | DutyCycleFell
)


@attrs.define
class LinkCounts:
    """What a link has seen since it was made. All figures only grow."""

    frames_sent: int = 0
    octets_sent: int = 0
    acknowledgements_sent: int = 0
    broadcasts_sent: int = 0
    retries: int = 0
    """Transmissions after the first of a datagram."""
    acknowledged: int = 0
    given_up: int = 0
    superseded: int = 0
    """Datagrams and broadcasts that were replaced or withdrawn before they were sent."""
    refused: int = 0
    stale_acknowledgements: int = 0
    """Acknowledgements of nothing that is under way."""
    datagrams_received: int = 0
    """For us or for everybody, repeats included."""
    retries_received: int = 0
    """Datagrams for us that say they are repeats: a meter of what the uplink loses."""
    duplicates: int = 0
    """Datagrams that we had already."""
    flooded: int = 0
    """Datagrams that were delivered and not acknowledged, for their senders flood."""
    strangers: int = 0
    """Datagrams from nodes that are none of our peers."""
    not_served: int = 0
    """Frames to us or to everybody from peers that we know and do not serve."""
    overheard: int = 0
    """Frames between others."""
    own_address: int = 0
    """Frames from our own address: an echo, a gateway that stands in for us, or a second node with
    our address."""
    impossible: int = 0
    """Frames from everybody, or acknowledgements to everybody."""


@attrs.define
class PeerCounts:
    """What passed between us and one node. All figures only grow."""

    sent: int = 0
    """Datagrams, each counted with its first attempt."""
    retries: int = 0
    """Further attempts."""
    acknowledged: int = 0
    given_up: int = 0
    received: int = 0
    """Datagrams from it to us, repeats included."""
    retries_received: int = 0
    """Those of them that say they are repeats; their share is what the uplink loses."""
    flooded: int = 0
    """Those of them that were not acknowledged, for it floods."""
    not_served: int = 0
    """Frames from it to us or to everybody while it was not served."""
    heard_s: float | None = None
    """When its last good frame came, to whomever, on the clock of the link's inputs."""

"""Sealed payloads: who sent a payload is proved, and that it is sent for the first time.

    20 | counter 4 | payload | tag 4

    tag = first 4 octets of AES-CMAC(key, direction 1 | terminal 1 | gateway 1 | counter 4 | payload)

- Numbers are unsigned, high octet first. The key and the CMAC are in `protocol.radio.keys`.
- The direction is 0 from the terminal to the gateway, 1 back, 2 for all terminals; ``terminal`` and ``gateway``
  are radio addresses, the terminal's being 255 in what goes to all of them.
- Each side counts what it seals with a key from 1 on, and takes only counters above the last one that it took.
  Neither count ever goes back, whatever loses its power: numbers are reserved in blocks, and a block is
  remembered before the first number of it is used. A restart skips the rest of its block.
- A key ends with the counter FFFFFFFF: nothing more is sealed, until its device is paired again.
- Nothing is encrypted: who listens can read.

The first octet tells a sealed payload from a plain one: layout version 2, which older firmware drops.

Source: RFC 4493; the tag is truncated as its section 2.4 allows.
"""

from collections.abc import Callable
from enum import IntEnum

from protocol.errors import (
    CountersExhausted,
    ForgedError,
    ProtocolError,
    ReflectedError,
    ReplayedError,
    SecurityError,
    StorageError,
)
from protocol.radio.keys import cmac, same
from protocol.values import value

__all__ = [
    "BLOCK",
    "COUNTER_MAX",
    "EVERYBODY",
    "OVERHEAD",
    "Direction",
    "Envelope",
    "SealingCounter",
    "Way",
    "broadcast_way",
    "is_sealed",
    "proves",
    "read_envelope",
    "seal",
    "verify",
]

SEALED = 0x20
"""The first octet of a sealed payload."""

COUNTER_OCTETS = 4
TAG_OCTETS = 4
OVERHEAD = 1 + COUNTER_OCTETS + TAG_OCTETS

COUNTER_MAX = 0xFFFFFFFF
"""At ten messages a second a key lasts thirteen years."""

BLOCK = 256
"""Counters that are reserved at once: what a restart may skip, and how many messages go with one write."""

EVERYBODY = 255


class Direction(IntEnum):
    """Which way a payload goes."""

    UP = 0
    DOWN = 1
    BROADCAST = 2


@value
class Way:
    """From where to where a payload goes: part of what its tag proves."""

    direction: Direction
    terminal: int
    gateway: int

    def back(self) -> "Way":
        """Return the way on which the receiver itself sends."""
        direction = Direction.DOWN if self.direction is Direction.UP else Direction.UP
        return Way(direction=direction, terminal=self.terminal, gateway=self.gateway)


def broadcast_way(gateway: int) -> Way:
    """Return the way from ``gateway`` to all of its terminals."""
    return Way(direction=Direction.BROADCAST, terminal=EVERYBODY, gateway=gateway)


@value
class Envelope:
    """A sealed payload as it came, not verified yet."""

    counter: int
    payload: bytes
    tag: bytes


def is_sealed(octets: bytes) -> bool:
    """Return whether ``octets`` say that they are a sealed payload."""
    return octets[:1] == bytes([SEALED])


def seal(key: bytes, way: Way, counter: int, payload: bytes) -> bytes:
    """Return ``payload`` sealed with ``counter``, with which the ``key`` must never have sealed anything."""
    tag = _tag(key, way, counter, payload)
    return bytes([SEALED]) + counter.to_bytes(COUNTER_OCTETS) + payload + tag


def read_envelope(octets: bytes) -> Envelope:
    """Return the parts of a sealed payload.

    Raises:
        ProtocolError: it is none, or too short to be one.
    """
    if not is_sealed(octets):
        raise ProtocolError(f"the payload {octets[:1].hex()}... is not sealed")
    if len(octets) <= OVERHEAD:
        raise ProtocolError(
            f"a sealed payload has {len(octets)} octets; {OVERHEAD + 1} are the least: it was cut"
        )
    return Envelope(
        counter=int.from_bytes(octets[1 : 1 + COUNTER_OCTETS]),
        payload=octets[1 + COUNTER_OCTETS : -TAG_OCTETS],
        tag=octets[-TAG_OCTETS:],
    )


def proves(key: bytes, way: Way, envelope: Envelope) -> bool:
    """Return whether ``envelope`` was sealed with ``key`` on that ``way``, by whoever has the key."""
    return same(_tag(key, way, envelope.counter, envelope.payload), envelope.tag)


def verify(key: bytes, way: Way, envelope: Envelope, taken: int) -> bytes:
    """Return what is in ``envelope``, which is new if its counter is above ``taken``, the last one that was.

    Raises:
        ReflectedError: the receiver sealed it itself.
        ForgedError: its tag is wrong.
        ReplayedError: it is an old one.
    """
    if not proves(key, way, envelope):
        if way.direction is not Direction.BROADCAST and proves(key, way.back(), envelope):
            raise ReflectedError("a sealed message came back to who had sent it")
        raise ForgedError(
            "the tag of a sealed message is wrong: somebody forges it, or it was sealed with another key"
        )
    if envelope.counter <= taken:
        raise ReplayedError(
            f"the message {envelope.counter} came after the message {taken}: somebody replays it, or the"
            " radio brought it once more"
        )
    return envelope.payload


class SealingCounter:
    """Numbers what is sealed with one key; never gives a number twice, whenever it ends.

    ``reserved`` is the last number that may have been used before. ``reserve`` is given the last number of
    the next block and must remember it for good before it returns.
    """

    def __init__(self, reserved: int, reserve: Callable[[int], object], block: int = BLOCK) -> None:
        self._last = self._reserved = reserved
        self._reserve = reserve
        self._block = block

    @property
    def last(self) -> int:
        """The last number that was used, or that may have been before a restart."""
        return self._last

    def next(self) -> int:
        """Return a number that was never returned before.

        The next block is reserved when half of this one is left, so that a full disk is met before numbers
        run out.

        Raises:
            CountersExhausted: there is none left.
            SecurityError: no block could be reserved since the last one ran out.
        """
        if self._last >= COUNTER_MAX:
            raise CountersExhausted(
                "a key has sealed all the messages that it may: pair its device again"
            )
        if self._reserved - self._last <= self._block // 2 and self._reserved < COUNTER_MAX:
            self._reserve_more()
        self._last += 1
        return self._last

    def _reserve_more(self) -> None:
        wanted = min(self._last + self._block, COUNTER_MAX)
        try:
            self._reserve(wanted)
        except StorageError as error:
            if self._reserved > self._last:
                return
            raise SecurityError(
                f"nothing can be sealed, for its number could not be remembered: {error}"
            ) from error
        self._reserved = wanted


def _tag(key: bytes, way: Way, counter: int, payload: bytes) -> bytes:
    ahead = bytes([way.direction, way.terminal, way.gateway]) + counter.to_bytes(COUNTER_OCTETS)
    return cmac(key, ahead + payload)[:TAG_OCTETS]

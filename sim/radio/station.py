"""A node on the channel: its host, its module, and the line between them.

The module's line is worked out burst by burst: when the last octet of what the host wrote has come, and
which octets make up a packet, follows from the times alone.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from math import inf

import attrs

from protocol.devices import Device
from protocol.radio.datagram import BROADCAST
from sim.radio.loss import Chance
from sim.radio.modules import RadioModule

__all__ = ["EVERYBODY", "Packet", "Station", "addressees", "first_piece", "pieces"]

EVERYBODY: frozenset[int] | None = None
"""What is for everybody, or for nobody knows whom."""

_START = b"\x10\x02"
_OPENING = re.compile(rb"\x10\x02(.)", re.DOTALL)

_ALONE: Sequence[frozenset[int] | None] = [
    EVERYBODY if address == BROADCAST else frozenset((address,)) for address in range(256)
]
"""Whom a frame with each address is for."""


def addressees(octets: bytes) -> frozenset[int] | None:
    """Return the addresses that frames within ``octets`` may be for.

    A few too many do no harm. Where no frame begins, as in the second half of one, it is for everybody.
    """
    if _is_one(octets):
        return _ALONE[octets[2]]
    found = frozenset(match[0] for match in _OPENING.findall(octets))
    return EVERYBODY if not found or BROADCAST in found else found


def pieces(octets: bytes) -> list[bytes]:
    """Return ``octets`` cut before each frame: a host has the first one before the last has come."""
    if _is_one(octets):
        return [octets]
    starts = [match.start() for match in _OPENING.finditer(octets)]
    if len(starts) < 2:
        return [octets]
    ends = [*starts[1:], len(octets)]
    return [octets[start:end] for start, end in zip([0, *starts[1:]], ends, strict=True)]


def first_piece(octets: bytes) -> int:
    """Return how many octets the first of the `pieces` has."""
    return len(octets) if _is_one(octets) else len(pieces(octets)[0])


def _is_one(octets: bytes) -> bool:
    """Whether it is clear that there is one frame and nothing before it, as it is nearly always."""
    return len(octets) > 2 and octets.startswith(_START) and octets.count(_START) == 1


@attrs.define(eq=False)
class Packet:
    """What one module puts on the air at once."""

    sender: Station
    octets: bytes
    to: frozenset[int] | None
    ready_s: float
    """When the module can send it."""
    begins_s: float = 0.0
    ends_s: float = 0.0
    pieces: list[bytes] = attrs.field(factory=list)
    """As a listener has them one after another; known from its begin on."""
    met: list[Packet] = attrs.field(factory=list)
    """Others that were on the air at the same time."""


@attrs.define(eq=False)
class Station:
    """A module with a ``device`` behind it, or with a port of the channel, then ``device`` is None.

    ``address`` is the radio address that the host takes datagrams at, where it is known. ``echo`` has the
    module give back to its host what the host sent.
    """

    module: RadioModule
    chance: Chance
    device: Device | None = None
    address: int | None = None
    echo: bool = False
    heard: bytearray = attrs.field(factory=bytearray)
    """Of a port: octets that nobody has fetched."""
    overflown: int = 0
    """Octets lost because the module's buffer was full."""
    levels: dict[Station, float | None] = attrs.field(factory=dict)
    """How strongly others are heard here, in decibels, None for not at all; 0 for those left out."""
    tick_s: float = inf
    """When the device is to be ticked next."""
    latest_tick_s: float = -inf
    """The latest time that the channel has for that, if that is still to come."""
    touched: bool = False
    """Whether somebody acted on the device, and it does not know yet."""
    contends: bool = False
    """Whether a packet is on the air or tries to get there."""
    since_s: float = 0.0
    """Since when it tries."""
    tries: int = 0
    delivered_s: float = 0.0
    """When the line to the host is free."""
    ready: deque[Packet] = attrs.field(factory=deque)
    """Packets that are complete, or will be without anything further from the host."""
    opened: bytes = b""
    """The packet that further octets may join."""
    _open_to: frozenset[int] | None = EVERYBODY
    _ends_s: float = -inf
    """When the last octet from the host has come."""
    _waiting: int = 0
    octet_s: float = attrs.field(init=False)
    """What an octet takes on the line."""
    _gap_s: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.octet_s = self.module.octet_s
        self._gap_s = self.module.gap_octets * self.octet_s

    def write(self, octets: bytes, now: float) -> None:
        """Take octets that the host begins to send ``now``, or once its earlier ones are out."""
        module = self.module
        if self._waiting + len(octets) > module.buffer_max:
            room = max(module.buffer_max - self._waiting, 0)
            self.overflown += len(octets) - room
            octets = octets[:room]
        if not octets:
            return
        begins_s = now if now > self._ends_s else self._ends_s
        if self.opened and begins_s > self._ends_s + self._gap_s:
            self.close()
        self._ends_s = begins_s + len(octets) * self.octet_s
        self._waiting += len(octets)
        self._join(octets, addressees(octets))

    def _join(self, octets: bytes, to: frozenset[int] | None) -> None:
        """Add to the open packet; cut off whole ones."""
        packet_max = self.module.packet_max
        self._open_to = _both(self._open_to, to) if self.opened else to
        self.opened += octets
        while len(self.opened) >= packet_max:
            rest = self.opened[packet_max:]
            full_s = self._ends_s - len(rest) * self.octet_s
            self._complete(self.opened[:packet_max], full_s)
            self.opened = rest
            self._open_to = to

    def _complete(self, octets: bytes, at_s: float) -> None:
        self.ready.append(
            Packet(sender=self, octets=octets, to=self._open_to, ready_s=at_s + self.module.send_s)
        )

    @property
    def closes_s(self) -> float:
        """When the open packet is ready to be sent if nothing joins it; never where there is none."""
        return self._ends_s + self._gap_s + self.module.send_s if self.opened else inf

    def close(self) -> None:
        """Let nothing more join the open packet."""
        self._complete(self.opened, self._ends_s + self._gap_s)
        self.opened = b""

    def forget(self) -> None:
        """Lose what waits, as a module does whose power is taken away; what is about to be sent still is."""
        while len(self.ready) > 1:
            self.ready.pop()
        self._waiting = sum(len(packet.octets) for packet in self.ready)
        self.opened = b""
        self.heard.clear()

    def take(self, now: float) -> Packet:
        """Return the packet to be sent ``now``: what came while the module waited goes with it."""
        packet = self.ready.popleft()
        packet_max = self.module.packet_max
        while len(packet.octets) < packet_max and self.ready and self.ready[0].ready_s <= now:
            following = self.ready[0]
            room = packet_max - len(packet.octets)
            packet.octets += following.octets[:room]
            packet.to = _both(packet.to, following.to)
            following.octets = following.octets[room:]
            if not following.octets:
                self.ready.popleft()
        self._waiting -= len(packet.octets)
        return packet


def _both(one: frozenset[int] | None, other: frozenset[int] | None) -> frozenset[int] | None:
    """Return whom either is for."""
    if one is None or other is None:
        return EVERYBODY
    return one | other

"""A bad serial line: octets are lost, changed, doubled, held up, overtaken, given back, or do not pass at all.

    host --> [impairments] --> device
    host <-- [impairments] <-- device

Sans-I/O, on a clock told to it. What is written at once is a piece; pieces arrive in one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from math import inf
from random import Random
from typing import Any

import attrs

from protocol.devices import Device
from protocol.values import value

HELD_MAX = 65_536
"""Octets that may be held up in one direction; pieces beyond them are lost."""


def _share(_instance: object, attribute: attrs.Attribute[Any], share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f"{attribute.name} is {share}; a probability lies between 0 and 1")


def _seconds(_instance: object, attribute: attrs.Attribute[Any], seconds: float) -> None:
    if not 0 <= seconds < inf:
        raise ValueError(f"{attribute.name} is {seconds}; 0 seconds or more are allowed")


@value
class Impairment:
    """What a line does to octets, in both directions. Every share is a probability from 0 to 1."""

    loss: float = attrs.field(default=0.0, validator=_share)
    """That an octet is lost."""
    gaps: float = attrs.field(default=0.0, validator=_share)
    """That a whole piece is lost."""
    corruption: float = attrs.field(default=0.0, validator=_share)
    """That an octet comes as any other one."""
    bit_flips: float = attrs.field(default=0.0, validator=_share)
    """That a bit is turned over."""
    duplication: float = attrs.field(default=0.0, validator=_share)
    """That a piece comes twice."""
    reordering: float = attrs.field(default=0.0, validator=_share)
    """That a piece is held back until `REORDERED_S` have gone, so that later ones overtake it."""
    echo: float = attrs.field(default=0.0, validator=_share)
    """That what the host sends comes back to it as well."""
    delay_s: float = attrs.field(default=0.0, validator=_seconds)
    """Everything comes so much later..."""
    jitter_s: float = attrs.field(default=0.0, validator=_seconds)
    """... and up to so much beyond that, in order."""
    cut: bool = False
    """Nothing passes."""


REORDERED_S = 0.25


class _Way:
    """One direction."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.held: list[tuple[float, int, bytes]] = []
        self._pieces = 0
        self._octets = 0
        self._last_s = 0.0

    def send(self, octets: bytes, impairments: list[Impairment], now: float) -> None:
        for piece in self._impaired(octets, impairments):
            self._hold(piece, impairments, now)

    def fetch(self, now: float) -> bytes:
        held, heard = self.held, b""
        while held and held[0][0] <= now:
            piece = heappop(held)[2]
            self._octets -= len(piece)
            heard += piece
        return heard

    def next_deadline(self) -> float | None:
        return self.held[0][0] if self.held else None

    def _impaired(self, octets: bytes, impairments: list[Impairment]) -> list[bytes]:
        draw = self._random.random
        pieces = [octets]
        for each in impairments:
            if each.cut or (each.gaps and draw() < each.gaps):
                return []
            if each.duplication and draw() < each.duplication:
                pieces = pieces * 2
            pieces = [self._changed(piece, each) for piece in pieces]
        return [piece for piece in pieces if piece]

    def _changed(self, octets: bytes, impairment: Impairment) -> bytes:
        draw, loss, corruption = self._random.random, impairment.loss, impairment.corruption
        if loss:
            octets = bytes(octet for octet in octets if draw() >= loss)
        if corruption:
            octets = bytes(
                (octet + self._random.randrange(1, 256)) % 256 if draw() < corruption else octet
                for octet in octets
            )
        if impairment.bit_flips and octets:
            flipped = 0
            for bit in range(8 * len(octets)):
                flipped |= (draw() < impairment.bit_flips) << bit
            octets = (int.from_bytes(octets) ^ flipped).to_bytes(len(octets))
        return octets

    def _hold(self, piece: bytes, impairments: list[Impairment], now: float) -> None:
        if self._octets + len(piece) > HELD_MAX:
            return
        at_s, late_s = now, 0.0
        for each in impairments:
            if each.delay_s or each.jitter_s:
                at_s += each.delay_s + self._random.random() * each.jitter_s
            if each.reordering and self._random.random() < each.reordering:
                late_s = REORDERED_S
        at_s = max(at_s, self._last_s)
        self._last_s = at_s
        self._pieces += 1
        self._octets += len(piece)
        heappush(self.held, (at_s + late_s, self._pieces, piece))


class Line:
    """See the module. Impairments come and go by `impair`; without any, everything passes at once."""

    def __init__(self, random: Random) -> None:
        self._impairments: list[Impairment] = []
        self._random = random
        self._to_device = _Way(random)
        self._to_host = _Way(random)

    @property
    def impairments(self) -> tuple[Impairment, ...]:
        """Those that are on now, the oldest first."""
        return tuple(self._impairments)

    def impair(self, impairment: Impairment) -> Callable[[], None]:
        """Have the line do this as well from now on; return what ends it."""
        self._impairments.append(impairment)
        return partial(self._mend, impairment)

    def _mend(self, impairment: Impairment) -> None:
        # By identity: two faults may do the same.
        kept = [each for each in self._impairments if each is not impairment]
        self._impairments = kept

    def from_host(self, octets: bytes, now: float) -> None:
        """Take what the host sends."""
        for each in self._impairments:
            if each.echo and not each.cut and self._random.random() < each.echo:
                self._to_host.send(octets, self._impairments, now)
        self._to_device.send(octets, self._impairments, now)

    def from_device(self, octets: bytes, now: float) -> None:
        """Take what the device sends."""
        self._to_host.send(octets, self._impairments, now)

    def for_device(self, now: float) -> bytes:
        """Return what has come to the device by now."""
        return self._to_device.fetch(now)

    def for_host(self, now: float) -> bytes:
        """Return what has come to the host by now."""
        return self._to_host.fetch(now)

    def next_deadline(self) -> float | None:
        """Return when something comes next, if anything is on the line."""
        deadlines_s = [self._to_device.next_deadline(), self._to_host.next_deadline()]
        return min((due_s for due_s in deadlines_s if due_s is not None), default=None)

    @property
    def at_rest(self) -> bool:
        """Whether everything passes at once and nothing is on the way."""
        # Asked at every octet string of a simulation.
        return not (self._impairments or self._to_device.held or self._to_host.held)


class LineDevice:
    """A device at the end of a bad line, as a `protocol.devices.Device` for whoever is at the other end."""

    def __init__(self, device: Device, line: Line) -> None:
        self.device = device
        self.line = line

    def receive(self, octets: bytes, now: float) -> bytes:
        """See `protocol.devices.Device.receive`."""
        if self.line.at_rest:
            return self.device.receive(octets, now)
        self.line.from_host(octets, now)
        return self._pass(now)

    def tick(self, now: float) -> bytes:
        """See `protocol.devices.Device.tick`."""
        sent = self.device.tick(now)
        if self.line.at_rest:
            return sent
        if sent:
            self.line.from_device(sent, now)
        return self._pass(now)

    def next_deadline(self) -> float | None:
        """See `protocol.devices.Device.next_deadline`."""
        if self.line.at_rest:
            return self.device.next_deadline()
        device_s, line_s = self.device.next_deadline(), self.line.next_deadline()
        if device_s is None or line_s is None:
            return line_s if device_s is None else device_s
        return min(device_s, line_s)

    def _pass(self, now: float) -> bytes:
        arrived = self.line.for_device(now)
        if arrived:
            sent = self.device.receive(arrived, now)
            if sent:
                self.line.from_device(sent, now)
        return self.line.for_host(now)

"""Ports in place of serial lines: one that a test plays by hand, one with a device model behind it."""

from __future__ import annotations

from typing import Any

import pytest

from actors.base import Actor, Place, receives
from actors.world import World
from protocol.devices import Device
from protocol.messages import LinkUp, OctetsReceived, Recipient
from protocol.radio.frame import Frame, FrameDecoder
from protocol.values import value
from tests.actors.conftest import ClockRig, SimRig

ON_VIRTUAL_CLOCKS = pytest.mark.parametrize(
    "rig", [SimRig, ClockRig], indirect=True, ids=["simpy", "clock"]
)
"""For tests in which seconds pass."""


class Port:
    """What was written to a port, and whether it was closed."""

    def __init__(self, address: str, owner: Recipient) -> None:
        self.address = address
        self.owner = owner
        self.written: list[bytes] = []
        self.closed = False

    def write(self, octets: bytes) -> None:
        self.written.append(octets)

    def close(self) -> None:
        self.closed = True

    def frames(self) -> list[Frame]:
        """Return the frames written, and forget them."""
        frames = FrameDecoder().receive(b"".join(self.written))
        self.written.clear()
        return frames


class Ports(list[Port]):
    """Opens ports that tests play by hand; they are not up until a test says so."""

    def open_link(self, address: str, owner: Recipient) -> Port:
        port = Port(address, owner)
        self.append(port)
        return port


@value
class _Written:
    octets: bytes


@value
class Poke:
    """Have the device do what is due, after a test acted on it."""


class _Line(Actor):
    """Lets a device model live in the world's time."""

    def __init__(self, place: Place, device: Device, owner: Recipient) -> None:
        super().__init__(place)
        self._device = device
        self._owner = owner
        self._timer: Any = None
        self.plugged = True

    def on_start(self) -> None:
        self._owner.tell(LinkUp())
        self._tick(Poke())

    @receives(_Written)
    def _write(self, message: _Written) -> None:
        if self.plugged:
            self._send(self._device.receive(message.octets, self.monotonic))

    @receives(Poke)
    def _tick(self, _message: Poke) -> None:
        self._send(self._device.tick(self.monotonic))

    def _send(self, octets: bytes) -> None:
        if octets and self.plugged:
            self._owner.tell(OctetsReceived(octets=octets))
        if self._timer is not None:
            self._timer.cancel()
        due_s = self._device.next_deadline()
        if due_s is not None:
            self._timer = self.later(max(0.0, due_s - self.monotonic), Poke())


class DeviceLinks:
    """Connects any address with one device model."""

    def __init__(self, world: World, device: Device) -> None:
        self._world = world
        self._device = device
        self.line: Any = None

    def open_link(self, address: str, owner: Recipient) -> Any:
        line = self.line = self._world.spawn(f"line/{address}", _Line, self._device, owner)

        class Link:
            def write(self, octets: bytes) -> None:
                line.tell(_Written(octets=octets))

            def close(self) -> None:
                """The line goes with its world."""

        return Link()

    def poke(self) -> None:
        """Let the device feel what a test did to it."""
        self.line.tell(Poke())

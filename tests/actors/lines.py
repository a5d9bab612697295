"""Ports that a test plays by hand, in place of serial lines."""

from __future__ import annotations

import pytest

from protocol.messages import Recipient
from protocol.radio.frame import Frame, FrameDecoder
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

"""Where a gateway is plugged into the channel."""

from __future__ import annotations

from typing import Protocol

from sim.radio.station import Station

__all__ = ["Port"]


class _Channel(Protocol):
    """What a port needs of its channel."""

    def advance(self, now: float) -> None: ...

    def write(self, station: Station, octets: bytes, now: float) -> None: ...

    def pass_time(self, now: float) -> None: ...

    def deadline_of(self, port: Port) -> float | None: ...

    def rouse(self, awake: Port) -> None: ...


class Port:
    """The line of a module on the channel, as a `protocol.devices.Device` for the gateway's link."""

    def __init__(self, channel: _Channel, station: Station, name: str) -> None:
        self.channel = channel
        self.station = station
        self.name = name

    def receive(self, octets: bytes, now: float) -> bytes:
        """Send ``octets`` from the gateway; return what it hears by now."""
        self.channel.advance(now)
        self.channel.write(self.station, octets, now)
        self.channel.advance(now)
        return self._fetch()

    def tick(self, now: float) -> bytes:
        """Let everything happen that is due; return what the gateway hears."""
        self.channel.pass_time(now)
        return self._fetch()

    def next_deadline(self) -> float | None:
        """Return when the channel has something to do, if it is this port that gives it time."""
        return self.channel.deadline_of(self)

    def _fetch(self) -> bytes:
        heard = self.station.heard
        octets = b""
        if heard:
            octets = bytes(heard)
            heard.clear()
        self.channel.rouse(self)
        return octets

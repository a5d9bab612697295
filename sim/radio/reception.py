"""What becomes of a packet on its way to one listener, and what is counted of that."""

from __future__ import annotations

import attrs

from sim.radio.station import Packet, Station

__all__ = ["CAPTURE_DB", "ChannelCounts", "Reception"]

CAPTURE_DB = 10.0
"""A packet is heard through another one that is weaker by so much; typical of FSK receivers."""


@attrs.define
class ChannelCounts:
    """What happened so far. The second group counts each listener that a packet was for."""

    packets: int = 0
    octets: int = 0
    air_s: float = 0.0
    """The sum of all packets' times on the air."""
    busy_s: float = 0.0
    """For how long there was something on the air."""
    sensed: int = 0
    """How often a module that wanted to send found the channel taken."""
    impatient: int = 0
    """Packets sent though the channel was taken, because it had been for so long."""

    heard: int = 0
    lost: int = 0
    """By chance."""
    collided: int = 0
    deaf: int = 0
    """The listener sent at that time."""
    captured: int = 0
    """Heard although there was another packet."""
    jammed: int = 0


class Reception:
    """Decides who hears what."""

    def __init__(self) -> None:
        self.counts = ChannelCounts()
        self.jams: list[tuple[float, float]] = []
        """Times in which nobody hears anything."""
        self.strangers: list[tuple[float, float]] = []
        """Times in which somebody else sends, whom nobody hears before it is too late."""

    def hears(self, packet: Packet, listener: Station) -> bool:
        """Whether the listener has the packet whole."""
        counts = self.counts
        level = listener.levels.get(packet.sender, 0.0)
        if level is None:
            return False
        if self.jams and any(
            begins_s < packet.ends_s and packet.begins_s < ends_s for begins_s, ends_s in self.jams
        ):
            counts.jammed += 1
            return False
        if self.strangers and any(
            begins_s < packet.ends_s and packet.begins_s < ends_s
            for begins_s, ends_s in self.strangers
        ):
            counts.collided += 1
            return False
        met = False
        for other in packet.met:
            if other.sender is listener:
                counts.deaf += 1
                return False
            other_level = listener.levels.get(other.sender, 0.0)
            if other_level is None:
                continue
            bound = other.begins_s < packet.begins_s - listener.module.sync_s
            if bound or level - other_level < CAPTURE_DB:
                counts.collided += 1
                return False
            met = True
        if listener.chance.loses(packet.ends_s):
            counts.lost += 1
            return False
        counts.heard += 1
        counts.captured += met
        return True

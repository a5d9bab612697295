"""What the gateway's radio module still holds: it puts what is written meanwhile into the same packet.

What does not fit one packet is cut, and either half may be lost.
"""

from __future__ import annotations

from math import inf

from protocol.radio.options import BITS_PER_OCTET

__all__ = ["MODULE_S", "ModulePacket"]

MODULE_S = 0.02
"""A module begins to send so long after the last octet has come, where the channel is free."""


class ModulePacket:
    """See the module. ``bitrate`` is that of the line to it."""

    def __init__(self, bitrate: int) -> None:
        self._bitrate = bitrate
        self._written = 0
        self._held = 0
        self._until_s = -inf

    def note(self, octets_sent: int, now_s: float) -> None:
        """Note that so many octets were written so far, the last of them now."""
        octets = octets_sent - self._written
        if not octets:
            return
        self._written += octets
        if now_s >= self._until_s:
            self._held = 0
        self._held += octets
        line_s = octets * BITS_PER_OCTET / self._bitrate
        self._until_s = max(now_s + MODULE_S, self._until_s) + line_s

    def held(self, now_s: float) -> int:
        """Return how many octets the module has not sent yet, if nobody else kept it from that."""
        return self._held if now_s < self._until_s else 0

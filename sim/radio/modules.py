"""Radio modules: how long octets take from one serial line to another, and when a module sends.

    host --line--> module ~~air~~> module --line--> host

A transparent module gathers what comes on its line into a packet, until that is full or the line is
still for a while; puts the packet on the air; and the other modules put it on their lines. With 9600
bit/s on the lines and on the air, 11 octets (an acknowledgement) take 60 ms from line to line and 20 octets
86 ms: what was measured of such modules.
"""

from __future__ import annotations

from math import inf

from protocol.errors import ConfigError
from protocol.values import value

__all__ = ["E32", "HC_12", "PERFECT", "RadioModule"]

LINE_BITS = 10
"""Bits of one octet on a serial line: 8N1."""


@value
class RadioModule:
    """A kind of module and how it is set. Times are in seconds, rates in bits a second.

    Raises ConfigError for values that no module has.
    """

    name: str
    packet_max: int
    """Octets that one packet carries; more from the line are cut into several."""
    bitrate: float = 9600.0
    """On the air."""
    baud: float = 9600.0
    """On the line to the host."""
    overhead: int = 12
    """Octets of each packet beside what it carries: preamble, sync word, length, check."""
    gap_octets: float = 3.0
    """A line that is still for the time of so many octets ends a packet."""
    send_s: float = 0.0065
    """From the packet's end on the line until the module is ready to send it."""
    deliver_s: float = 0.0075
    """From the packet's end on the air until its first octet goes out on the line."""
    turnaround_s: float = 0.001
    """From the decision to send until others can hear it; the module is deaf then."""
    sync_s: float = 0.004
    """A receiver is bound to a packet once it has heard so much of it."""
    buffer_max: int = 512
    """Octets that wait to be sent; what comes beyond them is lost."""
    senses: bool = False
    """Whether it listens before it talks."""
    listen_s: float = 0.005
    """How long the channel has to be free then."""
    backoff_s: float = 0.016
    """Where it was not free, a pause of up to this length follows, drawn at random..."""
    backoff_max_s: float = 0.128
    """... up to twice as long each time that the channel is taken again, but no longer than this."""
    patience_s: float = 2.0
    """After so long it sends in any case."""

    def __attrs_post_init__(self) -> None:
        for name in _TIMES_AND_AMOUNTS:
            given = getattr(self, name)
            if not given >= 0:
                raise ConfigError(f"module {self.name}: {name} is {given}; 0 or more is allowed")
        if not (self.packet_max and self.bitrate and self.baud and self.buffer_max):
            raise ConfigError(
                f"module {self.name}: packet_max, bitrate, baud and buffer_max are above 0"
            )

    @property
    def octet_s(self) -> float:
        """Seconds of one octet on the line."""
        return LINE_BITS / self.baud

    def air_s(self, octets: int) -> float:
        """Return how many seconds a packet with so many ``octets`` is on the air."""
        return (octets + self.overhead) * 8 / self.bitrate

    def hop_s(self, octets: int) -> float:
        """Return the seconds from the first of so many octets on one line to the last on the other.

        For one packet that is not full, on a channel that is free.
        """
        lines_s = (2 * octets + self.gap_octets) * self.octet_s
        waits_s = self.send_s + self.turnaround_s + self.deliver_s + self.senses * self.listen_s
        return lines_s + waits_s + self.air_s(octets)


_TIMES_AND_AMOUNTS = tuple(
    name for name in RadioModule.__annotations__ if name not in ("name", "senses")
)

HC_12 = RadioModule(name="HC-12", packet_max=16)
"""Sends whenever it has something. On the air at the rate of its line here, so that modules can be compared;
in its fastest setting (FU3) it goes at 58,000 bit/s there."""

E32 = RadioModule(name="E32", packet_max=58, senses=True)
"""With listen-before-talk as its successors of the E22 and E61 series have it: 5 ms of listening, as EN 300 220
asks for, and 2 s of patience."""

PERFECT = RadioModule(
    name="perfect",
    packet_max=1 << 20,
    buffer_max=1 << 20,
    bitrate=inf,
    baud=inf,
    send_s=0.0,
    deliver_s=0.0,
    turnaround_s=0.0,
)
"""Takes no time, so that nothing can collide."""

"""A radio channel without time, which tests spoil as they like: what one device sends, every other one hears.

`sim.radio` has channels with time, and a perfect one; here each direction has faults of its own, which may be
changed while devices run, and devices come and go. The medium is perfect unless it is told otherwise: no time
passes on the air and nothing collides. Each direction may lose, double and damage what is sent, by chance.
"""

from collections import deque
from collections.abc import Iterable
from random import Random

import attrs

from protocol.devices import Device
from protocol.errors import DeviceError
from protocol.values import value

BURSTS_MAX = 10_000
"""Bursts that may follow from one octet string or tick; more are devices that answer each other for
ever, which is an error in their models."""


def _probability(instance: object, attribute: "attrs.Attribute[float]", chance: float) -> None:
    if not 0 <= chance <= 1:
        raise ValueError(f"{attribute.name} is {chance}; a probability lies between 0 and 1")


@value
class Medium:
    """What becomes of a burst on its way to one listener; each listener has its own luck."""

    loss: float = attrs.field(default=0.0, validator=_probability)
    """The probability that the listener hears nothing of it."""
    duplication: float = attrs.field(default=0.0, validator=_probability)
    """The probability that the listener hears it twice."""
    bit_error: float = attrs.field(default=0.0, validator=_probability)
    """The probability, for each bit, that it is heard wrong."""


PERFECT = Medium()


@attrs.define
class AirCounts:
    """What happened on the air so far, counted for each listener."""

    heard: int = 0
    lost: int = 0
    doubled: int = 0
    damaged: int = 0


class Air:
    """A gateway's radio module and all terminals in its reach, as one device on the gateway's port."""

    def __init__(
        self,
        terminals: Iterable[Device] = (),
        *,
        random: Random | None = None,
        downlink: Medium = PERFECT,
        uplink: Medium = PERFECT,
    ) -> None:
        """Put ``terminals`` on the air.

        ``downlink`` is what the gateway's bursts suffer, ``uplink`` the terminals' (also on their way
        to other terminals). ``random`` decides; it may be left out where both are perfect.

        Raises:
            ValueError: there is no ``random``, though something is left to chance.
        """
        if random is None and (downlink, uplink) != (PERFECT, PERFECT):
            raise ValueError("a medium that is not perfect needs a source of chance")
        self.terminals = list(terminals)
        self.downlink = downlink
        self.uplink = uplink
        self.counts = AirCounts()
        self._random = random or Random(0)

    def receive(self, octets: bytes, now: float) -> bytes:
        """Send ``octets`` from the gateway; return what the gateway hears at once."""
        return self._spread([(None, octets)], now)

    def tick(self, now: float) -> bytes:
        """Let every terminal do what is due; return what the gateway hears of it."""
        bursts: list[tuple[Device | None, bytes]] = []
        for terminal in self.terminals:
            deadline = terminal.next_deadline()
            if deadline is not None and deadline <= now:
                bursts.append((terminal, terminal.tick(now)))
        return self._spread(bursts, now)

    def next_deadline(self) -> float | None:
        """Return when the first terminal has something to do, if any has."""
        deadlines = (terminal.next_deadline() for terminal in self.terminals)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def send(self, terminal: Device, octets: bytes, now: float) -> bytes:
        """Send ``octets`` from one of the terminals; return what the gateway hears of it."""
        return self._spread([(terminal, octets)], now)

    def _spread(self, bursts: Iterable[tuple[Device | None, bytes]], now: float) -> bytes:
        """Carry bursts, and those that answer them, to all but their senders (None: the gateway)."""
        waiting = deque(bursts)
        heard_by_gateway = bytearray()
        carried = 0
        while waiting:
            sender, octets = waiting.popleft()
            if not octets:
                continue
            carried += 1
            if carried > BURSTS_MAX:
                raise DeviceError(f"devices on one channel answer each other for ever: {octets!r}")
            medium = self.downlink if sender is None else self.uplink
            if sender is not None:
                for heard in self._hear(octets, medium):
                    heard_by_gateway += heard
            for listener in self.terminals:
                if listener is not sender:
                    waiting.extend(
                        (listener, listener.receive(heard, now))
                        for heard in self._hear(octets, medium)
                    )
        return bytes(heard_by_gateway)

    def _hear(self, octets: bytes, medium: Medium) -> list[bytes]:
        """Return what one listener hears of a burst: nothing, the burst, or the burst twice."""
        if medium == PERFECT:
            self.counts.heard += 1
            return [octets]
        random = self._random
        if random.random() < medium.loss:
            self.counts.lost += 1
            return []
        times = 1
        if random.random() < medium.duplication:
            self.counts.doubled += 1
            times = 2
        self.counts.heard += 1
        return [self._damage(octets, medium.bit_error) for _ in range(times)]

    def _damage(self, octets: bytes, bit_error: float) -> bytes:
        if not bit_error:
            return octets
        flipped = 0
        for bit in range(8 * len(octets)):
            flipped |= (self._random.random() < bit_error) << bit
        self.counts.damaged += bool(flipped)
        return (int.from_bytes(octets) ^ flipped).to_bytes(len(octets))

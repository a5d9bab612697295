"""The device's side of what is sealed: `protocol.radio.guard` is the gateway's."""

from __future__ import annotations

from collections.abc import Callable

from protocol.errors import UnsecuredError
from protocol.radio.device_pairing import DeviceKeys
from protocol.radio.keys import renewed_key
from protocol.radio.payloads import BroadcastKey
from protocol.radio.secured import (
    Direction,
    SealingCounter,
    Way,
    broadcast_way,
    is_sealed,
    read_envelope,
    seal,
    verify,
)
from protocol.values import replace, value

__all__ = ["DeviceGuard", "DeviceMemory"]


@value
class DeviceMemory:
    """What a paired device keeps without power.

    ``reserved`` is the last counter that it may have sealed with; ``taken`` and ``broadcast_taken`` are those
    of the last messages that it took.
    """

    keys: DeviceKeys
    reserved: int = 0
    taken: int = 0
    broadcast_taken: int = 0


class DeviceGuard:
    """Seals what a device sends and opens what it hears.

    ``keep`` remembers before it returns. It is called once for each block of counters and for each message that
    was taken; firmware with memory that wears may remember the latter more rarely: it then shows an old
    replay after a power cut, until its next message.
    """

    def __init__(self, memory: DeviceMemory, keep: Callable[[DeviceMemory], object]) -> None:
        self.memory = memory
        self._keep = keep
        self._counter = SealingCounter(memory.reserved, self._reserve)

    def seal(self, payload: bytes) -> bytes:
        """Return ``payload`` as it is to be sent to the gateway.

        Raises:
            CountersExhausted: the key has come to its end.
        """
        return seal(self.memory.keys.key, self._way(Direction.UP), self._counter.next(), payload)

    def open(self, octets: bytes, *, broadcast: bool) -> bytes:
        """Return the payload in what the gateway sent to this device, or to all.

        Raises:
            ProtocolError: it is in the clear, forged, reflected, or not new.
        """
        if not is_sealed(octets):
            raise UnsecuredError("a message in the clear came to a device that is paired")
        envelope = read_envelope(octets)
        memory = self.memory
        if broadcast:
            way = broadcast_way(memory.keys.gateway)
            payload = verify(memory.keys.broadcast_key, way, envelope, memory.broadcast_taken)
            self._remember(replace(memory, broadcast_taken=envelope.counter))
        else:
            payload = verify(memory.keys.key, self._way(Direction.DOWN), envelope, memory.taken)
            self._remember(replace(memory, taken=envelope.counter))
        return payload

    def renew(self, given: BroadcastKey) -> None:
        """Open broadcasts with the key in ``given``, which came sealed and to this device alone.

        Raises:
            SecurityError: it does not open.
        """
        keys = self.memory.keys
        key = renewed_key(keys.key, given.epoch, given.wrapped_key)
        self._remember(replace(self.memory, keys=replace(keys, broadcast_key=key)))

    def _way(self, direction: Direction) -> Way:
        keys = self.memory.keys
        return Way(direction=direction, terminal=keys.address, gateway=keys.gateway)

    def _reserve(self, reserved: int) -> None:
        self._remember(replace(self.memory, reserved=reserved))

    def _remember(self, memory: DeviceMemory) -> None:
        self._keep(memory)
        self.memory = memory

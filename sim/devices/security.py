"""What a device's firmware does to prove who it is: keys, counters, and how it asks for a post."""

from __future__ import annotations

from random import Random

from protocol.errors import ProtocolError, UnsecuredError
from protocol.radio.device_guard import DeviceGuard, DeviceMemory
from protocol.radio.device_pairing import AskingPhase, DevicePairing
from protocol.radio.payloads import BroadcastKey, DeviceKind, PairOffer, PairRequest


class DeviceSecurity:
    """The security of one device, with the pairing ``code`` (16 octets) that is printed on it.

    ``memory`` needs no power: it holds while the device is off, and is None before the device was paired.
    ``writes`` counts how often it was written. ``refused`` holds what was not taken, by the error's name.
    """

    def __init__(self, code: bytes, memory: DeviceMemory | None = None) -> None:
        self.code = code
        self.memory = memory
        self.writes = 0
        self.refused: dict[str, int] = {}
        self.pairing: DevicePairing | None = None
        """The last attempt to get a post."""
        self.wants_post = False
        """Somebody has pressed the pairing key; the device asks from its next tick on."""
        self._guard: DeviceGuard | None = None
        self.start()

    def start(self) -> None:
        """Begin with what is remembered, as after a power cut."""
        self.pairing = None
        self.wants_post = False
        self._guard = None if self.memory is None else DeviceGuard(self.memory, self._keep)

    @property
    def asking(self) -> bool:
        """Whether the device asks for a post, and does nothing else."""
        return self.pairing is not None and self.pairing.phase is AskingPhase.ASKING

    @property
    def confirming(self) -> bool:
        """Whether the device has got a post, and the gateway does not know it yet."""
        return self.pairing is not None and self.pairing.phase is AskingPhase.CONFIRMING

    # -- messages ---------------------------------------------------------------------------

    def seal(self, octets: bytes) -> bytes:
        """Return ``octets`` sealed, or as they are before the device was paired.

        Raises:
            CountersExhausted: the key has come to its end.
        """
        return octets if self._guard is None else self._guard.seal(octets)

    def open(self, octets: bytes, *, broadcast: bool) -> bytes:
        """Return the payload in ``octets``.

        Raises:
            ProtocolError: it is not to be taken, which is counted.
        """
        if self._guard is None:
            return octets
        try:
            return self._guard.open(octets, broadcast=broadcast)
        except ProtocolError as error:
            name = type(error).__name__
            self.refused[name] = self.refused.get(name, 0) + 1
            raise

    def renew(self, given: BroadcastKey) -> None:
        """Take another key of broadcasts.

        Raises:
            ProtocolError: the device is not paired, or the key does not open.
        """
        if self._guard is None:
            raise UnsecuredError("a key came to a device that is not paired")
        self._guard.renew(given)

    # -- pairing ----------------------------------------------------------------------------

    def ask(self, device: int, kind: DeviceKind, gateway: int, random: Random, now: float) -> None:
        """Begin to ask for a post."""
        self.wants_post = False
        self.pairing = DevicePairing(device, kind, self.code, gateway, random, now)

    def request(self, now: float) -> PairRequest | None:
        """Return the request that is due by ``now``."""
        return None if self.pairing is None else self.pairing.tick(now)

    def take(self, offer: PairOffer, now: float) -> int | None:
        """Return the radio address that ``offer`` gives to this device, if it does.

        What is sealed from then on has the new key; it is remembered once the gateway has confirmed.
        """
        keys = None if self.pairing is None else self.pairing.take(offer, now)
        if keys is None:
            return None
        memory = DeviceMemory(keys=keys, broadcast_taken=keys.broadcast_taken)
        self._guard = DeviceGuard(memory, self._keep)
        return keys.address

    def acknowledged(self) -> None:
        """Note that the gateway's radio has what was sent last."""
        if self.pairing is not None and self.confirming:
            self.pairing.confirmed()
            assert self._guard is not None
            self._keep(self._guard.memory)

    def _keep(self, memory: DeviceMemory) -> None:
        if not self.confirming:
            self.memory = memory
            self.writes += 1

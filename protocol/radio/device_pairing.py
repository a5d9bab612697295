"""How a device asks for a post; `protocol.radio.pairing` tells what is said, and has the gateway's side."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from math import inf
from random import Random
from types import MappingProxyType

from protocol.errors import SecurityError
from protocol.radio.keys import unwrap_keys, wrapping_key
from protocol.radio.pairing import WINDOW_S
from protocol.radio.payloads import PAIRING_ADDRESS, DeviceKind, PairOffer, PairRequest
from protocol.values import value

__all__ = ["ASK_S", "CONFIRM_S", "AskingPhase", "DeviceKeys", "DevicePairing"]

ASK_S = 2.0
"""Mean time between the requests of a device."""

ASK_JITTER = (0.75, 1.25)

CONFIRM_S = 15.0
"""How long a device tries to confirm; shorter than the gateway's `GRACE_S`: both sides agree how it ended."""


class AskingPhase(StrEnum):
    """How far a device has come."""

    ASKING = "asking"
    CONFIRMING = "confirming"
    PAIRED = "paired"
    FAILED = "failed"
    """No offer came that opens, or nobody took the confirmation."""

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        return not ASKING_FOLLOWING[self]


ASKING_FOLLOWING: Mapping[AskingPhase, frozenset[AskingPhase]] = MappingProxyType(
    {
        AskingPhase.ASKING: frozenset({AskingPhase.CONFIRMING, AskingPhase.FAILED}),
        AskingPhase.CONFIRMING: frozenset({AskingPhase.PAIRED, AskingPhase.FAILED}),
        AskingPhase.PAIRED: frozenset(),
        AskingPhase.FAILED: frozenset(),
    }
)


@value
class DeviceKeys:
    """What a device is given: its address, its key, the broadcasts' key, and the last broadcast's counter."""

    address: int
    gateway: int
    key: bytes
    broadcast_key: bytes
    broadcast_taken: int


class DevicePairing:
    """The device's side, from the moment that somebody has it ask; sans-I/O.

    While it asks, the device is at the radio address 254. ``wrong`` counts offers that did not open.
    """

    def __init__(
        self,
        device: int,
        kind: DeviceKind,
        code: bytes,
        gateway: int,
        random: Random,
        now_s: float,
        window_s: float = WINDOW_S,
    ) -> None:
        self.phase = AskingPhase.ASKING
        self.wrong = 0
        self._request = PairRequest(device=device, kind=kind, nonce=random.getrandbits(32))
        self._code = code
        self._gateway = gateway
        self._random = random
        self._ends_s = now_s + window_s
        self._due_s = now_s

    @property
    def next_deadline(self) -> float:
        """When `tick` has something to do."""
        return inf if self.phase.over else min(self._due_s, self._ends_s)

    def tick(self, now_s: float) -> PairRequest | None:
        """Return the request to send now, if it is time for one; end what took too long."""
        if self.phase.over:
            return None
        if now_s >= self._ends_s:
            self._move(AskingPhase.FAILED)
        elif now_s >= self._due_s and self.phase is AskingPhase.ASKING:
            self._due_s = now_s + ASK_S * self._random.uniform(*ASK_JITTER)
            return self._request
        return None

    def take(self, offer: PairOffer, now_s: float) -> DeviceKeys | None:
        """Return the keys in ``offer``, if it is for this device and opens; it must confirm from then on."""
        if self.phase is not AskingPhase.ASKING or offer.device != self._request.device:
            return None
        wrapping = wrapping_key(
            self._code,
            device=offer.device,
            kind=self._request.kind,
            nonce=self._request.nonce,
            address=offer.address,
            gateway=self._gateway,
            counter=offer.counter,
        )
        try:
            key, broadcast = unwrap_keys(wrapping, offer.wrapped_keys)
        except SecurityError:
            self.wrong += 1
            return None
        if offer.address >= PAIRING_ADDRESS:
            return None
        self._move(AskingPhase.CONFIRMING)
        self._ends_s, self._due_s = now_s + CONFIRM_S, inf
        return DeviceKeys(
            address=offer.address,
            gateway=self._gateway,
            key=key,
            broadcast_key=broadcast,
            broadcast_taken=offer.counter,
        )

    def confirmed(self) -> None:
        """Note that the gateway's radio has acknowledged a message that was sealed with the new key."""
        if self.phase is AskingPhase.CONFIRMING:
            self._move(AskingPhase.PAIRED)

    def _move(self, phase: AskingPhase) -> None:
        assert phase in ASKING_FOLLOWING[self.phase], (self.phase, phase)
        self.phase = phase

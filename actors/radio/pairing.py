"""What is said to the security of a segment about pairings; `actors.radio.security` answers."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from protocol.hall import Security
from protocol.ids import GatewayId, TerminalAddress
from protocol.messages import Recipient
from protocol.radio.guard import GuardCounts
from protocol.radio.pairing import PairingSession
from protocol.values import value


@value
class OpenPairing:
    """Open pairing for the post at ``address``: for ``seconds``, for the device with that ``code``.

    The same again, while it is open, changes nothing. ``reply_to`` is told `PairingOpened` or
    `PairingNotOpened`.
    """

    address: TerminalAddress
    code: bytes = attrs.field(repr=False)
    seconds: float
    reply_to: Recipient


@value
class PairingOpened:
    """Pairing is open for another ``left_s``; `SecurityRead` tells how it goes on."""

    session: PairingSession
    left_s: float


@value
class PairingNotOpened:
    """Pairing is not opened; ``busy`` is set if that is because another one is."""

    reason: str
    unknown: bool = False
    """The gateway has no such post."""
    busy: bool = False


@value
class EndPairing:
    """End the pairing that is open; ``reply_to`` is told `SecurityRead`."""

    reply_to: Recipient


@value
class ForgetDevice:
    """Have no device paired with the post at ``address``; ``reply_to`` is told `DeviceForgotten`."""

    address: TerminalAddress
    reply_to: Recipient


@value
class DeviceForgotten:
    """Whether a device was paired there; ``failure`` says why it still is."""

    was_paired: bool
    unknown: bool = False
    """The gateway has no such post."""
    failure: str = ""


@value
class ReadSecurity:
    """``reply_to`` is told `SecurityRead`."""

    reply_to: Recipient


@value
class SecurityRead:
    """How the security of a segment stands; ``left_s`` is the time that its open session has left."""

    gateway: GatewayId
    policy: Security
    session: PairingSession | None
    left_s: float
    devices: Mapping[TerminalAddress, int]
    """The hardware's numbers of paired devices."""
    counts: Mapping[int, GuardCounts]
    """By radio address; 255 stands for broadcasts."""
    keys_owed: tuple[int, ...] = ()
    """Paired devices that do not have the present key of broadcasts yet, as far as is known."""


@value
class PairRequestHeard:
    """From the gateway: somebody at the radio address 254 sent ``payload``."""

    payload: bytes


@value
class KeyTakenHeard:
    """From a terminal: its device says, sealed, that it has the broadcast key of ``epoch``."""

    address: TerminalAddress
    epoch: int

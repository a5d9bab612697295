"""Pairs virtual devices with a hall that really runs, as a manager and somebody at the device would."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping

from actors.audience import told
from actors.base import Actor, Place, receives
from actors.radio.pairing import (
    OpenPairing,
    PairingNotOpened,
    PairingOpened,
    ReadSecurity,
    SecurityRead,
)
from protocol.hall import Gateway, Security
from protocol.ids import TerminalAddress
from protocol.messages import Recipient
from protocol.radio.pairing import WINDOW_S
from protocol.values import value
from sim.devices.radio import RadioDevice

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""How often the installer looks whether a device has its post."""


def shown_secured(gateway: Gateway) -> frozenset[TerminalAddress]:
    """Return which terminals of ``gateway`` are to be paired in a demonstration.

    All of them where the segment requires it; else those of the last counter, so that both kinds are seen, and
    so that whoever tries the first counter at once finds it ready.
    """
    match gateway.security:
        case Security.OFF:
            return frozenset()
        case Security.REQUIRED:
            return frozenset(terminal.address for terminal in gateway.terminals)
    counters = [terminal.counter for terminal in gateway.terminals if terminal.counter is not None]
    return frozenset(
        terminal.address
        for terminal in gateway.terminals
        if counters and terminal.counter == counters[-1]
    )


@value
class _LookDue:
    """The installer wants to know how the pairing goes."""


class Installer(Actor):
    """Pairs the devices at ``first`` one after another, and those that the hall knows from an earlier run.

    ``security`` is that of the gateway, ``devices`` are those behind it, which have forgotten everything since.
    ``wake`` has them look at their pairing key.
    """

    def __init__(
        self,
        place: Place,
        security: Recipient,
        devices: Mapping[TerminalAddress, RadioDevice],
        first: Collection[TerminalAddress],
        wake: Callable[[], object],
    ) -> None:
        super().__init__(place)
        self._security = security
        self._devices = devices
        self._first = first
        self._wake = wake
        self._left: list[TerminalAddress] | None = None

    def on_start(self) -> None:
        """Ask who is paired."""
        self._look(_LookDue())

    @receives(_LookDue)
    def _look(self, _message: _LookDue) -> None:
        told(self._security, ReadSecurity(reply_to=self._actor_ref))

    @receives(SecurityRead)
    def _take_read(self, read: SecurityRead) -> None:
        if self._left is None:
            self._left = sorted({*self._first, *read.devices} & self._devices.keys())
        elif read.session is not None and not read.session.phase.over:
            self.later(LOOK_S, _LookDue())
            return
        if self._left:
            self._open(self._left.pop(0))

    def _open(self, address: TerminalAddress) -> None:
        device = self._devices[address]
        if device.security is not None:
            message = OpenPairing(
                address=address,
                code=device.security.code,
                seconds=WINDOW_S,
                reply_to=self._actor_ref,
            )
            told(self._security, message)

    @receives(PairingOpened)
    def _opened(self, opened: PairingOpened) -> None:
        self._devices[TerminalAddress(opened.session.address)].ask_for_post()
        self._wake()
        self.later(LOOK_S, _LookDue())

    @receives(PairingNotOpened)
    def _not_opened(self, message: PairingNotOpened) -> None:
        log.warning("virtual device not paired reason=%s", message.reason)
        self.later(LOOK_S, _LookDue())

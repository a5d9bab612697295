"""What the security of a segment says to people, and what they are to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import attrs

from actors.audience import told
from actors.world import Timer
from protocol.errors import PairingRefused, ProtocolError, ReplayedError
from protocol.hall import Gateway
from protocol.messages import ClearAlarm, RaiseAlarm, Recipient
from protocol.radio.payloads import PairRequest
from protocol.values import value

__all__ = ["ASKING_MAX", "QUIET_S", "REPLAYS_TOLERATED", "QuietFor", "SecurityAlarms"]

log = logging.getLogger(__name__)

QUIET_S = 900.0
"""An alarm about refused messages is cleared when none was refused for so long."""

ASKING_MAX = 8
"""Devices that ask in vain and are alarmed at once; more are logged alone: somebody may be making them up."""

REPLAYS_TOLERATED = 2
"""Replays within `QUIET_S` that raise no alarm: a device repeats itself to a gateway that was restarted."""


@value
class QuietFor:
    """To the security of a segment, from itself: nothing was refused for long."""

    alarm: str


@attrs.define(eq=False)
class _Trouble:
    """What is refused of one source, or asks in vain: what the alarm says, and the timer that ends it."""

    timer: Timer
    raised: type[ProtocolError] | None = None
    replays: int = 0


class SecurityAlarms:
    """``security/{gateway}/{address}``, ``security/{gateway}/keys`` and ``pairing/{device}``.

    ``later`` has a message told to the segment's actor, which gives `QuietFor` back.
    """

    def __init__(
        self, gateway: Gateway, board: Recipient, later: Callable[[float, object], Timer]
    ) -> None:
        self._gateway = gateway
        self._board = board
        self._later = later
        self._kinds = {int(terminal.address): terminal.kind for terminal in gateway.terminals}
        self._troubles: dict[str, _Trouble] = {}
        """By the alarm's name; 264 at most."""
        self._keys_detail = ""

    # -- messages and requests --------------------------------------------------------------

    def refused(self, source: int, error: ProtocolError) -> None:
        """A message was refused."""
        name = self._refused_alarm(source)
        log.warning("message refused terminal=%s reason=%s", name, error)
        kind = self._kinds.get(source)
        who = f"radio address {source}" if kind is None else f"{kind} {source}"
        self._trouble(name, type(error), f"{who} of {self._gateway.id}: {error}")

    def asked_in_vain(self, request: PairRequest) -> None:
        """A device asked for a post, and no pairing is open."""
        detail = (
            f"the device {request.device:08x}, of the kind {request.kind.name.lower()}, asks"
            f" {self._gateway.id} for a post: open pairing for the post that it is to have"
        )
        name = _asking_alarm(request.device)
        asking = sum(trouble.raised is PairingRefused for trouble in self._troubles.values())
        if name in self._troubles or asking < ASKING_MAX:
            self._trouble(name, PairingRefused, detail)
        else:
            log.warning("pairing request left unanswered detail=%s", detail)

    def answered(self, device: int) -> None:
        """The device was offered a post, or has one."""
        self.quiet(_asking_alarm(device))

    def paired(self, address: int, device: int) -> None:
        """The device has the post: what was refused there was its predecessor's."""
        self.quiet(self._refused_alarm(address))
        self.answered(device)

    def quiet(self, name: str) -> None:
        """End an alarm."""
        known = self._troubles.pop(name, None)
        if known is not None:
            known.timer.cancel()
        told(self._board, ClearAlarm(alarm=name))

    def _trouble(self, name: str, kind: type[ProtocolError], detail: str) -> None:
        """Raise an alarm that clears itself when it is quiet; only another kind changes one that stands."""
        timer = self._later(QUIET_S, QuietFor(alarm=name))
        trouble = self._troubles.get(name)
        if trouble is None:
            trouble = self._troubles[name] = _Trouble(timer=timer)
        else:
            trouble.timer.cancel()
            trouble.timer = timer
        if kind is ReplayedError:
            trouble.replays += 1
            if trouble.replays <= REPLAYS_TOLERATED:
                return
        if trouble.raised is not kind:
            trouble.raised = kind
            told(self._board, RaiseAlarm(alarm=name, detail=detail))

    def _refused_alarm(self, source: int) -> str:
        return f"security/{self._gateway.id}/{source}"

    # -- the key of broadcasts --------------------------------------------------------------

    def keys_owed(self, owed: Sequence[int], *, late: bool) -> None:
        """The devices at the addresses ``owed`` have not taken the new key; ``late`` says since long."""
        name, detail = f"security/{self._gateway.id}/keys", ""
        if owed and (self._keys_detail or late):
            detail = (
                f"a device lost its post behind {self._gateway.id}, and others have not taken the new key of"
                f" broadcasts: {', '.join(map(str, owed))}. Switch them on, or pair them again: until then"
                " what was removed could make them show what it likes"
            )
        if detail and detail != self._keys_detail:
            told(self._board, RaiseAlarm(alarm=name, detail=detail))
        elif self._keys_detail and not detail:
            told(self._board, ClearAlarm(alarm=name))
        self._keys_detail = detail


def _asking_alarm(device: int) -> str:
    return f"pairing/{device:08x}"

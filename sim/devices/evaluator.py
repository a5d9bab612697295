"""An evaluator: invites the customer for a while, takes one rating, and shows what became of it."""

from __future__ import annotations

from protocol.radio.actions import Action
from protocol.radio.payloads import (
    DeviceKind,
    Downlink,
    Invite,
    Press,
    PressResult,
    Rating,
    Result,
)
from sim.devices.pressing import PressingDevice


class Evaluator(PressingDevice):
    """A pad with five levels and keys for reasons.

    ``invites`` is the number that it invites, or nothing.
    """

    kind = DeviceKind.EVALUATOR

    def _start(self) -> None:
        super()._start()
        self._invitation: Invite | None = None
        self._open_until_s = 0.0

    @property
    def invites(self) -> str | None:
        """The number of the customer who is invited."""
        return None if self._invitation is None else self._invitation.text

    def rate(self, level: int, reasons: int = 0) -> bool:
        """Press a level, 1 to 5, with reasons as bits; return whether the pad took it.

        It does not without an invitation, or when a rating is under way already.
        """
        invitation = self._invitation
        if invitation is None or self._presses:
            return False
        return self._pressed(
            lambda sequence: Rating(
                boot=self.boot,
                sequence=sequence,
                version=invitation.version,
                level=level,
                reasons=reasons,
            )
        )

    def _take(self, payload: Downlink, now: float) -> list[Action]:
        if not isinstance(payload, Invite):
            return super()._take(payload, now)
        if payload.version != self.version:
            self._invitation = payload if payload.open_s else None
            self._open_until_s = now + payload.open_s
            self.display = payload.text
        return self._confirm(payload.version, now)

    def _work(self, now: float) -> list[Action]:
        if self._invitation is not None and now >= self._open_until_s:
            self._invitation = None
            self.display = ""
        return super()._work(now)

    def _work_due(self) -> float | None:
        due_s = super()._work_due()
        if self._invitation is None:
            return due_s
        return self._open_until_s if due_s is None else min(due_s, self._open_until_s)

    def _done(self, press: Press, result: PressResult) -> None:
        answered = isinstance(press, Rating) and self._invitation is not None
        if answered and result.result is Result.DONE:
            self._invitation = None

"""An evaluator's terminal: invites whom its counter served last, and has the rating counted once."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.radio.delivery import Deliverable, Delivery
from actors.radio.pressing import PressingTerminal
from actors.radio.sentences import CHINESE, Phrase, sentence
from actors.radio.troubles import Trouble
from actors.radio.versions import version_of
from actors.world import Timer
from protocol.answers import Accepted, Reason, Rejected
from protocol.commands import EvaluateService
from protocol.errors import ProtocolError
from protocol.hall import EvaluationSpec, Terminal
from protocol.ids import CommandId, GatewayId, Language, ServiceId, TicketId
from protocol.messages import AskedCustomer, CounterChanged, Submit, WatchCounter
from protocol.radio.payloads import REASONS_MAX, VERSIONS, Invite, Press, Rating, Result, fit_text
from protocol.tickets import EvaluationDevice, TicketState
from protocol.values import value

OPEN_S = 60.0
"""How long a device invites; then the customer has gone. What comes later, the hall decides on."""

INVITATIONS_MAX = 8
"""Invitations whose ratings are known by their version; an older one's is refused as unknown."""

_COMMAND = "pad/"


@value
class _InvitationOver:
    """The invitation ``version`` has been open for its time."""

    version: int


class EvaluatorTerminal(PressingTerminal):
    """Invites when the hall does, until the customer has rated, or the next one is served, or time is over.

    Raises the alarm ``evaluator/{counter}``. A rating names the invitation that it answers, so that one that
    comes late counts for the customer who gave it or not at all. The press's name is the command's, which the
    hall carries out once however often the radio, or a restart, repeats it.
    """

    def __init__(
        self,
        place: Place,
        terminal: Terminal,
        home: GatewayId,
        gateway: Ref[Actor],
        alarms: Ref[Actor],
        hall: Ref[Actor],
        evaluation: EvaluationSpec,
        language: Language = CHINESE,
    ) -> None:
        super().__init__(place, terminal, home, gateway, alarms)
        self._hall = hall
        self._language = language
        self._evaluation = evaluation
        self._reasons = tuple(evaluation.reasons)[:REASONS_MAX]
        self._asked: tuple[TicketId, ServiceId, datetime, int] | None = None
        self._looked = False
        """Whether the counter has been seen since the start."""
        self._invitations: dict[int, AskedCustomer] = {}
        self._open: int | None = None
        """The version of the invitation that the device has open, as far as it has heard of it."""
        self._over: Timer | None = None
        self._invitation = Delivery(self, Trouble.UNCONFIRMED, self._describe)
        self._deliveries = (self._invitation,)

    def on_start(self) -> None:
        """Follow the counter."""
        super().on_start()
        self._hall.tell(WatchCounter(counter=self._counter_id, recipient=self._actor_ref))

    # -- invitations ------------------------------------------------------------------------

    @receives(CounterChanged)
    def _take_change(self, change: CounterChanged) -> None:
        asked, first = change.asked, not self._looked
        self._looked = True
        if asked is None or asked.evaluated or change.ticket_state is TicketState.SERVING:
            self._withdraw()
        if asked is None:
            return
        # Also of one who has rated: a device that has not heard so may send that again after a restart.
        key = (asked.ticket, asked.service, asked.ended_at, asked.times)
        if key == self._asked:
            return
        self._asked = key
        version = self._note(asked, version_of(*key))
        open_s = self._open_s(asked, first)
        if open_s > 0 and not asked.evaluated and change.ticket_state is not TicketState.SERVING:
            self._invite(asked, version, open_s)

    def _note(self, asked: AskedCustomer, version: int) -> int:
        """Keep who is asked; return the version of the invitation, which no other one has."""
        while version in self._invitations:
            version = version % (VERSIONS - 1) + 1
        self._invitations[version] = asked
        if len(self._invitations) > INVITATIONS_MAX:
            del self._invitations[next(iter(self._invitations))]
        return version

    def _open_s(self, asked: AskedCustomer, first: bool) -> float:
        """Return how long the device is to invite; 0 or less not at all."""
        left_s = (
            asked.ended_at + timedelta(seconds=self._evaluation.within_s) - self.now
        ).total_seconds()
        if first:
            # A restart has not lost the customer, but time has gone on.
            left_s = min(left_s, OPEN_S - (self.now - asked.ended_at).total_seconds())
        return min(left_s, OPEN_S)

    def _invite(self, asked: AskedCustomer, version: int, open_s: float) -> None:
        self._open = version
        if self._over is not None:
            self._over.cancel()
        self._over = self.later(open_s, _InvitationOver(version=version))
        number = fit_text(asked.number)
        self._invitation.want(Invite(version=version, open_s=ceil(open_s), text=number))

    @receives(_InvitationOver)
    def _invitation_over(self, message: _InvitationOver) -> None:
        """The device has closed it by itself; one that was never reached need not be told any more."""
        if message.version == self._open:
            self._open = None
            self._invitation.drop()

    def _withdraw(self) -> None:
        if self._open is not None:
            version = version_of(self._open, "withdrawn")
            self._open = None
            self._invitation.want(Invite(version=version, open_s=0))

    def _describe(self, invited: Deliverable) -> str:
        assert isinstance(invited, Invite)
        what = (
            f"the invitation of {invited.text}" if invited.open_s else "that its invitation ended"
        )
        return f"does not confirm {what}: see whether it is switched on and in reach"

    # -- ratings ----------------------------------------------------------------------------

    def _check_press(self, press: Press) -> None:
        if not isinstance(press, Rating):
            raise ProtocolError("it sent what keypads send, and is an evaluator")

    def _pass_on(self, press: Press, name: str) -> None:
        assert isinstance(press, Rating)
        asked = self._invitations.get(press.version)
        if asked is None:
            self._refuse(name, Phrase.UNKNOWN_INVITATION)
            return
        if press.reasons >> len(self._reasons):
            self._refuse(name, Phrase.UNKNOWN_RATING_REASON)
            return
        evaluate = EvaluateService(
            id=CommandId(f"{_COMMAND}{name}"),
            level=press.level,
            ticket=asked.ticket,
            counter=self._counter_id,
            service=asked.service,
            reasons=tuple(
                reason for bit, reason in enumerate(self._reasons) if press.reasons >> bit & 1
            ),
            device=EvaluationDevice.PAD,
        )
        told(self._hall, Submit(command=evaluate, reply_to=self._actor_ref))

    @receives(Accepted)
    def _accepted(self, answer: Accepted) -> None:
        name = answer.command.removeprefix(_COMMAND)
        press = self._awaited.get(name)
        if isinstance(press, Rating) and press.version == self._open:
            # The device closes it with the result.
            self._open = None
            self._invitation.drop()
        self._answer(name, Result.DONE, "")

    @receives(Rejected)
    def _rejected(self, answer: Rejected) -> None:
        if answer.reason in (Reason.NOT_DURABLE, Reason.OVERLOADED):
            # Nothing happened, or nobody knows: the device asks again, under the same name.
            return
        name = answer.command.removeprefix(_COMMAND)
        self._refuse(name, answer.reason)

    def _refuse(self, name: str, why: Reason | Phrase) -> None:
        self._answer(name, Result.REFUSED, sentence(why, self._language))

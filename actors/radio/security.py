"""The security of a gateway's segment: pairings, what is refused, and what must not be forgotten.

The `Guard` itself stands in the gateway's actor, where messages pass; it is the same object here. It outlives
the failures of both actors.
"""

from __future__ import annotations

import logging

import attrs

from actors.audience import told
from actors.base import Actor, Place, receives
from actors.ports import RadioVault
from actors.radio.pairing import (
    DeviceForgotten,
    EndPairing,
    ForgetDevice,
    KeyTakenHeard,
    OpenPairing,
    PairingNotOpened,
    PairingOpened,
    PairRequestHeard,
    ReadSecurity,
    SecurityRead,
)
from actors.radio.renewal import Renewal, RoundDue
from actors.radio.security_alarms import QuietFor, SecurityAlarms
from actors.world import Timer
from protocol.errors import PairingRefused, ProtocolError, StorageError
from protocol.hall import Gateway
from protocol.ids import TerminalAddress
from protocol.messages import Recipient, SendDownlink
from protocol.radio.guard import Guard
from protocol.radio.pairing import PairingDesk, PairingSession
from protocol.radio.payloads import (
    PAIRING_ADDRESS,
    BroadcastKey,
    DeviceKind,
    PairRequest,
    decode_uplink,
    encode,
)
from protocol.values import value

log = logging.getLogger(__name__)

SAVE_S = 30.0
"""How old a count of what was taken may be that is not remembered yet, while anything is taken."""


# -- what the actor tells itself ----------------------------------------------------------------


@value
class _Paired:
    address: int
    device: int


@value
class _Refused:
    source: int
    error: ProtocolError


@value
class _SaveDue:
    """Counters of what was taken are to be remembered."""


@value
class _PairingDue:
    """A session may be over."""


def guard_of(gateway: Gateway, vault: RadioVault) -> Guard:
    """Return the guard of the terminals whose home is ``gateway``, with what was kept of it.

    One for each home gateway and process: whichever gateway serves a terminal uses its home's.
    """
    return Guard(
        vault.segment_key(gateway.id),
        gateway.address,
        gateway.security,
        vault.memory.load(gateway.id),
        keep=lambda records: vault.memory.save(gateway.id, records),
    )


class SecurityActor(Actor):
    """See the module. Its name is ``{gateway}/security``.

    It raises ``security/{gateway}/{address}`` where messages are refused, and ``pairing/{device}`` while a
    device asks for a post and no pairing is open, and ``security/{gateway}/keys`` while devices do not take the
    key of broadcasts that was renewed.
    """

    def __init__(
        self, place: Place, gateway: Gateway, guard: Guard, radio: Recipient, alarms: Recipient
    ) -> None:
        super().__init__(place)
        self._gateway = gateway
        self._guard = guard
        self._radio = radio
        self._alarms = SecurityAlarms(gateway, alarms, self.later)
        self._terminals = {terminal.address: terminal for terminal in gateway.terminals}
        self._desk = PairingDesk(guard, self.random)
        self._renewal = Renewal(guard, self._tell_key, self.later)
        self._timer: Timer | None = None

    def on_start(self) -> None:
        """Follow the guard."""
        for address in self._terminals:
            self._guard.withdraw(address)
        self._guard.on_paired = lambda address, pairing: told(
            self._actor_ref, _Paired(address=address, device=pairing.device)
        )
        self._guard.on_refused = lambda source, error: told(
            self._actor_ref, _Refused(source=source, error=error)
        )
        self.later(SAVE_S, _SaveDue())
        self._renewal.begin(self.monotonic)

    def on_stop(self) -> None:
        """Remember what was taken last."""
        self._guard.save()

    @receives(_SaveDue)
    def _save(self, _message: _SaveDue) -> None:
        self._guard.save()
        self.later(SAVE_S, _SaveDue())

    # -- pairing ----------------------------------------------------------------------------

    @receives(OpenPairing)
    def _open(self, message: OpenPairing) -> None:
        terminal = self._terminals.get(message.address)
        if terminal is None:
            told(message.reply_to, PairingNotOpened(reason=self._no_post(message), unknown=True))
            return
        try:
            session = self._desk.open(
                message.address,
                DeviceKind[terminal.kind.name],
                message.code,
                self.monotonic,
                message.seconds,
            )
        except PairingRefused as refused:
            busy = self._open_session() is not None
            told(message.reply_to, PairingNotOpened(reason=str(refused), busy=busy))
            return
        log.info("pairing opened gateway=%s address=%d", self._gateway.id, message.address)
        self._wait()
        left_s = session.until_s - self.monotonic
        told(message.reply_to, PairingOpened(session=session, left_s=left_s))

    @receives(EndPairing)
    def _end(self, message: EndPairing) -> None:
        if self._desk.cancel(self.monotonic):
            self._log_end()
        told(message.reply_to, self._now())

    @receives(PairRequestHeard)
    def _heard(self, message: PairRequestHeard) -> None:
        try:
            request = decode_uplink(message.payload)
        except ProtocolError as error:
            log.warning("pairing request refused gateway=%s reason=%s", self._gateway.id, error)
            return
        if not isinstance(request, PairRequest):
            log.warning("no pairing request gateway=%s", self._gateway.id)
            return
        if self._open_session() is None:
            self._alarms.asked_in_vain(request)
            return
        offer = self._desk.heard(request, self.monotonic)
        self._wait()
        if offer is not None:
            # Another gateway on the channel may have been asked as well, and have it closed.
            self._alarms.answered(offer.device)
            log.info(
                "post offered gateway=%s address=%d device=%08x",
                self._gateway.id,
                offer.address,
                offer.device,
            )
            to = TerminalAddress(PAIRING_ADDRESS)
            told(self._radio, SendDownlink(to=to, payload=encode(offer), token=0))

    @receives(_Paired)
    def _paired(self, message: _Paired) -> None:
        self._desk.paired(message.address, message.device)
        log.info(
            "device paired gateway=%s address=%d device=%08x",
            self._gateway.id,
            message.address,
            message.device,
        )
        self._alarms.paired(message.address, message.device)
        self._wait()
        self._renewal.begin(self.monotonic)

    @receives(_PairingDue)
    def _pairing_due(self, _message: _PairingDue) -> None:
        self._timer = None
        if self._desk.tick(self.monotonic):
            self._log_end()
        self._wait()

    def _wait(self) -> None:
        """Have a timer for the end of the session that is open."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_s = self._desk.next_deadline
        if due_s is not None:
            self._timer = self.later(max(due_s - self.monotonic, 0.0), _PairingDue())

    def _log_end(self) -> None:
        session = self._desk.session
        assert session is not None
        log.warning(
            "pairing ended gateway=%s address=%d phase=%s note=%s",
            self._gateway.id,
            session.address,
            session.phase,
            session.note,
        )

    def _open_session(self) -> PairingSession | None:
        session = self._desk.session
        return None if session is None or session.phase.over else session

    @receives(ForgetDevice)
    def _forget(self, message: ForgetDevice) -> None:
        if message.address not in self._terminals:
            answer = DeviceForgotten(was_paired=False, unknown=True)
        else:
            try:
                answer = DeviceForgotten(was_paired=self._guard.forget(message.address))
            except StorageError as error:
                answer = DeviceForgotten(was_paired=True, failure=str(error))
            self._renewal.begin(self.monotonic)
            self._say_who_owes()
        log.info("device forgotten gateway=%s address=%d", self._gateway.id, message.address)
        told(message.reply_to, answer)

    # -- the key of broadcasts --------------------------------------------------------------

    def _tell_key(self, address: int, key: BroadcastKey) -> None:
        to = TerminalAddress(address)
        told(self._radio, SendDownlink(to=to, payload=encode(key), token=0))

    @receives(RoundDue)
    def _round(self, _message: RoundDue) -> None:
        self._renewal.round(self.monotonic)
        self._say_who_owes()

    @receives(KeyTakenHeard)
    def _key_taken(self, message: KeyTakenHeard) -> None:
        if self._guard.key_taken(message.address, message.epoch):
            log.info(
                "key of broadcasts taken gateway=%s address=%d epoch=%d",
                self._gateway.id,
                message.address,
                message.epoch,
            )
        self._say_who_owes()

    def _say_who_owes(self) -> None:
        late = self._renewal.late(self.monotonic)
        self._alarms.keys_owed(self._guard.keys_owed(), late=late)

    @receives(ReadSecurity)
    def _read(self, message: ReadSecurity) -> None:
        told(message.reply_to, self._now())

    def _now(self) -> SecurityRead:
        session = self._desk.session
        left_s = 0.0
        if session is not None and not session.phase.over:
            left_s = max(session.until_s - self.monotonic, 0.0)
        return SecurityRead(
            gateway=self._gateway.id,
            policy=self._guard.policy,
            session=session,
            left_s=left_s,
            devices={
                TerminalAddress(address): pairing.device
                for address, pairing in self._guard.pairings.items()
            },
            counts={
                address: attrs.evolve(counts) for address, counts in self._guard.counts.items()
            },
            keys_owed=tuple(self._guard.keys_owed()),
        )

    def _no_post(self, message: OpenPairing) -> str:
        return (
            f"gateway {self._gateway.id} has no terminal with the radio address {message.address}"
        )

    # -- what is refused --------------------------------------------------------------------

    @receives(_Refused)
    def _refused(self, message: _Refused) -> None:
        self._alarms.refused(message.source, message.error)

    @receives(QuietFor)
    def _quiet_for(self, message: QuietFor) -> None:
        self._alarms.quiet(message.alarm)

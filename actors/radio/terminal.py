"""Terminals: what a hall knows of its radio devices, and what all kinds of them have in common.

The radio acknowledges frames; what they meant is confirmed by payloads (`protocol/radio/payloads.py`).
"""

from __future__ import annotations

import logging
from datetime import datetime

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.radio.banners import BannerText
from actors.radio.contact import ChannelDown, ChannelUp
from actors.radio.delivery import Deliverable, Delivery, Late, PauseElapsed
from actors.radio.pairing import KeyTakenHeard
from actors.radio.troubles import Condition, Trouble, TroubleOver, WordAwaited
from protocol.errors import ProtocolError
from protocol.hall import Terminal
from protocol.ids import CounterId, GatewayId
from protocol.messages import (
    ClearAlarm,
    DownlinkEnded,
    DownlinkTold,
    RaiseAlarm,
    Recipient,
    SendDownlink,
    UplinkReceived,
)
from protocol.radio.payloads import (
    Downlink,
    Hello,
    KeyTaken,
    Login,
    PairRequest,
    Press,
    Rating,
    Shown,
    Supply,
    decode_uplink,
    encode,
)
from protocol.values import value

log = logging.getLogger(__name__)

OVER_THE_AIR = frozenset({Trouble.SILENT, Trouble.UNCONFIRMED, Trouble.BANNER_UNCONFIRMED})
"""Troubles that say nothing of a device while no gateway reaches it."""


@value
class ReadTerminal:
    """Ask a terminal for `TerminalRead`; it is told to ``reply_to`` where that is given."""

    reply_to: Recipient | None = None


@value
class TerminalRead:
    """What is known of a device since its actor was started."""

    gateway: GatewayId
    """Its home, which the configuration names."""
    terminal: Terminal
    boot: int | None
    device: int
    """Its hardware's own number; 0 if it has not told one."""
    supply: Supply
    battery_mv: int | None
    heard_at: datetime | None
    """When it last sent something, by the wall clock (aware, UTC)."""
    refused: int
    """Payloads that it should not have sent: malformed, another device's, or replays."""
    flooded: int
    """Payloads left aside because there were too many."""
    restarts: int
    troubles: tuple[Trouble, ...]
    secured: bool = False
    """Whether what it sent last was sealed with the key of its pairing."""
    banner: BannerText | None = None
    """What runs through a window."""
    reachable: bool = True
    """Whether a gateway reaches the device, or would if it were there."""


class TerminalActor(Actor):
    """A radio device as its hall sees it.

    What the device should not have sent is dropped and counted, and raises the alarm
    ``terminal/{gateway}/{address}``, which is cleared by the next payload that is right. What it sends beyond
    its allowance is dropped unread. See `troubles` for the other alarms. While no gateway reaches the device,
    its silence raises none: the gateway has one of its own.
    """

    def __init__(
        self,
        place: Place,
        terminal: Terminal,
        home: GatewayId,
        gateway: Ref[Actor],
        alarms: Ref[Actor],
    ) -> None:
        super().__init__(place)
        self._terminal = terminal
        self._home = home
        self._gateway = gateway
        self._alarms = alarms
        self._boot: int | None = None
        self._pairing = ""
        self._heard_at: datetime | None = None
        self._reachable = True
        self._refused = 0
        self._troubles: dict[Trouble, str] = {}
        self._tokens = 0
        self._deliveries: tuple[Delivery, ...] = ()
        self._condition = Condition(
            terminal, self.begin_trouble, self.end_trouble, self.later, self.monotonic
        )

    def on_start(self) -> None:
        """End the alarms that a failed predecessor left; they are raised anew if need be."""
        if self.place.generation:
            for trouble in Trouble:
                told(self._alarms, ClearAlarm(alarm=self._alarm(trouble)))

    @property
    def _counter_id(self) -> CounterId:
        counter = self._terminal.counter
        assert counter is not None, "every terminal but a repeater stands at a counter"
        return counter

    # -- uplinks ----------------------------------------------------------------------------

    @receives(UplinkReceived)
    def _take_uplink(self, uplink: UplinkReceived) -> None:
        self._heard_at = self.now
        if not self._condition.heard(self.monotonic):
            return
        if uplink.pairing != self._pairing:
            self._pairing = uplink.pairing
            self._device_changed()
        try:
            payload = decode_uplink(uplink.payload)
            match payload:
                case Hello():
                    self._take_hello(payload)
                case Shown(version=version):
                    self._take_shown(version)
                case PairRequest():
                    raise ProtocolError("it asks for a post, and has one")
                case KeyTaken(epoch=epoch):
                    self._take_key_taken(epoch)
                case press:
                    self._take_press(press)
        except ProtocolError as error:
            self._refused += 1
            log.warning("uplink refused terminal=%s reason=%s", self.name, error)
            self.begin_trouble(Trouble.REFUSED, f": {error}")
        else:
            self._boot = payload.boot
            self.end_trouble(Trouble.REFUSED)

    def _take_key_taken(self, epoch: int) -> None:
        """The device has the new key of broadcasts: that is for the security of its segment."""
        if not self._pairing:
            raise ProtocolError("it says that it took a key, and is not paired")
        security = self.world.find(f"{self.name.rsplit('/', 2)[0]}/security")
        if security is not None:
            told(security, KeyTakenHeard(address=self._terminal.address, epoch=epoch))

    def _device_changed(self) -> None:
        """What was sent last is of another pairing than before it: another device may have the post now."""
        self._boot = None
        self._condition.device_changed()

    def _take_hello(self, hello: Hello) -> None:
        if hello.kind.name != self._terminal.kind.name:
            raise ProtocolError(
                f"the device says that it is of the kind {hello.kind.name.lower()}: correct its"
                " address, or its kind in the configuration"
            )
        self._condition.hello(hello, self.monotonic)
        version, restarted = hello.version, hello.boot != self._boot
        matches = [d for d in self._deliveries if version is not None and d.confirmed(version)]
        lost = restarted or (version is not None and not matches)
        for delivery in self._deliveries:
            if lost and delivery not in matches:
                self._lost(delivery)
            delivery.send_soon()

    def _lost(self, delivery: Delivery) -> None:
        """The device does not show what it confirmed: have it shown again, without being asked."""
        delivery.unconfirm()

    def _take_shown(self, version: int) -> None:
        """Take a confirmation.

        Raises:
            ProtocolError: there is nothing to confirm for such a device.
        """
        if not self._deliveries:
            raise ProtocolError(
                f"it confirms what it shows, and is a {self._terminal.kind}, which shows nothing"
            )
        matches = [delivery for delivery in self._deliveries if delivery.confirmed(version)]
        if not matches:
            # Either on its way to the newest version, or it has lost what it confirmed.
            first = self._deliveries[0]
            if not first.waiting:
                self._lost(first)
                first.send_soon()

    def _take_press(self, press: Press) -> None:
        """Take a press.

        Raises:
            ProtocolError: such a device has nothing to press, or not that, or it was pressed before.
        """
        match press:
            case Rating():
                what = "a rating"
            case Login():
                what = "a login"
            case _:
                what = "a key press"
        raise ProtocolError(f"it sent {what}, and is a {self._terminal.kind}")

    # -- downlinks --------------------------------------------------------------------------

    @receives(ChannelUp)
    def _channel_up(self, _message: ChannelUp) -> None:
        """The gateway's port is open again; a device that waits for a result will ask."""
        if not self._reachable:
            self._reachable = True
            self._condition.reachable(self.monotonic)
            for delivery in self._deliveries:
                delivery.reachable()
                # It may have started anew meanwhile, and nobody heard it say so.
                self._lost(delivery)
        for delivery in self._deliveries:
            delivery.send_soon()

    @receives(ChannelDown)
    def _channel_down(self, _message: ChannelDown) -> None:
        self._reachable = False
        for trouble in OVER_THE_AIR:
            self.end_trouble(trouble)

    def deliver(self, payload: Deliverable, *, word: bool) -> int:
        """Send ``payload``, and with ``word`` ask for the device's own word; return the token of its end."""
        self._tokens += 1
        self._send(payload, self._tokens, self._actor_ref, word=word)
        return self._tokens

    def _send(
        self,
        payload: Downlink,
        token: int = 0,
        reply_to: Recipient | None = None,
        *,
        word: bool = False,
    ) -> None:
        sent = SendDownlink(
            to=self._terminal.address,
            payload=encode(payload),
            token=token,
            reply_to=reply_to,
            word=word,
        )
        told(self._gateway, sent)

    @receives(DownlinkEnded)
    def _downlink_ended(self, message: DownlinkEnded) -> None:
        for delivery in self._deliveries:
            delivery.ended(message)

    @receives(DownlinkTold)
    def _downlink_told(self, message: DownlinkTold) -> None:
        for delivery in self._deliveries:
            delivery.told(message)

    @receives(PauseElapsed)
    def _pause_elapsed(self, message: PauseElapsed) -> None:
        for delivery in self._deliveries:
            if delivery.trouble is message.trouble:
                delivery.pause_elapsed(message)

    @receives(Late)
    def _late(self, message: Late) -> None:
        for delivery in self._deliveries:
            if delivery.trouble is message.trouble:
                delivery.late(message)

    # -- troubles ---------------------------------------------------------------------------

    @receives(WordAwaited)
    def _word_awaited(self, _message: WordAwaited) -> None:
        self._condition.word_awaited(self.monotonic)

    @receives(TroubleOver)
    def _trouble_over(self, message: TroubleOver) -> None:
        self._condition.over(message.trouble, self.monotonic)

    def _alarm(self, trouble: Trouble) -> str:
        """Return the name of the alarm of ``trouble``."""
        terminal = self._terminal
        place = f"terminal/{self._home}/{terminal.address}"
        match trouble:
            case Trouble.REFUSED:
                return place
            case Trouble.UNCONFIRMED:
                return f"{terminal.kind}/{terminal.counter}"
            case Trouble.BANNER_UNCONFIRMED:
                return f"{terminal.kind}/{terminal.counter}/banner"
            case _:
                return f"{place}/{trouble}"

    def begin_trouble(self, trouble: Trouble, detail: str) -> None:
        """Raise the alarm of ``trouble``, or renew its detail."""
        if self._troubles.get(trouble) == detail or not (
            self._reachable or trouble not in OVER_THE_AIR
        ):
            return
        self._troubles[trouble] = detail
        terminal = self._terminal
        where = "" if terminal.counter is None else f" of counter {terminal.counter}"
        who = f"{terminal.kind} {terminal.address}{where}"
        space = "" if detail.startswith(":") else " "
        told(self._alarms, RaiseAlarm(alarm=self._alarm(trouble), detail=f"{who}{space}{detail}"))

    def end_trouble(self, trouble: Trouble) -> None:
        """Clear the alarm of ``trouble``, if it was raised."""
        if self._troubles.pop(trouble, None) is not None:
            told(self._alarms, ClearAlarm(alarm=self._alarm(trouble)))

    @property
    def _banner_shown(self) -> BannerText | None:
        return None

    @receives(ReadTerminal)
    def _read(self, message: ReadTerminal) -> TerminalRead:
        condition = self._condition
        read = TerminalRead(
            gateway=self._home,
            terminal=self._terminal,
            boot=self._boot,
            device=condition.device,
            supply=condition.supply,
            battery_mv=condition.battery_mv,
            heard_at=self._heard_at,
            refused=self._refused,
            flooded=condition.flooded,
            restarts=condition.restarts,
            troubles=tuple(self._troubles),
            secured=bool(self._pairing),
            banner=self._banner_shown,
            reachable=self._reachable,
        )
        if message.reply_to is not None:
            told(message.reply_to, read)
        return read

"""What all terminals have in common: a radio, a boot number, and a sign of life now and then."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from math import inf
from random import Random
from typing import Any, ClassVar

from protocol.errors import CountersExhausted, ProtocolError
from protocol.radio.actions import Acknowledged, Action, GaveUp, Received, Refused, Transmit
from protocol.radio.link import RadioLink
from protocol.radio.options import LinkOptions
from protocol.radio.payloads import (
    BOOT_MAX,
    PAIRING_ADDRESS,
    BroadcastKey,
    DeviceKind,
    Downlink,
    Hello,
    KeyTaken,
    PairOffer,
    PressResult,
    Show,
    Shown,
    Supply,
    Uplink,
    decode_downlink,
    encode,
)
from protocol.radio.reliable import ReliableLink
from protocol.radio.routed import RoutedLink
from protocol.radio.router import Routes
from sim.devices.security import DeviceSecurity

HELLO_SPREAD_S = 2.0
"""A device says that it has started within this time, so that not all do at once after a power cut."""

HEARTBEAT_S = 600.0
"""A device says that it is still there about this often, ..."""

HEARTBEAT_FIRST_MIN = 0.25
"""... and first after this share of it or more, so that not all do at once, again and again, after a power
cut."""

LINK_OPTIONS = LinkOptions(timeout_max_s=0.4, pause_max_s=4.0)
"""Somebody waits at a keypad; an acknowledgement that takes longer than stock firmware waits was lost. After
several attempts the channel is overrun, and pauses are long enough for it to get over that."""

HELLO_TOKEN = 0

SHOWN_TOKEN = 2
"""Nobody waits for the end of a confirmation: the hall asks again."""

PAIR_TOKEN = 3
"""Nor for that of a request for a post: the device asks again."""


class RadioDevice:
    """A device's firmware behind its radio module.

    ``boot`` is kept through `reboot`, as in memory that needs no power. While ``off`` is set, the device
    hears and sends nothing. ``malformed`` counts downlinks that it could not read. ``device`` is the
    hardware's number, ``version`` what it showed or did last. With a pairing ``code`` (16 octets) the device
    has ``security``; without, it is stock firmware. On a channel with router headers ``routes`` tell who is
    behind which repeater, as the device sees it: the gateway, for a far one.
    """

    kind: ClassVar[DeviceKind]

    def __init__(
        self,
        address: int,
        gateway_address: int,
        random: Random,
        *,
        boot: int = 0,
        battery_mv: int | None = None,
        supply: Supply = Supply.UNKNOWN,
        device: int = 0,
        code: bytes | None = None,
        options: LinkOptions | None = None,
        routes: Mapping[int, int] | None = None,
    ) -> None:
        self.address = address
        self.gateway_address = gateway_address
        self.boot = boot
        self.battery_mv = battery_mv
        self.supply = supply
        self.device = device
        self.off = False
        self.malformed = 0
        self.security = None if code is None else DeviceSecurity(code)
        self._random = random
        self._options = options or LINK_OPTIONS
        self._routes = None if routes is None else Routes(routes)
        self.noticed: list[Callable[[Any, Show | PressResult | None], object]] = []
        """Are called with the device and what people see there anew: a window's state, the result of a press;
        None when it goes dark or says that nobody answers."""
        self._start()

    def _start(self) -> None:
        self._tune(self.address)
        self.version = 0
        # The first tick tells the time.
        self._hello_due_s: float | None = None
        self._beats = False
        """Whether it has said hello in this boot."""

    def reboot(self) -> None:
        """Take the power away and give it back: all is forgotten but keys, counters and the boot number."""
        self.off = False
        if self.security is not None:
            self.security.start()
        self._restart(self.address)

    def _is_noticed(self, shown: Show | PressResult | None) -> None:
        for look in self.noticed:
            look(self, shown)

    def _restart(self, radio_address: int) -> None:
        """Begin anew, at ``radio_address``: sequences are counted within the new boot."""
        self.boot = (self.boot + 1) % (BOOT_MAX + 1)
        self._start()
        self._tune(radio_address)
        self._is_noticed(None)

    def ask_for_post(self) -> None:
        """Press the pairing key: from the next tick on the device asks for a post, for two minutes.

        A device without security has no such key.
        """
        if self.security is not None:
            self.security.wants_post = True

    @property
    def radio_address(self) -> int:
        """The address that it speaks from: 254 while it asks for a post."""
        return self._link.address

    def _tune(self, radio_address: int) -> None:
        """Speak from ``radio_address``; what was under way is lost."""
        # Without a post, or asking for another: then it does nothing else.
        self._postless = radio_address == PAIRING_ADDRESS
        self._link = self._make_link(radio_address)

    def _make_link(self, radio_address: int) -> RadioLink:
        random, options, peers = self._random, self._options, {self.gateway_address}
        if self._routes is None:
            return ReliableLink(radio_address, random, options, peers)
        return RoutedLink(radio_address, random, options, peers, routes=self._routes)

    # -- the line ---------------------------------------------------------------------------

    def receive(self, octets: bytes, now: float) -> bytes:
        """Take ``octets``, cut anywhere; return what is sent upon them."""
        if self.off:
            return b""
        actions = self._link.receive(octets, now)
        return (self._carry_out(actions, now) if actions else b"") + self._tick(now)

    def tick(self, now: float) -> bytes:
        """Do what is due by ``now``; return what is sent."""
        return b"" if self.off else self._tick(now)

    def _tick(self, now: float) -> bytes:
        actions = self._link.tick(now)
        security = self.security
        if security is not None and (security.wants_post or security.pairing is not None):
            self._seek_post(security, actions, now)
        if self._postless:
            return self._carry_out(actions, now) if actions else b""
        if self._hello_due_s is None:
            self._hello_due_s = now + self._random.uniform(0, HELLO_SPREAD_S)
        elif now >= self._hello_due_s:
            least = 0.9 if self._beats else HEARTBEAT_FIRST_MIN
            self._beats = True
            self._hello_due_s = now + HEARTBEAT_S * self._random.uniform(least, 1.1)
            actions += self._send(self._hello(), HELLO_TOKEN, now)
        actions += self._work(now)
        return self._carry_out(actions, now) if actions else b""

    def next_deadline(self) -> float | None:
        """Return when `tick` has something to do next; it may be over."""
        if self.off:
            return None
        security = self.security
        if security is not None and security.wants_post:
            return -inf
        due_s = self._link.next_deadline()
        if due_s is None:
            due_s = inf
        if security is not None and security.pairing is not None:
            due_s = _sooner(due_s, security.pairing.next_deadline)
        if not self._postless:
            if self._hello_due_s is None:
                return -inf
            due_s = _sooner(_sooner(due_s, self._hello_due_s), self._work_due())
        return None if due_s == inf else due_s

    # -- pairing ----------------------------------------------------------------------------

    def _seek_post(self, security: DeviceSecurity, actions: list[Action], now: float) -> None:
        """Add what pairing has due by ``now``."""
        if security.wants_post:
            security.ask(self.device, self.kind, self.gateway_address, self._random, now)
            self._restart(PAIRING_ADDRESS)
        before = security.asking or security.confirming
        request = security.request(now)
        if request is not None:
            octets = encode(request)
            actions += self._link.send(self.gateway_address, octets, PAIR_TOKEN, now)
        elif before and not (security.asking or security.confirming):
            # In vain: all is as it was.
            security.start()
            self._restart(self.address)

    def _take_offer(self, offer: PairOffer, now: float) -> list[Action]:
        assert self.security is not None
        address = self.security.take(offer, now)
        if address is None:
            return []
        self._tune(address)
        return self._send(self._hello(), HELLO_TOKEN, now)

    def _acknowledged(self) -> None:
        if self.security is not None and self.security.confirming:
            self.security.acknowledged()
            self.address = self._link.address

    # -- for each kind of device ------------------------------------------------------------

    def _take(self, payload: Downlink, now: float) -> list[Action]:
        """Take what the gateway sent."""
        raise NotImplementedError

    def _ended(self, token: int, acknowledged: bool, now: float) -> None:
        """What was sent with ``token`` was acknowledged by the gateway's radio, or never was."""

    def _work(self, now: float) -> list[Action]:
        """Do what is due by ``now`` beside the radio."""
        return []

    def _work_due(self) -> float | None:
        """Return when `_work` has something to do next."""
        return None

    # -- inside -----------------------------------------------------------------------------

    def _hello(self) -> Hello:
        return Hello(
            boot=self.boot,
            kind=self.kind,
            battery_mv=self.battery_mv,
            supply=self.supply,
            device=self.device,
            version=self.version,
        )

    def _confirm(self, version: int, now: float) -> list[Action]:
        """Say that ``version`` is shown or done, also where it was already: the first word was lost."""
        self.version = version
        return self._send(Shown(boot=self.boot, version=version), SHOWN_TOKEN, now)

    def _send(self, payload: Uplink, token: int, now: float) -> list[Action]:
        octets = encode(payload)
        if self.security is not None:
            try:
                octets = self.security.seal(octets)
            except CountersExhausted:
                self._ended(token, False, now)
                return []
        return self._link.send(self.gateway_address, octets, token, now)

    def _carry_out(self, actions: list[Action], now: float) -> bytes:
        first = actions[0]
        if len(actions) == 1 and type(first) is Transmit:
            return first.octets
        sent = bytearray()
        waiting = deque(actions)
        while waiting:
            match waiting.popleft():
                case Transmit(octets=octets):
                    sent += octets
                case Received(payload=payload, broadcast=broadcast):
                    waiting += self._read(payload, broadcast, now)
                case Acknowledged(token=token):
                    self._acknowledged()
                    self._ended(token, True, now)
                case GaveUp(token=token) | Refused(token=int(token)):
                    if (
                        token == HELLO_TOKEN
                        and self.security is not None
                        and self.security.confirming
                    ):
                        waiting += self._send(self._hello(), HELLO_TOKEN, now)
                    self._ended(token, False, now)
        return bytes(sent)

    def _read(self, payload: bytes, broadcast: bool, now: float) -> list[Action]:
        security = self.security
        try:
            if security is not None and security.asking:
                downlink = decode_downlink(payload)
                return self._take_offer(downlink, now) if isinstance(downlink, PairOffer) else []
            if security is not None:
                payload = security.open(payload, broadcast=broadcast)
            downlink = decode_downlink(payload)
            if isinstance(downlink, BroadcastKey):
                return self._take_key(downlink, broadcast, now)
        except ProtocolError:
            self.malformed += 1
            return []
        return self._take(downlink, now)

    def _take_key(self, given: BroadcastKey, broadcast: bool, now: float) -> list[Action]:
        """Open broadcasts with another key, and say so.

        Raises:
            ProtocolError: it was broadcast, the device is not paired, or the key does not open.
        """
        if broadcast or self.security is None:
            raise ProtocolError("a key is sent to one paired device alone")
        self.security.renew(given)
        return self._send(KeyTaken(boot=self.boot, epoch=given.epoch), SHOWN_TOKEN, now)


def _sooner(due_s: float, other_s: float | None) -> float:
    """Return the earlier time; None is never."""
    return due_s if other_s is None or due_s <= other_s else other_s

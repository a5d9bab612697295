"""Virtual devices for every ``virtual:`` port of a hall, with the air between them.

The same models stand behind virtual links in a simulation and behind pseudo-terminals in a running hall.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from protocol.devices import Device
from protocol.errors import DeviceError
from protocol.hall import Gateway, HallSpec, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, KioskId, TerminalAddress
from protocol.ports import VirtualAddress, parse_port
from protocol.radio.keys import CODE_OCTETS
from protocol.radio.payloads import Key, Supply
from sim.devices.caller import Caller
from sim.devices.evaluator import Evaluator
from sim.devices.keypad import Keypad
from sim.devices.printer import EscposPrinter
from sim.devices.radio import RadioDevice
from sim.devices.repeater import Repeater
from sim.devices.window import Window
from sim.radio.channel import Channel
from sim.radio.modules import PERFECT
from sim.radio.station import Station

BATTERY_MV = 3000
"""Two new cells."""

_KINDS: Mapping[TerminalKind, type[RadioDevice]] = {
    TerminalKind.KEYPAD: Keypad,
    TerminalKind.WINDOW: Window,
    TerminalKind.EVALUATOR: Evaluator,
    TerminalKind.CALLER: Caller,
    TerminalKind.REPEATER: Repeater,
}


class Hardware:
    """The devices of one hall, each found by where it stands.

    ``ports`` are the devices on serial lines by the names of their virtual ports.
    """

    def __init__(self, spec: HallSpec, random: Random, *, boot: int = 0) -> None:
        """Make the devices of ``spec``; terminals count this as their ``boot``-th start."""
        self.ports: dict[str, Device] = {}
        self.keypads: dict[CounterId, Keypad] = {}
        self.windows: dict[CounterId, Window] = {}
        self.evaluators: dict[CounterId, Evaluator] = {}
        self.callers: dict[CounterId, Caller] = {}
        self.printers: dict[KioskId, EscposPrinter] = {}
        self.radio: dict[GatewayId, dict[TerminalAddress, RadioDevice]] = {}
        """Those behind each gateway, by their posts."""
        self._wake: Callable[[str], object] = lambda _name: None
        self._touch: Callable[[str, RadioDevice], object] = self._touch_here
        self._radio_ports: dict[RadioDevice, str] = {}
        self._stations: dict[RadioDevice, tuple[Channel, Station]] = {}
        self.channels: dict[GatewayId, Channel] = {}
        """That of each gateway: a perfect one."""
        for gateway in spec.gateways.values():
            name = virtual_name(gateway.port)
            if name is not None:
                channel = self._channel(spec, gateway)
                self.ports[name] = channel.port(name, address=gateway.address)
                for terminal in gateway.terminals:
                    device = self._terminal(gateway, terminal, name, random, boot)
                    self._stations[device] = channel, channel.join(device)
        for kiosk in spec.kiosks.values():
            name = None if kiosk.printer is None else virtual_name(kiosk.printer)
            if name is not None:
                self.printers[kiosk.id] = EscposPrinter()
                self.ports[name] = self.printers[kiosk.id]

    def on_wake(self, wake: Callable[[str], object]) -> None:
        """Have ``wake`` called with the name of a port where a device wants its `tick`."""
        self._wake = wake
        for channel in self.channels.values():
            channel.on_wake(wake)

    def on_touch(self, touch: Callable[[str, RadioDevice], object]) -> None:
        """Have ``touch`` called with a device on which something was pressed, and the port of its gateway.

        It takes the place of what lets the device feel that on the perfect channels here.
        """
        self._touch = touch

    def _touch_here(self, port: str, device: RadioDevice) -> None:
        channel, station = self._stations[device]
        channel.touch(station)
        self._wake(port)

    def wake(self, name: str) -> None:
        """Have the device on that port look at what was done to it."""
        self._wake(name)

    def wake_radio(self, gateway: GatewayId) -> None:
        """Have the devices behind that gateway look at what was done to them."""
        first = next(iter(self.radio[gateway].values()))
        self.wake(self._radio_ports[first])

    def press(self, counter: CounterId, key: Key, argument: int = 0) -> bool:
        """Press a key of the counter's keypad; return whether the keypad took it.

        Raises:
            DeviceError: the counter has no virtual keypad.
        """
        keypad = self._keypad(counter)
        return self._felt(keypad, keypad.press(key, argument))

    def login(self, counter: CounterId, code: int) -> bool:
        """Type a number of staff at the counter's keypad, 0 to log out; return whether the keypad took it.

        Raises:
            DeviceError: the counter has no virtual keypad.
        """
        keypad = self._keypad(counter)
        return self._felt(keypad, keypad.login(code))

    def rate(self, counter: CounterId, level: int, reasons: int = 0) -> bool:
        """Press a level at the counter's evaluator; return whether it took that.

        Raises:
            DeviceError: the counter has no virtual evaluator.
        """
        evaluator = self.evaluators.get(counter)
        if evaluator is None:
            raise DeviceError(f"counter {counter} has no virtual evaluator")
        return self._felt(evaluator, evaluator.rate(level, reasons))

    def _channel(self, spec: HallSpec, gateway: Gateway) -> Channel:
        """Return the gateway's channel, a perfect one: gateways that cover one another share theirs."""
        shared = next(
            (
                channel
                for other, channel in self.channels.items()
                if other in gateway.covers or gateway.id in spec.gateways[other].covers
            ),
            None,
        )
        channel = self.channels[gateway.id] = shared or Channel(Random(0), PERFECT)
        channel.ports_overhear = shared is not None
        return channel

    def _keypad(self, counter: CounterId) -> Keypad:
        keypad = self.keypads.get(counter)
        if keypad is None:
            raise DeviceError(f"counter {counter} has no virtual keypad")
        return keypad

    def _felt(self, device: RadioDevice, taken: bool) -> bool:
        self._touch(self._radio_ports[device], device)
        return taken

    def _terminal(
        self, gateway: Gateway, terminal: Terminal, port: str, random: Random, boot: int
    ) -> RadioDevice:
        number = random.randrange(1, 2**32)
        given: dict[str, Any] = {
            "boot": boot,
            "battery_mv": BATTERY_MV,
            "supply": Supply.BATTERY,
            "device": number,
            "code": Random(number).randbytes(CODE_OCTETS),
            "routes": routes_of(gateway, terminal.address) if gateway.routed else None,
        }
        if terminal.kind is TerminalKind.REPEATER:
            given["reached"] = behind(gateway, terminal.address)
        device = _KINDS[terminal.kind](terminal.address, gateway.address, random, **given)
        self.radio.setdefault(gateway.id, {})[terminal.address] = device
        self._radio_ports[device] = port
        counter = terminal.counter
        if counter is not None:
            match device:
                case Keypad():
                    self.keypads[counter] = device
                case Window():
                    self.windows[counter] = device
                case Evaluator():
                    self.evaluators[counter] = device
                case Caller():
                    self.callers[counter] = device
        return device


def behind(gateway: Gateway, repeater: TerminalAddress) -> list[TerminalAddress]:
    """Return who is behind the repeater, near or far."""
    return [far for far in gateway.routes if repeater in (gateway.way_to(far) or ())]


def routes_of(gateway: Gateway, address: TerminalAddress) -> dict[int, int]:
    """Return the routes that the device at ``address`` needs: to the gateway, and to who is behind it."""
    routes: dict[int, int] = {}
    way = gateway.way_to(address)
    if way:
        routes[gateway.address] = way[-1]
    for far in behind(gateway, address):
        hops = (*(gateway.way_to(far) or ()), far)
        following = hops[hops.index(address) + 1]
        if following != far:
            routes[far] = following
    return routes


def virtual_name(port: str) -> str | None:
    """Return the name of a virtual port, or None for a real one."""
    address = parse_port(port)
    return address.name if isinstance(address, VirtualAddress) else None

"""Faults of radio terminals: restarts, batteries, keys, and displays that show nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from protocol.radio.payloads import Key
from sim.devices.keypad import Keypad
from sim.devices.pressing import PressingDevice
from sim.devices.radio import RadioDevice
from sim.devices.window import Window
from sim.faults.kind import End, FaultKind, Parameter, Target, seconds, share
from sim.faults.premises import Premises, hold_set, port_of, terminals
from sim.hardware import BATTERY_MV

Given = Mapping[str, float]


def _those(kind: type[RadioDevice]) -> Callable[[Premises], tuple[str, ...]]:
    return lambda premises: tuple(
        place for place, device in terminals(premises).items() if isinstance(device, kind)
    )


TERMINAL = Target(name="terminal", what="keypad/COUNTER and so on", places=_those(RadioDevice))
KEYPAD = Target(name="terminal", what="keypad/COUNTER", places=_those(Keypad))
PRESSED = Target(
    name="terminal", what="keypad/COUNTER or evaluator/COUNTER", places=_those(PressingDevice)
)
WINDOW = Target(name="terminal", what="window/COUNTER", places=_those(Window))


def _of(premises: Premises, place: str) -> tuple[RadioDevice, str]:
    device = terminals(premises)[place]
    return device, port_of(premises, device)


def _power(premises: Premises, device: RadioDevice, port: str) -> End:
    """Take a terminal's power away; return what gives it back."""

    def off() -> None:
        device.off = True
        premises.wake(port)

    def on() -> None:
        device.reboot()
        premises.wake(port)

    return premises.holds.hold((id(device), "power"), off, on)


def _dies(premises: Premises, place: str, _given: Given) -> End:
    return _power(premises, *_of(premises, place))


def _flat(premises: Premises, place: str, given: Given) -> End:
    """Have the battery fall, which the terminal says after a brown-out; and then it is dead."""
    device, port = _of(premises, place)
    device.battery_mv = round(given["battery_mv"])
    device.reboot()
    premises.wake(port)
    power: End | None = None
    over = False

    def die() -> None:
        nonlocal power
        if not over:
            power = _power(premises, device, port)

    def change() -> None:
        nonlocal over
        over = True
        device.battery_mv = BATTERY_MV
        if power is None:
            device.reboot()
            premises.wake(port)
        else:
            power()

    premises.later(given["dies_after_s"], die)
    return change


def _stuck_key(premises: Premises, place: str, given: Given) -> End:
    device, port = _of(premises, place)
    assert isinstance(device, Keypad)
    key, every_s = Key(int(given["key"])), given["every_s"]
    over = False

    def press() -> None:
        if over:
            return
        if device.press(key):
            premises.wake(port)
        premises.later(every_s, press)

    def let_go() -> None:
        nonlocal over
        over = True

    press()
    return let_go


def _double_press(premises: Premises, place: str, given: Given) -> End:
    device, port = _of(premises, place)
    chance, random = given["share"], premises.random

    def bounces() -> bool:
        return random.random() < chance

    return hold_set(premises, port, device, "bounces", bounces, None)


def _stuck_window(premises: Premises, place: str, _given: Given) -> End:
    device, port = _of(premises, place)

    def stick() -> None:
        assert isinstance(device, Window)
        device.stuck = True

    def shake() -> None:
        # Whoever looks after it switches it off and on.
        device.reboot()
        premises.wake(port)

    return premises.holds.hold((id(device), "stuck"), stick, shake)


KINDS = (
    FaultKind(
        name="terminal-restart",
        does="A terminal loses its power and has it back: what it showed and had to send is gone.",
        target=TERMINAL,
        begin=_dies,
        lasts_min_s=0.5,
        lasts_max_s=120.0,
    ),
    FaultKind(
        name="terminal-flat-battery",
        does="A terminal's battery is low, which it says, and then flat, until somebody changes it.",
        target=TERMINAL,
        begin=_flat,
        parameters={
            "battery_mv": Parameter(
                meaning="what is left", least=1800.0, most=2600.0, default=2100.0, unit="mV"
            ),
            "dies_after_s": seconds("how long it still works", 60.0, 0.0, 3600.0),
        },
        lasts_min_s=60.0,
        lasts_max_s=7200.0,
    ),
    FaultKind(
        name="terminal-stuck-key",
        does="A key of a keypad sticks and is pressed again and again.",
        target=KEYPAD,
        begin=_stuck_key,
        parameters={
            "key": Parameter(
                meaning="the key: 1 NEXT, 2 RECALL, 3 START, 4 FINISH, 5 NO_SHOW, 6 HOLD",
                least=1.0,
                most=6.0,
                default=1.0,
                whole=True,
            ),
            "every_s": seconds("how often it is pressed", 1.0, 0.2, 30.0),
        },
        lasts_max_s=120.0,
    ),
    FaultKind(
        name="terminal-double-press",
        does="Keys bounce: one press is felt as two.",
        target=PRESSED,
        begin=_double_press,
        parameters={"share": share("that a press is felt twice", 0.5, least=0.05)},
    ),
    FaultKind(
        name="terminal-silent-death",
        does="A terminal is dead and says nothing, until somebody finds it.",
        target=TERMINAL,
        begin=_dies,
        lasts_min_s=120.0,
        lasts_max_s=14_400.0,
    ),
    FaultKind(
        name="window-stuck",
        does="A window's display sticks though its radio works: it shows what it showed, and confirms nothing.",
        target=WINDOW,
        begin=_stuck_window,
    ),
)

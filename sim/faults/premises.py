"""Where faults happen: a site in virtual time, or the virtual devices of a hall that really runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from random import Random
from typing import Any, Protocol

from actors.world import Timer
from protocol.hall import HallSpec
from protocol.ids import GatewayId
from sim.devices.radio import RadioDevice
from sim.faults.line import Line
from sim.hardware import Hardware, virtual_name
from sim.radio.afflictions import Afflictions


class Holds:
    """Switches that several faults may hold at once: the first turns them on, the last one off."""

    def __init__(self) -> None:
        self._held: dict[Hashable, _Held] = {}

    def hold(
        self, switch: Hashable, on: Callable[[], object], off: Callable[[], object]
    ) -> Callable[[], None]:
        """Turn ``switch`` on unless it is; return what lets it go, once.

        Who turned it on says how it is turned ``off``.
        """
        held = self._held.get(switch)
        if held is None:
            held = self._held[switch] = _Held(off)
            on()
        held.holders += 1
        return partial(self._let_go, switch, held, [True])

    def _let_go(self, switch: Hashable, held: _Held, holds: list[bool]) -> None:
        if not holds:
            return
        holds.clear()
        held.holders -= 1
        if not held.holders:
            del self._held[switch]
            held.off()


class _Held:
    """A switch that is on."""

    def __init__(self, off: Callable[[], object]) -> None:
        self.off = off
        self.holders = 0


class Ground(Protocol):
    """What any fault needs to begin and to end."""

    @property
    def active(self) -> dict[int, Any]:
        """The faults that are on, for `sim.faults.active`."""
        ...

    def now_s(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...

    def later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have ``call`` called after ``delay_s``."""
        ...


class Premises(Ground, Protocol):
    """What faults of devices need. A `sim.site.Site` has more, for those of the process, its disk and clock."""

    @property
    def spec(self) -> HallSpec: ...
    @property
    def hardware(self) -> Hardware: ...
    @property
    def lines(self) -> Mapping[str, Line]:
        """The line to each device, by the name of its port."""
        ...

    @property
    def random(self) -> Random: ...
    @property
    def holds(self) -> Holds: ...
    def channel(self, gateway: GatewayId) -> Afflictions:
        """Return what befalls the gateway's channel."""
        ...

    def plug(self, port: str) -> None:
        """Plug the device on ``port`` in."""
        ...

    def unplug(self, port: str) -> None:
        """Pull the device on ``port`` out; it goes on."""
        ...

    def wake(self, port: str) -> None:
        """Have the device on ``port`` look at what was done to it."""
        ...


def gateway_port(premises: Premises, gateway: str) -> str:
    """Return the name of a gateway's port."""
    name = virtual_name(premises.spec.gateways[GatewayId(gateway)].port)
    assert name is not None, f"gateway {gateway} has no virtual port"
    return name


def gateways(premises: Premises) -> tuple[str, ...]:
    """Return the gateways on virtual ports."""
    return tuple(id for id, gateway in premises.spec.gateways.items() if virtual_name(gateway.port))


def ports(premises: Premises) -> tuple[str, ...]:
    """Return the names of the virtual ports."""
    return tuple(premises.hardware.ports)


def terminals(premises: Premises) -> dict[str, RadioDevice]:
    """Return all terminals by their places: ``keypad/1`` at counter 1, ``terminal/g1/41`` without one."""
    found: dict[str, RadioDevice] = {}
    for gateway in premises.spec.gateways.values():
        devices = premises.hardware.radio.get(gateway.id, {})
        for terminal in gateway.terminals:
            if terminal.address in devices:
                counter = terminal.counter
                place = (
                    f"terminal/{gateway.id}/{terminal.address}"
                    if counter is None
                    else f"{terminal.kind.value}/{counter}"
                )
                found[place] = devices[terminal.address]
    return found


def port_of(premises: Premises, device: RadioDevice) -> str:
    """Return the name of the port behind which a terminal is."""
    for gateway, devices in premises.hardware.radio.items():
        if any(each is device for each in devices.values()):
            return gateway_port(premises, gateway)
    raise AssertionError("the terminal is behind no gateway")


def hold_unplugged(premises: Premises, port: str) -> Callable[[], None]:
    """Pull the device on ``port`` out; return what plugs it in, unless another fault keeps it out."""
    return premises.holds.hold(
        ("unplugged", port), lambda: premises.unplug(port), lambda: premises.plug(port)
    )


def hold_set(
    premises: Premises, port: str, device: Any, name: str, on: Any, off: Any
) -> Callable[[], None]:
    """Set an attribute of the device behind ``port`` and have it look; return what sets it back."""

    def put(setting: Any) -> None:
        setattr(device, name, setting)
        premises.wake(port)

    return premises.holds.hold((id(device), name), lambda: put(on), lambda: put(off))

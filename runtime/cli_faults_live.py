"""Faults of the virtual devices of a hall that really runs: they act on its lines, its air and its models."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from actors.world import Timer
from protocol.devices import Device
from protocol.errors import ConfigError
from protocol.hall import HallSpec
from protocol.ids import GatewayId
from runtime.http.faults import Breakable, InjectedFault
from runtime.pty import PtyDevice
from sim.faults.active import end, start
from sim.faults.catalogue import FAULTS, kind_of
from sim.faults.kind import Fault
from sim.faults.line import Line, LineDevice
from sim.faults.premises import Holds
from sim.hardware import Hardware
from sim.radio.afflictions import Afflictions, afflictions_of

__all__ = ["LivePremises", "parameters_of"]

LASTS_S = 30.0
"""A fault that nobody says the duration of ends after so long."""


class LivePremises:
    """The virtual devices of a hall behind pseudo-terminals, as `sim.faults.premises.Premises`.

    ``spec`` is the hall with its virtual ports. Whoever makes the pseudo-terminals puts what `behind_line`
    returns there, and tells them with `connect`.
    """

    def __init__(self, reactor: Any, spec: HallSpec, hardware: Hardware) -> None:
        self.spec = spec
        self.hardware = hardware
        self.random = Random()
        self.holds = Holds()
        self.active: dict[int, Any] = {}
        self.lines = {name: Line(self.random) for name in hardware.ports}
        self._reactor = reactor
        self._afflictions = afflictions_of(hardware.channels, self.random)
        self._ptys: Mapping[str, PtyDevice] = {}
        self._injected: dict[str, tuple[Fault, float]] = {}
        self._count = 0

    def behind_line(self, port: str) -> Device:
        """Return the device on ``port`` with its line, which faults can spoil."""
        return LineDevice(self.hardware.ports[port], self.lines[port])

    def connect(self, ptys: Mapping[str, PtyDevice]) -> None:
        """Say behind which pseudo-terminal each port's device is."""
        self._ptys = ptys

    # -- for faults -------------------------------------------------------------------------

    def now_s(self) -> float:
        """Return the monotonic clock."""
        return time.monotonic()

    def later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have ``call`` called by the reactor."""
        timer: Timer = self._reactor.callLater(max(delay_s, 0.0), call)
        return timer

    def channel(self, gateway: GatewayId) -> Afflictions:
        """Return what befalls the gateway's channel."""
        return self._afflictions[gateway]

    def plug(self, port: str) -> None:
        """Plug the device in."""
        self._ptys[port].plug()

    def unplug(self, port: str) -> None:
        """Pull the device out."""
        self._ptys[port].unplug()

    def wake(self, port: str) -> None:
        """Have the device look at what was done to it."""
        self.hardware.wake(port)

    # -- for people -------------------------------------------------------------------------

    def breakable(self) -> Sequence[Breakable]:
        """See `runtime.http.faults.FaultBench`."""
        found: dict[tuple[str, str], list[str]] = {}
        for kind in FAULTS.values():
            if kind.live:
                for place in kind.target.places(self):
                    found.setdefault((kind.target.name, place), []).append(kind.name)
        return [
            Breakable(target=target, place=place, kinds=tuple(kinds))
            for (target, place), kinds in sorted(found.items(), key=lambda each: _ORDER[each[0][0]])
        ]

    def injected(self) -> Sequence[InjectedFault]:
        """See `runtime.http.faults.FaultBench`."""
        return [self._shown(id) for id in self._injected]

    def inject(
        self, kind: str, where: str | None, lasts_s: float | None, given: Sequence[str]
    ) -> InjectedFault:
        """See `runtime.http.faults.FaultBench`."""
        known = kind_of(kind)
        if not known.live:
            raise ConfigError(
                f"{kind} is for simulations alone: it needs a process or disk of theirs"
            )
        if lasts_s is None:
            lasts_s = min(LASTS_S, known.lasts_max_s)
        if not 0 < lasts_s <= known.lasts_max_s:
            raise ConfigError(f"{kind} lasts for {known.lasts_max_s:g} s at most, not {lasts_s:g}")
        fault = Fault(
            kind=kind,
            where=where,
            begins_s=self.now_s(),
            lasts_s=lasts_s,
            parameters=known.complete(parameters_of(given)),
        )
        start(self, fault)
        self._count += 1
        id = str(self._count)
        self._injected[id] = (fault, self.now_s() + lasts_s)
        self.later(lasts_s, lambda: (self.end(id), None)[1])
        return self._shown(id)

    def end(self, id: str) -> bool:
        """See `runtime.http.faults.FaultBench`."""
        found = self._injected.pop(id, None)
        if found is None:
            return False
        end(self, found[0])
        return True

    def _shown(self, id: str) -> InjectedFault:
        fault, ends_s = self._injected[id]
        return InjectedFault(
            id=id,
            kind=fault.kind,
            where=fault.where,
            lasts_s=fault.lasts_s,
            left_s=round(max(ends_s - self.now_s(), 0.0), 1),
            parameters=dict(fault.parameters),
        )


_ORDER = {
    name: place
    for place, name in enumerate(dict.fromkeys(kind.target.name for kind in FAULTS.values()))
}


def parameters_of(given: Sequence[str]) -> dict[str, float]:
    """Return parameters typed as ``name=number``.

    Raises:
        ConfigError: one is not of that form.
    """
    found: dict[str, float] = {}
    for each in given:
        name, equals, number = each.partition("=")
        try:
            if not equals:
                raise ValueError
            found[name.strip()] = float(number)
        except ValueError:
            raise ConfigError(f"{each!r} is no parameter; write it like loss=0.3") from None
    return found

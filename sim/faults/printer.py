"""Faults of ticket printers, each a switch of the model: the example of how a device brings its own.

All that a device needs here: a `Target` that knows its places, and kinds whose ``begin`` turns something on
and returns what turns it off. The module's `KINDS` are added to the catalogue; nothing else knows of printers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from protocol.ids import KioskId
from sim.devices.printer import EscposPrinter
from sim.faults.kind import End, FaultKind, Parameter, Target
from sim.faults.premises import Premises, hold_set

PRINTER = Target(
    name="printer",
    what="a kiosk",
    places=lambda premises: tuple(premises.hardware.printers),
)


def _of(premises: Premises, kiosk: str) -> tuple[EscposPrinter, str]:
    printer = premises.hardware.printers[KioskId(kiosk)]
    ports = premises.hardware.ports.items()
    return printer, next(name for name, device in ports if device is printer)


def _sets(name: str) -> Callable[[Premises, str, Mapping[str, float]], End]:
    """Return what turns a switch of the printer on."""

    def begin(premises: Premises, kiosk: str, _given: Mapping[str, float]) -> End:
        printer, port = _of(premises, kiosk)
        return hold_set(premises, port, printer, name, True, False)

    return begin


def _paper_out(premises: Premises, kiosk: str, _given: Mapping[str, float]) -> End:
    printer, port = _of(premises, kiosk)

    def take() -> None:
        printer.paper_out = True
        premises.wake(port)

    def load() -> None:
        printer.load_paper()
        premises.wake(port)

    return premises.holds.hold((id(printer), "paper"), take, load)


def _jam(premises: Premises, kiosk: str, _given: Mapping[str, float]) -> End:
    printer, port = _of(premises, kiosk)

    def jam() -> None:
        printer.broken = True
        premises.wake(port)

    def clear() -> None:
        printer.broken = False
        printer.power_cycle()
        premises.wake(port)

    return premises.holds.hold((id(printer), "jam"), jam, clear)


def _slow(premises: Premises, kiosk: str, given: Mapping[str, float]) -> End:
    printer, port = _of(premises, kiosk)
    speed = printer.speed
    return hold_set(premises, port, printer, "speed", speed / given["times"], speed)


def _claims(premises: Premises, kiosk: str, given: Mapping[str, float]) -> End:
    """Lie about the paper: say that it is there while it is not, or the other way round."""
    printer, port = _of(premises, kiosk)
    says_well = bool(given["says_well"])
    lie = hold_set(premises, port, printer, "claims_well", says_well, None)
    empty = _paper_out(premises, kiosk, {}) if says_well else _nothing
    return lambda: (lie(), empty())


def _nothing() -> None:
    """There is nothing to end."""


def _babbles(premises: Premises, kiosk: str, _given: Mapping[str, float]) -> End:
    printer, port = _of(premises, kiosk)
    noise: Any = Random(premises.random.random())
    return hold_set(premises, port, printer, "babble", noise, None)


KINDS = (
    FaultKind(
        name="printer-paper-out",
        does="The roll is empty: nothing is printed until somebody loads paper.",
        target=PRINTER,
        begin=_paper_out,
        lasts_min_s=20.0,
    ),
    FaultKind(
        name="printer-jam",
        does="Paper jams: the printer reports an error, and half a ticket hangs out until it is cleared.",
        target=PRINTER,
        begin=_jam,
        lasts_min_s=20.0,
    ),
    FaultKind(
        name="printer-cover-open",
        does="Somebody leaves the cover open: the printer waits until it is shut.",
        target=PRINTER,
        begin=_sets("cover_open"),
    ),
    FaultKind(
        name="printer-offline",
        does="The printer is switched off line at its panel: it takes tickets and prints none.",
        target=PRINTER,
        begin=_sets("offline"),
    ),
    FaultKind(
        name="printer-silent",
        does="The printer is dead: it takes nothing and says nothing.",
        target=PRINTER,
        begin=_sets("silent"),
    ),
    FaultKind(
        name="printer-slow",
        does="The printer prints many times more slowly.",
        target=PRINTER,
        begin=_slow,
        parameters={
            "times": Parameter(meaning="how many times", least=1.0, most=50.0, default=10.0)
        },
    ),
    FaultKind(
        name="printer-lying",
        does="The printer lies about its status: that it has paper while it has none, or the reverse.",
        target=PRINTER,
        begin=_claims,
        parameters={
            "says_well": Parameter(
                meaning="1: says that all is well while its paper is out; 0: that its paper is out",
                least=0.0,
                most=1.0,
                default=1.0,
                whole=True,
            )
        },
    ),
    FaultKind(
        name="printer-babble",
        does="Every answer of the printer is an octet that means nothing.",
        target=PRINTER,
        begin=_babbles,
    ),
)

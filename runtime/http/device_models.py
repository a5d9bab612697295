"""What the page of virtual devices needs of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from protocol.ids import CounterId, GatewayId, HallId, KioskId
from protocol.radio.payloads import Banner, Key, WindowState

__all__ = ["NO_GATEWAYS", "Gateways", "Pluggable", "VirtualHall"]


class ShownKeypad(Protocol):
    """A keypad as its user sees it."""

    display: str


class ShownWindow(Protocol):
    """A window display as people see it."""

    @property
    def text(self) -> str: ...
    @property
    def state(self) -> WindowState: ...

    banner: Banner | None


class ShownEvaluator(Protocol):
    """A pad as its user sees it."""

    display: str

    @property
    def invites(self) -> str | None: ...


class ShownCaller(Protocol):
    """What was heard of a ticket caller, oldest first."""

    announced: Any


class ShownPaper(Protocol):
    """A piece of paper."""

    @property
    def lines(self) -> Sequence[str]: ...
    @property
    def number(self) -> str: ...
    @property
    def codes(self) -> Sequence[str]: ...


class ShownPrinter(Protocol):
    """A printer with its troubles."""

    papers: Any
    paper_out: bool
    cover_open: bool
    offline: bool
    silent: bool


class VirtualHall(Protocol):
    """The virtual devices of one hall, each by where it stands."""

    @property
    def ports(self) -> Mapping[str, Any]: ...
    @property
    def keypads(self) -> Mapping[CounterId, ShownKeypad]: ...
    @property
    def windows(self) -> Mapping[CounterId, ShownWindow]: ...
    @property
    def evaluators(self) -> Mapping[CounterId, ShownEvaluator]: ...
    @property
    def callers(self) -> Mapping[CounterId, ShownCaller]: ...
    @property
    def printers(self) -> Mapping[KioskId, ShownPrinter]: ...

    def press(self, counter: CounterId, key: Key, argument: int = 0) -> bool:
        """Press a key of the counter's keypad."""
        ...

    def login(self, counter: CounterId, code: int) -> bool:
        """Type a number of staff at the counter's keypad."""
        ...

    def rate(self, counter: CounterId, level: int, reasons: int = 0) -> bool:
        """Press a level at the counter's evaluator."""
        ...

    def wake(self, name: str) -> None:
        """Have the device on that port look at its switches."""
        ...


class Pluggable(Protocol):
    """A gateway's port, into which its radio module is plugged."""

    @property
    def plugged(self) -> bool: ...

    def plug(self) -> None:
        """Plug the module in; nothing happens if it is."""
        ...

    def unplug(self) -> None:
        """Pull the module out, as somebody does who trips over the cable."""
        ...


Gateways = Mapping[HallId, Mapping[GatewayId, Pluggable]]

NO_GATEWAYS: Gateways = MappingProxyType({})

"""All kinds of faults by name. A part that comes later adds its own with `add`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from protocol.errors import ConfigError
from sim.faults.clock import KINDS as CLOCK
from sim.faults.disk import KINDS as DISK
from sim.faults.display import KINDS as DISPLAY
from sim.faults.gateway import KINDS as GATEWAY
from sim.faults.headquarters import KINDS as HEADQUARTERS
from sim.faults.kind import FaultKind
from sim.faults.printer import KINDS as PRINTER
from sim.faults.process import KINDS as PROCESS
from sim.faults.radio import KINDS as RADIO
from sim.faults.serial import KINDS as SERIAL
from sim.faults.terminal import KINDS as TERMINAL
from sim.faults.wechat import KINDS as WECHAT

_KINDS: dict[str, FaultKind] = {}

FAULTS: Mapping[str, FaultKind] = MappingProxyType(_KINDS)
"""Every kind, by name, in the order in which people are shown them."""


def add(kinds: Iterable[FaultKind]) -> None:
    """Add kinds of faults.

    Raises:
        ConfigError: there is one of that name.
    """
    for kind in kinds:
        if kind.name in _KINDS:
            raise ConfigError(f"there is a fault {kind.name} already")
        _KINDS[kind.name] = kind


def kind_of(name: str) -> FaultKind:
    """Return the kind called ``name``.

    Raises:
        ConfigError: there is none.
    """
    kind = _KINDS.get(name)
    if kind is None:
        meant = get_close_matches(name, _KINDS, n=1)
        hint = f"did you mean {meant[0]!r}? " if meant else ""
        raise ConfigError(f"there is no fault {name!r}; {hint}see paihao faults")
    return kind


for _kinds in (
    RADIO,
    TERMINAL,
    GATEWAY,
    SERIAL,
    PRINTER,
    DISPLAY,
    PROCESS,
    DISK,
    CLOCK,
    WECHAT,
    HEADQUARTERS,
):
    add(_kinds)

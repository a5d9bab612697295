"""Radio terminals in a configuration file: their keys, and which of them belong to which kind of device."""

from __future__ import annotations

from protocol.hall import HallSpec, Service, Terminal, TerminalKind
from protocol.ids import TerminalAddress
from protocol.radio.payloads import BRIGHTNESS_MAX, BUZZER_MAX, TEXT_MAX, fit_text
from runtime.config import kinds, model
from runtime.config.document import Place
from runtime.config.kinds import Kind, Wrong, show, wrong_type
from runtime.config.problems import Findings, nearest
from runtime.config.tables import Tables

__all__ = ["check_logins", "check_terminal", "declare_terminals"]

PRESETS_MAX = 9
"""One for each digit of a keypad."""

BATTERY_MV_MAX = 60_000

OF_KIND = {
    "presets": TerminalKind.KEYPAD,
    "banner": TerminalKind.WINDOW,
    "brightness": TerminalKind.WINDOW,
    "buzzer": TerminalKind.CALLER,
    "voice": TerminalKind.CALLER,
}
"""Keys that one kind of device alone has."""

_BLANK = Terminal(address=TerminalAddress(1), kind=TerminalKind.REPEATER)
"""Where nothing was typed."""


def _banner(typed: object) -> object:
    allowed = (
        f"allowed is a text of {TEXT_MAX} octets of GB18030 ({TEXT_MAX // 2} Chinese characters)"
    )
    if not isinstance(typed, str):
        return wrong_type(typed, allowed)
    if fit_text(typed) != typed:
        return Wrong(what=f"{show(typed)} is too long, or not in one line", allowed=allowed)
    return typed


BANNER = Kind(read=_banner, blank="")


def declare_terminals(tables: Tables) -> None:
    """Declare how a terminal is read."""
    tables.declare(
        Terminal,
        address=tables.one(kinds.whole(1, model.RADIO_ADDRESS_MAX)),
        kind=tables.one(kinds.choice(TerminalKind)),
        counter=tables.one(kinds.IDENTITY),
        presets=tables.several(kinds.IDENTITY, most=PRESETS_MAX),
        banner=tables.one(BANNER),
        brightness=tables.one(kinds.whole(0, BRIGHTNESS_MAX)),
        buzzer=tables.one(kinds.whole(0, BUZZER_MAX)),
        voice=tables.one(kinds.whole(0, 255)),
        battery_low_mv=tables.one(kinds.whole(0, BATTERY_MV_MAX)),
        silent_after_s=tables.one(kinds.number(10, 86_400)),
        uplinks_per_minute=tables.one(kinds.whole(10, 60_000)),
    )


def check_terminal(tables: Tables, findings: Findings, hall: Place, place: Place) -> None:
    """The terminal at ``place`` has what its kind needs, and nothing that only others have."""
    terminal = next(one for there, one in tables.within(place[:-2], Terminal) if there == place)
    if not findings.sound((*place, "kind")):
        return
    kind = terminal.kind
    if terminal.counter is None and kind is not TerminalKind.REPEATER:
        needed = "needed is the id of a [[hall.counter]]; a repeater alone has none"
        findings.add((*place, "counter"), "is missing", needed)
    for key, owner in OF_KIND.items():
        if kind is not owner and getattr(terminal, key) != getattr(_BLANK, key):
            wrong = f"a {kind} has no {key}"
            findings.add((*place, key), wrong, f"allowed with kind = '{owner}' alone")
    services = [service.id for _, service in tables.within(hall, Service)]
    for index, service in enumerate(terminal.presets):
        there = (*place, "presets", index)
        if service not in services and "" not in services and findings.sound(there):
            meant = nearest(service, services)
            hint = f"did you mean {meant!r}? " if meant else ""
            wrong = f"there is no service {service!r}"
            findings.add(there, wrong, f"{hint}allowed: {', '.join(services[:20])}")


def check_logins(findings: Findings, place: Place, hall: HallSpec) -> None:
    """No two members of staff log in with one number: a keypad types none of the zeros that it begins with."""
    known: dict[int, str] = {}
    for id in hall.staff:
        if not (id.isascii() and id.isdigit()):
            continue
        there = (*place, "staff", id)
        if int(id) == 0 and findings.sound(there):
            wrong = "cannot log in at a keypad, where 0 logs out"
            findings.add(there, wrong, "needed is a number above 0")
            continue
        other = known.setdefault(int(id), id)
        if other != id and findings.sound(there):
            wrong = f"reads the same at a keypad as {other!r}: the number {int(id)}"
            findings.add(there, wrong, "needed is another number for each member of staff")

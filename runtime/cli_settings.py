"""``--set KEY=VALUE``: a scenario or its hall with something else in it than what is in the file.

KEY is the place of a value in the scenario's file, with dots between tables and keys; one of several tables is
named as it is in the file (``arrivals.lunch-break``, ``appointments.property``) or by its number, from 1
(``shift.2``). What begins with ``hall.`` is in the hall's file: ``hall.policy.overtaken_max``,
``hall.counter.5.services``. ``counters`` is for how many work, or which: ``8``, or ``1,2,5``.

VALUE is as it would be typed in the file; quotes around a text may be left out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy

from protocol.errors import ConfigError
from protocol.hall import HallSpec
from protocol.values import replace, value
from runtime.config.document import Document, Place
from runtime.config.problems import nearest
from sim.lab.scenario import LabScenario

__all__ = ["COUNTERS", "HALL", "SETTINGS_MAX", "Setting", "changed", "setting", "with_counters"]

SETTINGS_MAX = 50
HALL, COUNTERS = "hall", "counters"
_FRACTION = re.compile(r"-?\.[0-9]+")
_NAMES = ("id", "name", "service", "kind")
"""Keys that one of several tables may be called by."""


@value
class Setting:
    """A value for a place in a file; ``typed`` is how both were given."""

    place: tuple[str, ...]
    value: object
    typed: str

    @property
    def of_hall(self) -> bool:
        """Whether it is for the hall's file."""
        return len(self.place) > 1 and self.place[0] == HALL

    @property
    def of_counters(self) -> bool:
        """Whether it says which counters work."""
        return self.place == (COUNTERS,)


def setting(typed: str) -> Setting:
    """Return what ``KEY=VALUE`` says.

    Raises:
        ConfigError: it is not written so.
    """
    key, equals, text = typed.partition("=")
    place = tuple(part.strip() for part in key.split("."))
    if not equals or not all(place):
        raise ConfigError(
            f"--set {typed}: is not KEY=VALUE, such as people.no_show_share=0.1 or counters=8"
        )
    return Setting(place=place, value=_value(text.strip()), typed=typed)


def _value(text: str) -> object:
    try:
        tables = tomllib.loads(f"value = {text}")
    except ValueError:
        # TOML wants a figure before the point.
        return float(text) if _FRACTION.fullmatch(text) else text
    return tables["value"] if len(tables) == 1 else text


def changed(document: Document, settings: Sequence[Setting], within: Place = ()) -> Document:
    """Return the document with the settings, whose places count from ``within``.

    Raises:
        ConfigError: one of several tables is not named, or there is none of the name.
    """
    if not settings:
        return document
    tables = deepcopy(dict(document.tables))
    lines = dict(document.lines)
    for each in settings:
        place = _put(tables, within, each)
        for length in range(1, len(place) + 1):
            lines.pop(place[:length], None)
    typed = " ".join(f"--set {each.typed}" for each in settings)
    return replace(document, source=f"{document.source} with {typed}", tables=tables, lines=lines)


def _put(tables: dict[str, object], within: Place, given: Setting) -> Place:
    """Put a value where it belongs; return where that is."""
    here: object = tables
    place: list[str | int] = []
    parts = [*within, *given.place]
    for number, part in enumerate(parts, start=1):
        key: str | int = part
        if isinstance(here, list) and isinstance(part, str):
            key = _which(here, part, given)
        place.append(key)
        if number == len(parts):
            here[key] = given.value  # type: ignore[index]
            break
        if isinstance(here, dict):
            here.setdefault(key, {})
        here = here[key]  # type: ignore[index]
        if not isinstance(here, (dict, list)):
            shown = ".".join(given.place[: number - len(within)])
            raise ConfigError(f"--set {given.typed}: {shown} is a value, with nothing in it")
    return tuple(place)


def _which(items: list[object], part: str, given: Setting) -> int:
    """Return the place of the table called ``part``, or of that number."""
    names = [_name(item) for item in items]
    if names.count(part) == 1:
        return names.index(part)
    if part.isdecimal() and 1 <= int(part) <= len(items) and part not in names:
        return int(part) - 1
    known = [name for name in names if name is not None]
    hint = f"did you mean {meant!r}? " if (meant := nearest(part, known)) else ""
    allowed = ", ".join(known)
    if len(set(known)) < len(items):
        allowed = f"a number from 1 to {len(items)}" + (f", or {allowed}" if known else "")
    wrong = "several have this name" if part in names else f"there is no {part!r}"
    raise ConfigError(f"--set {given.typed}: {wrong}; {hint}allowed: {allowed}")


def _name(item: object) -> str | None:
    if isinstance(item, Mapping):
        for key in _NAMES:
            if key in item:
                return str(item[key])
    return None


def with_counters(scenario: LabScenario, given: Setting) -> LabScenario:
    """Return the scenario with the shifts of those counters alone.

    Raises:
        ConfigError: the hall has no such counters, or nobody has a shift there.
    """
    spec = scenario.spec
    staffed = [id for id in spec.counters if any(shift.counter == id for shift in scenario.shifts)]
    wanted = given.value
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        if not 1 <= wanted <= len(staffed):
            raise ConfigError(
                f"--set {given.typed}: people work at {len(staffed)} counters of hall {spec.id} "
                f"({', '.join(staffed)}); allowed is 1 to {len(staffed)}, and more need shifts in a scenario"
            )
        chosen = {str(id) for id in staffed[:wanted]}
    else:
        listed = wanted if isinstance(wanted, list) else str(wanted).split(",")
        chosen = {str(id).strip() for id in listed}
        _check_known(given, chosen, spec, [str(id) for id in staffed])
    shifts = tuple(shift for shift in scenario.shifts if shift.counter in chosen)
    return replace(scenario, shifts=shifts)


def _check_known(given: Setting, chosen: set[str], spec: HallSpec, staffed: list[str]) -> None:
    for id in sorted(chosen):
        if id not in staffed:
            wrong = "nobody has a shift at" if id in spec.counters else "there is no"
            raise ConfigError(
                f"--set {given.typed}: {wrong} counter {id!r} in hall {spec.id}; allowed are "
                f"{', '.join(staffed)}, or how many of them work"
            )

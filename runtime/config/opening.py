"""Opening hours and menus in a configuration: how they are typed, and what fits together in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import pairwise

from protocol.hall import Menu, Names
from protocol.hours import Closure, Hours, Opening, SpecialDay
from protocol.ids import ServiceId
from protocol.values import value
from runtime.config import kinds, model
from runtime.config.document import Place
from runtime.config.kinds import Kind, Wrong, show, wrong_type
from runtime.config.problems import Findings
from runtime.config.tables import Field, Node, Read, Tables

__all__ = ["CLOSING_TIME", "DAY", "TIMES", "Entry", "check_hours", "declare_opening", "menu_reader"]

_MIDNIGHT = time()
_SPAN = re.compile(r"(?P<opens>[0-9:]{4,8}) *(?:-|–|—|~) *(?P<closes>[0-9:]{4,8})")
_SPANS = 'allowed is a string such as "09:00-12:00"; "24:00" is the end of the day'


@value
class Entry:
    """An entry of the menu as it is typed: a service, or a page with a name and entries of its own."""

    service: ServiceId | None = None
    names: Names | None = None
    entries: tuple[Entry, ...] = ()


def declare_opening(tables: Tables) -> None:
    """Declare hours, and the entries of menus."""
    day = tables.one(DAY)
    tables.declare(
        Opening,
        weekdays=tables.several(kinds.whole(1, 7), most=7),
        opens=tables.one(kinds.LOCAL_TIME),
        closes=tables.one(CLOSING_TIME),
    )
    tables.declare(
        SpecialDay, day=day, times=tables.several(TIMES, most=model.OPENINGS_EACH_DAY_MAX)
    )
    tables.declare(Closure, first=day, last=day, reason=tables.one(kinds.NAME))
    tables.declare(
        Hours,
        openings=Field(key="opening", read=tables.listed(Opening, most=model.OPENINGS_MAX)),
        special=tables.listed(SpecialDay, most=model.SPECIAL_DAYS_MAX, unique="day"),
        closures=Field(key="closure", read=tables.listed(Closure, most=model.CLOSURES_MAX)),
    )
    tables.declare(
        Entry,
        service=tables.one(kinds.IDENTITY),
        names=tables.names,
        entries=Field(key="entry", read=_deeper(tables)),
    )


def _deeper(tables: Tables) -> Read:
    """Read the entries of a page of the menu, but not endlessly deep."""
    read_list = tables.listed(Entry, most=model.MENU_ENTRIES_MAX)

    def read(node: Node) -> tuple[Entry, ...]:
        if node.place.count("entry") < model.MENU_DEPTH_MAX:
            return tuple(read_list(node))
        allowed = f"allowed are {model.MENU_DEPTH_MAX} pages, one within another"
        tables.refuse(node, "is too deep in the menu", allowed)
        return ()

    return read


def menu_reader(tables: Tables) -> Read:
    """Return what reads a hall's menu."""
    read_list = tables.listed(Entry, most=model.MENU_ENTRIES_MAX)

    def read(node: Node) -> tuple[Menu | ServiceId, ...]:
        return tuple(_menu(entry) for entry in read_list(node))

    return read


def _menu(entry: Entry) -> Menu | ServiceId:
    if entry.service is not None:
        return entry.service
    return Menu(names=entry.names or {}, entries=tuple(_menu(inner) for inner in entry.entries))


# -- single values -------------------------------------------------------------------------------


def _day(typed: object) -> object:
    if isinstance(typed, date) and not isinstance(typed, datetime):
        return typed
    if isinstance(typed, str):
        try:
            return date.fromisoformat(typed)
        except ValueError:
            return Wrong(
                what=f"{show(typed)} is no day", allowed="allowed is a day such as 2026-10-01"
            )
    return wrong_type(typed, "allowed is a day such as 2026-10-01")


def _closing_time(typed: object) -> object:
    return _MIDNIGHT if typed in ("24:00", "24:00:00") else kinds.LOCAL_TIME.read(typed)


def _times(typed: object) -> object:
    if not isinstance(typed, str):
        return wrong_type(typed, _SPANS)
    found = _SPAN.fullmatch(typed.strip())
    if found is None:
        return Wrong(what=f"{show(typed)} are no times", allowed=_SPANS)
    opens, closes = kinds.LOCAL_TIME.read(found["opens"]), _closing_time(found["closes"])
    for moment in (opens, closes):
        if isinstance(moment, Wrong):
            return Wrong(what=moment.what, allowed=_SPANS)
    return (opens, closes)


DAY = Kind(read=_day, blank=date.min)
CLOSING_TIME = Kind(read=_closing_time, blank=_MIDNIGHT)
TIMES = Kind(read=_times, blank=(_MIDNIGHT, _MIDNIGHT))


# -- what fits together --------------------------------------------------------------------------


def check_hours(tables: Tables, findings: Findings, place: Place) -> None:
    """Report hours at ``place`` that close before they open, overlap or end too soon."""
    taken: list[tuple[int, time, time]] = []
    for at, opening in tables.within(place, Opening):
        if not findings.sound(*((*at, key) for key in ("weekdays", "opens", "closes"))):
            continue
        if not _in_order(opening.opens, opening.closes):
            wrong = f"{_shown(opening.closes)} is not after {_shown(opening.opens)}, when it opens"
            allowed = (
                "allowed is a later time of the same day; what goes past midnight is two openings"
            )
            findings.add((*at, "closes"), wrong, allowed)
            continue
        for weekday in opening.weekdays:
            spans = [(opens, closes) for day, opens, closes in taken if day == weekday]
            if _overlap((*spans, (opening.opens, opening.closes))):
                wrong = f"overlaps another opening on weekday {weekday}"
                findings.add((*at, "opens"), wrong, "needed are times that follow one another")
                break
        taken += [(weekday, opening.opens, opening.closes) for weekday in opening.weekdays]
    for at, special in tables.within(place, SpecialDay):
        _check_special(findings, (*at, "times"), special)
    for at, closure in tables.within(place, Closure):
        if findings.sound((*at, "first"), (*at, "last")) and closure.last < closure.first:
            wrong = f"{closure.last} is before {closure.first}, the first day"
            findings.add((*at, "last"), wrong, "allowed is the first day or a later one")


def _check_special(findings: Findings, place: Place, special: SpecialDay) -> None:
    if not findings.sound(place):
        return
    for index, (opens, closes) in enumerate(special.times):
        if not _in_order(opens, closes):
            wrong = f"{_shown(closes)} is not after {_shown(opens)}"
            findings.add((*place, index), wrong, _SPANS)
            return
    if _overlap(special.times):
        findings.add(place, "overlap one another", "needed are times that follow one another")


def _in_order(opens: time, closes: time) -> bool:
    return closes == _MIDNIGHT or opens < closes


def _overlap(spans: Iterable[tuple[time, time]]) -> bool:
    ordered = sorted(spans, key=lambda span: span[0])
    return any(
        closes == _MIDNIGHT or following < closes
        for (_, closes), (following, _) in pairwise(ordered)
    )


def _shown(moment: time) -> str:
    return moment.isoformat("minutes" if not moment.second else "seconds")

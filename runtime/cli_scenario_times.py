"""Times in a scenario file: distributions, or what was measured, in a table or in a hall's journal."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from protocol.errors import PaihaoError
from protocol.events import Event, ServiceFinished, ServiceStarted, TicketCalled
from protocol.hall import HallSpec
from protocol.ids import ServiceId, TicketId
from protocol.values import value
from runtime.config import kinds
from runtime.config.document import Place
from runtime.config.kinds import Kind, Wrong
from runtime.config.problems import Findings
from runtime.config.tables import Node, Read, Tables
from runtime.journal.file import check_header
from runtime.journal.reader import Reader, check_hall
from sim.distributions import Distribution, Empirical, Exponential, Fixed, LogNormal

__all__ = ["TIME_S_MAX", "Times", "declare_times", "distribution", "time_reader"]

TIME_S_MAX = 86_400.0
MEASURED_MAX = 1_000_000
"""Lines of a table, or events of a journal, that are read."""


class TimesKind(StrEnum):
    """How times differ."""

    EXPONENTIAL = "exponential"
    LOG_NORMAL = "log_normal"
    CONSTANT = "constant"
    EMPIRICAL = "empirical"


@value
class Times:
    """A table of the file that says how long something takes."""

    kind: TimesKind = TimesKind.EXPONENTIAL
    mean_s: float | None = None
    spread: float | None = None
    csv: Path | None = None
    column: str | None = None
    journal: Path | None = None


_KEYS = {
    TimesKind.EXPONENTIAL: {"mean_s"},
    TimesKind.LOG_NORMAL: {"mean_s", "spread"},
    TimesKind.CONSTANT: {"mean_s"},
}


def _seconds(typed: object) -> object:
    if isinstance(typed, dict):
        return typed
    read = kinds.number(0, TIME_S_MAX).read(typed)
    if isinstance(read, Wrong):
        example = '{ kind = "log_normal", mean_s = 300, spread = 0.6 }'
        allowed = f"{read.allowed} (seconds), or a table such as {example}"
        return Wrong(what=read.what, allowed=allowed)
    return read


def declare_times(tables: Tables, folder: Path) -> None:
    """Declare tables of times to ``tables``; relative paths count from ``folder``."""
    path = tables.one(kinds.path_in(folder))
    tables.declare(
        Times,
        kind=tables.one(kinds.choice(TimesKind)),
        mean_s=tables.one(kinds.number(0, TIME_S_MAX)),
        spread=tables.one(kinds.number(0.01, 10)),
        csv=path,
        column=tables.one(kinds.NAME),
        journal=path,
    )


def time_reader(tables: Tables) -> Read:
    """Return what reads times: a number is always so many seconds, a table differs as it says."""
    read_number, read_table = tables.one(Kind(read=_seconds, blank=0.0)), tables.table(Times)

    def read(node: Node) -> Times:
        if isinstance(node.typed, dict):
            times: Times = read_table(node)
            return times
        return Times(kind=TimesKind.CONSTANT, mean_s=read_number(node))

    return read


def distribution(
    times: Times, place: Place, findings: Findings, spec: HallSpec, service: ServiceId | None = None
) -> Distribution:
    """Return what ``times``, at ``place``, mean; what is wrong is reported and gives a blank.

    Journals are those of the hall ``spec``; of them the times of ``service`` are taken.
    """
    if times.kind is TimesKind.EMPIRICAL:
        return _measured(times, place, findings, spec, service)
    wanted = _KEYS[times.kind]
    for key in ("mean_s", "spread", "csv", "column", "journal"):
        given = getattr(times, key) is not None
        if given and key not in wanted:
            allowed = f"allowed beside it: {', '.join(sorted(wanted))}"
            findings.add((*place, key), f"is not for kind = {times.kind.value!r}", allowed)
        elif not given and key in wanted and findings.sound((*place, key)):
            allowed = f"needed for kind = {times.kind.value!r}: {', '.join(sorted(wanted))}"
            findings.add((*place, key), "is missing", allowed)
    mean_s = times.mean_s or 0.0
    if times.kind is TimesKind.CONSTANT:
        return Fixed(always_s=mean_s)
    if not mean_s and findings.sound((*place, "mean_s")):
        findings.add((*place, "mean_s"), "is 0", "needed is more than 0")
    if times.kind is TimesKind.LOG_NORMAL:
        return LogNormal(mean_s=mean_s or 1.0, spread=times.spread or 1.0)
    return Exponential(mean_s=mean_s)


def _measured(
    times: Times, place: Place, findings: Findings, spec: HallSpec, service: ServiceId | None
) -> Distribution:
    """Return the distribution of times that were measured."""
    blank = Empirical(times_s=(0.0,))
    for key in ("mean_s", "spread"):
        if getattr(times, key) is not None:
            findings.add(
                (*place, key),
                "is not for kind = 'empirical'",
                "allowed beside it: csv and column, or journal",
            )
    if not findings.sound(place):
        return blank
    if (times.csv is None) is (times.journal is None):
        wrong = "says not where the times are" if times.csv is None else "has both csv and journal"
        findings.add(place, wrong, "needed is either csv (with column) or journal")
        return blank
    try:
        if times.csv is not None:
            key, found = "csv", _column(times.csv, times.column)
        else:
            assert times.journal is not None
            key, found = "journal", _of_journal(times.journal, spec, service)
    except (PaihaoError, OSError, ValueError) as error:
        key = "journal" if times.csv is None else "csv"
        findings.add((*place, key), str(error), "needed are times in seconds, 0 or more")
        return blank
    if not found:
        findings.add((*place, key), "holds no times", "needed is one at least")
        return blank
    return Empirical(times_s=tuple(sorted(found)))


def _column(path: Path, column: str | None) -> list[float]:
    """Return the numbers in a column of a CSV file; without a name the file has one column."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        head = next(rows, [])
        if column is None and len(head) == 1:
            column = head[0]
        if column not in head:
            have = ", ".join(head) or "nothing"
            raise ValueError(f"{path} has no column {column!r}, but {have}")
        place = head.index(column)
        return [_number(path, line, row, place) for line, row in enumerate(rows, start=2) if row]


def _number(path: Path, line: int, row: list[str], place: int) -> float:
    typed = row[place].strip() if place < len(row) else ""
    try:
        number = float(typed)
    except ValueError:
        number = -1.0
    if not 0 <= number <= TIME_S_MAX:
        raise ValueError(f"{path}:{line}: {typed!r} is no time from 0 to {TIME_S_MAX:,.0f} seconds")
    if line > MEASURED_MAX:
        raise ValueError(f"{path} has more than {MEASURED_MAX:,} lines")
    return number


def _of_journal(path: Path, spec: HallSpec, service: ServiceId | None) -> list[float]:
    """Return how long the services in a hall's journal took."""
    check_header(path)
    check_hall(path, spec.id)
    reader = Reader(path, spec)
    try:
        last, _ = reader.last()
        events = (recorded.event for recorded in reader.events(0, min(last, MEASURED_MAX)))
        return list(service_times(events, lambda each: service is None or each == service))
    finally:
        reader.close()


def service_times(events: Iterable[Event], wanted: Callable[[ServiceId], bool]) -> Iterable[float]:
    """Yield how long each finished service took, from its start, or else from its call, in seconds."""
    since: dict[TicketId, tuple[ServiceId, datetime]] = {}
    for event in events:
        if isinstance(event, TicketCalled):
            since[event.ticket] = (event.service, event.at)
        elif isinstance(event, ServiceStarted) and event.ticket in since:
            since[event.ticket] = (since[event.ticket][0], event.at)
        elif isinstance(event, ServiceFinished) and event.ticket in since:
            service, began_at = since.pop(event.ticket)
            if wanted(service):
                yield (event.at - began_at).total_seconds()

"""``paihao replay-day JOURNAL``: a day of a hall once more, under other rules or with other staff."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from protocol.errors import ConfigError
from protocol.hall import HallSpec
from protocol.values import replace, value
from runtime.cli_progress import progress_bar
from runtime.cli_scenario import is_scenario, load_scenario
from runtime.config.document import parse_document, read_text
from runtime.config.load import DEMO, load_config
from runtime.journal.file import check_header
from runtime.journal.reader import Reader, check_hall
from sim.lab.recorder import record
from sim.lab.recording import Contents, DayFound, Recording, contents_of
from sim.lab.replay_figures import Closeness, DayFigures, Replay, closeness, day_as_it_was
from sim.lab.replaying import replay
from sim.lab.scenario import Shift
from sim.lab.visitors import End
from sim.report import plain
from sim.world import SimulationFailed

__all__ = ["replay_day_command"]

FAR_OFF = 0.2
"""A control whose mean wait is further off than this part of the day's says little of other rules."""
FAR_OFF_S = 60.0
"""It says enough of short waits, though."""

_FILE = click.Path(dir_okay=False, path_type=Path)


class _Failed(click.ClickException):
    exit_code = 3
    """Exit status when an actor failed."""


@value
class _Rules:
    """A hall, and who works there; counters are open when they were if nobody is told."""

    name: str
    spec: HallSpec
    shifts: tuple[Shift, ...] = ()


@click.command("replay-day")
@click.argument("journal", metavar="JOURNAL", type=_FILE)
@click.option(
    "--with",
    "new",
    metavar="NEW.toml",
    type=_FILE,
    help="The other rules: a hall's configuration, with counters open when they were; or a scenario, of which "
    "the hall and the shifts are taken. Without it only the present rules are tried.",
)
@click.option(
    "--config",
    metavar="FILE",
    type=_FILE,
    help="The hall's present configuration, as given to `paihao up`; the demo hall's if left out.",
)
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Which business day, as in 2026-03-02; the last complete one if left out.",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Of what the journal does not tell: how long a service would have taken that never was.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def replay_day_command(
    journal: Path,
    new: Path | None,
    config: Path | None,
    day: datetime | None,
    seed: int,
    as_json: bool,
) -> None:
    """Let a day out of a hall's JOURNAL pass again, under its present rules and under others.

    The people come when they came and take as long as they took. The present rules are the control: they
    must give the waits that there were, and how closely they do is shown. The journal is only read; the
    hall may go on meanwhile.
    """  # fmt: skip
    present = _present(journal, config)
    other = None if new is None else _rules(new, present)
    with _reading(journal, present.spec) as reader:
        last, _ = reader.last()
        contents = contents_of(reader.events(0, last))
        found = _wanted(journal, contents, day)
        events = reader.events(found.first_seq - 1, found.last_seq)
        recording = record(found, events, contents.bookings, present.spec)
    try:
        with progress_bar("replaying") as progress:
            was, control = day_as_it_was(recording), replay(recording, present.spec, seed=seed)
            progress(0.5)
            changed = None
            if other is not None:
                changed = replay(recording, other.spec, other.shifts, seed)
            progress(1.0)
    except SimulationFailed as error:
        raise _Failed(str(error)) from error
    close = closeness(was, control)
    if as_json:
        told = _as_json(recording, was, control, close, changed)
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False)
    console.print(
        f"Hall {present.spec.id}, {recording.day}: {was.figures.came:,} waits for a service, "
        f"{was.figures.called:,} of them called."
    )
    console.print(_table(was, control, changed))
    console.print(_closely(close, was.figures))
    for line in _remarks(recording, present, other):
        console.print(line)


def _as_json(
    recording: Recording, was: Replay, control: Replay, close: Closeness, changed: Replay | None
) -> dict[str, Any]:
    return {
        "day": recording.day.isoformat(),
        "recorded": was.as_json(),
        "control": control.as_json(),
        "closeness": plain(close),
        "changed": changed.as_json() if changed is not None else None,
        "replayed_only_about": dict(recording.unlike),
    }


# -- what is given -------------------------------------------------------------------------------


def _present(journal: Path, config: Path | None) -> _Rules:
    """Return the hall of a journal as it is configured."""
    check_header(journal)
    halls = load_config(config or DEMO, secrets=False).halls
    for spec in halls:
        if len(halls) == 1 or spec.id == journal.stem:
            check_hall(journal, spec.id)
            return _Rules(name="present rules", spec=spec)
    names = ", ".join(str(spec.id) for spec in halls)
    raise ConfigError(
        f"{journal}: no hall of the configuration is called {journal.stem!r}: it has {names}; name the file "
        "after its hall, as `paihao up` does, or give its configuration with --config"
    )


def _rules(path: Path, present: _Rules) -> _Rules:
    """Return the rules, and maybe shifts, in a configuration or a scenario."""
    hall = present.spec.id
    if is_scenario(parse_document(read_text(path), str(path))):
        scenario = load_scenario(path)
        # The tickets are those of this hall, whatever the scenario's is called.
        spec = replace(scenario.spec, id=hall, time_zone=present.spec.time_zone)
        return _Rules(name=path.name, spec=spec, shifts=scenario.shifts)
    halls = load_config(path, secrets=False).halls
    for each in halls:
        if len(halls) == 1 or each.id == hall:
            return _Rules(name=path.name, spec=each)
    names = ", ".join(str(each.id) for each in halls)
    raise ConfigError(f"{path}: there is no hall {hall!r} in it, but {names}")


@contextmanager
def _reading(path: Path, spec: HallSpec) -> Iterator[Reader]:
    reader = Reader(path, spec)
    try:
        yield reader
    finally:
        reader.close()


def _wanted(journal: Path, contents: Contents, day: datetime | None) -> DayFound:
    """Return the day that is asked for."""
    days = [each for each in contents.days if each.called]
    if day is None:
        over = [each for each in days if each.over]
        if over:
            return over[-1]
        what = "the day is not over" if days else "nobody was ever called"
        raise ConfigError(f"{journal}: has no complete day: {what}; name one with --day")
    for each in days:
        if each.day == day.date():
            return each
    shown = ", ".join(each.day.isoformat() for each in days[-7:]) or "none"
    raise ConfigError(
        f"{journal}: nobody was called on {day:%Y-%m-%d}; the last days with calls: {shown}"
    )


# -- what is shown -------------------------------------------------------------------------------


def _table(was: Replay, control: Replay, changed: Replay | None) -> Table:
    days = [was.figures, control.figures]
    table = Table(
        title="Waits from coming to the first call, minutes:seconds", title_justify="left"
    )
    table.add_column("")
    headings = ["that day", "present rules"]
    if changed is not None:
        days.append(changed.figures)
        headings += ["new rules", "difference"]
    for heading in headings:
        table.add_column(heading, justify="right")
    for name, key in _WAITS:
        _row(table, name, [getattr(each, key) for each in days], _minutes)
    for place, each in enumerate(was.figures.services):
        numbers = [figures.services[place].mean_s for figures in days]
        _row(table, f"{each.service}: mean", numbers, _minutes)
    table.add_section()
    for end, name in _ENDS:
        _row(table, name, [each.ends[end] for each in days], "{:,.0f}".format)
    _row(table, "counters busy", [each.busy_share for each in days], "{:.1%}".format)
    return table


_WAITS = (
    ("mean", "mean_s"),
    ("median", "p50_s"),
    ("90 %", "p90_s"),
    ("longest", "longest_s"),
)
_ENDS = (
    (End.SERVED, "served"),
    (End.NO_SHOW, "no-show"),
    (End.LEFT, "left"),
    (End.EXPIRED, "expired"),
    (End.REFUSED, "refused"),
)


def _row(table: Table, name: str, numbers: Sequence[float], shown: Any) -> None:
    cells = [shown(number) for number in numbers]
    if len(numbers) > 2:
        difference = numbers[2] - numbers[1]
        cells.append(("-" if difference < 0 else "+") + shown(abs(difference)))
    table.add_row(name, *cells)


def _minutes(seconds: float) -> str:
    sign = "-" if round(seconds) < 0 else ""
    minutes, rest = divmod(abs(round(seconds)), 60)
    return f"{sign}{minutes}:{rest:02}"


def _closely(close: Closeness, was: DayFigures) -> str:
    """Say how closely the control gives the day."""
    text = (
        f"The present rules give that day's waits to {_seconds(close.off_s)} a ticket on the average "
        f"(90 % of {close.tickets:,} to {_seconds(close.off_p90_s)}); the mean to "
        f"{_seconds(abs(close.mean_off_s))}, the 90 % wait to {_seconds(abs(close.p90_off_s))}; "
        f"{close.other_end:,} ended otherwise."
    )
    if abs(close.mean_off_s) > max(FAR_OFF_S, FAR_OFF * was.mean_s):
        text += (
            " That is far off: the day was not run by these rules (is it the configuration of that day?), "
            "or much was done by hand."
        )
    return text


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def _remarks(recording: Recording, present: _Rules, other: _Rules | None) -> Iterable[str]:
    """Say what was replayed only about as it was, and what the new rules lack."""
    if recording.unlike:
        counts = ", ".join(f"{count:,} × {what}" for what, count in recording.unlike.items())
        yield f"Replayed only about as they were: {counts}."
    if other is None:
        return
    wanted = {leg.service for leg in recording.legs}
    lost = sorted(wanted - set(other.spec.services))
    if lost:
        yield f"{other.name} has no service {', '.join(lost)}: who wants one is refused."
    if not other.shifts:
        worked = set(recording.manned)
        for counters, what in (
            (worked - set(other.spec.counters), "is not there: nobody works at it"),
            (
                set(other.spec.counters) - set(present.spec.counters),
                "was not there: it stays closed",
            ),
        ):
            if counters:
                yield (
                    f"{other.name}: counter {', '.join(sorted(counters))} {what}; "
                    "give a scenario with shifts to say who works."
                )

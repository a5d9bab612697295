"""``paihao simulate SCENARIO``: one run or many of a scenario, as a table, a page or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from protocol.errors import ConfigError
from runtime.cli_page import write_page
from runtime.cli_progress import progress_bar
from runtime.cli_scenario import find_scenario, is_scenario, load_scenario, ready_scenarios
from runtime.config.document import parse_document, read_text
from runtime.config.problems import nearest
from sim.lab.figures import LabReport, rehearse
from sim.lab.phone_figures import PhoneFigures
from sim.lab.phone_rows import GROUP_HEADINGS, PUSH_HEADINGS, group_rows, phone_rows, push_rows
from sim.lab.runs import RunsReport, rehearse_often
from sim.lab.scenario import LabScenario
from sim.lab.visitors import End
from sim.lab.words import END_NAMES, minutes, shown
from sim.report import Waits

FAULTS_SHOWN_MAX = 20

__all__ = ["list_scenarios", "rehearse_scenario", "scenario_at"]


def scenario_at(given: Path) -> Path | None:
    """Return the scenario meant by ``given``: a file, or a ready one's name; None of a configuration.

    Raises:
        ConfigError: there is neither such a file nor such a scenario, or it is no TOML.
    """
    if not given.exists():
        ready = find_scenario(str(given))
        if ready is None and not given.suffix:
            names = ready_scenarios()
            hint = f"did you mean {meant!r}? " if (meant := nearest(str(given), names)) else ""
            raise ConfigError(
                f"{given}: is neither a file nor a ready scenario; {hint}"
                f"the ready ones are {', '.join(names)}"
            )
        return ready
    return given if is_scenario(parse_document(read_text(given), str(given))) else None


def list_scenarios() -> None:
    """Print the scenarios that come with Paihao."""
    table = Table(box=None)
    for heading in ("scenario", "what it is", "hall", "days", "counters", "with"):
        table.add_column(heading, justify="right" if heading in ("days", "counters") else "left")
    for name in ready_scenarios():
        path = find_scenario(name)
        assert path is not None
        scenario = load_scenario(path)
        staffed = {shift.counter for shift in scenario.shifts}
        table.add_row(
            name,
            scenario.title,
            scenario.spec.id,
            str(scenario.days.days),
            str(len(staffed)),
            ", ".join(_with(scenario)) or "-",
        )
    Console(highlight=False).print(table)


def _with(scenario: LabScenario) -> Iterable[str]:
    """Yield what a scenario has beside people and counters."""
    if scenario.appointments:
        yield "appointments"
    if scenario.phones is not None:
        yield "phones"
    if scenario.with_devices:
        yield "devices"


def rehearse_scenario(
    path: Path,
    *,
    seed: int,
    runs: int,
    jobs: int,
    cluster: str | None,
    as_json: bool,
    page: Path | None,
) -> None:
    """Run the scenario at ``path`` and show what it has shown; with ``page`` write it there as HTML too.

    Raises:
        ConfigError: the scenario is refused, or ``page`` cannot be written.
    """
    scenario = load_scenario(path)
    if page is not None:
        write_page(page, "")  # before a long run, not after it
    report: LabReport | RunsReport
    with progress_bar() as progress:
        if runs > 1:
            report = rehearse_often(
                scenario, seed, runs, jobs=jobs, cluster=cluster, progress=progress
            )
        else:
            report = rehearse(scenario, seed, progress)
    if page is not None:
        # Plotly takes a second to load, which only those wait for who want a page.
        from sim.lab.page import rehearsal_page

        write_page(page, rehearsal_page(scenario, report, version("paihao")))
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        console = Console(highlight=False)
        if isinstance(report, RunsReport):
            _show_runs(console, report)
        else:
            _show(console, report)


# -- one run -------------------------------------------------------------------------------------


def _show(console: Console, report: LabReport) -> None:
    days = report.days[0] if len(report.days) == 1 else f"{report.days[0]} to {report.days[-1]}"
    console.print(
        f"{report.title} ({report.scenario}), hall {report.hall}, {days}, seed {report.seed}: "
        f"{report.came:,} visitors."
    )
    console.print(_waits(report))
    console.print(_counters(report))
    if report.phones is not None:
        for table in _phones(report.phones):
            console.print(table)
    console.print(_ends(report.ends.items()))
    if report.refused:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in report.refused.items())
        console.print(f"Refused: {reasons}")
    told, ratings = report.estimates, report.ratings
    if told.told:
        console.print(
            f"Estimates: {told.within_p90:.0%} of {told.told:,} waits ended by what 90 % of them should, "
            f"{told.within_p50:.0%} by the half."
        )
    if ratings.mean is not None:
        console.print(f"Rated {ratings.mean:.2f} of 5 by {ratings.count:,}.")
    if report.faults:
        shown = report.faults[:FAULTS_SHOWN_MAX]
        more = "" if len(shown) == len(report.faults) else f" (the first {len(shown)})"
        noun = "fault" if len(report.faults) == 1 else "faults"
        console.print(f"{len(report.faults):,} {noun}{more}:")
        for at, what in shown:
            console.print(f"  {at.replace('T', ' ')}  {what}")


def _waits(report: LabReport) -> Table:
    table = Table(title="Waits in the hall, minutes:seconds", title_justify="left")
    table.add_column("service")
    for heading in ("called", "mean", "median", "90 %", "95 %", "longest", "in target"):
        table.add_column(heading, justify="right")
    for waits, target in zip(report.waits, report.targets, strict=True):
        share = f"{target.share:.0%}" if waits.called else "-"
        table.add_row(*_row(waits), share, end_section=waits.service is None)
    return table


def _row(waits: Waits) -> tuple[str, ...]:
    figures = (waits.mean_s, waits.p50_s, waits.p90_s, waits.p95_s, waits.longest_s)
    times = (minutes(each) if waits.called else "-" for each in figures)
    return (waits.name, f"{waits.called:,}", *times)


def _counters(report: LabReport) -> Table:
    table = Table(title="Counters", title_justify="left")
    table.add_column("counter")
    table.add_column("served", justify="right")
    table.add_column("busy while open", justify="right")
    for work in report.counters:
        if work.served or work.busy_share:
            table.add_row(work.name, f"{work.served:,}", f"{work.busy_share:.0%}")
    return table


def _phones(phones: PhoneFigures) -> Iterable[Table]:
    for title, headings, rows in (
        ("Phones", ("",), phone_rows(phones)),
        ("Pushes", PUSH_HEADINGS, push_rows(phones)),
        ("Customers by phone and in the hall", GROUP_HEADINGS, group_rows(phones)),
    ):
        table = Table(title=title, title_justify="left", show_header=any(headings))
        table.add_column("")
        for heading in headings:
            table.add_column(heading, justify="right")
        for row in rows:
            table.add_row(*row)
        yield table


def _ends(ends: Iterable[tuple[End, int]]) -> str:
    return ", ".join(f"{count:,} {END_NAMES[end]}" for end, count in ends)


# -- many runs -----------------------------------------------------------------------------------


def _show_runs(console: Console, report: RunsReport) -> None:
    first, last = report.seeds[0], report.seeds[-1]
    console.print(
        f"{report.title} ({report.scenario}), hall {report.hall}: {len(report.seeds):,} runs, "
        f"seeds {first} to {last}."
    )
    table = Table(title="Means over the runs", title_justify="left")
    table.add_column("")
    table.add_column("mean", justify="right")
    table.add_column(f"{100 * report.confidence:g} % interval", justify="right")
    for figure in report.figures:
        interval = figure.interval
        mean, low, high = (
            shown(each, figure.unit) for each in (interval.mean, interval.low, interval.high)
        )
        table.add_row(figure.name, mean, f"{low} to {high}")
    console.print(table)

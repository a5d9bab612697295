"""``paihao theory``: queueing theory, the hall's actors and Ciw side by side."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from runtime.cli_page import write_page
from runtime.cli_progress import progress_bar
from runtime.cli_values import Share
from sim.lab.runs import JOBS_MAX, RUNS_MAX
from sim.theory.table import (
    CONFIDENCE,
    CUSTOMERS,
    CUSTOMERS_MIN,
    RUNS,
    TheoryRow,
    around,
    theory_rows,
)

__all__ = ["theory_command"]

CUSTOMERS_MAX = 100_000
DISAGREES = 1
"""Exit status when a figure does not agree."""


@click.command("theory")
@click.option(
    "--runs",
    type=click.IntRange(2, RUNS_MAX),
    default=RUNS,
    show_default=True,
    help="Run each network with so many seeds; the intervals are over them.",
)
@click.option(
    "--customers",
    type=click.IntRange(CUSTOMERS_MIN, CUSTOMERS_MAX),
    default=CUSTOMERS,
    show_default=True,
    help="How many come in each run.",
)
@click.option(
    "--confidence",
    type=Share(),
    default=f"{100 * CONFIDENCE:g}%",
    show_default=True,
    help="Of each interval. There are some ninety: of those of 99% one misses by chance alone.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, JOBS_MAX),
    default=1,
    show_default=True,
    help="How many runs go on at once, each in a process of its own.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the first run.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.option(
    "--report",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.html",
    help="Write a page with tables and a plot, self-contained.",
)
@click.pass_context
def theory_command(
    context: click.Context,
    runs: int,
    customers: int,
    confidence: float,
    jobs: int,
    seed: int,
    as_json: bool,
    file: Path | None,
) -> None:
    """Run networks that theory can solve, and show what it says beside what was seen.

    The hall's queue and counters are the very ones of a real hall. Ciw, another simulator, runs the same
    networks where it is installed (pip install 'paihao[theory]').
    """  # fmt: skip
    if file is not None:
        write_page(file, "")  # before a long run, not after it
    try:
        with progress_bar() as progress:
            rows = theory_rows(
                runs=runs, customers=customers, seed=seed, confidence=confidence, jobs=jobs,
                progress=progress,
            )  # fmt: skip
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    said = f"{runs} runs with {customers:,} customers each; {100 * confidence:g} % intervals"
    if file is not None:
        # Plotly takes a second to load, which only those wait for who want a page.
        from sim.theory.page import theory_page

        write_page(file, theory_page(rows, [f"{said}, seeds from {seed} on."]))
    if as_json:
        click.echo(json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=2))
    else:
        _show(rows, said)
    context.exit(0 if all(row.agrees for row in rows) else DISAGREES)


def _show(rows: list[TheoryRow], said: str) -> None:
    console = Console(highlight=False)
    table = Table(title=f"{said}; times in services of mean 1", title_justify="left")
    table.add_column("network")
    table.add_column("figure")
    for heading in ("theory", "hall", "Ciw"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for number, row in enumerate(rows):
        first = not number or rows[number - 1].model != row.model
        last = number + 1 == len(rows) or rows[number + 1].model != row.model
        second = number and not first and (number < 2 or rows[number - 2].model != row.model)
        table.add_row(
            row.model if first else f"  {row.source}" if second else "",
            row.figure,
            f"{row.theory:.3f}",
            around(row.ours),
            "-" if row.ciw is None else around(row.ciw),
            "agrees" if row.agrees else "DIFFERS",
            end_section=last,
        )
    console.print(table)
    differing = sum(not row.agrees for row in rows)
    if differing:
        console.print(
            f"{differing} of {len(rows)} figures differ: by chance (try other seeds), or the hall is wrong."
        )
    else:
        console.print(f"All {len(rows)} figures agree.")

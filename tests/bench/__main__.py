"""``make bench``: measure, print a table, write JSON beside it.

python -m tests.bench                 everything
python -m tests.bench actors journal  only these
python -m tests.bench --json FILE     where the JSON goes (build/bench.json)
python -m tests.bench --readme        also put the table into README.md

All of it takes about ten minutes on two quiet processors. What needs longer is asked for by itself:
python -m tests.bench.channel --presses 1000000
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from time import monotonic

import attrs
from rich.console import Console
from rich.table import Table

from tests.bench.figures import Figure

SUITES = (
    "actors",
    "journal",
    "http",
    "callbacks",
    "phones",
    "simulation",
    "radio",
    "memory",
    "queue",
    "estimate",
    "channel",
    "decoder",
    "laboratory",
    "away",
)
"""Modules of this package with ``measure() -> list[Figure]``, in the order of the table."""

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure speed and size.")
    parser.add_argument("suites", nargs="*", help=", ".join(SUITES))
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--readme", action="store_true", help="write the table into README.md")
    given = parser.parse_args()
    unknown = set(given.suites) - set(SUITES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    console = Console()
    figures: dict[str, list[Figure]] = {}
    took_s: dict[str, float] = {}
    for suite in given.suites or SUITES:
        with console.status(f"measuring {suite} …"):
            measure: Callable[[], list[Figure]] = import_module(f"tests.bench.{suite}").measure
            began_s = monotonic()
            figures[suite] = measure()
            took_s[suite] = monotonic() - began_s
        console.print(as_table(f"{suite}, in {took_s[suite]:.0f} s", figures[suite]))
    write_json(given.json, figures, took_s)
    console.print(f"took {sum(took_s.values()):.0f} s; written to {given.json}")
    if given.readme:
        write_readme(figures)


def as_table(title: str, figures: list[Figure]) -> Table:
    """Return one suite's figures for people."""
    table = Table(title=title, title_justify="left", min_width=100)
    for column in ("figure", "measured", "beside", "ratio", "goal", ""):
        table.add_column(column, justify="right" if column in {"measured", "ratio"} else "left")
    for figure in figures:
        table.add_row(*cells(figure), "[green]met[/]" if figure.met else "[red]missed[/]")
    return table


def cells(figure: Figure) -> tuple[str, str, str, str, str]:
    """Return name, measured, beside, ratio and goal as text."""
    peer = ""
    if figure.peer_name is not None and figure.peer_value is not None:
        peer = f"{figure.peer_name}: {number(figure.peer_value)} {figure.unit}"
    return (
        figure.name,
        f"{number(figure.value)} {figure.unit}",
        peer,
        "" if figure.ratio is None else f"{figure.ratio:.3g}",
        figure.goal,
    )


def number(value: float) -> str:
    """Return ``value`` with three digits that mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def write_json(path: Path, figures: dict[str, list[Figure]], took_s: dict[str, float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "took_s": {suite: round(spent_s, 1) for suite, spent_s in took_s.items()},
        "figures": {
            suite: [{**attrs.asdict(row), "ratio": row.ratio} for row in rows]
            for suite, rows in figures.items()
        },
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def write_readme(figures: dict[str, list[Figure]]) -> None:
    """Put the table between its marks in README.md."""
    lines = [
        "| figure | measured | beside, in the same run | ratio | goal |",
        "|---|---|---|---|---|",
    ]
    for rows in figures.values():
        for row in rows:
            mark = "" if row.met else " **(missed)**"
            lines.append("| " + " | ".join(cells(row)) + mark + " |")
    text = README.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}")


if __name__ == "__main__":
    main()

"""``paihao compare A B``: how one scenario differs from another, and whether that is sure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from protocol.errors import ConfigError
from protocol.values import replace
from runtime.cli_progress import progress_bar
from runtime.cli_rehearse import scenario_at
from runtime.cli_scenario import load_scenario
from runtime.cli_settings import SETTINGS_MAX, Setting, setting
from runtime.cli_values import Share
from sim.lab.comparing import Comparison, Difference, Verdict, compare
from sim.lab.runs import JOBS_MAX, RUNS_MAX
from sim.lab.scenario import LabScenario
from sim.world import SimulationFailed

__all__ = ["compare_command", "scenario_given"]


class Failed(click.ClickException):
    exit_code = 3
    """Exit status when an actor failed."""


_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("compare")
@click.argument("first", metavar="A", type=_FILE)
@click.argument("second", metavar="[B]", type=_FILE, required=False)
@click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="In B, or in a copy of A if there is no B, let KEY be VALUE: counters=8 or counters=1,2,5 for how "
    "many or which counters work; the place of a value in the scenario's file, as in people.no_show_share=0.1 "
    "or arrivals.lunch-break.remote_share=0.5; with hall. before it in the hall's, as in "
    "hall.policy.overtaken_max=2. May be given more than once.",
)
@click.option(
    "--runs",
    type=click.IntRange(2, RUNS_MAX),
    default=20,
    show_default=True,
    help="Run each of the two with so many seeds, the same ones.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, JOBS_MAX),
    default=1,
    show_default=True,
    help="How many runs go on at once, each in a process of its own.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Let the workers of this Dask scheduler run them, as in tcp://10.0.0.5:8786.",
)
@click.option(
    "--confidence", type=Share(), default="95%", show_default=True, help="Of each interval."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the first run.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def compare_command(
    first: Path,
    second: Path | None,
    settings: tuple[str, ...],
    runs: int,
    jobs: int,
    cluster: str | None,
    confidence: float,
    seed: int,
    as_json: bool,
) -> None:
    """Run the scenarios A and B with the same people and show how B differs.

    A and B are files, or names of ready scenarios (`paihao simulate --list`); without B it is A with what
    --set changes. Every interval is that of the differences of runs with the same seed.
    """  # fmt: skip
    if second is None and not settings:
        raise click.UsageError("needed is B, or --set to say what is to be changed in A")
    if len(settings) > SETTINGS_MAX:
        raise click.UsageError(
            f"there are {len(settings)} --set; at most {SETTINGS_MAX} are allowed"
        )
    one = scenario_given(first)
    other = scenario_given(second or first, [setting(each) for each in settings])
    if settings:
        name = f"{other.name} with {', '.join(settings)}"
        other = replace(other, name=name)
    try:
        with progress_bar() as progress:
            comparison = compare(
                one, other, seed, runs, jobs=jobs, cluster=cluster, confidence=confidence,
                progress=progress,
            )  # fmt: skip
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except SimulationFailed as error:
        raise Failed(str(error)) from error
    if as_json:
        click.echo(json.dumps(comparison.as_json(), ensure_ascii=False, indent=2))
    else:
        _show(Console(highlight=False), comparison, one, other)


def scenario_given(given: Path, settings: Sequence[Setting] = ()) -> LabScenario:
    """Return the scenario in a file or of a name, with ``settings``.

    Raises:
        ConfigError: there is none, or it is wrong.
    """
    path = scenario_at(given)
    if path is None:
        raise ConfigError(
            f"{given}: is a hall's configuration; needed is a scenario, which says who comes and who works "
            "(`paihao simulate --list` shows the ready ones)"
        )
    return load_scenario(path, settings)


def _show(console: Console, comparison: Comparison, one: LabScenario, other: LabScenario) -> None:
    first, last = comparison.seeds[0], comparison.seeds[-1]
    console.print(f"A: {one.title} ({one.name}), hall {one.spec.id}")
    console.print(f"B: {other.title} ({other.name}), hall {other.spec.id}")
    people = "the same visitors" if comparison.same_visitors else "not as many visitors"
    console.print(
        f"{len(comparison.seeds):,} runs of each, seeds {first} to {last}; {people} in both."
    )
    table = Table(title="B less A", title_justify="left")
    table.add_column("")
    for heading in ("A", "B", "difference", f"{100 * comparison.confidence:g} % interval"):
        table.add_column(heading, justify="right")
    table.add_column("B is")
    for figure in comparison.figures:
        interval = figure.difference
        low, high = (
            _shown(each, figure.unit, signed=True) for each in (interval.low, interval.high)
        )
        table.add_row(
            figure.name,
            _shown(figure.first, figure.unit),
            _shown(figure.second, figure.unit),
            _shown(interval.mean, figure.unit, signed=True),
            f"{low} to {high}",
            figure.verdict.value,
        )
    console.print(table)
    console.print(_verdict(comparison))


def _verdict(comparison: Comparison) -> str:
    """Say in a sentence or two which is better and whether it is sure."""
    sure = f"surely, at {100 * comparison.confidence:g} % for each figure"
    better, worse = (
        _of_all_services(comparison.sure(each)) for each in (Verdict.BETTER, Verdict.WORSE)
    )
    if better and worse:
        return f"B is better in {_names(better)}, but worse in {_names(worse)}; {sure}."
    if better or worse:
        return f"B is {'better' if better else 'worse'} in {_names(better or worse)}; {sure}."
    if all(figure.verdict is Verdict.SAME for figure in comparison.figures):
        return "There is no difference at all."
    return f"No difference is sure.{_advice(comparison.figures[0])}"


def _of_all_services(figures: list[Difference]) -> list[Difference]:
    """Leave out single services where something is sure of all together."""
    return [figure for figure in figures if ": " not in figure.name] or figures


def _advice(figure: Difference) -> str:
    advised = figure.runs_advised
    if figure.verdict is not Verdict.UNSURE or advised is None or advised > RUNS_MAX:
        return ""
    return f" If that of the {figure.name} stays what it is, it takes some {advised:,} runs to be sure."


def _names(figures: list[Difference]) -> str:
    return ", ".join(figure.name for figure in figures)


def _shown(number: float, unit: str, *, signed: bool = False) -> str:
    sign = "-" if number < 0 else "+" if signed else ""
    size = abs(number)
    match unit:
        case "s":
            minutes, rest = divmod(round(size), 60)
            return f"{sign}{minutes}:{rest:02}"
        case "share":
            return f"{sign}{size:.1%}"
    return f"{sign}{size:,.1f}"

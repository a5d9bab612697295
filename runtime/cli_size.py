"""``paihao size FILE --target "90% within 15 min"``: how many counters each quarter of an hour needs."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from runtime.cli_compare import scenario_given
from runtime.cli_progress import progress_bar
from runtime.cli_values import Duration, Share
from sim.lab.attainment import Target
from sim.lab.runs import JOBS_MAX
from sim.lab.sizing import MOST_MAX, RUNS_MAX, OutOfReach, Sizing, size
from sim.lab.staffing import Group
from sim.statistics import Interval
from sim.world import SimulationFailed

__all__ = ["size_command"]

OUT_OF_REACH = 1
"""Exit status when the target cannot be met."""

if TYPE_CHECKING:
    TargetParam = click.ParamType[Target]
else:  # which older releases of click cannot be asked for
    TargetParam = click.ParamType

_TARGET = re.compile(r"\s*(\S+)\s+within\s+(.+?)\s*")


class _Failed(click.ClickException):
    exit_code = 3
    """Exit status when an actor failed."""


class _OutOfReach(click.ClickException):
    exit_code = OUT_OF_REACH


class TargetKind(TargetParam):
    """A target such as ``90% within 15 min``."""

    name = "target"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Target:
        if isinstance(value, Target):
            return value
        found = _TARGET.fullmatch(str(value))
        if found is None:
            self.fail(f'{value!r} is no target; write it like "90% within 15 min"', param, ctx)
        share = Share().convert(found[1], param, ctx)
        if not share:
            self.fail(f"{value!r}: the share must be more than 0%", param, ctx)
        within_s = Duration(zero_allowed=True).convert(found[2], param, ctx)
        return Target(share=share, within_s=within_s)


@click.command("size")
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--target",
    type=TargetKind(),
    required=True,
    help='How many of those who come shall be called within what time, as in "90% within 15 min".',
)
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Which day of the scenario, as in 2026-03-02; its first open one if left out.",
)
@click.option(
    "--most",
    type=click.IntRange(1, MOST_MAX),
    help="Counters of each kind that there can be; some more than twice Erlang's answer if left out.",
)
@click.option(
    "--runs",
    type=click.IntRange(2, RUNS_MAX),
    default=40,
    show_default=True,
    help="Try each plan with so many seeds, the same ones.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, JOBS_MAX),
    help="How many runs go on at once, each in a process of its own; as many as there are processors if left "
    "out.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the first run.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def size_command(
    file: Path,
    target: Target,
    day: datetime | None,
    most: int | None,
    runs: int,
    jobs: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Find the fewest counters for each quarter of an hour of the scenario FILE that meet a target.

    The people, services and rules are the scenario's; its shifts are not looked at. Counters with the same
    services are one kind. Beside each answer stands Erlang's: what a formula asks for that knows one queue,
    one class of people and a quarter that goes on for ever.
    """  # fmt: skip
    scenario = scenario_given(file)
    try:
        with progress_bar("trying plans") as progress:
            sizing = size(
                scenario, target, seed, runs, day=None if day is None else day.date(), most=most,
                jobs=jobs or min(JOBS_MAX, os.cpu_count() or 1), progress=progress,
            )  # fmt: skip
    except OutOfReach as error:
        raise _OutOfReach(str(error)) from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except SimulationFailed as error:
        raise _Failed(str(error)) from error
    if as_json:
        click.echo(json.dumps(sizing.as_json(), ensure_ascii=False, indent=2))
    else:
        _show(Console(highlight=False), sizing)


def _show(console: Console, sizing: Sizing) -> None:
    target = sizing.target
    goal = f"{target.share:.0%} within {target.within_s / 60:g} min"
    console.print(
        f"{sizing.title} ({sizing.scenario}), hall {sizing.hall}, {sizing.day}: {goal}. {sizing.sketched:,} "
        f"plans were looked at, {sizing.tried:,} of them tried in {len(sizing.seeds):,} runs each."
    )
    # Six kinds of counters are to fit into a terminal of 80 columns.
    table = Table(
        title="Counters needed (in brackets: Erlang's answer)", title_justify="left", box=SIMPLE,
        padding=(0, 1, 0, 0), pad_edge=False,
    )  # fmt: skip
    headings = [_name(group) for group in sizing.groups]
    for heading in ("from", "come", *headings, "in time", "with others"):
        table.add_column(heading, justify="right", no_wrap=heading not in headings)
    for each in sizing.quarters:
        table.add_row(
            f"{each.begins:%H:%M}",
            f"{each.came:.1f}",
            *(
                f"{ours} ({theirs})"
                for ours, theirs in zip(each.counters, each.erlang, strict=True)
            ),
            _share(each.attained),
            _interval(each.fresh),
        )
    console.print(table)
    for heading, group in zip(headings, sizing.groups, strict=True):
        console.print(f"{heading}: {', '.join(group.services)}")
    console.print(
        f"{sizing.counter_hours:g} counter hours. Erlang's answer takes {sizing.erlang_hours:g}, and misses "
        f"the target in {_quarters(sizing.erlang_missed)}; the scenario's own shifts have "
        f"{sizing.scenario_hours:g}."
    )
    console.print(_confirmed(sizing))


def _confirmed(sizing: Sizing) -> str:
    """Say what the plan attains with people it was not made for."""
    fresh = sizing.fresh_share
    text = (
        f"With other people ({len(sizing.seeds):,} runs, fresh seeds): {fresh.mean:.1%} of the day's are "
        f"called in time ({fresh.low:.1%} to {fresh.high:.1%} at {fresh.confidence:.0%})."
    )
    if not sizing.fresh_missed:
        return f"{text} Every quarter attains the target."
    surely = sizing.fresh_surely_missed
    comes = "comes" if sizing.fresh_missed == 1 else "come"
    below = f"{_quarters(sizing.fresh_missed).capitalize()} {comes}"
    if not surely:
        return f"{text} {below} out below the target, but by no more than chance explains."
    return (
        f"{text} {below} out below the target, {_quarters(surely)} by more than chance explains: "
        "the plan fits the people it was made for; more --runs make that less."
    )


def _name(group: Group) -> str:
    """Return how a kind of counters is called."""
    ids = group.counters
    numbers = [int(id) for id in ids if id.isdecimal()]
    if len(ids) > 1 and numbers == list(
        range(min(numbers, default=0), min(numbers, default=0) + len(ids))
    ):
        return f"{ids[0]}-{ids[-1]}"
    return ", ".join(ids)


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _interval(share: Interval | None) -> str:
    if share is None:
        return "-"
    return f"{share.mean:.0%} ({100 * share.low:.0f}-{100 * share.high:.0f})"


def _quarters(count: int) -> str:
    match count:
        case 0:
            return "no quarter"
        case 1:
            return "one quarter"
    return f"{count:,} quarters"

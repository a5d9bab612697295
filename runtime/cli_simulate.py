"""``paihao simulate``: the same hall on virtual time, or beside Erlang's theory."""

import json
from pathlib import Path

import click
from click.core import ParameterSource
from rich.console import Console
from rich.table import Table

from protocol.hall import HallSpec
from runtime.cli_progress import progress_bar
from runtime.cli_rehearse import list_scenarios, rehearse_scenario, scenario_at
from runtime.cli_values import Duration, Rate, Share
from runtime.config.load import DEMO, load_config
from sim.distributions import Exponential, Fixed
from sim.halls import COUNTERS_MAX, with_counters
from sim.lab.runs import JOBS_MAX, RUNS_MAX
from sim.report import Report, TheoryReport, Waits
from sim.run import compare_with_theory, simulate
from sim.scenario import Scenario
from sim.world import SimulationFailed

DISAGREES = 1
"""Exit status when the theory does not lie within the interval."""


class _Failed(click.ClickException):
    exit_code = 3
    """Exit status when an actor failed."""


@click.command("simulate")
@click.argument(
    "file", metavar="[FILE]", required=False, type=click.Path(dir_okay=False, path_type=Path)
)
@click.option("--list", "list_them", is_flag=True, help="Show the ready scenarios.")
@click.option(
    "--runs",
    type=click.IntRange(1, RUNS_MAX),
    default=1,
    show_default=True,
    help="Of a scenario: run it with so many seeds and show means with their intervals.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, JOBS_MAX),
    default=1,
    show_default=True,
    help="With --runs: how many run at once, each in a process of its own.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="With --runs: let the workers of this Dask scheduler run them, as in tcp://10.0.0.5:8786.",
)
@click.option("--hall", help="Which hall of the configuration; its first one if left out.")
@click.option(
    "--hours",
    type=click.FloatRange(0.1, 24),
    default=8,
    show_default=True,
    help="How long the doors are open.",
)
@click.option(
    "--arrivals",
    type=Rate(),
    default="30/h",
    show_default=True,
    help="How many people come, at random times.",
)
@click.option(
    "--service-mean",
    type=Duration(),
    default="5m",
    show_default=True,
    help="How long a service takes on the average (exponentially distributed).",
)
@click.option(
    "--counters",
    type=click.IntRange(1, COUNTERS_MAX),
    help="How many counters work; all of the configuration if left out.",
)
@click.option(
    "--overtime",
    type=Duration(zero_allowed=True),
    default="1h",
    show_default=True,
    help="How long clerks stay after the doors have closed while somebody waits.",
)
@click.option(
    "--walk",
    type=Duration(zero_allowed=True),
    default="10s",
    show_default=True,
    help="From the call until a person stands at the counter.",
)
@click.option(
    "--no-shows",
    type=Share(),
    default="0%",
    show_default=True,
    help="The share of people who walk out silently after taking a ticket.",
)
@click.option(
    "--patience",
    type=Duration(),
    help="After how long people cancel, on the average; nobody does if left out.",
)
@click.option(
    "--mmc",
    type=(float, float, int),
    metavar="L M C",
    help="Instead of a hall run M/M/c, with arrival rate L, service rate M of each counter and "
    "C counters, and compare its mean wait with Erlang C's.",
)
@click.option(
    "--customers",
    type=click.IntRange(1),
    default=100_000,
    show_default=True,
    help="With --mmc: how many come.",
)
@click.option(
    "--confidence",
    type=Share(),
    default="99%",
    show_default=True,
    help="With --mmc: of the interval. In one of a hundred seeds the theory lies outside of a "
    "99% interval by chance alone.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed gives the same run."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--report",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.html",
    help="With a scenario: write a page with plots, self-contained, for the screen and for paper.",
)
@click.pass_context
def simulate_command(
    context: click.Context,
    file: Path | None,
    list_them: bool,
    runs: int,
    jobs: int,
    cluster: str | None,
    hall: str | None,
    hours: float,
    arrivals: float,
    service_mean: float,
    counters: int | None,
    overtime: float,
    walk: float,
    no_shows: float,
    patience: float | None,
    mmc: tuple[float, float, int] | None,
    customers: int,
    confidence: float,
    seed: int,
    as_json: bool,
    page: Path | None,
) -> None:
    """Run a hall on virtual time, hours in seconds, and show the waits.

    FILE is a scenario (`--list` shows the ready ones, which are given by name) or a configuration as for
    `paihao up`, to which people come as the options say; without it that is the demo hall. The queue, its
    counters and their rules are the very ones of a real hall; only clock and people are virtual.
    """  # fmt: skip
    try:
        if list_them:
            list_scenarios()
            return
        if mmc is not None and file is not None:
            raise click.UsageError("--mmc runs a hall of its own: leave the configuration out")
        scenario_file = None if file is None else scenario_at(file)
        if scenario_file is not None:
            _refuse_given(context, _OF_A_HALL, "a scenario says that itself")
            if runs == 1:
                _refuse_given(context, ("jobs", "cluster"), "needs --runs")
            rehearse_scenario(
                scenario_file,
                seed=seed,
                runs=runs,
                jobs=jobs,
                cluster=cluster,
                as_json=as_json,
                page=page,
            )
            return
        _refuse_given(context, ("runs", "jobs", "cluster", "page"), "needs a scenario")
        if mmc is not None:
            with progress_bar() as progress:
                theory_report = compare_with_theory(
                    *mmc, customers=customers, seed=seed, confidence=confidence, progress=progress
                )
            _show(theory_report, as_json)
            context.exit(0 if theory_report.agrees else DISAGREES)
        spec = _hall(file, hall)
        scenario = Scenario(
            arrivals_per_s=arrivals,
            service_s=Exponential(mean_s=service_mean),
            doors_s=hours * 3600,
            overtime_s=overtime,
            walk_s=Fixed(always_s=walk),
            no_show_share=no_shows,
            patience_s=None if patience is None else Exponential(mean_s=patience),
        )
        with progress_bar() as progress:
            spec = with_counters(spec, counters or len(spec.counters))
            hall_report = simulate(spec, scenario, seed, progress)
        _show(hall_report, as_json)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except SimulationFailed as error:
        raise _Failed(str(error)) from error


_OF_A_HALL = (
    *("hall", "hours", "arrivals", "service_mean", "counters", "overtime", "walk", "no_shows"),
    *("patience", "mmc", "customers", "confidence"),
)
"""Options that say of a hall what a scenario says itself."""


def _refuse_given(context: click.Context, names: tuple[str, ...], why: str) -> None:
    """Refuse options that were typed."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.opts[0]}: {why}")


def _hall(config: Path | None, hall: str | None) -> HallSpec:
    halls = {spec.id: spec for spec in load_config(config or DEMO).halls}
    if hall is None:
        return next(iter(halls.values()))
    for id, spec in halls.items():
        if id == hall:
            return spec
    raise click.UsageError(
        f"there is no hall {hall!r} in the configuration: it has {', '.join(halls)}"
    )


def _show(report: Report | TheoryReport, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False)
    if isinstance(report, TheoryReport):
        _show_theory(console, report)
    else:
        _show_hall(console, report)


# -- a hall --------------------------------------------------------------------------------------


def _show_hall(console: Console, report: Report) -> None:
    console.print(
        f"Hall {report.hall}, seed {report.seed}: {report.arrived:,} people came, "
        f"the last one left after {_time(report.lasted_s / 3600)} hours."
    )
    waits = Table(title="Waits, minutes:seconds", title_justify="left")
    waits.add_column("service")
    for heading in ("called", "mean", "median", "90 %", "95 %", "longest"):
        waits.add_column(heading, justify="right")
    for each in report.waits:
        waits.add_row(*_waits_row(each), end_section=each.service is None)
    console.print(waits)
    counters = Table(title="Counters", title_justify="left")
    counters.add_column("counter")
    counters.add_column("served", justify="right")
    counters.add_column("busy", justify="right")
    for work in report.counters:
        counters.add_row(work.name, f"{work.served:,}", f"{work.busy_share:.0%}")
    console.print(counters)
    console.print(
        f"{report.served:,} served, {report.no_show:,} no-show, {report.left:,} left, "
        f"{report.expired:,} expired, {report.refused:,} refused"
    )


def _waits_row(waits: Waits) -> tuple[str, ...]:
    if not waits.called:
        return (waits.name, "0", "-", "-", "-", "-", "-")
    figures = (waits.mean_s, waits.p50_s, waits.p90_s, waits.p95_s, waits.longest_s)
    return (waits.name, f"{waits.called:,}", *(_time(each / 60) for each in figures))


def _time(sexagesimal: float) -> str:
    """Return minutes as minutes:seconds, or hours as hours:minutes."""
    whole, rest = divmod(round(sexagesimal * 60), 60)
    return f"{whole}:{rest:02}"


# -- theory --------------------------------------------------------------------------------------


def _show_theory(console: Console, report: TheoryReport) -> None:
    theory, wait = report.theory, report.wait
    console.print(
        f"M/M/{theory.counters}: {theory.arrival_rate:g} arrive and each counter serves "
        f"{theory.service_rate:g} in a unit of time. {report.customers:,} customers, seed {report.seed}; "
        f"{wait.batches} batches of {wait.batch_size:,} after a warm-up of {wait.warm_up:,}."
    )
    table = Table()
    table.add_column("")
    for heading in ("Erlang C", "simulated", f"{100 * wait.confidence:g} % interval"):
        table.add_column(heading, justify="right")
    table.add_row(
        "mean wait",
        f"{theory.mean_wait:.4f}",
        f"{wait.mean:.4f}",
        f"{wait.low:.4f} to {wait.high:.4f}",
    )
    table.add_row(
        "who wait at all", f"{theory.wait_probability:.1%}", f"{report.waited_share:.1%}", ""
    )
    table.add_row("counters busy", f"{theory.load:.1%}", f"{report.busy_share:.1%}", "")
    console.print(table)
    if report.customers < report.customers_advised:
        console.print(
            f"The interval is too narrow: at this load let {report.customers_advised:,} or more come."
        )
    if report.agrees:
        console.print("Theory lies within the interval.")
    else:
        console.print(
            "Theory lies outside of the interval: by chance (try other seeds), or the hall is wrong."
        )

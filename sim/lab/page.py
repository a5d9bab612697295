"""One self-contained HTML page about a rehearsal: figures, tables and plots, for the screen and for paper.

Plotly's script is within the page (about 5 MB), so that it opens anywhere and for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup
from plotly.io import to_html
from plotly.offline import get_plotlyjs

from protocol.hall import name_in
from protocol.ids import ServiceId
from protocol.values import value
from sim.lab.charts import Chart, charts_of
from sim.lab.figures import EN, LabReport
from sim.lab.phone_figures import PhoneFigures
from sim.lab.phone_rows import GROUP_HEADINGS, PUSH_HEADINGS, group_rows, phone_rows, push_rows
from sim.lab.runs import RunsFigure, RunsReport
from sim.lab.scenario import LabScenario
from sim.lab.words import END_NAMES, minutes, shown

FAULTS_SHOWN_MAX = 200
"""Faults that the page lists; the report's JSON has all of them."""


@value
class Table:
    """A table of the page; the first column are the rows' names, the others figures."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1
    """Columns that are texts: so many of the first ones."""


@value
class Section:
    """What one part of the page shows; further parts of a report are added as such."""

    title: str
    says: str = ""
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()


def rehearsal_page(scenario: LabScenario, report: LabReport | RunsReport, version: str) -> str:
    """Return the page about ``report``, which ``scenario`` gave with Paihao's ``version``."""
    reports = report.reports if isinstance(report, RunsReport) else (report,)
    names = {id: name_in(service.names, EN) for id, service in scenario.spec.services.items()}
    sections = (
        Section(title="Figures", tables=tuple(_tables(report, names))),
        Section(title="Plots", charts=tuple(charts_of(reports, names))),
    )
    return page(scenario.title, _about(scenario, report, version), sections)


def page(title: str, about: Sequence[str], sections: Iterable[Section]) -> str:
    """Return a page of ``sections``; ``about`` are lines that say what they are of."""
    text: str = _template().render(
        title=title,
        about=about,
        sections=sections,
        text=_text,
        draw=_drawn,
        script=Markup(get_plotlyjs()),
    )
    return text


@cache
def _template() -> Template:
    text = files(__package__).joinpath("page.html").read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(
        text
    )


def _text(table: Table, column: int) -> Markup:
    """Return what marks a column that is text; the first one has number 1."""
    return Markup(' class="text"' if column <= table.texts else "")


def _drawn(chart: Chart) -> Markup:
    options = {
        "displaylogo": False,
        "responsive": True,
        "modeBarButtonsToRemove": ["select2d", "lasso2d"],
    }
    drawn: str = to_html(chart.figure, full_html=False, include_plotlyjs=False, config=options)
    return Markup(drawn)


def _about(scenario: LabScenario, report: LabReport | RunsReport, version: str) -> list[str]:
    first = report.reports[0] if isinstance(report, RunsReport) else report
    days = (
        " to ".join(dict.fromkeys((first.days[0], first.days[-1]))) if first.days else "no open day"
    )
    lines = [f"Hall {first.hall}, {days}; scenario {scenario.name}."]
    if isinstance(report, RunsReport):
        seeds = f"{len(report.seeds):,} runs, seeds {report.seeds[0]} to {report.seeds[-1]}"
        lines.append(f"{seeds}. Plots show means over the runs.")
    else:
        lines.append(
            f"One run, seed {report.seed}: {report.came:,} visitors, {report.people:,} people."
        )
    lines.append(f"Simulated by Paihao {version} with the actors that run a real hall.")
    return lines


# -- tables --------------------------------------------------------------------------------------


def _tables(report: LabReport | RunsReport, names: Mapping[ServiceId, str]) -> Iterable[Table]:
    if isinstance(report, RunsReport):
        yield _intervals(report)
        yield _of_services(report, names)
        return
    yield _ends(report)
    yield _waits(report)
    yield _classes(report)
    yield _counters(report)
    if (told := _told(report)).rows:
        yield told
    if report.phones is not None:
        yield from _phones(report.phones)
    if report.channels:
        yield _channels(report)
    if report.faults:
        yield _faults(report)


def _intervals(report: RunsReport) -> Table:
    return Table(
        title="Means over the runs",
        headings=("", "mean", f"{100 * report.confidence:g} % interval"),
        rows=tuple(
            (figure.name, *_interval(figure)) for figure in report.figures if _OF not in figure.name
        ),
    )


_OF = ": "
"""Between a service, or all, and what the figure is of it."""


def _of_services(report: RunsReport, names: Mapping[ServiceId, str]) -> Table:
    """Return the figures of all services and of each."""
    told = [
        (*figure.name.split(_OF, 1), *_interval(figure))
        for figure in report.figures
        if _OF in figure.name
    ]
    return Table(
        title="By service",
        headings=("service", "", "mean", f"{100 * report.confidence:g} % interval"),
        rows=tuple(
            (names.get(ServiceId(service), service), figure, mean, interval)
            for service, figure, mean, interval in told
        ),
        texts=2,
    )


def _interval(figure: RunsFigure) -> tuple[str, str]:
    interval = figure.interval
    mean, low, high = (
        shown(each, figure.unit) for each in (interval.mean, interval.low, interval.high)
    )
    return mean, f"{low} to {high}"


def _ends(report: LabReport) -> Table:
    rows = [(END_NAMES[end], f"{count:,}") for end, count in report.ends.items()]
    rows += [(f"refused: {reason}", f"{count:,}") for reason, count in report.refused.items()]
    return Table(title="What became of the visitors", headings=("", "visitors"), rows=tuple(rows))


def _waits(report: LabReport) -> Table:
    rows = []
    for waits, target in zip(report.waits, report.targets, strict=True):
        times = (waits.mean_s, waits.p50_s, waits.p90_s, waits.p95_s, waits.longest_s)
        figures = [minutes(each) for each in times] if waits.called else ["–"] * len(times)
        kept = f"{target.share:.0%}" if waits.called else "–"
        rows.append((waits.name, f"{waits.called:,}", *figures, kept))
    return Table(
        title="Waits in the hall, minutes:seconds",
        headings=("service", "called", "mean", "median", "90 %", "95 %", "longest", "in target"),
        rows=tuple(rows),
    )


def _classes(report: LabReport) -> Table:
    return Table(
        title="Waits by kind of ticket",
        headings=("kind", "called", "mean", "90 %"),
        rows=tuple(
            (kind, f"{called:,}", minutes(mean_s), minutes(p90_s))
            for kind, called, mean_s, p90_s in report.classes
        ),
    )


def _counters(report: LabReport) -> Table:
    return Table(
        title="Counters",
        headings=("counter", "served", "busy while open"),
        rows=tuple(
            (work.name, f"{work.served:,}", f"{work.busy_share:.0%}")
            for work in report.counters
            if work.served or work.busy_share
        ),
    )


def _told(report: LabReport) -> Table:
    told, ratings = report.estimates, report.ratings
    rows = []
    if told.told:
        rows.append(("waits within what 90 % of them should be", f"{told.within_p90:.0%}"))
        rows.append(("mean error of the estimates' middle", minutes(told.error_s)))
    if ratings.mean is not None:
        rows.append(("mean rating, 1 to 5", f"{ratings.mean:.2f}"))
        rows.append(("ratings", f"{ratings.count:,}"))
    return Table(title="Estimates and evaluation", headings=("", ""), rows=tuple(rows))


def _phones(phones: PhoneFigures) -> Iterable[Table]:
    yield Table(title="Phones", headings=("", ""), rows=tuple(phone_rows(phones)))
    yield Table(title="Pushes", headings=("", *PUSH_HEADINGS), rows=tuple(push_rows(phones)))
    yield Table(
        title="Customers by phone and in the hall",
        headings=("", *GROUP_HEADINGS),
        rows=tuple(group_rows(phones)),
    )


def _channels(report: LabReport) -> Table:
    return Table(
        title="Radio",
        headings=("gateway", "packets", "on the air", "not heard", "collided"),
        rows=tuple(
            (
                channel.gateway,
                f"{channel.packets:,}",
                f"{channel.busy_share:.1%}",
                "–" if channel.missed_share is None else f"{channel.missed_share:.1%}",
                f"{channel.collided:,}",
            )
            for channel in report.channels
        ),
    )


def _faults(report: LabReport) -> Table:
    shown = report.faults[:FAULTS_SHOWN_MAX]
    rows = [(at.replace("T", " "), what) for at, what in shown]
    if len(shown) < len(report.faults):
        rows.append((f"and {len(report.faults) - len(shown):,} more", ""))
    return Table(title="What broke", headings=("when", "what"), rows=tuple(rows), texts=2)

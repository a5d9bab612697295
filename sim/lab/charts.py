"""The plots of a rehearsal's page. Lines differ in dashes as well as in colour, for paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle

import plotly.graph_objects as go

from protocol.ids import ServiceId
from protocol.values import value
from sim.lab.course import Course, ServiceCourse
from sim.lab.figures import LabReport
from sim.statistics import mean

HEIGHT_PX = 320

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
"""Told apart by people who see colours differently too. Source: M. Okabe, K. Ito, *Color Universal Design*."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

SERVICES_SHOWN_MAX = 12
"""Lines that a plot of services has at most, those with the most visitors; more cannot be told apart."""


@value
class Chart:
    """One plot: what it shows, in words as well."""

    title: str
    says: str
    figure: go.Figure


def charts_of(reports: Sequence[LabReport], names: Mapping[ServiceId, str]) -> list[Chart]:
    """Return the plots of one run, or of several of the same scenario: means over the runs then."""
    day = _Day(reports)
    drawn = [_waiting(day, names), _waits(day), _counters(day), _percentiles(reports)]
    drawn.append(_work(reports))
    if any(report.estimates.pairs for report in reports):
        drawn.append(_estimates(reports[0]))
    if any(report.ratings.count for report in reports):
        drawn.append(_ratings(reports))
    if any(report.phones is not None and report.phones.before_call_s for report in reports):
        drawn.append(_told_before(reports))
    if any(report.channels for report in reports):
        drawn.append(_channels(reports[0]))
    return drawn


class _Day:
    """The course of all runs, quarter by quarter: a run in which a quarter was over already had nobody then."""

    def __init__(self, reports: Sequence[LabReport]) -> None:
        self._courses = [report.course for report in reports]
        self.begins = sorted({begins for course in self._courses for begins in course.begins})
        self._places = [
            {begins: place for place, begins in enumerate(course.begins)}
            for course in self._courses
        ]
        self.services = [each.service for each in self._courses[0].services if each.service]
        self.days = len(reports[0].days)
        self.runs = len(reports)

    def mean(self, figure: Callable[[Course], Sequence[float | None]]) -> list[float | None]:
        """Return the mean over the runs that have the figure, for each quarter."""
        of_runs = [(figure(course), places) for course, places in self._both()]
        found: list[float | None] = []
        for begins in self.begins:
            known = [
                each
                for values, places in of_runs
                if (each := values[places[begins]] if begins in places else 0.0) is not None
            ]
            found.append(mean(known) if known else None)
        return found

    def _both(self) -> Iterable[tuple[Course, Mapping[str, int]]]:
        return zip(self._courses, self._places, strict=True)

    def of_service(
        self, service: ServiceId | None, figure: Callable[[ServiceCourse], Sequence[float | None]]
    ) -> list[float | None]:
        """Return the mean of a service's figure; of all together if ``service`` is None."""

        def own(course: Course) -> Sequence[float | None]:
            return figure(next(each for each in course.services if each.service == service))

        return self.mean(own)


def _figure(day: _Day | None = None, *, across: str = "", up: str) -> go.Figure:
    """Return an empty plot; of the course of ``day`` if one is given."""
    figure = go.Figure()
    figure.update_layout(
        template="plotly_white",
        height=HEIGHT_PX,
        margin={"l": 60, "r": 20, "t": 10, "b": 45},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        font={"size": 13, "color": "#1a1a1a"},
        colorway=COLOURS,
    )
    figure.update_yaxes(title=up, rangemode="tozero", automargin=True)
    figure.update_xaxes(title=across, automargin=True)
    if day is not None:
        figure.update_xaxes(type="date", tickformat="%H:%M" if day.days == 1 else "%a %H:%M")
        if day.days > 1:
            figure.update_xaxes(rangebreaks=[{"bounds": _night(day), "pattern": "hour"}])
    return figure


def _night(day: _Day) -> list[float]:
    """Return from when to when (hours) nothing happens on any day."""
    hours = [int(begins[11:13]) + int(begins[14:16]) / 60 for begins in day.begins]
    return [max(hours) + 0.25, min(hours)]


def _line(
    figure: go.Figure, name: str, day: _Day, values: Sequence[float | None], dash: str
) -> None:
    figure.add_scatter(
        x=day.begins, y=_rounded(values), name=name, mode="lines", line={"dash": dash}
    )


def _rounded(values: Iterable[float | None]) -> list[float | None]:
    return [None if each is None else round(each, 3) for each in values]


def _minutes(seconds: Iterable[float | None]) -> list[float | None]:
    return [None if each is None else each / 60 for each in seconds]


def _waiting(day: _Day, names: Mapping[ServiceId, str]) -> Chart:
    figure = _figure(day, up="people waiting")

    def came(service: ServiceId) -> float:
        return sum(each or 0.0 for each in day.of_service(service, lambda course: course.came))

    shown = sorted(day.services, key=came, reverse=True)[:SERVICES_SHOWN_MAX]
    dashes = cycle(DASHES)
    if len(day.services) > 1:
        waiting = day.of_service(None, lambda course: course.waiting)
        _line(figure, "all", day, waiting, next(dashes))
    for service in (each for each in day.services if each in shown):
        waiting = day.of_service(service, lambda course: course.waiting)
        _line(figure, names.get(service, service), day, waiting, next(dashes))
    return Chart(
        title="Queues over the day",
        says="Tickets that waited, on the average over each quarter of an hour.",
        figure=figure,
    )


def _waits(day: _Day) -> Chart:
    figure = _figure(day, up="minutes")
    for name, seconds, dash in (
        ("mean wait", day.of_service(None, lambda course: course.wait_mean_s), "solid"),
        ("90 % waited less", day.of_service(None, lambda course: course.wait_p90_s), "dash"),
    ):
        _line(figure, name, day, _minutes(seconds), dash)
    came = [
        round(4 * (each or 0.0), 1) for each in day.of_service(None, lambda course: course.came)
    ]
    figure.add_bar(
        x=day.begins,
        y=came,
        name="visitors an hour (right)",
        yaxis="y2",
        marker={"color": "#c9ccd1"},
    )
    figure.update_layout(
        yaxis={"overlaying": "y2", "tickmode": "auto"},
        yaxis2={
            "side": "right",
            "title": "visitors an hour",
            "rangemode": "tozero",
            "showgrid": False,
        },
        margin={"r": 60},
    )
    return Chart(
        title="Arrivals and waits",
        says="Waits in the hall of those who came in each quarter of an hour, beside how many came.",
        figure=figure,
    )


def _counters(day: _Day) -> Chart:
    figure = _figure(day, up="counters")
    _line(figure, "open", day, day.mean(lambda course: course.open), "dash")
    figure.add_scatter(
        x=day.begins,
        y=_rounded(day.mean(lambda course: course.busy)),
        name="busy",
        mode="lines",
        fill="tozeroy",
    )
    return Chart(
        title="Counters",
        says="Counters that were open, and at which somebody had been called.",
        figure=figure,
    )


def _percentiles(reports: Sequence[LabReport]) -> Chart:
    figure = _figure(up="minutes")
    # One word a line, so that long names stand upright beside each other.
    names = [waits.name.replace(" ", "<br>") for waits in reports[0].waits]
    for name, field, pattern in (
        ("half", "p50_s", ""),
        ("90 %", "p90_s", "/"),
        ("95 %", "p95_s", "x"),
        ("the longest", "longest_s", "."),
    ):
        seconds = [
            mean([getattr(report.waits[place], field) for report in reports])
            for place in range(len(names))
        ]
        figure.add_bar(
            x=names,
            y=_rounded(_minutes(seconds)),
            name=name,
            marker={"pattern": {"shape": pattern}},
        )
    return Chart(
        title="Waits by service",
        says="What half of those called, 90 % and 95 % of them did not wait longer than; the longest wait.",
        figure=figure,
    )


def _work(reports: Sequence[LabReport]) -> Chart:
    figure = _figure(up="share of the open time")
    figure.update_yaxes(range=[0, 1], tickformat=".0%")
    counters = reports[0].counters
    shares = [
        mean([report.counters[place].busy_share for report in reports])
        for place in range(len(counters))
    ]
    figure.add_bar(x=[work.name for work in counters], y=_rounded(shares), name="busy")
    return Chart(
        title="Work at the counters",
        says="How much of the time that each was open somebody stood there or was on the way.",
        figure=figure,
    )


def _estimates(report: LabReport) -> Chart:
    figure = _figure(across="said: 90 % wait less (minutes)", up="waited (minutes)")
    said, waited = ([pair[place] / 60 for pair in report.estimates.pairs] for place in (1, 2))
    most = max(*said, *waited, 1.0)
    figure.add_scatter(
        x=_rounded(said),
        y=_rounded(waited),
        mode="markers",
        name="tickets",
        marker={"size": 4, "opacity": 0.5},
    )
    figure.add_scatter(
        x=[0, most],
        y=[0, most],
        mode="lines",
        name="as said",
        line={"color": "#000000", "dash": "dot"},
    )
    return Chart(
        title="Estimates beside what happened",
        says=f"Points below the line waited less than said: {report.estimates.within_p90:.0%} of them; "
        "it should be 85 to 95 %.",
        figure=figure,
    )


def _ratings(reports: Sequence[LabReport]) -> Chart:
    figure = _figure(across="level", up="ratings")
    counts = [mean([report.ratings.levels[level] for report in reports]) for level in range(5)]
    figure.add_bar(x=[1, 2, 3, 4, 5], y=_rounded(counts), name="ratings")
    figure.update_xaxes(dtick=1)
    return Chart(
        title="Evaluation",
        says="How often each level was given, 1 to 5.",
        figure=figure,
    )


def _told_before(reports: Sequence[LabReport]) -> Chart:
    figure = _figure(across="minutes", up="tickets")
    for report in reports:
        if report.phones is not None:
            minutes = _minutes(report.phones.before_call_s)
            figure.add_histogram(
                x=_rounded(minutes), name="tickets", xbins={"size": 1.0, "start": 0.0}
            )
    return Chart(
        title="Told before the call",
        says="How long before its call each ticket's phone was told that the turn comes near.",
        figure=figure,
    )


def _channels(report: LabReport) -> Chart:
    figure = _figure(up="share")
    figure.update_yaxes(tickformat=".0%")
    figure.update_xaxes(type="date", tickformat="%H:%M" if len(report.days) == 1 else "%a %H:%M")
    for channel in report.channels:
        begins = [quarter.begins for quarter in channel.quarters]
        for name, shares, dash in (
            ("busy", [quarter.busy_share for quarter in channel.quarters], "solid"),
            ("not heard", [quarter.missed_share for quarter in channel.quarters], "dot"),
        ):
            line = {"dash": dash}
            name = f"{channel.gateway}: {name}"
            figure.add_scatter(x=begins, y=_rounded(shares), name=name, mode="lines", line=line)
    return Chart(
        title="Radio channel",
        says="How much of each quarter of an hour something was on the air, and how much of it was not heard.",
        figure=figure,
    )

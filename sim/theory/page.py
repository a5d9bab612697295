"""The page about theory: every figure in tables, and how far simulated ones are from theory in a plot."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import plotly.graph_objects as go

from sim.lab.charts import Chart
from sim.lab.page import Section, Table, page
from sim.theory.table import TheoryRow, around

ROW_PX = 16
EDGES_PX = 120


def theory_page(rows: Sequence[TheoryRow], about: Sequence[str]) -> str:
    """Return the page about ``rows``; ``about`` are lines that say what they are of."""
    differing = sum(not row.agrees for row in rows)
    said = (
        f"All {len(rows)} figures agree."
        if not differing
        else f"{differing} of {len(rows)} differ."
    )
    sections = (
        Section(
            title="Networks",
            says="Times are in services of mean 1; each interval goes as far to both sides as is said.",
            tables=tuple(
                _table(model, list(own)) for model, own in groupby(rows, lambda row: row.model)
            ),
        ),
        Section(title="Distance from theory", charts=(_distances(rows),)),
    )
    return page("Theory beside the hall", [*about, said], sections)


def _table(model: str, rows: Sequence[TheoryRow]) -> Table:
    return Table(
        title=f"{model} ({rows[0].source})",
        headings=("", "theory", "hall", "Ciw", ""),
        rows=tuple(
            (
                row.figure,
                f"{row.theory:.3f}",
                around(row.ours),
                "–" if row.ciw is None else around(row.ciw),
                "agrees" if row.agrees else "differs",
            )
            for row in rows
        ),
    )


def _distances(rows: Sequence[TheoryRow]) -> Chart:
    """Draw each interval in units of half its width: theory lies within where the bar crosses 0."""
    names = [f"{row.model}: {row.figure}" for row in rows]
    figure = go.Figure()
    for name, intervals, symbol in (
        ("hall", [row.ours for row in rows], "circle"),
        ("Ciw", [row.ciw for row in rows], "x"),
    ):
        drawn = [
            (label, (interval.mean - row.theory) / half)
            for label, row, interval in zip(names, rows, intervals, strict=True)
            if interval is not None and (half := interval.high - interval.mean)
        ]
        if drawn:
            labels, distances = zip(*drawn, strict=True)
            figure.add_scatter(
                x=[round(each, 3) for each in distances],
                y=labels,
                mode="markers",
                name=name,
                marker={"symbol": symbol},
                error_x={"type": "constant", "value": 1, "thickness": 1, "width": 2},
            )
    figure.update_layout(
        template="plotly_white",
        height=EDGES_PX + ROW_PX * len(rows),
        margin={"l": 20, "r": 20, "t": 10, "b": 45},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        font={"size": 11, "color": "#1a1a1a"},
    )
    figure.update_yaxes(automargin=True, autorange="reversed", dtick=1)
    figure.update_xaxes(
        title="half widths of the interval from theory", zeroline=True, zerolinewidth=2
    )
    return Chart(
        title="Means and intervals beside theory",
        says="A bar that crosses 0 holds what theory says.",
        figure=figure,
    )

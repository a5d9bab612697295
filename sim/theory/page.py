"""The page about theory: every figure in tables, and how far simulated ones are from theory in a plot."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import plotly.graph_objects as go

from sim.lab.charts import COLOURS, Chart
from sim.lab.page import Section, Table, page
from sim.theory.table import TheoryRow, around

ROW_PX = 26
EDGES_PX = 100
ASIDE = 0.14
"""So much of a row the two bars are off its middle."""


def theory_page(rows: Sequence[TheoryRow], about: Sequence[str]) -> str:
    """Return the page about ``rows``; ``about`` are lines that say what they are of."""
    differing = sum(not row.agrees for row in rows)
    said = (
        f"All {len(rows)} figures agree."
        if not differing
        else f"{differing} of {len(rows)} differ."
    )
    models = [(model, list(own)) for model, own in groupby(rows, lambda row: row.model)]
    sections = (
        Section(
            title="Networks",
            says="Times are in services of mean 1; each interval goes as far to both sides as is said.",
            tables=tuple(_table(model, own) for model, own in models),
        ),
        Section(
            title="Distance from theory",
            says="Means with intervals, in half widths of these; a bar that crosses 0 holds what theory says.",
            charts=tuple(_distances(model, own) for model, own in models),
        ),
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


def _distances(model: str, rows: Sequence[TheoryRow]) -> Chart:
    """Draw each interval in units of half its width: theory lies within where the bar crosses 0."""
    figure = go.Figure()
    for name, intervals, symbol, aside in (
        ("hall", [row.ours for row in rows], "circle", -ASIDE),
        ("Ciw", [row.ciw for row in rows], "x", ASIDE),
    ):
        drawn = [
            (place + aside, (interval.mean - row.theory) / half)
            for place, (row, interval) in enumerate(zip(rows, intervals, strict=True))
            if interval is not None and (half := interval.high - interval.mean)
        ]
        if drawn:
            places, distances = zip(*drawn, strict=True)
            figure.add_scatter(
                x=[round(each, 3) for each in distances],
                y=places,
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
        font={"size": 12, "color": "#1a1a1a"},
        colorway=COLOURS,
    )
    figure.update_yaxes(
        automargin=True,
        range=[len(rows) - 0.5, -0.5],
        tickvals=list(range(len(rows))),
        ticktext=[row.figure for row in rows],
        zeroline=False,
    )
    figure.update_xaxes(title="half widths from theory", zeroline=True, zerolinewidth=2)
    return Chart(title=model, says="", figure=figure)

"""Seconds from a key to the window over a radio channel that many terminals share.

A whole hall behind one gateway, real models of the devices, 9600 bit/s on the lines and on the air; half of the
terminals are keypads, half are windows. ``python -m tests.bench.channel --presses 1000000`` makes so many
presses over all of these channels, to count that no call is lost and none is made twice.

Goals are for terminals without security. What is sealed has nine octets more: 26 ms from line to line.
"""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from math import ceil
from time import monotonic

from protocol.values import replace, value
from sim.radio.load import PressLoad, PressReport, PressRun
from sim.radio.loss import IndependentLoss
from sim.radio.modules import HC_12
from sim.run import no_collections
from tests.bench.figures import Figure

PRESSES = 2_000
"""For each row of the table; the slowest of hundred are twenty then. ``--presses`` makes more."""

SECURED_PRESSES = 1_500

COLLISION_PRESSES = 500
"""The same without carrier sense: a channel that is overrun takes many times as long to run."""

RUN_PRESSES = 3_000
"""Presses in one run at most; a row with more has several, each with a seed of its own."""

NORMAL_S, RUSH_S = 90.0, 20.0

UNIT = "s"


@value
class Row:
    """A channel, what happens on it, and within how many seconds half and 99 of 100 numbers should be shown."""

    name: str
    load: PressLoad
    p50_s: float | None = None
    p99_s: float | None = None

    @property
    def percents(self) -> tuple[int, ...]:
        """Which of hundred numbers are told of."""
        return (50, 99) if self.p50_s or not self.load.module.senses else (99,)


def _load(terminals: int, each_s: float) -> PressLoad:
    return PressLoad(terminals=terminals, each_s=each_s, presses=PRESSES)


def _rows() -> Iterator[Row]:
    goals_s = {
        ("normal", 32): (0.20, 0.55),
        ("normal", 64): (0.20, 0.56),
        ("normal", 128): (0.20, 0.75),
        ("rush", 32): (0.20, 0.66),
        ("rush", 64): (0.21, 1.0),
        ("rush", 128): (0.35, 2.0),
    }
    loads = {
        (pace, terminals): _load(terminals, each_s)
        for pace, each_s in (("normal", NORMAL_S), ("rush", RUSH_S))
        for terminals in (32, 64, 128)
    }
    for (pace, terminals), load in loads.items():
        p50_s, p99_s = goals_s[pace, terminals]
        yield Row(name=f"{pace}, {terminals} terminals", load=load, p50_s=p50_s, p99_s=p99_s)
    yield from _hard(loads["normal", 64])
    for (pace, terminals), load in loads.items():
        yield Row(
            name=f"{pace}, {terminals} terminals, secured",
            load=replace(load, secured=True, presses=SECURED_PRESSES),
            p99_s=goals_s[pace, terminals][1] if pace == "rush" and terminals > 32 else None,
        )
    yield from _hard(replace(loads["normal", 64], secured=True, presses=SECURED_PRESSES))
    for (pace, terminals), load in loads.items():
        name = f"{pace}, {terminals} terminals, no carrier sense"
        yield Row(name=name, load=replace(load, module=HC_12, presses=COLLISION_PRESSES))


def _hard(normal: PressLoad) -> Iterator[Row]:
    secured = ", secured" if normal.secured else ""
    yield Row(
        name=f"normal, 64 terminals, 5 % loss{secured}",
        load=replace(normal, loss=IndependentLoss(loss=0.05)),
        p99_s=1.2,
    )
    yield Row(
        name=f"normal, 64 terminals, a third hidden{secured}",
        load=replace(normal, hidden=1 / 3),
        p99_s=2.0,
    )


ROWS = tuple(_rows())


def measure() -> list[Figure]:
    """Return the channel's figures. Takes a minute of two processors."""
    reports = list(run_all(ROWS))
    figures = [
        figure for row, found in zip(ROWS, reports, strict=True) for figure in _of(row, found)
    ]
    return [*figures, *counted(reports)]


def run_all(rows: Iterable[Row]) -> Iterator[list[PressReport]]:
    """Run every row, on all processors; yield the reports of each as soon as they are there."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        waiting = [[pool.submit(run, load) for load in _parts(row.load)] for row in rows]
        for parts in waiting:
            yield [part.result() for part in parts]


def run(load: PressLoad) -> PressReport:
    """Run one load by itself."""
    # A channel that is overrun raises thousands of alarms.
    logging.disable(logging.CRITICAL)
    with no_collections():
        return PressRun(load).go()


def _parts(load: PressLoad) -> Iterator[PressLoad]:
    left, seed = load.presses, load.seed
    while left > 0:
        yield replace(load, presses=min(left, RUN_PRESSES), seed=seed)
        left -= RUN_PRESSES
        seed += 1


def percentile_s(reports: list[PressReport], percent: float) -> float:
    """Return within how many seconds so many of hundred numbers were shown, over all runs of a row."""
    shown_s = sorted(shown_s for report in reports for shown_s in report.shown_s)
    return shown_s[min(int(len(shown_s) * percent / 100), len(shown_s) - 1)]


def _of(row: Row, reports: list[PressReport]) -> Iterator[Figure]:
    for percent in row.percents:
        goal_s = {50: row.p50_s, 99: row.p99_s}[percent]
        measured_s = percentile_s(reports, percent)
        yield Figure(
            name=f"{row.name}, {percent} of 100 within",
            value=measured_s,
            unit=UNIT,
            goal="" if goal_s is None else f"<= {goal_s:.2f} s",
            # The goals are in hundredths.
            met=goal_s is None or round(measured_s, 2) <= goal_s,
        )


def counted(rows: Iterable[list[PressReport]]) -> list[Figure]:
    """Return what no channel may do to calls."""
    reports = [report for row in rows for report in row]
    presses = sum(report.presses for report in reports)
    wrong = {
        "lost": sum(report.lost for report in reports),
        "made twice": sum(report.doubled for report in reports),
        "not on the window in the end": sum(report.unshown for report in reports),
    }
    figures = [
        Figure(
            name=f"of {presses:,} calls {what}", value=count, unit="", goal="none", met=not count
        )
        for what, count in wrong.items()
    ]
    given_up = sum(report.given_up for report in reports)
    name = f"of {presses:,} presses given up by the keypad, which says so"
    return [*figures, Figure(name=name, value=given_up, unit="")]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.channel")
    parser.add_argument("--presses", type=int, help="altogether, shared out as without it")
    parser.add_argument("--only", default="", help="rows whose names have this in them")
    parser.add_argument("--seed", type=int, default=1, help="of the first run of each row")
    given = parser.parse_args()
    rows = [row for row in ROWS if given.only in row.name]
    usual = sum(row.load.presses for row in rows)
    factor = 1.0 if given.presses is None else given.presses / usual
    rows = [
        replace(
            row,
            load=replace(row.load, presses=ceil(row.load.presses * factor), seed=given.seed),
        )
        for row in rows
    ]
    began_s = monotonic()
    print(f"{'':48}  p50    p99    slowest  busy  superseded  unanswered  given up")
    found = []
    for row, reports in zip(rows, run_all(rows), strict=True):
        found.append(reports)
        print(_line(row, reports), flush=True)
    for figure in counted(found):
        print(f"{figure.name}: {figure.value:.0f}")
    print(f"took {monotonic() - began_s:.0f} s")


def _line(row: Row, reports: list[PressReport]) -> str:
    slowest_s = max(report.shown_s[-1] for report in reports)
    busy = sum(report.channel.busy_s for report in reports) / sum(r.ran_s for r in reports)
    goal = "" if row.p99_s is None else f"  ({row.p50_s or ''} / {row.p99_s})"
    return (
        f"{row.name:48}  {percentile_s(reports, 50):.3f}  {percentile_s(reports, 99):.3f}"
        f"  {slowest_s:7.2f}  {busy:.2f}  {sum(r.superseded for r in reports):10}"
        f"  {sum(r.unanswered for r in reports):10}  {sum(r.given_up for r in reports):8}{goal}"
    )


if __name__ == "__main__":
    main()

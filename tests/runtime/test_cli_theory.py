"""``paihao theory``: how the figures are shown, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import runtime.cli_theory
from protocol.values import replace
from runtime.cli import main
from sim.statistics import over_runs
from sim.theory.table import TheoryRow

ROW = TheoryRow(
    model="M/M/3",
    source="Erlang 1917",
    figure="mean wait",
    unit="time",
    theory=0.3,
    ours=over_runs([0.29, 0.31, 0.3], 0.999),
    ciw=over_runs([0.28, 0.31, 0.3], 0.999),
)
BUSY = replace(ROW, figure="counters busy", unit="share")


def run_theory(monkeypatch: pytest.MonkeyPatch, rows: list[TheoryRow], *more: str) -> Result:
    asked: dict[str, object] = {}

    def theory_rows(**arguments: object) -> list[TheoryRow]:
        asked.update(arguments)
        return rows

    monkeypatch.setattr(runtime.cli_theory, "theory_rows", theory_rows)
    run = CliRunner().invoke(main, ["theory", "--runs", "3", *more], env={"COLUMNS": "150"})
    assert asked["runs"] == 3
    return run


def test_figures_that_agree_are_shown_and_end_well(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_theory(monkeypatch, [ROW, BUSY])
    assert run.exit_code == 0, run.output
    assert "M/M/3" in run.output
    assert "Erlang 1917" in run.output
    assert "0.300 ±" in run.output
    assert "All 2 figures agree." in run.output
    assert "DIFFERS" not in run.output


def test_figure_that_differs_is_told_by_the_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_theory(monkeypatch, [ROW, replace(BUSY, theory=0.9)])
    assert run.exit_code == 1
    assert "1 of 2 figures differ" in run.output


def test_figures_without_ciw_are_shown_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_theory(monkeypatch, [replace(ROW, ciw=None)])
    assert run.exit_code == 0
    assert "All 1 figures agree." in run.output


def test_json_has_each_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    [told] = json.loads(run_theory(monkeypatch, [ROW], "--json").output)
    assert told["theory"] == 0.3
    assert told["agrees"] is True
    assert told["ours"]["confidence"] == 0.999


def test_page_shows_each_figure_and_what_differs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "theory.html"
    rows = [ROW, replace(BUSY, theory=0.9)]
    assert run_theory(monkeypatch, rows, "--report", str(file)).exit_code == 1
    page = file.read_text("utf-8")
    assert "1 of 2 differ." in page
    for row in rows:
        assert f'<th scope="row" class="text">{row.figure}</th><td>{row.theory:.3f}</td>' in page
    away = CliRunner().invoke(main, ["theory", "--report", str(tmp_path / "no" / "page.html")])
    assert away.exit_code == 2
    assert "cannot be written" in away.output

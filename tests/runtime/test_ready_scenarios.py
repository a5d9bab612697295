"""The six ready scenarios: days as halls know them, in which nobody is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from runtime.cli import main
from runtime.cli_scenario import find_scenario, load_scenario, ready_scenarios
from sim.lab.figures import LabReport, rehearse
from sim.lab.visitors import End

SEED = 3


def report(name: str) -> LabReport:
    path = find_scenario(name)
    assert path is not None
    return rehearse(load_scenario(path), SEED)


@pytest.mark.parametrize("name", ready_scenarios())
def test_a_ready_scenario_is_a_plausible_day_and_repeats(name: str) -> None:
    day = report(name)
    came = day.came
    assert came >= 100
    assert sum(day.ends.values()) == came + day.ends[End.MISSED]
    assert day.ends[End.SERVED] >= 0.85 * came
    assert sum(work.served for work in day.counters) == day.ends[End.SERVED]
    assert all(0 <= work.busy_share <= 1 for work in day.counters)
    assert 0.2 <= sum(day.course.busy) / sum(day.course.open) <= 0.95
    assert day.ratings.mean is None or 3 <= day.ratings.mean <= 5
    assert sum(each.called for each in day.waits[1:]) == day.waits[0].called
    assert report(name).as_json() == day.as_json()


def test_many_runs_of_a_scenario_are_told_with_intervals(tmp_path: Path) -> None:
    page = tmp_path / "runs.html"
    run = CliRunner().invoke(
        main,
        ["simulate", "quiet-day", "--runs", "2", "--report", str(page)],
        catch_exceptions=False,
    )
    assert run.exit_code == 0
    words = " ".join(run.output.split())
    assert "2 runs, seeds 1 to 2" in words
    assert re.search(r"all: mean wait │ \d+:\d\d │ \d+:\d\d to \d+:\d\d │", words)
    assert "By service" in page.read_text("utf-8")


def test_peaks_are_worse_than_a_quiet_day() -> None:
    waits = {
        name: report(name).waits[0].p90_s for name in ("quiet-day", "noon-peak", "opening-rush")
    }
    assert waits["quiet-day"] < min(waits["noon-peak"], waits["opening-rush"])


def test_nobody_comes_on_a_holiday() -> None:
    week = report("week-with-holiday")
    assert week.closed_days
    assert not {begins[:10] for begins in week.course.begins} & set(week.closed_days)

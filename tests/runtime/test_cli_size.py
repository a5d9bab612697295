"""``paihao size``: the table, JSON, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runtime.cli import main

HALL = """[[hall]]
id = "SMALL"
names = { zh = "小厅", en = "Small hall" }
[[hall.service]]
id = "all"
names = { zh = "业务", en = "Everything" }
prefix = "A"
[[hall.counter]]
id = "1"
names = { zh = "1号", en = "One" }
services = ["all"]
[[hall.counter]]
id = "2"
names = { zh = "2号", en = "Two" }
services = ["all"]
"""
SCENARIO = """hall = "small.toml"
[day]
date = 2026-03-03
from = "09:00"
until = "10:00"
[[arrivals]]
service = "all"
rates = { "09:00" = 10, "09:30" = 40 }
[service_time]
all = { mean_s = 240 }
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "small.toml").write_text(HALL, encoding="utf-8")
    path = tmp_path / "hour.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return str(path)


def run_size(file: str, target: str, *more: str) -> Result:
    return CliRunner().invoke(
        main, ["size", file, "--target", target, "--runs", "2", "--jobs", "1", *more]
    )


def test_table_shows_counters_beside_erlangs(file: str) -> None:
    run = run_size(file, "90% within 5 min")
    assert run.exit_code == 0, run.output
    words = " ".join(run.output.split())
    assert "90% within 5 min. " in words
    assert "of them tried in 2 runs each" in words
    assert "1-2: all" in words
    assert "in brackets: Erlang's answer" in words
    assert "09:00" in words
    assert "09:45" in words
    assert "With other people (2 runs, fresh seeds): " in words
    assert "of the day's are called in time (" in words


def test_json_has_each_quarter(file: str) -> None:
    told = json.loads(run_size(file, "0.9 within 300s", "--json").output)
    assert [each["begins"] for each in told["quarters"]] == ["09:00", "09:15", "09:30", "09:45"]
    assert told["target"] == {"share": 0.9, "within_s": 300.0}
    assert told["day"] == "2026-03-03"
    [group] = told["groups"]
    assert group == {"counters": ["1", "2"], "services": ["all"]}
    assert all(each["counters"][0] >= 1 for each in told["quarters"])
    assert told["scenario_hours"] == 2.0


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("soon", 'is no target; write it like "90% within 15 min"'),
        ("120% within 5 min", "'120%' is no share"),
        ("0% within 5 min", "the share must be more than 0%"),
        ("90% within 5 moons", "'5 moons' is no time"),
    ],
)
def test_wrong_target_is_refused_with_an_example(file: str, target: str, said: str) -> None:
    run = run_size(file, target)
    assert run.exit_code == 2
    assert said in " ".join(run.output.split())


def test_target_out_of_reach_ends_with_a_status_of_its_own(file: str) -> None:
    run = run_size(file, "100% within 0s", "--most", "1")
    assert run.exit_code == 1
    assert "the target cannot be met: with 1 of each kind of counter" in " ".join(
        run.output.split()
    )


def test_closed_day_is_refused(file: str) -> None:
    run = run_size(file, "90% within 5 min", "--date", "2026-03-05")
    assert run.exit_code == 2
    assert "2026-03-05 is no open day" in " ".join(run.output.split())

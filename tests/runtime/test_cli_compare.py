"""``paihao compare``: the table, JSON, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from runtime.cli import main

MORNING = """hall = "tax"
[day]
date = 2026-03-03
from = "09:00"
until = "10:00"
[[arrivals]]
service = "declare"
per_hour = 30
[[shift]]
counters = {counters}
from = "09:00"
until = "10:00"
overtime_s = 3600
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Return two scenarios: three counters and six."""
    names = []
    for name, counters in (("three", ["1", "2", "3"]), ("five", ["1", "2", "3", "4", "5"])):
        path = tmp_path / f"{name}.toml"
        path.write_text(MORNING.format(counters=json.dumps(counters)), encoding="utf-8")
        names.append(str(path))
    return names[0], names[1]


def test_more_counters_are_told_to_be_better(files: tuple[str, str]) -> None:
    run = CliRunner().invoke(main, ["compare", *files, "--runs", "8"], catch_exceptions=False)
    assert run.exit_code == 0, run.output
    assert "the same visitors in both" in run.output
    assert "B is better in mean wait" in run.output.replace("\n", " ")
    backwards = CliRunner().invoke(main, ["compare", *reversed(files), "--runs", "8"])
    assert "B is worse in mean wait" in backwards.output.replace("\n", " ")


def test_json_has_every_figure_with_its_verdict(files: tuple[str, str]) -> None:
    run = CliRunner().invoke(main, ["compare", *files, "--runs", "2", "--json"])
    told = json.loads(run.output)
    assert told["seeds"] == [1, 2]
    assert [each["name"] for each in told["figures"]][:2] == ["mean wait", "90 % wait"]
    assert {"verdict", "difference", "first", "second"} <= told["figures"][0].keys()


def test_configuration_is_no_scenario(files: tuple[str, str], tmp_path: Path) -> None:
    hall = tmp_path / "hall.toml"
    example = CliRunner().invoke(main, ["config", "example"])
    hall.write_text(example.output, encoding="utf-8")
    run = CliRunner().invoke(main, ["compare", files[0], str(hall)])
    assert run.exit_code == 2
    assert "is a hall's configuration; needed is a scenario" in run.output.replace("\n", " ")

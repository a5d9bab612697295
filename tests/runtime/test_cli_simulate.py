"""`paihao simulate`, as a person calls it."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from runtime.cli import main
from runtime.cli_values import Duration, Rate, Share
from runtime.config.load import DEMO
from sim import run as sim_run
from sim.world import SimulationFailed


def simulate(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["--log-level", "error", "simulate", *arguments])


def test_demo_hall_is_run_when_no_configuration_is_given() -> None:
    result = simulate("--hours", "1")
    assert result.exit_code == 0, result.output
    assert "Hall HZ01, seed 1" in result.output
    for heading in ("Waits", "Counter 1", "mean", "95 %", "served", "no-show", "expired"):
        assert heading in result.output


def test_same_seed_prints_the_same_and_another_one_does_not() -> None:
    arguments = ("--hours", "1", "--json")
    first = simulate(*arguments, "--seed", "4")
    assert first.output == simulate(*arguments, "--seed", "4").output
    assert first.output != simulate(*arguments, "--seed", "5").output


def test_json_has_the_counts_and_the_waits_of_each_service() -> None:
    result = simulate(
        str(DEMO), "--json", "--hours", "2", "--arrivals", "1/min", "--service-mean", "90s",
        "--counters", "5", "--no-shows", "10%", "--patience", "1h", "--walk", "0s",
        "--overtime", "30m", "--hall", "HZ01",
    )  # fmt: skip
    report = json.loads(result.output)
    assert report["hall"] == "HZ01"
    assert len(report["counters"]) == 5
    ended = sum(report[end] for end in ("served", "no_show", "left", "expired", "refused"))
    assert report["arrived"] == ended > 60
    assert report["no_show"] > 0
    assert report["waits"][0]["service"] is None
    assert all(waits["mean_s"] >= 0 for waits in report["waits"])


def test_mean_wait_is_printed_beside_theory() -> None:
    result = simulate("--mmc", "1", "1", "2", "--customers", "4000")
    assert result.exit_code == 0, result.output
    for word in ("M/M/2", "Erlang C", "0.3333", "99 % interval", "Theory lies within"):
        assert word in result.output


def test_theory_outside_of_the_interval_is_exit_status_1() -> None:
    # So narrow an interval misses the truth in nearly every run.
    result = simulate("--mmc", "1", "1", "2", "--customers", "500", "--confidence", "1%", "--json")
    assert result.exit_code == 1, result.output
    report = json.loads(result.output)
    assert report["agrees"] is False
    assert report["theory"]["mean_wait"] == pytest.approx(1 / 3)
    assert not report["wait"]["low"] <= 1 / 3 <= report["wait"]["high"]


def test_too_short_a_comparison_says_how_many_should_come() -> None:
    result = simulate("--mmc", "9", "1", "10", "--customers", "300")
    assert "let 97,435 or more come" in result.output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--mmc", "9", "1", "9"), "the queue grows for ever"),
        (("--mmc", "1", "1", "2", "--customers", "10"), "10 customers are too few"),
        (("--mmc", "1", "1", "2", "--customers", "3000000"), "a run takes 2,000,000 at most"),
        (("--mmc", "1", "1", "2", str(DEMO)), "leave the configuration out"),
        (("--mmc", "1", "1"), "requires 3 arguments"),
        (("--hall", "XX"), "no hall 'XX'"),
        (("--arrivals", "60"), "write it like 60/h"),
        (("--arrivals", "0/h"), "must be more than 0"),
        (("--arrivals", "60/year"), "write it like 60/h"),
        (("--service-mean", "5"), "write it like 90s"),
        (("--service-mean", "0m"), "must be more than 0"),
        (("--no-shows", "130%"), "write it like 3%"),
        (("--counters", "0"), "not in the range"),
        (("--report", "page.html"), "needs a scenario"),
        (("quiet-day", "--report", "/nowhere/page.html"), "cannot be written there: No such file"),
        (("--hours", "0"), "not in the range"),
    ],
)
def test_bad_arguments_are_refused_with_what_to_do(
    arguments: tuple[str, ...], complaint: str
) -> None:
    result = simulate(*arguments)
    assert result.exit_code == 2
    assert complaint in " ".join(result.output.split())


def test_configuration_that_is_not_there_is_refused(tmp_path: Path) -> None:
    result = simulate(str(tmp_path / "none.toml"))
    assert result.exit_code == 2
    assert "none.toml" in result.output.replace("\n", "")


def test_page_about_a_scenario_is_written_beside_the_table(tmp_path: Path) -> None:
    page = tmp_path / "day.html"
    result = simulate("quiet-day", "--report", str(page))
    assert result.exit_code == 0
    assert "Waits in the hall" in result.output
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_failed_simulation_names_its_seed_and_is_exit_status_3(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise SimulationFailed("seed 77: hall/HZ01 failed")

    monkeypatch.setattr(sim_run.Run, "go", fail)
    result = simulate("--seed", "77")
    assert result.exit_code == 3
    assert "seed 77" in result.output


@pytest.mark.parametrize(
    ("kind", "typed", "meant"),
    [
        (Duration(), "90s", 90.0),
        (Duration(), " 1.5h ", 5400.0),
        (Duration(), "2 min", 120.0),
        (Duration(zero_allowed=True), "0s", 0.0),
        (Rate(), "60/h", 60 / 3600),
        (Rate(), ".5 / s", 0.5),
        (Rate(), "24/d", 24 / 86400),
        (Share(), "3%", 0.03),
        (Share(), "0.25", 0.25),
        (Share(), "100%", 1.0),
    ],
)
def test_value_is_understood(kind: click.ParamType, typed: str, meant: float) -> None:
    converted = kind.convert(typed, None, None)
    assert converted == pytest.approx(meant)
    assert kind.convert(converted, None, None) == converted

"""``paihao replay-day`` on a real journal: how closely the day comes back, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runtime.cli import main
from runtime.cli_scenario import SCENARIOS, load_scenario
from runtime.config.load import load_config
from tests.runtime.written_day import rehearsed_events, write_journal

TAX = SCENARIOS / "halls" / "tax.toml"

MORNING = f"""hall = "{TAX}"
[day]
date = 2026-03-03
from = "09:00"
until = "11:00"
[[arrivals]]
services = {{ declare = 3, invoice = 2 }}
per_hour = 40
classes = {{ normal = 4, priority = 1 }}
remote_share = 0.2
[[appointments]]
service = "property"
[people]
to_counter = {{ kind = "log_normal", mean_s = 15, spread = 0.5 }}
patience = 1800
no_show_share = 0.05
"""
FEW = """[[shift]]
counters = ["1", "2", "3", "9"]
from = "09:00"
until = "11:00"
overtime_s = 3600
"""
MANY = FEW.replace('"3", "9"', '"3", "4", "5", "9"')


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the journal of a morning with four counters; nobody may change it."""
    folder = tmp_path_factory.mktemp("hall")
    file = folder / "morning.toml"
    file.write_text(MORNING + FEW, encoding="utf-8")
    scenario = load_scenario(file)
    return write_journal(folder / "TAX.journal", scenario.spec, rehearsed_events(scenario))


def replay_day(journal: Path, *more: str) -> Result:
    arguments = ["replay-day", str(journal), "--config", str(TAX), *more]
    return CliRunner().invoke(main, arguments)


def words(run: Result) -> str:
    return " ".join(run.output.split())


def test_control_is_close_and_says_how_close(journal: Path) -> None:
    run = replay_day(journal, "--json")
    assert run.exit_code == 0, run.output
    told = json.loads(run.output)
    assert told["day"] == "2026-03-03"
    assert told["changed"] is None
    assert told["recorded"]["called"] == told["closeness"]["tickets"] > 50
    assert told["recorded"]["mean_s"] > 60
    assert told["closeness"]["off_s"] < 1
    assert told["control"]["mean_s"] == pytest.approx(told["recorded"]["mean_s"], rel=0.01)
    shown = words(replay_day(journal))
    assert "The present rules give that day's waits to 0.0 s a ticket on the average" in shown
    assert "far off" not in shown


def test_new_shifts_change_the_waits_of_the_same_people(journal: Path, tmp_path: Path) -> None:
    file = tmp_path / "many.toml"
    file.write_text(MORNING + MANY, encoding="utf-8")
    told = json.loads(replay_day(journal, "--with", str(file), "--json").output)
    assert told["changed"]["came"] == told["control"]["came"]
    assert told["changed"]["mean_s"] < 0.7 * told["control"]["mean_s"]
    assert "new rules" in replay_day(journal, "--with", str(file)).output


def test_new_rules_keep_the_times_at_which_counters_were_open(
    journal: Path, tmp_path: Path
) -> None:
    file = tmp_path / "rules.toml"
    rules = TAX.read_text(encoding="utf-8").replace("priority = 2", "priority = 20")
    file.write_text(
        rules
        + '\n[[hall.counter]]\nid = "11"\nnames = { zh = "11号窗口", en = "New" }\nservices = ["declare"]\n',
        encoding="utf-8",
    )
    run = replay_day(journal, "--with", str(file))
    assert run.exit_code == 0, run.output
    assert "counter 11 was not there: it stays closed" in words(run)


def test_other_configuration_than_that_of_the_day_is_noticed(journal: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    text = TAX.read_text(encoding="utf-8")
    # The counters that worked call other services now.
    file.write_text(
        text.replace('services = ["declare", "invoice"]', 'services = ["invoice"]'),
        encoding="utf-8",
    )
    run = CliRunner().invoke(main, ["replay-day", str(journal), "--config", str(file)])
    assert run.exit_code == 0, run.output
    assert "is it the configuration of that day?" in words(run)


def test_wrong_journals_and_days_are_refused_with_what_to_do(journal: Path, tmp_path: Path) -> None:
    other_day = replay_day(journal, "--day", "2026-03-01")
    assert other_day.exit_code == 2
    assert "nobody was called on 2026-03-01; the last days with calls: 2026-03-03" in words(
        other_day
    )
    none = replay_day(tmp_path / "none.journal")
    assert none.exit_code == 2
    assert "cannot be read" in words(none)
    text = tmp_path / "text.journal"
    text.write_text("no database " * 20, encoding="utf-8")
    assert "is no SQLite database" in words(replay_day(text))
    demo = CliRunner().invoke(main, ["replay-day", str(journal)])
    assert demo.exit_code == 2
    assert "is the journal of hall 'TAX', not of" in words(demo)


def test_journal_without_a_complete_day_is_refused(tmp_path: Path, journal: Path) -> None:
    [spec] = load_config(TAX, secrets=False).halls
    empty = write_journal(tmp_path / "TAX.journal", spec, [])
    assert "has no complete day: nobody was ever called" in words(replay_day(empty))

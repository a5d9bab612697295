"""``--set KEY=VALUE``: what it changes in a scenario and its hall, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from protocol.errors import ConfigError
from protocol.policies import PolicyKind
from runtime.cli import main
from runtime.cli_scenario import SCENARIOS, load_scenario
from runtime.cli_settings import setting
from sim.distributions import Fixed
from sim.lab.scenario import LabScenario

NOON = SCENARIOS / "noon-peak.toml"


def noon(*settings: str) -> LabScenario:
    return load_scenario(NOON, [setting(each) for each in settings])


def test_no_setting_changes_nothing() -> None:
    assert noon() == load_scenario(NOON)


@pytest.mark.parametrize(
    ("typed", "found", "wanted"),
    [
        ("people.no_show_share=0.3", lambda s: s.people.no_show_share, 0.3),
        ("people.no_show_share = .3", lambda s: s.people.no_show_share, 0.3),
        ("people.patience=600", lambda s: s.people.patience_s, Fixed(always_s=600)),
        ("title=Another noon", lambda s: s.title, "Another noon"),
        ('title="Another noon"', lambda s: s.title, "Another noon"),
        ("arrivals.lunch-break.remote_share=1", lambda s: s.arrivals[1].remote_share, 1),
        ("arrivals.2.remote_share=1", lambda s: s.arrivals[1].remote_share, 1),
        ("appointments.property.booked_share=0", lambda s: s.appointments[0].booked_share, 0),
        ("service_time.invoice.mean_s=60", lambda s: s.service_s["invoice"].expected_s, 60),
        ("radio.loss=0.1", lambda s: s.radio.loss, 0.1),
        ("hall=hospital.toml", lambda s: s, ConfigError),
        ("hall.policy={kind='first_come'}", lambda s: s.spec.policy.kind, PolicyKind.FIRST_COME),
        ("hall.service.advice.service_s=99", lambda s: s.spec.services["advice"].service_s, 99),
        ("hall.policy.overtaken_max=2", lambda s: s.spec.policy.overtaken_max, 2),
        ("hall.counter.9.services=['register']", lambda s: len(s.spec.counters["9"].services), 1),
        ("counters=3", lambda s: {each.counter for each in s.shifts}, {"1", "2", "3"}),
        ("counters=9, 1", lambda s: {each.counter for each in s.shifts}, {"1", "9"}),
        ('counters=["9"]', lambda s: {each.counter for each in s.shifts}, {"9"}),
    ],
)
def test_setting_is_where_it_belongs(typed: str, found: object, wanted: object) -> None:
    if wanted is ConfigError:
        with pytest.raises(ConfigError, match="is no file"):
            noon(typed)
    else:
        assert found(noon(typed)) == wanted  # type: ignore[operator]


def test_settings_follow_one_another() -> None:
    scenario = noon("people.no_show_share=0.1", "counters=5", "people.no_show_share=0.2")
    assert scenario.people.no_show_share == 0.2
    assert len({shift.counter for shift in scenario.shifts}) == 5
    assert scenario.arrivals == noon().arrivals


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("counters", "is not KEY=VALUE, such as people.no_show_share=0.1 or counters=8"),
        ("people..x=1", "is not KEY=VALUE"),
        ("people.no_show_share=2", "people / no_show_share: 2 is out of range"),
        ("people.noshow=1", "is an unknown key; did you mean 'no_show_share'?"),
        ("arrivals.lunch.remote_share=1", "there is no 'lunch'; did you mean 'lunch-break'?"),
        ("shift.3.overtime_s=1", "there is no '3'; allowed: a number from 1 to 2"),
        ("title.long=1", "title is a value, with nothing in it"),
        ("hall.counter.11.services=[]", "there is no '11'"),
        ("hall.policy.kind=last", "'last' is unknown"),
        ("counters=11", "people work at 10 counters of hall TAX"),
        ("counters=0", "allowed is 1 to 10, and more need shifts in a scenario"),
        ("counters=1,77", "there is no counter '77' in hall TAX"),
    ],
)
def test_wrong_setting_is_refused_with_what_is_allowed(typed: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        noon(typed)
    assert said in str(refused.value)
    assert typed in str(refused.value)


def test_scenario_is_compared_with_itself_changed(tmp_path: Path) -> None:
    file = tmp_path / "hour.toml"
    file.write_text(
        """hall = "tax"
day = { date = 2026-03-03, from = "09:00", until = "10:00" }
arrivals = [{ service = "declare", per_hour = 40 }]
""",
        encoding="utf-8",
    )
    compare = ["compare", str(file), "--runs", "3"]
    run = CliRunner().invoke(main, [*compare, "--set", "counters=1,2"])
    words = " ".join(run.output.split())
    assert run.exit_code == 0, run.output
    assert "B: hour (hour with counters=1,2), hall TAX" in words
    assert "the same visitors in both" in words
    assert "B is worse in mean wait" in words


def test_neither_other_scenario_nor_setting_is_refused() -> None:
    run = CliRunner().invoke(main, ["compare", "noon-peak"])
    assert run.exit_code == 2
    assert "needed is B, or --set to say what is to be changed in A" in run.output
    many = CliRunner().invoke(main, ["compare", "noon-peak", *(["--set", "counters=1"] * 51)])
    assert many.exit_code == 2
    assert "at most 50" in many.output

"""``[[fault]]`` and ``[radio]`` in scenario files, and what is said of wrong ones."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from click.testing import CliRunner

from runtime.cli import main
from runtime.cli_scenario import load_scenario
from runtime.config.problems import ConfigRefused
from sim.lab.scenario import Breakage, Modules, Radio

HEAD = """hall = "demo"
[day]
date = 2026-03-03
from = "09:00"
until = "09:10"
[[arrivals]]
service = "declare"
per_hour = 60
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_faults_and_radio_are_read(tmp_path: Path) -> None:
    scenario = load_scenario(
        write(
            tmp_path,
            """[radio]
module = "hc-12"
loss = 0.05
[[fault]]
kind = "printer-jam"
where = "k1"
from = "09:02"
until = "09:05:30"
[[fault]]
kind = "radio-loss"
per_hour = 2
lasts_s = 120
dates = [2026-03-03]
parameters = { loss = 0.4 }
""",
        )
    )
    assert scenario.with_devices
    assert scenario.radio == Radio(module=Modules.HC_12, loss=0.05)
    assert scenario.breakages == (
        Breakage(kind="printer-jam", where="k1", begins=time(9, 2), ends=time(9, 5, 30)),
        Breakage(
            kind="radio-loss",
            per_hour=2,
            lasts_s=120,
            dates=(date(2026, 3, 3),),
            parameters={"loss": 0.4},
        ),
    )


def test_scenario_without_them_runs_its_queue_alone(tmp_path: Path) -> None:
    assert not load_scenario(write(tmp_path, "")).with_devices


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (
            'kind = "printer-jm"\nper_hour = 1',
            "mine.toml:10: fault 1 / kind: there is no fault 'printer-jm'",
        ),
        ('kind = "printer-jm"\nper_hour = 1', "did you mean 'printer-jam'?"),
        ('kind = "printer-jam"\nwhere = "k2"\nper_hour = 1', "there is no printer 'k2'"),
        ('kind = "printer-jam"', "does not say when"),
        ('kind = "printer-jam"\nfrom = "09:01"', "does not say when"),
        ('kind = "printer-jam"\nfrom = "09:01"\nuntil = "09:01"', "09:01 is not after 09:01"),
        (
            'kind = "radio-jam"\nfrom = "09:00"\nuntil = "10:00"',
            "radio-jam lasts for 15 min at most",
        ),
        (
            'kind = "radio-jam"\nfrom = "09:00"\nuntil = "09:01"\nper_hour = 1',
            "has both per_hour and from or until",
        ),
        ('kind = "radio-jam"\nper_hour = 1\nlasts_s = 4000', "radio-jam lasts for 900 s at most"),
        (
            'kind = "radio-loss"\nper_hour = 1\nparameters = { los = 1 }',
            "radio-loss has no such parameter",
        ),
        (
            'kind = "radio-loss"\nper_hour = 1\nparameters = { loss = 1 }',
            "allowed is a number from 0.01 to 0.9",
        ),
    ],
)
def test_wrong_fault_is_refused_with_its_place(tmp_path: Path, fault: str, complaint: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        load_scenario(write(tmp_path, f"[[fault]]\n{fault}\n"))
    assert complaint in "\n".join(map(str, refused.value.problems))


AWAY = '[[fault]]\nkind = "wechat-away"\nfrom = "09:02"\nuntil = "09:05"\n'


def test_fault_of_wechat_needs_phones_and_no_devices(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match=r"nobody has a phone; needed is a \[phones\] table"):
        load_scenario(write(tmp_path, AWAY))
    followed = load_scenario(write(tmp_path, f"[phones]\n{AWAY}"))
    assert not followed.with_devices
    assert [each.kind for each in followed.breakages] == ["wechat-away"]
    both = '[[fault]]\nkind = "printer-jam"\nper_hour = 1\n'
    assert load_scenario(write(tmp_path, f"[phones]\n{AWAY}{both}")).with_devices


def test_wrong_place_of_a_fault_of_wechat_is_refused(tmp_path: Path) -> None:
    wrong = AWAY.replace("from", 'where = "acount"\nfrom')
    with pytest.raises(ConfigRefused, match="did you mean 'account'"):
        load_scenario(write(tmp_path, f"[phones]\n{wrong}"))


def test_simulate_tells_what_phones_were_told(tmp_path: Path) -> None:
    text = f"follow_share = 0.5\nremote_share = 0.2\n[phones]\n{AWAY}"
    page = tmp_path / "day.html"
    run = CliRunner().invoke(main, ["simulate", str(write(tmp_path, text)), "--report", str(page)])
    assert run.exit_code == 0, run.output
    assert "wechat-away everywhere for 180 s" in run.output
    words = " ".join(run.output.split())
    for said in (
        "tickets that were followed",
        "turn comes near",
        "called too early",
        "QR codes on a day",
    ):
        assert said in words
        assert said in page.read_text("utf-8")
    assert "push put off" not in run.output


def test_simulate_runs_a_scenario_with_faults_and_lists_them(tmp_path: Path) -> None:
    path = write(
        tmp_path, '[[fault]]\nkind = "printer-paper-out"\nfrom = "09:03"\nuntil = "09:06"\n'
    )
    result = CliRunner().invoke(main, ["simulate", str(path)])
    assert result.exit_code == 0, result.output
    assert "2026-03-03 09:03:00  printer-paper-out everywhere for 180 s" in result.output


def test_network_to_headquarters_may_break_and_the_hall_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path, AWAY.replace("wechat-away", "link-half-open"))
    result = CliRunner().invoke(main, ["simulate", str(path)])
    assert result.exit_code == 0, result.output
    assert "link-half-open everywhere for 180 s" in result.output

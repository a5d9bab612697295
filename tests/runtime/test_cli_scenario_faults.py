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


def test_simulate_runs_a_scenario_with_faults_and_lists_them(tmp_path: Path) -> None:
    path = write(
        tmp_path, '[[fault]]\nkind = "printer-paper-out"\nfrom = "09:03"\nuntil = "09:06"\n'
    )
    result = CliRunner().invoke(main, ["simulate", str(path)])
    assert result.exit_code == 0, result.output
    assert "2026-03-03 09:03:00  printer-paper-out everywhere for 180 s" in result.output

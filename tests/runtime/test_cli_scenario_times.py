"""Service times out of a real journal, for a scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocol.ids import ServiceId
from runtime.cli_scenario import load_scenario
from runtime.config.problems import ConfigRefused
from sim.distributions import Empirical
from tests.runtime.written_day import rehearsed_events, write_journal

SCENARIO = """hall = "{hall}"
[day]
date = 2026-03-03
from = "09:00"
until = "10:00"
[[arrivals]]
services = {{ {services} }}
per_hour = 60
[service_time]
{times}
"""
TAX = {"hall": "tax", "services": "declare = 1, invoice = 1"}


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return the journal of an hour in which every tax return took 100 s and every invoice 40 s."""
    file = tmp_path / "constant.toml"
    file.write_text(SCENARIO.format(**TAX, times="declare = 100\ninvoice = 40"), encoding="utf-8")
    scenario = load_scenario(file)
    return write_journal(tmp_path / "TAX.journal", scenario.spec, rehearsed_events(scenario))


def measured(path: Path, **hall: str) -> str:
    text = SCENARIO.format(
        **{**TAX, **hall}, times='declare = { kind = "empirical", journal = "TAX.journal" }'
    )
    file = path.with_name("measured.toml")
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_times_of_a_service_are_those_in_the_journal(journal: Path) -> None:
    found = load_scenario(Path(measured(journal))).takes_s(ServiceId("declare"))
    assert isinstance(found, Empirical)
    assert len(found.times_s) > 10
    assert found.expected_s == pytest.approx(100, abs=0.01), "and not those of the invoices"


def test_journal_of_another_hall_is_refused_by_name(journal: Path) -> None:
    file = measured(journal, hall="demo", services="")
    text = Path(file).read_text(encoding="utf-8")
    demo = text.replace("services = {  }", 'service = "declare"')
    Path(file).write_text(demo, encoding="utf-8")
    with pytest.raises(ConfigRefused) as refused:
        load_scenario(Path(file))
    assert "is the journal of hall 'TAX', not of" in str(refused.value)


def test_damaged_journal_is_refused_with_its_place(journal: Path) -> None:
    octets = journal.read_bytes()
    at = octets.rindex(b"ServiceFinished")
    journal.write_bytes(octets[:at] + b"ServiceBinished" + octets[at + 15 :])
    with pytest.raises(ConfigRefused) as refused:
        load_scenario(Path(measured(journal)))
    assert "measured.toml" in str(refused.value)
    assert "is damaged" in str(refused.value)


def test_journal_without_the_service_holds_no_times(journal: Path) -> None:
    file = Path(measured(journal))
    text = file.read_text(encoding="utf-8").replace("declare = { kind", "advice = { kind")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigRefused, match="holds no times"):
        load_scenario(file)

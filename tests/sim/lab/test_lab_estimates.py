"""What a hall says of waits where classes overtake, counters pause, and people come late or give up."""

from __future__ import annotations

import pytest

from runtime.cli_scenario import find_scenario, load_scenario
from sim.lab.figures import rehearse

SEEDS = (1, 2, 3)


@pytest.mark.parametrize("name", ["hospital-morning", "tax-deadline"])
def test_nine_tenths_of_waits_end_within_what_tickets_say(name: str) -> None:
    path = find_scenario(name)
    assert path is not None
    scenario = load_scenario(path)
    reports = [rehearse(scenario, seed) for seed in SEEDS]
    told = sum(report.estimates.told for report in reports)
    assert told > 1_500
    within = sum(report.estimates.told * report.estimates.within_p90 for report in reports)
    assert 0.85 <= within / told <= 0.95

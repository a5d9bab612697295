"""``paihao faults``: the list of what can break."""

from __future__ import annotations

import json

from click.testing import CliRunner

from runtime.cli import main
from sim.faults.catalogue import FAULTS


def test_list_says_of_every_fault_what_it_does() -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(main, ["faults"])
    assert result.exit_code == 0, result.output
    for kind in FAULTS.values():
        assert kind.name in result.output
    assert "Each packet is lost by chance" in result.output
    assert "loss 0.2 (0.01 to 0.9)" in result.output


def test_json_has_parameters_with_their_ranges() -> None:
    result = CliRunner().invoke(main, ["faults", "--json"])
    kinds = {kind["name"]: kind for kind in json.loads(result.output)["faults"]}
    assert set(kinds) == set(FAULTS)
    assert kinds["disk-slow"]["parameters"]["commit_s"] == {
        "meaning": "what a commit takes",
        "unit": "s",
        "least": 0.01,
        "most": 10.0,
        "default": 0.5,
        "whole": False,
    }
    assert not kinds["disk-slow"]["live"]
    assert kinds["radio-loss"]["live"]

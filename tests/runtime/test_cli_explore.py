"""``paihao explore``: what it prints of halls that hold, and of one that does not."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from protocol.values import replace
from runtime import cli_explore
from runtime.cli_explore import explore_command
from sim.explore.case import Case
from sim.explore.draw import draw
from sim.explore.run import Outcome
from sim.explore.runs import run_case
from sim.watch.invariant import Broken


@pytest.fixture
def short_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw_short(seed: int) -> Case:
        case = draw(seed)
        faults = tuple(replace(fault, begins_s=60.0) for fault in case.faults[:1])
        return replace(case, lasts_s=90.0, faults=faults)

    monkeypatch.setattr(cli_explore, "draw", draw_short)
    monkeypatch.setattr(
        cli_explore, "explore", lambda seeds, _jobs: map(run_case, map(draw_short, seeds))
    )


@pytest.mark.usefixtures("short_cases")
def test_seeds_that_hold_are_counted() -> None:
    result = CliRunner().invoke(explore_command, ["--seeds", "2", "--first", "5"])
    assert result.exit_code == 0, result.output
    assert "2 seeds from 5 on" in result.output
    assert "all invariants hold" in result.output


@pytest.mark.usefixtures("short_cases")
def test_trace_of_a_seed_is_the_same_each_time() -> None:
    runs = [CliRunner().invoke(explore_command, ["--seed", "3", "--trace"]) for _ in range(2)]
    assert runs[0].output == runs[1].output
    assert "process starts on 0 durable events" in runs[0].output
    assert "seed 3: all invariants hold" in runs[0].output
    assert "hash " in runs[0].output


@pytest.mark.usefixtures("short_cases")
def test_finding_is_told_with_seed_commit_invariant_and_made_smaller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run_badly(case: Case, *, keep_lines: bool = False) -> Outcome:
        outcome = run_case(case, keep_lines=keep_lines)
        broken = Broken(invariant=5, title="order", detail="A002", number="A002", at_s=9.0)
        return replace(outcome, broken=broken, around=("A002 was called",))

    monkeypatch.setattr(cli_explore, "run_case", run_badly)
    monkeypatch.setattr(cli_explore, "_commit", lambda: "abc1234+")
    result = CliRunner().invoke(explore_command, ["--seed", "3"])
    assert result.exit_code == cli_explore.BROKEN
    for told in (
        "seed 3 at 9.000 s: invariant 5 (order): A002",
        "A002 was called",
        "commit abc1234+",
        "paihao explore --seed 3 --trace",
        "made smaller:",
        "time: 10 s from",
        "faults: none",
    ):
        assert told in result.output, result.output


def test_trace_of_many_seeds_is_refused() -> None:
    result = CliRunner().invoke(explore_command, ["--trace"])
    assert result.exit_code == 2
    assert "--seed" in result.output

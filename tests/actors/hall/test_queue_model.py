"""The hall against a naive model, through all of its commands, over days and restarts.

The model is in `naive` and `naive_diary`, what is done in `machine` and what is beside it, and what must always
hold in `machine_invariants`. What it finds is shown in `test_queue_planted`.
"""

from __future__ import annotations

from typing import get_args

from hypothesis import settings

from protocol.commands import Command
from tests.actors.hall.machine_invariants import WatchedHall
from tests.actors.hall.stories import RULES, STORIES, long_story

WatchedHall.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestWatchedHall = WatchedHall.TestCase


def test_every_command_has_a_rule() -> None:
    """One that is added to the protocol is driven here, or this fails."""
    assert {kind for rule in RULES.values() for kind in rule.asks} == set(get_args(Command))


def test_long_stories_agree_with_the_model() -> None:
    WatchedHall.done.clear()
    for seed in range(STORIES):
        print("seed", seed)
        long_story(seed)
    # A rule whose command is always refused, or never, would show little.
    assert {kind for kind, done in WatchedHall.done if done} == set(get_args(Command))

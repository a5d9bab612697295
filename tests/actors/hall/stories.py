"""Long stories of a hall beside its model: Hypothesis finds short ones, and odd things meet in long ones."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.actors.hall.machine import BEGINS, Doing
from tests.actors.hall.machine_invariants import WatchedHall

STORIES, STEPS = 14, 450
"""How many stories tell enough, and the commands in each."""


def marked(mark: str) -> dict[str, Any]:
    """The machine's methods that have the mark, by name."""
    methods = {name: getattr(WatchedHall, name) for name in dir(WatchedHall)}
    return {name: getattr(each, mark) for name, each in methods.items() if hasattr(each, mark)}


RULES: dict[str, Doing] = marked("doing")
HOLDS = tuple(marked("holds"))


def long_story(seed: int) -> WatchedHall:
    """Drive a hall as chance has it; return the machine that did."""
    random, machine = Random(seed), WatchedHall()
    machine.a_hall(**{name: random.choice(some) for name, some in BEGINS.items()})
    names, weights = list(RULES), [rule.weight for rule in RULES.values()]
    for name in random.choices(names, weights, k=STEPS):
        if RULES[name].when(machine):
            given = {each: random.choice(some) for each, some in RULES[name].given.items()}
            getattr(machine, name)(**given)
            for invariant in HOLDS:
                getattr(machine, invariant)()
    machine.teardown()
    return machine

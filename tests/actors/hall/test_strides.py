"""Shares of a counter's calls, by search: nobody gets ahead of a share, and nobody saves one up."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.policies import WEIGHT_MAX, Policy, PolicyKind
from tests.actors.hall.turns import NORMAL, ONE, PRIORITY, Q, R, S, Turns, turns_spec

WEIGHTS = st.integers(1, WEIGHT_MAX)


@settings(max_examples=60, deadline=None)
@given(
    weights=st.fixed_dictionaries({Q: WEIGHTS, R: WEIGHTS, S: WEIGHTS}),
    idle=st.integers(0, 15),
    start=st.integers(0, 20),
    count=st.integers(1, 40),
)
def test_services_with_people_waiting_get_their_share_of_any_stretch_of_calls(
    weights: dict[str, int], idle: int, start: int, count: int
) -> None:
    turns = Turns(turns_spec(Policy(kind=PolicyKind.SERVICE_WEIGHTS), weights))  # type: ignore[arg-type]
    for _ in range(idle):  # nobody waits for the others meanwhile
        turns.take(Q)
        turns.next(ONE)
    for _ in range(start + count + 1):
        for service in (Q, R, S):
            turns.take(service)
    called = [turns.next(ONE).service for _ in range(start + count)][start:]
    for one in weights:
        for other in weights:
            ahead = Fraction(called.count(one), weights[one]) - Fraction(
                called.count(other), weights[other]
            )
            assert ahead <= Fraction(1, weights[one]) + Fraction(1, weights[other])


@settings(max_examples=60, deadline=None)
@given(priority=WEIGHTS, normal=WEIGHTS, start=st.integers(0, 20), count=st.integers(1, 40))
def test_classes_with_people_waiting_get_their_share_of_any_stretch_of_calls(
    priority: int, normal: int, start: int, count: int
) -> None:
    ratios = {PRIORITY: priority, NORMAL: normal}
    turns = Turns(turns_spec(Policy(kind=PolicyKind.CLASS_RATIOS, ratios=ratios)))
    for number in range(start + count):
        for ticket_class in ratios:
            turns.take((Q, R, S)[number % 3], ticket_class)
    called = []
    for _ in range(start + count):
        choice = turns.next(ONE).choice
        assert choice is not None
        called.append(choice.candidates[0].ticket_class)
    shares = [Fraction(called[start:].count(one), ratio) for one, ratio in ratios.items()]
    assert abs(shares[0] - shares[1]) <= Fraction(1, priority) + Fraction(1, normal)

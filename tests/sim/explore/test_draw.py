"""What seeds stand for: all that a hall may have is drawn, each in some of them, and people make use of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocol.hall import Security
from protocol.values import replace
from sim.explore.case import Case
from sim.explore.draw import draw
from sim.explore.runs import run_case

CASES = [draw(seed) for seed in range(150)]


FEATURES: dict[str, Callable[[Case], bool]] = {
    "bookings": lambda case: case.people.bookings_per_h > 0,
    "visits": lambda case: case.people.visit_share > 0,
    "closures": lambda case: case.people.closure_s is not None,
    "one channel": lambda case: any(g.covers for g in case.spec.gateways.values()),
    "repeaters": lambda case: any(g.routes for g in case.spec.gateways.values()),
    "paired": lambda case: bool(case.paired),
    "stranger": lambda case: case.stranger_s is not None,
    "fitter": lambda case: case.fitter_s is not None,
    "frame level": lambda case: case.on_channel,
}


@pytest.mark.parametrize("feature", FEATURES)
def test_everything_is_drawn_in_some_cases_and_not_in_most(feature: str) -> None:
    having = sum(map(FEATURES[feature], CASES))
    assert 0.05 < having / len(CASES) < 0.6


def test_what_is_drawn_fits_together() -> None:
    for case in CASES:
        addresses = [t.address for g in case.spec.gateways.values() for t in g.terminals]
        assert len(set(addresses)) == len(addresses)
        for gateway in case.spec.gateways.values():
            theirs = {terminal.address for terminal in gateway.terminals}
            assert theirs >= {*gateway.routes, *gateway.routes.values()}
            assert all(gateway.way_to(address) is not None for address in theirs)
            for other in gateway.covers:
                assert case.spec.gateways[other].address == gateway.address
            paired = {address for home, address in case.paired if home == gateway.id}
            if case.paired and gateway.security is Security.REQUIRED:
                assert paired == theirs


@pytest.mark.parametrize(
    ("feature", "seen"),
    [
        ("bookings", "CustomerCheckedIn"),
        ("visits", "VisitContinued"),
        ("closures", "ClosureAdded"),
        ("stranger", "somebody sends a press of keypad"),
        ("fitter", "is paired"),
    ],
)
def test_people_make_use_of_what_is_drawn(feature: str, seen: str) -> None:
    for case in filter(FEATURES[feature], CASES):
        calm = replace(case, faults=(), on_channel=False, lasts_s=1800.0)
        if any(seen in line for line in run_case(calm, keep_lines=True).lines):
            return
    raise AssertionError(f"nobody has seen {seen}")

"""Distances along the ground, against ones that are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.places import EARTH_RADIUS_M, Position, distance_m

PI = 3.141592653589793
POSITIONS = st.builds(Position, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        ((30.2592, 120.1303), (30.2592, 120.1303), 0.0),
        # A degree of latitude is a 360th of the way round.
        ((30.0, 120.0), (31.0, 120.0), 2 * PI * EARTH_RADIUS_M / 360),
        # On the equator one of longitude is as much, at 60 degrees half of it.
        ((0.0, 179.5), (0.0, -179.5), 2 * PI * EARTH_RADIUS_M / 360),
        ((60.0, 0.0), (60.0, 0.01), PI * EARTH_RADIUS_M / 36_000),
        ((90.0, 0.0), (-90.0, 77.0), PI * EARTH_RADIUS_M),
    ],
)
def test_known_distance_is_found(
    one: tuple[float, float], other: tuple[float, float], metres: float
) -> None:
    here = Position(latitude=one[0], longitude=one[1])
    there = Position(latitude=other[0], longitude=other[1])
    assert distance_m(here, there) == pytest.approx(metres, rel=1e-5, abs=1e-6)


@given(POSITIONS, POSITIONS)
def test_it_is_as_far_back_and_never_farther_than_half_round(
    one: Position, other: Position
) -> None:
    there = distance_m(one, other)
    assert there == pytest.approx(distance_m(other, one), abs=1e-3)
    assert 0 <= there <= PI * EARTH_RADIUS_M * 1.000001

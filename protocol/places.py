"""Where halls are, and how far that is from somebody's phone."""

from __future__ import annotations

from collections.abc import Mapping
from math import asin, cos, radians, sin, sqrt

import attrs

from protocol.ids import DistrictId, Language
from protocol.values import value

__all__ = ["Place", "Position", "distance_m"]

EARTH_RADIUS_M = 6_371_000.0
"""The mean radius; as a sphere the earth is off by half a per cent at most."""


@value
class Position:
    """A place on the earth, in degrees: ``latitude`` -90 to 90, ``longitude`` -180 to 180 (WGS 84)."""

    latitude: float
    longitude: float


@value
class Place:
    """Where a hall is: its ``district``, its ``address`` in each language, its ``position``.

    Phones that are farther than ``reach_m`` (metres) from it take no numbers; without it, distance does not
    matter.
    """

    district: DistrictId | None = None
    address: Mapping[Language, str] = attrs.field(factory=dict)
    position: Position | None = None
    reach_m: float | None = None


def distance_m(one: Position, other: Position) -> float:
    """Return how far it is between two positions, along the ground, in metres (haversine formula)."""
    north = radians(other.latitude - one.latitude)
    east = radians(other.longitude - one.longitude)
    parallels = cos(radians(one.latitude)) * cos(radians(other.latitude))
    chord = sin(north / 2) ** 2 + parallels * sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(chord)))

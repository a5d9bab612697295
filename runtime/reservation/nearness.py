"""Whether a phone is near enough to a hall to take a number there. Pure."""

from __future__ import annotations

from protocol.places import Place, Position, distance_m
from runtime.http.problems import refuse

__all__ = ["check_near", "position_of"]

LATITUDE_MAX, LONGITUDE_MAX = 90.0, 180.0


def position_of(latitude: float | None, longitude: float | None) -> Position | None:
    """Return where a phone says that it is.

    Raises:
        RequestRefused: there is no such place on the earth.
    """
    if latitude is None or longitude is None:
        return None
    if not (abs(latitude) <= LATITUDE_MAX and abs(longitude) <= LONGITUDE_MAX):
        raise refuse(
            "bad-value", "latitude must be -90 to 90 degrees, and longitude -180 to 180 degrees"
        )
    return Position(latitude=latitude, longitude=longitude)


def check_near(place: Place, phone: Position | None) -> None:
    """Return if a phone at that position may take numbers in a hall at ``place``.

    Raises:
        RequestRefused: it is too far away, or does not say where it is.
    """
    if place.reach_m is None or place.position is None:
        return
    if phone is None:
        raise refuse(
            "position-needed",
            f"phones within {place.reach_m:g} m of the hall take numbers: send latitude and longitude",
            reach_m=place.reach_m,
        )
    away_m = distance_m(place.position, phone)
    if away_m > place.reach_m:
        raise refuse(
            "too-far",
            f"the phone is {away_m:.0f} m from the hall, and only within {place.reach_m:g} m numbers are taken",
            distance_m=round(away_m),
            reach_m=place.reach_m,
        )

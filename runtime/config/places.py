"""Districts, and where halls are, in a configuration."""

from __future__ import annotations

from protocol import places
from protocol.hall import HallSpec
from runtime.config import kinds, model
from runtime.config.document import Place
from runtime.config.problems import Findings
from runtime.config.tables import Tables

__all__ = ["check_reach", "declare_places"]


def declare_places(tables: Tables) -> None:
    """Declare ``[[district]]`` and ``[hall.place]``."""
    identity = tables.one(kinds.IDENTITY)
    tables.declare(model.District, id=identity, names=tables.names)
    tables.declare(
        places.Position,
        latitude=tables.one(kinds.number(-90, 90)),
        longitude=tables.one(kinds.number(-180, 180)),
    )
    tables.declare(
        places.Place,
        district=identity,
        address=tables.names,
        position=tables.table(places.Position),
        reach_m=tables.one(kinds.number(model.REACH_M_MIN, model.REACH_M_MAX)),
    )


def check_reach(findings: Findings, place: Place, hall: HallSpec) -> None:
    """Report a reach from a position that is not given."""
    reach, there = (*place, "place", "reach_m"), (*place, "place", "position")
    if hall.place.reach_m is None or hall.place.position is not None:
        return
    if findings.sound(reach) and findings.sound(there):
        findings.add(
            reach,
            "says how far phones may be from a position that is not given",
            "needed with it: position = { latitude = 30.2592, longitude = 120.1303 }",
        )

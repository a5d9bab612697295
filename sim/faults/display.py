"""Faults of the hall's large screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.faults.kind import End, FaultKind, Target

SCREEN = "screen"

DISPLAY = Target(
    name="display",
    what=SCREEN,
    places=lambda premises: () if getattr(premises, "screen", None) is None else (SCREEN,),
)


def _lost(site: Any, _where: str, _given: Mapping[str, float]) -> End:
    screen = site.screen
    return site.holds.hold(  # type: ignore[no-any-return]
        "screen", lambda: screen.switch(off=True), lambda: screen.switch(off=False)
    )


KINDS = (
    FaultKind(
        name="display-lost",
        does="The large screen loses its power, and is silent; it connects again when that is back.",
        target=DISPLAY,
        begin=_lost,
        live=False,
    ),
)

"""Bugs by which headquarters' copy differs from the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actors import uplink
from protocol.event_rows import Row
from sim import headquarters
from sim.explore.case import Case
from tests.sim.explore.planted.bug import Bug, Plant


def _copied(case: Case) -> bool:
    return case.copied


def _taken_twice(plant: Plant) -> None:
    """A batch that comes once more is taken once more."""

    def all_of_them(rows: Sequence[Row], *_seen: Any) -> Sequence[Row]:
        return rows

    plant.attribute(headquarters, "fresh_rows", all_of_them)


def _waits_for_ever(plant: Plant) -> None:
    """An answer that is lost is waited for."""

    def take_overdue(self: uplink.UplinkActor, message: object) -> None:
        """Go on waiting."""

    plant.attribute(uplink.UplinkActor, "_take_overdue", take_overdue)
    plant.attribute(uplink, "ANSWER_MAX_S", 1e6)


def _remembers_what_it_sent(plant: Plant) -> None:
    """What was sent is taken for granted, whatever headquarters says that it has."""
    go_on = uplink.UplinkActor._go_on

    def never_back(self: uplink.UplinkActor, there: int) -> None:
        sent = getattr(self, "sent", 0)
        self.sent = max(sent, there)  # type: ignore[attr-defined]
        go_on(self, self.sent)  # type: ignore[attr-defined]

    plant.attribute(uplink.UplinkActor, "_go_on", never_back)


BUGS = (
    Bug(
        name="a batch that comes twice is taken twice",
        invariant=7,
        seed=0,
        plant=_taken_twice,
        can_show=_copied,
    ),
    Bug(
        name="an answer of headquarters is waited for for ever",
        invariant=7,
        seed=0,
        plant=_waits_for_ever,
        can_show=_copied,
    ),
    Bug(
        name="what was sent to headquarters is taken for granted",
        invariant=7,
        seed=0,
        plant=_remembers_what_it_sent,
        can_show=_copied,
    ),
)

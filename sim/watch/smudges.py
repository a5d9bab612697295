"""Which papers may have suffered on a bad line: neither their number nor their code need be right."""

from __future__ import annotations

from protocol.ids import KioskId

__all__ = ["SMUDGED_S", "Smudges"]

SMUDGED_S = 60.0
"""So long after a line was bad papers may come out that suffered from it; the next one may at any time."""


class Smudges:
    """Remembers of each kiosk when its printer's line was bad."""

    def __init__(self) -> None:
        self._until_s: dict[KioskId, float] = {}

    def line_was_bad(self, kiosk: KioskId, now_s: float) -> None:
        """Note that the line of the kiosk's printer is bad now."""
        self._until_s[kiosk] = now_s + SMUDGED_S

    def paper_came(self, kiosk: KioskId, now_s: float, *, bad: bool) -> bool:
        """Return whether a paper that was cut just now may have suffered; the line is ``bad`` now, or not."""
        until_s = self._until_s.get(kiosk)
        if until_s is not None and not bad and now_s >= until_s:
            # What hung out of the printer when the line became good is cut off by whatever comes next.
            del self._until_s[kiosk]
        return bad or until_s is not None

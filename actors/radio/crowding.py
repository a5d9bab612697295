"""How full a channel is, and whether those on it mind each other: what a gateway says how depends on that."""

from __future__ import annotations

from math import exp

import attrs

from protocol.radio.actions import LinkCounts
from protocol.radio.air_time import AirTime
from protocol.radio.link import RadioLink

__all__ = ["Crowding", "RecentAir", "Repeats"]

REPEATS_OF = 32
"""The smoothed share of repeats is that of about so many uplinks."""

REPEATS_QUIET_S = 10.0
"""After so long without an uplink a channel is not overrun, and what was before says nothing of it."""

REPEATS_MAX = 0.35
"""Where terminals mind who is on the air, the first attempt of fewer of their last uplinks was lost, nearly
always."""

LOSSY_REPEATS = 0.5
"""So many are lost where nobody minds that, and the channel is overrun. To be taken for one does harm."""

CROWDED = 0.25
"""So much of the time there is something on the air, as far as we hear it, where the channel is crowded..."""

CROWDED_OF_S = 10.0
"""... of about so long."""


@attrs.define
class RecentAir:
    """The share (0..1) of the last ``of_s`` seconds or so in which we or the others were on the air."""

    _of_s: float
    share: float = 0.0
    _air_s: float = 0.0
    _at_s: float = 0.0

    def look(self, now_s: float, air: AirTime) -> None:
        """Note how long we and the others were on the air so far."""
        passed_s = now_s - self._at_s
        air_s = air.sent_s + air.heard_s
        self.share = self.share * exp(-passed_s / self._of_s) + (air_s - self._air_s) / self._of_s
        self._air_s, self._at_s = air_s, now_s


@attrs.define
class Repeats:
    """The share (0..1) of all terminals' last uplinks of which the first attempt was lost, smoothed.

    A repeat of what was heard already does not count: where modules wait for a free channel, an acknowledgement
    that comes late has a device repeat itself though nothing was lost.
    """

    share: float = 0.0
    _new: int = 0
    _repeats: int = 0
    _heard_s: float = 0.0

    def look(self, counts: LinkCounts, now_s: float) -> None:
        """Note what was counted so far."""
        new = counts.datagrams_received - counts.duplicates
        repeats = max(counts.retries_received - counts.duplicates, self._repeats)
        if new == self._new:
            return
        if now_s - self._heard_s > REPEATS_QUIET_S:
            self.share = 0.0
        for number in range(new - self._new):
            self.share += ((number < repeats - self._repeats) - self.share) / REPEATS_OF
        self._new, self._repeats, self._heard_s = new, repeats, now_s


class Crowding:
    """See the module; `look` is told the link's counts after each input."""

    def __init__(self) -> None:
        self._repeats = Repeats()
        self._recent = RecentAir(CROWDED_OF_S)

    def look(self, link: RadioLink, now_s: float) -> None:
        """Note what the link has counted so far."""
        self._repeats.look(link.counts, now_s)
        self._recent.look(now_s, link.air_time)

    @property
    def minded(self) -> bool:
        """Whether terminals mind who is on the air, as far as is known."""
        return self._repeats.share <= REPEATS_MAX

    @property
    def lossy(self) -> bool:
        """Whether much is lost, since nobody minds who is on the air."""
        return self._repeats.share > LOSSY_REPEATS

    @property
    def crowded(self) -> bool:
        """Whether there is something on the air for much of the time, or much is lost."""
        return self.lossy or self._recent.share > CROWDED

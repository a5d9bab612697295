"""How full a channel is, and whether those on it mind each other: what a gateway says how depends on that."""

from __future__ import annotations

from math import exp

import attrs

from actors.radio.trust import LOSSY_TRUST_S, TRUST_S
from protocol.radio.actions import LinkCounts
from protocol.radio.air_time import AirTime
from protocol.radio.link import RadioLink

__all__ = ["FULL_PATIENCE_S", "TOLD_EACH_S", "TOLD_PATIENCE_S", "Crowding", "RecentAir", "Repeats"]

REPEATS_OF = 32
"""The smoothed share of repeats is that of about so many uplinks."""

REPEATS_QUIET_S = 10.0
"""After so long without an uplink a channel is not overrun, and what was before says nothing of it."""

REPEATS_MAX = 0.3
"""Where terminals mind who is on the air, the first attempt of fewer of their last uplinks was lost, nearly
always."""

LOSSY_REPEATS = 0.48
LOSSY_ENDS = 0.25
"""More are lost where nobody minds that, and the channel is overrun, until fewer than the second are. They are
more, too, than the share of the time in which there is something on the air: about twice as many, where whoever
begins then is lost. Where it is minded they are far fewer than that, and to be taken for such a channel does
harm."""

ROOM_REPEATS = 0.08
"""No more are lost, of their last uplinks, where there is room for more frames: noise takes fewer."""

CROWDED = 0.25
"""So much of the time there is something on the air, as far as we hear it, where the channel is crowded..."""

CROWDED_OF_S = 10.0
"""... of about so long."""

BUSY = 0.15
"""From this share on words are left out that nobody waits for: at 64 terminals in a rush half of the calls had
to wait for those of others."""

TOLD_PATIENCE_S = 25.0
TOLD_EACH_S = 1.0
"""How long a window that broadcasts have told may wait until it is asked for its word, and how much longer for
each one that waits for that as well: as when a day begins at many counters."""

FULL_PATIENCE_S = 100.0
"""The same where the channel is full, where windows are asked last (`PROOF_WITHIN_S`, and a round)."""


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
        self.lossy = False
        """Whether much is lost, since nobody minds who is on the air."""

    def look(self, link: RadioLink, now_s: float) -> None:
        """Note what the link has counted so far."""
        self._repeats.look(link.counts, now_s)
        self._recent.look(now_s, link.air_time)
        lost = self._repeats.share
        self.lossy = lost > max(LOSSY_ENDS if self.lossy else LOSSY_REPEATS, self._recent.share)

    @property
    def minded(self) -> bool:
        """Whether terminals mind who is on the air, as far as is known."""
        return self._repeats.share <= REPEATS_MAX

    @property
    def full(self) -> bool:
        """Whether there is something on the air for much of the time."""
        return self._recent.share > CROWDED

    def patience_s(self, told: int) -> float:
        """Return how long each of ``told`` windows may wait for its turn that broadcasts have told."""
        return FULL_PATIENCE_S if self.full else TOLD_PATIENCE_S + TOLD_EACH_S * told

    @property
    def crowded(self) -> bool:
        """Whether it is full, or much is lost."""
        return self.lossy or self.full

    @property
    def trust_s(self) -> float:
        """How old a window's last word may be where its acknowledgement is enough; 0 where none is."""
        if self._repeats.share > ROOM_REPEATS and self._repeats.share > self._recent.share:
            return LOSSY_TRUST_S
        return TRUST_S if self.crowded or self._recent.share > BUSY else 0.0

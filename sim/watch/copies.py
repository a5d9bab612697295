"""7. Headquarters' copy equals the journals when all is quiet: no gap, no duplicate.

And at any time it holds nothing else than what the disk does, each event under its number.
"""

from __future__ import annotations

from sim.watch.invariant import Invariant, sees
from sim.watch.sightings import CopySeen, event_text


class CopyEquals(Invariant):
    """See the module."""

    number = 7
    title = "headquarters' copy equals the journal"

    @sees(CopySeen)
    def _copy(self, seen: CopySeen) -> None:
        kept = self.scene.on_disk(0)
        for place, there in enumerate(seen.events):
            if place >= len(kept):
                self.broken(f"headquarters has {len(seen.events)} events, the disk {len(kept)}")
                return
            if there != kept[place]:
                self.broken(
                    f"event {place + 1} is {event_text(there.event)} ({there.seq}) at headquarters, and"
                    f" {event_text(kept[place].event)} on the disk"
                )
                return
        if seen.quiet and len(seen.events) < len(kept):
            self.broken(f"headquarters has {len(seen.events)} of {len(kept)} events")

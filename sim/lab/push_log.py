"""What became of each push of a rehearsal: what its hall wrote of it, and when it came to a phone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from protocol.events import TicketCalled
from protocol.ids import PushId, TicketId
from protocol.push_events import PushDue, PushEnded
from protocol.pushes import PushKind, PushOutcome

__all__ = ["PushLog", "PushNote"]


@attrs.define(eq=False)
class PushNote:
    """One push. Times are the hall's (aware)."""

    kind: PushKind
    ticket: TicketId
    due_at: datetime
    told_at: datetime | None = None
    """When it came to the phone."""
    outcome: PushOutcome | None = None
    """What the hall has noted of it; None if nothing."""

    @property
    def late_s(self) -> float | None:
        """How long (seconds) after it was due it came; None if it did not."""
        return None if self.told_at is None else (self.told_at - self.due_at).total_seconds()


class PushLog:
    """Of a whole run."""

    def __init__(self) -> None:
        self.followed = 0
        """Tickets that phones followed."""
        self.uncoded = 0
        """Papers without a code of WeChat's."""
        self.used: Mapping[str, tuple[int, int]] = {}
        """Calls of WeChat's by path on the day with the most, and how many may be made in a day."""
        self._pushes: dict[PushId, PushNote] = {}
        self._calls: dict[TicketId, list[datetime]] = {}

    @property
    def pushes(self) -> tuple[PushNote, ...]:
        """Every push, in the order in which they were due."""
        return tuple(self._pushes.values())

    def before_call_s(self) -> list[float]:
        """Return how long (seconds) before the next call of its ticket each preliminary push came."""
        found = []
        for note in self._pushes.values():
            told_at = note.told_at
            if note.kind is PushKind.NEAR and told_at is not None:
                calls = [at for at in self._calls.get(note.ticket, ()) if at >= told_at]
                found += [(at - told_at).total_seconds() for at in calls[:1]]
        return found

    def due(self, push: PushDue) -> None:
        """Note that a push is to be sent."""
        self._note(push)

    def told(self, push: PushDue, at: datetime) -> None:
        """Note that it came to the phone at ``at``; that counts once."""
        note = self._note(push)
        if note.told_at is None:
            note.told_at = at

    def ended(self, ended: PushEnded) -> None:
        """Note what the hall has written of it."""
        note = self._pushes.get(ended.push)
        if note is not None:
            note.outcome = ended.outcome

    def called(self, called: TicketCalled) -> None:
        """Note when a ticket was called."""
        self._calls.setdefault(called.ticket, []).append(called.at)

    def _note(self, push: PushDue) -> PushNote:
        # A hall's process that has just started may send what nobody was told of.
        note = self._pushes.get(push.push)
        if note is None:
            note = PushNote(kind=push.kind, ticket=push.ticket, due_at=push.at)
            self._pushes[push.push] = note
        return note

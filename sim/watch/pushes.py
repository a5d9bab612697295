"""8. One preliminary push for a ticket and one push for each call, none after it has ended.

Seen on the phones, beside what the public stream tells of the tickets. And who follows is told: of each call,
and that his turn is near once hardly anybody waits, when nothing was wrong with anything for a while.
"""

from __future__ import annotations

from collections import Counter as Count
from functools import partial

from protocol.events import (
    ServiceFinished,
    TicketCalled,
    TicketCancelled,
    TicketExpired,
    TicketHeld,
    TicketNoShow,
    TicketReactivated,
    TicketRecalled,
    TicketRequeued,
    TicketResumed,
    TicketTaken,
    TicketTransferred,
    VisitContinued,
)
from protocol.ids import ServiceId, TicketId
from protocol.push_events import TicketFollowed, TicketUnfollowed
from protocol.pushes import PushKind
from protocol.tickets import TicketState
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.sightings import (
    EventSeen,
    FaultSeen,
    ProcessEnded,
    ProcessStarted,
    PushSeen,
    number_of,
)

ON_ITS_WAY_S = 1.0
"""A push may come so long after what it tells of was over: it had been sent."""

TOLD_WITHIN_S = 30.0
"""So soon a follower is told when nothing is wrong."""

CALM_S = 150.0
"""So long after the last fault nothing pauses any more because of it."""


class PushesOnce(Invariant):
    """See the module."""

    number = 8
    title = "one push that a turn is near, one for each call, none for what is over"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._near: set[TicketId] = set()
        """Of which phones were told that their turn is near."""
        self._told: Count[TicketId] = Count()
        """How often phones were told of calls of each."""
        self._calls: Count[TicketId] = Count()
        """How often each was called, or recalled where that is told."""
        self._ended_s: dict[TicketId, float] = {}
        self._called_s: dict[TicketId, float] = {}
        self._follows: set[TicketId] = set()
        self._calm, self._lives = True, True
        self._well_since_s: float | None = -CALM_S
        """Since when no fault is on, and the process lives."""
        self._recalls = scene.spec.pushes.recall

    # -- phones -----------------------------------------------------------------------------

    @sees(PushSeen)
    def _push(self, seen: PushSeen) -> None:
        ticket, number = seen.ticket, number_of(seen.ticket)
        over_s = self._ended_s.get(ticket)
        if over_s is not None and self.scene.now_s > over_s + ON_ITS_WAY_S:
            self.broken(f"{seen.person} is told of {number}, which has ended", number)
        if seen.kind is PushKind.NEAR:
            if ticket in self._near:
                self.broken(f"{seen.person} is told twice that {number} is near", number)
            self._near.add(ticket)
            called_s = self._called_s.get(ticket)
            if called_s is not None and self.scene.now_s > called_s + ON_ITS_WAY_S:
                self.broken(
                    f"{seen.person} is told that {number} is near when it is called", number
                )
            return
        self._told[ticket] += 1
        if self._told[ticket] > self._calls[ticket]:
            self.broken(
                f"{seen.person} was told {self._told[ticket]} times of calls of {number}, which was"
                f" called {self._calls[ticket]} times",
                number,
            )

    # -- the stream -------------------------------------------------------------------------

    @sees(EventSeen)
    def _event(self, seen: EventSeen) -> None:
        event, now_s = seen.event, self.scene.now_s
        ticket = getattr(event, "ticket", None)
        if ticket is None:
            return
        kind = type(event)
        if kind is TicketFollowed:
            self._follows.add(ticket)
        elif kind is TicketUnfollowed:
            self._follows.discard(ticket)
        elif kind is TicketCalled:
            self._calls[ticket] += 1
            self._called_s[ticket] = now_s
            if ticket in self._follows:
                calls, told = self._calls[ticket], self._told[ticket]
                self.scene.later(
                    TOLD_WITHIN_S, partial(self._look_called, ticket, calls, told, now_s)
                )
        elif kind is TicketRecalled:
            self._calls[ticket] += self._recalls
        elif kind in _ENDS:
            self._ended_s[ticket] = now_s
        elif kind in _WAITS:
            self._ended_s.pop(ticket, None)
            self._called_s.pop(ticket, None)
        if self._follows and kind in _MOVES:
            self.scene.later(0.0, lambda: self._look_around(ticket))

    def _look_called(self, ticket: TicketId, calls: int, told: int, called_s: float) -> None:
        """See that a call which still lasts was told; ``calls`` and ``told`` were so many then."""
        entry = self.scene.ledger.tickets.get(ticket)
        if (
            entry is not None
            and entry.state is TicketState.CALLED
            and ticket in self._follows
            and self._calls[ticket] == calls
            and self._told[ticket] == told
            and self._calm_since(called_s)
        ):
            number = number_of(ticket)
            self.broken(f"nobody is told for {TOLD_WITHIN_S:g} s that {number} is called", number)

    def _look_around(self, ticket: TicketId) -> None:
        """See who is near, as hardly anybody waits where the ticket is, or was."""
        entry = self.scene.ledger.tickets.get(ticket)
        if entry is None:
            return
        for id in self._next(entry.service):
            if id in self._follows and id not in self._near:
                since_s = self.scene.now_s
                self.scene.later(TOLD_WITHIN_S, partial(self._look_near, id, since_s))

    def _look_near(self, ticket: TicketId, since_s: float) -> None:
        """See that a ticket which is still near was told so."""
        entry = self.scene.ledger.tickets.get(ticket)
        if (
            entry is not None
            and ticket in self._next(entry.service)
            and ticket in self._follows
            and ticket not in self._near
            and self._calm_since(since_s)
        ):
            number = number_of(ticket)
            self.broken(f"nobody is told for {TOLD_WITHIN_S:g} s that {number} is near", number)

    def _next(self, service: ServiceId) -> tuple[TicketId, ...]:
        """Return who waits for the service, if that is so few that all are near."""
        waiting = self.scene.ledger.waiting.get(service, {})
        known = self.scene.spec.services.get(service)
        return tuple(waiting) if known is not None and len(waiting) <= known.lead else ()

    # -- whether all is well ----------------------------------------------------------------

    @sees(FaultSeen)
    def _fault(self, seen: FaultSeen) -> None:
        self._calm = seen.calm
        self._look_well()

    @sees(ProcessStarted)
    def _started(self, _seen: ProcessStarted) -> None:
        self._lives = True
        self._look_well()

    @sees(ProcessEnded)
    def _process_ended(self, _seen: ProcessEnded) -> None:
        self._lives = False
        self._look_well()

    def _look_well(self) -> None:
        if not (self._calm and self._lives):
            self._well_since_s = None
        elif self._well_since_s is None:
            self._well_since_s = self.scene.now_s

    def _calm_since(self, at_s: float) -> bool:
        """Whether nothing has been wrong for some time before ``at_s``."""
        return self._well_since_s is not None and self._well_since_s + CALM_S <= at_s


_ENDS = frozenset({ServiceFinished, TicketNoShow, TicketCancelled, TicketExpired})
_WAITS = frozenset(
    {TicketResumed, TicketRequeued, TicketTransferred, TicketReactivated, VisitContinued}
)
_MOVES = _ENDS | _WAITS | {TicketCalled, TicketHeld, TicketTaken, TicketFollowed}

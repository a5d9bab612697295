"""A day out of a hall's journal: who came and when, how long everything took, when counters were open.

What a journal cannot tell is not made up here: of who left or was never called it is not known how long the
service would have taken; of who was served, how much longer he would have waited.

A clerk who has finished and does not call although somebody waits is busy for that time, with whatever it is:
it is added to the ticket before as its ``after_s``. So is an idle one who lets somebody who comes wait for more
than `SEEN_WITHIN_S`; less than that is how long it took to see him.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import attrs

from actors.hall.ranks import Order, instant
from protocol.booking_events import CustomerCheckedIn
from protocol.events import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketCancelled,
    TicketExpired,
    TicketHeld,
    TicketNoShow,
    TicketReactivated,
    TicketRequeued,
    TicketResumed,
    TicketTaken,
    TicketTransferred,
    VisitContinued,
)
from protocol.hall import HallSpec
from protocol.ids import BookingId, CommandId, CounterId, ServiceId, StaffId, TicketId
from protocol.messages import Recorded
from protocol.tickets import QueuePlace, TicketClass
from sim.lab.recording import Booking, DayFound, Deed, Leg, Manned, Move, Recording
from sim.lab.visitors import End

SEEN_WITHIN_S = 30.0
"""An idle clerk who has not called after so long was not idle."""


def record(
    found: DayFound,
    events: Iterable[Recorded],
    bookings: Mapping[BookingId, Booking],
    spec: HallSpec,
) -> Recording:
    """Return the day ``found``, of which ``events`` are all those of the hall ``spec``."""
    reader = _Reader(bookings, spec)
    for each in events:
        reader.read(each)
    return reader.result(found.day)


@attrs.define(kw_only=True, eq=False)
class _Free:
    """A counter that has nobody, since ``at`` and after ``leg`` if there was one. Changed while it is free."""

    at: datetime
    leg: Leg | None
    no_show: bool = False
    """Whether the leg's customer did not come."""
    waited_from: datetime | None = None
    """Since when somebody waits for it."""

    def busy_at(self, at: datetime) -> bool:
        """Whether its clerk, who has called nobody until then, was busy with something all the time."""
        return self.waited_from is not None and (
            self.waited_from == self.at or (at - self.waited_from).total_seconds() > SEEN_WITHIN_S
        )


class _Reader:
    """Follows the tickets and counters of a day."""

    def __init__(self, bookings: Mapping[BookingId, Booking], spec: HallSpec) -> None:
        self._bookings = bookings
        self._spec = spec
        self._legs: list[Leg] = []
        self._of: dict[TicketId, Leg] = {}
        """The last leg of each ticket."""
        self._waiting: dict[TicketId, CounterId | None] = {}
        """Who waits, and for which counter alone if for one."""
        self._manned: dict[CounterId, list[Manned]] = {}
        self._free: dict[CounterId, _Free] = {}
        self._unlike: dict[str, int] = {}
        self._booked_at: dict[TicketId, datetime] = {}
        self._last_at: datetime | None = None
        self._orders: dict[TicketId, Order] = {}
        """Where each ticket stands."""
        self._seq = 0
        self._command: CommandId | None = None
        """Of the event before."""

    def read(self, recorded: Recorded) -> None:
        event, self._seq = recorded.event, recorded.seq
        if not isinstance(event, TicketExpired):
            self._last_at = event.at
        follow = _FOLLOW.get(type(event))
        if follow is not None:
            follow(self, event)
        self._command = event.command

    def result(self, day: date) -> Recording:
        for counter, free in self._free.items():
            stretch = self._manned[counter][-1]
            if stretch.ends_at is None and free.waited_from is not None:
                stretch.ends_at = free.at  # gone without a word while people waited
        for stretches in self._manned.values():
            self._ends(stretches[-1])
        return Recording(
            day=day,
            legs=tuple(self._legs),
            manned={counter: tuple(stretches) for counter, stretches in self._manned.items()},
            unlike=self._unlike,
        )

    def _ends(self, stretch: Manned) -> None:
        """Let a counter that was never closed be open until the last thing that was done in the hall."""
        if stretch.pauses and stretch.pauses[-1][1] is None:
            begins_at, _ = stretch.pauses.pop()
            stretch.ends_at = stretch.ends_at or begins_at
        stretch.ends_at = stretch.ends_at or self._last_at

    # -- tickets ---------------------------------------------------------------------------------

    def taken(self, event: TicketTaken) -> None:
        self._orders[event.ticket] = (instant(event.due_at or event.at), self._seq)
        self._begin(
            Leg(
                ticket=event.ticket,
                service=event.service,
                came_at=event.at,
                ticket_class=event.ticket_class,
                party=event.party,
                booked_at=self._booked_at.get(event.ticket),
            )
        )

    def _begin(self, leg: Leg, alone: CounterId | None = None) -> None:
        self._legs.append(leg)
        self._of[leg.ticket] = leg
        self._waits(leg.ticket, leg.came_at, alone)

    def checked_in(self, event: CustomerCheckedIn) -> None:
        if event.booking in self._bookings:
            self._booked_at[event.ticket] = self._bookings[event.booking][1]
            if event.ticket in self._of:
                self._of[event.ticket].booked_at = self._booked_at[event.ticket]

    def called(self, event: TicketCalled) -> None:
        leg = self._of.get(event.ticket)
        if leg is None:
            return
        if leg.end is not None or leg.ended_at is not None:
            leg = self._next_leg(leg, event.at, None)
        leg.seen.append((event.counter, self._acts(event.counter, event.at)))
        self._waits_no_more(event.ticket, event.at)
        leg.called_at = leg.called_at or event.at
        leg.last_called_at, leg.started_at = event.at, None
        leg.counter = event.counter

    def started(self, event: ServiceStarted) -> None:
        if (leg := self._of.get(event.ticket)) is not None:
            leg.started_at = event.at

    def finished(self, event: ServiceFinished) -> None:
        self._leaves(event.ticket, event.at, End.SERVED)

    def no_show(self, event: TicketNoShow) -> None:
        leg = self._of.get(event.ticket)
        if leg is not None and leg.last_called_at is not None:
            leg.given_up_s = (event.at - leg.last_called_at).total_seconds()
        self._leaves(event.ticket, event.at, End.NO_SHOW)

    def cancelled(self, event: TicketCancelled) -> None:
        self._leaves(event.ticket, event.at, End.LEFT)

    def expired(self, event: TicketExpired) -> None:
        leg = self._of.get(event.ticket)
        if event.ticket in self._waiting and leg is not None:
            for counter, free in self._free.items():
                stretch = self._manned[counter][-1]
                if stretch.ends_at is None and self._calls(counter, event.ticket):
                    stretch.ends_at = free.at  # gone without a word while people waited
        self._leaves(event.ticket, event.at, End.EXPIRED)

    def _leaves(self, ticket: TicketId, at: datetime, end: End) -> None:
        leg = self._of.get(ticket)
        self._waits_no_more(ticket, at)
        if leg is None or leg.end is not None:
            return
        leg.end, leg.ended_at = end, at
        self._frees(leg, at)

    def _frees(self, leg: Leg, at: datetime) -> None:
        """Note that the counter that had the leg's ticket has nobody."""
        if leg.counter is not None:
            self._free[leg.counter] = self._free_from(leg.counter, at, leg)

    def _free_from(self, counter: CounterId, at: datetime, leg: Leg | None) -> _Free:
        waited_from = at if self._awaited(counter) else None
        no_show = leg is not None and leg.end is End.NO_SHOW
        return _Free(at=at, leg=leg, no_show=no_show, waited_from=waited_from)

    def continued(self, event: VisitContinued) -> None:
        leg = self._of.get(event.ticket)
        if leg is not None:
            self._orders[event.ticket] = (instant(event.at), self._seq)
            self._next_leg(leg, event.at, Move(deed=Deed.VISIT, service=event.service))

    def transferred(self, event: TicketTransferred) -> None:
        leg = self._of.get(event.ticket)
        if leg is None:
            return
        back = event.order[0] == instant(event.at)
        move = Move(
            deed=Deed.TRANSFER, service=event.service, to_counter=event.to_counter,
            place=QueuePlace.BACK if back else None,
        )  # fmt: skip
        self._orders[event.ticket] = event.order
        if event.counter is None:
            if event.command != self._command:  # else it followed from what was done before
                leg.moves.append((event.at, move))
            leg.taken_for, leg.service = leg.taken_for or leg.service, event.service
            self._waits(event.ticket, event.at, event.to_counter)
        else:
            self._puts_back(leg, event.at)
            self._next_leg(leg, event.at, move)

    def requeued(self, event: TicketRequeued) -> None:
        leg = self._of.get(event.ticket)
        if leg is None:
            return
        place, after = self._place(event.ticket, event.at, event.order, leg.service)
        move = Move(deed=Deed.REQUEUE, service=leg.service, place=place, after=after)
        self._orders[event.ticket] = event.order
        if event.counter is None:
            leg.moves.append((event.at, move))
        else:
            self._puts_back(leg, event.at)
            self._next_leg(leg, event.at, move)

    def held(self, event: TicketHeld) -> None:
        self._waits_no_more(event.ticket, event.at)
        leg = self._of.get(event.ticket)
        if leg is None:
            return
        if event.counter is not None:
            self._puts_back(leg, event.at)
        else:
            leg.moves.append((event.at, Move(deed=Deed.HOLD, service=leg.service)))

    def resumed(self, event: TicketResumed) -> None:
        leg = self._of.get(event.ticket)
        if leg is not None and leg.ended_at is not None:
            self._next_leg(leg, event.at, Move(deed=Deed.HOLD, service=leg.service))
        elif leg is not None:
            leg.moves.append((event.at, Move(deed=Deed.RESUME, service=leg.service)))
            self._waits(event.ticket, event.at)

    def _place(
        self, ticket: TicketId, at: datetime, order: Order, service: ServiceId
    ) -> tuple[QueuePlace, int]:
        """Return where an order puts a ticket; see `actors.hall.requeueing`."""
        if order[0] < 0:
            return QueuePlace.FRONT, 0
        if order[0] == instant(at):
            return QueuePlace.BACK, 0
        before = [
            id
            for id, alone in self._waiting.items()
            if id != ticket
            and alone is None
            and self._of[id].service == service
            and self._orders[id] < order
        ]
        return QueuePlace.AFTER, len(before)

    def _puts_back(self, leg: Leg, at: datetime) -> None:
        """A counter is through with the ticket for now."""
        leg.ended_at, leg.end = at, End.SERVED
        self._frees(leg, at)

    def _next_leg(self, before: Leg, at: datetime, move: Move | None) -> Leg:
        leg = Leg(
            ticket=before.ticket,
            service=before.service if move is None else move.service,
            came_at=at,
            ticket_class=_walk_in(before.ticket_class),
            party=before.party,
            follows=before,
            came_by=move,
        )
        self._begin(leg, None if move is None else move.to_counter)
        free = self._free.get(before.counter) if before.counter is not None else None
        if free is not None and free.leg is before and free.at == at:
            self._frees(before, at)  # who goes on may be the one who waits for the same counter
        return leg

    def reactivated(self, event: TicketReactivated) -> None:
        leg = self._of.get(event.ticket)
        if leg is None:
            return
        place, after = self._place(event.ticket, event.at, event.order, leg.service)
        self._orders[event.ticket] = event.order
        if leg.end is End.NO_SHOW and leg.in_hall_at is None:
            leg.in_hall_at, leg.back_at, leg.back_after = event.at, place, after
            leg.end = leg.ended_at = leg.counter = leg.last_called_at = None
            self._waits(event.ticket, event.at)
        else:
            self._next_leg(leg, event.at, None).follows = None
            self._count("a ticket that came to life again")

    # -- counters --------------------------------------------------------------------------------

    def opened(self, event: CounterOpened) -> None:
        self._opens(event.counter, event.at, event.staff)

    def _opens(self, counter: CounterId, at: datetime, staff: StaffId | None = None) -> None:
        stretches = self._manned.setdefault(counter, [])
        if stretches and stretches[-1].ends_at is None:
            pauses = stretches[-1].pauses
            if not pauses or pauses[-1][1] is not None:
                return  # it was open
            pauses[-1] = (pauses[-1][0], at)
        else:
            stretches.append(Manned(staff=staff, begins_at=at))
        self._free[counter] = self._free_from(counter, at, None)

    def paused(self, event: CounterPaused) -> None:
        self._acts(event.counter, event.at)
        self._manned[event.counter][-1].pauses.append((event.at, None))

    def closed(self, event: CounterClosed) -> None:
        stretches = self._manned.get(event.counter)
        if not stretches or stretches[-1].ends_at is not None:
            return
        pauses = stretches[-1].pauses
        if pauses and pauses[-1][1] is None:
            stretches[-1].ends_at = pauses.pop()[0]
        else:
            self._acts(event.counter, event.at)
            stretches[-1].ends_at = event.at

    def _acts(self, counter: CounterId, at: datetime) -> float:
        """Somebody does something at a counter; return how long (seconds) it took an idle clerk to see that."""
        self._opens(counter, at)  # a journal need not begin with it
        free = self._free.pop(counter, None)
        if free is None or free.waited_from is None:
            return 0.0
        if free.busy_at(at):
            self._was_busy(counter, free, at)
            return 0.0
        return (at - free.waited_from).total_seconds()

    def _was_busy(self, counter: CounterId, free: _Free, until: datetime) -> None:
        """Note that the clerk of a counter that had nobody was busy all the same."""
        if free.leg is not None:
            busy_s = (until - free.at).total_seconds()
            if free.no_show:
                free.leg.given_up_after_s = busy_s
            else:
                free.leg.after_s = busy_s
            return
        stretch = self._manned[counter][-1]
        if stretch.pauses:
            stretch.pauses[-1] = (stretch.pauses[-1][0], until)
        else:
            stretch.begins_at = until

    def _waits(self, ticket: TicketId, at: datetime, alone: CounterId | None = None) -> None:
        """Somebody waits, for one counter alone if that is given."""
        self._waiting[ticket] = alone
        for counter, free in self._free.items():
            if free.waited_from is None and self._calls(counter, ticket):
                free.waited_from = at

    def _waits_no_more(self, ticket: TicketId, at: datetime) -> None:
        """Somebody was called, or left: clerks who did not call him before were busy, or a bit slower."""
        if ticket not in self._waiting:
            return
        del self._waiting[ticket]
        for counter, free in self._free.items():
            if free.waited_from is not None and not self._awaited(counter):
                if free.busy_at(at):
                    self._was_busy(counter, free, at)
                free.waited_from = None

    def _awaited(self, counter: CounterId) -> bool:
        return any(self._calls(counter, ticket) for ticket in self._waiting)

    def _calls(self, counter: CounterId, ticket: TicketId) -> bool:
        """Whether a counter may call a ticket that waits."""
        alone = self._waiting[ticket]
        if alone is not None:
            return alone == counter
        known = self._spec.counters.get(counter)
        return known is not None and self._of[ticket].service in known.services

    def _count(self, what: str) -> None:
        self._unlike[what] = self._unlike.get(what, 0) + 1


def _walk_in(ticket_class: TicketClass) -> TicketClass:
    return TicketClass.NORMAL if ticket_class is TicketClass.APPOINTMENT else ticket_class


_FOLLOW: Mapping[type, Callable[[_Reader, Any], None]] = {
    TicketTaken: _Reader.taken,
    CustomerCheckedIn: _Reader.checked_in,
    TicketCalled: _Reader.called,
    ServiceStarted: _Reader.started,
    ServiceFinished: _Reader.finished,
    TicketNoShow: _Reader.no_show,
    TicketCancelled: _Reader.cancelled,
    TicketExpired: _Reader.expired,
    VisitContinued: _Reader.continued,
    TicketTransferred: _Reader.transferred,
    TicketRequeued: _Reader.requeued,
    TicketHeld: _Reader.held,
    TicketResumed: _Reader.resumed,
    TicketReactivated: _Reader.reactivated,
    CounterOpened: _Reader.opened,
    CounterPaused: _Reader.paused,
    CounterClosed: _Reader.closed,
}

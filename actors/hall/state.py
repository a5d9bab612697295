"""The state of a hall's queue: a value that follows from the hall's events alone.

Nothing in it is ever changed in place, so a state that was durable once can be kept, read, shown and written
to a snapshot while decisions go on, and going back to it costs nothing. Small maps (services, counters) are
dicts that are copied on change; the maps that grow with the day are hash tries (`immutables.Map`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType

import attrs
from immutables import Map

from actors.hall.diary import EMPTY_DIARY, Diary
from actors.hall.ranks import Order, Ranks
from protocol.estimates import Estimate
from protocol.events import TicketCalled, TicketTaken
from protocol.hall import HallSpec
from protocol.ids import (
    CommandId,
    CounterId,
    FollowerId,
    KioskId,
    Language,
    PersonId,
    ServiceId,
    StaffId,
    TicketId,
)
from protocol.push_events import PushDue
from protocol.tickets import Channel, CounterMode, PrintState, TicketClass, TicketState
from protocol.values import value

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@value
class Served:
    """A service that was finished for a ticket. Times are aware, UTC."""

    service: ServiceId
    counter: CounterId
    staff: StaffId | None
    called_at: datetime
    started_at: datetime | None
    ended_at: datetime
    invited: bool = False
    """The customer was asked to evaluate it."""
    asked_again: int = 0
    """How often the counter asked once more."""
    level: int | None = None
    """The customer's rating, 1 to 5."""


@value
class Following:
    """Who follows a ticket, and what he was told; it stays when he lets the ticket go."""

    follower: FollowerId | None
    silent: bool = False
    """He wishes that nobody says the ticket's calls aloud."""
    near: bool = False
    """He has had, or was to have, the one push that the turn comes near."""
    pushes: int = 0
    """So many pushes there were."""
    call: CommandId | None = None
    """What called it when he was told of a call last."""
    due: tuple[PushDue, ...] = ()
    """Those of which is not known yet what became of them."""


@value
class Ticket:
    """A ticket of the business day: what was issued, and what has become of it. Times are aware, UTC."""

    id: TicketId
    number: str
    taken: TicketTaken
    service: ServiceId
    """What it waits for, or was last called for."""
    state: TicketState
    order: Order
    """Its place among those who wait for the service: the smallest goes first."""
    waiting_since: datetime
    """Since when its wait counts: anew once it is put further back than it stood."""
    kiosk: KioskId | None
    """Where its paper is printed."""
    printed: PrintState
    print_failure: str | None = None
    reserved_for: CounterId | None = None
    """The one counter that it waits for, after a transfer."""
    counter: CounterId | None = None
    """The counter that has it, or that had it last."""
    called_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    recalls: int = 0
    recalled_at: datetime | None = None
    note: str = ""
    """From whoever held or transferred it."""
    then: tuple[ServiceId, ...] = ()
    """Services of the visit that are still to come."""
    served: tuple[Served, ...] = ()
    """Services of the visit that are done."""
    estimate: Estimate | None = None
    """What was expected of its wait when that began; nothing once somebody has moved it."""
    counts_since: datetime | None = None
    """Where the bound on overtaking is concerned, since when it waits, if not since ``waiting_since``."""
    called: TicketCalled | None = None
    """Its last call, which says why."""
    following: Following | None = None
    """By whom it is followed, or was."""

    @property
    def follower(self) -> FollowerId | None:
        """Who follows it now."""
        return None if self.following is None else self.following.follower

    @property
    def language(self) -> Language:
        """The customer's language."""
        return self.taken.language

    @property
    def ticket_class(self) -> TicketClass:
        """Its class."""
        return self.taken.ticket_class

    @property
    def channel(self) -> Channel:
        """How it was taken."""
        return self.taken.channel

    @property
    def taken_at(self) -> datetime:
        """When it was taken."""
        return self.taken.at


@value
class Tally:
    """What a counter did today, and what was said of it; ``levels`` is the sum of all ratings."""

    served: int = 0
    invited: int = 0
    """Services that their customers were asked to evaluate."""
    evaluated: int = 0
    levels: int = 0


NOTHING_YET = Tally()


@value
class Post:
    """What a counter is doing."""

    mode: CounterMode = CounterMode.CLOSED
    reason: str = ""
    ticket: TicketId | None = None
    staff: StaffId | None = None
    """Who works there, if it is known."""
    last: TicketId | None = None
    """Whom it served last."""
    tally: Tally = NOTHING_YET
    paused_at: datetime = BEFORE_ALL
    """When it was paused last."""
    clock: int = 0
    shares: Mapping[str, int] = MappingProxyType({})
    """How far each service, or class, has come with its share of the counter's calls; see `strides`."""


CLOSED_POST = Post()


@value
class Pace:
    """How often tickets of one class of a service are taken: the last one, and the mean gap before it.

    The mean (seconds) is of the last ``gaps``.
    """

    last_at: datetime
    gap_s: float
    gaps: int


@value
class Line:
    """Those who wait for one service, by class; only classes in which somebody waits.

    ``serial`` is the last one given out today, if any was, ``issued`` how many were. ``overtakers`` has the
    order of each ticket that was called before an earlier one, and the number of that call: whoever waits was
    overtaken by those in it whose order is behind its own. Calls that overtook nobody who waits are left out.
    """

    serial: int | None = None
    issued: int = 0
    classes: Mapping[TicketClass, Ranks] = MappingProxyType({})
    overtakers: Ranks | None = None
    paces: Mapping[TicketClass, Pace] = MappingProxyType({})
    """How often each class comes, where the policy lets those who come later go first."""


@value
class ServiceTimes:
    """How long a ticket of a service has a counter, from its call to its end, whether somebody came or not.

    As measured: the mean (seconds) and the variance of the last so many.
    """

    count: int
    mean_s: float
    variance: float
    left: float = 0.0
    """The share of tickets (0 to 1) whose customers gave up before they were called."""
    width: float = 1.0
    """How much wider its intervals are made than what is known of it would have them."""


@attrs.define(kw_only=True)
class HallState:
    """Everything that the hall's next decision depends on. Only `apply_all` sets fields, on a copy of its own.

    ``seq`` numbers the last event; ``last_at`` is its time. A service has a line once a ticket was taken,
    a counter has a post once something happened there, in this business day. ``times`` outlive the day.
    """

    spec: HallSpec
    seq: int = 0
    last_at: datetime = BEFORE_ALL
    day: date = date.min
    ends_at: datetime = BEFORE_ALL
    tickets: Map[TicketId, Ticket] = attrs.field(factory=Map)
    lines: Mapping[ServiceId, Line] = attrs.field(factory=dict)
    reserved: Mapping[CounterId, Ranks] = attrs.field(factory=dict)
    """Those who wait for one counter alone; only counters for which somebody does."""
    posts: Mapping[CounterId, Post] = attrs.field(factory=dict)
    persons: Map[PersonId, frozenset[TicketId]] = attrs.field(factory=Map)
    """The tickets that somebody took today."""
    held: Map[FollowerId, frozenset[TicketId]] = attrs.field(factory=Map)
    """The tickets that a phone took today."""
    times: Mapping[ServiceId, ServiceTimes] = attrs.field(factory=dict)
    followed: int = 0
    """So many of today's tickets are followed."""
    diary: Diary = EMPTY_DIARY
    """Its appointments; they outlive the day, too."""

    def post(self, counter: CounterId) -> Post:
        """Return what the counter is doing."""
        return self.posts.get(counter, CLOSED_POST)

    def waiting(self, service: ServiceId) -> int:
        """Return how many wait for the service, at any of its counters."""
        line = self.lines.get(service)
        waiting = 0
        if line is not None:
            for ranks in line.classes.values():
                waiting += ranks.size
        return waiting

    def waiting_for(self, counter: CounterId) -> int:
        """Return how many wait for any service of the counter, or for it alone."""
        alone = self.reserved.get(counter)
        waiting = 0 if alone is None else alone.size
        for service in self.spec.counters[counter].services:
            waiting += self.waiting(service)
        return waiting

    def queues(self, counter: CounterId) -> Iterator[Ranks]:
        """Yield the queues that the counter calls from: each holds one class of one service, or is its own."""
        alone = self.reserved.get(counter)
        if alone is not None:
            yield alone
        lines = self.lines
        for service in self.spec.counters[counter].services:
            line = lines.get(service)
            if line is not None:
                yield from line.classes.values()


__all__ = [
    "BEFORE_ALL",
    "CLOSED_POST",
    "Following",
    "HallState",
    "Line",
    "Post",
    "Served",
    "ServiceTimes",
    "Tally",
    "Ticket",
]

"""A hall's queue as anybody would write it down: tickets in a dict, everything else looked up by walking.

Where exactly a ticket stands is a key that the hall chose. The model takes it from the hall, counts once that
the ticket stands where it was put, and from then on goes by it alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

import attrs

from protocol.answers import Reason
from protocol.ids import (
    CommandId,
    CounterId,
    FollowerId,
    KioskId,
    PersonId,
    PushId,
    ServiceId,
    StaffId,
    TicketId,
)
from protocol.push_events import PushDue
from protocol.tickets import (
    CounterMode,
    PrintState,
    QueuePlace,
    TicketClass,
    TicketState,
    VisitOrder,
)
from tests.actors.hall.naive_diary import NaiveDiary, Sign, Who, day_of

WAITING, CALLED, SERVING, HELD = (
    TicketState.WAITING,
    TicketState.CALLED,
    TicketState.SERVING,
    TicketState.HELD,
)
SERVED, NO_SHOW, CANCELLED = TicketState.SERVED, TicketState.NO_SHOW, TicketState.CANCELLED
AT_COUNTER = (CALLED, SERVING)
OPEN_STATES = (WAITING, CALLED, SERVING, HELD)

EXPECTED_S = 300.0
"""A service probably takes so long, before one was measured."""
DUE_BEFORE_S = 120.0
"""An appointment goes first from so long before its time."""

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)

POSSIBLE = {
    "call": (WAITING, HELD),
    "recall": (CALLED,),
    "start": (CALLED,),
    "finish": AT_COUNTER,
    "no_show": (CALLED,),
    "hold": (WAITING, *AT_COUNTER),
    "resume": (HELD,),
    "requeue": OPEN_STATES,
    "transfer": OPEN_STATES,
    "cancel": (WAITING, CALLED, HELD),
    "reactivate": (NO_SHOW, CANCELLED),
    "reprint": OPEN_STATES,
}
"""In which states each step of a ticket is possible."""


@attrs.define(kw_only=True)
class Done:
    """A service that a ticket was given."""

    service: ServiceId
    counter: CounterId
    staff: StaffId | None
    ended_at: datetime
    invited: bool
    asked_again: int = 0
    level: int | None = None


NOBODY: Who = (None, None)


@attrs.define(kw_only=True)
class Paper:
    """A ticket of the day."""

    id: TicketId
    number: str
    service: ServiceId
    ticket_class: TicketClass
    key: tuple[int, ...]
    since: datetime
    """Since when its wait counts."""
    state: TicketState = WAITING
    counter: CounterId | None = None
    """Which has it, or had it last."""
    called_at: datetime | None = None
    recalls: int = 0
    reserved: CounterId | None = None
    then: tuple[ServiceId, ...] = ()
    visit_order: VisitOrder = VisitOrder.FIXED
    done: list[Done] = attrs.Factory(list)
    person: PersonId | None = None
    asked: frozenset[ServiceId] = frozenset()
    """The services that it was taken for."""
    due: datetime | None = None
    """The time of its appointment, as long as it stands where that puts it."""
    passed: int = 0
    """How often a later one of its service was called while it waited where it stands."""
    kiosk: KioskId | None = None
    printed: PrintState = PrintState.NONE
    holder: FollowerId | None = None
    """The phone that took it."""
    follower: FollowerId | None = None
    near: bool = False
    """Its follower was told that its turn comes near."""
    told_calls: set[CommandId] = attrs.Factory(set)
    heard: dict[PushId, PushDue] = attrs.Factory(dict)
    due_pushes: dict[PushId, PushDue] = attrs.Factory(dict)
    """Those of which it is not known what became of them."""


@attrs.define(kw_only=True)
class Said:
    """What a counter did today, and what was said of it."""

    served: int = 0
    invited: int = 0
    evaluated: int = 0
    levels: int = 0


@attrs.define(kw_only=True)
class Naive:
    """A hall in lists and dicts."""

    has: dict[CounterId, tuple[ServiceId, ...]]
    last: dict[ServiceId, int]
    """The last number of each service."""
    diary: NaiveDiary
    papers: dict[TicketId, Paper] = attrs.Factory(dict)
    modes: dict[CounterId, CounterMode] = attrs.Factory(dict)
    staff: dict[CounterId, StaffId] = attrs.Factory(dict)
    served_last: dict[CounterId, Paper] = attrs.Factory(dict)
    said: dict[CounterId, Said] = attrs.Factory(dict)
    issued: dict[ServiceId, int] = attrs.Factory(dict)
    took_s: dict[ServiceId, list[float]] = attrs.Factory(dict)
    """How long each call of a service kept its counter; outlives the day."""
    ends_at: datetime = BEFORE_ALL

    def new_day(self, at: datetime) -> None:
        self.papers, self.modes, self.issued = {}, {}, {}
        self.staff, self.served_last, self.said = {}, {}, {}
        four = timedelta(hours=4)
        day = day_of(at - four) + timedelta(days=1)
        self.ends_at = datetime.combine(day, time(4), tzinfo=UTC) - timedelta(hours=8)
        self.diary.forget(at)

    # -- counters --------------------------------------------------------------------------------

    def mode(self, counter: CounterId) -> CounterMode:
        return self.modes.get(counter, CounterMode.CLOSED)

    def open(self, counter: CounterId, staff: StaffId | None) -> None:
        self.modes[counter] = CounterMode.OPEN
        if staff is not None:
            self.staff[counter] = staff

    def close(self, counter: CounterId) -> None:
        self.modes[counter] = CounterMode.CLOSED
        self.staff.pop(counter, None)
        self.served_last.pop(counter, None)

    def at(self, counter: CounterId) -> Paper | None:
        """Whom the counter has."""
        found = [
            paper
            for paper in self.papers.values()
            if paper.counter == counter and paper.state in AT_COUNTER
        ]
        assert len(found) < 2, "a counter has two tickets"
        return found[0] if found else None

    def has_counter(self, service: ServiceId) -> bool:
        return any(service in services for services in self.has.values())

    # -- who stands where ------------------------------------------------------------------------

    def waiting(self) -> list[Paper]:
        return [paper for paper in self.papers.values() if paper.state is WAITING]

    def queue(self, service: ServiceId, reserved: CounterId | None = None) -> list[Paper]:
        """Those who wait for the service at any counter, or for one counter alone, the first one first."""
        found = [
            paper
            for paper in self.waiting()
            if paper.reserved == reserved and (reserved is not None or paper.service == service)
        ]
        return sorted(found, key=lambda paper: paper.key)

    def beside(self, paper: Paper) -> list[Paper]:
        """The others who wait where the paper waits, or would."""
        queue = self.queue(paper.service, paper.reserved)
        return [other for other in queue if other is not paper]

    def release(self, papers: Iterable[Paper]) -> None:
        """Nobody waits for a closed counter alone whom another one could call."""
        for paper in papers:
            counter = paper.reserved
            if (
                counter is not None
                and self.mode(counter) is CounterMode.CLOSED
                and self.has_counter(paper.service)
            ):
                paper.reserved = None

    def moved(self, paper: Paper, key: tuple[int, ...], at: datetime) -> None:
        """The paper waits, at ``key``."""
        if key > paper.key:
            paper.since = at
        if key != paper.key:
            paper.due = None
        paper.key, paper.state, paper.passed = key, WAITING, 0

    def behind_all(self, paper: Paper, at: datetime) -> bool:
        """Whether the paper stands behind all who wait but those whose time, or a neighbour's, is to come."""
        now = int(at.timestamp() * 1_000_000)
        return all(
            other.key < paper.key
            for other in self.waiting()
            if other is not paper and other.key[0] <= now
        )

    def check_place(self, paper: Paper, place: QueuePlace, after: int, at: datetime) -> None:
        """Count that it stands where it was put among those who wait with it."""
        others = self.beside(paper)
        before = sum(other.key < paper.key for other in others)
        if place is QueuePlace.BACK or (place is QueuePlace.AFTER and after > len(others)):
            assert self.behind_all(paper, at)
        else:
            assert before == (0 if place is QueuePlace.FRONT else after)

    def go_on(self, paper: Paper, key: tuple[int, ...], service: ServiceId, at: datetime) -> None:
        """The visit goes on with another service, behind everybody."""
        assert service in paper.then
        assert paper.visit_order is VisitOrder.SHORTEST_WAIT or service == paper.then[0]
        self.moved(paper, key, at)
        assert self.behind_all(paper, at)
        paper.since, paper.service, paper.reserved = at, service, None
        paper.then = tuple(left for left in paper.then if left != service)

    # -- calls -----------------------------------------------------------------------------------

    def heads(self, counter: CounterId) -> list[Paper]:
        """The first of each class of each service that the counter has, and of those for it alone."""
        first: dict[object, Paper] = {}
        for paper in sorted(self.waiting(), key=lambda paper: paper.key, reverse=True):
            if paper.reserved == counter:
                first["alone"] = paper
            elif paper.reserved is None and paper.service in self.has[counter]:
                first[paper.service, paper.ticket_class] = paper
        return list(first.values())

    def next_at(self, counter: CounterId, at: datetime) -> Paper | None:
        """Who is next where it is first come, first served; appointments go by their time."""
        heads = self.heads(counter)
        booked = [(paper.due, paper.key, paper) for paper in heads if paper.due is not None]
        if booked:
            due, _, following = min(booked)
            left_s = (due - at).total_seconds()
            if left_s <= DUE_BEFORE_S:
                return following
            others = [paper for paper in heads if paper.due is None]
            heads = [paper for paper in others if self.takes_s(paper.service) <= left_s]
            if not heads:
                return following
        return min(heads, key=lambda paper: paper.key) if heads else None

    def takes_s(self, service: ServiceId) -> float:
        took_s = self.took_s.get(service)
        return sum(took_s) / len(took_s) if took_s else EXPECTED_S

    def free(self, paper: Paper, at: datetime) -> None:
        """The paper's counter was kept until now."""
        assert paper.called_at is not None
        self.took_s.setdefault(paper.service, []).append((at - paper.called_at).total_seconds())

    # -- what is refused -------------------------------------------------------------------------

    def has_open(self, who: Who, services: Iterable[ServiceId]) -> bool:
        """Whether the person, or his phone, has an open ticket for one of the services."""
        person, phone = who
        return any(
            (paper.person == person and person is not None)
            or (paper.holder == phone and phone is not None)
            for paper in self.papers.values()
            if paper.state in OPEN_STATES and paper.asked & set(services)
        )

    def refuses_taking(
        self, first: ServiceId, then: list[ServiceId], who: Who, at: datetime
    ) -> Reason | None:
        """Why there is no ticket for a visit that begins with ``first``."""
        if self.diary.closed(first, day_of(at)):
            return Reason.CLOSED
        if self.has_open(who, [first]):
            return Reason.PERSON_LIMIT
        for further in then:
            if not self.diary.opens_before(further, at, self.ends_at):
                return Reason.CLOSED
            if self.has_open(who, [further]):
                return Reason.PERSON_LIMIT
        return Reason.NUMBERS_EXHAUSTED if self.exhausted(first) else None

    def exhausted(self, service: ServiceId) -> bool:
        return self.issued.get(service, 0) >= self.last[service]

    def may_call(self, counter: CounterId, paper: Paper) -> bool:
        """Whether it waits for the counter; who is held may also go back to where he was."""
        if paper.state is HELD and paper.counter == counter:
            return True
        if paper.reserved is not None:
            return paper.reserved == counter
        return paper.service in self.has[counter]

    def refuses(self, paper: Paper, step: str) -> Reason | None:
        """Why a step of the ticket is refused, if the state that it is in says so."""
        return None if paper.state in POSSIBLE[step] else Reason.TICKET_STATE

    def refuses_transfer(
        self, to_service: ServiceId | None, to_counter: CounterId | None
    ) -> Reason | None:
        if to_service is None and to_counter is None:
            return Reason.BAD_VALUE
        if to_service is not None and to_service not in self.last:
            return Reason.UNKNOWN_SERVICE
        if to_counter is not None:
            closed = self.mode(to_counter) is CounterMode.CLOSED
            return Reason.COUNTER_CLOSED if closed else None
        assert to_service is not None
        return None if self.has_counter(to_service) else Reason.NO_COUNTER

    # -- evaluations -----------------------------------------------------------------------------

    def rated(
        self,
        paper: Paper,
        service: ServiceId | None,
        counter: CounterId | None,
        at: datetime,
        within_s: float,
    ) -> Done | Reason:
        """The newest of the paper's services that may be evaluated, or why there is none."""
        meant = [
            done
            for done in paper.done
            if service in (None, done.service) and counter in (None, done.counter)
        ]
        if not meant:
            return Reason.NOT_SERVED
        left = [done for done in meant if done.level is None]
        if not left:
            return Reason.EVALUATED
        if at > left[-1].ended_at + timedelta(seconds=within_s):
            return Reason.EVALUATION_CLOSED
        return left[-1]

    def asks(self, counter: CounterId) -> tuple[TicketId, ServiceId, int, bool] | None:
        """Whom the counter is seen to ask, how often it asked again, and whether there was an answer."""
        paper = self.served_last.get(counter)
        if paper is None:
            return None
        here = [done for done in paper.done if done.counter == counter]
        left = [done for done in here if done.level is None]
        newest = here[-1]
        if newest.level is not None and left and left[-1].invited:
            newest = left[-1]
        if not newest.invited:
            return None
        return paper.id, newest.service, newest.asked_again, newest.level is not None

    # -- closures --------------------------------------------------------------------------------

    def sent_away(self, sign: Sign, at: datetime) -> list[Paper]:
        """Those who wait for what is closed today, and are not called any more; the first ones first."""
        if not sign.ends_waiting:
            return []
        found = [p for p in self.waiting() if sign.says_closed(p.service, day_of(at))]
        return sorted(found, key=lambda paper: paper.key)

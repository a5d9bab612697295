"""A hall that is driven by random commands beside its naive model: what all the rules share.

A rule says what must come of a command, by the model alone, then has the hall decide it, and compares.
"""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from actors.hall import closing
from actors.hall.state import HallState
from protocol.answers import Reason, Rejected
from protocol.appointments import BanRule
from protocol.commands import Command
from protocol.events import DayBegun, TicketExpired
from protocol.hall import Counter, EvaluationSpec, HallSpec, Service, UnstartedTicket
from protocol.ids import CounterId, FollowerId, KioskId, PersonId, ServiceId, TicketId
from protocol.policies import Policy, PolicyKind
from protocol.push_events import PushDue, PushEnded
from protocol.tickets import TicketClass
from protocol.values import replace, value
from tests.actors.hall import booked as b
from tests.actors.hall import naive_diary as d
from tests.actors.hall.conftest import EN, ONE, TAX, TWO, VAT, ZH, Book, hall_spec
from tests.actors.hall.naive import AT_COUNTER, OPEN_STATES, Naive, Paper

DESK, LOST, THREE = ServiceId("desk"), ServiceId("lost"), CounterId("3")
HAS = {ONE: (TAX, VAT), TWO: (VAT,), THREE: ()}
"""Counter 3 calls what is sent to it alone. No counter has the desk."""
LAST = {TAX: 9, VAT: 9999, DESK: 999}
PREFIX = {TAX: "A", VAT: "B", DESK: "D"}
EVALUATED_WITHIN_S = 3600.0
RECALLS_MAX = 3
CAPACITY = 4

SERVICES, COUNTERS, PEOPLE = (TAX, VAT, DESK), (ONE, TWO, THREE), (PersonId("li"), PersonId("wang"))
PHONES = (FollowerId("zhang"), FollowerId("zhang"), FollowerId("zhao"))
KIOSKS = (None, KioskId("k1"), KioskId("k2"))
PICKS = range(256)
RATIOS = {TicketClass.PRIORITY: 2, TicketClass.APPOINTMENT: 3}
POLICIES = (
    Policy(),
    Policy(),
    Policy(),
    *(
        Policy(kind=kind, ratios=RATIOS, overtaken_max=most)
        for kind in PolicyKind
        for most in (0, 2)
    ),
)
BEGINS: dict[str, Sequence[Any]] = {
    "policy": POLICIES,
    "unstarted": (UnstartedTicket.SERVED, UnstartedTicket.SERVED, UnstartedTicket.NO_SHOW),
    "invite": (True, False),
    "confirm_within_s": (None, 3600.0, 86_400.0),
    "move_closed": (True, False),
    "strikes": (1, 2, closing.STRIKES_MAX),
}
"""What a hall may begin with."""


Method = TypeVar("Method", bound=Callable[..., Any])


@value
class Doing:
    """What a rule asks the hall for, what may be given to it, and how often it comes in long stories."""

    asks: tuple[type, ...]
    given: Mapping[str, Sequence[Any]]
    weight: int
    when: Callable[[Any], bool]


def does(
    *asks: type,
    weight: int = 10,
    when: Callable[[Any], bool] = lambda _: True,
    **given: Sequence[Any],
) -> Callable[[Method], Method]:
    """Make a method a rule, each argument of which is one of those ``given``."""

    def ruled(method: Method) -> Method:
        arguments = {name: st.sampled_from(some) for name, some in given.items()}
        made = precondition(when)(rule(**arguments)(method))
        made.doing = Doing(asks=asks, given=given, weight=weight, when=when)  # type: ignore[attr-defined]
        return made

    return ruled


class Driven(RuleBasedStateMachine):
    """The hall, its model, and how one command is done."""

    done: ClassVar[Counts[tuple[type, bool]]] = Counts()
    """How often a command of each kind was carried out, or refused, by all machines."""

    def __init__(self) -> None:
        super().__init__()
        self.ids = count()
        self.patched = pytest.MonkeyPatch()
        self.states: list[HallState] = []
        """The hall after each command."""
        self.pushed: list[PushDue | PushEnded] = []
        """What followers were to be told since that was looked at last."""
        self.expiring: dict[TicketId, CounterId | None] | None = None
        """As a day begins: the tickets that end with the one before, and the counters that have them."""

    @initialize(**{name: st.sampled_from(some) for name, some in BEGINS.items()})
    def a_hall(
        self,
        policy: Policy,
        unstarted: UnstartedTicket,
        invite: bool,
        strikes: int,
        **booked: Any,
    ) -> None:
        self.strikes = strikes
        self.patched.setattr(closing, "STRIKES_MAX", strikes)
        self.booked = booked
        plain = hall_spec()
        self.spec = hall_spec(
            services=self.services(CAPACITY),
            counters={**plain.counters, THREE: Counter(id=THREE, names={ZH: "3号"}, services=())},
            unstarted=unstarted,
            recall_lockout_s=0.0,
            recalls_max=RECALLS_MAX,
            policy=policy,
            evaluation=EvaluationSpec(
                within_s=EVALUATED_WITHIN_S, reasons={"slow": {ZH: "太慢"}}, invite=invite
            ),
        )
        self.book = Book(self.spec)
        self.model = Naive(
            has=HAS,
            last=LAST,
            diary=d.NaiveDiary(
                service=TAX,
                capacity=CAPACITY,
                confirm_within_s=booked["confirm_within_s"],
                moves=booked["move_closed"],
            ),
        )
        self.morning()

    def morning(self) -> None:
        """A day has to begin, and some people come."""
        raise NotImplementedError

    def services(self, capacity: int) -> dict[ServiceId, Service]:
        """The hall's services; income tax is booked every day, and has few numbers."""
        booked = b.booked_hall(
            slots=(b.morning(capacity=capacity, weekdays=tuple(range(1, 8))),),
            walk_in_share=0.3,
            person_max=d.PERSON_MAX,
            ban=BanRule(no_shows=d.NO_SHOWS, within_days=d.WITHIN.days, for_days=d.BANNED_FOR.days),
            **self.booked,
        ).services
        tax = booked[TAX]
        changed = {field: getattr(tax, field) for field in ("names", "prefix", "appointments")}
        return {
            TAX: Service(id=TAX, last=LAST[TAX], **changed),
            VAT: booked[VAT],
            DESK: Service(id=DESK, names={EN: "Desk"}, prefix=PREFIX[DESK], lead=1),
        }

    def configured(self, spec: HallSpec) -> None:
        """The configuration changes; everything else stays."""
        self.spec = spec
        self.book.state = replace(self.book.state, spec=spec)
        self.states = [replace(state, spec=spec) for state in self.states]

    @property
    def at(self) -> datetime:
        """When the next event is: never before the last one, even if the clock was set back."""
        return max(self.book.now, self.book.state.last_at).astimezone(UTC)

    # -- doing -----------------------------------------------------------------------------------

    def do(
        self, kind: type[Command], refused: Reason | None = None, **parts: Any
    ) -> tuple[Any, ...] | None:
        """Do it; return its events, or nothing where it had to be refused and was, without a trace."""
        before, at = self.book.state, self.at
        command = kind(id=f"c{next(self.ids)}", **parts)
        decision = self.book.do(command)
        self.done[kind, refused is None] += 1
        if refused is not None:
            assert isinstance(decision, Rejected), decision
            assert decision.reason is refused, decision
            assert self.book.state is before
            return None
        assert not isinstance(decision, Rejected), decision
        assert all((event.at, event.command) == (at, command.id) for event in decision)
        self.pushed += [event for event in decision if isinstance(event, PushDue | PushEnded)]
        events = tuple([event for event in decision if not isinstance(event, PushDue | PushEnded)])
        self.states.append(self.book.state)
        return events if self.expiring is None else self.day_has_begun(events)

    def day_has_begun(self, events: tuple[Any, ...]) -> tuple[Any, ...]:
        """Check that everything open has ended, in order, before anything else; return the rest."""
        expiring, self.expiring = self.expiring, None
        assert expiring is not None
        expired, begun, rest = (
            events[: len(expiring)],
            events[len(expiring)],
            events[len(expiring) + 1 :],
        )
        assert isinstance(begun, DayBegun)
        assert begun.ends_at == self.model.ends_at
        assert all(isinstance(event, TicketExpired) for event in expired)
        assert {event.ticket: event.counter for event in expired} == expiring
        return rest

    def do_reviewed(
        self,
        kind: type[Command],
        refuses: Callable[[d.NaiveDiary], Reason | None] = lambda _: None,
        **parts: Any,
    ) -> tuple[Any, ...] | None:
        """Do what first ends the bookings whose time has come, unless it is refused."""
        after = self.model.diary.copied()
        ended = after.overdue(self.at)
        events = self.do(kind, refuses(after), **parts)
        if events is None:
            return None
        self.model.diary = after
        assert [told(event) for event in events[: len(ended)]] == ended
        return events[len(ended) :]

    # -- time ------------------------------------------------------------------------------------

    def go_to(self, at: datetime) -> bool:
        """Let it be ``at``; return whether the day is over then."""
        self.book.now = at
        if self.at < self.model.ends_at:
            return False
        papers = self.model.papers.values()
        self.expiring = {
            paper.id: paper.counter if paper.state in AT_COUNTER else None
            for paper in papers
            if paper.state in OPEN_STATES
        }
        self.model.new_day(self.at)
        return True

    # -- picking ---------------------------------------------------------------------------------

    def key(self, paper: Paper) -> tuple[int, ...]:
        """Where the hall has put it."""
        return self.book.state.tickets[paper.id].order

    def some(self, pick: int, step: str) -> Paper:
        """Some ticket; mostly one that the step is possible for."""
        papers = self.model.papers
        possible = [id for id in sorted(papers) if self.model.refuses(papers[id], step) is None]
        if not possible or pick % 8 == 7:
            possible = sorted(papers)
        return papers[possible[pick // 8 % len(possible)]]


def told(event: Any) -> d.Told:
    """What an event tells of bookings, as the model tells it."""
    name = type(event).__name__
    match name:
        case "PersonBanned":
            return name, event.person, event.until
        case "AppointmentMoved":
            return name, event.booking, event.starts_at
        case _:
            return name, event.booking

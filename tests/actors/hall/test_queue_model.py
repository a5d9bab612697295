"""The queue against a naive model, through all commands of a ticket's and a counter's life, with restarts.

What must always hold is counted here from outside: a number is issued once; a ticket is at one counter, and a
counter has one ticket; no ticket is lost; those of one service and class are called in order; a restart gives
the state that there was.
"""

from __future__ import annotations

from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from actors.hall.apply import apply_all
from actors.hall.ranks import entries
from actors.hall.state import HallState
from actors.hall.views import ahead_of, counter_changed
from protocol.answers import Reason, Rejected
from protocol.commands import (
    BeginDay,
    CallNext,
    CallTicket,
    CancelTicket,
    CloseCounter,
    FinishService,
    HoldTicket,
    MarkNoShow,
    OpenCounter,
    PauseCounter,
    ReactivateTicket,
    RecallTicket,
    RequeueTicket,
    ResumeTicket,
    StartService,
    TakeTicket,
    TransferTicket,
)
from protocol.events import (
    DayBegun,
    ServiceFinished,
    TicketCalled,
    TicketExpired,
    TicketTaken,
    VisitContinued,
)
from protocol.hall import Counter, Service, UnstartedTicket
from protocol.ids import CounterId, PersonId, ServiceId
from protocol.tickets import CounterMode, QueuePlace, TicketClass, TicketState, VisitOrder
from runtime.journal.states import decode_state, encode_state
from tests.actors.hall.conftest import EN, ONE, TAX, TWO, VAT, ZH, Book, hall_spec
from tests.actors.hall.naive import (
    AT_COUNTER,
    CALLED,
    CANCELLED,
    HELD,
    NO_SHOW,
    OPEN_STATES,
    SERVED,
    SERVING,
    WAITING,
    Naive,
    Paper,
)

DESK, LOST, THREE = ServiceId("desk"), ServiceId("lost"), CounterId("3")
PREFIX = {TAX: "A", VAT: "B", DESK: "D"}
HAS = {ONE: (TAX, VAT), TWO: (VAT,), THREE: ()}
SERVICES, COUNTERS = st.sampled_from([TAX, VAT, DESK]), st.sampled_from([ONE, TWO, THREE])
CLASSES = st.sampled_from([TicketClass.NORMAL, TicketClass.PRIORITY])
PICKS = st.integers(0, 999)
PLACES = st.tuples(st.sampled_from(QueuePlace), st.integers(0, 6))
PLAIN = {
    "ticket_class": TicketClass.NORMAL,
    "visit_order": VisitOrder.FIXED,
    "person": None,
    "party": 1,
}
KINDS = {
    "recall": RecallTicket,
    "start": StartService,
    "finish": FinishService,
    "no_show": MarkNoShow,
    "hold": HoldTicket,
    "resume": ResumeTicket,
    "cancel": CancelTicket,
}


def has_tickets(machine: QueueAgainstModel) -> bool:
    return bool(machine.model.papers)


class QueueAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ids = count()
        self.model = Naive(has=HAS)

    @initialize(unstarted=st.sampled_from(UnstartedTicket))
    def a_hall(self, unstarted: UnstartedTicket) -> None:
        """Counter 3 has no service: it calls what is sent to it alone. No counter has the desk."""
        spec = hall_spec()
        self.spec = hall_spec(
            services={**spec.services, DESK: Service(id=DESK, names={EN: "Desk"}, prefix="D")},
            counters={**spec.counters, THREE: Counter(id=THREE, names={ZH: "3号"}, services=())},
            unstarted=unstarted,
            recall_lockout_s=0.0,
            recalls_max=10_000,
        )
        self.book = Book(self.spec)
        self.morning()

    def do(self, kind: Any, refused: Reason | None = None, **parts: Any) -> tuple[Any, ...] | None:
        """Do it; return its events, or nothing where it had to be refused and was, without a trace."""
        before = self.book.state
        decision = self.book.do(kind(id=f"c{next(self.ids)}", **parts))
        if refused is None:
            assert not isinstance(decision, Rejected), decision
            return tuple(decision)
        assert isinstance(decision, Rejected), decision
        assert decision.reason is refused
        assert self.book.state == before
        return None

    def key(self, paper: Paper) -> tuple[int, ...]:
        return self.book.state.tickets[paper.id].order

    def some(self, pick: int, step: str) -> Paper:
        """Some ticket; mostly one that the step is possible for."""
        papers = self.model.papers
        possible = [id for id in sorted(papers) if self.model.refuses(papers[id], step) is None]
        if not possible or pick % 8 == 7:
            possible = sorted(papers)
        return papers[possible[pick // 8 % len(possible)]]

    def morning(self) -> None:
        """All counters open, and some people are there."""
        for counter in HAS:
            self.open(counter)
        for service in (TAX, VAT, VAT, TAX):
            self.take(service, [], **PLAIN)

    # -- taking and calling ----------------------------------------------------------------------

    @rule(
        service=SERVICES,
        ticket_class=CLASSES,
        then=st.lists(SERVICES, max_size=2),
        visit_order=st.sampled_from(VisitOrder),
        person=st.sampled_from([None, PersonId("p1"), PersonId("p2")]),
        party=st.integers(1, 3),
    )
    def take(self, service: ServiceId, then: list[ServiceId], **parts: Any) -> None:
        model, services = self.model, [service, *then]
        may_begin = services if parts["visit_order"] is VisitOrder.SHORTEST_WAIT else [service]
        refused = None
        if len(set(services)) < len(services):
            refused = Reason.BAD_VALUE
        elif model.has_open(parts["person"], services):
            refused = Reason.PERSON_LIMIT
        if refused is None and TAX in may_begin and model.issued.get(TAX) == 5:
            if len(may_begin) > 1:
                return  # it depends on who waits where whether there is a number
            refused = Reason.NUMBERS_EXHAUSTED
        events = self.do(
            TakeTicket, refused, service=service, then=tuple(then), language=ZH, **parts
        )
        if events is None:
            return
        taken = events[-1]
        assert taken.service in may_begin
        assert sorted((taken.service, *taken.then)) == sorted(services)
        issued = model.issued[taken.service] = model.issued.get(taken.service, 0) + 1
        assert taken.number == f"{PREFIX[taken.service]}{issued:03}"
        assert taken.ahead == len(model.queue(taken.service))
        paper = Paper(
            id=taken.ticket,
            number=taken.number,
            service=taken.service,
            ticket_class=taken.ticket_class,
            key=self.book.state.tickets[taken.ticket].order,
            since=taken.at,
            then=taken.then,
            visit_order=taken.visit_order,
            person=taken.person,
            asked=frozenset(services),
        )
        assert paper.id not in model.papers, "a ticket issued twice"
        assert all(other.key < paper.key for other in model.papers.values())
        model.papers[paper.id] = paper

    def check_call(self, counter: CounterId, events: tuple[Any, ...]) -> TicketCalled | None:
        """Check what frees and opens the counter; return the call."""
        model, held = self.model, self.model.at(counter)
        model.modes[counter] = CounterMode.OPEN
        called = next((event for event in events if type(event) is TicketCalled), None)
        if held is not None:
            if held.state is CALLED and self.spec.unstarted is UnstartedTicket.NO_SHOW:
                held.state = NO_SHOW
                assert not any(type(event) is ServiceFinished for event in events)
            else:
                self.finished(held, events)
        return called

    def finished(self, paper: Paper, events: tuple[Any, ...]) -> None:
        paper.state = SERVED
        paper.served.append(paper.service)
        continued = [event for event in events if type(event) is VisitContinued]
        assert len(continued) == bool(paper.then)
        for event in continued:
            assert event.ticket == paper.id
            self.model.go_on(paper, self.key(paper), event.service, event.at)
            assert event.then == paper.then

    @rule(counter=COUNTERS)
    def call_next(self, counter: CounterId) -> None:
        events = self.do(CallNext, counter=counter)
        assert events is not None
        called = self.check_call(counter, events)
        expected = self.model.next_at(counter)
        assert (called and called.ticket) == (expected and expected.id)
        if expected is not None:
            expected.state, expected.counter = CALLED, counter

    @precondition(has_tickets)
    @rule(pick=PICKS, counter=COUNTERS)
    def call_given(self, pick: int, counter: CounterId) -> None:
        paper = self.some(pick, "call")
        refused = self.model.refuses(paper, "call")
        if refused is None and not self.model.may_call(counter, paper):
            refused = Reason.WRONG_COUNTER
        events = self.do(CallTicket, refused, ticket=paper.id, counter=counter)
        if events is not None:
            called = self.check_call(counter, events)
            assert called is not None
            assert called.ticket == paper.id
            paper.state, paper.counter = CALLED, counter

    # -- one ticket ------------------------------------------------------------------------------

    def step(self, paper: Paper, step: str, target: dict[str, Any]) -> None:
        refused = self.model.refuses(paper, step)
        events = self.do(KINDS[step], refused, **target)
        if events is None:
            return
        match step:
            case "start":
                paper.state = SERVING
            case "finish":
                self.finished(paper, events)
            case "no_show":
                paper.state = NO_SHOW
            case "cancel":
                paper.state = CANCELLED
            case "hold":
                paper.state = HELD
            case "resume":
                self.model.moved(paper, paper.key, events[0].at)
                self.model.release([paper])

    @precondition(has_tickets)
    @rule(pick=PICKS, step=st.sampled_from(sorted(KINDS)))
    def step_of_a_ticket(self, pick: int, step: str) -> None:
        paper = self.some(pick, step)
        self.step(paper, step, {"ticket": paper.id})

    @rule(counter=COUNTERS, step=st.sampled_from(sorted({*KINDS} - {"resume"})))
    def step_of_a_counter(self, counter: CounterId, step: str) -> None:
        paper = self.model.at(counter)
        if paper is None:
            self.do(KINDS[step], Reason.NO_TICKET_AT_COUNTER, counter=counter)
        else:
            self.step(paper, step, {"counter": counter})

    @precondition(has_tickets)
    @rule(pick=PICKS, place=PLACES)
    def requeue(self, pick: int, place: tuple[QueuePlace, int]) -> None:
        self.put(self.some(pick, "requeue"), "requeue", RequeueTicket, *place)

    @precondition(has_tickets)
    @rule(pick=PICKS, place=PLACES)
    def reactivate(self, pick: int, place: tuple[QueuePlace, int]) -> None:
        self.put(self.some(pick, "reactivate"), "reactivate", ReactivateTicket, *place)

    def put(self, paper: Paper, step: str, kind: Any, place: QueuePlace, after: int) -> None:
        refused = self.model.refuses(paper, step)
        if step == "reactivate" and not refused and self.model.has_open(paper.person, paper.asked):
            refused = Reason.PERSON_LIMIT
        events = self.do(kind, refused, ticket=paper.id, place=place, after=after)
        if events is not None:
            self.model.moved(paper, self.key(paper), events[0].at)
            self.model.release([paper])
            self.model.check_place(paper, place, after)

    @precondition(has_tickets)
    @rule(
        pick=PICKS,
        to_service=st.sampled_from([None, None, TAX, VAT, VAT, DESK, LOST]),
        to_counter=st.sampled_from([None, ONE, TWO, TWO, THREE]),
        back=st.booleans(),
    )
    def transfer(self, pick: int, back: bool, **to: Any) -> None:
        paper, model = self.some(pick, "transfer"), self.model
        refused = model.refuses(paper, "transfer")
        refused = refused or model.refuses_transfer(PREFIX, **to)
        events = self.do(TransferTicket, refused, ticket=paper.id, back=back, note="n", **to)
        if events is None:
            return
        paper.service = to["to_service"] or paper.service
        paper.reserved = to["to_counter"]
        paper.then = tuple(service for service in paper.then if service != paper.service)
        assert back or self.key(paper) == paper.key, "it keeps its time of arrival"
        model.moved(paper, self.key(paper), events[0].at)
        if back:
            model.check_place(paper, QueuePlace.BACK, 0)

    # -- counters --------------------------------------------------------------------------------

    @rule(counter=COUNTERS)
    def open(self, counter: CounterId) -> None:
        self.do(OpenCounter, counter=counter)
        self.model.modes[counter] = CounterMode.OPEN

    @rule(counter=COUNTERS)
    def pause(self, counter: CounterId) -> None:
        busy = self.model.at(counter) is not None
        self.do(PauseCounter, Reason.COUNTER_BUSY if busy else None, counter=counter)
        if not busy:
            self.model.modes[counter] = CounterMode.PAUSED

    @rule(counter=COUNTERS)
    def close(self, counter: CounterId) -> None:
        self.do(CloseCounter, counter=counter)
        held = self.model.at(counter)
        self.model.modes[counter] = CounterMode.CLOSED
        if held is not None:
            self.model.moved(held, held.key, held.since)
        self.model.release(self.model.waiting())

    # -- time and restarts -----------------------------------------------------------------------

    @precondition(lambda self: len(self.model.papers) > 8)
    @rule()
    def a_day_passes(self) -> None:
        still_open = [paper for paper in self.model.papers.values() if paper.state in OPEN_STATES]
        at = {p.id: p.counter if p.state in AT_COUNTER else None for p in still_open}
        self.book.now = max(self.book.now, self.book.state.last_at)
        self.book.wait(days=1)
        *expired, begun = self.do(BeginDay) or ()
        assert isinstance(begun, DayBegun)
        assert all(isinstance(event, TicketExpired) for event in expired)
        assert {event.ticket: event.counter for event in expired} == at
        assert len(expired) == len(still_open)
        self.model.new_day()
        self.morning()

    @rule(minutes=st.integers(-90, 90))
    def the_clock_is_set(self, minutes: int) -> None:
        # Never over the end of the day: that is a rule of its own.
        self.book.wait(minutes=minutes)
        if self.book.now >= self.book.state.ends_at and self.book.state.seq:
            self.book.wait(minutes=-minutes)

    @rule(snapshot=st.booleans())
    def restart(self, snapshot: bool) -> None:
        """From the events alone, or from a snapshot: what was is there, and it goes on from that."""
        before = self.book.state
        if snapshot:
            again = decode_state(encode_state(before), self.spec)
        else:
            again = apply_all(HallState(spec=self.spec), self.book.events)
        assert again == before
        self.book.state = again

    # -- what must always hold -------------------------------------------------------------------

    @invariant()
    def agrees_with_the_model(self) -> None:
        state, model = self.book.state, self.model
        assert set(state.tickets) == set(model.papers), "a ticket is lost"
        numbers = [ticket.number for ticket in state.tickets.values()]
        assert len(set(numbers)) == len(numbers), "a number twice"
        for paper in model.papers.values():
            ticket = state.tickets[paper.id]
            assert (ticket.state, ticket.service) == (paper.state, paper.service)
            assert (ticket.reserved_for, ticket.then) == (paper.reserved, paper.then)
            assert (ticket.order, ticket.waiting_since) == (paper.key, paper.since)
            assert [served.service for served in ticket.served] == paper.served
            if paper.state in AT_COUNTER:
                assert ticket.counter == paper.counter
            if paper.state is WAITING:
                before = [other for other in model.beside(paper) if other.key < paper.key]
                assert ahead_of(state, ticket) == len(before)

    @invariant()
    def everybody_stands_in_one_place(self) -> None:
        state, model = self.book.state, self.model
        for service, line in state.lines.items():
            for ticket_class, queue in line.classes.items():
                expected = [
                    paper.id for paper in model.queue(service) if paper.ticket_class is ticket_class
                ]
                assert [entry.ticket for entry in entries(queue)] == expected != []
            assert state.waiting(service) == len(model.queue(service))
        for counter, alone in state.reserved.items():
            expected = [paper.id for paper in model.queue(TAX, counter)]
            assert [entry.ticket for entry in entries(alone)] == expected != []
        queued = [queue for line in state.lines.values() for queue in line.classes.values()]
        queued += state.reserved.values()
        assert sum(queue.size for queue in queued) == len(model.waiting())

    @invariant()
    def every_counter_has_one_ticket_at_most(self) -> None:
        state = self.book.state
        for counter in HAS:
            held = self.model.at(counter)
            seen = counter_changed(state, counter)
            assert seen.ticket == (held and held.id)
            assert seen.mode is self.model.mode(counter)
            assert held is None or seen.mode is CounterMode.OPEN
        held_ones = [post.ticket for post in state.posts.values() if post.ticket]
        assert len(set(held_ones)) == len(held_ones), "a ticket at two counters"

    @invariant()
    def follows_from_its_events(self) -> None:
        events = self.book.events
        assert self.book.state.seq == len(events)
        assert [event.at for event in events] == sorted(event.at for event in events)

    def teardown(self) -> None:
        """Replayed from the beginning or from any snapshot, the events give the same state."""
        events, state = self.book.events, HallState(spec=self.spec)
        for position, event in enumerate(events):
            if isinstance(event, DayBegun) or position == len(events) // 2:
                assert apply_all(state, events[position:]) == self.book.state
            state = apply_all(state, (event,))
        assert state == self.book.state
        numbers = [event.ticket for event in events if isinstance(event, TicketTaken)]
        assert len(numbers) == len(set(numbers)), "a ticket issued twice"
        ended = {TicketState.SERVED, NO_SHOW, CANCELLED, *OPEN_STATES}
        assert {ticket.state for ticket in state.tickets.values()} <= ended


# -- long days -----------------------------------------------------------------------------------

SELDOM: dict[str, int] = {"close": 8, "a_day_passes": 1, "restart": 2, "the_clock_is_set": 2}
"""Shares of the rules in a long day; all others have ten."""


def arguments(rule_name: str, random: Random) -> dict[str, Any]:
    """What the rule may be given."""
    pick, counter = random.randrange(1000), random.choice(list(HAS))
    services = random.choices([TAX, VAT, DESK], k=random.choice([1, 1, 1, 2, 3]))
    parts: dict[str, dict[str, Any]] = {
        "take": {
            "service": services[0],
            "then": services[1:],
            "ticket_class": random.choice([TicketClass.NORMAL, TicketClass.PRIORITY]),
            "visit_order": random.choice(list(VisitOrder)),
            "person": random.choice([None, None, PersonId("p1"), PersonId("p2")]),
            "party": random.randint(1, 3),
        },
        "call_next": {"counter": counter},
        "call_given": {"pick": pick, "counter": counter},
        "step_of_a_ticket": {"pick": pick, "step": random.choice(sorted(KINDS))},
        "step_of_a_counter": {
            "counter": counter,
            "step": random.choice(sorted({*KINDS} - {"resume"})),
        },
        "requeue": {"pick": pick, "place": (random.choice(list(QueuePlace)), random.randrange(7))},
        "reactivate": {
            "pick": pick,
            "place": (random.choice(list(QueuePlace)), random.randrange(7)),
        },
        "transfer": {
            "pick": pick,
            "to_service": random.choice([None, None, TAX, VAT, VAT, DESK, LOST]),
            "to_counter": random.choice([None, None, ONE, TWO, THREE]),
            "back": random.random() < 0.5,
        },
        "open": {"counter": counter},
        "pause": {"counter": counter},
        "close": {"counter": counter},
        "a_day_passes": {},
        "the_clock_is_set": {"minutes": random.randint(-90, 90)},
        "restart": {"snapshot": random.random() < 0.5},
    }
    return parts[rule_name]


RULES = (
    "take",
    "take",
    "call_next",
    "call_given",
    "step_of_a_ticket",
    "step_of_a_ticket",
    "step_of_a_counter",
    "requeue",
    "reactivate",
    "transfer",
    "open",
    "pause",
    *SELDOM,
)


@pytest.mark.parametrize("seed", range(8))
def test_long_random_days_agree_with_the_model(seed: int) -> None:
    """Hypothesis finds the short stories; queues get long, and odd things meet, in long ones."""
    random = Random(seed)
    machine = QueueAgainstModel()
    machine.a_hall(random.choice(list(UnstartedTicket)))
    weights = [SELDOM.get(name, 10) for name in RULES]
    for name in random.choices(RULES, weights, k=500):
        getattr(machine, name)(**arguments(name, random))
        machine.agrees_with_the_model()
        machine.everybody_stands_in_one_place()
        machine.every_counter_has_one_ticket_at_most()
    machine.teardown()


QueueAgainstModel.TestCase.settings = settings(
    max_examples=60, stateful_step_count=50, deadline=None
)
TestQueueAgainstModel = QueueAgainstModel.TestCase

"""The bound on overtaking, by search: whatever people and staff do, and whatever the policy is."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from actors.hall import choosing
from actors.hall.overtaking import counts_since, overtaken
from actors.hall.ranks import entries
from actors.hall.state import HallState, Ticket
from protocol.choices import Rule
from protocol.commands import (
    CallTicket,
    CancelTicket,
    CloseCounter,
    HoldTicket,
    ReactivateTicket,
    RequeueTicket,
    ResumeTicket,
    TransferTicket,
)
from protocol.events import (
    TicketCalled,
    TicketReactivated,
    TicketRequeued,
    TicketResumed,
    TicketTransferred,
)
from protocol.ids import ServiceId, TicketId
from protocol.policies import WEIGHT_MAX, Policy, PolicyKind
from protocol.tickets import QueuePlace, TicketClass, TicketState
from tests.actors.hall.turns import (
    HAS,
    NORMAL,
    ONE,
    PRIORITY,
    THREE,
    TWO,
    Q,
    R,
    S,
    Turns,
    turns_spec,
)

SERVICES, COUNTERS = st.sampled_from([Q, R, S]), st.sampled_from([ONE, TWO, THREE])
CLASSES = st.sampled_from(TicketClass)
WEIGHTS = st.integers(1, WEIGHT_MAX)
POLICIES = st.builds(
    Policy,
    kind=st.sampled_from(PolicyKind),
    ratios=st.dictionaries(CLASSES, WEIGHTS),
    overtaken_max=st.none() | st.integers(0, 4),
    overtaken_wait_s=st.none() | st.sampled_from([0.0, 30.0, 300.0]),
    due_before_s=st.sampled_from([0.0, 60.0]),
)
NUMBERS = st.integers(0, 99)
PEOPLE = (
    st.tuples(st.just("take"), SERVICES, CLASSES)
    | st.tuples(st.just("check in"), SERVICES, st.integers(-200, 600))
    | st.tuples(st.just("wait"), st.integers(1, 200))
)
COUNTER = st.tuples(st.just("call"), COUNTERS)
STAFF = (
    st.tuples(st.just("call given"), COUNTERS, NUMBERS)
    | st.tuples(st.just("requeue"), NUMBERS, st.sampled_from(QueuePlace), st.integers(1, 5))
    | st.tuples(st.just("reactivate"), NUMBERS, st.sampled_from(QueuePlace), st.integers(1, 5))
    | st.tuples(st.just("hold"), NUMBERS)
    | st.tuples(st.just("resume"), NUMBERS)
    | st.tuples(st.just("cancel"), NUMBERS)
    | st.tuples(st.just("send"), NUMBERS, st.none() | SERVICES, st.none() | COUNTERS)
    | st.tuples(st.just("close"), COUNTERS)
)
MIXED = PEOPLE | PEOPLE | PEOPLE | COUNTER | COUNTER | COUNTER | COUNTER | COUNTER | STAFF
DOINGS = st.tuples(
    st.lists(PEOPLE, min_size=6, max_size=15), st.lists(MIXED, min_size=20, max_size=60)
).map(lambda both: [*both[0], *both[1]])


MOVES = (TicketRequeued, TicketTransferred, TicketResumed, TicketReactivated)


class Watched(Turns):
    """Counts by itself who is overtaken, and looks at every call."""

    def __init__(self, policy: Policy, weights: dict[ServiceId, int]) -> None:
        super().__init__(turns_spec(policy, weights, r={"target_wait_s": 60.0, "service_s": 30.0}))
        self.policy = policy
        self.passed: dict[TicketId, int] = {}
        """How often each ticket was overtaken where it stands now."""

    def waiting(self) -> list[Ticket]:
        """Those who wait for a service at any of its counters."""
        return [
            ticket
            for ticket in self.state.tickets.values()
            if ticket.state is TicketState.WAITING and ticket.reserved_for is None
        ]

    def do(self, command: Any) -> Any:
        before = {ticket.id: ticket for ticket in self.waiting()}
        state = self.state
        events = super().do(command)
        for event in events if isinstance(events, tuple) else ():
            if isinstance(event, TicketCalled):
                self.look(state, before, event)
            elif isinstance(event, MOVES):
                self.passed.pop(event.ticket, None)
        self.agree()
        return events

    def look(self, state: HallState, before: dict[TicketId, Ticket], event: TicketCalled) -> None:
        """Check a call against the bounds, and count whom it overtook."""
        assert event.choice is not None
        called = state.tickets[event.ticket]
        earlier = [
            ticket
            for ticket in before.values()
            if ticket.service == called.service and ticket.order < called.order
        ]
        assert event.choice.overtook == len(earlier)
        assert event.choice.candidates[0].ticket == called.id
        here = called.service in HAS[event.counter]
        by_staff = event.choice.rule is Rule.GIVEN or (called.reserved_for and not here)
        most, longest_s = self.policy.overtaken_max, self.policy.overtaken_wait_s
        for ticket in earlier:
            if not by_staff:
                assert most is None or self.passed.get(ticket.id, 0) < most
                waited_s = (self.now - counts_since(ticket)).total_seconds()
                assert longest_s is None or waited_s < longest_s
            self.passed[ticket.id] = self.passed.get(ticket.id, 0) + 1

    def agree(self) -> None:
        """The hall counts no fewer than there were, and both bounds fall along every queue."""
        for ticket in self.waiting():
            assert overtaken(self.state, ticket) >= self.passed.get(ticket.id, 0)
        for line in self.state.lines.values():
            for queue in line.classes.values():
                standing = [self.state.tickets[entry.ticket] for entry in entries(queue)]
                for one, other in itertools.pairwise(standing):
                    assert overtaken(self.state, one) >= overtaken(self.state, other)
                    assert counts_since(one) <= counts_since(other)

    def pick(self, number: int) -> TicketId | None:
        ids = list(self.state.tickets)
        return sorted(ids)[number % len(ids)] if ids else None

    def happens(self, doing: Any) -> None:
        """Do one of `DOINGS`; what is refused does not matter."""
        match doing:
            case ("take", service, ticket_class):
                self.take(service, ticket_class)
            case ("check in", service, due_s):
                self.take(service, due_s=due_s)
            case ("wait", seconds):
                self.wait(seconds=seconds)
            case ("call", counter):
                self.call(counter)
            case ("close", counter):
                self.ask(CloseCounter, counter=counter)
            case ("call given", counter, number):
                self.ask(CallTicket, counter=counter, ticket=self.pick(number) or "")
            case ("send", number, service, counter):
                self.ask(
                    TransferTicket,
                    ticket=self.pick(number) or "",
                    to_service=service,
                    to_counter=counter,
                )
            case ("requeue" | "reactivate" as step, number, place, after):
                kind = RequeueTicket if step == "requeue" else ReactivateTicket
                self.ask(kind, ticket=self.pick(number) or "", place=place, after=after)
            case ("hold" | "resume" | "cancel" as step, number):
                steps = {"hold": HoldTicket, "resume": ResumeTicket, "cancel": CancelTicket}
                self.ask(steps[step], ticket=self.pick(number) or "")


@settings(max_examples=150, deadline=None)
@given(policy=POLICIES, weights=st.dictionaries(SERVICES, WEIGHTS), doings=DOINGS)
def test_nobody_is_overtaken_beyond_the_bounds(
    policy: Policy, weights: dict[ServiceId, int], doings: list[Any]
) -> None:
    watched = Watched(policy, weights)
    for doing in doings:
        watched.happens(doing)


@settings(max_examples=300, deadline=None, database=None, phases=[Phase.generate])
@given(policy=POLICIES, doings=DOINGS)
def search(policy: Policy, doings: list[Any]) -> None:
    watched = Watched(policy, {})
    for doing in doings:
        watched.happens(doing)


def test_search_finds_a_hall_without_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "first_at_bound", lambda *_: None)
    with pytest.raises(AssertionError):
        search()


def test_search_finds_a_bound_that_looks_at_the_first_come_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def of_own_class(state: HallState, policy: Policy, chosen: Ticket, at: Any) -> Any:
        found = right(state, policy, chosen, at)
        same = found and state.tickets[found].ticket_class is chosen.ticket_class
        return found if same else None

    right = choosing.first_at_bound
    monkeypatch.setattr(choosing, "first_at_bound", of_own_class)
    with pytest.raises(AssertionError):
        search()


@settings(max_examples=100, deadline=None)
@given(
    kind=st.sampled_from(PolicyKind),
    most=st.integers(0, 5),
    ahead=st.integers(0, 8),
    hurry=st.lists(st.sampled_from(["priority", "due", "normal"]), min_size=1, max_size=5),
)
def test_nobody_starves_however_many_hurry(
    kind: PolicyKind, most: int, ahead: int, hurry: list[str]
) -> None:
    """As many come before each call as are called, with every advantage there is."""
    policy = Policy(kind=kind, ratios={PRIORITY: WEIGHT_MAX}, overtaken_max=most)
    turns = Turns(turns_spec(policy))
    for _ in range(ahead):
        turns.take(S)
    patient = turns.take(S)
    calls = 0
    while turns.ticket(patient).state is TicketState.WAITING:
        for who in hurry:
            due_s = 0 if who == "due" else None
            turns.take(S, PRIORITY if who == "priority" else NORMAL, due_s=due_s)
        turns.wait(seconds=1)
        calls += turns.next((ONE, TWO, THREE)[calls % 3]).service == S
        assert calls <= ahead + most + 1


def test_calls_that_overtook_nobody_who_waits_are_forgotten() -> None:
    turns = Turns(turns_spec(Policy()))
    waiting = [turns.take(S) for _ in range(3)]
    for _ in range(4):
        turns.take(S, due_s=0)
        turns.next()
    assert [overtaken(turns.state, turns.ticket(one)) for one in waiting] == [4, 4, 4]
    newcomer = turns.take(S)
    assert overtaken(turns.state, turns.ticket(newcomer)) == 0
    for _ in waiting:
        turns.next()
    assert turns.state.lines[S].overtakers is None
    turns.next()
    assert turns.state.lines[S].overtakers is None

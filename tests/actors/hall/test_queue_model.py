"""The queue against a naive model: lists and dicts, in the words of the requirement."""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.hall.apply import apply_all
from actors.hall.state import HallState
from actors.hall.views import ahead_of, counter_changed
from protocol.answers import Rejected
from protocol.commands import (
    CallNext,
    CancelTicket,
    CloseCounter,
    FinishService,
    MarkNoShow,
    StartService,
    TakeTicket,
)
from protocol.events import DayBegun, TicketCalled, TicketTaken
from protocol.tickets import TicketState
from tests.actors.hall.conftest import ONE, TAX, TWO, VAT, ZH, Book

SERVICES = st.sampled_from([TAX, VAT])
COUNTERS = st.sampled_from([ONE, TWO])
HAS = {ONE: (TAX, VAT), TWO: (VAT,)}
ENDS = {TicketState.SERVED, TicketState.NO_SHOW, TicketState.CANCELLED, TicketState.EXPIRED}


class QueueAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.ids = count()
        self.waiting: list[tuple[str, str]] = []  # (service, number), in order of arrival
        self.at: dict[str, str | None] = {ONE: None, TWO: None}
        self.issued: dict[str, int] = {TAX: 0, VAT: 0}
        self.ended: list[str] = []

    def do(self, kind: Any, **parts: Any) -> Any:
        return self.book.do(kind(id=f"c{next(self.ids)}", **parts))

    @rule(service=SERVICES)
    def take(self, service: str) -> None:
        decision = self.do(TakeTicket, service=service, language=ZH)
        if service == TAX and self.issued[TAX] == 5:
            assert isinstance(decision, Rejected)
            return
        self.issued[service] += 1
        taken = decision[-1]
        prefix = "A" if service == TAX else "B"
        assert taken.number == f"{prefix}{self.issued[service]:03}"
        assert taken.ahead == sum(waits == service for waits, _ in self.waiting)
        self.waiting.append((service, taken.number))

    @rule(counter=COUNTERS)
    def call(self, counter: str) -> None:
        decision = self.do(CallNext, counter=counter)
        called = [event.number for event in decision if isinstance(event, TicketCalled)]
        expected = next((entry for entry in self.waiting if entry[0] in HAS[counter]), None)
        if self.at[counter] is not None:
            self.ended.append(self.at[counter])
            self.at[counter] = None
        if expected is None:
            assert called == []
        else:
            self.waiting.remove(expected)
            self.at[counter] = expected[1]
            assert called == [expected[1]]

    @rule(counter=COUNTERS, kind=st.sampled_from([StartService, FinishService, MarkNoShow]))
    def step(self, counter: str, kind: Any) -> None:
        decision = self.do(kind, counter=counter)
        if self.at[counter] is None:
            assert isinstance(decision, Rejected)
        elif not isinstance(decision, Rejected) and kind is not StartService:
            self.ended.append(self.at[counter])
            self.at[counter] = None

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def cancel_a_waiting_one(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(self.waiting))
        ticket = next(t for t in self.book.state.tickets.values() if t.number == entry[1])
        assert not isinstance(self.do(CancelTicket, ticket=ticket.id), Rejected)
        self.waiting.remove(entry)
        self.ended.append(entry[1])

    @rule(counter=COUNTERS)
    def close(self, counter: str) -> None:
        assert isinstance(self.do(CloseCounter, counter=counter), Rejected) == (
            self.at[counter] is not None
        )

    @rule(service=SERVICES)
    def a_day_passes(self, service: str) -> None:
        self.book.wait(days=1)
        self.waiting, self.at = [], {ONE: None, TWO: None}
        self.issued, self.ended = {TAX: 0, VAT: 0}, []
        self.take(service)

    @rule(minutes=st.integers(-90, 90))
    def the_clock_is_set(self, minutes: int) -> None:
        # Never over the end of the day: that is a rule of its own.
        self.book.wait(minutes=minutes)
        if self.book.now >= self.book.state.ends_at and self.book.state.seq:
            self.book.wait(minutes=-minutes)

    @invariant()
    def agrees_with_the_model(self) -> None:
        state = self.book.state
        for service in (TAX, VAT):
            assert state.waiting(service) == sum(waits == service for waits, _ in self.waiting)
        for counter, number in self.at.items():
            assert counter_changed(state, counter).number == number
        by_number = {ticket.number: ticket for ticket in state.tickets.values()}
        assert len(by_number) == len(state.tickets), "a number twice"
        for position, (service, number) in enumerate(self.waiting):
            before = sum(waits == service for waits, _ in self.waiting[:position])
            assert ahead_of(state, by_number[number]) == before
        for number in self.ended:
            assert by_number[number].state in ENDS

    @invariant()
    def follows_from_its_events(self) -> None:
        state = self.book.state
        assert state.seq == len(self.book.events)
        assert [event.at for event in self.book.events] == sorted(
            event.at for event in self.book.events
        )

    def teardown(self) -> None:
        """Replayed from the beginning or from any snapshot, the events give the same state."""
        events = self.book.events
        state = HallState(spec=self.book.state.spec)
        for position, event in enumerate(events):
            if isinstance(event, DayBegun) or position == len(events) // 2:
                assert apply_all(state, events[position:]) == self.book.state
            state = apply_all(state, (event,))
        assert state == self.book.state
        numbers = [event.ticket for event in events if isinstance(event, TicketTaken)]
        assert len(numbers) == len(set(numbers)), "a ticket issued twice"


QueueAgainstModel.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None
)
TestQueueAgainstModel = QueueAgainstModel.TestCase

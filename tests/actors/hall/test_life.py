"""The tables of a ticket's and of a counter's life, walked pair by pair through real commands."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from actors.hall.ranks import entries
from protocol.answers import Reason, Rejected
from protocol.commands import (
    BeginDay,
    CallNext,
    CallTicket,
    CancelTicket,
    CloseCounter,
    Command,
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
    TogglePause,
    TransferTicket,
)
from protocol.events import DayBegun, ServiceFinished, TicketExpired, VisitContinued
from protocol.ids import CommandId, CounterId, TicketId
from protocol.tickets import (
    COUNTER_STATES,
    OPEN_STATES,
    TRANSITIONS,
    CounterMode,
    TicketState,
    TicketStep,
)
from tests.actors.hall.conftest import ONE, TAX, TWO, VAT, ZH, Book

_ids = count()


def id() -> CommandId:
    return CommandId(f"l{next(_ids)}")


def take(book: Book, **parts: Any) -> TicketId:
    taken: TicketId = book.do(TakeTicket(**{"id": id(), "service": TAX, "language": ZH, **parts}))[
        -1
    ].ticket
    return taken


def done(book: Book, command: Command) -> tuple[Any, ...]:
    """What a command caused that must not be refused."""
    decision = book.do(command)
    assert not isinstance(decision, Rejected), decision
    return tuple(decision)


# -- tickets -------------------------------------------------------------------------------------

CALLED = (lambda t: CallTicket(id=id(), counter=ONE, ticket=t),)
# How a ticket gets into each state that a day sees; an expired one is gone with its day.
WAYS: dict[TicketState, tuple[Callable[[TicketId], Command], ...]] = {
    TicketState.WAITING: (),
    TicketState.CALLED: CALLED,
    TicketState.SERVING: (*CALLED, lambda t: StartService(id=id(), ticket=t)),
    TicketState.HELD: (*CALLED, lambda t: HoldTicket(id=id(), ticket=t)),
    TicketState.SERVED: (*CALLED, lambda t: FinishService(id=id(), ticket=t)),
    TicketState.NO_SHOW: (*CALLED, lambda t: MarkNoShow(id=id(), ticket=t)),
    TicketState.CANCELLED: (lambda t: CancelTicket(id=id(), ticket=t),),
}

STEPS: dict[TicketStep, Callable[[TicketId], Command]] = {
    TicketStep.CALL: lambda t: CallTicket(id=id(), counter=ONE, ticket=t),
    TicketStep.RECALL: lambda t: RecallTicket(id=id(), ticket=t),
    TicketStep.START: lambda t: StartService(id=id(), ticket=t),
    TicketStep.FINISH: lambda t: FinishService(id=id(), ticket=t),
    TicketStep.NO_SHOW: lambda t: MarkNoShow(id=id(), ticket=t),
    TicketStep.HOLD: lambda t: HoldTicket(id=id(), ticket=t),
    TicketStep.RESUME: lambda t: ResumeTicket(id=id(), ticket=t),
    TicketStep.REQUEUE: lambda t: RequeueTicket(id=id(), ticket=t),
    TicketStep.TRANSFER: lambda t: TransferTicket(id=id(), ticket=t, to_service=VAT),
    TicketStep.CANCEL: lambda t: CancelTicket(id=id(), ticket=t),
    TicketStep.REACTIVATE: lambda t: ReactivateTicket(id=id(), ticket=t),
}
# Nobody commands these two: a visit goes on by itself, and a day ends.
BY_THEMSELVES = {TicketStep.GO_ON, TicketStep.EXPIRE}


def brought(book: Book, state: TicketState, **parts: Any) -> TicketId:
    """A ticket in ``state``."""
    ticket = take(book, **parts)
    for command in WAYS[state]:
        done(book, command(ticket))
    assert book.state.tickets[ticket].state is state
    return ticket


def assert_where_its_state_says(book: Book, ticket: TicketId) -> None:
    """In exactly one queue if it waits, at exactly one counter if that has it, and nowhere else."""
    state, found = book.state, book.state.tickets[ticket]
    queues = [queue for line in state.lines.values() for queue in line.classes.values()]
    queues += state.reserved.values()
    queued = [entry.ticket for queue in queues for entry in entries(queue)].count(ticket)
    assert queued == (found.state is TicketState.WAITING)
    at = [counter for counter, post in state.posts.items() if post.ticket == ticket]
    assert at == ([found.counter] if found.state.at_counter else [])
    assert (found.ended_at is None) == found.state.open
    assert found.state.at_counter or found.state is not TicketState.WAITING or not found.called_at


def test_the_table_and_the_steps_walked_here_are_whole() -> None:
    assert STEPS.keys() | BY_THEMSELVES == set(TicketStep)
    assert WAYS.keys() | {TicketState.EXPIRED} == set(TicketState)
    assert {state for state, _ in TRANSITIONS} - OPEN_STATES == {
        TicketState.SERVED,
        TicketState.NO_SHOW,
        TicketState.CANCELLED,
    }
    for (state, step), after in TRANSITIONS.items():
        assert (step is TicketStep.EXPIRE) == (after is TicketState.EXPIRED)
        assert state in OPEN_STATES or after is TicketState.WAITING


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize("step", STEPS)
def test_every_pair_of_state_and_step_follows_the_table(
    book: Book, state: TicketState, step: TicketStep
) -> None:
    ticket = brought(book, state)
    book.wait(minutes=1)
    before = book.state
    decision = book.do(STEPS[step](ticket))
    if (state, step) in TRANSITIONS:
        assert not isinstance(decision, Rejected), decision
        assert book.state.tickets[ticket].state is TRANSITIONS[state, step]
    else:
        assert isinstance(decision, Rejected)
        assert decision.reason is Reason.TICKET_STATE
        assert "A001" in decision.detail
        assert book.state == before
    assert_where_its_state_says(book, ticket)


@pytest.mark.parametrize("state", WAYS)
def test_the_next_one_is_only_ever_one_who_waits(book: Book, state: TicketState) -> None:
    ticket = brought(book, state)
    done(book, CallNext(id=id(), counter=TWO))
    done(book, CallNext(id=id(), counter=TWO))
    done(book, CallNext(id=id(), counter=ONE))
    was_waiting = state is TicketState.WAITING
    assert (book.state.post(ONE).ticket == ticket) == was_waiting
    assert_where_its_state_says(book, ticket)


@pytest.mark.parametrize("state", WAYS)
def test_a_days_end_ends_every_open_ticket_and_no_other(book: Book, state: TicketState) -> None:
    ticket = brought(book, state)
    book.wait(days=1)
    *expired, begun = done(book, BeginDay(id=id()))
    assert isinstance(begun, DayBegun)
    if (state, TicketStep.EXPIRE) in TRANSITIONS:
        (event,) = expired
        assert isinstance(event, TicketExpired)
        assert event.ticket == ticket
        assert event.counter == (ONE if state in COUNTER_STATES else None)
    else:
        assert expired == []
    for command in STEPS.values():
        decision = book.do(command(ticket))
        assert decision.reason is Reason.UNKNOWN_TICKET


@pytest.mark.parametrize("state", [TicketState.CALLED, TicketState.SERVING])
def test_a_visit_goes_on_from_each_finished_service(book: Book, state: TicketState) -> None:
    ticket = brought(book, state, then=(VAT,))
    finished, continued = done(book, FinishService(id=id(), ticket=ticket))
    assert isinstance(finished, ServiceFinished)
    assert isinstance(continued, VisitContinued)
    after = TRANSITIONS[TRANSITIONS[state, TicketStep.FINISH], TicketStep.GO_ON]
    assert book.state.tickets[ticket].state is after
    assert_where_its_state_says(book, ticket)


# -- counters ------------------------------------------------------------------------------------

OPEN, PAUSED, CLOSED = CounterMode.OPEN, CounterMode.PAUSED, CounterMode.CLOSED
BUSY = "busy"
SITUATIONS: dict[str, tuple[Callable[[CounterId], Command], ...]] = {
    CLOSED: (),
    OPEN: (lambda c: OpenCounter(id=id(), counter=c),),
    PAUSED: (lambda c: PauseCounter(id=id(), counter=c, reason="lunch"),),
    BUSY: (lambda c: CallNext(id=id(), counter=c),),
}
ON_THE_COUNTER: dict[str, Callable[[CounterId, TicketId], Command]] = {
    "next": lambda c, _: CallNext(id=id(), counter=c),
    "call": lambda c, t: CallTicket(id=id(), counter=c, ticket=t),
    "open": lambda c, _: OpenCounter(id=id(), counter=c),
    "pause": lambda c, _: PauseCounter(id=id(), counter=c),
    "toggle": lambda c, _: TogglePause(id=id(), counter=c),
    "close": lambda c, _: CloseCounter(id=id(), counter=c),
}
ON_ITS_TICKET = {
    kind.__name__: (lambda c, _, kind=kind, more=more: kind(id=id(), counter=c, **more))
    for kind, more in (
        (RecallTicket, {}),
        (StartService, {}),
        (FinishService, {}),
        (MarkNoShow, {}),
        (CancelTicket, {}),
        (HoldTicket, {}),
        (RequeueTicket, {}),
        (TransferTicket, {"to_service": VAT}),
    )
}
MODES: dict[tuple[str, str], CounterMode | Reason] = {
    (CLOSED, "next"): OPEN,
    (CLOSED, "call"): OPEN,
    (CLOSED, "open"): OPEN,
    (CLOSED, "pause"): PAUSED,
    (CLOSED, "toggle"): OPEN,
    (CLOSED, "close"): CLOSED,
    (OPEN, "next"): OPEN,
    (OPEN, "call"): OPEN,
    (OPEN, "open"): OPEN,
    (OPEN, "pause"): PAUSED,
    (OPEN, "toggle"): PAUSED,
    (OPEN, "close"): CLOSED,
    (PAUSED, "next"): OPEN,
    (PAUSED, "call"): OPEN,
    (PAUSED, "open"): OPEN,
    (PAUSED, "pause"): PAUSED,
    (PAUSED, "toggle"): OPEN,
    (PAUSED, "close"): CLOSED,
    (BUSY, "next"): OPEN,
    (BUSY, "call"): OPEN,
    (BUSY, "open"): OPEN,
    (BUSY, "pause"): Reason.COUNTER_BUSY,
    (BUSY, "toggle"): Reason.COUNTER_BUSY,
    (BUSY, "close"): CLOSED,
}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("command", ON_THE_COUNTER | ON_ITS_TICKET)
def test_every_pair_of_counter_mode_and_command_has_its_outcome(
    book: Book, situation: str, command: str
) -> None:
    tickets = [take(book), take(book)]
    for step in SITUATIONS[situation]:
        done(book, step(ONE))
    book.wait(minutes=1)
    before = book.state
    decision = book.do({**ON_THE_COUNTER, **ON_ITS_TICKET}[command](ONE, tickets[1]))
    outcome = MODES.get((situation, command))
    if outcome is None:
        # A step of the counter's ticket: the counter stays as it is, and has one or is refused.
        outcome = OPEN if situation == BUSY else Reason.NO_TICKET_AT_COUNTER
    if isinstance(outcome, Reason):
        assert isinstance(decision, Rejected)
        assert decision.reason is outcome
        assert book.state == before
    else:
        assert not isinstance(decision, Rejected), decision
        assert book.state.post(ONE).mode is outcome
    post = book.state.post(ONE)
    assert post.mode is OPEN or post.ticket is None
    assert post.reason == "" or post.mode is PAUSED
    for ticket in tickets:
        assert_where_its_state_says(book, ticket)


def test_the_reason_of_a_pause_is_shown_until_the_counter_goes_on(book: Book) -> None:
    done(book, PauseCounter(id=id(), counter=ONE, reason="lunch"))
    assert book.state.post(ONE).reason == "lunch"
    assert done(book, PauseCounter(id=id(), counter=ONE, reason="lunch")) == ()
    done(book, PauseCounter(id=id(), counter=ONE, reason="training"))
    assert book.state.post(ONE).reason == "training"
    done(book, OpenCounter(id=id(), counter=ONE))
    assert book.state.post(ONE).reason == ""
    assert done(book, OpenCounter(id=id(), counter=ONE)) == ()

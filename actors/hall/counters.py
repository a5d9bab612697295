"""Opening, pausing and closing counters."""

from __future__ import annotations

from datetime import datetime

from actors.hall.refusals import Refusal, find_counter
from actors.hall.state import HallState
from protocol.answers import Reason
from protocol.commands import CloseCounter, OpenCounter, PauseCounter
from protocol.events import CounterClosed, CounterOpened, CounterPaused, Event
from protocol.ids import CounterId
from protocol.tickets import CounterMode


def open_counter(state: HallState, command: OpenCounter, at: datetime) -> tuple[Event, ...]:
    """Have the counter take customers."""
    counter = find_counter(state, command.counter)
    if state.post(counter).mode is CounterMode.OPEN:
        return ()
    return (CounterOpened(at=at, command=command.id, counter=counter),)


def pause_counter(state: HallState, command: PauseCounter, at: datetime) -> tuple[Event, ...]:
    """Have it take nobody for a while."""
    counter = _free_counter(state, command.counter, "paused")
    post = state.post(counter)
    if post.mode is CounterMode.PAUSED and post.reason == command.reason:
        return ()
    return (CounterPaused(at=at, command=command.id, counter=counter, reason=command.reason),)


def close_counter(state: HallState, command: CloseCounter, at: datetime) -> tuple[Event, ...]:
    """Have it take nobody any more."""
    counter = _free_counter(state, command.counter, "closed")
    if state.post(counter).mode is CounterMode.CLOSED:
        return ()
    return (CounterClosed(at=at, command=command.id, counter=counter),)


def _free_counter(state: HallState, counter: CounterId, wish: str) -> CounterId:
    held = state.post(find_counter(state, counter)).ticket
    if held is not None:
        raise Refusal(
            Reason.TICKET_STATE,
            f"counter {counter} still has {state.tickets[held].number} and cannot be {wish}: "
            "finish it or mark it as no-show first",
        )
    return counter

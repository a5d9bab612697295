"""Bugs by which a ticket is at two counters, or is called by two."""

from __future__ import annotations

from typing import Any

from actors.display import DisplayActor
from actors.hall import apply, calling
from actors.hall.state import HallState
from protocol.choices import Rule
from protocol.events import TicketCalled, TicketHeld, TicketRequeued, TicketTransferred
from protocol.messages import Recorded
from protocol.radio.guard import Guard
from protocol.tickets import TicketState
from sim.explore.case import Case
from tests.sim.explore.planted.bug import Bug, Plant


def _stays_in_the_queue(plant: Plant) -> None:
    """Who is called by the number stays in the queue, and is called once more."""
    leave, called = apply.leave_queue, apply._APPLY[TicketCalled]

    def call(state: HallState, event: TicketCalled) -> None:
        given = event.choice is not None and event.choice.rule is Rule.GIVEN
        apply.leave_queue = (lambda _state, _ticket: None) if given else leave  # type: ignore[assignment]
        try:
            called(state, event)
        finally:
            apply.leave_queue = leave

    plant.entry(apply._APPLY, TicketCalled, call)


def _keeps_whom_it_serves(plant: Plant) -> None:
    """NEXT does not end the service that is under way."""
    made_free = calling._made_free

    def not_made_free(state: HallState, counter: Any, command: Any, at: Any) -> Any:
        ticket = state.post(counter).ticket
        if ticket is not None and state.tickets[ticket].state is TicketState.SERVING:
            return []
        return made_free(state, counter, command, at)

    plant.attribute(calling, "_made_free", not_made_free)


def _screen_keeps_who_was_sent_away(plant: Plant) -> None:
    """The large screen does not hear that a ticket was held, put back or transferred."""
    take = DisplayActor._handlers[Recorded]

    def hear(display: DisplayActor, record: Recorded) -> None:
        if not isinstance(record.event, TicketHeld | TicketRequeued | TicketTransferred):
            take(display, record)

    plant.entry(DisplayActor._handlers, Recorded, hear)


def _forged_presses_are_taken(plant: Plant) -> None:
    """What comes in the clear is taken of a paired keypad as well."""
    plant.attribute(Guard, "_check_plain", lambda _guard, _source: None)


def _is_attacked(case: Case) -> bool:
    return case.stranger_s is not None


BUGS = (
    Bug(name="called by number, still queued", invariant=2, seed=0, plant=_stays_in_the_queue),
    Bug(name="next keeps whom it serves", invariant=2, seed=0, plant=_keeps_whom_it_serves),
    Bug(
        name="screen keeps who was sent away",
        invariant=2,
        seed=0,
        plant=_screen_keeps_who_was_sent_away,
    ),
    Bug(
        name="forged presses are taken",
        invariant=2,
        seed=2,
        plant=_forged_presses_are_taken,
        can_show=_is_attacked,
    ),
)

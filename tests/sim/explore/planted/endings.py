"""Bugs by which tickets are lost."""

from __future__ import annotations

from datetime import datetime, time

from actors.hall import apply, decide
from actors.hall.state import HallState
from protocol.events import Event, TicketExpired, TicketResumed
from protocol.ids import CommandId
from protocol.tickets import TicketState
from protocol.values import replace
from sim.explore.case import Case
from tests.sim.explore.planted.bug import Bug, Plant


def _resumed_into_no_queue(plant: Plant) -> None:
    """A held ticket that is resumed says that it waits, and is in no queue."""

    def resumed(state: HallState, event: TicketResumed) -> None:
        ticket = replace(state.tickets[event.ticket], state=TicketState.WAITING)
        state.tickets = state.tickets.set(ticket.id, ticket)

    plant.entry(apply._APPLY, TicketResumed, resumed)


def _held_tickets_outlive_their_day(plant: Plant) -> None:
    """The end of the day forgets those that are held."""
    begin = decide._begin_day

    def begin_day(state: HallState, command: CommandId, at: datetime) -> tuple[Event, ...]:
        return tuple(
            event
            for event in begin(state, command, at)
            if not isinstance(event, TicketExpired)
            or state.tickets[event.ticket].state is not TicketState.HELD
        )

    plant.attribute(decide, "_begin_day", begin_day)


def _a_day_ends(case: Case) -> bool:
    return case.spec.day_begins != time(4, 0)


BUGS = (
    Bug(name="resumed into no queue", invariant=3, seed=0, plant=_resumed_into_no_queue),
    Bug(
        name="held tickets outlive their day",
        invariant=3,
        seed=9,
        plant=_held_tickets_outlive_their_day,
        can_show=_a_day_ends,
    ),
)

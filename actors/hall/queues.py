"""Who waits where: how a ticket joins the queue that it waits in, and leaves it.

Both change the state that is given, which must be the caller's own copy: its fields, not what they hold.
"""

from __future__ import annotations

from typing import Any

from actors.hall.overtaking import remembered
from actors.hall.ranks import Ranks, put, without
from actors.hall.state import HallState, Line, Ticket
from protocol.values import changer

_with_classes = changer(Line, "classes")


def enter_queue(state: HallState, ticket: Ticket) -> None:
    """Put a waiting ticket in its place: in the queue of its one counter, or else of its service and class."""
    counter = ticket.reserved_for
    if counter is not None:
        alone = put(state.reserved.get(counter), ticket.order, ticket.id)
        state.reserved = {**state.reserved, counter: alone}
        return
    line = state.lines.get(ticket.service) or Line()
    queue = put(line.classes.get(ticket.ticket_class), ticket.order, ticket.id)
    classes = {**line.classes, ticket.ticket_class: queue}
    state.lines = {**state.lines, ticket.service: _with_classes(line, classes)}


def leave_queue(state: HallState, ticket: Ticket) -> None:
    """Take a ticket, still as it waited, out of its queue."""
    counter = ticket.reserved_for
    if counter is not None:
        alone = without(state.reserved[counter], ticket.order)
        state.reserved = _with_or_without(state.reserved, counter, alone)
        return
    line = state.lines[ticket.service]
    ticket_class = ticket.taken.ticket_class
    queue = without(line.classes[ticket_class], ticket.order)
    classes = _with_or_without(line.classes, ticket_class, queue)
    line = _with_classes(line, classes)
    if line.overtakers is not None:
        line = remembered(line)
    state.lines = {**state.lines, ticket.service: line}


def _with_or_without(queues: Any, key: Any, queue: Ranks | None) -> Any:
    """Return ``queues`` with ``queue`` at ``key``, or without that key if the queue is empty."""
    changed = {**queues, key: queue}
    if queue is None:
        del changed[key]
    return changed

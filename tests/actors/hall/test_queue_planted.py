"""The machine can fail: mistakes that are made on purpose, one at a time, and that it finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actors.hall import (
    apply,
    calling,
    counters,
    decide,
    evaluating,
    overtaking,
    pushing,
    requeueing,
    slots,
    striking,
    taking,
)
from actors.hall.evaluating_apply import served_last
from protocol.events import TicketExpired, TicketResumed
from protocol.push_events import TicketFollowed
from protocol.tickets import QueuePlace, TicketState
from protocol.values import replace
from tests.actors.hall import machine_counters
from tests.actors.hall.stories import STORIES, long_story

Patch = pytest.MonkeyPatch


def wrong_place(patch: Patch) -> None:
    """Who is put in front goes behind all."""
    right = requeueing._place

    def place(state: Any, ticket: Any, place: QueuePlace, after: int, at: Any) -> Any:
        wrong = QueuePlace.BACK if place is QueuePlace.FRONT else place
        return right(state, ticket, wrong, after, at)

    patch.setattr(requeueing, "_place", place)


def number_twice(patch: Patch) -> None:
    """A number that was cancelled is issued again."""
    right = taking.issue

    def issue(state: Any, service: Any, *rest: Any) -> Any:
        line = state.lines.get(service.id)
        last = [
            ticket
            for ticket in state.tickets.values()
            if line is not None
            and (ticket.taken.service, ticket.taken.serial) == (service.id, line.serial)
            and ticket.state is TicketState.CANCELLED
        ]
        for ticket in last:
            lines = {**state.lines, service.id: replace(line, serial=line.serial - 1)}
            state = replace(state, lines=lines, tickets=state.tickets.delete(ticket.id))
        return right(state, service, *rest)

    patch.setattr(taking, "issue", issue)


def evaluated_twice(patch: Patch) -> None:
    """A service that was evaluated may be so again."""
    right = evaluating._open_service

    def open_service(state: Any, ticket: Any, service: Any, counter: Any, at: Any) -> Any:
        place = served_last(ticket, service=service, counter=counter)
        return right(state, ticket, service, counter, at) if place is None else ticket.served[place]

    patch.setattr(evaluating, "_open_service", open_service)


def overtaken_once_more(patch: Patch) -> None:
    """The bound on overtaking is off by one."""

    def at_bound(_state: Any, policy: Any, line: Any, head: Any, _at: Any) -> bool:
        most = policy.overtaken_max
        return most is not None and overtaking.overtaken_at(line, head.order) > most

    patch.setattr(overtaking, "_at_bound", at_bound)


def closure_passes_over(patch: Patch) -> None:
    """A closure does not see those who wait for one counter alone."""
    right = striking._waiting

    def waiting(state: Any, added: Any, at: Any) -> Any:
        return [one for one in right(state, added, at) if not state.tickets[one[1]].reserved_for]

    patch.setattr(striking, "_waiting", waiting)


def closure_of_those_held(patch: Patch) -> None:
    """A closure ends tickets that staff hold."""
    right = striking._waiting

    def waiting(state: Any, added: Any, at: Any) -> Any:
        held = [ticket for ticket in state.tickets.values() if ticket.state is TicketState.HELD]
        closed = [ticket for ticket in held if added.service in (None, ticket.service)]
        return right(state, added, at) + [(ticket.order, ticket.id) for ticket in closed]

    patch.setattr(striking, "_waiting", waiting)


def restart_without_holds(patch: Patch) -> None:
    """A snapshot says that those wait who are held."""
    right = machine_counters.decode_state

    def decode(parts: Any, spec: Any) -> Any:
        state = right(parts, spec)
        tickets = state.tickets
        for ticket in tickets.values():
            if ticket.state is TicketState.HELD:
                state.tickets = state.tickets.set(
                    ticket.id, replace(ticket, state=TicketState.WAITING)
                )
        return state

    patch.setattr(machine_counters, "decode_state", decode)


def resumed_behind(patch: Patch) -> None:
    """Who is resumed stands behind all."""

    def resumed(state: Any, event: Any) -> None:
        order = (apply.instant(event.at), state.seq)
        apply._wait(state, state.tickets[event.ticket], order, event.at)

    patch.setitem(apply._APPLY, TicketResumed, resumed)


def two_at_a_counter(patch: Patch) -> None:
    """NEXT leaves a ticket that was recalled where it is."""
    right = calling._made_free

    def made_free(state: Any, counter: Any, command: Any, at: Any) -> Any:
        has = state.post(counter).ticket
        recalled = has is not None and state.tickets[has].recalls
        return [] if recalled else right(state, counter, command, at)

    patch.setattr(calling, "_made_free", made_free)


def waits_for_nobody(patch: Patch) -> None:
    """Who waits for a counter alone goes on doing so when that closes, if in a hurry."""
    right = counters.released

    def released(state: Any, ticket: Any, *rest: Any, **more: Any) -> Any:
        in_a_hurry = ticket.ticket_class == "priority"
        return () if in_a_hurry else right(state, ticket, *rest, **more)

    patch.setattr(counters, "released", released)


def lost_at_night(patch: Patch) -> None:
    """A day that begins forgets to end what is held."""
    right = decide._begin_day

    def begin_day(state: Any, command: Any, at: Any) -> Any:
        held = {id for id, ticket in state.tickets.items() if ticket.state is TicketState.HELD}
        return tuple(
            event
            for event in right(state, command, at)
            if not (isinstance(event, TicketExpired) and event.ticket in held)
        )

    patch.setattr(decide, "_begin_day", begin_day)


def overbooked(patch: Patch) -> None:
    """Walk-ins' places are booked."""
    patch.setattr(slots, "bookable", lambda pattern, _share: pattern.capacity)


def near_twice(patch: Patch) -> None:
    """Who was told that his turn is near, and was put back, is told again."""
    right = pushing._is_near

    def is_near(state: Any, ticket: Any) -> Any:
        following = ticket.following and replace(ticket.following, near=False)
        return right(state, replace(ticket, following=following))

    patch.setattr(pushing, "_is_near", is_near)


def near_late(patch: Patch) -> None:
    """The lead is off by one."""
    right = pushing._head
    patch.setattr(pushing, "_head", lambda queue, lead: right(queue, lead - 1))


def call_told_again(patch: Patch) -> None:
    """Whoever follows a ticket anew is told of its call once more."""
    right = pushing._call

    def call(state: Any, ticket: Any, kinds: Any) -> Any:
        if TicketFollowed in kinds:
            ticket = replace(ticket, following=replace(ticket.following, call=None))
        return right(state, ticket, kinds)

    patch.setattr(pushing, "_call", call)


def told_of_what_is_over(patch: Patch) -> None:
    """Pushes of tickets that have ended wait to be sent."""
    right = pushing._ended
    patch.setattr(
        pushing,
        "_ended",
        lambda ticket, *rest, **more: right(ticket, *rest, **more) if ticket.state.open else (),
    )


def stories() -> None:
    for seed in range(STORIES):
        long_story(seed)


@pytest.mark.parametrize(
    "mistake",
    [
        wrong_place,
        number_twice,
        evaluated_twice,
        overtaken_once_more,
        closure_passes_over,
        closure_of_those_held,
        restart_without_holds,
        resumed_behind,
        two_at_a_counter,
        waits_for_nobody,
        lost_at_night,
        overbooked,
        near_twice,
        near_late,
        call_told_again,
        told_of_what_is_over,
    ],
)
def test_a_mistake_is_found(mistake: Callable[[Patch], None], monkeypatch: Patch) -> None:
    mistake(monkeypatch)
    with pytest.raises((AssertionError, LookupError)):
        stories()

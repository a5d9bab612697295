"""What was done for customers and what they thought of it, as the API tells it."""

from __future__ import annotations

from datetime import datetime

from actors.hall.evaluating import open_until
from actors.hall.evaluating_apply import served_last
from actors.hall.state import HallState, Post, Ticket
from protocol.ids import CounterId, ServiceId, StaffId, TicketId
from protocol.values import value
from runtime.http.bodies import field


@value
class FinishedService:
    """A service that a ticket's customer was given."""

    service: ServiceId
    counter: CounterId
    ended_at: datetime
    evaluated: bool
    open_until: datetime = field(about="Until when an evaluation is taken.")


@value
class Staff:
    """Somebody who works at a counter."""

    id: StaffId
    name: str | None = field(about="As the roster has it.")


@value
class AskedTicket:
    """A ticket whose customer is asked to evaluate what a counter did."""

    id: TicketId
    number: str
    service: ServiceId
    ended_at: datetime


@value
class CounterToday:
    """What a counter did today, and what customers said of it; who was not evaluated counts as served."""

    served: int
    invited: int = field(about="Customers who were asked to evaluate.")
    evaluated: int
    mean_level: float | None = field(about="The mean of all levels, 1 to 5; null without any.")


def finished_services(state: HallState, ticket: Ticket) -> tuple[FinishedService, ...]:
    """Return what was finished for the ticket, as anybody may know it: what was said is left out."""
    return tuple(
        FinishedService(
            service=served.service,
            counter=served.counter,
            ended_at=served.ended_at,
            evaluated=served.level is not None,
            open_until=open_until(state, served),
        )
        for served in ticket.served
    )


def staff_at(state: HallState, post: Post) -> Staff | None:
    """Return who works at the counter of ``post``."""
    return (
        None if post.staff is None else Staff(id=post.staff, name=state.spec.staff.get(post.staff))
    )


def asked_at(state: HallState, counter: CounterId) -> AskedTicket | None:
    """Return whom the counter served last, if the customer was invited and has not evaluated.

    Whether the time for it is over is for whoever shows it: the state has no clock.
    """
    last = state.post(counter).last
    if last is None:
        return None
    ticket = state.tickets[last]
    place = served_last(ticket, counter=counter)
    assert place is not None, "what the counter served last was served there"
    served = ticket.served[place]
    if served.level is not None or not served.invited:
        return None
    return AskedTicket(
        id=ticket.id, number=ticket.number, service=served.service, ended_at=served.ended_at
    )


def today_at(post: Post) -> CounterToday:
    """Return what is counted of the counter today."""
    tally = post.tally
    mean = round(tally.levels / tally.evaluated, 2) if tally.evaluated else None
    return CounterToday(
        served=tally.served, invited=tally.invited, evaluated=tally.evaluated, mean_level=mean
    )

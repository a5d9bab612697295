"""What a customer's phone has in a hall: numbers that it took or follows, and bookings. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from actors.hall.diary import Booking
from actors.hall.state import HallState, Ticket
from protocol.hall import Names
from protocol.ids import BookingId, FollowerId, HallId, TicketId
from protocol.values import value
from runtime.http.bodies import field
from runtime.http.booking_views import BookingView, booking_view
from runtime.http.ticket_views import TicketView, ticket_view

__all__ = ["BookingClaim", "Claim", "Mine", "MyHall", "booking_claim", "claim_of", "hall_of"]


@value
class MyHall:
    """What the customer has in one hall."""

    id: HallId
    names: Names
    tickets: tuple[TicketView, ...] = field(about="Of today, open ones first, then the newest.")
    bookings: tuple[BookingView, ...] = field(about="Open ones first, in the order of time.")


@value
class Mine:
    """What the customer has in all halls where there is something."""

    halls: tuple[MyHall, ...]
    away: tuple[HallId, ...] = field(about="Halls that do not answer at the moment.")


@value
class Claim:
    """What a ticket is to a customer."""

    mine: bool = field(about="Whether the customer's phone took it or follows it.")
    followed: bool = field(about="Whether the phone is told of its turn.")
    silent: bool = field(about="Whether it is wished that nobody says its calls aloud.")


@value
class BookingClaim:
    """A booking, and whether a customer's phone booked it."""

    booking: Booking
    mine: bool


def hall_of(
    state: HallState,
    follower: FollowerId,
    tickets_followed: Iterable[TicketId],
    page: Callable[[TicketId], str],
    at: datetime,
) -> MyHall | None:
    """Return what the phone has in a hall at ``at`` (aware), if anything.

    ``tickets_followed`` are those that it follows, ``page`` gives the address of a ticket's page.
    """
    ids = {*state.held.get(follower, ()), *tickets_followed}
    tickets = [state.tickets[id] for id in ids]
    tickets.sort(key=lambda ticket: (ticket.taken_at, ticket.id), reverse=True)
    tickets.sort(key=lambda ticket: not ticket.state.open)
    diary = state.diary
    bookings = [diary.bookings[id] for id in diary.of_holder.get(follower, ())]
    bookings.sort(key=_open_first)
    if not tickets and not bookings:
        return None
    return MyHall(
        id=state.spec.id,
        names=state.spec.names,
        tickets=tuple(ticket_view(state, each, page(each.id), at) for each in tickets),
        bookings=tuple(booking_view(state.spec, each) for each in bookings),
    )


def _open_first(booking: Booking) -> tuple[bool, datetime, BookingId]:
    return not booking.state.open, booking.starts_at, booking.id


def claim_of(state: HallState, id: TicketId, follower: FollowerId) -> Claim | None:
    """Return what a ticket is to a phone; None if it is not of this business day."""
    ticket = state.tickets.get(id)
    if ticket is None:
        return None
    followed = ticket.follower == follower
    return Claim(
        mine=followed or ticket.taken.follower == follower,
        followed=followed,
        silent=followed and _silent(ticket),
    )


def _silent(ticket: Ticket) -> bool:
    return ticket.following is not None and ticket.following.silent


def booking_claim(state: HallState, id: BookingId, follower: FollowerId) -> BookingClaim | None:
    """Return a booking, and whether the phone booked it; None if the diary has none of that code."""
    booking = state.diary.bookings.get(id)
    return (
        None if booking is None else BookingClaim(booking=booking, mine=booking.holder == follower)
    )

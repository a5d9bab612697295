"""The table of what customers may ask and do on their phones, and what they have in all halls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from protocol.commands import CancelAppointment, ConfirmAppointment
from protocol.ids import HallId
from runtime.http import bookings
from runtime.http.all_halls import States
from runtime.http.booking_views import BookingView, MoveBody, SlotList
from runtime.http.calls import Call
from runtime.http.encoding import to_json
from runtime.http.request import Response
from runtime.http.routing import Route
from runtime.http.ticket_views import IssuedTicket
from runtime.http.views import Nothing, TicketStep
from runtime.reservation import my_bookings, my_tickets
from runtime.reservation.mine_views import Claim, Mine, MyHall, hall_of
from runtime.wechat.progress import Followers

__all__ = ["My"]

_MY: Final = "/api/v1/my"
_HALL: Final = f"{_MY}/halls/{{hall}}"
_TICKET: Final = f"{_HALL}/tickets/{{ticket}}"
_BOOKING: Final = f"{_HALL}/bookings/{{code}}"

_IDENTITY: Final = ("identity-invalid", "identity-needed")
_NEAR: Final = ("position-needed", "too-far", "bad-value", "not-by-phone")
_SLOT: Final = ("no-appointments", "unknown-slot", "slot-full")
_STEP: Final = ("unknown-ticket", "not-yours", "ticket-state")


class My:
    """What customers have in all halls, and the routes of it."""

    def __init__(self) -> None:
        self._followers: dict[HallId, Followers] = {}

    def read(self, call: Call) -> None:
        """Say what the customer has in all halls."""
        customer, desks = call.asking, call.all_halls.desks

        def found(states: States) -> Response:
            halls: list[MyHall] = []
            for id, state in states.items():
                followers = self._followers.setdefault(id, Followers())
                followed = (each.id for each in followers.tickets(state, customer.follower))
                desk = desks[id]
                mine = hall_of(state, customer.follower, followed, desk.port.scan_url, desk.now())
                if mine is not None:
                    halls.append(mine)
            away = tuple(id for id in desks if id not in states)
            return Response(status=200, body=to_json(Mine(halls=tuple(halls), away=away)))

        call.read_all(found)

    def routes(self) -> tuple[Route, ...]:
        """Return the routes; all but the list of slots are for customers who have signed in."""
        return (
            Route(
                method="GET",
                pattern=_MY,
                handler=self.read,
                summary="List the customer's numbers and bookings in all halls",
                customers=True,
                answers={200: Mine},
            ),
            *_tickets(),
            *_bookings(),
        )


def _tickets() -> tuple[Route, ...]:
    return (
        Route(
            method="POST",
            pattern=f"{_HALL}/tickets",
            handler=my_tickets.take_ticket,
            summary="Take a number, which the phone holds and follows",
            customers=True,
            body=my_tickets.MyTicketBody,
            answers={201: IssuedTicket},
            problems=(
                "unknown-service",
                "unknown-language",
                *_NEAR,
                *_IDENTITY,
                "closed",
                "too-late",
                "quota",
                "person-limit",
                "numbers-exhausted",
            ),
            changes=True,
        ),
        Route(
            method="GET",
            pattern=_TICKET,
            handler=my_tickets.read_claim,
            summary="Say whether a ticket is the customer's",
            customers=True,
            answers={200: Claim},
            problems=("unknown-ticket",),
        ),
        Route(
            method="POST",
            pattern=f"{_TICKET}/cancel",
            handler=my_tickets.cancel_ticket,
            summary="Leave the queue",
            customers=True,
            body=Nothing,
            answers={200: TicketStep},
            problems=_STEP,
            changes=True,
        ),
        Route(
            method="POST",
            pattern=f"{_TICKET}/silent",
            handler=my_tickets.silence_ticket,
            summary="Have a ticket that the phone follows called aloud, or not",
            customers=True,
            body=my_tickets.SilentBody,
            answers={200: my_tickets.Silenced},
            problems=(*_STEP, "followed"),
            changes=True,
        ),
    )


def _bookings() -> tuple[Route, ...]:
    def step(
        name: str, handler: Callable[[Call], None], summary: str, *more: str, **given: Any
    ) -> Route:
        return Route(
            method="POST",
            pattern=f"{_BOOKING}/{name}",
            handler=handler,
            summary=summary,
            customers=True,
            **{"body": Nothing, "answers": {200: BookingView}, **given},
            problems=("unknown-booking", "not-yours", "booking-state", *more),
            changes=True,
        )

    mine = my_bookings.if_mine
    return (
        Route(
            method="GET",
            pattern=f"{_HALL}/services/{{service}}/slots",
            handler=bookings.list_slots,
            summary="List the slots of a service that may be booked, with their free places",
            answers={200: SlotList},
            problems=("unknown-service", "no-appointments", "malformed-request"),
            query={
                "from": "The first day, such as 2026-03-02; today where it is left out.",
                "to": f"The last day, at most {bookings.SLOT_DAYS_MAX} days in all.",
            },
        ),
        Route(
            method="POST",
            pattern=f"{_HALL}/bookings",
            handler=my_bookings.book_slot,
            summary="Book a slot, for which the phone holds the booking",
            customers=True,
            body=my_bookings.MyBookBody,
            answers={201: BookingView},
            problems=(
                *("unknown-service", "unknown-language", "bad-value"),
                *("person-limit", "banned"),
                *_IDENTITY,
                *_SLOT,
            ),
            changes=True,
        ),
        Route(
            method="GET",
            pattern=_BOOKING,
            handler=mine(bookings.read_booking),
            summary="Read a booking of the customer's own",
            customers=True,
            answers={200: BookingView},
            problems=("unknown-booking", "not-yours"),
        ),
        step("confirm", mine(bookings.step_booking(ConfirmAppointment)), "The customer will come"),
        step(
            "cancel", mine(bookings.step_booking(CancelAppointment)), "The customer will not come"
        ),
        step(
            "move",
            mine(bookings.move_booking),
            "Take another slot",
            "unknown-service",
            *_SLOT,
            body=MoveBody,
        ),
        step(
            "check-in",
            my_bookings.check_in,
            "The customer has come: issue the ticket",
            *_NEAR,
            "check-in-early",
            "check-in-late",
            "unknown-service",
            "numbers-exhausted",
            body=my_bookings.MyCheckInBody,
            answers={201: IssuedTicket},
        ),
    )

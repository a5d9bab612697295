"""The table of the routes of appointments and closures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.commands import CancelAppointment, ConfirmAppointment
from runtime.config.model import Role
from runtime.http import bookings, closures
from runtime.http.booking_views import (
    BanGone,
    BookBody,
    BookingView,
    CheckInBody,
    CheckInPersonBody,
    ClosureBody,
    ClosureGone,
    ClosureList,
    ClosureStep,
    LiftBanBody,
    MoveBody,
    SlotList,
)
from runtime.http.calls import Call
from runtime.http.routing import Route
from runtime.http.ticket_views import IssuedTicket
from runtime.http.views import (
    Nothing,
)

MANAGERS = frozenset({Role.MANAGER})
TAKERS = frozenset({Role.KIOSK, Role.COUNTER})

_HALL = "/api/v1/halls/{hall}"
_BOOKING = f"{_HALL}/bookings/{{code}}"

_IDENTITY = ("identity-invalid", "identity-needed")
_SLOT = ("no-appointments", "unknown-slot", "slot-full")
_CHECKING_IN = (
    "unknown-booking",
    "booking-state",
    "check-in-early",
    "check-in-late",
    "unknown-service",
    "unknown-kiosk",
    "unknown-language",
    "numbers-exhausted",
)


def appointments() -> tuple[Route, ...]:
    """Return the routes of appointments and closures."""

    def step(
        name: str, handler: Callable[[Call], None], summary: str, *more: str, **given: Any
    ) -> Route:
        return Route(
            method="POST",
            pattern=f"{_BOOKING}/{name}",
            handler=handler,
            summary=summary,
            roles=TAKERS,
            **{"body": Nothing, "answers": {200: BookingView}, **given},
            problems=("unknown-booking", "booking-state", *more),
            changes=True,
        )

    return (
        Route(
            method="GET",
            pattern=f"{_HALL}/services/{{service}}/slots",
            handler=bookings.list_slots,
            summary="List the slots of a service that may be booked, with their free places",
            roles=TAKERS,
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
            handler=bookings.book_slot,
            summary="Book a slot; a repeated request answers with the same booking, as it is then",
            roles=TAKERS,
            body=BookBody,
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
            handler=bookings.read_booking,
            summary="Read a booking",
            roles=TAKERS,
            answers={200: BookingView},
            problems=("unknown-booking",),
        ),
        step("confirm", bookings.step_booking(ConfirmAppointment), "The customer will come"),
        step("cancel", bookings.step_booking(CancelAppointment), "The customer will not come"),
        step(
            "move",
            bookings.move_booking,
            "Take another slot",
            "unknown-service",
            *_SLOT,
            body=MoveBody,
        ),
        step(
            "check-in",
            bookings.check_in,
            "The customer has come: issue the ticket",
            *_CHECKING_IN,
            body=CheckInBody,
            answers={201: IssuedTicket},
        ),
        Route(
            method="POST",
            pattern=f"{_HALL}/bookings/check-in",
            handler=bookings.check_in_person,
            summary="The customer has come and says who it is: issue the ticket",
            roles=TAKERS,
            body=CheckInPersonBody,
            answers={201: IssuedTicket},
            problems=(*_CHECKING_IN, *_IDENTITY),
            changes=True,
        ),
        Route(
            method="POST",
            pattern=f"{_HALL}/bans/lift",
            handler=bookings.lift_ban,
            summary="Let somebody book again who missed too many appointments",
            roles=MANAGERS,
            body=LiftBanBody,
            answers={200: BanGone},
            problems=("not-banned", "unknown-booking", *_IDENTITY),
            changes=True,
        ),
        *_closures(),
    )


def _closures() -> tuple[Route, ...]:
    return (
        Route(
            method="GET",
            pattern=f"{_HALL}/closures",
            handler=closures.list_closures,
            summary="List the closures that were added while the hall was running",
            roles=TAKERS,
            answers={200: ClosureList},
        ),
        Route(
            method="POST",
            pattern=f"{_HALL}/closures",
            handler=closures.add_closure,
            summary="Close the hall or a service on some days; bookings are moved or revoked",
            roles=MANAGERS,
            body=ClosureBody,
            answers={201: ClosureStep},
            problems=("unknown-service", "bad-value"),
            changes=True,
        ),
        Route(
            method="POST",
            pattern=f"{_HALL}/closures/{{closure}}/remove",
            handler=closures.remove_closure,
            summary="Do not close after all; bookings that were moved or revoked stay so",
            roles=MANAGERS,
            body=Nothing,
            answers={200: ClosureGone},
            problems=("unknown-closure",),
            changes=True,
        ),
    )

"""Bugs by which appointments are given out twice, or forgotten."""

from __future__ import annotations

from typing import Any

from actors.hall import booking, checking_in, closing, slots
from protocol.appointments import BookingState
from sim.explore.case import Case
from tests.sim.explore.planted.bug import Bug, Plant


def _one_place_too_many(plant: Plant) -> None:
    """A slot has one place more than may be booked."""
    bookable = slots.bookable
    plant.attribute(slots, "bookable", lambda pattern, share: bookable(pattern, share) + 1)


def _checked_in_again(plant: Plant) -> None:
    """Who has checked in may do so once more, and gets another number."""
    check_time = checking_in._check_time

    def check(state: Any, booked: Any, at: Any) -> None:
        if booked.state is not BookingState.CHECKED_IN:
            check_time(state, booked, at)

    plant.attribute(checking_in, "_check_time", check)


def _nobody_notes_who_is_missing(plant: Plant) -> None:
    """What lapses or was missed is never noted."""
    for module in (booking, closing):
        plant.attribute(module, "overdue", lambda _state, _command, _at: ())


def _closure_spares_bookings(plant: Plant) -> None:
    """A closure leaves the bookings on its days as they are."""
    plant.attribute(closing, "strikes", lambda *_given: ())


def is_booked(case: Case) -> bool:
    """Whether anybody books."""
    return case.people.bookings_per_h > 0


def _closes(case: Case) -> bool:
    return is_booked(case) and case.people.closure_s is not None


BUGS = (
    Bug(
        name="one place too many",
        invariant=1,
        seed=1,
        plant=_one_place_too_many,
        can_show=is_booked,
    ),
    Bug(
        name="checked in again",
        invariant=1,
        seed=5,
        plant=_checked_in_again,
        can_show=is_booked,
    ),
    Bug(
        name="nobody notes who is missing",
        invariant=3,
        seed=1,
        plant=_nobody_notes_who_is_missing,
        can_show=is_booked,
    ),
    Bug(
        name="closure spares bookings",
        invariant=3,
        seed=5,
        plant=_closure_spares_bookings,
        can_show=_closes,
    ),
)

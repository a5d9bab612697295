"""Appointments: which slots a service has, the life of a booking as one table, and what customers type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from enum import StrEnum
from types import MappingProxyType

from protocol.errors import CodeError
from protocol.ids import BookingId
from protocol.values import value

CODE_CHARACTERS = 8
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U, which are read as other characters or spell words."""

DAYS_AHEAD_MAX = 366
"""The farthest day that may be booked."""

BAN_NO_SHOWS_MAX = 20
BAN_DAYS_MAX = 366
"""A ban looks back and lasts no longer."""

REASON_CHARACTERS_MAX = 200
"""Characters of what is said of a closure."""


@value
class SlotPattern:
    """Slots on ``weekdays`` (1 is Monday, 7 is Sunday), one after another from ``begins`` to ``ends``, local.

    Each takes ``every_minutes`` (1 to 1440) and has ``capacity`` places (1 or more), walk-ins' included. An end
    of 00:00 is the end of the day. A last slot that would end later is left out.
    """

    weekdays: tuple[int, ...]
    begins: time
    ends: time
    every_minutes: int
    capacity: int


@value
class BanRule:
    """After ``no_shows`` within ``within_days`` no booking is taken for ``for_days``."""

    no_shows: int
    within_days: int
    for_days: int


@value
class AppointmentSpec:
    """How a service is booked.

    ``walk_in_share`` (0 to below 1) of each slot's capacity is kept for people without an appointment; what is
    left is rounded down. Slots may be booked from ``soonest_days`` to ``latest_days`` ahead (0 is today).
    A person may have ``person_max`` bookings of the service at once. A reservation that is not confirmed within
    ``confirm_within_s`` lapses; without that it is confirmed at once. A customer checks in from ``early_s``
    before the slot begins to ``late_s`` after. ``move_closed`` has bookings in a closure that is added later
    moved to the same time of a following week; else, or if all of those are full, they are revoked.
    """

    slots: tuple[SlotPattern, ...]
    walk_in_share: float = 0.0
    soonest_days: int = 0
    latest_days: int = 14
    person_max: int | None = None
    confirm_within_s: float | None = None
    early_s: float = 1800.0
    late_s: float = 600.0
    ban: BanRule | None = None
    move_closed: bool = True


@value
class Slot:
    """When an appointment is: the hall's local day and time."""

    day: date
    time: time

    def __str__(self) -> str:
        return f"{self.day.isoformat()}T{self.time:%H:%M}"


_SLOT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2})")


def read_slot(text: str) -> Slot:
    """Return the slot that is written as ``2026-03-02T09:15``.

    Raises:
        CodeError: it is none.
    """
    found = _SLOT.fullmatch(text)
    try:
        if found is not None:
            return Slot(day=date.fromisoformat(found[1]), time=time.fromisoformat(found[2]))
    except ValueError:
        pass
    raise CodeError(
        "must be a slot's day and time as the list of slots has it, such as 2026-03-02T09:15"
    )


_READ_AS = str.maketrans("OIL", "011", " -")


def read_code(text: str) -> BookingId:
    """Return a booking's code from what somebody typed: small letters, spaces, hyphens, O, I and L do no harm.

    Raises:
        CodeError: it cannot be a code.
    """
    code = text[: 4 * CODE_CHARACTERS].upper().translate(_READ_AS)
    if len(code) != CODE_CHARACTERS or any(character not in CODE_ALPHABET for character in code):
        raise CodeError(f"must be a booking's code: {CODE_CHARACTERS} digits and letters")
    return BookingId(code)


def code_of(number: int) -> BookingId:
    """Return the code that the lowest 40 bits of ``number`` make; nobody guesses one of a random number."""
    return BookingId("".join(CODE_ALPHABET[number >> shift & 31] for shift in range(35, -1, -5)))


class BookingState(StrEnum):
    """Where a booking is in its life."""

    RESERVED = "reserved"
    """Has its place, and lapses unless it is confirmed."""
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    """The customer has come, and has a ticket."""
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    NO_SHOW = "no_show"
    REVOKED = "revoked"
    """The hall took it back, because of a closure."""

    @property
    def open(self) -> bool:
        """Whether something may still happen to the booking."""
        return self in OPEN_BOOKINGS

    @property
    def placed(self) -> bool:
        """Whether the booking has a place in its slot."""
        return self in PLACED_BOOKINGS


class BookingStep(StrEnum):
    """What may happen to a booking."""

    CONFIRM = "confirm"
    MOVE = "move"
    CHECK_IN = "check_in"
    CANCEL = "cancel"
    LAPSE = "lapse"
    NO_SHOW = "no_show"
    REVOKE = "revoke"


_RESERVED, _CONFIRMED, _CHECKED_IN = (
    BookingState.RESERVED,
    BookingState.CONFIRMED,
    BookingState.CHECKED_IN,
)

OPEN_BOOKINGS = frozenset({_RESERVED, _CONFIRMED})
PLACED_BOOKINGS = frozenset({_RESERVED, _CONFIRMED, _CHECKED_IN, BookingState.NO_SHOW})

BOOKING_TRANSITIONS: Mapping[tuple[BookingState, BookingStep], BookingState] = MappingProxyType(
    {
        (_RESERVED, BookingStep.CONFIRM): _CONFIRMED,
        (_RESERVED, BookingStep.MOVE): _RESERVED,
        # Who stands there need not say that he will come.
        (_RESERVED, BookingStep.CHECK_IN): _CHECKED_IN,
        (_RESERVED, BookingStep.CANCEL): BookingState.CANCELLED,
        (_RESERVED, BookingStep.LAPSE): BookingState.LAPSED,
        (_RESERVED, BookingStep.REVOKE): BookingState.REVOKED,
        (_CONFIRMED, BookingStep.MOVE): _CONFIRMED,
        (_CONFIRMED, BookingStep.CHECK_IN): _CHECKED_IN,
        (_CONFIRMED, BookingStep.CANCEL): BookingState.CANCELLED,
        (_CONFIRMED, BookingStep.NO_SHOW): BookingState.NO_SHOW,
        (_CONFIRMED, BookingStep.REVOKE): BookingState.REVOKED,
    }
)
"""What each step makes of each state. A pair that is not here is refused."""

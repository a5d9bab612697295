"""A hall's appointments as parts of a snapshot, and back. What follows from the bookings is not written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from actors.hall.diary import AddedClosure, Booking, Diary, filed
from protocol.event_rows import converter
from protocol.ids import PersonId
from protocol.values import replace

PART_BOOKINGS = 100
"""Bookings, or people who missed some, in one part: less than a millisecond's work."""

_Missed = list[tuple[PersonId, tuple[datetime, ...]]]
_Bans = list[tuple[PersonId, datetime]]


def encode_diary(diary: Diary) -> Iterator[tuple[str, Any]]:
    """Yield the parts of ``diary``, each with its name: none if it is empty."""
    wanted: tuple[tuple[str, Any, Any], ...] = (
        ("bookings", diary.bookings.values(), list[Booking]),
        ("closures", diary.closures.values(), list[AddedClosure]),
        ("missed", diary.missed.items(), _Missed),
        ("bans", diary.bans.items(), _Bans),
    )
    for name, entries, kind in wanted:
        pending = iter(entries)
        while chunk := list(islice(pending, PART_BOOKINGS)):
            yield name, converter.unstructure(chunk, kind)


def with_part(diary: Diary, name: str, content: Any) -> Diary:
    """Return ``diary`` with what a part says.

    Raises:
        KeyError, TypeError, ValueError: it makes no sense.
    """
    match name:
        case "bookings":
            for booking in converter.structure(content, list[Booking]):
                diary = filed(diary, booking)
            return diary
        case "closures":
            closures = converter.structure(content, list[AddedClosure])
            return replace(diary, closures=diary.closures.update({one.id: one for one in closures}))
        case "missed":
            missed = converter.structure(content, _Missed)
            return replace(diary, missed=diary.missed.update(missed))
        case "bans":
            return replace(diary, bans=diary.bans.update(converter.structure(content, _Bans)))
        case _:
            raise ValueError(f"there is no part {name!r}")

"""A hall's state as parts of JSON text, and back: the content of a snapshot.

The configuration is left out: it is the present one that counts. A state is made into parts of bounded size, so
that a large one can be written between commits without holding them up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from hashlib import blake2b
from itertools import islice
from typing import Any, TypeVar, get_args

import attrs
import orjson
from immutables import Map

from actors.hall.diary import EMPTY_DIARY, AddedClosure, Booking, Diary
from actors.hall.queues import enter_queue
from actors.hall.ranks import Ranks, entries, put
from actors.hall.state import (
    Following,
    HallState,
    Line,
    Pace,
    Post,
    Served,
    ServiceTimes,
    Tally,
    Ticket,
)
from protocol.choices import Candidate, Choice
from protocol.errors import StorageError
from protocol.event_rows import DIGEST_OCTETS, converter
from protocol.events import Event
from protocol.hall import HallSpec
from protocol.ids import CounterId, FollowerId, PersonId, ServiceId, TicketId
from protocol.tickets import TicketClass, TicketState
from runtime.journal.diaries import encode_diary, with_part

PART_ENTRIES = 25
"""Tickets in one part: a quarter of a millisecond, for which a commit may have to wait; 50 kB at most."""


class SnapshotUnreadable(StorageError):
    """A snapshot does not say what it said when it was kept, or another version kept it."""


def _shape() -> str:
    queue = (HallState, Line, Pace, Post, Tally, Served, ServiceTimes, Ticket, Following)
    classes = (*queue, Choice, Candidate, Diary, Booking, AddedClosure, *get_args(Event))
    lines = [
        f"{kind.__name__}.{field.name}: {field.type}"
        for kind in classes
        for field in attrs.fields(kind)
    ]
    return blake2b("\n".join(lines).encode(), digest_size=DIGEST_OCTETS).hexdigest()


SHAPE = _shape()
"""Names the fields of a state and of the events that it follows from. A snapshot of another shape is not used:
only the events say what a field that was not there then should be now."""


def encode_state(state: HallState) -> Iterator[str]:
    """Yield the parts of ``state``; each is made when it is asked for."""
    yield _text(
        "head",
        {
            "seq": state.seq,
            "last_at": state.last_at,
            "day": state.day,
            "ends_at": state.ends_at,
            "posts": converter.unstructure(dict(state.posts), dict[CounterId, Post]),
            "times": converter.unstructure(dict(state.times), dict[ServiceId, ServiceTimes]),
            "lines": {
                service: {
                    "serial": line.serial,
                    "issued": line.issued,
                    "paces": converter.unstructure(dict(line.paces), dict[TicketClass, Pace]),
                    "overtakers": [
                        [entry.order, entry.ticket] for entry in entries(line.overtakers)
                    ],
                }
                for service, line in state.lines.items()
            },
        },
    )
    tickets = iter(state.tickets.values())
    while chunk := list(islice(tickets, PART_ENTRIES)):
        yield _text("tickets", converter.unstructure(chunk, list[Ticket]))
    for name, content in encode_diary(state.diary):
        yield _text(name, content)


def decode_state(parts: Iterable[str], spec: HallSpec) -> HallState:
    """Return the state that ``parts`` say, with ``spec`` as its configuration.

    Raises:
        SnapshotUnreadable: they are not what `encode_state` gave.
    """
    head: dict[str, Any] = {}
    tickets: list[Ticket] = []
    diary = EMPTY_DIARY
    try:
        for part in parts:
            name, content = orjson.loads(part)
            if name == "head":
                head = content
            elif name == "tickets":
                tickets += converter.structure(content, list[Ticket])
            else:
                diary = with_part(diary, name, content)
        state = HallState(
            spec=spec,
            seq=head["seq"],
            last_at=converter.structure(head["last_at"], datetime),
            day=converter.structure(head["day"], date),
            ends_at=converter.structure(head["ends_at"], datetime),
            tickets=Map((ticket.id, ticket) for ticket in tickets),
            lines={service: _line(line) for service, line in head["lines"].items()},
            posts=converter.structure(head["posts"], dict[CounterId, Post]),
            persons=_grouped((ticket.taken.person, ticket.id) for ticket in tickets),
            held=_grouped((ticket.taken.follower, ticket.id) for ticket in tickets),
            followed=sum(ticket.follower is not None for ticket in tickets),
            times=converter.structure(head["times"], dict[ServiceId, ServiceTimes]),
            diary=diary,
        )
        for ticket in tickets:
            if ticket.state is TicketState.WAITING:
                enter_queue(state, ticket)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise SnapshotUnreadable(f"it makes no sense: {error!r}") from error
    return state


def _line(line: dict[str, Any]) -> Line:
    overtakers: Ranks | None = None
    for (order, seq), ticket in line["overtakers"]:
        overtakers = put(overtakers, (tuple(order), seq), ticket)
    return Line(
        serial=line["serial"],
        issued=line["issued"],
        overtakers=overtakers,
        paces=converter.structure(line["paces"], dict[TicketClass, Pace]),
    )


W = TypeVar("W", PersonId, FollowerId)


def _grouped(tickets: Iterable[tuple[W | None, TicketId]]) -> Map[W, frozenset[TicketId]]:
    """Return the tickets of each who took some, of those of whom it is known who took them."""
    grouped: dict[W, frozenset[TicketId]] = {}
    for who, ticket in tickets:
        if who is not None:
            grouped[who] = grouped.get(who, frozenset()) | {ticket}
    return Map(grouped)


def seal(before: str, text: str) -> str:
    """Return the checksum of a snapshot up to ``text``, given the checksum ``before`` it."""
    return blake2b(f"{before}\n{text}".encode(), digest_size=DIGEST_OCTETS).hexdigest()


def _text(name: str, content: object) -> str:
    return orjson.dumps([name, content], option=orjson.OPT_UTC_Z).decode()

"""A hall's state as parts of JSON text, and back: the content of a snapshot.

The configuration is left out: it is the present one that counts. A state is made into parts of bounded size, so
that a large one can be written between commits without holding them up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from hashlib import blake2b
from itertools import islice
from typing import Any, get_args

import attrs
import orjson
from immutables import Map

from actors.hall.heap import Heap
from actors.hall.state import HallState, Line, Post, Ticket
from protocol.errors import StorageError
from protocol.events import Event
from protocol.hall import HallSpec
from protocol.ids import CounterId, ServiceId, TicketId
from runtime.journal.rows import DIGEST_OCTETS, converter

PART_ENTRIES = 500
"""Tickets or places in a queue in one part: about a millisecond's work and 200 kB at most."""


class SnapshotUnreadable(StorageError):
    """A snapshot does not say what it said when it was kept, or another version kept it."""


def _shape() -> str:
    classes = (HallState, Line, Post, Ticket, *get_args(Event))
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
            "lines": {
                service: {"waiting": line.waiting, "serial": line.serial}
                for service, line in state.lines.items()
            },
        },
    )
    tickets = iter(state.tickets.values())
    while chunk := list(islice(tickets, PART_ENTRIES)):
        yield _text("tickets", converter.unstructure(chunk, list[Ticket]))
    for service, line in state.lines.items():
        entries = _entries(line.queue)
        while places := list(islice(entries, PART_ENTRIES)):
            yield _text("queue", [service, places])


def decode_state(parts: Iterable[str], spec: HallSpec) -> HallState:
    """Return the state that ``parts`` say, with ``spec`` as its configuration.

    Raises:
        SnapshotUnreadable: they are not what `encode_state` gave.
    """
    head: dict[str, Any] = {}
    tickets: list[Ticket] = []
    queues: dict[ServiceId, list[Any]] = {}
    try:
        for part in parts:
            name, content = orjson.loads(part)
            if name == "head":
                head = content
            elif name == "tickets":
                tickets += converter.structure(content, list[Ticket])
            else:
                service, entries = content
                queues.setdefault(service, []).extend(entries)
        for service, line in head["lines"].items():
            line["queue"] = _heap(queues.pop(service, []))
        return HallState(
            spec=spec,
            seq=head["seq"],
            last_at=converter.structure(head["last_at"], datetime),
            day=converter.structure(head["day"], date),
            ends_at=converter.structure(head["ends_at"], datetime),
            tickets=Map((ticket.id, ticket) for ticket in tickets),
            lines={service: Line(**line) for service, line in head["lines"].items()},
            posts=converter.structure(head["posts"], dict[CounterId, Post]),
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise SnapshotUnreadable(f"it makes no sense: {error!r}") from error


def seal(before: str, text: str) -> str:
    """Return the checksum of a snapshot up to ``text``, given the checksum ``before`` it."""
    return blake2b(f"{before}\n{text}".encode(), digest_size=DIGEST_OCTETS).hexdigest()


def _text(name: str, content: object) -> str:
    return orjson.dumps([name, content], option=orjson.OPT_UTC_Z).decode()


def _entries(heap: Heap | None) -> Iterator[tuple[int, tuple[int, ...], TicketId]]:
    """Yield the tree from the top, left before right, each entry with the number of its branches."""
    pending = [heap] if heap is not None else []
    while pending:
        entry = pending.pop()
        branches = [branch for branch in (entry.right, entry.left) if branch is not None]
        yield len(branches), entry.order, entry.ticket
        pending += branches


def _heap(entries: list[tuple[int, list[int], TicketId]]) -> Heap | None:
    """Return the very tree that `_entries` gave. A leftist heap has no right branch without a left one."""
    done: list[Heap] = []
    for branches, order, ticket in reversed(entries):
        left = done.pop() if branches else None
        right = done.pop() if branches == 2 else None
        rank = 1 if right is None else right.rank + 1
        done.append(Heap(rank=rank, order=tuple(order), ticket=ticket, left=left, right=right))
    if len(done) > 1:
        raise SnapshotUnreadable("a queue has loose ends")
    return done[0] if done else None

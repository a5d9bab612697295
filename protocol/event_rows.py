"""Events as rows of text, each sealed onto the one before it.

A row's ``at`` is ISO 8601 in UTC with microseconds, ``kind`` the event's class, ``body`` its other fields as
JSON. ``digest`` is BLAKE2b with 16 octets, in hexadecimal, over these lines, joined by line feeds::

    the digest of the row before (of the first: `first_digest`)
    seq
    at
    kind
    body
    command

So a row that was changed, lost, doubled or moved does not fit the row before or after it. Only the command may
hold line feeds, and it stands last. It is a check against damage, not against somebody who can compute it too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, NamedTuple, get_args

import attrs
import orjson
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.preconf.orjson import make_converter

from protocol.errors import StorageError
from protocol.events import Event
from protocol.ids import HallId
from protocol.messages import Recorded
from protocol.values import value

DIGEST_OCTETS = 16
INSTANT_CHARACTERS = len("2026-03-02T00:30:00.000000Z")

EVENT_KINDS: dict[str, type] = {event.__name__: event for event in get_args(Event)}

converter = make_converter(detailed_validation=False)


class RowError(StorageError):
    """A row cannot be made of an event, or an event of a row; the message says which and why."""


class Row(NamedTuple):
    """A row of the table ``event``, in the order of its columns."""

    seq: int
    at: str
    kind: str
    command: str
    body: str
    digest: str


@value
class _Form:
    """How the events of one class become a body and come back."""

    fields: Callable[[Any], dict[str, Any]]
    event: Callable[[dict[str, Any], type], Any]
    names: frozenset[str]


def _form(event: type) -> _Form:
    apart = override(omit=True)
    return _Form(
        fields=make_dict_unstructure_fn(event, converter, at=apart, command=apart),
        event=make_dict_structure_fn(event, converter, _cattrs_detailed_validation=False),
        names=frozenset(field.name for field in attrs.fields(event)),
    )


_FORMS = {name: _form(event) for name, event in EVENT_KINDS.items()}


def first_digest(hall: HallId) -> str:
    """Return what stands for the digest before the first row, so that no hall's row fits another's."""
    return _digest(f"paihao journal of {hall}")


def encode_row(recorded: Recorded, digest_before: str) -> Row:
    """Return the row of an event that follows the row with ``digest_before``.

    Raises:
        RowError: a field cannot be written as JSON text, such as text with half a surrogate pair.
    """
    seq, event = recorded.seq, recorded.event
    kind = type(event).__name__
    try:
        at = instant(event.at)
        body = orjson.dumps(_FORMS[kind].fields(event), option=orjson.OPT_UTC_Z).decode()
        digest = _digest(f"{digest_before}\n{seq}\n{at}\n{kind}\n{body}\n{event.command}")
    except (TypeError, ValueError) as error:
        raise RowError(f"event {seq} ({kind}) cannot be written: {error}") from error
    return Row(seq, at, kind, event.command, body, digest)


def digest_after(digest_before: str, row: Row) -> str:
    """Return the digest that ``row`` has if it is what was written behind ``digest_before``."""
    seq, at, kind, command, body, _ = row
    return _digest(f"{digest_before}\n{seq}\n{at}\n{kind}\n{body}\n{command}")


def decode_row(row: Row) -> Recorded:
    """Return the event of a row.

    Raises:
        RowError: the row was not written by a version of this program that knew the same events.
    """
    form = _FORMS.get(row.kind)
    if form is None:
        raise RowError(f"event {row.seq} is of the unknown kind {row.kind!r}")
    try:
        fields = orjson.loads(row.body)
        fields["at"] = row.at
        fields["command"] = row.command
        event = form.event(fields, EVENT_KINDS[row.kind])
    except (KeyError, TypeError, ValueError) as error:
        raise RowError(f"event {row.seq} is no {row.kind}: {error!r}") from error
    if fields.keys() != form.names:
        raise RowError(f"event {row.seq} has other fields than {row.kind}: {row.body}")
    return Recorded(seq=row.seq, event=event)


def instant(at: datetime) -> str:
    """Return the aware time ``at`` as text that sorts as time does, such as ``2026-03-02T00:30:00.000000Z``."""
    # In a third of the time that `isoformat` takes; whole seconds come without their microseconds.
    text = orjson.dumps(at if at.tzinfo is UTC else at.astimezone(UTC), option=orjson.OPT_UTC_Z)[
        1:-1
    ].decode()
    return text if len(text) == INSTANT_CHARACTERS else f"{text[:-1]}.000000Z"


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=DIGEST_OCTETS).hexdigest()

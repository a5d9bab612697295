"""From values to JSON and to server-sent events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import orjson

from protocol.messages import Recorded
from runtime.http.bodies import json_name

_OPTIONS = orjson.OPT_UTC_Z

RECORD = "record"
"""The name of stream events that are durable and numbered."""

_KEPT_BACK = {"command", "person", "booking", "note", "level", "reasons", "text"}
"""A command's id is between its sender and the hall; who a customer is concerns nobody, even as a digest. What
staff note and what customers think is not for every screen that follows the hall."""


_names_of: dict[type, tuple[tuple[str, str], ...]] = {}


def _names(value_class: type) -> tuple[tuple[str, str], ...]:
    """Return the fields of a value class as pairs: name in JSON, name in Python."""
    names = _names_of.get(value_class)
    if names is None:
        names = tuple((json_name(field), field.name) for field in attrs.fields(value_class))
        _names_of[value_class] = names
    return names


def _plain(given: Any) -> Any:
    names = _names_of.get(type(given))
    if names is None:
        if isinstance(given, Mapping):
            return dict(given)
        names = _names(type(given))
    return {name: getattr(given, field) for name, field in names}


def to_json(given: object) -> bytes:
    """Return ``given`` (value classes, mappings, sequences, times) as JSON; times are UTC with ``Z``."""
    return orjson.dumps(given, default=_plain, option=_OPTIONS)


def record_view(record: Recorded) -> dict[str, Any]:
    """Return a durable event as clients see it: its number, its type, its fields."""
    event = record.event
    kind = type(event)
    view: dict[str, Any] = {"seq": record.seq, "type": kind.__name__}
    for name, field in _names(kind):
        if field not in _KEPT_BACK:
            view[name] = getattr(event, field)
    return view


def record_frame(record: Recorded) -> bytes:
    """Return a durable event as a server-sent event; a client resumes after its ``id``."""
    return b"event: record\nid: %d\ndata: %s\n\n" % (record.seq, to_json(record_view(record)))


def live_frame(name: str, given: object) -> bytes:
    """Return a message as a server-sent event that has no number: it is not sent again."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), to_json(given))


def reset_frame(seq: int) -> bytes:
    """Return the event that tells a client to read the hall anew and go on after ``seq``."""
    return b'event: reset\nid: %d\ndata: {"seq":%d}\n\n' % (seq, seq)

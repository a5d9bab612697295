"""One hash over all messages of a run: the same for the same seed, in any process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from enum import Enum
from hashlib import blake2b
from typing import Any

import attrs

from actors.hall.state import HallState
from protocol.messages import Recorded

HASH_OCTETS = 16


class MessageHash:
    """Takes every message that an actor handles: when, by whom, and what it says.

    Recipients within messages are left out, as what they are called may name a place in memory. An event is
    taken whole once, and by its number from then on.
    """

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=HASH_OCTETS)
        self._add = self._hash.update
        self._seq = 0
        self.messages = 0

    def take(self, at_s: float, name: str, message: object) -> None:
        """Take a message; `World.trace` has this form."""
        self.messages += 1
        if type(message) is Recorded:
            if message.seq <= self._seq:
                self._add(f"{at_s!r} {name} {message.seq}\n".encode())
                return
            self._seq = message.seq
        self._add(f"{at_s!r} {name} {written(message)}\n".encode())

    def note(self, text: str) -> None:
        """Take something else that happened."""
        self._add(f"{text}\n".encode())

    def hexdigest(self) -> str:
        """Return the hash of what was taken so far."""
        return self._hash.hexdigest()


def written(told: Any) -> str:
    """Return ``told`` in a form that is the same in every process."""
    kind = type(told)
    write = _WRITERS.get(kind)
    if write is None:
        write = _WRITERS[kind] = _writer(kind)
    return write(told)


def _writer(kind: type) -> Callable[[Any], str]:
    """Return what writes values of a class that comes for the first time."""
    if issubclass(kind, Enum):
        return str
    if attrs.has(kind):
        names = [field.name for field in attrs.fields(kind)]
        label = kind.__name__

        def write(told: Any) -> str:
            return f"{label}({','.join([written(getattr(told, name)) for name in names])})"

        return write
    if issubclass(kind, tuple | list):
        return lambda told: f"[{','.join([written(each) for each in told])}]"
    if issubclass(kind, frozenset | set):
        return lambda told: f"{{{','.join(sorted(written(each) for each in told))}}}"
    if hasattr(kind, "items"):
        return lambda told: (
            f"{{{','.join(sorted(f'{written(k)}:{written(told[k])}' for k in told))}}}"
        )
    if kind in _PLAIN:
        return repr
    # Recipients, timers, states: what they are is told by what happens.
    return lambda _told: kind.__name__


_PLAIN: frozenset[type] = frozenset(
    {str, bytes, int, float, bool, type(None), datetime, date, time, timedelta}
)
_WRITERS: dict[type, Callable[[Any], str]] = {
    **dict.fromkeys(_PLAIN, repr),
    # A state follows from its events, which are taken already.
    HallState: lambda state: f"HallState({state.seq})",
}

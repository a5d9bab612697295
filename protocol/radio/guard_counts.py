"""What a guard counts: messages by what became of them."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from protocol.errors import (
    CountersExhausted,
    ForgedError,
    FormerDeviceError,
    ProtocolError,
    ReflectedError,
    ReplayedError,
    UnpairedError,
    UnsecuredError,
)

__all__ = ["GuardCounts"]


@attrs.define
class GuardCounts:
    """What a guard has done since it was made. All figures only grow."""

    opened: int = 0
    plain: int = 0
    """Taken in the clear, as the policy allows."""
    sealed: int = 0
    forged: int = 0
    replayed: int = 0
    reflected: int = 0
    former: int = 0
    """Sealed by a device that had the post before."""
    unsecured: int = 0
    """In the clear, though it should have been sealed."""
    unpaired: int = 0
    """Sealed, though no device is paired there."""
    malformed: int = 0
    """Sealed payloads that were cut."""
    exhausted: int = 0
    """Not sealed: the key has come to its end."""
    unsaved: int = 0
    """Times that counters of what was taken could not be remembered."""

    @classmethod
    def total(cls, several: Iterable[GuardCounts]) -> GuardCounts:
        """Return the sum of ``several``."""
        total = cls()
        for counts in several:
            for name, count in attrs.asdict(counts).items():
                setattr(total, name, getattr(total, name) + count)
        return total

    def refused(self, error: ProtocolError) -> None:
        """Count a message that was refused with ``error``."""
        name = _COUNTED.get(type(error))
        if name is not None:
            setattr(self, name, getattr(self, name) + 1)


_COUNTED: dict[type[ProtocolError], str] = {
    ForgedError: "forged",
    ReplayedError: "replayed",
    ReflectedError: "reflected",
    FormerDeviceError: "former",
    UnsecuredError: "unsecured",
    UnpairedError: "unpaired",
    CountersExhausted: "exhausted",
    ProtocolError: "malformed",
}

"""Posts at work: the keys and counters of whoever has one, and of whoever was offered it."""

from __future__ import annotations

import attrs

from protocol.radio.posts import Pairing, PostRecord
from protocol.radio.secured import SealingCounter

__all__ = ["Candidate", "Place"]


@attrs.define(eq=False)
class Candidate:
    """A device that was offered a post, with its key and the broadcast key of ``epoch``."""

    pairing: Pairing
    key: bytes
    epoch: int
    proven: bool = False
    """It has sealed with its key, and that it has the post could not be remembered yet."""


@attrs.define(eq=False)
class Place:
    """A post at work; the key and the counter are there while a device is paired."""

    post: PostRecord
    key: bytes = b""
    former_key: bytes = b""
    counter: SealingCounter | None = None
    unsaved: int = 0
    candidates: dict[int, Candidate] = attrs.field(factory=dict)

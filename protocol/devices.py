"""What a device is to whatever connects it to a line: octets in, octets out, a clock told to it."""

from typing import Protocol


class Device(Protocol):
    """A device without its line. Times are seconds on a clock that never goes back."""

    def receive(self, octets: bytes, now: float) -> bytes:
        """Take octets, cut anywhere; return those that the device sends upon them at once."""
        ...

    def tick(self, now: float) -> bytes:
        """Do what is due by ``now``; return the octets that the device sends."""
        ...

    def next_deadline(self) -> float | None:
        """Return when `tick` has something to do next, or None if nothing is due."""
        ...

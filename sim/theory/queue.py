"""What theory tells of a queue in the steady state."""

from __future__ import annotations

from typing import Protocol

HALVINGS = 24
"""In which a wait is sought: it is told to seven digits."""


class Queue(Protocol):
    """A queue in the steady state, as its customers see it. Waits end with the call."""

    @property
    def load(self) -> float:
        """The share of time for which a counter is busy, 0 to 1."""
        ...

    @property
    def mean_wait(self) -> float:
        """Of all customers, those who did not wait among them."""
        ...

    def longer_than(self, wait: float, /) -> float:
        """Return the share of customers who wait longer than ``wait`` (0 or more)."""
        ...


def exceeded_by(queue: Queue, share: float) -> float:
    """Return the wait that a ``share`` of customers exceed, 0 if fewer wait at all."""
    low, high = 0.0, 1.0
    while queue.longer_than(high) > share:
        low, high = high, 2 * high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if queue.longer_than(middle) > share:
            low = middle
        else:
            high = middle
    return high

"""A measured figure as a row of the table that ``make bench`` shows."""

from protocol.values import value


@value
class Figure:
    """What was measured, what it was held against in the same run, and whether that was reached.

    ``value`` is in ``unit`` (``events/s``, ``s``, ``MB``). ``peer_name`` and ``peer_value`` (same unit) are
    what ran beside it, or ``None`` where the figure stands alone. ``goal`` says in words what is wanted
    (``>= 20 times``, ``<= 2 s``) and ``met`` whether it was reached.
    """

    name: str
    value: float
    unit: str
    peer_name: str | None = None
    peer_value: float | None = None
    goal: str = ""
    met: bool = True

    @property
    def ratio(self) -> float | None:
        """How many times the peer's value this is."""
        return self.value / self.peer_value if self.peer_value else None

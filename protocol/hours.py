"""When a hall or a service is open, in the hall's local time."""

from datetime import date, time

from protocol.values import value


@value
class Opening:
    """Open on ``weekdays`` (1 is Monday, 7 is Sunday) from ``opens`` to ``closes``.

    It closes on the same day: at 00:00 that is its end, and a night is an opening on each of its two days.
    """

    weekdays: tuple[int, ...]
    opens: time
    closes: time


@value
class SpecialDay:
    """On ``day`` these times count instead of the usual ones; closed if there are none."""

    day: date
    times: tuple[tuple[time, time], ...] = ()


@value
class Closure:
    """Closed from ``first`` to ``last`` (days, both included), because of what ``reason`` says."""

    first: date
    last: date
    reason: str = ""


@value
class Hours:
    """Opening hours. Without ``openings`` it is open at all times, but for special days and closures."""

    openings: tuple[Opening, ...] = ()
    special: tuple[SpecialDay, ...] = ()
    closures: tuple[Closure, ...] = ()


ALWAYS = Hours()

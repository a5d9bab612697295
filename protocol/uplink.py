"""What a hall and headquarters say to each other about the hall's events."""

from enum import StrEnum

from protocol.event_rows import Row
from protocol.ids import HallId
from protocol.values import value


class UplinkResult(StrEnum):
    """What became of a batch of events."""

    HAS = "has"
    """Headquarters has every event up to a number, durably."""
    LATER = "later"
    """Nothing is wrong with the batch; it may be sent again."""
    DIVERGED = "diverged"
    """An event is another one than headquarters has under that number, or does not follow what it has: one of
    the two was changed, or an old copy was put back. Nothing was taken."""


@value
class EventBatch:
    """Events of a hall, in order and without gaps, as its journal has them; none to ask how far things are."""

    hall: HallId
    rows: tuple[Row, ...] = ()


@value
class BatchAnswered:
    """From headquarters: what became of a batch of ``hall``.

    ``seq`` is the last event that headquarters has, whatever was sent; ``detail`` says what is wrong.
    """

    hall: HallId
    result: UplinkResult
    seq: int = 0
    detail: str = ""

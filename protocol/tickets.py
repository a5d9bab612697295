"""The life of a ticket as one table."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class TicketState(StrEnum):
    """Where a ticket is in its life."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    SERVED = "served"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def open(self) -> bool:
        """Whether something may still happen to the ticket."""
        return self in OPEN_STATES

    @property
    def at_counter(self) -> bool:
        """Whether a counter holds the ticket."""
        return self in COUNTER_STATES


class TicketStep(StrEnum):
    """What may happen to a ticket."""

    CALL = "call"
    RECALL = "recall"
    START = "start"
    FINISH = "finish"
    NO_SHOW = "no_show"
    CANCEL = "cancel"
    EXPIRE = "expire"


OPEN_STATES = frozenset({TicketState.WAITING, TicketState.CALLED, TicketState.SERVING})
COUNTER_STATES = frozenset({TicketState.CALLED, TicketState.SERVING})

TRANSITIONS: Mapping[tuple[TicketState, TicketStep], TicketState] = MappingProxyType(
    {
        (TicketState.WAITING, TicketStep.CALL): TicketState.CALLED,
        (TicketState.WAITING, TicketStep.CANCEL): TicketState.CANCELLED,
        (TicketState.WAITING, TicketStep.EXPIRE): TicketState.EXPIRED,
        (TicketState.CALLED, TicketStep.RECALL): TicketState.CALLED,
        (TicketState.CALLED, TicketStep.START): TicketState.SERVING,
        # Keypads with a single key never say "start": the service then began with the call.
        (TicketState.CALLED, TicketStep.FINISH): TicketState.SERVED,
        (TicketState.CALLED, TicketStep.NO_SHOW): TicketState.NO_SHOW,
        (TicketState.CALLED, TicketStep.CANCEL): TicketState.CANCELLED,
        (TicketState.CALLED, TicketStep.EXPIRE): TicketState.EXPIRED,
        (TicketState.SERVING, TicketStep.FINISH): TicketState.SERVED,
        (TicketState.SERVING, TicketStep.EXPIRE): TicketState.EXPIRED,
    }
)
"""What each step makes of each state. A pair that is not here is refused."""


class CounterMode(StrEnum):
    """Whether a counter takes customers."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class PrintState(StrEnum):
    """What is known of a ticket's paper."""

    NONE = "none"
    """No paper was asked for (taken by phone or at the reception)."""
    PENDING = "pending"
    PRINTED = "printed"
    FAILED = "failed"


class TicketClass(StrEnum):
    """Who goes before whom within a service."""

    NORMAL = "normal"
    PRIORITY = "priority"


class Channel(StrEnum):
    """How a ticket was taken."""

    KIOSK = "kiosk"
    WEB = "web"
    RECEPTION = "reception"

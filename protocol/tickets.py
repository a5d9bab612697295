"""The life of a ticket as one table."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class TicketState(StrEnum):
    """Where a ticket is in its life."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    HELD = "held"
    """Set aside by a counter until it is resumed or called: nobody waits for its turn."""
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
    GO_ON = "go_on"
    """At the end of one service of a visit, wait for the next one."""
    NO_SHOW = "no_show"
    HOLD = "hold"
    RESUME = "resume"
    REQUEUE = "requeue"
    TRANSFER = "transfer"
    CANCEL = "cancel"
    REACTIVATE = "reactivate"
    EXPIRE = "expire"


OPEN_STATES = frozenset(
    {TicketState.WAITING, TicketState.CALLED, TicketState.SERVING, TicketState.HELD}
)
COUNTER_STATES = frozenset({TicketState.CALLED, TicketState.SERVING})

_WAITING, _CALLED, _SERVING = TicketState.WAITING, TicketState.CALLED, TicketState.SERVING
_HELD, _SERVED, _NO_SHOW = TicketState.HELD, TicketState.SERVED, TicketState.NO_SHOW
_CANCELLED, _EXPIRED = TicketState.CANCELLED, TicketState.EXPIRED

TRANSITIONS: Mapping[tuple[TicketState, TicketStep], TicketState] = MappingProxyType(
    {
        (_WAITING, TicketStep.CALL): _CALLED,
        (_WAITING, TicketStep.HOLD): _HELD,
        (_WAITING, TicketStep.REQUEUE): _WAITING,
        (_WAITING, TicketStep.TRANSFER): _WAITING,
        (_WAITING, TicketStep.CANCEL): _CANCELLED,
        (_WAITING, TicketStep.EXPIRE): _EXPIRED,
        (_CALLED, TicketStep.RECALL): _CALLED,
        (_CALLED, TicketStep.START): _SERVING,
        # Keypads with a single key never say "start": the service then began with the call.
        (_CALLED, TicketStep.FINISH): _SERVED,
        (_CALLED, TicketStep.NO_SHOW): _NO_SHOW,
        (_CALLED, TicketStep.HOLD): _HELD,
        (_CALLED, TicketStep.REQUEUE): _WAITING,
        (_CALLED, TicketStep.TRANSFER): _WAITING,
        (_CALLED, TicketStep.CANCEL): _CANCELLED,
        (_CALLED, TicketStep.EXPIRE): _EXPIRED,
        (_SERVING, TicketStep.FINISH): _SERVED,
        (_SERVING, TicketStep.HOLD): _HELD,
        (_SERVING, TicketStep.REQUEUE): _WAITING,
        (_SERVING, TicketStep.TRANSFER): _WAITING,
        (_SERVING, TicketStep.EXPIRE): _EXPIRED,
        (_SERVED, TicketStep.GO_ON): _WAITING,
        (_HELD, TicketStep.CALL): _CALLED,
        (_HELD, TicketStep.RESUME): _WAITING,
        (_HELD, TicketStep.REQUEUE): _WAITING,
        (_HELD, TicketStep.TRANSFER): _WAITING,
        (_HELD, TicketStep.CANCEL): _CANCELLED,
        (_HELD, TicketStep.EXPIRE): _EXPIRED,
        # Who comes late, or gave up by mistake, need not take another number.
        (_NO_SHOW, TicketStep.REACTIVATE): _WAITING,
        (_CANCELLED, TicketStep.REACTIVATE): _WAITING,
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
    """Kinds of customers of one service; the hall's policy says which of them goes next."""

    NORMAL = "normal"
    PRIORITY = "priority"
    APPOINTMENT = "appointment"
    """Has come for a time that was booked."""


class QueuePlace(StrEnum):
    """Where a ticket goes that is put back into the queue."""

    FRONT = "front"
    """Before everybody who waits for the service."""
    BACK = "back"
    AFTER = "after"
    """After so many who wait for the service now."""


class VisitOrder(StrEnum):
    """In which order the services of one visit come."""

    FIXED = "fixed"
    SHORTEST_WAIT = "shortest_wait"
    """Each time the one for which the least time must be waited."""


class EvaluationDevice(StrEnum):
    """On what a service was evaluated."""

    PAD = "pad"
    """An evaluator at the counter, over the radio."""
    TABLET = "tablet"
    PHONE = "phone"


class Channel(StrEnum):
    """How a ticket was taken."""

    KIOSK = "kiosk"
    WEB = "web"
    RECEPTION = "reception"
    WECHAT = "wechat"
    """By somebody's phone, which holds it."""

"""What a gateway's radio channel wants done, beside what its link does."""

from __future__ import annotations

from protocol.ids import TerminalAddress
from protocol.messages import SendDownlink
from protocol.radio.actions import (
    DutyCycleFell,
    DutyCycleReached,
    Misrouted,
    Overheard,
    Stranger,
    Transmit,
)
from protocol.values import value

__all__ = ["ChannelAction", "Ended", "Heard", "Told"]


@value
class Heard:
    """The terminal ``source`` said ``payload``."""

    source: TerminalAddress
    payload: bytes


@value
class Ended:
    """The downlink ``message`` came to its end after so many ``attempts``, 0 if it was never sent.

    ``delivered`` says that the terminal itself has it, and is asked for its word after ``word_after_s``.
    """

    message: SendDownlink
    acknowledged: bool
    delivered: bool = False
    word_after_s: float = 0.0
    attempts: int = 0


@value
class Told:
    """Broadcasts have said the downlink ``message``; it waits for its turn to be acknowledged.

    That should come within ``patience_s``.
    """

    message: SendDownlink
    patience_s: float


ChannelAction = (
    Transmit
    | Heard
    | Told
    | Ended
    | Overheard
    | Stranger
    | Misrouted
    | DutyCycleReached
    | DutyCycleFell
)

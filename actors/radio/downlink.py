"""Something that a gateway is to send to one terminal: how urgent it is, and when what may say it.

new --broadcast--> told once --broadcast--> told twice
 |                     |                        |
 +---------------------+------> alone <---------+
"""

from __future__ import annotations

from enum import IntEnum
from math import inf
from types import MappingProxyType

import attrs

from protocol.errors import ProtocolError
from protocol.ids import TerminalAddress
from protocol.messages import SendDownlink
from protocol.radio.outbox import Urgency
from protocol.radio.payloads import (
    Announce,
    Banner,
    BroadcastKey,
    Invite,
    PairOffer,
    PressResult,
    Show,
    WindowState,
    decode_downlink,
)

__all__ = ["Downlink", "Rank", "read"]

TELLS_MAX = 2
"""Broadcasts that tell a window of one state, before it is told alone."""

CROWDED_TELLS_MAX = 3
"""The same where the channel is crowded: a window is told alone much later, at four times the cost of this."""

FILL_AFTER_S = 0.2
REPEAT_AFTER_S = 0.4
"""So long after the first broadcast a window may be told by a second one, and is one of those who wait for it.
What terminals have to say is said in between: it would collide with both."""

REPEAT_WITHIN_S = 0.9
"""After so long a window waits for no second broadcast, and is told alone."""

LAST_REPEAT_AFTER_S = 1.5
"""So long after the second broadcast a window may be told by a third one, as after the first."""

REPAIR_AFTER_S = 5.0
"""After so long a window that was told by two broadcasts waits like others do."""

CROWDED_REPAIR_AFTER_S = 30.0
"""The same where the channel is crowded: its acknowledgement, and the wait for it, cost what the channel does
not have, and often there is something newer to show by then."""

PROOF_WITHIN_S = 60.0
"""There, after so long in which broadcasts alone have told a window of this and that, it is told alone."""

LOSSY_REPAIR_AFTER_S = 20.0
"""Where much is lost, since nobody minds who is on the air, so long after a broadcast has told it."""


class Rank(IntEnum):
    """How many people look for it right now, the most first."""

    CALL = 0
    """The hall looks at the window: a number is called."""
    RESULT = 1
    """A member of staff looks at the keypad."""
    STATE = 2
    """What a window shows meanwhile, and what a customer is asked."""
    TEXT = 3
    """What nobody waits for."""


PATIENCE_S = MappingProxyType({Rank.CALL: 0.0, Rank.RESULT: 0.5, Rank.STATE: 5.0, Rank.TEXT: 30.0})
"""So long something may wait while something more urgent goes; a keypad asks for a result again after 3 s."""

_URGENCIES = {
    Rank.CALL: Urgency.HIGH,
    Rank.RESULT: Urgency.HIGH,
    Rank.STATE: Urgency.NORMAL,
    Rank.TEXT: Urgency.LOW,
}

_CALLS = (WindowState.CALLED, WindowState.RECALL)


@attrs.define(eq=False)
class Downlink:
    """Something that is to be sent to one terminal."""

    message: SendDownlink
    added_s: float
    since_s: float
    """Since when it waits, what it took the place of included."""
    rank: Rank
    slot: object
    """What makes it worthless has the same."""
    says: Show | PressResult | None = None
    """What it says, if a broadcast could say that as well."""
    told: int = 0
    """So many broadcasts have said it already."""
    alone: bool = False
    """No broadcast is to say it."""
    unproved_s: float = inf
    """Since when broadcasts alone have told the window, of this or of what this took the place of."""
    trust_s: float = 0.0
    """The radio's acknowledgement is enough, for so long after the device's last word; 0 where it is not."""

    @property
    def to(self) -> TerminalAddress:
        """The terminal."""
        return self.message.to

    @property
    def urgency(self) -> Urgency:
        """What the link is told."""
        return _URGENCIES[self.rank]

    @property
    def idempotent(self) -> bool:
        """Whether the terminal may take it twice: everything of ours carries a version or a sequence."""
        return True

    @property
    def shows(self) -> Show | None:
        """What it has a window show."""
        return self.says if isinstance(self.says, Show) else None

    @property
    def due_s(self) -> float:
        """The smallest goes first."""
        match self.told:
            case 0:
                return self.since_s + PATIENCE_S[self.rank]
            case 1:
                return self.since_s + REPEAT_AFTER_S
            case _:
                return self.since_s + REPAIR_AFTER_S

    def told_again_from_s(self, tells_max: int) -> float:
        """From when on a broadcast may say it once more, of ``tells_max`` altogether."""
        if self.told >= tells_max:
            return inf
        return self.since_s + (REPEAT_AFTER_S if self.told == 1 else LAST_REPEAT_AFTER_S)

    def may_be_told(self, now_s: float, tells_max: int) -> bool:
        """Whether a broadcast may say it at ``now_s``, for the first time or once more.

        The result of a press only soon: a broadcast does not say which boot of the device it is for.
        """
        if not self.told:
            return True
        within_s = inf if self.shows is not None else REPEAT_WITHIN_S
        return self.told < tells_max and now_s - self.since_s < within_s

    def alone_from_s(self, crowded: bool, lossy: bool) -> float:
        """From when on it may be sent alone."""
        if not self.told:
            return -inf
        if lossy:
            return self.since_s + LOSSY_REPAIR_AFTER_S
        if self.told < TELLS_MAX:
            return self.since_s + REPEAT_WITHIN_S
        if not crowded:
            return -inf
        return min(self.since_s + CROWDED_REPAIR_AFTER_S, self.unproved_s + PROOF_WITHIN_S)


def read(message: SendDownlink, now_s: float) -> Downlink:
    """Return what ``message`` is to the channel; of what cannot be read nothing is known."""
    try:
        payload = decode_downlink(message.payload)
    except ProtocolError:
        payload = None
    says: Show | PressResult | None = None
    slot: object = (message.to, type(payload))
    match payload:
        case Show(state=state):
            rank = Rank.CALL if state in _CALLS else Rank.STATE
            says = payload
        case Announce():
            rank = Rank.CALL
        case PressResult():
            rank = Rank.RESULT
            says = payload
        case PairOffer() | Invite():
            rank = Rank.STATE
        case Banner() | BroadcastKey():
            rank = Rank.TEXT
        case _:
            rank, slot = Rank.STATE, object()
    return Downlink(message=message, added_s=now_s, since_s=now_s, rank=rank, slot=slot, says=says)

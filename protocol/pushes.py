"""What is told to a phone that follows a ticket: that its turn comes near, and that it is called.

A push is something durable: the hall's journal says that it is due before anybody hears of it, and what became
of it. Whoever sends it may be away meanwhile; the hall goes on, and drops what is not worth sending any more.
"""

from enum import StrEnum

from protocol.hours import Hours
from protocol.values import value

LEAD_MAX = 20
"""No follower is told of a turn that is further away than so many calls."""


class PushKind(StrEnum):
    """Why a follower is told something."""

    NEAR = "near"
    """The ticket's turn comes near: the preliminary push, one for a ticket."""
    CALL = "call"
    """The ticket is called to a counter: one for each call."""
    RECALL = "recall"
    """It is called once more to the same counter."""


class PushResult(StrEnum):
    """What somebody who sends pushes says of one."""

    SENT = "sent"
    LATER = "later"
    """Nothing is wrong with it; it may be sent again."""
    REFUSED = "refused"
    """It will never be taken."""
    UNREACHABLE = "unreachable"
    """Its follower cannot be told anything any more: he wants no pushes, or has left the account."""
    MISCONFIGURED = "misconfigured"
    """It will not be taken before a person has seen to the account or its templates."""


class PushOutcome(StrEnum):
    """What became of a push, as the hall's journal has it."""

    SENT = "sent"
    """It was taken for delivery; whether somebody read it nobody can say."""
    STALE = "stale"
    """It was not worth sending any more."""
    REFUSED = "refused"
    """It will never be taken, as when the person does not want it."""


@value
class PushSpec:
    """How a hall pushes."""

    recall: bool = False
    """Whether recalls are told, too."""
    near_within_s: float = 900.0
    """How long (seconds) it is worth telling that a turn comes near."""
    call_within_s: float = 180.0
    """How long it is worth telling of a call."""
    silent_within_s: float = 15.0
    """How long a call that nobody says aloud may wait to be told, before it is said aloud."""
    silent: Hours | None = None
    """When no call of a followed ticket is said aloud; at no time if this is None."""

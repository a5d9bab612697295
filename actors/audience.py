"""Who is told what an actor has to say to the world.

An audience is handed to an actor from outside, so it outlives the actor's failures: those who listen need not
know of a restart.
"""

from __future__ import annotations

import logging

from pykka import ActorDeadError

from protocol.errors import MailboxFull
from protocol.messages import Recipient

log = logging.getLogger(__name__)

AUDIENCE_MAX = 1_000
"""Recipients of one audience; one more is left out, and logged."""


class Audience:
    """Recipients in the order in which they came."""

    def __init__(self) -> None:
        self.recipients: list[Recipient] = []

    def add(self, recipient: Recipient) -> None:
        """Have ``recipient`` told from now on; adding it again changes nothing.

        Beyond `AUDIENCE_MAX` it is left out: that is no failure of the actor that it listens to.
        """
        if recipient in self.recipients:
            return
        if len(self.recipients) >= AUDIENCE_MAX:
            log.error("recipient left out: %d listen already to=%r", AUDIENCE_MAX, recipient)
            return
        self.recipients.append(recipient)

    def remove(self, recipient: Recipient) -> None:
        """Tell ``recipient`` nothing more."""
        if recipient in self.recipients:
            self.recipients.remove(recipient)

    def tell(self, message: object) -> None:
        """Tell everybody; whoever can hear no more is left out from then on."""
        gone = [recipient for recipient in self.recipients if not told(recipient, message)]
        for recipient in gone:
            self.remove(recipient)


def told(recipient: Recipient, message: object) -> bool:
    """Tell ``recipient``; return whether it could take the message.

    A recipient that has stopped, or whose mailbox is full, is no failure of whoever speaks.
    """
    try:
        recipient.tell(message)
    except ActorDeadError:
        return False
    except MailboxFull as error:
        log.error(
            "message dropped to=%r message=%s reason=%s", recipient, type(message).__name__, error
        )
        return False
    return True

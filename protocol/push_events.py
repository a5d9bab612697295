"""What has happened to those who follow tickets, as `protocol.events` says of the rest."""

from datetime import datetime

from protocol.ids import (
    CommandId,
    CounterId,
    FollowerId,
    Language,
    PushId,
    ServiceId,
    TicketId,
)
from protocol.pushes import PushKind, PushOutcome
from protocol.values import value


@value
class TicketFollowed:
    """A phone follows a ticket from now on, or wishes its calls ``silent`` or aloud from now on."""

    at: datetime
    command: CommandId
    ticket: TicketId
    follower: FollowerId
    silent: bool = False


@value
class TicketUnfollowed:
    """Nobody follows the ticket any more."""

    at: datetime
    command: CommandId
    ticket: TicketId


@value
class PushDue:
    """The follower of a ticket is to be told that ``ahead`` people wait before it, or that it is called."""

    at: datetime
    command: CommandId
    push: PushId
    ticket: TicketId
    number: str
    service: ServiceId
    language: Language
    kind: PushKind
    follower: FollowerId
    ahead: int = 0
    counter: CounterId | None = None
    silent: bool = False
    """Nobody says the call aloud."""


@value
class CallVoiced:
    """A call that was silent is said aloud after all: its push could not be sent."""

    at: datetime
    command: CommandId
    ticket: TicketId
    number: str
    counter: CounterId


@value
class PushEnded:
    """Nothing more is done about a push; ``detail`` says why it was not sent."""

    at: datetime
    command: CommandId
    push: PushId
    ticket: TicketId
    outcome: PushOutcome
    detail: str = ""

"""What a hall says to a command."""

from enum import StrEnum

from protocol.events import Event
from protocol.ids import CommandId
from protocol.values import value


class Reason(StrEnum):
    """Why a command was refused."""

    UNKNOWN_SERVICE = "unknown-service"
    UNKNOWN_COUNTER = "unknown-counter"
    UNKNOWN_KIOSK = "unknown-kiosk"
    UNKNOWN_TICKET = "unknown-ticket"
    NUMBERS_EXHAUSTED = "numbers-exhausted"
    TICKET_STATE = "ticket-state"
    NO_TICKET_AT_COUNTER = "no-ticket-at-counter"
    RECALL_TOO_SOON = "recall-too-soon"
    RECALL_TOO_OFTEN = "recall-too-often"
    NO_PRINTER = "no-printer"
    NOT_DURABLE = "not-durable"
    """The journal could not be written (disk full), and nothing happened; or the hall failed or was stopped
    before it knew. Send the command again, later and with the same id."""
    OVERLOADED = "overloaded"
    """The hall's own bound of undecided commands is reached; ask again later."""


@value
class Accepted:
    """The command was carried out; ``events`` are durable. None if there was nothing to do."""

    command: CommandId
    events: tuple[Event, ...]


@value
class Rejected:
    """The command was refused and changed nothing; ``detail`` tells a person why and what to do."""

    command: CommandId
    reason: Reason
    detail: str


Answer = Accepted | Rejected

"""What a hall says to a command."""

from datetime import datetime
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
    COUNTER_BUSY = "counter-busy"
    """The counter has a ticket."""
    COUNTER_CLOSED = "counter-closed"
    """The counter takes nobody, so nobody is sent there."""
    NO_COUNTER = "no-counter"
    """No counter of the hall has the service."""
    WRONG_COUNTER = "wrong-counter"
    """The ticket is for another counter, or for services that the counter has not."""
    UNKNOWN_STAFF = "unknown-staff"
    CLOSED = "closed"
    """The hall or the service is closed; the detail says when it opens."""
    TOO_LATE = "too-late"
    """It would probably not be served any more before closing."""
    QUOTA = "quota"
    """As many tickets as the service has for a day were given out."""
    PERSON_LIMIT = "person-limit"
    """The person has as many tickets as one may."""
    IDENTITY_NEEDED = "identity-needed"
    """The service asks who the customer is."""
    NO_APPOINTMENTS = "no-appointments"
    """The service is not booked."""
    UNKNOWN_SLOT = "unknown-slot"
    """The service has no such slot, or it is too early or too late to book it, or it is closed then."""
    SLOT_FULL = "slot-full"
    """Every place of the slot that may be booked is taken."""
    BANNED = "banned"
    """The person missed too many appointments lately."""
    NOT_BANNED = "not-banned"
    UNKNOWN_BOOKING = "unknown-booking"
    BOOKING_STATE = "booking-state"
    """The booking is not in a state, or at a time, in which this is possible."""
    CHECK_IN_EARLY = "check-in-early"
    CHECK_IN_LATE = "check-in-late"
    """The time of the appointment is over; a ticket can be taken as everybody does."""
    UNKNOWN_CLOSURE = "unknown-closure"
    NOT_SERVED = "not-served"
    """Nothing was finished for the ticket that could be evaluated."""
    EVALUATED = "evaluated"
    """It has been evaluated already."""
    EVALUATION_CLOSED = "evaluation-closed"
    """The time for an evaluation is over."""
    FOLLOWED = "followed"
    """Another phone follows the ticket."""
    BAD_VALUE = "bad-value"
    """A value is out of its range."""
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
    """The command was refused and changed nothing; ``detail`` tells a person why and what to do.

    ``opens_at`` (aware, UTC) is when it may be had next, where it is closed or full today and that is known.
    """

    command: CommandId
    reason: Reason
    detail: str
    opens_at: datetime | None = None


Answer = Accepted | Rejected

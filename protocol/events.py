"""What has happened in a hall: the truth from which everything else follows.

Every event says when (``at``, aware UTC, never before its predecessor) and which ``command`` caused it.
"""

from datetime import date, datetime

from protocol.ids import CommandId, CounterId, KioskId, Language, ServiceId, TicketId
from protocol.tickets import Channel, TicketClass
from protocol.values import value


@value
class DayBegun:
    """A business day ``day`` begins; it ends at ``ends_at`` (UTC). Numbers start again."""

    at: datetime
    command: CommandId
    day: date
    ends_at: datetime


@value
class TicketTaken:
    """A ticket was issued; ``ahead`` people wait before it. A kiosk's ticket awaits its print."""

    at: datetime
    command: CommandId
    ticket: TicketId
    service: ServiceId
    number: str
    serial: int
    language: Language
    ticket_class: TicketClass
    channel: Channel
    kiosk: KioskId | None
    ahead: int


@value
class TicketCalled:
    """A ticket was called to a counter."""

    at: datetime
    command: CommandId
    ticket: TicketId
    number: str
    service: ServiceId
    counter: CounterId


@value
class TicketRecalled:
    """The call was repeated, for the ``times``-th time."""

    at: datetime
    command: CommandId
    ticket: TicketId
    number: str
    counter: CounterId
    times: int


@value
class ServiceStarted:
    """The customer is being served."""

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId


@value
class ServiceFinished:
    """The ticket ended as served."""

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId


@value
class TicketNoShow:
    """The ticket ended because nobody came."""

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId


@value
class TicketCancelled:
    """The ticket ended because its customer gave it up; ``counter`` had it, if any."""

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId | None


@value
class TicketExpired:
    """The ticket was still open when its day ended; ``counter`` had it, if any."""

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId | None


@value
class CounterOpened:
    """The counter takes customers."""

    at: datetime
    command: CommandId
    counter: CounterId


@value
class CounterPaused:
    """The counter takes nobody for a while."""

    at: datetime
    command: CommandId
    counter: CounterId
    reason: str


@value
class CounterClosed:
    """The counter takes nobody any more."""

    at: datetime
    command: CommandId
    counter: CounterId


@value
class TicketPrinted:
    """The printer confirmed the ticket's paper."""

    at: datetime
    command: CommandId
    ticket: TicketId
    kiosk: KioskId


@value
class TicketPrintFailed:
    """The ticket's paper did not come out, because of ``failure``."""

    at: datetime
    command: CommandId
    ticket: TicketId
    kiosk: KioskId
    failure: str


@value
class ReprintRequested:
    """The ticket's paper was asked for again, at ``kiosk``."""

    at: datetime
    command: CommandId
    ticket: TicketId
    kiosk: KioskId


Event = (
    DayBegun
    | TicketTaken
    | TicketCalled
    | TicketRecalled
    | ServiceStarted
    | ServiceFinished
    | TicketNoShow
    | TicketCancelled
    | TicketExpired
    | CounterOpened
    | CounterPaused
    | CounterClosed
    | TicketPrinted
    | TicketPrintFailed
    | ReprintRequested
)

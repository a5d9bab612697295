"""What may be asked of a hall. Every command carries an id; a repeat gets the first answer."""

from protocol.ids import CommandId, CounterId, KioskId, Language, ServiceId, TicketId
from protocol.tickets import Channel, TicketClass
from protocol.values import value


@value
class TakeTicket:
    """Issue a ticket for a service. With ``kiosk`` it is printed there.

    A ``language`` that the hall does not speak becomes its first one.
    """

    id: CommandId
    service: ServiceId
    language: Language
    ticket_class: TicketClass = TicketClass.NORMAL
    channel: Channel = Channel.WEB
    kiosk: KioskId | None = None


@value
class CallNext:
    """Call the next ticket to a counter, ending what the counter still has."""

    id: CommandId
    counter: CounterId


@value
class TicketCommand:
    """A step of one ticket: the one named, or else the one that ``counter`` has."""

    id: CommandId
    ticket: TicketId | None = None
    counter: CounterId | None = None


@value
class RecallTicket(TicketCommand):
    """Announce the call once more."""


@value
class StartService(TicketCommand):
    """The customer has come; service begins."""


@value
class FinishService(TicketCommand):
    """Service is done."""


@value
class MarkNoShow(TicketCommand):
    """Nobody came."""


@value
class CancelTicket(TicketCommand):
    """The customer gives the ticket up."""


@value
class OpenCounter:
    """The counter takes customers."""

    id: CommandId
    counter: CounterId


@value
class PauseCounter:
    """The counter takes nobody for a while; ``reason`` is shown to people."""

    id: CommandId
    counter: CounterId
    reason: str = ""


@value
class CloseCounter:
    """The counter takes nobody any more."""

    id: CommandId
    counter: CounterId


@value
class ReportPrint:
    """A kiosk says what became of a ticket's paper; ``failure`` says why there is none.

    A failure is not noted of a ticket that has ended.
    """

    id: CommandId
    ticket: TicketId
    failure: str | None = None


@value
class ReprintTicket:
    """Print the paper of an open ticket again, at its kiosk or at ``kiosk``."""

    id: CommandId
    ticket: TicketId
    kiosk: KioskId | None = None


@value
class BeginDay:
    """Begin a new business day if its time has come; otherwise nothing happens."""

    id: CommandId


Command = (
    TakeTicket
    | CallNext
    | RecallTicket
    | StartService
    | FinishService
    | MarkNoShow
    | CancelTicket
    | OpenCounter
    | PauseCounter
    | CloseCounter
    | ReportPrint
    | ReprintTicket
    | BeginDay
)

"""What may be asked of a hall. Every command carries an id; a repeat gets the first answer."""

from protocol.appointments import Slot
from protocol.hours import Closure
from protocol.ids import (
    BookingId,
    ClosureId,
    CommandId,
    CounterId,
    FollowerId,
    KioskId,
    Language,
    PersonId,
    ServiceId,
    StaffId,
    TicketId,
)
from protocol.push_commands import FollowTicket, ReportPush, UnfollowTicket
from protocol.tickets import Channel, EvaluationDevice, QueuePlace, TicketClass, VisitOrder
from protocol.values import value

PARTY_MAX = 99
"""People under one number."""

THEN_MAX = 9
"""Further services of one visit."""

NOTE_CHARACTERS_MAX = 200
"""Characters that staff may write about a ticket or a pause."""

EVALUATION_CHARACTERS_MAX = 500
"""Characters that a customer may write about a service."""


@value
class TakeTicket:
    """Issue a ticket for a service. With ``kiosk`` it is printed there.

    A ``language`` that the hall does not speak becomes its first one. ``party`` is how many people come under
    the one number (1 to `PARTY_MAX`). ``then`` are further services of the same visit, under the same number;
    with `VisitOrder.SHORTEST_WAIT` they and ``service`` come in whichever order takes the least waiting.
    ``follower`` is the phone that takes it: that holds the ticket, has no other open one for the service, and
    follows it from the start, ``silent`` as in `FollowTicket`.
    """

    id: CommandId
    service: ServiceId
    language: Language
    ticket_class: TicketClass = TicketClass.NORMAL
    channel: Channel = Channel.WEB
    kiosk: KioskId | None = None
    person: PersonId | None = None
    party: int = 1
    then: tuple[ServiceId, ...] = ()
    visit_order: VisitOrder = VisitOrder.FIXED
    follower: FollowerId | None = None
    silent: bool = False


@value
class CallNext:
    """Call the next ticket to a counter, ending what the counter still has."""

    id: CommandId
    counter: CounterId


@value
class CallTicket:
    """Call a given ticket to a counter, whatever its turn, ending what the counter still has."""

    id: CommandId
    counter: CounterId
    ticket: TicketId


@value
class TicketCommand:
    """A step of one ticket: the one named, or else the one that ``counter`` has.

    With both the counter acts: on the ticket that it has, and by holding, resuming, putting back, transferring
    and reactivating also on one that it might call or had last.
    """

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
class HoldTicket(TicketCommand):
    """Set the ticket aside, with ``note`` on why; its counter is free."""

    note: str = ""


@value
class ResumeTicket(TicketCommand):
    """Let a held ticket wait again, at its old place."""


@value
class RequeueTicket(TicketCommand):
    """Put the ticket back into its queue at ``place``; ``after`` counts those before it (for that place)."""

    place: QueuePlace = QueuePlace.BACK
    after: int = 0


@value
class TransferTicket(TicketCommand):
    """Let the ticket wait for another service, or for one counter alone, under the same number.

    At least one of the two is given. It keeps its time of arrival among those who wait there, unless ``back``.
    ``note`` is for whoever calls it next. Nobody is sent to a closed counter.
    """

    to_service: ServiceId | None = None
    to_counter: CounterId | None = None
    note: str = ""
    back: bool = False


@value
class ReactivateTicket(TicketCommand):
    """Let a ticket that ended as no-show or cancelled wait again; ``place`` as in `RequeueTicket`."""

    place: QueuePlace = QueuePlace.BACK
    after: int = 0


@value
class EvaluateService:
    """A customer rates a service that was finished: ``level`` 1 (worst) to 5.

    The ticket is the one named, or else the one that ``counter`` served last; with both, what that counter
    did for it. Of its services the newest that is not evaluated yet is meant, unless ``service`` is given.
    """

    id: CommandId
    level: int
    ticket: TicketId | None = None
    counter: CounterId | None = None
    service: ServiceId | None = None
    reasons: tuple[str, ...] = ()
    text: str = ""
    device: EvaluationDevice = EvaluationDevice.PHONE


@value
class InviteEvaluation:
    """The counter asks the customer whom it served last to evaluate."""

    id: CommandId
    counter: CounterId


@value
class OpenCounter:
    """The counter takes customers; ``staff`` works there from now on, if it is said who."""

    id: CommandId
    counter: CounterId
    staff: StaffId | None = None


@value
class PauseCounter:
    """The counter takes nobody for a while; ``reason`` (to `NOTE_CHARACTERS_MAX`) is shown to people.

    Refused while it has a ticket.
    """

    id: CommandId
    counter: CounterId
    reason: str = ""


@value
class TogglePause:
    """Pause the counter if it is open, or else open it: for keypads, which have one key for both."""

    id: CommandId
    counter: CounterId


@value
class CloseCounter:
    """The counter takes nobody any more; what it has goes back to where it stood in the queue.

    What waits for it alone waits for its service from now on, if any counter has that.
    """

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
class BookAppointment:
    """Book a slot of a service. ``code`` was drawn at random; it becomes the booking's unless another has it.

    ``party`` people (1 to `PARTY_MAX`) take one place and will have one number. ``follower`` is the phone that
    books, if one does: it holds the booking, and will hold and follow its ticket.
    """

    id: CommandId
    service: ServiceId
    slot: Slot
    code: BookingId
    language: Language
    person: PersonId | None = None
    party: int = 1
    follower: FollowerId | None = None


@value
class ConfirmAppointment:
    """The customer says that he will come."""

    id: CommandId
    booking: BookingId


@value
class MoveAppointment:
    """Give a booking another slot of the same service; its code stays."""

    id: CommandId
    booking: BookingId
    slot: Slot


@value
class CancelAppointment:
    """The customer will not come."""

    id: CommandId
    booking: BookingId


@value
class CheckIn:
    """The customer of a booking has come: issue a ticket, as `TakeTicket` does.

    The booking is named, or else it is the one of ``person`` whose time it is. Without ``language`` the ticket
    speaks the one of the booking.
    """

    id: CommandId
    booking: BookingId | None = None
    person: PersonId | None = None
    language: Language | None = None
    channel: Channel = Channel.WEB
    kiosk: KioskId | None = None


@value
class AddClosure:
    """Close the hall, or one service, on the days of ``closure``; bookings on them are moved or revoked.

    Whoever waits for it today is still called; with ``end_waiting`` those tickets end, because of the closure,
    and visits go on with what is not closed.
    """

    id: CommandId
    closure: Closure
    service: ServiceId | None = None
    end_waiting: bool = False


@value
class RemoveClosure:
    """Do not close after all; bookings that were moved or revoked stay so."""

    id: CommandId
    closure: ClosureId


@value
class LiftBan:
    """Let somebody book again who was banned: ``person``, or else whoever has ``booking``."""

    id: CommandId
    person: PersonId | None = None
    booking: BookingId | None = None


@value
class ReviewBookings:
    """Let reservations lapse, mark no-shows whose time has come, and go on with what a closure strikes.

    Otherwise nothing happens.
    """

    id: CommandId


@value
class BeginDay:
    """Begin a new business day if its time has come; otherwise nothing happens."""

    id: CommandId


Command = (
    TakeTicket
    | CallNext
    | CallTicket
    | RecallTicket
    | StartService
    | FinishService
    | MarkNoShow
    | HoldTicket
    | ResumeTicket
    | RequeueTicket
    | TransferTicket
    | CancelTicket
    | ReactivateTicket
    | EvaluateService
    | InviteEvaluation
    | OpenCounter
    | PauseCounter
    | TogglePause
    | CloseCounter
    | ReportPrint
    | ReprintTicket
    | FollowTicket
    | UnfollowTicket
    | ReportPush
    | BookAppointment
    | ConfirmAppointment
    | MoveAppointment
    | CancelAppointment
    | CheckIn
    | AddClosure
    | RemoveClosure
    | LiftBan
    | ReviewBookings
    | BeginDay
)

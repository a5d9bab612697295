"""What has happened in a hall: the truth from which everything else follows.

Every event says when (``at``, aware UTC, never before its predecessor) and which ``command`` caused it.
"""

from datetime import date, datetime

from protocol.booking_events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentLapsed,
    AppointmentMissed,
    AppointmentMoved,
    AppointmentRevoked,
    BanLifted,
    ClosureAdded,
    ClosureRemoved,
    ClosureSettled,
    CustomerCheckedIn,
    PersonBanned,
)
from protocol.choices import Choice
from protocol.estimates import Estimate
from protocol.ids import (
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
from protocol.push_events import CallVoiced, PushDue, PushEnded, TicketFollowed, TicketUnfollowed
from protocol.tickets import Channel, EvaluationDevice, TicketClass, VisitOrder
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
    person: PersonId | None = None
    party: int = 1
    then: tuple[ServiceId, ...] = ()
    """Services of the same visit that come after this one; in no order with `VisitOrder.SHORTEST_WAIT`."""
    visit_order: VisitOrder = VisitOrder.FIXED
    estimate: Estimate | None = None
    """What was expected of the wait, if anything could be."""
    late: bool = False
    """It will probably not be served before closing."""
    due_at: datetime | None = None
    """The time of its appointment (aware, UTC), if it goes by that."""
    follower: FollowerId | None = None
    """The phone that took it and holds it, whoever follows it later."""


@value
class TicketCalled:
    """A ticket was called to a counter, because of ``choice``."""

    at: datetime
    command: CommandId
    ticket: TicketId
    number: str
    service: ServiceId
    counter: CounterId
    choice: Choice | None = None
    waited_s: float = 0.0
    """Since it began to wait for the service."""
    estimate: Estimate | None = None
    """What had been expected of this wait, if nobody has moved the ticket since."""
    silent: bool = False
    """Nobody says it aloud: its follower is told."""


@value
class TicketHeld:
    """A ticket was set aside; ``counter`` had it, if any."""

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId | None
    note: str


@value
class TicketResumed:
    """A held ticket waits again at its old place."""

    at: datetime
    command: CommandId
    ticket: TicketId


@value
class TicketRequeued:
    """A ticket waits at another place, ``order``; ``counter`` had it, if any."""

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId | None
    order: tuple[int, ...]


@value
class TicketTransferred:
    """A ticket waits for ``service`` with ``order``, at ``to_counter`` alone if that is given.

    ``counter`` had it, if any; ``note`` is for whoever calls it next.
    """

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId | None
    service: ServiceId
    to_counter: CounterId | None
    order: tuple[int, ...]
    note: str


@value
class TicketReactivated:
    """A ticket that had ended waits again, with ``order``."""

    at: datetime
    command: CommandId
    ticket: TicketId
    order: tuple[int, ...]


@value
class VisitContinued:
    """With the service just finished, the ticket waits for ``service``; ``then`` are left after that."""

    at: datetime
    command: CommandId
    ticket: TicketId
    service: ServiceId
    then: tuple[ServiceId, ...]
    estimate: Estimate | None = None


@value
class TicketRecalled:
    """The call was repeated, for the ``times``-th time."""

    at: datetime
    command: CommandId
    ticket: TicketId
    number: str
    counter: CounterId
    times: int
    silent: bool = False


@value
class ServiceStarted:
    """The customer is being served."""

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId


@value
class ServiceFinished:
    """The service is done, and with it the ticket unless its visit goes on."""

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId
    invited: bool = False
    """The customer is asked to evaluate it, as the hall asks everybody."""


@value
class EvaluationInvited:
    """A customer is asked to evaluate what ``counter`` did for the ticket."""

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId
    service: ServiceId


@value
class ServiceEvaluated:
    """A customer's rating of a finished service: ``level`` 1 (worst) to 5."""

    at: datetime
    command: CommandId
    ticket: TicketId
    service: ServiceId
    counter: CounterId
    staff: StaffId | None
    level: int
    reasons: tuple[str, ...]
    text: str
    device: EvaluationDevice


@value
class TicketNoShow:
    """The ticket ended because nobody came."""

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId


@value
class TicketCancelled:
    """The ticket ended because its customer gave it up, or else the hall did for ``reason``.

    ``counter`` had it, if any.
    """

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId | None
    reason: str = ""


@value
class TicketExpired:
    """The ticket was still open when its day ended; ``counter`` had it, if any."""

    at: datetime
    command: CommandId
    ticket: TicketId
    counter: CounterId | None


@value
class CounterOpened:
    """The counter takes customers; ``staff`` works there, if it is known who."""

    at: datetime
    command: CommandId
    counter: CounterId
    staff: StaffId | None = None


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
    | TicketHeld
    | TicketResumed
    | TicketRequeued
    | TicketTransferred
    | TicketReactivated
    | ServiceStarted
    | ServiceFinished
    | VisitContinued
    | EvaluationInvited
    | ServiceEvaluated
    | TicketNoShow
    | TicketCancelled
    | TicketExpired
    | CounterOpened
    | CounterPaused
    | CounterClosed
    | TicketPrinted
    | TicketPrintFailed
    | ReprintRequested
    | AppointmentBooked
    | AppointmentConfirmed
    | AppointmentMoved
    | AppointmentCancelled
    | AppointmentLapsed
    | AppointmentRevoked
    | AppointmentMissed
    | CustomerCheckedIn
    | PersonBanned
    | BanLifted
    | ClosureAdded
    | ClosureSettled
    | ClosureRemoved
    | TicketFollowed
    | TicketUnfollowed
    | PushDue
    | PushEnded
    | CallVoiced
)

"""What the API takes and tells of appointments."""

from __future__ import annotations

from datetime import date, datetime

from actors.hall.diary import AddedClosure, Booking
from actors.hall.slots import OfferedSlot, slot_at
from protocol.appointments import REASON_CHARACTERS_MAX, BookingState
from protocol.hall import HallSpec
from protocol.ids import BookingId, ClosureId, KioskId, Language, ServiceId, TicketId
from protocol.values import value
from runtime.http.bodies import field

_SLOT = "The hall's local day and time, such as 2026-03-02T09:15."


# -- bodies --------------------------------------------------------------------------------------


def _phone() -> str | None:
    about = "The customer's mainland mobile number; only a digest of it is kept."
    given: str | None = field(about=about, default=None, shown=False)
    return given


def _document() -> str | None:
    about = "The number of the customer's identity card; only a digest of it is kept."
    given: str | None = field(about=about, default=None, shown=False)
    return given


def _openid() -> str | None:
    about = "By which the hall's WeChat account knows the customer; only a digest of it is kept."
    given: str | None = field(about=about, default=None, shown=False)
    return given


@value
class BookBody:
    """Which slot is wanted, and by whom."""

    service: ServiceId = field(about="The service's id.")
    slot: str = field(about=f"{_SLOT} One of the service's slots.")
    language: Language | None = field(
        about="The customer's language; the hall's first one where it is left out.", default=None
    )
    party: int = field(about="How many people come under the one number.", default=1)
    phone: str | None = _phone()
    document: str | None = _document()
    openid: str | None = _openid()


@value
class MoveBody:
    """Which slot is wanted instead."""

    slot: str = field(about=f"{_SLOT} One of the service's slots.")


@value
class CheckInBody:
    """Where the ticket is printed."""

    kiosk: KioskId | None = field(
        about="The kiosk that prints the ticket; a kiosk's own token needs not say it.",
        default=None,
    )
    language: Language | None = field(
        about="The ticket's language; the booking's where it is left out.", default=None
    )


@value
class CheckInPersonBody:
    """Who has come, by what was said at booking, and where the ticket is printed."""

    kiosk: KioskId | None = field(
        about="The kiosk that prints the ticket; a kiosk's own token needs not say it.",
        default=None,
    )
    language: Language | None = field(
        about="The ticket's language; the booking's where it is left out.", default=None
    )
    phone: str | None = _phone()
    document: str | None = _document()
    openid: str | None = _openid()


@value
class ClosureBody:
    """When the hall or a service is closed, and why."""

    first: str = field(about="The first day, such as 2026-10-01.")
    last: str | None = field(about="The last day; the first where it is left out.", default=None)
    service: ServiceId | None = field(
        about="The service; the whole hall if left out.", default=None
    )
    reason: str | None = field(
        about="Is told to people.", default=None, characters_max=REASON_CHARACTERS_MAX
    )
    end_waiting: bool = field(
        about="Whether tickets that wait for it today end, with the reason; else they are still called.",
        default=False,
    )


@value
class LiftBanBody:
    """Who is banned no more: one of the four."""

    phone: str | None = _phone()
    document: str | None = _document()
    openid: str | None = _openid()
    booking: str | None = field(about="The code of a booking of that person.", default=None)


# -- answers -------------------------------------------------------------------------------------


@value
class SlotView:
    """A slot that may be booked."""

    slot: str = field(about=_SLOT)
    starts_at: datetime
    ends_at: datetime
    places: int = field(about="Places that may be booked in all.")
    free: int = field(about="Those of them that are not taken.")


@value
class SlotList:
    """The slots of a service, in the order of time, full ones too."""

    service: ServiceId
    slots: tuple[SlotView, ...]


@value
class BookingView:
    """A booking as it is now."""

    code: BookingId = field(about="What the customer types or shows.")
    service: ServiceId
    state: BookingState
    slot: str = field(about=_SLOT)
    starts_at: datetime
    ends_at: datetime
    check_in_from: datetime
    check_in_until: datetime
    lapses_at: datetime | None = field(about="When it lapses unless it is confirmed.")
    language: Language
    party: int
    ticket: TicketId | None = field(about="The ticket that the customer got at check-in.")
    reason: str | None = field(about="Why the hall moved or revoked it.")


@value
class ClosureView:
    """A closure that was added while the hall was running."""

    id: ClosureId
    service: ServiceId | None = field(about="null is the whole hall.")
    first: date
    last: date
    reason: str
    end_waiting: bool = field(about="Whether tickets that waited for it end, or go on elsewhere.")
    settled: bool = field(
        about="Whether all bookings and tickets that it strikes have been looked at."
    )


@value
class ClosureList:
    """The added closures that are not long over."""

    closures: tuple[ClosureView, ...]


@value
class ClosureStep:
    """A closure that was added, and how many bookings and tickets it has struck at once."""

    closure: ClosureView
    moved: int = field(about="Bookings that have another slot now.")
    revoked: int = field(about="Bookings that were taken back.")
    ended: int = field(about="Tickets that waited and have ended.")
    sent_on: int = field(about="Tickets whose visit goes on with another service.")
    left: int = field(about="Bookings and tickets that are looked at in the next seconds.")


@value
class BanGone:
    """A ban that was lifted."""

    until: datetime = field(about="When it would have ended.")


@value
class ClosureGone:
    """A closure that was removed."""

    id: ClosureId


# -- from a hall's state -------------------------------------------------------------------------


def slot_view(offered: OfferedSlot) -> SlotView:
    """Return a slot as it is told."""
    return SlotView(
        slot=str(offered.slot),
        starts_at=offered.starts_at,
        ends_at=offered.ends_at,
        places=offered.places,
        free=offered.free,
    )


def booking_view(spec: HallSpec, booking: Booking) -> BookingView:
    """Return what may be seen of a booking by who has its code."""
    return BookingView(
        code=booking.id,
        service=booking.service,
        state=booking.state,
        slot=str(slot_at(spec, booking.starts_at)),
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        check_in_from=booking.check_in_from,
        check_in_until=booking.check_in_until,
        lapses_at=booking.lapses_at if booking.state is BookingState.RESERVED else None,
        language=booking.language,
        party=booking.party,
        ticket=booking.ticket,
        reason=booking.reason,
    )


def closure_view(added: AddedClosure) -> ClosureView:
    """Return a closure as it is told."""
    closure = added.closure
    return ClosureView(
        id=added.id,
        service=added.service,
        first=closure.first,
        last=closure.last,
        reason=closure.reason,
        end_waiting=added.end_waiting,
        settled=added.unsettled_since is None,
    )

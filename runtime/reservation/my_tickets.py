"""What customers do with numbers on their phones: take one, leave the queue, have it called silently."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from actors.hall.state import HallState
from protocol.answers import Accepted
from protocol.commands import PARTY_MAX, CancelTicket, TakeTicket
from protocol.hall import Identity, Service
from protocol.ids import Language, PersonId, ServiceId, TicketId
from protocol.push_commands import FollowTicket
from protocol.tickets import Channel
from protocol.values import value
from runtime.http.api import issued_by
from runtime.http.bodies import field
from runtime.http.bookings import spoken
from runtime.http.calls import Call
from runtime.http.encoding import to_json
from runtime.http.languages import wanted
from runtime.http.persons import Given, person_of
from runtime.http.problems import refuse
from runtime.http.request import Response
from runtime.http.steps import stepped
from runtime.reservation.mine_views import Claim, claim_of
from runtime.reservation.nearness import check_near, position_of

__all__ = [
    "MyTicketBody",
    "Silenced",
    "SilentBody",
    "cancel_ticket",
    "check_by_phone",
    "language_of",
    "latitude",
    "longitude",
    "person_asking",
    "read_claim",
    "silence_ticket",
    "take_ticket",
    "typed_document",
    "typed_phone",
]


def latitude() -> float | None:
    """Declare a field for where the phone is."""
    given: float | None = field(
        about="Where the phone is, in degrees (WGS 84), if the hall asks for it; it is not kept.",
        default=None,
        shown=False,
    )
    return given


def longitude() -> float | None:
    """Declare the other one."""
    given: float | None = field(about="The same.", default=None, shown=False)
    return given


def typed_phone() -> str | None:
    """Declare a field for a telephone number."""
    given: str | None = field(
        about="The customer's mainland mobile number, if the service asks for it; only a digest of it is kept.",
        default=None,
        shown=False,
    )
    return given


def typed_document() -> str | None:
    """Declare a field for a document's number."""
    given: str | None = field(
        about="The number of the customer's identity card, if the service asks for it; only a digest is kept.",
        default=None,
        shown=False,
    )
    return given


@value
class MyTicketBody:
    """Which number is wanted."""

    service: ServiceId = field(about="The service's id.")
    language: Language | None = field(
        about="The customer's language; the browser's where it is left out.", default=None
    )
    party: int = field(about=f"People under the one number, 1 to {PARTY_MAX}.", default=1)
    phone: str | None = typed_phone()
    document: str | None = typed_document()
    silent: bool = field(
        about="Whether nobody is to say its calls aloud: the phone is told.", default=False
    )
    latitude: float | None = latitude()
    longitude: float | None = longitude()


@value
class SilentBody:
    """Whether a ticket's calls are said aloud."""

    silent: bool = field(about="Whether nobody is to say them: the phone is told.")


@value
class SilencedTicket:
    """A ticket that the customer follows."""

    id: TicketId
    followed: bool
    silent: bool


@value
class Silenced:
    """The answer to a wish for silence."""

    ticket: SilencedTicket


# -- handlers ------------------------------------------------------------------------------------


def take_ticket(call: Call) -> None:
    """Issue a number to the customer's phone, which holds and follows it."""
    body: MyTicketBody = call.body
    desk, customer = call.hall, call.asking
    check_by_phone(call, body.service)
    check_near(desk.spec.place, position_of(body.latitude, body.longitude))
    command = TakeTicket(
        id=call.command_id(),
        service=body.service,
        language=language_of(call, body.language),
        channel=Channel.WECHAT,
        person=person_asking(call, body.service, body),
        party=body.party,
        follower=customer.follower,
        silent=body.silent,
    )
    call.submit(command, issued_by(desk))


def cancel_ticket(call: Call) -> None:
    """Leave the queue."""
    ticket = _named(call)

    def cancel() -> None:
        call.submit(CancelTicket(id=call.command_id(), ticket=ticket), stepped)

    _if_mine(call, ticket, cancel)


def silence_ticket(call: Call) -> None:
    """Have a ticket called aloud or not."""
    body: SilentBody = call.body
    ticket = _named(call)

    def silenced(_accepted: Accepted) -> Response:
        shown = SilencedTicket(id=ticket, followed=True, silent=body.silent)
        return Response(status=200, body=to_json(Silenced(ticket=shown)))

    def silence() -> None:
        command = FollowTicket(
            id=call.command_id(),
            ticket=ticket,
            follower=call.asking.follower,
            silent=body.silent,
        )
        call.submit(command, silenced)

    _if_mine(call, ticket, silence)


def read_claim(call: Call) -> None:
    """Say what a ticket is to the customer."""
    ticket = _named(call)

    def found(state: HallState) -> Response:
        return Response(status=200, body=to_json(_claim(call, state, ticket)))

    call.read(found)


# -- shared with bookings ------------------------------------------------------------------------


class Typed(Protocol):
    """What a customer may have said of himself."""

    @property
    def phone(self) -> str | None: ...
    @property
    def document(self) -> str | None: ...


def check_by_phone(call: Call, service: ServiceId) -> None:
    """Return if phones take numbers for the service, or the hall does not know it.

    Raises:
        RequestRefused: they do not.
    """
    known = call.hall.spec.services.get(service)
    if known is not None and not known.by_phone:
        raise refuse("not-by-phone", f"service {service} gives its numbers in the hall alone")


def language_of(call: Call, language: Language | None) -> Language:
    """Return ``language``, or what the browser wants.

    Raises:
        RequestRefused: the hall does not speak it.
    """
    return spoken(call, language) or wanted(call.request, call.hall.spec.languages)


def person_asking(call: Call, service: ServiceId, typed: Typed) -> PersonId | None:
    """Return who the customer is to the service: what it asks for, or else whom WeChat names.

    Raises:
        RequestRefused: what the service asks for is missing, or cannot be right.
    """
    desk = call.hall
    known = desk.spec.services.get(service)
    services: Iterable[Service] = () if known is None else (known,)
    given = Given(openid=call.asking.openid)
    if known is not None and known.identity is not Identity.NONE:
        given = Given(phone=typed.phone, document=typed.document, openid=call.asking.openid)
    today: datetime = desk.now().astimezone(ZoneInfo(desk.spec.time_zone))
    return person_of(given, services, desk.port.key, today.date())


# -- whose it is ---------------------------------------------------------------------------------


def _named(call: Call) -> TicketId:
    return TicketId(call.params["ticket"])


def _claim(call: Call, state: HallState, ticket: TicketId) -> Claim:
    claim = claim_of(state, ticket, call.asking.follower)
    if claim is None:
        raise refuse("unknown-ticket", f"hall {call.hall.spec.id} has no ticket {ticket!r} today")
    return claim


def _if_mine(call: Call, ticket: TicketId, do: Callable[[], None]) -> None:
    """Do it, if the customer's phone took the ticket or follows it; refuse it otherwise."""

    def found(state: HallState) -> None:
        if not _claim(call, state, ticket).mine:
            raise refuse(
                "not-yours", f"another phone took ticket {ticket}, and this one does not follow it"
            )
        do()

    call.read(found)

"""The pages that phones open: halls, a hall's services, booking, what somebody has, and the progress.

What they show comes by the API, so a page is the same for everybody and says only what does not change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from protocol.appointments import read_code
from protocol.commands import PARTY_MAX
from protocol.errors import CodeError
from protocol.hall import HallSpec, Service
from protocol.ids import BookingId, ServiceId
from protocol.printing.qr import qr_svg
from runtime.http.calls import Call
from runtime.http.customers import SIGN_IN
from runtime.http.languages import TEXTS
from runtime.http.pages import SVG, Pages
from runtime.http.problems import refuse
from runtime.http.request import Response
from runtime.http.routing import Route

__all__ = ["ReservationPages"]

_HALL = "/m/halls/{hall}"


class ReservationPages:
    """See the module."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        pages.sign_in = SIGN_IN

    def routes(self) -> tuple[Route, ...]:
        """Return the routes of the pages."""
        return (
            _page("/m/", self.directory, "Districts and halls"),
            _page(_HALL, self.hall, "A hall's services"),
            _page(f"{_HALL}/book/{{service}}", self.book, "Book, or move a booking"),
            _page(f"{_HALL}/bookings/{{code}}", self.booking, "A booking"),
            _page(f"{_HALL}/bookings/{{code}}/qr.svg", self.booking_code, "A booking's QR code"),
            _page(f"{_HALL}/progress", self.progress, "Who is called where"),
            _page("/m/mine", self.mine, "The tickets and bookings of whoever asks"),
        )

    # -- pages ---------------------------------------------------------------------------------

    def directory(self, call: Call) -> Response:
        """Show the halls."""
        return self._of_all(call, "m-directory.html")

    def hall(self, call: Call) -> Response:
        """Show a hall's services."""
        return self._of_hall(call, "m-hall.html", {"reach": call.hall.spec.place.reach_m})

    def book(self, call: Call) -> Response:
        """Show the times of a service that may be booked; with ``move`` for the booking of that code."""
        service = self._service(call)
        moving = _moving(call)
        told = {"id": service.id, "names": service.names, "identity": service.identity}
        data = {"service": told, "moving": moving}
        return self._of_hall(
            call, "m-book.html", data, kept=moving is None, service=service, moving=moving
        )

    def booking(self, call: Call) -> Response:
        """Show a booking; whose it is the API finds out."""
        code = _code(call.params["code"])
        data = {"code": code, "reach": call.hall.spec.place.reach_m}
        return self._of_hall(call, "m-booking.html", data, kept=False, code=code)

    def booking_code(self, call: Call) -> Response:
        """Draw what a kiosk's scanner reads of a booking: its code."""
        octets = qr_svg(_code(call.params["code"])).encode()
        kept = ((b"Cache-Control", b"public, max-age=86400"),)
        return Response(status=200, body=octets, content_type=SVG, headers=kept)

    def progress(self, call: Call) -> Response:
        """Show who is called where."""
        return self._of_hall(call, "m-progress.html", {})

    def mine(self, call: Call) -> Response:
        """Show what the customer has in all halls."""
        return self._of_all(call, "m-mine.html")

    # -- parts ---------------------------------------------------------------------------------

    def _of_all(self, call: Call, template: str) -> Response:
        return self._render(call, template, tuple(TEXTS), {"halls": _halls(call)})

    def _service(self, call: Call) -> Service:
        spec, id = call.hall.spec, ServiceId(call.params["service"])
        service = spec.services.get(id)
        if service is None:
            raise refuse("unknown-service", f"hall {spec.id} has no service {id!r}")
        if service.appointments is None:
            raise refuse("no-appointments", f"service {id} takes no appointments")
        return service

    def _of_hall(
        self, call: Call, template: str, data: Mapping[str, Any], **values: Any
    ) -> Response:
        spec = call.hall.spec
        known: dict[str, Any] = {
            "hall": spec.id,
            "timeZone": spec.time_zone,
            "services": _names_of_services(spec),
        }
        return self._render(
            call,
            template,
            spec.languages,
            {**known, **data},
            spec=spec,
            party_max=PARTY_MAX,
            **values,
        )

    def _render(
        self,
        call: Call,
        template: str,
        languages: tuple[Any, ...],
        data: Mapping[str, Any],
        *,
        kept: bool = True,
        **values: Any,
    ) -> Response:
        asked = self._pages.asked_by(call)
        kept_as = (*call.params.values(), asked["signedIn"]) if kept else None
        return self._pages.render(
            call.request, template, languages, data={**data, **asked}, kept_as=kept_as, **values
        )


def _page(pattern: str, handler: Callable[[Any], Any], summary: str) -> Route:
    return Route(
        method="GET", pattern=pattern, handler=handler, summary=summary, page=True, listed=False
    )


def _halls(call: Call) -> list[dict[str, Any]]:
    """Return what does not change of all halls."""
    specs = [desk.spec for desk in call.all_halls.desks.values()]
    return [
        {
            "id": spec.id,
            "names": spec.names,
            "timeZone": spec.time_zone,
            "services": _names_of_services(spec),
        }
        for spec in specs
    ]


def _names_of_services(spec: HallSpec) -> list[dict[str, Any]]:
    return [{"id": service.id, "names": service.names} for service in spec.services.values()]


def _code(typed: str) -> BookingId:
    try:
        return read_code(typed)
    except CodeError as error:
        raise refuse("unknown-booking", f"the code {error}") from None


def _moving(call: Call) -> BookingId | None:
    given = call.request.query_values(b"move")
    return _code(given[-1].decode("latin-1")) if given else None

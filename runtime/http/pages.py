"""Pages for people: Jinja2 templates, with what their scripts need as JSON inside them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from actors.hall.state import HallState
from protocol.answers import Reason
from protocol.commands import PARTY_MAX
from protocol.hall import HallSpec, Identity, name_in
from protocol.ids import CounterId, HallId, KioskId, Language, TicketId
from protocol.printing.qr import qr_svg
from runtime.http.calls import Call
from runtime.http.codes import shown_code, without_code
from runtime.http.desk import Desk
from runtime.http.encoding import to_json
from runtime.http.kinds import KINDS
from runtime.http.languages import CHOSEN_AGE_S, COOKIE, FALLBACK, TEXTS, wanted
from runtime.http.menu_views import menu_view
from runtime.http.problems import Problem, refuse
from runtime.http.request import HTML, NO_STORE, HttpRequest, Response
from runtime.http.reservation_kinds import RESERVATION_KINDS
from runtime.http.static_files import StaticFiles
from runtime.http.ticket_views import ticket_view

SVG = b"image/svg+xml"

SHOWN_PROBLEMS = (
    *(reason.value for reason in Reason),
    "unauthorized",
    "forbidden",
    "rate-limited",
    "code-wrong",
    *RESERVATION_KINDS,
    "hall-unavailable",
    "internal-error",
)
"""Problems that scripts may meet: they show a person the advice of these, in the person's language."""

CUSTOMERS = (b"/m/",)
"""How the addresses of pages for phones begin."""

TICKETS = b"/t/"

KEPT_MAX = 100
"""Pages that are kept, of some 60 kB each; then they are filled in anew."""

TICKET_CHARACTERS_MAX = 40
"""No ticket's id is longer; a longer one has no QR code."""


class Pages:
    """The handlers of every page.

    ``sign_in`` is where customers say who they are, None where they cannot.
    """

    def __init__(self, desks: Mapping[HallId, Desk], *, secure_cookies: bool) -> None:
        self.sign_in: str | None = None
        self._desks = desks
        self._kept: dict[Hashable, bytes] = {}
        self._secure_cookies = secure_cookies
        self._static = StaticFiles()
        self._templates = Environment(
            loader=PackageLoader("runtime.http"),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            # Else each template's file is looked at for each page.
            auto_reload=False,
        )
        self._templates.globals["static"] = self._static.address
        self._templates.globals["name_in"] = name_in
        self._templates.globals["as_json"] = lambda given: to_json(given).decode()

    # -- pages ---------------------------------------------------------------------------------

    def home(self, call: Call) -> Response:
        """List the halls and their pages."""
        halls = [desk.spec for desk in self._desks.values()]
        return self.render(call.request, "home.html", tuple(TEXTS), halls=halls)

    def kiosk(self, call: Call) -> Response:
        """Show a kiosk's screen."""
        spec, id = call.hall.spec, KioskId(call.params["kiosk"])
        kiosk = spec.kiosks.get(id)
        if kiosk is None:
            raise refuse("unknown-kiosk", f"hall {spec.id} has no kiosk {id!r}")
        call.asked_by.check_kiosk(id)
        data = _hall_data(spec) | {
            "kiosk": id,
            "menu": menu_view(spec),
            "checkIn": _check_in_kinds(spec),
            "printer": kiosk.printer is not None,
        }
        return self.render(
            call.request,
            "kiosk.html",
            spec.languages,
            own_browser=False,
            spec=spec,
            kiosk=kiosk,
            checks_in=bool(data["checkIn"]),
            data=data,
        )

    def counter(self, call: Call) -> Response:
        """Show a counter's screen to its staff."""
        spec, id = call.hall.spec, CounterId(call.params["counter"])
        counter = spec.counters.get(id)
        if counter is None:
            raise refuse("unknown-counter", f"hall {spec.id} has no counter {id!r}")
        call.asked_by.check_counter(id)
        data = _hall_data(spec) | {"counter": id}
        return self.render(
            call.request, "counter.html", spec.languages, spec=spec, counter=counter, data=data
        )

    def reception(self, call: Call) -> Response:
        """Show the form with which staff take numbers for customers."""
        spec = call.hall.spec
        return self.render(
            call.request,
            "reception.html",
            spec.languages,
            spec=spec,
            printers=[kiosk for kiosk in spec.kiosks.values() if kiosk.printer is not None],
            checks_in=_check_in_kinds(spec),
            party_max=PARTY_MAX,
            data=_hall_data(spec),
        )

    def tablet(self, call: Call) -> Response:
        """Show the tablet on which a counter's customers evaluate."""
        spec, id = call.hall.spec, CounterId(call.params["counter"])
        counter = spec.counters.get(id)
        if counter is None:
            raise refuse("unknown-counter", f"hall {spec.id} has no counter {id!r}")
        call.asked_by.check_counter(id)
        data = _hall_data(spec) | {"counter": id, "reasons": spec.evaluation.reasons}
        return self.render(
            call.request,
            "tablet.html",
            spec.languages,
            own_browser=False,
            spec=spec,
            counter=counter,
            data=data,
        )

    def display(self, call: Call) -> Response:
        """Show the hall's large screen."""
        spec = call.hall.spec
        return self.render(
            call.request,
            "display.html",
            spec.languages,
            own_browser=False,
            spec=spec,
            data=_hall_data(spec),
        )

    def ticket(self, call: Call) -> None:
        """Show a ticket to its customer."""
        port = call.hall.port
        id = TicketId(call.params["ticket"])
        code = shown_code(call.request, port, id)

        def render(state: HallState) -> Response:
            ticket = state.tickets.get(id)
            if ticket is None:
                raise refuse("unknown-ticket", f"hall {port.spec.id} has no ticket {id!r} today")
            scan_url = port.scan_url(id)
            shown_url = scan_url if code else without_code(scan_url)
            view = ticket_view(state, ticket, shown_url, call.hall.now())
            data = _hall_data(port.spec) | {"ticket": view}
            data |= {"code": code, "reasons": port.spec.evaluation.reasons}
            asked = self.asked_by(call)
            return self.render(
                call.request,
                "ticket.html",
                (ticket.language, *port.spec.languages),
                spec=port.spec,
                ticket=view,
                by_phone=self.sign_in is not None,
                signed_in=asked["signedIn"],
                data=data | asked,
            )

        call.read(render)

    def ticket_code(self, call: Call) -> Response:
        """Draw the QR code of a ticket."""
        id = call.params["ticket"]
        if len(id) > TICKET_CHARACTERS_MAX:
            raise refuse("unknown-ticket", "no ticket has so long a name")
        port = call.hall.port
        scan_url = port.scan_url(TicketId(id))
        if shown_code(call.request, port, TicketId(id)) is None:
            scan_url = without_code(scan_url)
        octets = qr_svg(scan_url).encode()
        return Response(
            status=200,
            body=octets,
            content_type=SVG,
            headers=((b"Cache-Control", b"public, max-age=86400"),),
        )

    def problem_kinds(self, call: Call) -> Response:
        """List every kind of problem."""
        return self.render(call.request, "problems.html", tuple(TEXTS), kinds=KINDS)

    def problem_kind(self, call: Call) -> Response:
        """Explain a kind of problem."""
        name = call.params["kind"]
        if name not in KINDS:
            raise refuse("not-found", f"there is no kind of problem named {name!r}")
        return self.render(call.request, "problems.html", tuple(TEXTS), kinds={name: KINDS[name]})

    def static_file(self, call: Call) -> Response:
        """Send a script, a style or an icon."""
        return self._static.find(call.params["version"], call.params["file"])

    def icon(self, call: Call) -> Response:
        """Send the icon that browsers ask for by themselves."""
        return self._static.find(self._static.version, "icon.svg")

    def show_problem(self, request: HttpRequest, problem: Problem) -> Response:
        """Show a refusal; with a field for the token where that is what lacks.

        Customers are not shown what is for the staff: theirs is in the look of their other pages.
        """
        page = self.render(
            request,
            "m-problem.html" if self._for_customers(request) else "problem.html",
            tuple(TEXTS),
            status=problem.status,
            headers=problem.headers,
            problem=problem,
            kind=KINDS[problem.kind],
        )
        return page

    def _for_customers(self, request: HttpRequest) -> bool:
        """Whether a page is one of those for phones, or of a ticket beside them."""
        begins = CUSTOMERS if self.sign_in is None else (*CUSTOMERS, TICKETS)
        return request.path.startswith(begins)

    def asked_by(self, call: Call) -> dict[str, Any]:
        """Return what a customer's page knows of its reader: ``signIn``, and ``signedIn`` if that was done."""
        return {"signIn": self.sign_in, "signedIn": call.customer is not None}

    # -- rendering -----------------------------------------------------------------------------

    def render(
        self,
        request: HttpRequest,
        template: str,
        languages: Sequence[Language],
        *,
        own_browser: bool = True,
        status: int = 200,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        data: Mapping[str, Any] | None = None,
        kept_as: Hashable | None = None,
        **values: Any,
    ) -> Response:
        """Fill in a template in the language that the reader wants most of ``languages``.

        What is ``kept_as`` the same is filled in once for each language: it stays so while the server runs.
        """
        language = wanted(request, languages, settings=own_browser)
        place = (template, kept_as, language)
        body = None if kept_as is None else self._kept.get(place)
        if body is None:
            body = self._fill(template, language, languages, data, values)
            if kept_as is not None:
                if len(self._kept) >= KEPT_MAX:
                    self._kept.clear()
                self._kept[place] = body
        if request.query and request.query_values(b"lang"):
            headers = (*headers, _language_cookie(language, secure=self._secure_cookies))
        return Response(
            status=status,
            body=body,
            content_type=HTML,
            headers=(NO_STORE, (b"Vary", b"Accept-Language, Cookie"), *headers),
        )

    def _fill(
        self,
        template: str,
        language: Language,
        languages: Sequence[Language],
        data: Mapping[str, Any] | None,
        values: Mapping[str, Any],
    ) -> bytes:
        texts = TEXTS.get(language, TEXTS[FALLBACK])
        offered = tuple(dict.fromkeys(languages))
        filled = {**(data or {}), "language": language, "languages": offered}
        html = self._templates.get_template(template).render(
            language=language,
            languages=offered,
            own_names={offer: _own_name(offer) for offer in offered},
            text=texts.__getitem__,
            text_or_none=texts.get,
            text_in=lambda shown, key: TEXTS.get(shown, TEXTS[FALLBACK])[key],
            data=f"{_data_block(filled)[:-1]},{_texts_of(offered)[1:]}",
            **values,
        )
        return html.encode()


def _data_block(given: object) -> str:
    """Return JSON for a data block: that is no script, but "</script>" would still end it."""
    return to_json(given).decode().replace("<", "\\u003c")


@lru_cache(maxsize=KEPT_MAX)
def _texts_of(offered: tuple[Language, ...]) -> str:
    """Return what scripts need of texts, which is most of a page and always the same."""
    return _data_block(
        {
            "problems": {name: KINDS[name].advice for name in SHOWN_PROBLEMS},
            "texts": {offer: TEXTS.get(offer, TEXTS[FALLBACK]) for offer in offered},
        }
    )


def _hall_data(spec: HallSpec) -> dict[str, Any]:
    """Return what scripts need to know of a hall that does not change while it runs."""
    return {
        "hall": spec.id,
        "hallNames": spec.names,
        "timeZone": spec.time_zone,
        "services": [
            {"id": service.id, "names": service.names, "identity": service.identity}
            for service in spec.services.values()
        ],
        "counters": [
            {"id": counter.id, "names": counter.names, "services": counter.services}
            for counter in spec.counters.values()
        ],
    }


def _check_in_kinds(spec: HallSpec) -> tuple[str, ...]:
    """Return what customers may check in with: the code, and what they said of themselves at booking."""
    booked = [service for service in spec.services.values() if service.appointments is not None]
    kinds = {
        # A phone may be given also where nothing is asked for.
        Identity.DOCUMENT if service.identity is Identity.DOCUMENT else Identity.PHONE
        for service in booked
    }
    said = (kind for kind in (Identity.PHONE, Identity.DOCUMENT) if kind in kinds)
    return ("code", *said) if booked else ()


def _own_name(language: Language) -> str:
    texts = TEXTS.get(language)
    return language if texts is None else texts["language"]


def _language_cookie(language: Language, *, secure: bool) -> tuple[bytes, bytes]:
    return (
        b"Set-Cookie",
        b"%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s"
        % (COOKIE, language.encode(), CHOSEN_AGE_S, b"; Secure" if secure else b""),
    )

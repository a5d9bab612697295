"""The page of phones: everybody with the messages that they got, and what they can do.

GET  /phones                    the page
GET  /phones/state              what it shows
POST /phones/{person}/{deed}    appear, follow, unfollow, scan, click, say, consent, withdraw, block, virtual
GET  /phones/{person}/open      a link, opened in the browser inside that person's WeChat
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

from protocol.errors import PaihaoError
from protocol.values import value
from runtime.http.bodies import field
from runtime.http.calls import Call
from runtime.http.encoding import to_json
from runtime.http.languages import TEXTS
from runtime.http.pages import Pages
from runtime.http.problems import RequestRefused, refuse
from runtime.http.request import HTML, NO_STORE, HttpRequest, Response
from runtime.http.routing import Route
from runtime.stand_in.caller import is_of_this_machine
from runtime.stand_in.model import Model, People
from runtime.stand_in.views import links_of, state_view

__all__ = ["PEOPLE_MAX", "DeedBody", "phone_routes", "who_asks"]

PEOPLE_MAX: Final = 50
"""People that the page makes; one more is refused."""
NAME_MAX: Final = 20
"""Characters of a person's name."""
RESERVED: Final = frozenset({"state"})
"""Names that stand for something else in an address."""

AUTHORIZE: Final = "/connect/oauth2/authorize"
"""Where pages send a browser to learn whose it is; on whichever host, here it is the stand-in's."""

COOKIE: Final = b"stand-in-person"
COOKIE_PATH: Final = b"/connect/oauth2"
"""Cookies know no ports: a narrow path keeps this one from the hall's pages on the same machine."""


@value
class DeedBody:
    """What a deed needs; those that need nothing take an empty body."""

    code: str | None = field(
        about="Of scan: what a QR code holds, its ticket, or its scene.",
        default=None,
        characters_max=2_000,
    )
    key: str | None = field(about="Of click: a button's.", default=None, characters_max=1_024)
    text: str | None = field(about="Of say.", default=None, characters_max=600)
    template: str | None = field(about="Of consent and withdraw.", default=None)
    yes: bool = field(about="Whether they do: follow, accept, block …", default=True)


@value
class Deed:
    """Whether it was done, and the address that a browser is to open after it."""

    done: bool
    opens: str | None = None


def who_asks(request: HttpRequest, people: People) -> str | None:
    """Return whose WeChat the browser is in; None if it is an ordinary one."""
    for header in request.header_values(b"cookie"):
        for pair in header.split(b";"):
            name, _, given = pair.strip().partition(b"=")
            if name == COOKIE:
                person = unquote(given.decode("ascii", "replace"))
                return person if person in people.names else None
    return None


def phone_routes(
    model: Model,
    now: Callable[[], float],
    wake: Callable[[], None],
    forgotten_cookies: Sequence[str] = (),
) -> Callable[[Pages], Iterable[Route]]:
    """Return the routes of the page, and of the files that it loads.

    ``wake`` is called after each deed: the account may have to be told. ``forgotten_cookies`` are those in
    which the account's pages keep who looks at them: one browser is everybody's here, so they are taken away
    when a link is opened. That reaches pages on the same host, as cookies know no ports.
    """
    desk = _Desk(model, now, wake, forgotten_cookies)

    def routes(pages: Pages) -> Iterable[Route]:
        def page(call: Call) -> Response:
            data = {"kinds": list(model.troubles.kinds), "nameMax": NAME_MAX}
            return pages.render(call.request, "phones.html", tuple(TEXTS), data=data)

        def to_page(_call: Call) -> Response:
            return _lead("/phones")

        def route(method: str, pattern: str, handler: Any, summary: str, **more: Any) -> Route:
            return Route(method=method, pattern=pattern, handler=handler, summary=summary, **more)

        return (
            route("GET", "/", to_page, "Find the phones"),
            route("GET", "/phones", page, "The phones", page=True),
            route("GET", "/phones/state", desk.read, "Read what the phones show"),
            route("GET", "/phones/{person}/open", desk.open, "Open a link", page=True),
            route("POST", "/phones/{person}/{deed}", desk.do, "Do something", body=DeedBody),
            route("GET", "/static/{version}/{file}", pages.static_file, "Load a file"),
            route("GET", "/favicon.ico", pages.icon, "Load the icon"),
            route("GET", "/problems/{kind}", pages.problem_kind, "Explain a problem", page=True),
        )

    return routes


class _Desk:
    def __init__(
        self,
        model: Model,
        now: Callable[[], float],
        wake: Callable[[], None],
        forgotten_cookies: Sequence[str],
    ) -> None:
        self._forget = tuple(
            (b"Set-Cookie", b"%s=; Path=/; Max-Age=0" % name.encode()) for name in forgotten_cookies
        )
        self._model = model
        self._people = model.people
        self._now = now
        self._wake = wake
        self._deeds: Mapping[str, Callable[[str, DeedBody], Deed | None]] = {
            "follow": lambda who, _: self._people.follow(who, now()),
            "unfollow": lambda who, _: self._people.unfollow(who, now()),
            "scan": self._scan,
            "click": self._click,
            "say": lambda who, body: self._people.say(who, _given(body, "text"), now()),
            "consent": lambda who, body: self._people.consent(
                who, _given(body, "template"), now(), accepts=body.yes
            ),
            "withdraw": lambda who, body: self._people.withdraw(
                who, _given(body, "template"), now()
            ),
            "block": lambda who, body: self._people.block(who, blocks=body.yes),
            "virtual": lambda who, body: self._people.make_virtual(who, virtual=body.yes),
        }

    def read(self, _call: Call) -> Response:
        return _json(state_view(self._model, self._now()))

    def do(self, call: Call) -> Response:
        person, deed = call.params["person"], call.params["deed"]
        if deed == "appear":
            self._appear(person)
            return _json(Deed(done=True))
        self._check(person)
        does = self._deeds.get(deed)
        if does is None:
            known = ", ".join(("appear", *self._deeds))
            raise refuse("not-found", f"nobody can {deed[:40]!r}; there are {known}")
        try:
            done = does(person, call.body)
        except RequestRefused:
            raise
        except (LookupError, ValueError, PaihaoError) as error:
            # A message in quotation marks is how Python shows a KeyError.
            raise refuse("malformed-request", str(error).strip("'\"")) from error
        self._wake()
        return _json(done or Deed(done=True))

    def open(self, call: Call) -> Response:
        """Lead the browser on, which is from now on that person's; only to what they were shown."""
        person = call.params["person"]
        self._check(person)
        given = parse_qs(call.request.query.decode("ascii", "replace")).get("url", [""])[0]
        known = given in links_of(self._people, person)
        if not known and not is_of_this_machine(given):
            raise refuse("not-found", f"{person} was not shown this link")
        parts = urlsplit(given)
        if parts.path.endswith(AUTHORIZE):
            # WeChat's own host is the stand-in here.
            given = urlunsplit(("", "", AUTHORIZE, parts.query, ""))
        cookie = b"%s=%s; Path=%s; HttpOnly; SameSite=Lax" % (
            COOKIE,
            quote(person, safe="").encode(),
            COOKIE_PATH,
        )
        return _lead(given, (b"Set-Cookie", cookie), *self._forget)

    def _appear(self, person: str) -> None:
        if person in RESERVED or not 0 < len(person) <= NAME_MAX or person.strip() != person:
            raise refuse("malformed-request", f"a name has 1 to {NAME_MAX} characters")
        if person not in self._people.names and len(self._people.names) >= PEOPLE_MAX:
            raise refuse("malformed-request", f"{PEOPLE_MAX} people are enough")
        self._people.contact(person)

    def _scan(self, person: str, body: DeedBody) -> Deed:
        code = _given(body, "code").strip()
        found = self._people.scan(person, scanned(code), self._now(), follows=body.yes)
        if not found and is_of_this_machine(code):
            # An ordinary address: WeChat opens its page.
            return Deed(done=True, opens=_open_address(person, code))
        return Deed(done=found)

    def _click(self, person: str, body: DeedBody) -> Deed:
        opens = self._people.click(person, _given(body, "key"), self._now())
        return Deed(done=True, opens=opens)

    def _check(self, person: str) -> None:
        if person not in self._people.names:
            raise refuse("not-found", f"there is nobody called {person!r}")


def scanned(code: str) -> str:
    """Return what ``code`` holds if it is the address of a code's picture, which names its ticket."""
    if not re.match(r"https?://[^/]+/cgi-bin/showqrcode\?", code):
        return code
    return parse_qs(urlsplit(code).query).get("ticket", [code])[0]


def _given(body: DeedBody, name: str) -> str:
    given: str | None = getattr(body, name)
    if given is None:
        raise refuse("invalid-body", f"{name} is missing")
    return given


def _open_address(person: str, url: str) -> str:
    return f"/phones/{quote(person, safe='')}/open?url={quote(url, safe='')}"


def _json(shown: object) -> Response:
    return Response(status=200, body=to_json(shown), headers=(NO_STORE,))


def _lead(address: str, *headers: tuple[bytes, bytes]) -> Response:
    location = quote(address, safe="!#$%&'()*+,/:;=?@[]~").encode()
    return Response(
        status=302,
        body=b"",
        content_type=HTML,
        headers=(NO_STORE, (b"Location", location), *headers),
    )

"""A hall whose customers have phones: its web server on a real socket, WeChat's stand-in without one."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import requests

from actors.audience import told
from protocol.ids import DistrictId, FollowerId, Language
from protocol.values import replace
from runtime.config.model import District
from runtime.http.customers import Customer
from runtime.http.request import HttpRequest
from runtime.http.routing import Route
from runtime.keys import derived_key
from runtime.reservation.service import Reservation
from runtime.wechat.client import ApiClient, token_owner
from runtime.wechat.followers import FollowerSeal
from runtime.wechat.pool import ApiPool
from runtime.wechat.visitors import Visitors
from sim.wechat.faults import Ill, Trouble
from tests.runtime.http.rig import PATIENCE_S, PLENTY, Answer, Served, request
from tests.runtime.wechat.test_client import OURS
from tests.sim.wechat.service import ACCOUNT, Server
from tests.sim.wechat.straight import Straight

E = TypeVar("E")

KEY = b"the key of the server, 32 octets"
BASE_URL = "http://hall.test"
MY = "/api/v1/my"
MY_HALL = f"{MY}/halls/HZ01"
MY_TICKETS = f"{MY_HALL}/tickets"

DISTRICTS = {
    DistrictId("xihu"): District(id=DistrictId("xihu"), names={Language("zh"): "西湖区"}),
    DistrictId("binjiang"): District(id=DistrictId("binjiang"), names={Language("zh"): "滨江区"}),
}


class Platform:
    """A served hall, and WeChat with the people who come to it."""

    def __init__(self, thread: Any, limits: Any = PLENTY, **options: Any) -> None:
        self._thread = thread
        self.shift_s = 0.0
        """How far the server's clock is from now."""
        self._key = options.pop("key", KEY)
        self._secure = options.pop("secure", False)
        self.wechat = Server(replace(ACCOUNT, page_hosts=("hall.test",)))
        self.wechat.now_s = time.time()
        self.straight = Straight(self.wechat)
        http = requests.Session()
        http.mount("https://", self.straight)
        self._pool = ApiPool([ApiClient(OURS, token_owner(OURS, http), http)])
        self.followers = FollowerSeal(derived_key(self._key, "wechat/followers"))
        self.reservation: Reservation
        options = {"more_routes": self._routes, "districts": DISTRICTS} | options
        options = {"customer_of": self._customer_of} | options
        self.served = Served(thread, limits, **options)
        self.served.call(self.served.start)

    def _routes(self, pages: Any) -> tuple[Route, ...]:
        world = self.served.world

        def tell(recipient: Any, answer: object) -> None:
            world.call_from_thread(lambda: (told(recipient, answer), None)[1])

        self.reservation = Reservation(
            OURS,
            self._key,
            self.followers,
            Visitors(self._pool, tell),
            lambda: BASE_URL,
            self.now,
            secure=self._secure,
        )
        return tuple(self.reservation.routes(pages))

    def _customer_of(self, request: HttpRequest) -> Customer | None:
        return self.reservation.customer_of(request)

    def stop(self) -> None:
        self._pool.stop()
        self.served.call(self.served.stop)

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.shift_s, UTC)

    def phone(self, name: str = "zhang", *, signed_in: bool = True) -> Phone:
        """Return somebody's phone, which has signed in."""
        phone = Phone(self, name)
        if signed_in:
            phone.sign_in()
        return phone

    def trouble(self, ill: Ill, **more: Any) -> None:
        """Let WeChat be in trouble for a minute."""
        now_s = self.wechat.now_s
        self.wechat.stand_in.troubles.begin(Trouble(ill=ill, begins_s=now_s, lasts_s=60.0, **more))

    @contextmanager
    def wechat_thinks(self) -> Iterator[threading.Event]:
        """Have WeChat answer nothing until the event that is given is set."""
        goes_on, send = threading.Event(), self.straight.send

        def later(request: Any, *args: Any, **kwargs: Any) -> Any:
            self.straight.asked.append(urlsplit(request.url).path)
            goes_on.wait(PATIENCE_S)
            self.straight.asked.pop()
            return send(request, *args, **kwargs)

        self.straight.send = later  # type: ignore[method-assign]
        try:
            yield goes_on
        finally:
            goes_on.set()
            self.straight.send = send  # type: ignore[method-assign]

    def wait_until_asked(self, count: int) -> None:
        """Wait until so many codes have been exchanged, or are about to be."""
        self.served.wait_until(lambda: self.exchanges() >= count)

    def exchanges(self) -> int:
        """Return how many codes WeChat was asked about."""
        return self.straight.asked.count("/sns/oauth2/access_token")

    def events(self, kind: type[E]) -> list[E]:
        """Return the durable events of a kind."""
        recorded = self.served.call(self.served.journal.read, 0, 10_000)
        return [record.event for record in recorded if isinstance(record.event, kind)]


class Phone:
    """A browser inside the WeChat of ``name``, which keeps cookies."""

    def __init__(self, platform: Platform, name: str) -> None:
        self._platform = platform
        self.name = name
        self.cookies: dict[str, str] = {}

    @property
    def openid(self) -> str:
        return self._platform.wechat.people.contact(self.name).openid

    @property
    def follower(self) -> FollowerId:
        return self._platform.followers.seal(self.openid)

    def get(self, path: str, **given: Any) -> Answer:
        return self._ask("GET", path, None, **given)

    def post(self, path: str, body: Any = None, *, key: str | None = "", **given: Any) -> Answer:
        """Send JSON as the pages' script does, with a new key unless one is given; None: without one."""
        if key == "":
            key = f"{self.name}-{time.monotonic_ns()}"
        return self._ask("POST", path, {} if body is None else body, key=key, **given)

    def request(self, path: str) -> bytes:
        """Return the octets of a request with the phone's cookies."""
        return request("GET", path, token=None, headers=self._cookie_header())

    def _cookie_header(self) -> dict[str, str]:
        held = "; ".join(f"{name}={held}" for name, held in self.cookies.items())
        return {"Cookie": held} if held else {}

    def _ask(self, method: str, path: str, body: Any, **given: Any) -> Answer:
        headers = given.pop("headers", {}) | self._cookie_header()
        answer = self._platform.served.ask(method, path, body, token=None, headers=headers, **given)
        self._keep(answer.headers)
        return answer

    def _keep(self, headers: Mapping[str, str]) -> None:
        for one in re.split(r",\s*(?=\w+=)", headers.get("set-cookie", "")):
            name, _, rest = one.partition("=")
            held = rest.partition(";")[0]
            if "Max-Age=0" in rest:
                self.cookies.pop(name, None)
            elif name:
                self.cookies[name] = held

    # -- signing in -----------------------------------------------------------------------------

    def leave(self, to: str = "/m/") -> str:
        """Go to sign in; return the address at WeChat that one is sent to."""
        answer = self.get(f"/m/sign-in?to={quote(to, safe='')}")
        assert answer.status == 303, answer
        return answer.headers["location"]

    def come_back(self, address: str) -> str:
        """Let WeChat lead the browser back; return the path that it is led to."""
        query = dict(parse_qsl(urlsplit(address).query))
        reply = self._platform.wechat.ask(
            "GET", "/connect/oauth2/authorize", query, person=self.name
        )
        assert reply.status == 302, reply
        parts = urlsplit(reply.headers["Location"])
        assert f"{parts.scheme}://{parts.netloc}" == BASE_URL
        return f"{parts.path}?{parts.query}"

    def sign_in(self, to: str = "/m/") -> Answer:
        """Sign in, to where no trouble is; return the last answer."""
        return self.get(self.come_back(self.leave(to)))

    # -- numbers --------------------------------------------------------------------------------

    def take(self, service: str = "tax", **more: Any) -> Any:
        answer = self.post(MY_TICKETS, {"service": service, **more})
        assert answer.status == 201, answer
        return answer.json

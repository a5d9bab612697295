"""A stand-in that is served, and the server of its account, which keeps what it is told."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import attrs

from protocol.wechat.seal import Seal
from runtime.stand_in.clock import StandInClock
from runtime.stand_in.server import HOST, StandInServer
from sim.wechat.stand_in import StandIn
from tests.runtime.reactor_thread import PATIENCE_S, ReactorThread
from tests.runtime.running_hall import wait_until
from tests.sim.wechat.service import ACCOUNT

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Heard:
    """A callback that arrived."""

    method: str
    query: dict[str, str]
    headers: dict[str, str]
    plain: str
    """What was sealed in it."""


class _ManyAtOnce(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


class AccountServer:
    """The account's server. Answers each callback with the next of ``answers``, else ``success``.

    An answer is a status with a body; None hangs up, and a number of seconds is how long nothing is said.
    """

    def __init__(self) -> None:
        self.answers: deque[tuple[int, bytes] | float | None] = deque()
        self.heard: list[Heard] = []
        self.over = threading.Event()
        self.seal = Seal(ACCOUNT.token, ACCOUNT.aes_key, ACCOUNT.app_id)
        mine = self

        class Callbacks(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                query = dict(parse_qsl(urlsplit(self.path).query))
                plain = ""
                if body:
                    marks = [query[name] for name in ("msg_signature", "timestamp", "nonce")]
                    plain = mine.seal.open(body, *marks).decode()
                answer = mine.answers.popleft() if mine.answers else (200, b"success")
                if "echostr" in query:
                    answer = 200, query["echostr"].encode()
                headers = dict(self.headers)
                mine.heard.append(
                    Heard(method=self.command, query=query, headers=headers, plain=plain)
                )
                if answer is None or isinstance(answer, float):
                    mine.over.wait(answer or 0.0)
                    self.close_connection = True
                    return
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(answer[1])))
                self.end_headers()
                self.wfile.write(answer[1])

            do_GET = do_POST

            def log_message(self, *_given: object) -> None:
                pass

        self._http = _ManyAtOnce((HOST, 0), Callbacks)
        self.url = f"http://{HOST}:{self._http.server_port}/wechat"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def wait_heard(self, count: int) -> list[Heard]:
        """Wait until so many callbacks arrived."""
        wait_until(lambda: len(self.heard) >= count, what=f"{count} callbacks")
        return self.heard

    def close(self) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(PATIENCE_S)


@attrs.frozen(kw_only=True)
class Answer:
    """A response that was read as a whole."""

    status: int
    headers: dict[str, str]
    cookies: tuple[str, ...]
    """What is set, each as the header says it."""
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class ServedStandIn:
    """A stand-in of one account, on a port of this machine; ``changes`` are what the account has of its own."""

    def __init__(
        self,
        thread: ReactorThread,
        *,
        pace: float = 1.0,
        forgotten_cookies: tuple[str, ...] = (),
        **changes: Any,
    ) -> None:
        self.account = attrs.evolve(ACCOUNT, **{"callback_url": None, **changes})
        self.model = StandIn([self.account], Random(1))
        self.clock = StandInClock(pace=pace)
        self._thread = thread
        self.server = StandInServer(
            thread.reactor, self.model, 0, clock=self.clock, forgotten_cookies=forgotten_cookies
        )
        thread.call(self.server.start)

    def stop(self) -> None:
        self._thread.call(self.server.stop)

    def on_reactor(self, does: Callable[[], T]) -> T:
        """Do something with the model where nobody else does."""
        return self._thread.call(does)

    def act(self, deed: Callable[..., Any], *given: Any, **more: Any) -> Any:
        """Have somebody do something now."""

        def do() -> Any:
            done = deed(*given, self.clock.now(), **more)
            self.server.wake()
            return done

        return self.on_reactor(do)

    def trouble(self, kind: str, **given: Any) -> None:
        troubles = self.model.troubles
        self.on_reactor(lambda: troubles.begin_named(kind, self.clock.now(), 600.0, **given))

    def phone(self, name: str) -> list[Any]:
        return self.on_reactor(lambda: list(self.model.people.phone(name)))

    def ask(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        **query: str,
    ) -> Answer:
        """Send one request."""
        connection = HTTPConnection(HOST, self.server.port, timeout=PATIENCE_S)
        try:
            sent = dict(headers or {})
            if document is not None:
                # Escaped characters are refused in a menu.
                body = json.dumps(document, ensure_ascii=False).encode()
                sent.setdefault("Content-Type", "application/json")
            target = f"{path}?{urlencode(query)}" if query else path
            connection.request(method, target, body=body, headers=sent)
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            cookies = response.headers.get_all("Set-Cookie") or []
            return Answer(
                status=response.status,
                headers=named,
                cookies=tuple(cookies),
                body=response.read(),
            )
        finally:
            connection.close()

    def token(self) -> str:
        """Return an access token."""
        asked = {
            "grant_type": "client_credential",
            "appid": self.account.app_id,
            "secret": self.account.secret,
        }
        token: str = self.ask("POST", "/cgi-bin/stable_token", asked).document["access_token"]
        return token

    def deed(self, person: str, deed: str, **given: Any) -> Answer:
        """Have the page's API do something."""
        return self.ask("POST", f"/phones/{person}/{deed}", given)

    def state(self) -> Any:
        """Return what the page is told."""
        return self.ask("GET", "/phones/state").document


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server((HOST, 0)) as one:
        return int(one.getsockname()[1])

"""A hall behind a web server on a real socket, and a client that sends what it is told to, octet for octet."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

from actors.alarms import AlarmBoard
from actors.audience import Audience
from actors.base import Ref
from actors.display import DisplayActor
from actors.hall.actor import HallActor, HallAudience
from actors.radio.banners import Banners
from actors.radio.gateway import GatewayActor
from actors.radio.network import Neighbours, RadioNetwork
from actors.radio.repeater import RepeaterTerminal
from actors.radio.security import SecurityActor, guard_of
from actors.radio.window import WindowTerminal
from protocol.hall import (
    Counter,
    EvaluationSpec,
    HallSpec,
    Kiosk,
    Service,
    Terminal,
    TerminalKind,
)
from protocol.ids import (
    CounterId,
    GatewayId,
    HallId,
    KioskId,
    Language,
    ServiceId,
    StaffId,
    TerminalAddress,
)
from protocol.values import replace
from runtime.config.model import Role, Token
from runtime.http.codes import page_address
from runtime.http.limits import Limits
from runtime.http.ports import HallPort
from runtime.http.service import HttpService
from runtime.world import ReactorWorld
from sim.journal import MemoryJournal
from sim.radio_memory import dict_vault
from tests.actors.lines import Ports
from tests.actors.recorders import Ear

HALL = "/api/v1/halls/HZ01"
TICKETS = f"{HALL}/tickets"

PATIENCE_S = 10.0

KEY = b"the hall's own key, of 32 octets"

SECRETS = {
    "manager": "a-manager-of-all",
    "kiosk": "the-kiosk-named-k1",
    "counter": "a-clerk-at-counter-1",
    "tablet": "a-tablet-at-counter-1",
    "display": "the-large-display",
    "elsewhere": "a-manager-of-SH02",
}

TOKENS = (
    Token(role=Role.MANAGER, secret=SECRETS["manager"]),
    Token(role=Role.KIOSK, secret=SECRETS["kiosk"], hall=HallId("HZ01"), kiosk=KioskId("k1")),
    Token(
        role=Role.COUNTER, secret=SECRETS["counter"], hall=HallId("HZ01"), counter=CounterId("1")
    ),
    Token(
        role=Role.EVALUATOR, secret=SECRETS["tablet"], hall=HallId("HZ01"), counter=CounterId("1")
    ),
    Token(role=Role.DISPLAY, secret=SECRETS["display"]),
    Token(role=Role.MANAGER, secret=SECRETS["elsewhere"], hall=HallId("SH02")),
)

PLENTY = Limits(
    token_requests_per_s=1e6,
    token_requests_burst=1_000_000,
    address_requests_per_s=1e6,
    address_requests_burst=1_000_000,
)
"""Rates that no test meets by accident."""


def names(zh: str, en: str) -> Mapping[Language, str]:
    return MappingProxyType({Language("zh"): zh, Language("en"): en})


def hall_spec() -> HallSpec:
    services = [
        Service(id=ServiceId("tax"), names=names("税务", "Tax"), prefix="A"),
        Service(
            id=ServiceId("id"),
            names=names("身份证", "Identity </script><b>cards"),
            prefix="B",
            last=2,
        ),
    ]
    both = tuple(service.id for service in services)
    counters = [
        Counter(id=CounterId(id), names=names(f"{id} 号窗口", f"Counter {id}"), services=both)
        for id in ("1", "2")
    ]
    kiosks = [
        Kiosk(id=KioskId("k1"), names=names("一号", "One"), printer="virtual:printer"),
        Kiosk(id=KioskId("k2"), names=names("二号", "Two")),
    ]
    return HallSpec(
        id=HallId("HZ01"),
        names=names("西湖区政务大厅", "West Lake Hall"),
        services=MappingProxyType({service.id: service for service in services}),
        counters=MappingProxyType({counter.id: counter for counter in counters}),
        kiosks=MappingProxyType({kiosk.id: kiosk for kiosk in kiosks}),
        recall_lockout_s=60.0,
        evaluation=EvaluationSpec(reasons={"slow": names("太慢", "Slow")}),
        staff={StaffId("007"): "王芳"},
    )


class Answer(NamedTuple):
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The problem's kind; the response must be one."""
        assert self.headers["content-type"] == "application/problem+json", self
        told = self.json
        assert told["status"] == self.status
        assert told["title"]
        assert told["detail"]
        return str(told["type"]).removeprefix("/problems/")


class Client:
    """A connection that is kept."""

    def __init__(self, port: int, *, receive_buffer: int | None = None) -> None:
        self._socket = socket.socket()
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(("127.0.0.1", port))
        self._received = b""

    def close(self) -> None:
        self._socket.close()

    def send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def ask(self, method: str, path: str, body: Any = None, **given: Any) -> Answer:
        self.send(request(method, path, body, **given))
        return self.answer(of_head=method == "HEAD")

    def answer(self, *, of_head: bool = False) -> Answer:
        """Read one response with a Content-Length, or until the end."""
        status, headers = self.head()
        length = 0 if of_head or status == 304 else int(headers["content-length"])
        while len(self._received) < length:
            self._more()
        body, self._received = self._received[:length], self._received[length:]
        return Answer(status, headers, body)

    def head(self) -> tuple[int, Mapping[str, str]]:
        """Read a response's head."""
        while b"\r\n\r\n" not in self._received:
            self._more()
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, _, told = line.partition(": ")
            before = headers.get(name.lower())
            headers[name.lower()] = told if before is None else f"{before}, {told}"
        return int(lines[0].split()[1]), headers

    def ended(self) -> bool:
        """Whether the server has closed the connection, once what is under way has come."""
        try:
            while octets := self._socket.recv(65536):
                self._received += octets
        except ConnectionResetError:
            return True
        return True

    def event(self) -> tuple[str, int | None, Any]:
        """Read one server-sent event that is no heartbeat: its name, id and data."""
        while True:
            while b"\n\n" not in self._received:
                self._more()
            text, _, self._received = self._received.partition(b"\n\n")
            fields = dict(line.split(": ", 1) for line in text.decode().split("\n"))
            if "data" in fields and fields["event"] != "heartbeat":
                seq = fields.get("id")
                return (
                    fields["event"],
                    None if seq is None else int(seq),
                    json.loads(fields["data"]),
                )

    def events(self, name: str, count: int) -> list[tuple[int | None, Any]]:
        """Read so many events with this name; others are left out."""
        found: list[tuple[int | None, Any]] = []
        while len(found) < count:
            event, seq, data = self.event()
            if event == name:
                found.append((seq, data))
        return found

    def _more(self) -> None:
        octets = self._socket.recv(65536)
        assert octets, f"the server closed the connection after {self._received[:500]!r}"
        self._received += octets


def request(
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str | None = "manager",
    key: str | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """Return the octets of a request; ``body`` is JSON, or octets as they are."""
    octets = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    given = {"Host": "test"}
    if token is not None:
        given["Authorization"] = f"Bearer {SECRETS.get(token, token)}"
    if key is not None:
        given["Idempotency-Key"] = key
    if body is not None:
        given["Content-Type"] = "application/json"
    if method == "POST" or octets:
        given["Content-Length"] = str(len(octets))
    given |= headers
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + octets


class Served:
    """A hall that is served. Its actors belong to the reactor's thread: use `call`."""

    def __init__(self, thread: Any, limits: Limits, **options: Any) -> None:
        self._thread = thread
        self._limits = limits
        self._options = options
        self._clients: list[Client] = []
        self.spec = options.pop("spec", None) or replace(hall_spec(), announcement_s=0.01)
        self.journal = options.pop("journal", None) or MemoryJournal()

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        return self._thread.call(function, *args)

    def start(self) -> None:
        reactor = self._thread.reactor
        self.world = ReactorWorld(reactor)
        spec = self.spec
        self.hall: Ref[HallActor] = self.world.spawn(
            "hall/HZ01", HallActor, spec, self.journal, HallAudience()
        )
        display = self.world.spawn("hall/HZ01/display", DisplayActor, spec, self.hall, Audience())
        self.alarms = self.world.spawn("hall/HZ01/alarms", AlarmBoard, {}, Audience())
        # What gateways are told to send.
        self.downlinks = Ear()
        vault = dict_vault()
        self.guards = {gateway.id: guard_of(gateway, vault) for gateway in spec.gateways.values()}
        security = {
            gateway.id: self.world.spawn(
                f"hall/HZ01/gateway/{gateway.id}/security",
                SecurityActor,
                gateway,
                self.guards[gateway.id],
                self.downlinks,
                self.alarms,
            )
            for gateway in spec.gateways.values()
        }
        self.ports = Ports()
        radio = self.world.spawn("hall/HZ01/radio", RadioNetwork, tuple(spec.gateways.values()))
        self.gateways = {
            gateway.id: self.world.spawn(
                f"hall/HZ01/gateway/{gateway.id}",
                GatewayActor,
                gateway,
                self.ports,
                self.alarms,
                neighbours=Neighbours(
                    network=radio,
                    covered=tuple(spec.gateways[other] for other in gateway.covers),
                    ids=frozenset(spec.gateways) - {gateway.id},
                ),
                passages=self.guards,
            )
            for gateway in spec.gateways.values()
        }
        self.terminals: dict[tuple[GatewayId, TerminalAddress], Ref[Any]] = {
            (gateway.id, terminal.address): self._spawn_terminal(gateway.id, terminal)
            for gateway in spec.gateways.values()
            for terminal in gateway.terminals
        }
        self.port_of_hall = HallPort(
            spec=spec,
            hall=self.hall,
            journal=self.journal,
            scan_url=lambda ticket: page_address("http://hall.test", KEY, spec.id, ticket),
            key=KEY,
            display=display,
            alarms=self.alarms,
            security=security,
            gateways=self.gateways,
            radio=radio,
            terminals=self.terminals,
        )
        options = {"watch": lambda: list(self.world.watch())} | self._options
        self.service = HttpService(
            reactor, {spec.id: self.port_of_hall}, TOKENS, self._limits, **options
        )
        self.service.start()
        self._listening = reactor.listenTCP(0, self.service.site, interface="127.0.0.1")
        self.port: int = self._listening.getHost().port

    def _spawn_terminal(self, gateway: GatewayId, terminal: Terminal) -> Ref[Any]:
        """Have a window, or something that is as quiet as a repeater."""
        name = f"hall/HZ01/gateway/{gateway}/terminal/{terminal.address}"
        common = (terminal, gateway, self.downlinks, self.alarms)
        if terminal.kind is TerminalKind.WINDOW:
            return self.world.spawn(name, WindowTerminal, *common, self.hall, Banners())
        return self.world.spawn(name, RepeaterTerminal, *common)

    def stop(self) -> Any:
        for client in self._clients:
            client.close()
        self.service.stop()
        self.world.close()
        return self._listening.stopListening()

    @property
    def hub(self) -> Any:
        """The hall's event streams."""
        return self.service._desks[self.spec.id].hub

    def client(self, **given: Any) -> Client:
        """Return a new connection, closed at the end."""
        client = Client(self.port, **given)
        self._clients.append(client)
        return client

    def ask(self, method: str, path: str, body: Any = None, **given: Any) -> Answer:
        """Ask on a connection of its own."""
        with self.connected() as client:
            return client.ask(method, path, body, **given)

    def take(self, service: str = "tax", **given: Any) -> Any:
        """Take a ticket."""
        answer = self.ask("POST", TICKETS, {"service": service}, **given)
        assert answer.status == 201, answer
        return answer.json

    def wait_until(self, there: Callable[[], bool]) -> None:
        """Wait for what happens on the reactor's thread by itself."""
        end_s = time.monotonic() + PATIENCE_S
        while not self.call(there):
            assert time.monotonic() < end_s, "it did not happen in time"

    @contextmanager
    def connected(self) -> Iterator[Client]:
        client = Client(self.port)
        try:
            yield client
        finally:
            client.close()

    def stream(self, query: str = "", **given: Any) -> Client:
        """Return a client that has an event stream open."""
        client = self.client()
        client.send(request("GET", f"{HALL}/events{query}", **given))
        status, headers = client.head()
        assert status == 200
        assert headers["content-type"].startswith("text/event-stream")
        return client


Serve = Callable[..., Served]

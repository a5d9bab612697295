"""WeChat's callbacks in safe mode, to a hall where people wait: scans, texts, menu clicks, ends of pushes.

A thousand a second come at their times, whatever becomes of those before; how long one takes counts from when
it was to be sent. Beside it a bare twisted.web resource is sent the same.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
import uvloop

from protocol.ids import HallId, TicketId
from protocol.wechat.scene import scene_of
from protocol.wechat.seal import Seal
from runtime.keys import derived_key, load_key
from runtime.wechat.callbacks import PATH
from tests.bench.figures import Figure
from tests.bench.http import load, requests, server
from tests.bench.http_server import ACCOUNT

PEOPLE = 300
"""So many wait, each with a ticket of his own."""

RATE = 1_000
"""Callbacks a second."""

SECONDS = 5
WARM_UP_S = 2
ROUNDS = 3
CONNECTIONS = 32
P99_MS_MAX = 100

ORIGIN = "gh_0123456789ab"


class Person(NamedTuple):
    """Somebody who waits."""

    openid: str
    scene: str


class Said:
    """Makes callbacks, each another one, of people who wait."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._seal = Seal(ACCOUNT.token or "", ACCOUNT.aes_key or "", ACCOUNT.app_id)
        self._people = people
        self._number = 0

    def follow(self) -> Iterator[bytes]:
        """Yield a scan of everybody's own ticket."""
        for person in self._people:
            yield self._request(person, self._scan(person))

    def mixed(self) -> Iterator[bytes]:
        """Yield what people do while they wait, without an end; a tenth binds a ticket, a tenth lets one go."""
        while True:
            for person, other in zip(self._people, self._people[::-1], strict=True):
                text = "<MsgType>text</MsgType><Content>{}</Content>"
                event = "<MsgType>event</MsgType><Event>{}</Event>{}"
                progress = event.format("CLICK", "<EventKey>progress</EventKey>")
                sent = f"<MsgID>{self._number + 1}</MsgID><Status>success</Status>"
                for what in (
                    *[text.format("进度")] * 4,
                    *[text.format("A0001")] * 2,
                    progress,
                    event.format("TEMPLATESENDJOBFINISH", sent),
                    event.format("unsubscribe", ""),
                    self._scan(person),
                ):
                    yield self._request(person if "subscribe" in what else other, what)

    @staticmethod
    def _scan(person: Person) -> str:
        key = f"<EventKey>qrscene_{person.scene}</EventKey>"
        return f"<MsgType>event</MsgType><Event>subscribe</Event>{key}<Ticket>t</Ticket>"

    def _request(self, person: Person, what: str) -> bytes:
        self._number += 1
        now_s = int(time.time())
        id = f"<MsgId>{self._number}</MsgId>" if "Content" in what else ""
        xml = (
            f"<xml><ToUserName>{ORIGIN}</ToUserName><FromUserName>{person.openid}</FromUserName>"
            f"<CreateTime>{now_s}</CreateTime>{what}{id}</xml>"
        )
        sealed = self._seal.seal_parts(xml.encode(), str(now_s), f"n{self._number}")
        query = {
            "signature": self._seal.sign(sealed.timestamp, sealed.nonce),
            "timestamp": sealed.timestamp,
            "nonce": sealed.nonce,
            "openid": person.openid,
            "encrypt_type": "aes",
            "msg_signature": sealed.signature,
        }
        body = (
            f"<xml><ToUserName><![CDATA[{ORIGIN}]]></ToUserName>"
            f"<Encrypt><![CDATA[{sealed.encrypt}]]></Encrypt></xml>"
        ).encode()
        return (
            f"POST {PATH}?{urlencode(query)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


class Paced:
    """Sends requests at their times over kept-alive connections; one that finds none free waits for it."""

    def __init__(self, due: Sequence[bytes], rate: float) -> None:
        self._due = due
        self._rate = rate
        self._free: deque[_Connection] = deque()
        self._late: deque[tuple[float, bytes]] = deque()
        self.latencies_s: list[float] = []
        self.bodies = 0
        """Answers that say something."""
        self._left = len(due)
        self._ended: asyncio.Future[None] | None = None

    async def run(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        for _ in range(CONNECTIONS):
            _, connection = await loop.create_connection(
                lambda: _Connection(self), "127.0.0.1", port
            )
            self._free.append(connection)
        began_s = time.perf_counter()
        sent = 0
        while sent < len(self._due):
            now_s = time.perf_counter()
            while sent < len(self._due) and (due_s := began_s + sent / self._rate) <= now_s:
                self._send(due_s, self._due[sent])
                sent += 1
            await asyncio.sleep(0.001)
        await asyncio.wait_for(self._ended, 60)

    def _send(self, due_s: float, request: bytes) -> None:
        if self._free:
            self._free.popleft().ask(due_s, request)
        else:
            self._late.append((due_s, request))

    def answered(self, connection: _Connection, due_s: float, body: bytes) -> None:
        """Take an answer; the connection is free again."""
        self.latencies_s.append(time.perf_counter() - due_s)
        self.bodies += body.startswith(b"<xml>")
        self._left -= 1
        if self._late:
            connection.ask(*self._late.popleft())
        else:
            self._free.append(connection)
        if not self._left and self._ended is not None:
            self._ended.set_result(None)


class _Connection(asyncio.Protocol):
    def __init__(self, paced: Paced) -> None:
        self._paced = paced
        self._received = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def ask(self, due_s: float, request: bytes) -> None:
        self._due_s = due_s
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        at = lower.index(b"content-length:") + 15
        if len(body) < int(lower[at:].split(b"\r\n", 1)[0]):
            return
        assert head[9:12] in (b"200", b"201"), self._received
        self._received = b""
        self._paced.answered(self, self._due_s, body)


def people_of(port: int, folder: Path) -> list[Person]:
    """Take a ticket for each; return who waits with which code."""
    ids: list[str] = []

    async def take() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in requests("/api/v1/halls/B/tickets", PEOPLE, 0):
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            ids.append(orjson.loads(await reader.readexactly(length))["id"])
        writer.close()

    uvloop.run(take())
    key = derived_key(load_key(folder), "wechat/scenes")
    until_s = time.time() + 3_600
    return [
        Person(f"oBench-{n:021}", scene_of(key, HallId("B"), TicketId(id), until_s))
        for n, id in enumerate(ids)
    ]


def paced(port: int, due: Sequence[bytes], *, rate: float = RATE) -> Paced:
    """Send ``due`` at ``rate``; return what was seen."""
    run = Paced(due, rate)
    uvloop.run(run.run(port))
    return run


def p99_ms(run: Paced) -> float:
    return sorted(run.latencies_s)[int(len(run.latencies_s) * 0.99)] * 1_000


def closed(port: int, due: Sequence[bytes]) -> float:
    """Send ``due`` as fast as they are answered, 16 at a time; return how many a second."""
    streams = [iter(due[first::16]) for first in range(16)]
    return uvloop.run(load(port, streams)).rate


def measure() -> list[Figure]:
    """Measure the hall and the bare resource in turn, on warm servers; the medians of `ROUNDS` rounds."""
    bare_ms: list[float] = []
    ours_ms: list[float] = []
    bare_rates: list[float] = []
    our_rates: list[float] = []
    count = RATE * SECONDS
    with tempfile.TemporaryDirectory() as name, server("bare") as bare:
        for number in range(ROUNDS):
            folder = Path(name, str(number))
            with server("wechat", str(folder)) as port:
                said = Said(people_of(port, folder))
                closed(port, list(said.follow()))
                mixed = said.mixed()
                for _ in range(2):
                    paced(port, list(islice(mixed, RATE * WARM_UP_S)))
                due = list(islice(mixed, count))
                bare_ms.append(p99_ms(paced(bare, due)))
                run = paced(port, due)
                # Eight of ten say something. What is late is only taken, and shows in the time.
                assert run.bodies, "nothing was answered: the hall is not asked what it should be"
                ours_ms.append(p99_ms(run))
                due = list(islice(mixed, count))
                bare_rates.append(closed(bare, due))
                our_rates.append(closed(port, due))
    rate, late_ms = median(our_rates), median(ours_ms)
    return [
        Figure(
            name=f"WeChat's callbacks in safe mode, {RATE:,}/s: p99",
            value=late_ms,
            unit="ms",
            peer_name="bare twisted.web resource",
            peer_value=median(bare_ms),
            goal=f"< {P99_MS_MAX} ms",
            met=late_ms < P99_MS_MAX,
        ),
        Figure(
            name="WeChat's callbacks in safe mode, as many as are answered",
            value=rate,
            unit="callbacks/s",
            peer_name="bare twisted.web resource",
            peer_value=median(bare_rates),
            goal=f">= {RATE}/s",
            met=rate >= RATE,
        ),
    ]

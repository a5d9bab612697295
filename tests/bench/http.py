"""Durable tickets and calls over HTTP: 16 clients on kept-alive connections, each request after its answer."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, NamedTuple

import uvloop

from tests.bench.figures import Figure
from tests.bench.http_server import COUNTERS, SECRET

CLIENTS = 16
REQUESTS = 8_000
WARM_UP = 2_000
ROUNDS = 3
RATE_MIN = 2_500
P99_MS_MAX = 20


class Client(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last one is complete."""

    def __init__(self, requests: Iterator[bytes], latencies_s: list[float], ended: Any) -> None:
        self._requests = requests
        self._latencies_s = latencies_s
        self._ended = ended
        self._received = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        self._sent_s = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        at = lower.index(b"content-length:") + 15
        length = int(lower[at:].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        assert head[9:12] in (b"200", b"201"), self._received
        self._received = b""
        self._latencies_s.append(time.perf_counter() - self._sent_s)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended.set_result(exc) if not self._ended.done() else None


def requests(path: str, count: int, begin: int, counter: int | None = None) -> Iterator[bytes]:
    """Yield ``count`` requests, each with a key of its own."""
    body = b'{"service":"s"}' if counter is None else b"{}"
    for number in range(begin, begin + count):
        key = f"{counter}-{number}"
        yield (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {SECRET}\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


class Run(NamedTuple):
    """What one load showed."""

    rate: float
    """Requests a second, of all clients together."""
    p99_ms: float


async def load(port: int, streams: list[Iterator[bytes]]) -> Run:
    """Run the streams of requests on a connection each."""
    loop = asyncio.get_running_loop()
    latencies_s: list[float] = []
    ends = [loop.create_future() for _ in streams]
    began_s = time.perf_counter()
    for stream, ended in zip(streams, ends, strict=True):
        client = Client(stream, latencies_s, ended)
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)
    await asyncio.wait_for(asyncio.gather(*ends), 120)
    rate = len(latencies_s) / (time.perf_counter() - began_s)
    return Run(rate, sorted(latencies_s)[int(len(latencies_s) * 0.99)] * 1000)


class Serving(NamedTuple):
    """A server's port and its process."""

    port: int
    pid: int


@contextmanager
def serving(*arguments: str) -> Iterator[Serving]:
    """Run a server as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.http_server", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Serving(int(process.stdout.readline()), process.pid)
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def server(*arguments: str) -> Iterator[int]:
    """Run a server as a process of its own; give its port."""
    with serving(*arguments) as served:
        yield served.port


def issue(port: int, count: int, begin: int) -> Run:
    each = count // CLIENTS
    path = "/api/v1/halls/B/tickets"
    streams = [requests(path, each, begin + client * each) for client in range(CLIENTS)]
    return uvloop.run(load(port, streams))


def call(port: int, count: int) -> Run:
    each = count // COUNTERS
    streams = [
        requests(f"/api/v1/halls/B/counters/{counter}/next", each, 0, counter)
        for counter in range(COUNTERS)
    ]
    return uvloop.run(load(port, streams))


def measure() -> list[Figure]:
    """Measure the bare resource and the hall in turn, on warm servers; the medians of `ROUNDS` rounds."""
    bare: list[Run] = []
    issued: list[Run] = []
    called: list[Run] = []
    with tempfile.TemporaryDirectory() as folder, server("bare") as bare_port:
        issue(bare_port, WARM_UP, 0)
        for number in range(ROUNDS):
            bare.append(issue(bare_port, REQUESTS, 0))
            with server("hall", f"{folder}/{number}") as port:
                issue(port, WARM_UP, 0)
                issued.append(issue(port, REQUESTS, WARM_UP))
                called.append(call(port, REQUESTS))
    return [
        *_figures("durable ticket issue over HTTP", issued, bare),
        *_figures("durable call-next over HTTP", called, bare),
    ]


def _figures(name: str, runs: list[Run], bare: list[Run]) -> list[Figure]:
    rate = median(run.rate for run in runs)
    p99_ms = median(run.p99_ms for run in runs)
    return [
        Figure(
            name=name,
            value=rate,
            unit="requests/s",
            peer_name="bare twisted.web resource",
            peer_value=median(run.rate for run in bare),
            goal=f">= {RATE_MIN}/s",
            met=rate >= RATE_MIN,
        ),
        Figure(
            name=f"{name}, p99",
            value=p99_ms,
            unit="ms",
            peer_name="bare twisted.web resource",
            peer_value=median(run.p99_ms for run in bare),
            goal=f"< {P99_MS_MAX} ms",
            met=p99_ms < P99_MS_MAX,
        ),
    ]

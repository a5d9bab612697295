"""Phones of people who wait: how soon a call reaches all that have a stream, and how often progress is told.

Everybody's place changes with each call, so that each phone is sent a frame. A call has reached a phone once a
frame says a place that only that call explains.
"""

from __future__ import annotations

import asyncio
import re
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import orjson
import uvloop

from runtime.interpreter import FILES_OPEN
from tests.bench.figures import Figure
from tests.bench.http import load, requests, server, serving

PHONES = 5_000
PHONES_EACH = 1_000
"""Phones behind one address; a hall bounds how many have a stream from one."""

CALLS = 16
CALL_PAUSE_S = (0.1, 1.2)
"""Between two calls: some come while the server is at the one before."""
REACH_S_MAX = 1.0
MEMORY_MB_MAX = 400

READERS = 16
READS = 8_000
READ_ROUNDS = 3
READ_RATE_MIN = 2_000
READ = {
    "/m/halls/B/progress": "page of progress",
    "/api/v1/halls/B/progress": "what it asks for now and then",
}

PATIENCE_S = 60
MB = 1_000_000

_FRAME = re.compile(rb'event: ticket\ndata: \{"state":"(\w+)","ahead":(\d+|null)')


class Crowd:
    """All phones, and when each call had reached the last of them."""

    def __init__(self) -> None:
        self.opened = 0
        self.known: list[int] = []
        self.heard: list[int] = []
        """How many phones each call has reached."""
        self.reached_s: list[float] = []
        self.called_s: dict[int, float] = {}

    def add(self) -> int:
        """Return the place of another phone in the queue."""
        self.known.append(-1)
        return len(self.known) - 1

    def hear(self, place: int, frame: bytes, now_s: float) -> None:
        """Take what the phone at ``place`` is sent."""
        for state, ahead in _FRAME.findall(frame):
            if state == b"waiting":
                last = place - int(ahead) - 1
            else:
                self.called_s.setdefault(place, now_s)
                last = place
            for call in range(self.known[place] + 1, last + 1):
                while len(self.heard) <= call:
                    self.heard.append(0)
                    self.reached_s.append(0.0)
                self.heard[call] += 1
                self.reached_s[call] = now_s
            self.known[place] = max(self.known[place], last)


class Phone(asyncio.Protocol):
    """One phone's stream."""

    def __init__(self, crowd: Crowd, id: str) -> None:
        self._crowd = crowd
        self._place = crowd.add()
        self._path = f"/api/v1/halls/B/tickets/{id}/events"
        self._began = False

    def connection_made(self, transport: Any) -> None:
        request = (
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"
        )
        transport.write(request.encode())

    def data_received(self, data: bytes) -> None:
        if not self._began:
            self._began = True
            assert data.startswith(b"HTTP/1.1 200"), data
            self._crowd.opened += 1
        self._crowd.hear(self._place, data, time.perf_counter())


async def take(port: int, count: int) -> list[str]:
    """Take so many tickets; return their ids, in the order of their numbers."""
    ids: list[str] = []
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests("/api/v1/halls/B/tickets", count, 0):
        ids.append(orjson.loads(await _asked(reader, writer, request))["id"])
    writer.close()
    return ids


async def _asked(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> bytes:
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head[9:12] in (b"200", b"201"), head
    return await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]))


async def call_all(
    port: int, memory_mb: Callable[[], float]
) -> tuple[list[float], list[float], float]:
    """Open a stream for each of `PHONES`, then call `CALLS` of them.

    Returns:
        How long each call took to the last phone, and to the phone that was called (seconds); the server's
        memory in the end.
    """
    ids = await take(port, PHONES)
    loop = asyncio.get_running_loop()
    crowd = Crowd()
    for first in range(0, PHONES, 100):
        await asyncio.gather(
            *(
                loop.create_connection(
                    lambda id=id: Phone(crowd, id),
                    "127.0.0.1",
                    port,
                    local_addr=(f"127.0.1.{1 + first // PHONES_EACH}", 0),
                )
                for id in ids[first : first + 100]
            )
        )
    await _until(lambda: crowd.opened == PHONES, "all streams")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began_s: list[float] = []
    pauses = Random(1)
    for counter in range(CALLS):
        # A counter each: the hall has as many.
        await asyncio.sleep(pauses.uniform(*CALL_PAUSE_S))
        [request] = requests(f"/api/v1/halls/B/counters/{counter}/next", 1, 0, counter)
        began_s.append(time.perf_counter())
        await _asked(reader, writer, request)
    await _until(
        lambda: crowd.heard == [PHONES - call for call in range(CALLS)], "every call at every phone"
    )
    last = [there - began for there, began in zip(crowd.reached_s, began_s, strict=True)]
    own = [crowd.called_s[call] - began for call, began in enumerate(began_s)]
    return last, own, memory_mb()


async def _until(there: Callable[[], bool], what: str) -> None:
    until_s = time.perf_counter() + PATIENCE_S
    while not there():
        assert time.perf_counter() < until_s, f"not in {PATIENCE_S} s: {what}"
        await asyncio.sleep(0.05)


def resident_mb(pid: int) -> float:
    """Memory of a process that is in RAM now (VmRSS of Linux's proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024 / MB


def reads(path: str, count: int) -> Iterator[bytes]:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    return iter([request] * count)


def read_rate(port: int, path: str) -> float:
    """Return how many a second are answered, of `READERS` who ask again when they were."""
    streams = [reads(path, READS // READERS) for _ in range(READERS)]
    return uvloop.run(load(port, streams)).rate


def measure() -> list[Figure]:
    """Measure the streams, then progress and a bare resource in turn; the medians of `READ_ROUNDS` rounds."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < FILES_OPEN:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES_OPEN, hard), hard))
    rates: dict[str, list[float]] = {path: [] for path in READ}
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder, serving("wechat", folder) as hall:
        started_mb = resident_mb(hall.pid)
        last_s, own_s, memory_mb = uvloop.run(call_all(hall.port, lambda: resident_mb(hall.pid)))
        with server("bare") as bare_port:
            for _ in range(READ_ROUNDS):
                bare.append(read_rate(bare_port, "/"))
                for path, read in rates.items():
                    read.append(read_rate(hall.port, path))
    return [
        Figure(
            name=f"a call at the last of {PHONES:,} phones with a stream, slowest of {CALLS} calls",
            value=max(last_s),
            unit="s",
            goal=f"<= {REACH_S_MAX:g} s",
            met=max(last_s) <= REACH_S_MAX,
        ),
        Figure(name="a call at the phone that is called, slowest", value=max(own_s), unit="s"),
        Figure(name="hall with an account, just started", value=started_mb, unit="MB"),
        Figure(
            name=f"hall with {PHONES:,} phones' streams, after their calls",
            value=memory_mb,
            unit="MB",
            goal=f"<= {MEMORY_MB_MAX} MB",
            met=memory_mb <= MEMORY_MB_MAX,
        ),
        *(
            Figure(
                name=f"{what} over HTTP",
                value=median(rates[path]),
                unit="requests/s",
                peer_name="bare twisted.web resource",
                peer_value=median(bare),
                goal=f">= {READ_RATE_MIN}/s",
                met=median(rates[path]) >= READ_RATE_MIN,
            )
            for path, what in READ.items()
        ),
    ]

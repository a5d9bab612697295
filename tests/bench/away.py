"""How fast a hall gives out tickets while WeChat is away: every ticket is followed, and every call pushed.

The hall and WeChat's stand-in are processes of their own. Tickets are taken and called at a steady rate, far
above that of any hall; WeChat is there, resets every connection, and holds every request without an answer, in
short turns, so that whatever else the machine does meets all three.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from statistics import median
from typing import Any
from urllib.parse import quote

import uvloop

from tests.bench.away_server import AES_KEY, APP_ID, APP_SECRET, APP_TOKEN
from tests.bench.figures import Figure
from tests.bench.http import Client, requests
from tests.bench.http_server import COUNTERS

RATE = 30
"""Tickets a second, and calls; each is two pushes, of which WeChat takes 5,000 a minute."""
PHASE_S = 5
ROUNDS = 9
WARM_UP_S = 4
TIMES_MAX = 1.2
PERSON = "张三"

THERE, RESET, HELD = "there", "reset", "held"
TROUBLES: dict[str, tuple[str, dict[str, Any]]] = {
    RESET: ("reset", {"seconds": 600}),
    HELD: ("delay", {"seconds": 600, "delay_s": 50}),
}


class StandIn:
    """WeChat's stand-in at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        host = self.url.removeprefix("http://")
        connection = HTTPConnection(host, timeout=10)
        try:
            sent = json.dumps({} if body is None else body) if method == "POST" else None
            connection.request(method, quote(path), sent, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200, content
            return json.loads(content)
        finally:
            connection.close()

    def openid(self) -> str:
        """Let somebody follow the account; return the openid."""
        self.ask("POST", f"/phones/{PERSON}/follow")
        people = self.ask("GET", "/phones/state")["people"]
        return str(next(each["openid"] for each in people if each["name"] == PERSON))

    def be(self, how: str) -> None:
        """Have that trouble, or none."""
        self.ask("POST", "/troubles/end")
        if how in TROUBLES:
            kind, given = TROUBLES[how]
            self.ask("POST", f"/troubles/{kind}", given)


@contextmanager
def process(*arguments: str) -> Iterator[Any]:
    """Run a module as a process; give what it prints."""
    running = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield running.stdout
    finally:
        running.terminate()
        running.wait(20)


@contextmanager
def stand_in() -> Iterator[StandIn]:
    account = (
        "--app-id",
        APP_ID,
        "--secret",
        APP_SECRET,
        "--token",
        APP_TOKEN,
        "--aes-key",
        AES_KEY,
    )
    template = ("--template", "TM=character_string1,thing2")
    arguments = ("runtime.cli", "wechat", "stand-in", "--port", "0", *account, *template)
    with process(*arguments) as printed:
        for line in printed:
            found = re.search(r"(http://\S+)/phones", line)
            if found is not None:
                yield StandIn(found[1])
                return
    raise AssertionError("the stand-in did not start")


async def phase(port: int, seconds: float, begin: int) -> list[float]:
    """Take and call at `RATE` for so long; return how long each ticket took."""
    count = int(RATE * seconds)
    latencies_s: list[float] = []
    tasks = []
    began_s = time.perf_counter()
    for number in range(count):
        await asyncio.sleep(max(0.0, began_s + number / RATE - time.perf_counter()))
        take = requests("/api/v1/halls/B/tickets", 1, begin + number)
        tasks.append(asyncio.create_task(_one(port, take, latencies_s)))
        counter = number % COUNTERS
        path = f"/api/v1/halls/B/counters/{counter}/next"
        tasks.append(
            asyncio.create_task(_one(port, requests(path, 1, begin + number, counter), []))
        )
    await asyncio.wait_for(asyncio.gather(*tasks), 60)
    return latencies_s


async def _one(port: int, asked: Iterator[bytes], latencies_s: list[float]) -> None:
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    await loop.create_connection(lambda: Client(asked, latencies_s, ended), "127.0.0.1", port)
    await ended


def p99_ms(latencies_s: list[float]) -> float:
    return sorted(latencies_s)[int(len(latencies_s) * 0.99)] * 1000


def measure() -> list[Figure]:
    """Measure the three in turn, `ROUNDS` times; the figures are the medians of the rounds."""
    rounds_ms: dict[str, list[float]] = {THERE: [], RESET: [], HELD: []}
    with tempfile.TemporaryDirectory() as folder, stand_in() as wechat:
        openid = wechat.openid()
        with process("tests.bench.away_server", folder, wechat.url, openid) as printed:
            port, begin = int(printed.readline()), 0
            uvloop.run(phase(port, WARM_UP_S, begin))
            for _ in range(ROUNDS):
                for how, found in rounds_ms.items():
                    begin += 1_000_000
                    wechat.be(how)
                    found.append(p99_ms(uvloop.run(phase(port, PHASE_S, begin))))
            messages = wechat.ask("GET", "/phones/state")["people"]
    assert any(each["messages"] for each in messages), "nobody was told anything"
    figures_ms = {how: median(found) for how, found in rounds_ms.items()}
    return [
        Figure(
            name=f"ticket issue while WeChat {words}, p99",
            value=figures_ms[how],
            unit="ms",
            peer_name="while WeChat is there",
            peer_value=figures_ms[THERE],
            goal=f"<= {TIMES_MAX} times",
            met=figures_ms[how] <= TIMES_MAX * figures_ms[THERE],
        )
        for how, words in ((RESET, "resets connections"), (HELD, "does not answer"))
    ]

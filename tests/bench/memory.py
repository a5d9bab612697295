"""A hall with 40 terminals as a process: what it holds in memory at its start and after a busy time.

Its virtual devices are in the same process and are counted with it. Its pages are open: a stream of events for
each counter and for the display.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure
from tests.runtime.running_hall import IN_HALL, RunningHall, wait_until

COUNTERS = 20
TICKETS = 1_000
PRINTED_EVERY = 50
"""One ticket of so many is taken at the kiosk, whose printer needs its time; the others are taken elsewhere."""

MB = 1_000_000
GOAL_MB = 120

GATEWAY = 1
KEYPADS, WINDOWS = 100, 200
"""Radio addresses begin behind these."""


def measure(tickets: int = TICKETS) -> list[Figure]:
    """Return the memory of a hall that was only started, and after ``tickets`` tickets were called."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "hall.toml"
        config.write_text(_config())
        hall = RunningHall(folder / "hall", "--config", config)
        try:
            hall.await_start()
            started = hall.resident_octets
            with ExitStack() as streams:
                for _ in range(COUNTERS):
                    streams.enter_context(hall.stream("counter"))
                streams.enter_context(hall.stream("display"))
                _work(hall, tickets)
                worked = hall.resident_octets
        finally:
            hall.kill()
    return [
        Figure(name="hall with 40 terminals, just started", value=started / MB, unit="MB"),
        Figure(
            name=f"hall with 40 terminals, {tickets:,} tickets and calls later",
            value=worked / MB,
            unit="MB",
            goal=f"<= {GOAL_MB} MB",
            met=worked <= GOAL_MB * MB,
        ),
    ]


def _work(hall: RunningHall, tickets: int) -> None:
    """Take and call ``tickets`` tickets, and wait until each window shows its last one."""
    connection = hall.connect()
    last: dict[str, Any] = {}
    for number in range(tickets):
        body: dict[str, str] = {"service": f"s{number % COUNTERS}"}
        if number % PRINTED_EVERY == 0:
            body["kiosk"] = "k"
        hall.call("POST", f"{IN_HALL}/tickets", "kiosk", body, over=connection).ok()
        counter = str(number % COUNTERS)
        path = f"{IN_HALL}/counters/{counter}/next"
        called = hall.call("POST", path, "counter", over=connection).ok()["ticket"]
        last[counter] = called["number"]
    wait_until(
        lambda: (
            {counter: window["text"] for counter, window in hall.devices()["windows"].items()}
            == last
        ),
        what="the last numbers at the windows",
        patience_s=60,
    )


def _config() -> str:
    tables = [
        "[server.rate_limits]\nrequests_per_s = 10000\nrequests_burst = 10000",
        '[[hall]]\nid = "HZ01"\nnames = { en = "Hall" }\nlanguages = ["en"]',
        '[[hall.kiosk]]\nid = "k"\nnames = { en = "Kiosk" }\nprinter = "virtual:printer"',
    ]
    for number in range(COUNTERS):
        tables += [
            f'[[hall.service]]\nid = "s{number}"\nnames = {{ en = "Service {number}" }}\n'
            f'prefix = "{chr(65 + number)}"',
            f'[[hall.counter]]\nid = "{number}"\nnames = {{ en = "Counter {number}" }}\n'
            f'services = ["s{number}"]',
        ]
    tables.append(f'[[hall.gateway]]\nid = "g"\nport = "virtual:radio"\naddress = {GATEWAY}')
    for number in range(COUNTERS):
        for base, kind in ((KEYPADS, "keypad"), (WINDOWS, "window")):
            tables.append(
                f'[[hall.gateway.terminal]]\naddress = {base + number}\nkind = "{kind}"\n'
                f'counter = "{number}"'
            )
    return "\n\n".join(tables) + "\n"

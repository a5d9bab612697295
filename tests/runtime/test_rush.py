"""64 clients at once over HTTP: 20,000 operations, and the journal tells the same story as the answers."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from protocol.event_rows import Row, decode_row
from protocol.events import (
    CounterClosed,
    ServiceFinished,
    TicketCalled,
    TicketCancelled,
    TicketExpired,
    TicketHeld,
    TicketNoShow,
    TicketReactivated,
    TicketRequeued,
    TicketTaken,
    TicketTransferred,
)
from tests.runtime.running_hall import HALL, IN_HALL, RunningHall

CLIENTS = 64
OPERATIONS = 20_000
REPEATED_SHARE = 0.05
"""Of the operations are sent twice with one key, as after a lost answer."""
PATIENCE_S = 120.0

SERVICES = ("declare", "invoice", "register")
OPEN = {"waiting", "called", "serving", "held"}
COUNTERS = tuple(str(number) for number in range(1, 9))


class Asked(NamedTuple):
    """An operation and its answer."""

    key: str
    path: str
    status: int
    content: Any


class Connection:
    """One kept-alive connection, a request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def post(self, path: str, token: str, key: str, body: object) -> Asked:
        octets = json.dumps(body).encode()
        self._writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\n"
            f"Content-Length: {len(octets)}\r\n\r\n".encode()
            + octets
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        content = json.loads(await self._reader.readexactly(length))
        return Asked(key, path, int(head[9:12]), content)


class Client:
    """Takes tickets and works at a counter, without looking at what others do there."""

    def __init__(self, number: int, token: str, tickets: list[str]) -> None:
        self._number = number
        self._token = token
        self._random = Random(number)
        self.tickets = tickets
        """Of all clients: anybody may cancel any."""
        self.asked: list[Asked] = []
        self.repeats: list[tuple[Asked, Asked]] = []

    async def run(self, port: int, count: int) -> None:
        connection = Connection(*await asyncio.open_connection("127.0.0.1", port))
        for serial in range(count):
            path, body = self._operation()
            key = f"{self._number}-{serial}"
            asked = await connection.post(path, self._token, key, body)
            self.asked.append(asked)
            if asked.status == 201:
                self.tickets.append(asked.content["id"])
            if self._random.random() < REPEATED_SHARE:
                again = await connection.post(path, self._token, key, body)
                self.repeats.append((asked, again))

    def _operation(self) -> tuple[str, object]:
        draw = self._random.random()
        if draw < 0.4 or not self.tickets:
            return f"{IN_HALL}/tickets", {"service": self._random.choice(SERVICES)}
        if draw < 0.75:
            return f"{IN_HALL}/counters/{self._random.choice(COUNTERS)}/next", {}
        ticket = self._random.choice(self.tickets[-200:])
        step, body = self._random.choice(self._steps())
        return f"{IN_HALL}/tickets/{ticket}/{step}", body

    def _steps(self) -> list[tuple[str, object]]:
        place = self._random.choice(("front", "back", "after"))
        where = {"to_counter": self._random.choice(COUNTERS)}
        if self._random.random() < 0.5:
            where = {"to_service": self._random.choice(SERVICES)}
        plain = ("start", "finish", "no-show", "recall", "cancel", "hold", "resume")
        return [
            *((step, {}) for step in plain),
            ("requeue", {"place": place, "after": 2} if place == "after" else {"place": place}),
            ("transfer", where),
            ("reactivate", {"place": "back"}),
        ]


async def rush(hall: RunningHall) -> list[Client]:
    tickets: list[str] = []
    clients = [Client(number, hall.tokens["manager"], tickets) for number in range(CLIENTS)]
    runs = [client.run(hall.port, OPERATIONS // CLIENTS) for client in clients]
    await asyncio.wait_for(asyncio.gather(*runs), PATIENCE_S)
    return clients


def config(folder: Path) -> Path:
    """A hall with many numbers, and rates that nobody meets."""
    tables = [f'[[hall]]\nid = "{HALL}"\nlanguages = ["en"]\nnames = {{ en = "Rush" }}']
    for service, prefix in zip(SERVICES, "ABC", strict=True):
        tables.append(
            f'[[hall.service]]\nid = "{service}"\nnames = {{ en = "{service}" }}\n'
            f'prefix = "{prefix}"\nlast = 99999\ndigits = 5'
        )
    for counter in COUNTERS:
        tables.append(
            f'[[hall.counter]]\nid = "{counter}"\nnames = {{ en = "{counter}" }}\n'
            f"services = {json.dumps(SERVICES)}"
        )
    tables.append("[server.rate_limits]\nrequests_per_s = 100000\nrequests_burst = 100000")
    path = folder / "rush.toml"
    path.write_text("\n\n".join(tables))
    return path


def events(data: Path) -> Iterator[Any]:
    """The events that the journal holds, read as any program could."""
    connection = sqlite3.connect(data / f"{HALL}.journal")
    try:
        for row in connection.execute("SELECT * FROM event ORDER BY seq"):
            yield decode_row(Row._make(row)).event
    finally:
        connection.close()


def check_counters(journal: list[Any]) -> set[str]:
    """See that no ticket is at two counters and no counter has two; return the tickets that are open."""
    at: dict[str, str] = {}
    open_tickets: set[str] = set()
    ends = (ServiceFinished, TicketNoShow, TicketCancelled, TicketExpired)
    leaves = (*ends, TicketHeld, TicketRequeued, TicketTransferred)
    for event in journal:
        if isinstance(event, TicketTaken):
            assert event.ticket not in open_tickets
            open_tickets.add(event.ticket)
        elif isinstance(event, TicketCalled):
            assert event.ticket in open_tickets, f"{event.ticket} was called after its end"
            assert event.ticket not in at.values(), f"{event.ticket} was called twice"
            assert event.counter not in at, f"counter {event.counter} got a second ticket"
            at[event.counter] = event.ticket
        elif isinstance(event, leaves):
            if event.counter is not None:
                assert at.pop(event.counter) == event.ticket
            if isinstance(event, ends):
                open_tickets.remove(event.ticket)
        elif isinstance(event, TicketReactivated):
            assert event.ticket not in open_tickets
            open_tickets.add(event.ticket)
        else:
            assert not isinstance(event, CounterClosed)
    return open_tickets


def test_many_clients_at_once_get_what_the_journal_says(
    start: Callable[..., RunningHall], tmp_path: Path
) -> None:
    hall = start("--config", config(tmp_path))
    clients = asyncio.run(rush(hall))
    shown = hall.call("GET", IN_HALL, "manager").ok()
    tickets = {ticket for client in clients for ticket in client.tickets}
    connection = hall.connect()
    states = {
        id: hall.call("GET", f"{IN_HALL}/tickets/{id}", over=connection).ok()["state"]
        for id in tickets
    }
    assert hall.end() == 0
    journal = list(events(hall.data))
    asked = [each for client in clients for each in client.asked]
    assert len(asked) == CLIENTS * (OPERATIONS // CLIENTS)
    assert {each.status for each in asked} <= {200, 201, 404, 409}

    # Numbers: one for each answer, none twice, none left out.
    taken = [event for event in journal if isinstance(event, TicketTaken)]
    answered = [each.content["id"] for each in asked if each.status == 201]
    assert sorted(answered) == sorted(event.ticket for event in taken)
    assert len(set(answered)) == len(answered)
    serials = defaultdict(list)
    for event in taken:
        serials[event.service].append(event.serial)
    assert all(found == list(range(1, len(found) + 1)) for found in serials.values())

    # Calls: each answer is one call of the journal, and no ticket is at two counters.
    called = Counter(event.ticket for event in journal if isinstance(event, TicketCalled))
    told = Counter(
        each.content["ticket"]["id"]
        for each in asked
        if each.status == 200 and each.path.endswith("/next") and each.content["ticket"]
    )
    assert told == called
    still_open = check_counters(journal)

    # Nothing is lost: who is open is what each ticket says, and what the hall shows.
    assert {id for id, state in states.items() if state in OPEN} == still_open
    busy = sum(counter["ticket"] is not None for counter in shown["counters"])
    assert busy == sum(states[id] in ("called", "serving") for id in still_open)

    # A repeat changed nothing and had the first answer.
    repeats = [pair for client in clients for pair in client.repeats]
    assert len(repeats) > OPERATIONS * REPEATED_SHARE / 2
    for first, again in repeats:
        assert (again.status, again.content) == (first.status, first.content)

"""``paihao up`` killed with ``kill -9`` under load: whatever was answered is there afterwards."""

import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from random import Random
from typing import Any

import pytest

from tests.runtime.running_hall import IN_HALL, RunningHall, wait_until

Start = Callable[..., RunningHall]

TAKERS = 4
SERVICES = ("declare", "invoice", "register")
COUNTERS = ("1", "2", "3")
KILL_AFTER_S = (0.05, 0.6)
"""The load runs for that long; it lies within the bursts that the server allows a token."""
REPEATED_MAX = 120


class Load:
    """Clients that take tickets and counters that call, each as fast as it is answered, until the server dies.

    ``taken`` and ``called`` are answers by the Idempotency-Key of their request, ``unanswered`` the bodies
    of the requests for tickets that died with the server.
    """

    def __init__(self, hall: RunningHall, name: str) -> None:
        self.taken: dict[str, Any] = {}
        self.called: dict[str, Any] = {}
        self.unanswered: dict[str, Any] = {}
        self.refused: list[str] = []
        self._hall = hall
        self._threads = [
            threading.Thread(target=self._take, args=(f"{name}-taker{number}", Random(number)))
            for number in range(TAKERS)
        ] + [
            threading.Thread(target=self._call, args=(f"{name}-counter{counter}", counter))
            for counter in COUNTERS
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _take(self, name: str, random: Random) -> None:
        connection = self._hall.connect()
        for number in range(1_000):
            key, body = f"{name}-{number}", {"service": random.choice(SERVICES)}
            try:
                answer = self._hall.call(
                    "POST", f"{IN_HALL}/tickets", "kiosk", body, key=key, over=connection
                )
            except (OSError, HTTPException):
                self.unanswered[key] = body
                return
            if answer.status == 201:
                self.taken[key] = {**answer.content, "body": body}
            else:
                self.refused.append(answer.octets.decode())
                time.sleep(0.05)

    def _call(self, name: str, counter: str) -> None:
        connection = self._hall.connect()
        for number in range(1_000):
            try:
                answer = self._hall.call(
                    "POST",
                    f"{IN_HALL}/counters/{counter}/next",
                    "counter",
                    key=f"{name}-{number}",
                    over=connection,
                )
            except (OSError, HTTPException):
                return
            if answer.status != 200:
                self.refused.append(answer.octets.decode())
                time.sleep(0.05)
            elif answer.content["ticket"] is not None:
                self.called[f"{name}-{number}"] = answer.content["ticket"]


def events_of(hall: RunningHall) -> list[Any]:
    """Every event of the hall's day, from its journal."""
    seq = hall.hall()["seq"]
    with hall.stream("manager", after=0) as stream:
        wait_until(lambda: [record["seq"] for record in stream.records()][-1:] >= [seq], what="all")
        return stream.records()


@pytest.mark.parametrize("seed", range(4))
def test_killed_under_load_it_has_everything_that_it_answered(start: Start, seed: int) -> None:
    random = Random(seed)
    hall = start()
    taken: dict[str, Any] = {}
    called: dict[str, Any] = {}
    for kill in range(2):
        load = Load(hall, f"kill{kill}")
        load.start()
        time.sleep(random.uniform(*KILL_AFTER_S))
        hall.kill()
        load.join()
        assert not [said for said in load.refused if "rate-limited" not in said]
        assert load.taken
        taken |= load.taken
        called |= load.called

        hall = start(data=hall.data)
        # Who did not get an answer asks again; who did asks too, which must change nothing.
        for key, body in load.unanswered.items():
            taken[key] = {**take_again(hall, key, body), "body": body}
        for key in random.sample(sorted(load.taken), min(REPEATED_MAX, len(load.taken))):
            again = take_again(hall, key, load.taken[key]["body"])
            assert again["number"] == load.taken[key]["number"]
            assert again["id"] == load.taken[key]["id"]

    events = events_of(hall)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    issued = {event["ticket"]: event for event in events if event["type"] == "TicketTaken"}
    assert {ticket["id"] for ticket in taken.values()} == issued.keys()
    assert len(taken) == len(issued)
    for service in SERVICES:
        serials = [event["serial"] for event in issued.values() if event["service"] == service]
        assert serials == list(range(1, len(serials) + 1))
    at = {event["ticket"]: event["counter"] for event in events if event["type"] == "TicketCalled"}
    assert {ticket["id"]: ticket["counter"] for ticket in called.values()}.items() <= at.items()
    assert len(at) == sum(event["type"] == "TicketCalled" for event in events)
    assert hall.end() == 0


def take_again(hall: RunningHall, key: str, body: Any) -> Any:
    """Repeat a request for a ticket; wait where the server says so."""

    def answered() -> Any:
        answer = hall.call("POST", f"{IN_HALL}/tickets", "kiosk", body, key=key)
        return None if answer.status == 429 else answer.ok()

    return wait_until(answered, what="an answer")

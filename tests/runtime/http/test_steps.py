"""The further steps of a ticket's life over the API, and which of them a counter's token may do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runtime.http.rig import HALL, TICKETS, Answer, Served

COUNTER = f"{HALL}/counters/1"


def step(
    hall: Served, ticket: Any, name: str, body: Any = None, *, token: str = "counter"
) -> Answer:
    return hall.ask("POST", f"{TICKETS}/{ticket['id']}/{name}", body, token=token)


def at(hall: Served, counter: str, name: str, body: Any = None, *, token: str = "manager") -> Any:
    return hall.ask("POST", f"{HALL}/counters/{counter}/{name}", body, token=token)


def state(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["ticket"]["state"]


def queue(hall: Served, counter: str = "1", token: str = "manager") -> Any:
    answer = hall.ask("GET", f"{HALL}/counters/{counter}/queue", token=token)
    assert answer.status == 200, answer
    return answer.json


def numbers(tickets: Any) -> list[str]:
    return [ticket["number"] for ticket in tickets]


def test_ticket_is_held_with_a_note_resumed_and_called_again(hall: Served) -> None:
    ticket = hall.take()
    at(hall, "1", "next")
    held = step(hall, ticket, "hold", {"note": "缺复印件"})
    assert held.json == {"ticket": {"id": ticket["id"], "state": "held", "counter": "1"}}
    assert numbers(queue(hall)["held"]) == ["A001"]
    assert queue(hall)["held"][0]["note"] == "缺复印件"
    assert state(step(hall, ticket, "resume")) == (200, "waiting")
    assert at(hall, "1", "next").json["ticket"]["id"] == ticket["id"]
    assert queue(hall)["note"] == "缺复印件"


def test_held_ticket_is_called_at_once(hall: Served) -> None:
    ticket, other = hall.take(), hall.take()
    assert state(step(hall, ticket, "hold")) == (200, "held")
    assert at(hall, "1", "next").json["ticket"]["id"] == other["id"]
    called = at(hall, "1", "call", {"ticket": ticket["id"]}, token="counter")
    assert (called.status, called.json["ticket"]["number"]) == (200, "A001")
    assert hall.ask("GET", f"{TICKETS}/{other['id']}").json["state"] == "served"


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ({"place": "front"}, ["A003", "A001", "A002"]),
        ({"place": "back"}, ["A001", "A002", "A003"]),
        (None, ["A001", "A002", "A003"]),
        ({"place": "after", "after": 1}, ["A001", "A003", "A002"]),
    ],
)
def test_ticket_goes_back_where_it_is_wanted(hall: Served, body: Any, order: list[str]) -> None:
    tickets = [hall.take() for _ in range(3)]
    assert state(step(hall, tickets[2], "requeue", body)) == (200, "waiting")
    assert numbers(queue(hall)["waiting"]) == order


def test_ticket_is_transferred_with_its_number_and_a_note(hall: Served) -> None:
    ticket = hall.take("tax")
    at(hall, "1", "next")
    moved = step(hall, ticket, "transfer", {"to_service": "id", "note": "先拍照"})
    assert moved.json["ticket"] == {"id": ticket["id"], "state": "waiting", "counter": "1"}
    called = at(hall, "2", "next").json["ticket"]
    assert (called["number"], called["service"]) == ("A001", "id")
    assert queue(hall, "2")["note"] == "先拍照"


def test_ticket_waits_for_one_counter_alone(hall: Served) -> None:
    ticket = hall.take()
    at(hall, "2", "open")
    assert state(step(hall, ticket, "transfer", {"to_counter": "2"})) == (200, "waiting")
    assert queue(hall)["waiting"] == []
    (listed,) = queue(hall, "2")["waiting"]
    assert listed["reserved"] is True
    assert at(hall, "1", "next").json["ticket"] is None
    assert at(hall, "2", "next").json["ticket"]["id"] == ticket["id"]


def test_no_show_is_listed_and_brought_back(hall: Served) -> None:
    ticket = hall.take()
    at(hall, "1", "next")
    step(hall, ticket, "no-show")
    assert numbers(queue(hall)["ended"]) == ["A001"]
    assert state(step(hall, ticket, "reactivate", {"place": "front"})) == (200, "waiting")
    assert (queue(hall)["ended"], numbers(queue(hall)["waiting"])) == ([], ["A001"])


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("hold", {"note": "x" * 201}),
        ("hold", {"note": ""}),
        ("hold", {"note": 1}),
        ("hold", {"why": "x"}),
        ("requeue", {"place": "middle"}),
        ("requeue", {"place": "after", "after": "1"}),
        ("requeue", {"place": "after", "after": 1.5}),
        ("transfer", {"to_service": 1}),
        ("transfer", {"to_service": "id", "back": "yes"}),
        ("reactivate", {"after": True}),
    ],
)
def test_body_that_does_not_fit_is_refused(hall: Served, name: str, body: Any) -> None:
    answer = step(hall, hall.take(), name, body)
    assert (answer.status, answer.problem) == (422, "invalid-body")


@pytest.mark.parametrize(
    ("name", "body", "status", "problem"),
    [
        ("resume", None, 409, "ticket-state"),
        ("reactivate", None, 409, "ticket-state"),
        ("requeue", {"place": "after", "after": -1}, 422, "bad-value"),
        ("transfer", {}, 422, "bad-value"),
        ("transfer", {"to_service": "no"}, 404, "unknown-service"),
        ("transfer", {"to_counter": "9"}, 404, "unknown-counter"),
    ],
)
def test_step_that_cannot_be_is_refused(
    hall: Served, name: str, body: Any, status: int, problem: str
) -> None:
    answer = step(hall, hall.take(), name, body)
    assert (answer.status, answer.problem) == (status, problem)


@pytest.mark.parametrize("name", ["hold", "requeue", "transfer"])
def test_counter_leaves_alone_what_another_has(hall: Served, name: str) -> None:
    ticket = hall.take()
    at(hall, "2", "next")
    body = {"to_service": "id"} if name == "transfer" else None
    answer = step(hall, ticket, name, body, token="counter")
    assert (answer.status, answer.problem) == (409, "wrong-counter")
    assert state(step(hall, ticket, name, body, token="manager"))[0] == 200


@pytest.mark.parametrize("token", ["kiosk", "display", "tablet"])
@pytest.mark.parametrize("name", ["hold", "resume", "requeue", "transfer", "reactivate"])
def test_only_staff_take_steps(hall: Served, token: str, name: str) -> None:
    answer = step(hall, hall.take(), name, token=token)
    assert (answer.status, answer.problem) == (403, "forbidden")


def test_counter_acts_for_itself_alone(hall: Served) -> None:
    ticket = hall.take()
    for method, name, body in (
        ("POST", "call", {"ticket": ticket["id"]}),
        ("POST", "invite", None),
        ("POST", "open", {"staff": "007"}),
        ("GET", "queue", None),
    ):
        answer = hall.ask(method, f"{HALL}/counters/2/{name}", body, token="counter")
        assert (answer.status, answer.problem) == (403, "forbidden"), name


def test_staff_log_in_where_a_counter_opens(hall: Served) -> None:
    assert at(hall, "1", "open", {"staff": "007"}, token="counter").status == 200
    (view, _) = hall.ask("GET", HALL).json["counters"]
    assert view["staff"] == {"id": "007", "name": "王芳"}
    answer = at(hall, "1", "open", {"staff": "008"})
    assert (answer.status, answer.problem) == (404, "unknown-staff")


def test_queue_of_a_counter_that_there_is_not_is_not_found(hall: Served) -> None:
    answer = hall.ask("GET", f"{HALL}/counters/9/queue")
    assert (answer.status, answer.problem) == (404, "unknown-counter")


def test_long_queue_is_listed_in_part(hall: Served) -> None:
    for _ in range(60):
        hall.take()
    listed = queue(hall)["waiting"]
    assert numbers(listed) == [f"A{serial:03}" for serial in range(1, 51)]

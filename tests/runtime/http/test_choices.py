"""Why a ticket was called, and the bounds on overtaking, over the API."""

from __future__ import annotations

from tests.runtime.http.rig import HALL, TICKETS, Served


def test_called_ticket_tells_why(hall: Served) -> None:
    first, second = hall.take(), hall.take()
    hall.ask("POST", f"{HALL}/counters/1/next")
    answer = hall.ask("GET", f"{TICKETS}/{first['id']}/why")
    assert answer.status == 200
    told = answer.json
    assert told.pop("called_at").endswith("Z")
    [candidate] = told.pop("candidates")
    assert candidate.pop("waited_s") >= 0
    assert candidate == {
        "id": first["id"],
        "number": "A001",
        "service": "tax",
        "class": "normal",
        "overtaken": 0,
    }
    assert told == {
        "id": first["id"],
        "number": "A001",
        "service": "tax",
        "counter": "1",
        "rule": "first_come",
        "of": 1,
        "overtook": 0,
    }
    body = {"ticket": second["id"]}
    assert hall.ask("POST", f"{HALL}/counters/2/call", body).status == 200
    assert hall.ask("GET", f"{TICKETS}/{second['id']}/why").json["rule"] == "given"


def test_ticket_put_back_still_tells_of_its_last_call(hall: Served) -> None:
    ticket = hall.take()
    hall.ask("POST", f"{HALL}/counters/1/next")
    assert hall.ask("POST", f"{TICKETS}/{ticket['id']}/requeue").status == 200
    assert hall.ask("GET", f"{TICKETS}/{ticket['id']}/why").json["counter"] == "1"


def test_why_of_a_ticket_never_called_is_a_problem(hall: Served) -> None:
    ticket = hall.take()
    answer = hall.ask("GET", f"{TICKETS}/{ticket['id']}/why")
    assert (answer.status, answer.problem) == (409, "ticket-state")
    assert "A001 is waiting" in answer.json["detail"]
    answer = hall.ask("GET", f"{TICKETS}/nothing/why")
    assert (answer.status, answer.problem) == (404, "unknown-ticket")


def test_hall_shows_who_is_first_of_each_class_and_how_often_overtaken(hall: Served) -> None:
    hall.take()
    late = hall.take()
    hall.ask("POST", TICKETS, {"service": "tax", "class": "priority"})
    body = {"ticket": late["id"]}
    assert hall.ask("POST", f"{HALL}/counters/1/call", body).status == 200
    told = hall.ask("GET", HALL).json
    assert told["policy"] == {"kind": "first_come", "overtaken_max": None, "overtaken_wait_s": None}
    classes = {service["id"]: service["classes"] for service in told["services"]}["tax"]
    assert [(one["class"], one["waiting"], one["first"], one["overtaken"]) for one in classes] == [
        ("normal", 1, "A001", 1),
        ("priority", 1, "A003", 0),
    ]

"""Evaluations over the API: by whoever has the ticket's code, or on the counter's tablet."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from runtime.http.codes import is_code, ticket_code
from tests.runtime.http.rig import HALL, KEY, TICKETS, Answer, Served

TABLET = f"{HALL}/counters/1/evaluate"


def code_of(ticket: Any) -> str:
    return parse_qs(urlsplit(ticket["scan_url"]).query)["c"][0]


def serve(hall: Served, counter: str = "1") -> Any:
    ticket = hall.take()
    hall.ask("POST", f"{HALL}/counters/{counter}/next")
    hall.ask("POST", f"{TICKETS}/{ticket['id']}/finish")
    return ticket


def evaluate(hall: Served, ticket: Any, *, key: str | None = "k", **body: Any) -> Answer:
    """Evaluate as a phone does: with the ticket's code and no token."""
    given = {"level": 5, "code": code_of(ticket), **body}
    return hall.ask("POST", f"{TICKETS}/{ticket['id']}/evaluate", given, token=None, key=key)


def today(hall: Served, counter: int = 0) -> Any:
    return hall.ask("GET", HALL).json["counters"][counter]["today"]


def test_code_is_of_one_ticket_of_one_hall() -> None:
    code = ticket_code(KEY, "HZ01", "20261123-A001")
    assert re.fullmatch(r"[A-Za-z0-9_-]{11}", code)
    assert is_code(KEY, "HZ01", "20261123-A001", code)
    assert not is_code(KEY, "HZ01", "20261123-A002", code)
    assert not is_code(KEY, "HZ02", "20261123-A001", code)
    assert not is_code(bytes(32), "HZ01", "20261123-A001", code)
    assert not is_code(KEY, "HZ01", "20261123-A001", "验证码")


def test_phone_with_the_code_evaluates_once(hall: Served) -> None:
    ticket = serve(hall)
    answer = evaluate(hall, ticket, level=4, reasons=["slow"], text="还好")
    assert answer.json == {
        "evaluation": {"ticket": ticket["id"], "service": "tax", "counter": "1", "level": 4}
    }
    again = evaluate(hall, ticket, level=1, key="another")
    assert (again.status, again.problem) == (409, "evaluated")
    assert today(hall) == {"served": 1, "invited": 1, "evaluated": 1, "mean_level": 4.0}


def test_repeat_of_an_evaluation_gets_the_first_answer(hall: Served) -> None:
    ticket = serve(hall)
    assert evaluate(hall, ticket).body == evaluate(hall, ticket).body
    assert today(hall)["evaluated"] == 1


def test_who_was_not_evaluated_is_counted(hall: Served) -> None:
    tickets = [serve(hall) for _ in range(3)]
    evaluate(hall, tickets[0], level=2)
    evaluate(hall, tickets[2], level=5)
    assert today(hall) == {"served": 3, "invited": 3, "evaluated": 2, "mean_level": 3.5}
    assert today(hall, 1) == {"served": 0, "invited": 0, "evaluated": 0, "mean_level": None}


@pytest.mark.parametrize("code", ["x" * 11, "", "é", "x" * 2000])
def test_without_the_code_nobody_evaluates(hall: Served, code: str) -> None:
    ticket = serve(hall)
    answer = evaluate(hall, ticket, code=code)
    assert answer.problem in ("code-wrong", "invalid-body")
    assert today(hall)["evaluated"] == 0


def test_code_of_another_ticket_is_refused(hall: Served) -> None:
    one, other = serve(hall), serve(hall)
    answer = evaluate(hall, one, code=code_of(other))
    assert (answer.status, answer.problem) == (403, "code-wrong")


def test_code_is_told_to_nobody_who_only_knows_the_ticket(hall: Served) -> None:
    ticket = serve(hall)
    code = code_of(ticket)
    page = f"/t/HZ01/{ticket['id']}"
    for path in (f"{TICKETS}/{ticket['id']}", page, f"{page}?c=wrong", f"{page}/qr.svg"):
        assert code.encode() not in hall.ask("GET", path, token=None).body, path
    plain = hall.ask("GET", f"{page}/qr.svg", token=None).body
    assert hall.ask("GET", f"{page}/qr.svg?c={code}", token=None).body != plain
    assert code.encode() in hall.ask("GET", f"{page}?c={code}", token=None).body


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"level": 0}, 422, "bad-value"),
        ({"level": 6}, 422, "bad-value"),
        ({"level": "5"}, 422, "invalid-body"),
        ({"level": 4.5}, 422, "invalid-body"),
        ({"level": True}, 422, "invalid-body"),
        ({"reasons": ["dull"]}, 422, "bad-value"),
        ({"reasons": "slow"}, 422, "invalid-body"),
        ({"reasons": [1]}, 422, "invalid-body"),
        ({"reasons": ["x"] * 33}, 422, "invalid-body"),
        ({"text": "x" * 501}, 422, "invalid-body"),
        ({"service": "id"}, 409, "not-served"),
    ],
)
def test_evaluation_that_makes_no_sense_is_refused(
    hall: Served, body: Any, status: int, problem: str
) -> None:
    answer = evaluate(hall, serve(hall), **body)
    assert (answer.status, answer.problem) == (status, problem)


def test_ticket_that_waits_is_not_evaluated(hall: Served) -> None:
    answer = evaluate(hall, hall.take())
    assert (answer.status, answer.problem) == (409, "not-served")


def test_ticket_says_what_may_be_evaluated(hall: Served) -> None:
    ticket = serve(hall)
    path = f"{TICKETS}/{ticket['id']}"
    (before,) = hall.ask("GET", path, token=None).json["served"]
    assert (before["service"], before["counter"], before["evaluated"]) == ("tax", "1", False)
    assert before["ended_at"] < before["open_until"]
    evaluate(hall, ticket, level=1)
    answer = hall.ask("GET", path, token=None)
    assert answer.json["served"] == [{**before, "evaluated": True}]
    assert "level" not in answer.body.decode()


def test_phone_needs_a_key_so_that_a_repeat_is_none(hall: Served) -> None:
    answer = evaluate(hall, serve(hall), key=None)
    assert (answer.status, answer.problem) == (400, "idempotency-key-missing")


# -- the tablet ----------------------------------------------------------------------------------


def test_tablet_evaluates_whom_its_counter_served(hall: Served) -> None:
    first, second = serve(hall), serve(hall)
    answer = hall.ask("POST", TABLET, {"level": 3}, token="tablet")
    assert answer.json["evaluation"]["ticket"] == second["id"]
    answer = hall.ask("POST", TABLET, {"level": 3, "ticket": first["id"]}, token="tablet")
    assert answer.json["evaluation"]["ticket"] == first["id"]


def test_tablet_does_not_evaluate_for_another_counter(hall: Served) -> None:
    ticket = serve(hall, "2")
    answer = hall.ask("POST", TABLET, {"level": 1, "ticket": ticket["id"]}, token="tablet")
    assert (answer.status, answer.problem) == (409, "not-served")
    answer = hall.ask("POST", f"{HALL}/counters/2/evaluate", {"level": 1}, token="tablet")
    assert (answer.status, answer.problem) == (403, "forbidden")


def test_tablet_does_nothing_but_evaluate(hall: Served) -> None:
    for name in ("next", "open", "close", "invite"):
        answer = hall.ask("POST", f"{HALL}/counters/1/{name}", token="tablet")
        assert (answer.status, answer.problem) == (403, "forbidden")
    answer = hall.ask("GET", f"{HALL}/counters/1/queue", token="tablet")
    assert answer.status == 403


@pytest.mark.parametrize("token", ["kiosk", "display"])
def test_other_roles_do_not_evaluate(hall: Served, token: str) -> None:
    serve(hall)
    answer = hall.ask("POST", TABLET, {"level": 1}, token=token)
    assert (answer.status, answer.problem) == (403, "forbidden")


def test_counter_invites_and_the_hall_says_who_is_asked(hall: Served) -> None:
    answer = hall.ask("POST", f"{HALL}/counters/1/invite", token="counter")
    assert (answer.status, answer.problem) == (409, "not-served")
    ticket = serve(hall)
    answer = hall.ask("POST", f"{HALL}/counters/1/invite", token="counter")
    assert answer.json == {"invited": {"ticket": ticket["id"], "service": "tax"}}
    asked = hall.ask("GET", HALL, token="tablet").json["counters"][0]["asked"]
    assert (asked["id"], asked["number"], asked["service"]) == (ticket["id"], "A001", "tax")
    hall.ask("POST", TABLET, {"level": 5}, token="tablet")
    assert hall.ask("GET", HALL).json["counters"][0]["asked"] is None


def test_what_customers_think_and_staff_note_is_not_streamed_to_every_screen(hall: Served) -> None:
    stream = hall.stream(token="tablet")
    ticket = serve(hall)
    evaluate(hall, ticket, level=1, reasons=["slow"], text="秘密")
    held = hall.take()
    hall.ask("POST", f"{TICKETS}/{held['id']}/hold", {"note": "秘密"})
    records = {record["type"]: record for _, record in stream.events("record", 7)}
    assert records["ServiceEvaluated"].keys() == {
        "seq",
        "type",
        "at",
        "ticket",
        "service",
        "counter",
        "staff",
        "device",
    }
    assert records["TicketHeld"].keys() == {"seq", "type", "at", "ticket", "counter"}

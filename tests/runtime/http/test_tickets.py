"""Tickets and counters over the API, with the octets that a client sends."""

import pytest

from protocol.ids import HallId
from runtime.http.codes import page_address
from tests.runtime.http.rig import HALL, KEY, TICKETS, Served, request


def test_ticket_taken_is_told_with_its_number_and_page(hall: Served) -> None:
    answer = hall.ask("POST", TICKETS, {"service": "tax", "language": "en"})
    assert answer.status == 201
    id = answer.json["id"]
    assert answer.json == {
        "id": id,
        "number": "A001",
        "service": "tax",
        "ahead": 0,
        "kiosk": None,
        "due_at": None,
        "estimate": None,
        "late": False,
        "scan_url": page_address("http://hall.test", KEY, HallId("HZ01"), id),
    }
    assert answer.headers["location"] == f"{TICKETS}/{id}"


def test_second_ticket_counts_the_first_as_ahead(hall: Served) -> None:
    hall.take()
    assert hall.take()["ahead"] == 1


def test_hundred_clients_at_once_get_unique_numbers_without_a_gap(hall: Served) -> None:
    clients = [hall.client() for _ in range(100)]
    for client in clients:
        client.send(request("POST", TICKETS, {"service": "tax"}))
    answers = [client.answer() for client in clients]
    assert {answer.status for answer in answers} == {201}
    numbers = sorted(answer.json["number"] for answer in answers)
    assert numbers == [f"A{serial:03}" for serial in range(1, 101)]


def test_two_counters_calling_at_once_never_get_the_same_ticket(hall: Served) -> None:
    taken = {hall.take()["id"] for _ in range(20)}
    clients = [(hall.client(), counter) for counter in ("1", "2") * 10]
    for client, counter in clients:
        client.send(request("POST", f"{HALL}/counters/{counter}/next"))
    called = [client.answer().json["ticket"] for client, _ in clients]
    assert {ticket["id"] for ticket in called} == taken
    assert all(
        ticket["counter"] == counter for ticket, (_, counter) in zip(called, clients, strict=True)
    )


def test_repeated_key_gets_the_first_ticket_again(hall: Served) -> None:
    first = hall.ask("POST", TICKETS, {"service": "tax"}, key="once")
    again = hall.ask("POST", TICKETS, {"service": "tax"}, key='"once"')
    assert (again.status, again.body) == (201, first.body)
    assert hall.take()["number"] == "A002"


def test_repeat_while_the_first_is_under_way_gets_the_same_ticket(hall: Served) -> None:
    clients = [hall.client() for _ in range(10)]
    for client in clients:
        client.send(request("POST", TICKETS, {"service": "tax"}, key="all-at-once"))
    assert len({client.answer().body for client in clients}) == 1


def test_same_key_with_another_body_is_refused(hall: Served) -> None:
    hall.ask("POST", TICKETS, {"service": "tax"}, key="once")
    answer = hall.ask("POST", TICKETS, {"service": "id"}, key="once")
    assert (answer.status, answer.problem) == (422, "idempotency-key-reused")


def test_same_key_of_another_client_is_another_ticket(hall: Served) -> None:
    first = hall.take(key="1")
    assert hall.take(key="1", token="kiosk")["id"] != first["id"]


def test_same_key_at_another_route_is_another_command(hall: Served) -> None:
    hall.take(key="1")
    answer = hall.ask("POST", f"{HALL}/counters/1/next", key="1")
    assert answer.json["ticket"]["number"] == "A001"


@pytest.mark.parametrize("key", ["", " ", '""', "a b", "é", "x" * 129])
def test_unusable_key_is_refused(hall: Served, key: str) -> None:
    answer = hall.ask("POST", TICKETS, {"service": "tax"}, key=key)
    assert (answer.status, answer.problem) == (400, "idempotency-key-invalid")


def test_calling_with_nobody_waiting_answers_null_and_opens_the_counter(hall: Served) -> None:
    answer = hall.ask("POST", f"{HALL}/counters/1/next")
    assert (answer.status, answer.json) == (200, {"ticket": None})
    counters = hall.ask("GET", HALL).json["counters"]
    assert [counter["mode"] for counter in counters] == ["open", "closed"]


def test_ticket_goes_through_its_life(hall: Served) -> None:
    id = hall.take()["id"]
    assert hall.ask("POST", f"{HALL}/counters/1/next").json["ticket"] == {
        "id": id,
        "number": "A001",
        "service": "tax",
        "counter": "1",
        "state": "called",
    }
    for step, state in (("start", "serving"), ("finish", "served")):
        answer = hall.ask("POST", f"{TICKETS}/{id}/{step}")
        assert answer.json == {"ticket": {"id": id, "state": state, "counter": "1"}}
    view = hall.ask("GET", f"{TICKETS}/{id}").json
    assert (view["state"], view["class"], view["ahead"]) == ("served", "normal", 0)
    assert view["taken_at"] <= view["called_at"] <= view["started_at"] <= view["ended_at"]
    assert view["taken_at"].endswith("Z")


def test_step_that_the_state_does_not_allow_is_a_conflict(hall: Served) -> None:
    id = hall.take()["id"]
    answer = hall.ask("POST", f"{TICKETS}/{id}/start")
    assert (answer.status, answer.problem) == (409, "ticket-state")
    assert "A001" in answer.json["detail"]


def test_recall_at_once_is_refused_with_a_time_to_wait(hall: Served) -> None:
    id = hall.take()["id"]
    hall.ask("POST", f"{HALL}/counters/1/next")
    answer = hall.ask("POST", f"{TICKETS}/{id}/recall")
    assert (answer.status, answer.problem) == (409, "recall-too-soon")
    assert int(answer.headers["retry-after"]) >= 1


def test_waiting_ticket_is_cancelled_and_not_called(hall: Served) -> None:
    first, second = hall.take(), hall.take()
    answer = hall.ask("POST", f"{TICKETS}/{first['id']}/cancel", {})
    assert answer.json["ticket"] == {"id": first["id"], "state": "cancelled", "counter": None}
    called = hall.ask("POST", f"{HALL}/counters/1/next").json["ticket"]
    assert called["id"] == second["id"]


def test_ahead_counts_only_those_who_go_before(hall: Served) -> None:
    tickets = [hall.take() for _ in range(3)]
    hall.ask("POST", f"{HALL}/counters/1/next")
    ahead = [hall.ask("GET", f"{TICKETS}/{ticket['id']}").json["ahead"] for ticket in tickets]
    assert ahead == [0, 0, 1]


def test_counter_is_paused_with_its_reason_and_closed(hall: Served) -> None:
    paused = hall.ask("POST", f"{HALL}/counters/2/pause", {"reason": "午休"})
    assert paused.json == {"counter": {"id": "2", "mode": "paused", "reason": "午休"}}
    closed = hall.ask("POST", f"{HALL}/counters/2/close")
    assert closed.json["counter"]["mode"] == "closed"
    again = hall.ask("POST", f"{HALL}/counters/2/close")
    assert (again.status, again.json) == (200, closed.json)


def test_exhausted_numbers_are_a_conflict(hall: Served) -> None:
    for _ in range(2):
        hall.take("id")
    answer = hall.ask("POST", TICKETS, {"service": "id"})
    assert (answer.status, answer.problem) == (409, "numbers-exhausted")


def test_kiosk_token_prints_at_its_kiosk(hall: Served) -> None:
    assert hall.take(token="kiosk")["kiosk"] == "k1"


def test_kiosk_token_of_one_kiosk_is_refused_for_another(hall: Served) -> None:
    answer = hall.ask("POST", TICKETS, {"service": "tax", "kiosk": "k2"}, token="kiosk")
    assert (answer.status, answer.problem) == (403, "forbidden")


def test_reprint_at_a_kiosk_without_printer_is_a_conflict(hall: Served) -> None:
    id = hall.take()["id"]
    answer = hall.ask("POST", f"{TICKETS}/{id}/reprint", {"kiosk": "k2"})
    assert (answer.status, answer.problem) == (409, "no-printer")
    answer = hall.ask("POST", f"{TICKETS}/{id}/reprint", {"kiosk": "k1"})
    assert (answer.status, answer.json) == (202, {"ticket": {"id": id, "kiosk": "k1"}})


@pytest.mark.parametrize(
    ("method", "path", "body", "kind"),
    [
        ("POST", TICKETS, {"service": "none"}, "unknown-service"),
        ("POST", TICKETS, {"service": "tax", "kiosk": "k9"}, "unknown-kiosk"),
        ("POST", f"{TICKETS}/20260101-A001/start", None, "unknown-ticket"),
        ("GET", f"{TICKETS}/20260101-A001", None, "unknown-ticket"),
        ("POST", f"{HALL}/counters/9/next", None, "unknown-counter"),
        ("GET", "/api/v1/halls/BJ09", None, "unknown-hall"),
        ("GET", "/api/v1/nothing", None, "not-found"),
        ("GET", f"{TICKETS}/", None, "not-found"),
    ],
)
def test_what_is_not_there_is_named(
    hall: Served, method: str, path: str, body: object, kind: str
) -> None:
    answer = hall.ask(method, path, body)
    assert (answer.status, answer.problem) == (404, kind)


def test_unknown_language_lists_those_of_the_hall(hall: Served) -> None:
    answer = hall.ask("POST", TICKETS, {"service": "tax", "language": "fr"})
    assert (answer.status, answer.problem) == (422, "unknown-language")
    assert answer.json["allowed"] == ["zh", "en"]


def test_journal_that_fails_is_told_and_the_repeat_succeeds(hall: Served) -> None:
    hall.call(hall.journal.fail_next, 1)
    answer = hall.ask("POST", TICKETS, {"service": "tax"}, key="k")
    assert (answer.status, answer.problem) == (503, "not-durable")
    assert answer.headers["retry-after"]
    assert hall.take(key="k")["number"] == "A001"


def test_hall_that_is_gone_is_told_at_once(hall: Served) -> None:
    hall.call(lambda: hall.hall.stop(block=False))
    answer = hall.ask("POST", TICKETS, {"service": "tax"})
    assert (answer.status, answer.problem) == (503, "hall-unavailable")


def test_wait_is_told_with_a_new_ticket_with_one_that_waits_and_for_whoever_comes(
    hall: Served,
) -> None:
    hall.take()
    hall.ask("POST", f"{HALL}/counters/1/next")
    id = hall.take()["id"]
    taken = hall.ask("POST", TICKETS, {"service": "tax"}).json
    assert 0 < taken["estimate"]["p50_s"] < taken["estimate"]["p90_s"]
    before = hall.ask("GET", f"{TICKETS}/{id}").json
    assert 0 < before["estimate"]["p50_s"] < taken["estimate"]["p50_s"]
    [tax, _] = hall.ask("GET", HALL).json["services"]
    assert tax["estimate"]["p50_s"] > taken["estimate"]["p50_s"]
    assert (before["late"], taken["late"], tax["late"]) == (False, False, False)
    hall.ask("POST", f"{HALL}/counters/2/next")
    after = hall.ask("GET", f"{TICKETS}/{id}").json
    assert (after["state"], after["estimate"]) == ("called", None)


def test_class_appointment_comes_of_a_check_in_alone(hall: Served) -> None:
    answer = hall.ask("POST", TICKETS, {"service": "tax", "class": "appointment"}, token="manager")
    assert answer.problem == "bad-value"

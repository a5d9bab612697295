"""Requests that are wrong, too large, too slow or too many, as octets on a socket."""

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.values import replace
from tests.runtime.http.rig import HALL, PATIENCE_S, PLENTY, TICKETS, Serve, Served, request


def _until(there: Callable[[], object]) -> None:
    """Wait for what comes soon."""
    deadline = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.001)


ALLOWED = [
    *("service", "class", "language", "kiosk", "party", "then", "visit_order"),
    *("phone", "document", "openid"),
]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"service": "tax",}',
        b'{"service": "tax"} x',
        b"\xff\xfe",
        b'\xef\xbb\xbf{"service": "tax"}',
        b'{"service": "tax", "service": "id"}',
        b'{"service": NaN}',
        b'{"service": -Infinity}',
        b'{"service": 1e999}',
        b'{"service": ' + b"9" * 10_000 + b"}",
        b"[" * 30_000,
        b'{"a":' * 10_000,
    ],
)
def test_body_that_is_no_json_is_refused_with_its_place(hall: Served, body: bytes) -> None:
    answer = hall.ask("POST", TICKETS, body)
    assert (answer.status, answer.problem) == (400, "malformed-json")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["#/service"]),
        ([], ["#"]),
        (None, ["#/service"]),
        ("tax", ["#"]),
        ({"service": 1}, ["#/service"]),
        ({"service": None}, ["#/service"]),
        ({"service": ["tax"]}, ["#/service"]),
        ({"service": ""}, ["#/service"]),
        ({"service": "x" * 65}, ["#/service"]),
        ({"service": "a\u0000b"}, ["#/service"]),
        (b'{"service": "\\ud800"}', ["#/service"]),
        ({"service": "tax", "telephone": "13800000000"}, ["#/telephone"]),
        ({"service": "tax", "phone": 13800000000, "party": "2"}, ["#/party", "#/phone"]),
        ({"service": "tax", "then": "id", "visit_order": "any"}, ["#/then", "#/visit_order"]),
        ({"service": "tax", "ticket_class": "normal"}, ["#/ticket_class"]),
        ({"service": "tax", "class": "first"}, ["#/class"]),
        ({"service": True, "class": 1, "x": 1}, ["#/service", "#/class", "#/x"]),
    ],
)
def test_body_that_does_not_fit_is_refused_with_each_mistake(
    hall: Served, body: object, pointers: list[str]
) -> None:
    answer = hall.ask("POST", TICKETS, body)
    assert (answer.status, answer.problem) == (422, "invalid-body")
    assert [error["pointer"] for error in answer.json["errors"]] == pointers
    assert answer.json["allowed"] == ALLOWED


def test_unknown_key_says_what_is_allowed(hall: Served) -> None:
    detail = hall.ask("POST", TICKETS, {"service": "tax", "colour": "1"}).json["detail"]
    assert detail == f"colour is not known here; allowed are: {', '.join(ALLOWED)}"


def test_route_without_a_body_refuses_any_key(hall: Served) -> None:
    answer = hall.ask("POST", f"{HALL}/counters/1/next", {"counter": "1"})
    assert (answer.status, answer.problem) == (422, "invalid-body")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(body=st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_any_octets_as_body_get_a_clear_refusal(hall: Served, body: bytes) -> None:
    answer = hall.ask("POST", TICKETS, body)
    assert answer.status in (400, 422)
    assert answer.problem in ("malformed-json", "invalid-body")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(octets=st.binary(min_size=1, max_size=200))
def test_any_octets_as_request_leave_the_server_well(hall: Served, octets: bytes) -> None:
    with hall.connected() as client:
        client.send(octets + b"\r\n\r\n")
    assert hall.ask("GET", "/api/v1/halls").status == 200


@pytest.mark.parametrize(
    "declared", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_body_of_another_type_is_refused(hall: Served, declared: str) -> None:
    answer = hall.ask("POST", TICKETS, {"service": "tax"}, headers={"Content-Type": declared})
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


def test_json_with_a_charset_is_taken(hall: Served) -> None:
    declared = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert hall.ask("POST", TICKETS, {"service": "tax"}, headers=declared).status == 201


def test_huge_body_is_refused_before_it_has_come(hall: Served) -> None:
    client = hall.client()
    client.send(request("POST", TICKETS, headers={"Content-Length": str(10**12)}))
    answer = client.answer()
    assert (answer.status, answer.problem) == (413, "body-too-large")
    assert answer.headers["connection"] == "close"


def test_huge_body_that_is_sent_all_the_same_does_not_hide_the_answer(hall: Served) -> None:
    client = hall.client()
    client.send(request("POST", TICKETS, headers={"Content-Length": "3000000"}))
    counts = hall.service._dispatcher._counts.by_status
    _until(lambda: ("", 413) in counts)
    for _ in range(3):
        hall.call(lambda: None)  # the reactor has had the time to close what it means to close
        client.send(b"x" * 1_000_000)
    assert client.answer().problem == "body-too-large"
    assert client.ended()


def test_client_that_never_stops_sending_is_cut(hall: Served) -> None:
    client = hall.client()
    client.send(request("POST", TICKETS, headers={"Content-Length": "1000000000"}))
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        client.send(b"x" * 100_000_000)


def test_chunked_body_is_bounded_as_well(hall: Served) -> None:
    client = hall.client()
    head = request("POST", TICKETS, headers={"Transfer-Encoding": "chunked"})
    client.send(head.replace(b"Content-Length: 0\r\n", b""))
    for _ in range(5):
        client.send(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
    assert client.answer().problem == "body-too-large"


def test_chunked_body_is_read(hall: Served) -> None:
    client = hall.client()
    head = request("POST", TICKETS, headers={"Transfer-Encoding": "chunked"})
    head = head.replace(b"Content-Length: 0\r\n", b"Content-Type: application/json\r\n")
    client.send(head + b'9\r\n{"service\r\n8\r\n":"tax"}\r\n0\r\n\r\n')
    assert client.answer().status == 201


def test_request_cut_at_every_octet_is_read(hall: Served) -> None:
    client = hall.client()
    octets = request("POST", TICKETS, {"service": "tax"}, key="cut")
    for cut in range(1, len(octets)):
        client.send(octets[:cut])
        hall.call(lambda: None)
        client.send(octets[cut:])
        assert client.answer().json["number"] == "A001"


def test_requests_in_one_write_are_answered_in_order(hall: Served) -> None:
    client = hall.client()
    client.send(request("POST", TICKETS, {"service": "tax"}) * 50 + request("GET", "/api/v1/halls"))
    numbers = [client.answer().json["number"] for _ in range(50)]
    assert numbers == [f"A{serial:03}" for serial in range(1, 51)]
    assert client.answer().status == 200


@pytest.mark.parametrize(
    ("octets", "status", "kind"),
    [
        (b"GET\r\n\r\n", 400, "malformed-request"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "malformed-request"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "malformed-request"),
        (
            b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            "malformed-request",
        ),
        (b"GET /%ff%fe/x HTTP/1.1\r\n\r\n", 404, "not-found"),
        (b"GET /halls/%ff/display HTTP/1.1\r\n\r\n", 400, "malformed-request"),
        (b"GET /halls/a%00b/display HTTP/1.1\r\n\r\n", 400, "malformed-request"),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400, "malformed-request"),
        (b"GET /" + b"x" * 3_000 + b" HTTP/1.1\r\n\r\n", 414, "target-too-long"),
        (b"GET /" + b"x" * 30_000 + b" HTTP/1.1\r\n\r\n", 414, "target-too-long"),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 20_000 + b"\r\n\r\n", 431, "head-too-large"),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 100 + b"\r\n", 431, "head-too-large"),
        (
            b"GET / HTTP/1.1\r\n" + (b"x: " + b"y" * 4_000 + b"\r\n") * 6 + b"\r\n",
            431,
            "head-too-large",
        ),
        (b"GET /" + b"/x" * 500 + b" HTTP/1.1\r\n\r\n", 404, "not-found"),
    ],
)
def test_head_that_cannot_be_read_is_refused(
    hall: Served, octets: bytes, status: int, kind: str
) -> None:
    client = hall.client()
    client.send(octets)
    answer = client.answer()
    assert (answer.status, answer.problem) == (status, kind)


def test_slow_request_is_refused_however_steadily_it_trickles(hall: Served) -> None:
    client = hall.client()
    client.send(b"GET / HT")
    hall.call(_check_all, hall, 14.0)
    client.send(b"TP/1.1\r\n")
    hall.call(_check_all, hall, 15.5)
    answer = client.answer()
    assert (answer.status, answer.problem) == (408, "request-timeout")
    hall.call(_check_all, hall, 30.0)
    assert client.ended()


def test_connection_without_a_request_is_closed(hall: Served) -> None:
    client = hall.client()
    assert client.ask("GET", "/api/v1/halls").status == 200
    hall.call(_check_all, hall, 70.0)
    assert client.ask("GET", "/api/v1/halls").status == 200
    hall.call(_check_all, hall, 80.0)
    assert client.ended()


def test_request_that_is_answered_late_is_not_idle(hall: Served) -> None:
    client = hall.stream()
    hall.call(_check_all, hall, 1000.0)
    hall.take()
    assert client.events("record", 1)


def _check_all(hall: Served, later_s: float) -> None:
    """Look at all connections as if so many seconds had gone."""
    now = time.monotonic() + later_s
    for channel in list(hall.service.site._channels):
        channel.check(now)


def test_connections_beyond_the_bound_are_turned_away(serve: Serve) -> None:
    hall = serve(replace(PLENTY, connections_max=3))
    kept = [hall.client() for _ in range(3)]
    assert all(client.ask("GET", "/api/v1/halls").status == 200 for client in kept)
    client = hall.client()
    answer = client.answer()
    assert (answer.status, answer.problem) == (503, "too-many-connections")
    assert client.ended()
    kept[0].close()
    _until(lambda: hall.call(lambda: hall.service.site.connections) == 2)
    assert sum(hall.service.site._by_address.values()) == 2
    assert hall.ask("GET", "/api/v1/halls").status == 200


def test_connections_of_one_address_have_a_bound_of_their_own(serve: Serve) -> None:
    hall = serve(replace(PLENTY, connections_each_max=1))
    hall.client().ask("GET", "/api/v1/halls")
    assert hall.client().answer().problem == "too-many-connections"
    hall.call(hall.service.stop)
    _until(lambda: not hall.service.site._by_address)


def test_token_beyond_its_rate_is_told_when_to_come_back(serve: Serve) -> None:
    hall = serve(replace(PLENTY, token_requests_per_s=0.1, token_requests_burst=2))
    client = hall.client()
    assert [client.ask("GET", HALL).status for _ in range(3)] == [200, 200, 429]
    answer = client.ask("GET", HALL)
    assert answer.problem == "rate-limited"
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert client.ask("GET", HALL, token="display").status == 200


def test_address_beyond_its_rate_is_refused_and_tokens_are_not(serve: Serve) -> None:
    hall = serve(replace(PLENTY, address_requests_per_s=0.1, address_requests_burst=1))
    assert hall.ask("GET", "/api/v1/halls", token=None).status == 200
    assert hall.ask("GET", "/nothing", token=None).status == 429
    assert hall.ask("GET", "/api/v1/halls").status == 200


def test_guessing_tokens_is_slowed(serve: Serve) -> None:
    hall = serve(replace(PLENTY, address_requests_per_s=0.1, address_requests_burst=20))
    statuses = [hall.ask("GET", HALL, token=f"guess {n}").status for n in range(4)]
    assert statuses[:2] == [401, 401]
    assert hall.ask("GET", "/api/v1/halls", token=None).status == 429


def test_wrong_method_names_those_allowed(hall: Served) -> None:
    answer = hall.ask("DELETE", HALL)
    assert (answer.status, answer.problem) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD"
    assert hall.ask("GET", f"{HALL}/counters/1/next").headers["allow"] == "POST"


def test_head_answers_without_the_body(hall: Served) -> None:
    client = hall.client()
    full = client.ask("GET", HALL)
    assert client.ask("HEAD", HALL).headers["content-length"] == str(len(full.body))
    assert client.ask("GET", HALL).status == 200


def test_hall_that_did_not_change_is_not_sent_again(hall: Served) -> None:
    tag = hall.ask("GET", HALL).headers["etag"]
    client = hall.client()
    unchanged = client.ask("GET", HALL, headers={"If-None-Match": tag})
    assert (unchanged.status, unchanged.body) == (304, b"")
    hall.take()
    assert client.ask("GET", HALL, headers={"If-None-Match": tag}).status == 200


def test_address_as_proxies_give_it_is_read(hall: Served) -> None:
    client = hall.client()
    client.send(b"GET http://hall.test/api/v1/halls HTTP/1.1\r\n\r\n")
    assert client.answer().status == 200


def test_old_http_is_answered_and_closed(hall: Served) -> None:
    client = hall.client()
    client.send(b"GET /api/v1/halls HTTP/1.0\r\n\r\n")
    answer = client.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert client.ended()


def test_client_that_leaves_before_the_answer_harms_nobody(hall: Served) -> None:
    client = hall.client()
    client.send(request("POST", TICKETS, {"service": "tax"}, key="left") * 3)
    client.close()
    assert hall.take(key="left")["number"] == "A001"


def test_hall_that_answers_too_late_is_reported(hall: Served) -> None:
    _rest(hall)
    client = hall.client()
    client.send(request("POST", TICKETS, {"service": "tax"}, key="late"))
    _until(lambda: hall.call(lambda: len(hall.service._dispatcher.replies)) == 1)
    hall.call(hall.service._sweep, time.monotonic() + 11)
    answer = client.answer()
    assert (answer.status, answer.problem) == (503, "hall-unavailable")
    hall.call(hall.world.restart_after, 0.0, hall.hall.place)
    assert hall.take(key="late")["number"] == "A001"


def _rest(hall: Served) -> None:
    """Let the hall's actor rest as one that failed, so that it answers nothing."""
    assert hall.ask("GET", HALL).status == 200  # it has had its first turn
    place = hall.hall.place
    hall.call(lambda: (setattr(place, "resting", True), setattr(place, "idle", False)))


def test_requests_that_await_a_hall_are_bounded(serve: Serve) -> None:
    hall = serve(replace(PLENTY, answers_max=1))
    _rest(hall)
    hall.client().send(request("GET", HALL))
    _until(lambda: hall.call(lambda: len(hall.service._dispatcher.replies)) == 1)
    answer = hall.ask("GET", HALL)
    assert (answer.status, answer.problem) == (503, "overloaded")


def test_every_answer_carries_the_security_headers(hall: Served) -> None:
    for path in ("/", HALL, "/nothing", "/api/v1/openapi.json"):
        headers = hall.ask("GET", path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"

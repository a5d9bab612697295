"""Who may do what: tokens, roles, cookies."""

import logging

import pytest

from protocol.ids import CounterId, HallId, KioskId
from runtime.config.model import Role, Token
from runtime.http.auth import COOKIES_MAX, Passes, issue
from runtime.http.problems import RequestRefused
from tests.runtime.http.rig import HALL, SECRETS, TICKETS, TOKENS, Served

DISPLAY = "/halls/HZ01/display"


def test_missing_token_is_challenged(hall: Served) -> None:
    answer = hall.ask("GET", HALL, token=None)
    assert (answer.status, answer.problem) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == 'Bearer realm="paihao"'


@pytest.mark.parametrize(
    "authorization",
    ["Bearer wrong", "Bearer", "Bearer  ", "Basic YTpi", "", "Bearer " + "x" * 5000],
)
def test_wrong_token_is_challenged(hall: Served, authorization: str) -> None:
    answer = hall.ask("GET", HALL, token=None, headers={"Authorization": authorization})
    assert (answer.status, answer.problem) == (401, "unauthorized")


def test_scheme_is_read_in_any_case(hall: Served) -> None:
    given = {"Authorization": f"bEARER {SECRETS['display']}"}
    assert hall.ask("GET", HALL, token=None, headers=given).status == 200


def test_each_request_of_a_connection_is_by_its_own_token(hall: Served) -> None:
    client = hall.client()
    tokens = ["manager", "manager", "counter", "wrong", "manager", None, "counter"]
    statuses = [client.ask("GET", f"{HALL}/alarms", token=token).status for token in tokens]
    assert statuses == [200, 200, 403, 401, 200, 401, 403]


ALLOWED = {
    ("GET", HALL): {"manager", "kiosk", "counter", "tablet", "display"},
    ("GET", f"{HALL}/alarms"): {"manager"},
    ("GET", "/metrics"): {"manager", "elsewhere"},
    ("POST", TICKETS): {"manager", "kiosk", "counter"},
    ("POST", f"{HALL}/counters/1/next"): {"manager", "counter"},
    ("POST", f"{HALL}/counters/2/next"): {"manager"},
    ("POST", f"{HALL}/counters/1/open"): {"manager", "counter"},
    ("POST", f"{TICKETS}/none/start"): {"manager", "counter"},
    ("POST", f"{TICKETS}/none/reprint"): {"manager", "kiosk", "counter"},
    ("GET", "/halls/HZ01/kiosk/k1"): {"manager", "kiosk"},
    ("GET", "/halls/HZ01/kiosk/k2"): {"manager"},
    ("GET", "/halls/HZ01/counter/1"): {"manager", "counter"},
    ("GET", "/halls/HZ01/counter/2"): {"manager"},
    ("GET", "/halls/HZ01/counter/1/evaluate"): {"manager", "counter", "tablet"},
    ("GET", "/halls/HZ01/counter/2/evaluate"): {"manager"},
    ("GET", f"{HALL}/counters/1/queue"): {"manager", "counter"},
    ("POST", f"{HALL}/counters/1/invite"): {"manager", "counter"},
    ("POST", f"{TICKETS}/none/hold"): {"manager", "counter"},
    ("GET", DISPLAY): {"manager", "display"},
}


@pytest.mark.parametrize("route", ALLOWED, ids=" ".join)
def test_each_role_may_do_what_the_table_says(hall: Served, route: tuple[str, str]) -> None:
    method, path = route
    body = {"service": "tax"} if path == TICKETS else None
    statuses = {name: hall.ask(method, path, body, token=name).status for name in SECRETS}
    refused = {name for name, status in statuses.items() if status == 403}
    assert refused == set(SECRETS) - ALLOWED[route]
    assert not {401, 500} & set(statuses.values())


@pytest.mark.parametrize("path", ["/api/v1/halls", "/healthz", "/", "/api/v1/openapi.json"])
def test_public_addresses_need_no_token(hall: Served, path: str) -> None:
    assert hall.ask("GET", path, token=None).status == 200


def test_clerk_steps_only_the_ticket_at_the_own_counter(hall: Served) -> None:
    id = hall.take()["id"]
    hall.ask("POST", f"{HALL}/counters/2/next")
    answer = hall.ask("POST", f"{TICKETS}/{id}/start", token="counter")
    assert (answer.status, answer.problem) == (409, "no-ticket-at-counter")


def _cookie(hall: Served, name: str, path: str = DISPLAY) -> str:
    answer = hall.ask("GET", f"{path}?token={SECRETS[name]}", token=None)
    assert answer.status == 303
    assert answer.headers["location"] == path
    return answer.headers["set-cookie"]


def test_page_opened_with_its_token_gets_a_cookie_and_a_clean_address(hall: Served) -> None:
    cookie = _cookie(hall, "display")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    pair = cookie.split(";")[0]
    assert hall.ask("GET", DISPLAY, token=None, headers={"Cookie": pair}).status == 200


def test_secure_cookies_are_marked(serve: object) -> None:
    hall = serve(secure_cookies=True)  # type: ignore[operator]
    assert "Secure" in _cookie(hall, "display").split("; ")


def test_page_without_its_token_asks_for_it(hall: Served) -> None:
    answer = hall.ask("GET", DISPLAY, token=None)
    assert answer.status == 401
    assert b'name="token"' in answer.body
    assert hall.ask("GET", f"{DISPLAY}?token=wrong", token=None).status == 401


def test_one_browser_keeps_several_roles(hall: Served) -> None:
    cookies = "; ".join(_cookie(hall, name).split(";")[0] for name in ("display", "kiosk"))
    given = {"Cookie": f"other=1; {cookies}; lang=en"}
    for path in (DISPLAY, "/halls/HZ01/kiosk/k1"):
        assert hall.ask("GET", path, token=None, headers=given).status == 200


def test_post_with_a_cookie_needs_the_key_that_no_form_can_send(hall: Served) -> None:
    given = {"Cookie": _cookie(hall, "kiosk").split(";")[0]}
    answer = hall.ask("POST", TICKETS, {"service": "tax"}, token=None, headers=given)
    assert (answer.status, answer.problem) == (400, "idempotency-key-missing")
    answer = hall.ask("POST", TICKETS, {"service": "tax"}, token=None, key="1", headers=given)
    assert answer.status == 201


def test_post_from_another_site_is_refused(hall: Served) -> None:
    given = {"Cookie": _cookie(hall, "kiosk").split(";")[0], "Sec-Fetch-Site": "cross-site"}
    answer = hall.ask("POST", TICKETS, {"service": "tax"}, token=None, key="1", headers=given)
    assert (answer.status, answer.problem) == (403, "forbidden")


def test_cookie_under_another_name_is_no_token() -> None:
    passes = Passes(TOKENS)
    secret = SECRETS["kiosk"].encode()
    assert list(passes.of_cookies(b"paihao-00000000=" + secret)) == []
    assert list(passes.of_cookies(b"=;;paihao-; paihao-=x")) == []


def test_only_so_many_cookies_are_looked_at() -> None:
    passes = Passes(TOKENS)
    token = TOKENS[0]
    assert token.secret is not None
    own = issue(token, token.secret).cookie + b"=" + token.secret.encode()
    assert list(passes.of_cookies(b"paihao-x=1; " * (COOKIES_MAX - 1) + own))
    assert not list(passes.of_cookies(b"paihao-x=1; " * COOKIES_MAX + own))


def test_token_is_not_shown() -> None:
    token = Token(role=Role.COUNTER, secret="very-secret-indeed", counter=CounterId("3"))
    issued = issue(token, "very-secret-indeed")
    assert "very-secret" not in repr(token) + repr(issued)
    assert issued.name == "counter/3"


def test_token_is_not_logged(hall: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        hall.ask("GET", f"{DISPLAY}?token={SECRETS['display']}", token=None)
        hall.ask("GET", HALL, token="a-token-that-is-not-known")
    assert not any(
        secret in caplog.text for secret in (*SECRETS.values(), "a-token-that-is-not-known")
    )


def test_pass_for_one_thing_is_refused_for_another() -> None:
    token = Token(role=Role.KIOSK, secret="x" * 16, hall=HallId("HZ01"), kiosk=KioskId("k1"))
    issued = issue(token, "x" * 16)
    issued.check({Role.KIOSK}, HallId("HZ01"))
    for refused in (
        lambda: issued.check({Role.DISPLAY}, None),
        lambda: issued.check({Role.KIOSK}, HallId("SH02")),
        lambda: issued.check_kiosk(KioskId("k2")),
    ):
        with pytest.raises(RequestRefused):
            refused()

"""Closed and full services, and customers who say who they are, over HTTP."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from actors.hall.state import HallState
from protocol.answers import Reason, Rejected
from protocol.hall import HallSpec, Identity, Menu
from protocol.hours import Closure, Hours, Opening
from protocol.ids import CommandId, Language, ServiceId
from protocol.values import replace
from runtime.http.desk import Desk
from runtime.http.languages import moment
from runtime.http.persons import Given, person_of
from runtime.http.problems import RequestRefused
from runtime.http.refusals import problem_of
from runtime.http.views import TakeTicketBody
from tests.runtime.http.rig import HALL, PLENTY, TICKETS, Served, hall_spec, names

TAX, ID = ServiceId("tax"), ServiceId("id")
ZH, EN = Language("zh"), Language("en")
PHONE, DOCUMENT = "13800138000", "11010519491231002X"
KEY = b"k" * 32
TODAY = date(2026, 11, 23)

CLOSED = Hours(closures=(Closure(first=date(2020, 1, 1), last=date(2099, 1, 1)),))


def spec_with(tax: dict[str, Any] | None = None, **changes: Any) -> HallSpec:
    spec = replace(hall_spec(), announcement_s=0.01, **changes)
    services = {**spec.services, TAX: replace(spec.services[TAX], **(tax or {}))}
    return replace(spec, services=services)


# -- when to come again --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "en", "zh"),
    [
        (0, "today at 14:00", "今天14:00"),
        (1, "tomorrow at 14:00", "明天14:00"),
        (2, "on Wednesday, 2026-11-25 at 14:00", "2026-11-25（星期三）14:00"),
    ],
)
def test_a_moment_is_said_as_people_do(days: int, en: str, zh: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    now = datetime(2026, 11, 23, 0, 30, tzinfo=zone).astimezone(UTC)  # the 22nd by UTC
    at = datetime(2026, 11, 23 + days, 14, tzinfo=zone).astimezone(UTC)
    assert moment(EN, at, "Asia/Shanghai", now) == en
    assert moment(ZH, at, "Asia/Shanghai", now) == zh
    assert moment(Language("fr"), at, "Asia/Shanghai", now) == en


@pytest.mark.parametrize(
    "reason",
    [Reason.CLOSED, Reason.TOO_LATE, Reason.QUOTA, Reason.NUMBERS_EXHAUSTED, Reason.PERSON_LIMIT],
)
@pytest.mark.parametrize("known", [True, False])
def test_a_refusal_says_when_to_come_again_if_that_is_known(reason: Reason, known: bool) -> None:
    now = datetime(2026, 11, 23, 4, tzinfo=UTC)
    again = now + timedelta(hours=2) if known else None
    rejected = Rejected(command=CommandId("c"), reason=reason, detail="words", opens_at=again)
    for language, word in ((EN, "today at 14:00"), (ZH, "今天14:00")):
        problem = problem_of(rejected, language, "Asia/Shanghai", now)
        assert problem.kind == reason
        assert problem.more.get("opens_at") == again
        assert (word in problem.detail) == known
        assert "{" not in problem.detail


def test_a_hall_that_is_closed_for_today_says_so_in_its_view(serve: Any) -> None:
    hall = serve()
    before = hall.ask("GET", HALL).json
    assert (before["open"], before["closure"]) == (True, None)
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    days = {"first": str(today), "last": str(today + timedelta(days=1))}  # midnight may pass
    assert hall.ask("POST", f"{HALL}/closures", {"reason": "drill", **days}).status == 201
    during = hall.ask("GET", HALL).json
    assert (during["open"], during["closure"]) == (False, "drill")
    opens = datetime.fromisoformat(during["opens_at"]).astimezone(ZoneInfo("Asia/Shanghai"))
    assert opens.date() == today + timedelta(days=2)


def test_a_closed_service_says_so_in_the_customers_language(serve: Any) -> None:
    tomorrow = datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=1)
    closure = Closure(first=date(2020, 1, 1), last=tomorrow - timedelta(days=1))
    hall = serve(spec=spec_with({"hours": Hours(closures=(closure,))}))
    english = hall.ask("POST", TICKETS, {"service": "tax", "language": "en"})
    assert (english.status, english.problem) == (409, "closed")
    opens = datetime.combine(tomorrow, time(), tzinfo=ZoneInfo("Asia/Shanghai"))
    assert english.json["opens_at"] == f"{opens.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert english.json["detail"] == "Closed now. Tickets again tomorrow at 00:00."
    assert english.headers["content-language"] == "en"
    browser = {"Accept-Language": "zh-CN,zh;q=0.9"}
    chinese = hall.ask("POST", TICKETS, {"service": "tax"}, headers=browser)
    assert "明天00:00" in chinese.json["detail"]
    assert hall.take("id")["number"] == "B001"


def test_a_hall_shows_what_is_open_and_what_is_full(serve: Any) -> None:
    hall = serve(spec=spec_with({"hours": CLOSED}))
    view = hall.ask("GET", HALL).json
    tax, id = view["services"]
    assert (tax["open"], tax["full"], tax["opens_at"], tax["closes_at"]) == (
        False,
        False,
        None,
        None,
    )
    assert (id["open"], id["full"], id["opens_at"]) == (True, False, None)
    assert view["open"]
    for _ in range(2):
        hall.take("id")
    id = hall.ask("GET", HALL).json["services"][1]
    assert (id["open"], id["full"]) == (True, True)
    refused = hall.ask("POST", TICKETS, {"service": "id"})
    assert (refused.status, refused.problem) == (409, "numbers-exhausted")
    assert refused.json["opens_at"] == id["opens_at"]


def test_the_view_is_made_anew_when_hours_begin_and_end_without_any_event(hall: Served) -> None:
    week = Opening(weekdays=(1, 2, 3, 4, 5, 6, 7), opens=time(9), closes=time(17))
    spec = spec_with(hours=Hours(openings=(week,)))
    clock = [datetime(2026, 11, 23, 0, 59, tzinfo=UTC)]
    desk = hall.call(
        lambda: Desk(replace_port(hall, spec), PLENTY, lambda: 0.0, print, now=lambda: clock[0])
    )
    state = HallState(spec=spec)
    seen = []
    for hour, minute in ((0, 59), (1, 0), (8, 59), (9, 0), (0, 30)):
        clock[0] = datetime(2026, 11, 23, hour, minute, tzinfo=UTC)
        octets, tag = desk.view(state)
        assert desk.view(state) == (octets, tag)
        seen.append((b'"open":true' in octets, tag))
    assert [open for open, _ in seen] == [False, True, True, False, False]
    assert len({tag for _, tag in seen}) == 4


def replace_port(hall: Served, spec: HallSpec) -> Any:
    return attrs.evolve(hall.port_of_hall, spec=spec)


def test_the_menu_is_a_tree_and_all_services_where_there_is_none(serve: Any) -> None:
    assert [entry["service"] for entry in serve().ask("GET", HALL).json["menu"]] == ["tax", "id"]
    page = Menu(names=names("其他", "More"), entries=(ID,))
    menu = serve(spec=spec_with(menu=(TAX, page))).ask("GET", HALL).json["menu"]
    assert menu == [
        {"service": "tax", "names": None, "entries": []},
        {
            "service": None,
            "names": {"zh": "其他", "en": "More"},
            "entries": [{"service": "id", "names": None, "entries": []}],
        },
    ]


# -- who somebody is -----------------------------------------------------------------------------


OPENID = "oLVPpjqs9BhvzwPj5A-vTYAX3GLc"


def given(
    phone: str | None = None, document: str | None = None, openid: str | None = None
) -> Given:
    return Given(phone=phone, document=document, openid=openid)


def service(identity: Identity) -> Any:
    return replace(hall_spec().services[TAX], identity=identity)


NONE, BY_PHONE, BY_DOCUMENT, BY_WECHAT = (service(identity) for identity in Identity)


def test_a_person_is_known_again_however_the_number_is_typed() -> None:
    person = person_of(given(PHONE), [BY_PHONE], KEY, TODAY)
    assert person == person_of(given("+86 138 0013 8000"), [BY_PHONE], KEY, TODAY)
    assert person != person_of(given("13800138001"), [BY_PHONE], KEY, TODAY)
    assert person != person_of(given(PHONE), [BY_PHONE], b"another" * 4, TODAY)
    assert person is not None
    assert PHONE not in person


def test_what_a_service_asks_for_is_what_counts() -> None:
    both = given(PHONE, DOCUMENT)
    by_phone, by_document = (
        person_of(one, [NONE], KEY, TODAY) for one in (given(PHONE), given(None, DOCUMENT))
    )
    assert by_phone != by_document
    assert person_of(both, [BY_PHONE], KEY, TODAY) == by_phone
    assert person_of(both, [BY_DOCUMENT], KEY, TODAY) == by_document
    assert person_of(both, [BY_PHONE, BY_DOCUMENT], KEY, TODAY) == by_document
    assert person_of(both, [NONE], KEY, TODAY) == by_document
    assert person_of(given(), [NONE], KEY, TODAY) is None
    by_wechat = person_of(given(openid=OPENID), [NONE], KEY, TODAY)
    assert by_wechat not in {None, by_phone, by_document}
    assert person_of(given(PHONE, DOCUMENT, OPENID), [BY_WECHAT], KEY, TODAY) == by_wechat
    assert person_of(given(PHONE, openid=OPENID), [NONE], KEY, TODAY) == by_phone


@pytest.mark.parametrize(
    ("said", "services", "kind"),
    [
        (given(), [BY_PHONE], "identity-needed"),
        (given(PHONE), [BY_DOCUMENT], "identity-needed"),
        (given(None, DOCUMENT), [BY_DOCUMENT, BY_PHONE], "identity-needed"),
        (given(PHONE, DOCUMENT), [BY_WECHAT], "identity-needed"),
        (given("12345678901"), [NONE], "identity-invalid"),
        (given(openid="o' or 1=1"), [BY_WECHAT], "identity-invalid"),
        (given(PHONE, "110105194912310021"), [BY_PHONE], "identity-invalid"),
    ],
)
def test_what_is_missing_or_wrong_is_refused(said: Given, services: Any, kind: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        person_of(said, services, KEY, TODAY)
    assert caught.value.problem.kind == kind


def test_a_person_has_one_open_ticket_and_leaves_no_number_anywhere(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hall = serve(spec=spec_with({"identity": Identity.PHONE, "person_max": 1}))
    stream = hall.stream()
    body = {"service": "tax", "phone": PHONE, "document": DOCUMENT}
    missing = hall.ask("POST", TICKETS, {"service": "tax"})
    assert (missing.status, missing.problem) == (422, "identity-needed")
    wrong = hall.ask("POST", TICKETS, body | {"phone": "12800138000"})
    assert (wrong.status, wrong.problem) == (422, "identity-invalid")
    assert [error["pointer"] for error in wrong.json["errors"]] == ["#/phone"]
    taken = hall.ask("POST", TICKETS, body)
    assert taken.status == 201
    again = hall.ask("POST", TICKETS, body)
    assert (again.status, again.problem) == (409, "person-limit")
    seen = hall.ask("GET", f"{TICKETS}/{taken.json['id']}")
    records = stream.events("record", 1)
    person = next(
        record.event.person
        for record in hall.journal.recover().events
        if getattr(record.event, "person", None)
    )
    everything = f"{missing} {wrong} {taken} {again} {seen} {records} {caplog.text}"
    for number in (PHONE, DOCUMENT, "12800138000"):
        assert number not in everything
        assert number not in repr(list(hall.journal.recover().events))
    assert person not in everything


def test_a_wechat_account_has_as_many_tickets_as_a_person_may(serve: Any) -> None:
    hall = serve(spec=spec_with({"identity": Identity.WECHAT, "person_max": 1}))
    body = {"service": "tax", "openid": OPENID}
    by_phone = hall.ask("POST", TICKETS, {"service": "tax", "phone": PHONE})
    assert (by_phone.status, by_phone.json["needed"]) == (422, "wechat")
    taken = hall.ask("POST", TICKETS, body)
    again = hall.ask("POST", TICKETS, body)
    another = hall.ask("POST", TICKETS, body | {"openid": OPENID[::-1]})
    assert [taken.status, again.status, another.status] == [201, 409, 201]
    assert again.problem == "person-limit"
    everything = f"{taken} {again} {list(hall.journal.recover().events)!r}"
    assert OPENID not in everything


def test_a_body_does_not_show_what_somebody_said_of_himself() -> None:
    body = TakeTicketBody(service=TAX, phone=PHONE, document=DOCUMENT, openid=OPENID)
    assert OPENID not in repr(body)
    assert PHONE not in repr(body)
    assert DOCUMENT not in repr(body)
    assert PHONE not in repr(given(PHONE))


def test_a_party_and_a_visit_are_taken(hall: Served) -> None:
    body = {"service": "tax", "party": 3, "then": ["id"], "visit_order": "shortest_wait"}
    assert hall.ask("POST", TICKETS, body).status == 201
    assert hall.ask("POST", TICKETS, body | {"party": 0}).problem == "bad-value"
    assert hall.ask("POST", TICKETS, body | {"then": ["none"]}).problem == "unknown-service"

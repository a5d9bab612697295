"""Numbers by phone: who takes one holds and follows it, and nobody else does anything with it."""

from __future__ import annotations

import logging
from typing import Any

import jsonschema
import pytest

from protocol.events import TicketTaken
from protocol.hall import HallSpec, Identity
from protocol.ids import CommandId, CounterId, ServiceId, TicketId
from protocol.messages import Submit
from protocol.places import Place, Position
from protocol.push_commands import FollowTicket
from protocol.push_events import TicketFollowed
from protocol.tickets import Channel
from protocol.values import replace
from tests.runtime.http.rig import HALL, PLENTY, TICKETS, hall_spec
from tests.runtime.reservation.conftest import Begin
from tests.runtime.reservation.platform import MY, MY_TICKETS, Phone, Platform

TAX = ServiceId("tax")
NEAR = {"latitude": 30.2601, "longitude": 120.1310}
FAR = {"latitude": 31.2304, "longitude": 121.4737}
"""Shanghai, some 160 km away."""


def spec_with(place: Place | None = None, **tax: Any) -> HallSpec:
    """The hall at ``place``, whose service of taxes is changed."""
    spec = hall_spec()
    changed = replace(spec.services[TAX], **tax)
    return replace(spec, place=place or spec.place, services={**spec.services, TAX: changed})


def place(reach_m: float | None = 2_000.0) -> Place:
    return Place(position=Position(latitude=30.2592, longitude=120.1303), reach_m=reach_m)


def test_number_is_taken_held_and_followed(platform: Platform) -> None:
    phone = platform.phone()
    answer = phone.post(MY_TICKETS, {"service": "tax", "language": "en", "party": 2})
    assert answer.status == 201
    ticket = answer.json
    assert ticket["number"] == "A001"
    assert ticket["scan_url"].startswith(f"http://hall.test/t/HZ01/{ticket['id']}?c=")
    assert answer.headers["location"] == f"{TICKETS}/{ticket['id']}"
    [taken] = platform.events(TicketTaken)
    assert (taken.channel, taken.follower, taken.party) == (Channel.WECHAT, phone.follower, 2)
    [followed] = platform.events(TicketFollowed)
    assert followed.follower == phone.follower
    assert phone.get(f"{MY_TICKETS}/{ticket['id']}").json == {
        "mine": True,
        "followed": True,
        "silent": False,
    }


def test_language_that_is_not_said_is_the_browsers(platform: Platform) -> None:
    phone = platform.phone()
    phone.post(MY_TICKETS, {"service": "tax"}, headers={"Accept-Language": "en-GB,zh;q=0.5"})
    phone.post(MY_TICKETS, {"service": "id"}, headers={"Accept-Language": "zh-CN"})
    assert [taken.language for taken in platform.events(TicketTaken)] == ["en", "zh"]
    answer = phone.post(MY_TICKETS, {"service": "tax", "language": "fr"})
    assert answer.problem == "unknown-language"


def test_phone_has_one_open_number_for_a_service(platform: Platform) -> None:
    phone = platform.phone()
    first = phone.take()
    assert phone.post(MY_TICKETS, {"service": "tax"}).problem == "person-limit"
    assert platform.phone("li").take()["number"] == "A002"
    assert phone.post(f"{MY_TICKETS}/{first['id']}/cancel").status == 200
    assert phone.take()["number"] == "A003"


def test_repeated_request_is_one_number_and_of_another_phone_another(platform: Platform) -> None:
    zhang, li = platform.phone("zhang"), platform.phone("li")
    first = zhang.post(MY_TICKETS, {"service": "tax"}, key="the-same")
    again = zhang.post(MY_TICKETS, {"service": "tax"}, key="the-same")
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    other = li.post(MY_TICKETS, {"service": "tax"}, key="the-same")
    assert other.status == 201
    assert other.json["id"] != first.json["id"]
    assert len(platform.events(TicketTaken)) == 2


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"key": None}, "idempotency-key-missing"),
        ({"headers": {"Sec-Fetch-Site": "cross-site"}}, "forbidden"),
        ({"headers": {"Content-Type": "text/plain"}}, "unsupported-media-type"),
        (
            {"headers": {"Authorization": "Bearer a-manager-of-all"}, "key": None},
            "idempotency-key-missing",
        ),
    ],
)
def test_another_sites_form_takes_nothing(
    platform: Platform, given: dict[str, Any], problem: str
) -> None:
    assert platform.phone().post(MY_TICKETS, {"service": "tax"}, **given).problem == problem
    assert not platform.events(TicketTaken)


def test_who_has_not_signed_in_takes_nothing(platform: Platform) -> None:
    phone = platform.phone(signed_in=False)
    assert phone.post(MY_TICKETS, {"service": "tax"}).problem == "sign-in-needed"
    assert not platform.events(TicketTaken)


# -- who one is ----------------------------------------------------------------------------------


def test_openid_says_who_it_is_where_nothing_or_wechat_is_asked_for(begin: Begin) -> None:
    persons = []
    for identity in (Identity.NONE, Identity.WECHAT):
        platform = begin(spec=spec_with(identity=identity))
        # What was typed and is not asked for does not make another person of the phone.
        platform.phone().take(phone="13800138000")
        [taken] = platform.events(TicketTaken)
        persons.append(taken.person)
    assert persons[0] == persons[1]
    assert str(persons[0]).startswith("wechat-")


def test_what_a_service_asks_for_is_typed(begin: Begin) -> None:
    platform = begin(spec=spec_with(identity=Identity.PHONE))
    phone = platform.phone()
    lacks = phone.post(MY_TICKETS, {"service": "tax"})
    assert (lacks.problem, lacks.json["needed"]) == ("identity-needed", "phone")
    wrong = phone.post(MY_TICKETS, {"service": "tax", "phone": "12345"})
    assert wrong.problem == "identity-invalid"
    phone.take(phone="138 0013 8000")
    assert str(platform.events(TicketTaken)[0].person).startswith("phone-")
    same_person = platform.phone("li").post(MY_TICKETS, {"service": "tax", "phone": "13800138000"})
    assert same_person.problem == "person-limit"


def test_what_was_typed_is_in_no_log(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    platform = begin(spec=spec_with(place(), identity=Identity.PHONE))
    phone = platform.phone()
    phone.take(phone="13800138000", **NEAR)
    assert "13800138000" not in caplog.text
    assert "30.26" not in caplog.text
    assert phone.openid not in caplog.text


# -- where one is --------------------------------------------------------------------------------


def test_number_is_taken_within_reach_and_not_beyond(begin: Begin) -> None:
    platform = begin(spec=spec_with(place()))
    phone = platform.phone()
    needed = phone.post(MY_TICKETS, {"service": "tax"})
    assert (needed.status, needed.problem) == (403, "position-needed")
    half = phone.post(MY_TICKETS, {"service": "tax", "latitude": 30.26})
    assert half.problem == "position-needed"
    far = phone.post(MY_TICKETS, {"service": "tax", **FAR})
    assert (far.status, far.problem) == (403, "too-far")
    assert far.json["reach_m"] == 2_000.0
    assert 160_000 < far.json["distance_m"] < 180_000
    assert not platform.events(TicketTaken)
    phone.take(**NEAR)


def test_distance_does_not_matter_without_a_reach(begin: Begin) -> None:
    platform = begin(spec=spec_with(place(reach_m=None)))
    platform.phone().take(**FAR)
    platform.phone("li").take()


@pytest.mark.parametrize(
    "where",
    [
        {"latitude": 90.1, "longitude": 0},
        {"latitude": 0, "longitude": -180.5},
        {"latitude": 1e308, "longitude": 1},
    ],
)
def test_place_that_is_not_on_the_earth_is_refused(begin: Begin, where: dict[str, float]) -> None:
    phone = begin(spec=spec_with(place())).phone()
    assert phone.post(MY_TICKETS, {"service": "tax", **where}).problem == "bad-value"


@pytest.mark.parametrize("latitude", ["30.2", True, None, [30.2]])
def test_latitude_is_a_number(platform: Platform, latitude: Any) -> None:
    body = {"service": "tax", "latitude": latitude, "longitude": 120}
    answer = platform.phone().post(MY_TICKETS, body)
    assert answer.status == (201 if latitude is None else 422)


def test_service_that_phones_take_no_number_for(begin: Begin) -> None:
    platform = begin(spec=spec_with(by_phone=False))
    phone = platform.phone()
    refused = phone.post(MY_TICKETS, {"service": "tax"})
    assert (refused.status, refused.problem) == (403, "not-by-phone")
    assert platform.served.take()["number"] == "A001"
    assert phone.take("id")["number"] == "B001"


# -- whose it is ---------------------------------------------------------------------------------


def test_stranger_does_nothing_with_a_number(platform: Platform) -> None:
    ticket = platform.phone().take()["id"]
    stranger = platform.phone("mallory")
    for step, body in (("cancel", {}), ("silent", {"silent": True})):
        refused = stranger.post(f"{MY_TICKETS}/{ticket}/{step}", body)
        assert (refused.status, refused.problem) == (403, "not-yours")
    assert stranger.get(f"{MY_TICKETS}/{ticket}").json == {
        "mine": False,
        "followed": False,
        "silent": False,
    }
    assert stranger.post(f"{MY_TICKETS}/20000101-A001/cancel").problem == "unknown-ticket"
    assert platform.served.ask("GET", f"{TICKETS}/{ticket}").json["state"] == "waiting"


def test_who_scanned_a_paper_may_leave_the_queue(platform: Platform) -> None:
    phone = platform.phone()
    ticket = TicketId(platform.served.take()["id"])
    assert phone.post(f"{MY_TICKETS}/{ticket}/cancel").problem == "not-yours"
    follow = FollowTicket(id=CommandId("scan"), ticket=ticket, follower=phone.follower)
    platform.served.call(platform.served.hall.tell, Submit(command=follow))
    assert phone.get(f"{MY_TICKETS}/{ticket}").json["mine"]
    answer = phone.post(f"{MY_TICKETS}/{ticket}/cancel")
    assert answer.json["ticket"]["state"] == "cancelled"


def test_number_is_called_silently_when_that_is_wished(platform: Platform) -> None:
    phone = platform.phone()
    ticket = phone.take(silent=True)["id"]
    assert phone.get(f"{MY_TICKETS}/{ticket}").json["silent"]
    answer = phone.post(f"{MY_TICKETS}/{ticket}/silent", {"silent": False})
    assert answer.json == {"ticket": {"id": ticket, "followed": True, "silent": False}}
    assert not phone.get(f"{MY_TICKETS}/{ticket}").json["silent"]
    assert phone.post(f"{MY_TICKETS}/{ticket}/silent", {}).problem == "invalid-body"


def test_ended_number_is_left_alone(platform: Platform) -> None:
    phone = platform.phone()
    ticket = phone.take()["id"]
    phone.post(f"{MY_TICKETS}/{ticket}/cancel")
    assert phone.post(f"{MY_TICKETS}/{ticket}/cancel").problem == "ticket-state"


# -- what one has --------------------------------------------------------------------------------


def mine(phone: Phone) -> Any:
    answer = phone.get(MY)
    assert answer.status == 200, answer
    return answer.json


def test_numbers_of_all_halls_are_listed_open_ones_first(platform: Platform) -> None:
    phone = platform.phone()
    assert mine(phone) == {"halls": [], "away": []}
    first = phone.take()
    phone.post(f"{MY_TICKETS}/{first['id']}/cancel")
    second, third = phone.take(), phone.take("id")
    platform.phone("li").take()
    [hall] = mine(phone)["halls"]
    assert (hall["id"], hall["names"]["en"], hall["bookings"]) == ("HZ01", "West Lake Hall", [])
    assert [ticket["number"] for ticket in hall["tickets"]] == ["B001", "A002", "A001"]
    shown = {ticket["id"]: ticket for ticket in hall["tickets"]}
    assert shown[second["id"]]["scan_url"] == second["scan_url"]
    assert shown[third["id"]]["state"] == "waiting"
    assert shown[first["id"]]["state"] == "cancelled"


def test_hall_that_does_not_answer_is_named(platform: Platform) -> None:
    phone = platform.phone()
    phone.take()
    platform.served.call(lambda: platform.served.hall.stop(block=False))
    answer = mine(phone)
    assert answer == {"halls": [], "away": ["HZ01"]}


def test_customers_have_a_rate_of_their_own(begin: Begin) -> None:
    few = replace(PLENTY, address_requests_per_s=0.001, address_requests_burst=8)
    platform = begin(limits=few)
    zhang, li = platform.phone(), platform.phone("li")
    answers = [zhang.get(MY).status for _ in range(9)]
    assert answers == [200] * 8 + [429]
    assert li.get(MY).status == 200
    zhang.cookies["customer"] = "forged"
    assert [zhang.get(MY).status for _ in range(5)] == [401, 401, 401, 401, 429]


def test_routes_are_described_and_answer_so(platform: Platform) -> None:
    document = platform.served.ask("GET", "/api/v1/openapi.json").json
    path = "/api/v1/my/halls/{hall}/tickets"
    operation = document["paths"][path]["post"]
    assert operation["security"] == [{"customer": []}]
    assert "sign-in-needed" in operation["responses"]["401"]["description"]
    assert "too-far" in operation["responses"]["403"]["description"]
    phone = platform.phone()
    phone.take()
    for pattern, answer in (
        ("/api/v1/my", phone.get(MY)),
        ("/api/v1/directory", phone.get("/api/v1/directory")),
        ("/api/v1/halls/{hall}/offer", phone.get(f"{HALL}/offer")),
        ("/api/v1/halls/{hall}/progress", phone.get(f"{HALL}/progress?number=A001")),
    ):
        [content] = document["paths"][pattern]["get"]["responses"]["200"]["content"].values()
        schema = {**content["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json)


def test_counter_calls_a_number_of_a_phone_as_any_other(platform: Platform) -> None:
    ticket = platform.phone().take()
    path = f"{HALL}/counters/{CounterId('1')}"
    platform.served.ask("POST", f"{path}/open", {})
    assert platform.served.ask("POST", f"{path}/next", {}).json["ticket"]["id"] == ticket["id"]

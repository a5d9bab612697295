"""The directory, a hall's offer and its progress: for everybody, and made once a second at most."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.hall import Identity
from protocol.ids import DistrictId, Language, ServiceId
from protocol.places import Place, Position
from protocol.values import replace
from runtime.http import kept
from tests.runtime.http.rig import HALL, Answer, hall_spec
from tests.runtime.http.test_bookings import booked_spec
from tests.runtime.reservation.conftest import Begin
from tests.runtime.reservation.platform import Platform
from tests.runtime.reservation.test_my_tickets import spec_with

XIHU = Place(
    district=DistrictId("xihu"),
    address={Language("zh"): "天目山路 1 号"},
    position=Position(latitude=30.2592, longitude=120.1303),
    reach_m=2_000.0,
)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept."""
    monkeypatch.setattr(kept, "KEPT_S", 0.0)


@pytest.fixture
def kept_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made is kept for as long as a test takes."""
    monkeypatch.setattr(kept, "KEPT_S", 600.0)


def read(platform: Platform, path: str, **given: Any) -> Any:
    answer = platform.phone(signed_in=False).get(path, **given)
    assert answer.status == 200, answer
    return answer.json


def call_next(platform: Platform, counter: str = "1") -> Any:
    path = f"{HALL}/counters/{counter}"
    platform.served.ask("POST", f"{path}/open", {})
    return platform.served.ask("POST", f"{path}/next", {}).json["ticket"]


# -- the directory -------------------------------------------------------------------------------


@pytest.mark.usefixtures("at_once")
def test_directory_lists_halls_with_their_places_and_waits(begin: Begin) -> None:
    platform = begin(spec=replace(hall_spec(), place=XIHU))
    platform.served.take()
    listed = read(platform, "/api/v1/directory")
    assert [district["id"] for district in listed["districts"]] == ["xihu", "binjiang"]
    assert listed["away"] == []
    [hall] = listed["halls"]
    assert (hall["id"], hall["district"], hall["waiting"]) == ("HZ01", "xihu", 1)
    assert hall["address"] == {"zh": "天目山路 1 号"}
    assert hall["position"] == {"latitude": 30.2592, "longitude": 120.1303}
    assert hall["reach_m"] == 2_000.0
    assert (hall["open"], hall["by_phone"], hall["estimate"]) == (True, True, None)
    platform.served.ask("POST", f"{HALL}/counters/1/open", {})
    assert set(read(platform, "/api/v1/directory")["halls"][0]["estimate"]) == {"p50_s", "p90_s"}


@pytest.mark.usefixtures("at_once")
def test_estimate_is_of_services_that_phones_take_numbers_for(begin: Begin) -> None:
    spec = spec_with(by_phone=False)
    nothing = {id: replace(each, by_phone=False) for id, each in spec.services.items()}
    platform = begin(spec=replace(spec, services=nothing))
    platform.served.ask("POST", f"{HALL}/counters/1/open", {})
    [hall] = read(platform, "/api/v1/directory")["halls"]
    assert (hall["by_phone"], hall["estimate"]) == (False, None)


@pytest.mark.usefixtures("at_once")
def test_hall_that_does_not_answer_is_named_and_left_out(platform: Platform) -> None:
    platform.served.call(lambda: platform.served.hall.stop(block=False))
    listed = read(platform, "/api/v1/directory")
    assert (listed["halls"], listed["away"]) == ([], ["HZ01"])


# -- what a hall offers --------------------------------------------------------------------------


def test_offer_says_what_phones_need_of_each_service(begin: Begin) -> None:
    spec = booked_spec(Identity.PHONE)
    tax = replace(spec.services[ServiceId("tax")], by_phone=False, lead=5)
    platform = begin(spec=replace(spec, place=XIHU, services={**spec.services, tax.id: tax}))
    offer = read(platform, f"{HALL}/offer")
    assert (offer["id"], offer["open"], offer["time_zone"]) == ("HZ01", True, "Asia/Shanghai")
    assert offer["languages"] == ["zh", "en"]
    assert offer["address"] == {"zh": "天目山路 1 号"}
    assert [entry["service"] for entry in offer["menu"]] == ["tax", "id"]
    taxes, cards = offer["services"]
    assert (taxes["by_phone"], taxes["bookable"], taxes["lead"]) == (False, True, 5)
    assert (taxes["identity"], taxes["open"], taxes["full"]) == ("phone", True, False)
    assert (cards["by_phone"], cards["bookable"], cards["lead"]) == (True, False, 3)


@pytest.mark.usefixtures("kept_long")
def test_answer_is_kept_and_not_sent_again_to_who_has_it(platform: Platform) -> None:
    phone = platform.phone(signed_in=False)
    first = phone.get(f"{HALL}/offer")
    platform.served.take()
    assert phone.get(f"{HALL}/offer").body == first.body
    known = phone.get(f"{HALL}/offer", headers={"If-None-Match": first.headers["etag"]})
    assert (known.status, known.body) == (304, b"")
    assert known.headers["cache-control"] == "public, max-age=1"


@pytest.mark.usefixtures("at_once")
def test_changed_answer_has_another_tag(platform: Platform) -> None:
    for path in (f"{HALL}/offer", f"{HALL}/progress", "/api/v1/directory"):
        phone = platform.phone(signed_in=False)
        tag = phone.get(path).headers["etag"]
        platform.served.take()
        changed = phone.get(path, headers={"If-None-Match": tag})
        assert (changed.status, changed.headers["etag"] != tag) == (200, True)


def test_answer_is_made_anew_when_it_is_old() -> None:
    clock = [0.0]
    answers: kept.Kept[int] = kept.Kept(lambda: clock[0])
    assert answers.fresh() is None
    assert answers.made(lambda: 1) == 1
    clock[0] = 0.9
    assert (answers.fresh(), answers.made(lambda: 2)) == (1, 1)
    clock[0] = 1.0
    assert answers.fresh() is None
    assert answers.made(lambda: 2) == 2


def test_unknown_hall_offers_nothing(platform: Platform) -> None:
    phone = platform.phone(signed_in=False)
    for path in ("offer", "progress"):
        assert phone.get(f"/api/v1/halls/SH02/{path}").problem == "unknown-hall"


# -- how it goes on ------------------------------------------------------------------------------


@pytest.mark.usefixtures("at_once")
def test_progress_says_what_is_called_where(platform: Platform) -> None:
    for _ in range(3):
        platform.served.take()
    call_next(platform, "1")
    call_next(platform, "2")
    progress = read(platform, f"{HALL}/progress")
    assert progress["number"] is None
    tax, cards = progress["services"]
    assert (tax["id"], tax["waiting"]) == ("tax", 1)
    assert [(each["number"], each["counter"]["en"]) for each in tax["now"]] == [
        ("A001", "Counter 1"),
        ("A002", "Counter 2"),
    ]
    assert (cards["waiting"], cards["now"]) == (0, [])


@pytest.mark.usefixtures("at_once")
def test_number_is_looked_up_as_people_write_it(platform: Platform) -> None:
    platform.served.take()
    call_next(platform)

    def of(typed: str) -> Any:
        return read(platform, f"{HALL}/progress?number={typed}")["number"]

    assert (
        of("A001")
        == of("a1")
        == {"service": "tax", "called_to": {"zh": "1 号窗口", "en": "Counter 1"}}
    )
    # Nothing says whether a ticket is there that is not called.
    assert of("A777") == of("A002") == {"service": "tax", "called_to": None}
    assert of("Z001") is None
    assert of("%E4%BD%A0%E5%A5%BD") is None
    assert of("%ff%fe") is None


def test_number_that_is_none_is_refused_where_it_is_long(platform: Platform) -> None:
    answer: Answer = platform.phone(signed_in=False).get(f"{HALL}/progress?number={'1' * 101}")
    assert answer.problem == "malformed-request"


@pytest.mark.usefixtures("kept_long")
def test_number_is_looked_up_in_what_was_kept(platform: Platform) -> None:
    platform.served.take()
    assert read(platform, f"{HALL}/progress")["services"][0]["waiting"] == 1
    platform.served.take()
    looked_up = read(platform, f"{HALL}/progress?number=A002")
    assert (looked_up["services"][0]["waiting"], looked_up["number"]["service"]) == (1, "tax")

"""The pages for phones as octets; what they look like and do is tried in a browser elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from protocol.places import Place
from protocol.values import replace
from tests.runtime.http.rig import PLENTY, Served, hall_spec
from tests.runtime.pages.fake_reservations import spec_for_phones
from tests.runtime.reservation.conftest import Begin
from tests.runtime.reservation.platform import Phone, Platform

CODE = "7K3MPQ9X"
PAGES = (
    "/m/",
    "/m/halls/HZ01",
    "/m/halls/HZ01/book/tax",
    f"/m/halls/HZ01/book/tax?move={CODE}",
    f"/m/halls/HZ01/bookings/{CODE}",
    "/m/halls/HZ01/progress",
    "/m/mine",
)


@pytest.fixture
def phone(begin: Begin) -> Phone:
    """A phone that has not signed in, before a hall whose services are booked."""
    return begin(spec=spec_for_phones()).phone(signed_in=False)


@pytest.fixture
def without_account(reactor_thread: Any) -> Iterator[Served]:
    """A hall that WeChat does not know."""
    served = Served(reactor_thread, PLENTY)
    served.call(served.start)
    yield served
    served.call(served.stop)


def page_at(phone: Phone, path: str, **given: Any) -> str:
    answer = phone.get(path, **given)
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    return answer.body.decode()


def data_in(page: str) -> Any:
    (block,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    return json.loads(block)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_has_no_script_or_style_of_its_own(phone: Phone, path: str, language: str) -> None:
    page = page_at(phone, path, headers={"Accept-Language": language})
    assert f'<html lang="{language}' in page
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    for script in re.findall(r"<script([^>]*)>", page):
        assert "application/json" in script or 'type="module" src="/static/' in script


@pytest.mark.parametrize("path", PAGES)
def test_everything_that_a_page_loads_is_there(phone: Phone, path: str) -> None:
    loaded = set(re.findall(r'(?:src|href)="(/static/[^"]+|/m/[^"]+\.svg)"', page_at(phone, path)))
    assert loaded
    left = list(loaded)
    while left:
        address = left.pop()
        answer = phone.get(address)
        assert answer.status == 200, address
        for imported in re.findall(r'(?:from|import) "\./([\w.-]+)"', answer.body.decode()):
            beside = f"{address.rpartition('/')[0]}/{imported}"
            if beside not in loaded:
                loaded.add(beside)
                left.append(beside)


def test_page_knows_whether_its_reader_has_signed_in(phone: Phone) -> None:
    asked = {"signIn": "/m/sign-in", "signedIn": False}
    assert asked.items() <= data_in(page_at(phone, "/m/mine")).items()
    phone.sign_in()
    assert data_in(page_at(phone, "/m/mine"))["signedIn"] is True


def test_page_names_nothing_of_whom_it_is_shown_to(phone: Phone) -> None:
    phone.sign_in()
    for path in PAGES:
        page = page_at(phone, path)
        assert phone.openid not in page
        assert phone.follower not in page


def test_hall_that_asks_where_phones_are_says_so_before_they_are_asked(
    begin: Begin,
) -> None:
    spec = replace(hall_spec(), place=Place(reach_m=2000.0))
    phone = begin(spec=spec).phone(signed_in=False)
    assert data_in(page_at(phone, "/m/halls/HZ01"))["reach"] == 2000
    assert data_in(page_at(phone, f"/m/halls/HZ01/bookings/{CODE}"))["reach"] == 2000


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/m/halls/none", "unknown-hall", 404),
        ("/m/halls/HZ01/book/none", "unknown-service", 404),
        ("/m/halls/HZ01/book/tax?move=%ff%ff", "unknown-booking", 404),
        ("/m/halls/HZ01/bookings/1234", "unknown-booking", 404),
        ("/m/halls/HZ01/bookings/1234/qr.svg", "unknown-booking", 404),
        ("/t/HZ01/20200101-A001", "unknown-ticket", 404),
    ],
)
def test_what_is_not_there_is_said_on_a_page_for_customers(
    phone: Phone, path: str, kind: str, status: int
) -> None:
    answer = phone.get(path, headers={"Accept-Language": "en"})
    page = answer.body.decode()
    assert answer.status == status
    assert f'href="/problems/{kind}"' in page
    assert 'href="/m/"' in page
    # What is for programs and for the staff is not for them.
    assert "/api/v1" not in page
    assert 'name="token"' not in page


def test_service_without_appointments_has_no_page_to_book(platform: Platform) -> None:
    answer = platform.phone(signed_in=False).get("/m/halls/HZ01/book/tax")
    assert answer.status == 409
    assert 'href="/problems/no-appointments"' in answer.body.decode()


def test_code_of_a_booking_is_read_as_people_type_it_and_drawn(phone: Phone) -> None:
    assert data_in(page_at(phone, "/m/halls/HZ01/bookings/7k3m-pq9x"))["code"] == CODE
    drawn = phone.get(f"/m/halls/HZ01/bookings/{CODE}/qr.svg")
    assert (drawn.status, drawn.headers["content-type"]) == (200, "image/svg+xml")
    assert drawn.body.startswith(b"<svg")
    other = phone.get("/m/halls/HZ01/bookings/00000000/qr.svg")
    assert other.body != drawn.body


def test_ticket_leads_to_the_pages_for_phones(platform: Platform) -> None:
    id = platform.served.take()["id"]
    page = page_at(platform.phone(signed_in=False), f"/t/HZ01/{id}")
    assert 'href="/m/mine"' in page
    assert data_in(page)["signIn"] == "/m/sign-in"


def test_server_without_an_account_has_no_pages_for_phones(without_account: Served) -> None:
    id = without_account.take()["id"]
    answer = without_account.ask("GET", f"/t/HZ01/{id}", token=None)
    assert answer.status == 200
    assert b"/m/" not in answer.body
    assert without_account.ask("GET", "/m/", token=None).status == 404


@pytest.mark.parametrize("path", ["/m/", "/m/halls/HZ01", "/m/halls/HZ01/progress", "/m/mine"])
def test_page_that_is_kept_is_the_readers_own(begin: Begin, path: str) -> None:
    platform = begin(spec=spec_for_phones())
    readers = [platform.phone(signed_in=signed_in) for signed_in in (False, True)]
    shown = [
        (language, data_in(page_at(reader, path, headers={"Accept-Language": language})))
        for _ in range(2)
        for reader in readers
        for language in ("zh", "en")
    ]
    assert [(data["language"], data["signedIn"]) for _, data in shown] == [
        ("zh", False),
        ("en", False),
        ("zh", True),
        ("en", True),
    ] * 2


def test_language_that_is_chosen_on_a_kept_page_is_remembered(phone: Phone) -> None:
    page_at(phone, "/m/", headers={"Accept-Language": "en"})
    answer = phone.get("/m/?lang=en")
    assert "lang" in answer.headers["set-cookie"].partition("=")[0]

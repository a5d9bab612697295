"""Pages that say the same to everybody are filled in once, and never shown to whom they are not for."""

from __future__ import annotations

from runtime.http.pages import KEPT_MAX, Pages
from tests.runtime.reservation.platform import Platform

PROGRESS = "/m/halls/HZ01/progress"


def kept(platform: Platform) -> int:
    pages: Pages = platform.served.service._pages
    return platform.served.call(lambda: len(pages._kept))


def test_page_is_filled_in_once_for_each_language_and_kind_of_reader(platform: Platform) -> None:
    stranger, customer = platform.phone(signed_in=False), platform.phone()
    zh, en = {"Accept-Language": "zh"}, {"Accept-Language": "en"}
    pages = [
        stranger.get(PROGRESS, headers=zh),
        stranger.get(PROGRESS, headers=en),
        customer.get(PROGRESS, headers=zh),
    ]
    assert {page.status for page in pages} == {200}
    assert len({page.body for page in pages}) == 3
    assert kept(platform) == 3
    assert stranger.get(PROGRESS, headers=en).body == pages[1].body
    assert kept(platform) == 3
    assert stranger.get("/m/halls/HZ01", headers=en).body != pages[1].body
    assert stranger.get("/m/").body != stranger.get("/m/mine").body


def test_language_that_is_chosen_is_remembered_by_the_browser_all_the_same(
    platform: Platform,
) -> None:
    phone = platform.phone(signed_in=False)
    phone.get(PROGRESS, headers={"Accept-Language": "en"})
    answer = phone.get(f"{PROGRESS}?lang=en")
    assert "lang=en" in answer.headers["set-cookie"]
    assert b'<html lang="en' in phone.get(PROGRESS, headers={"Accept-Language": "zh"}).body


def test_pages_that_are_kept_are_bounded(platform: Platform) -> None:
    pages: Pages = platform.served.service._pages
    platform.served.call(lambda: pages._kept.update(dict.fromkeys(range(KEPT_MAX), b"")))
    assert platform.phone(signed_in=False).get(PROGRESS).status == 200
    assert kept(platform) == 1


def test_page_of_a_booking_is_not_kept(platform: Platform) -> None:
    phone = platform.phone(signed_in=False)
    for code in ("ABCDEFGH", "ABCDEFGJ"):
        assert phone.get(f"/m/halls/HZ01/bookings/{code}").status in (200, 404)
    assert kept(platform) == 0

"""Bookings on a phone, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.runtime.pages.fake_reservations import HALL
from tests.runtime.pages.phone_pages import FAINT, Phone, later
from tests.runtime.pages.screens import scrolls_sideways

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")

CODE = "7K3MPQ9X"
BOOK = f"/m/halls/{HALL}/book/tax"
BOOKING = f"/m/halls/{HALL}/bookings/{CODE}"


def choose_slot(page: Any, day: int = 0, slot: int = 0) -> None:
    """Choose among the days and slots that are not full."""
    for field, place in (("#days", day), ("#slots", slot)):
        page.locator(f"{field} input:enabled").nth(place).check(force=True)


def test_a_day_and_a_time_with_what_is_left_are_booked(phone: Phone) -> None:
    phone.api.booking = phone.api.booking_at(phone.api.slots[2])
    page = phone.open(BOOK)
    expect(page.locator("#days label").first).to_contain_text("15 left")
    expect(page.locator("#go")).to_be_hidden()
    assert page.locator("#days input").nth(2).is_disabled()
    choose_slot(page, slot=1)
    expect(page.locator("#slots label").first).to_contain_text("full")
    expect(page.locator("#slots label").nth(2)).to_contain_text("2 left")
    assert not scrolls_sideways(page)
    assert page.evaluate(FAINT) == []
    expect(page.locator("#go")).to_have_text("Book tomorrow at 10:00")
    page.locator("#go").dblclick()
    expect(page.get_by_role("heading", name="Your time is booked")).to_be_visible()
    expect(page.locator("#code b")).to_have_text("7K3M PQ9X")
    code = page.get_by_role("img", name="QR code of the booking")
    assert code.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    ((path, body, _),) = phone.api.asked
    assert path == f"/my/halls/{HALL}/bookings"
    assert body == {
        "service": "tax",
        "slot": phone.api.slots[2]["slot"],
        "language": "en",
        "party": 1,
    }
    assert urlsplit(page.url).query == ""
    assert not scrolls_sideways(page)
    assert page.evaluate(FAINT) == []


def test_a_time_is_booked_with_the_keyboard_alone(phone: Phone) -> None:
    page = phone.open(BOOK)
    expect(page.locator("#days label").first).to_be_visible()
    page.locator("#days input").first.focus()
    # Full days are passed over.
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#days input").nth(3)).to_be_checked()
    expect(page.locator("#days input").nth(3)).to_be_focused()
    page.locator("#later").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#slots input").nth(1)).to_be_checked()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your time is booked")).to_be_visible()
    assert phone.api.asked[0][1]["slot"] == phone.api.slots[20]["slot"]


def test_later_days_are_shown_on_request(phone: Phone) -> None:
    page = phone.open(BOOK)
    expect(page.locator("#days label")).to_have_count(9)
    page.get_by_role("button", name="More days").click()
    expect(page.locator("#days label")).to_have_count(14)
    expect(page.locator("#later")).to_be_hidden()


def test_a_service_without_times_says_so(phone: Phone) -> None:
    phone.api.slots = []
    page = phone.open(BOOK)
    expect(page.locator("#no-slots")).to_contain_text("no times to book")


def test_a_time_that_was_just_taken_is_shown_as_full_and_another_one_is_chosen(
    phone: Phone,
) -> None:
    phone.api.refuse("/bookings", 409, "slot-full")
    page = phone.open(BOOK, forgiven="status of 409")
    choose_slot(page)
    phone.api.slots[1]["free"] = 0
    page.locator("#go").click()
    expect(page.locator("#said")).to_have_text(
        "This time has just been taken. Please choose another one."
    )
    expect(page.locator("#slots label").nth(1)).to_contain_text("full")
    expect(page.locator("#go")).to_be_hidden()
    phone.api.refused.clear()
    choose_slot(page)
    page.locator("#go").click()
    expect(page.locator("#booking")).to_be_visible()


def test_a_person_is_asked_for_and_checked_before_a_time_is_booked(phone: Phone) -> None:
    page = phone.open(f"/m/halls/{HALL}/book/property")
    choose_slot(page)
    page.locator("#go").click()
    expect(page.locator("#person-wrong")).to_have_text(
        "Please enter all 18 characters of your identity number."
    )
    assert phone.api.asked == []
    page.get_by_label("The number of your identity card").fill("11010519491231002x")
    page.locator("#go").click()
    expect(page.locator("#booking")).to_be_visible()
    assert phone.api.asked[0][1]["document"] == "11010519491231002X"


def test_a_booking_goes_on_after_wechat_said_who_it_is(phone: Phone) -> None:
    phone.api.refuse("/bookings", 401, "sign-in-needed")
    page = phone.open(BOOK, known=False, forgiven="status of 401")

    def answer(route: Any) -> None:
        (to,) = parse_qs(urlsplit(route.request.url).query)["to"]
        phone.know(page)
        phone.api.refused.clear()
        route.fulfill(status=303, headers={"Location": to})

    page.route(re.compile(r"/m/sign-in"), answer)
    choose_slot(page, day=1, slot=2)
    page.locator("#go").click()
    expect(page.get_by_role("heading", name="Your time is booked")).to_be_visible()
    slots = [body["slot"] for _, body, _ in phone.api.asked]
    assert slots == [phone.api.slots[9]["slot"]] * 2


def test_a_booking_is_moved_without_asking_who_it_is_again(phone: Phone) -> None:
    page = phone.open(BOOKING)
    page.get_by_role("link", name="Another time").click()
    expect(page.locator("#moved-from")).to_contain_text("Booked until now: ")
    page.reload()
    choose_slot(page, slot=3)
    expect(page.locator("#asked")).to_be_hidden()
    expect(page.locator("#go")).to_have_text("Move to tomorrow at 11:00")
    page.locator("#go").click()
    expect(page.get_by_role("heading", name="Your booking was moved")).to_be_visible()
    ((path, body, _),) = phone.api.asked
    assert path.endswith(f"/bookings/{CODE}/move")
    assert body == {"slot": phone.api.slots[4]["slot"]}


def test_a_booking_is_cancelled_once_that_was_asked_again(phone: Phone) -> None:
    page = phone.open(BOOKING)
    cancel, question = page.locator("#cancel"), page.get_by_role("alertdialog")
    cancel.click()
    expect(question).to_contain_text("Cancel this booking?")
    expect(page.locator("#ask-no")).to_be_focused()
    page.go_back()
    expect(question).to_be_hidden()
    cancel.click()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    assert phone.api.asked == []
    cancel.click()
    page.locator("#ask-yes").click()
    expect(page.locator("#state")).to_have_text("Cancelled")
    expect(page.locator("#state")).to_be_focused()
    expect(page.locator("#code")).to_be_hidden()
    expect(page.get_by_role("link", name="To the hall")).to_be_visible()
    assert len(phone.api.asked) == 1


def test_a_reservation_says_until_when_it_must_be_confirmed(phone: Phone) -> None:
    slot = phone.api.slots[-1]
    phone.api.booking = phone.api.booking_at(slot, state="reserved", lapses_at=slot["starts_at"])
    page = phone.open(BOOKING)
    expect(page.locator("#sentence")).to_contain_text("Please confirm before it lapses")
    page.locator("#confirm").click()
    expect(page.locator("#state")).to_have_text("Confirmed")
    expect(page.locator("#confirm")).to_be_hidden()


def test_a_booking_is_checked_in_when_it_is_time_and_not_before(phone: Phone) -> None:
    ticket = phone.pages.served.take()
    phone.api.issued = {"scan_url": ticket["scan_url"]}
    phone.api.booking = phone.api.booking_at(phone.api.slot_in(minutes=45))
    page = phone.open(BOOKING, own_clock=True)
    expect(page.locator("#sentence")).to_contain_text("Check in ")
    expect(page.locator("#check-in")).to_be_hidden()
    later(page, 16 * 60)
    expect(page.locator("#sentence")).to_contain_text("You can check in now")
    page.locator("#check-in").dblclick()
    expect(page.locator("#number")).to_have_text(ticket["number"])
    assert [path.rpartition("/")[2] for path, _, _ in phone.api.asked] == ["check-in"]


@pytest.mark.parametrize(
    ("state", "more", "said"),
    [
        ("revoked", {"reason": "停电"}, "The hall had to cancel it (停电)."),
        ("lapsed", {}, "It was not confirmed in time."),
        ("no_show", {}, "Its time went by without a check-in."),
        ("checked_in", {"ticket": "20261123-A001"}, "Your number has its own page."),
    ],
)
def test_a_booking_that_is_over_says_why_and_what_to_do(
    phone: Phone, state: str, more: dict[str, Any], said: str
) -> None:
    phone.api.booking = phone.api.booking_at(phone.api.slots[1], state=state, **more)
    page = phone.open(BOOKING)
    expect(page.locator("#sentence")).to_contain_text(said)
    expect(page.locator("#cancel")).to_be_hidden()
    assert page.locator("#to-ticket").is_visible() == (state == "checked_in")
    assert not scrolls_sideways(page)
    assert page.evaluate(FAINT) == []


def test_a_booking_of_somebody_else_is_not_shown(phone: Phone) -> None:
    phone.api.refuse(f"/bookings/{CODE}", 403, "not-yours")
    page = phone.open(BOOKING, forgiven="status of 403")
    expect(page.locator("#reading-said")).to_contain_text("somebody else's WeChat")
    expect(page.locator("#booking")).to_be_hidden()

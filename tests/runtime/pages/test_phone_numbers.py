"""Halls, menus and numbers on a phone, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.runtime.pages.fake_reservations import HALL, LONG_EN, LONG_ZH, many_services
from tests.runtime.pages.phone_pages import FAINT, Phone, later
from tests.runtime.pages.screens import scrolls_sideways

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")

DIRECTORY, HERE = "/m/", f"/m/halls/{HALL}"
PHONE, DOCUMENT = "13800138000", "11010519491231002X"
NEAR_SH02 = {"latitude": 30.2, "longitude": 120.2}


def choose(page: Any, *names: str) -> None:
    for name in names:
        page.locator("#entries").get_by_role("button", name=name).click()


def issue(phone: Phone) -> Any:
    """Have the next number be a ticket that is there."""
    ticket = phone.pages.served.take()
    phone.api.issued = {"scan_url": ticket["scan_url"]}
    return ticket


def names(page: Any) -> list[str]:
    shown: list[str] = page.locator("#halls .name").all_inner_texts()
    return shown


# -- halls


def test_halls_are_chosen_by_district_and_the_choice_outlives_a_reload(phone: Phone) -> None:
    closed = phone.api.card(
        id="SH02",
        names={"zh": "滨江大厅", "en": "Binjiang Hall"},
        district="binjiang",
        open=False,
        opens_at=phone.api.slots[0]["starts_at"],
    )
    phone.api.halls = [closed, phone.api.card()]
    page = phone.open(DIRECTORY)
    expect(page.locator("#halls li")).to_have_count(2)
    # Who is open comes first.
    assert names(page) == ["West Lake Hall", "Binjiang Hall"]
    expect(page.locator("#halls")).to_contain_text(
        "12 waiting · Probably a wait of 7 to 15 minutes"
    )
    expect(page.locator("#halls")).to_contain_text("Closed. Tickets again tomorrow at ")
    page.get_by_role("radio", name="Binjiang").check(force=True)
    assert names(page) == ["Binjiang Hall"]
    page.reload()
    expect(page.get_by_role("radio", name="Binjiang")).to_be_checked()
    assert names(page) == ["Binjiang Hall"]
    assert not scrolls_sideways(page)
    assert page.evaluate(FAINT) == []


def test_the_nearest_hall_comes_first_once_somebody_asks(phone: Phone) -> None:
    far = phone.api.card(id="SH02", names={"zh": "远", "en": "Far Hall"}, position=NEAR_SH02)
    phone.api.halls = [phone.api.card(), far]
    script = """
      const found = navigator.geolocation.getCurrentPosition.bind(navigator.geolocation);
      navigator.geolocation.getCurrentPosition = (...given) => { window.asked = true; found(...given); };
    """
    page = phone.open(DIRECTORY, script=script, geolocation=NEAR_SH02, permissions=["geolocation"])
    expect(page.locator("#halls li")).to_have_count(2)
    assert names(page) == ["West Lake Hall", "Far Hall"]
    assert page.evaluate("window.asked") is None
    page.get_by_role("button", name="Nearest first").click()
    expect(page.locator("#nearest-said")).to_have_text("The nearest hall comes first.")
    assert names(page) == ["Far Hall", "West Lake Hall"]
    expect(page.locator("#halls li").first).to_contain_text("10 m")
    expect(page.locator("#halls li").last).to_contain_text("km")


def test_a_phone_that_may_not_say_where_it_is_says_what_to_do(phone: Phone) -> None:
    phone.api.halls = [phone.api.card(), phone.api.card(id="SH02", position=NEAR_SH02)]
    page = phone.open(DIRECTORY)
    page.get_by_role("button", name="Nearest first").click()
    expect(page.locator("#nearest-said")).to_contain_text("Allow this page to see your location")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#nearest-said")).to_contain_text("请允许本页使用位置信息")


def test_a_server_that_is_away_is_said_and_tried_again(phone: Phone) -> None:
    phone.api.away = True
    page = phone.open(DIRECTORY, forgiven="ERR_CONNECTION_REFUSED")
    expect(page.locator("#reading-said")).to_have_text(
        "The server cannot be reached. Please try again."
    )
    phone.api.away = False
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#halls li")).to_have_count(1)
    expect(page.locator("#reading")).to_be_hidden()


def test_a_place_without_halls_says_so(phone: Phone) -> None:
    phone.api.halls = []
    page = phone.open(DIRECTORY)
    expect(page.get_by_text("There is no hall here yet.")).to_be_visible()


def test_the_language_chosen_stays_on_the_next_page(phone: Phone) -> None:
    page = phone.open(DIRECTORY)
    with page.expect_response(re.compile(r"lang=zh")):
        page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="选择办事大厅")).to_be_visible()
    page.locator("#halls a").click()
    expect(page.locator("#level-title")).to_have_text("请选择要办理的业务")


# -- the menu


def test_the_way_back_leads_out_of_sheets_and_menu_pages_one_by_one(phone: Phone) -> None:
    page = phone.open(DIRECTORY)
    page.locator("#halls a").click()
    choose(page, "Invoices and property", "Invoices")
    sheet, title = page.locator("#sheet"), page.locator("#level-title")
    expect(sheet).to_be_visible()
    expect(page.locator("#sheet-title")).to_be_focused()
    page.go_back()
    expect(sheet).to_be_hidden()
    expect(title).to_have_text("Invoices and property")
    expect(page.locator("#entries").get_by_role("button", name="Invoices")).to_be_focused()
    page.go_back()
    expect(title).to_have_text("Please choose a service")
    page.go_forward()
    expect(title).to_have_text("Invoices and property")
    page.locator("#level-back").click()
    expect(title).to_have_text("Please choose a service")
    page.go_back()
    expect(page.get_by_role("heading", name="Choose a hall")).to_be_visible()


def test_a_page_that_is_loaded_again_opens_where_it_was(phone: Phone) -> None:
    page = phone.open(HERE)
    choose(page, "Invoices and property", "Property")
    page.reload()
    expect(page.locator("#sheet-title")).to_have_text("Property")
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()
    expect(page.locator("#level-title")).to_have_text("Invoices and property")


def test_forty_services_in_four_levels_are_found_on_the_narrowest_phone(phone: Phone) -> None:
    phone.api.menu, phone.api.services = many_services()
    page = phone.open(HERE, language="zh-CN")
    for level in (1, 2, 3):
        assert not scrolls_sideways(page)
        page.locator("#entries").get_by_role("button", name=f"第 {level} 级").last.click()
        expect(page.locator("#level-title")).to_contain_text(f"第 {level} 级")
    page.locator("#entries button").last.click()
    expect(page.locator("#sheet-title")).to_contain_text("39 号业务")
    assert not scrolls_sideways(page)
    assert page.evaluate(FAINT) == []


def test_a_closed_service_says_when_it_opens_and_offers_to_book(phone: Phone) -> None:
    again = phone.api.slots[0]["starts_at"]
    phone.api.services[0] |= {"open": False, "opens_at": again}
    phone.api.services[3] |= {"full": True, "opens_at": again}
    page = phone.open(HERE)
    cells = page.locator("#entries")
    expect(cells).to_contain_text("Closed. Tickets again tomorrow")
    expect(cells).to_contain_text("No more tickets today. More tomorrow")
    choose(page, "Tax returns")
    expect(page.locator("#why-not")).to_contain_text("Closed. Tickets again tomorrow")
    expect(page.locator("#go")).to_be_hidden()
    page.get_by_role("link", name="Book a time").click()
    expect(page.get_by_role("heading", name="Book a time · Tax returns")).to_be_visible()


def test_a_service_of_the_hall_alone_gives_no_number_by_phone(phone: Phone) -> None:
    page = phone.open(HERE)
    choose(page, "At the counter")
    expect(page.locator("#why-not")).to_contain_text("given in the hall only")
    expect(page.locator("#go")).to_be_hidden()


def test_a_closed_hall_says_so_at_its_top(phone: Phone) -> None:
    phone.api.hall |= {"open": False, "closure": "停电", "opens_at": None}
    page = phone.open(HERE)
    expect(page.locator("#closed")).to_have_text("Closed: 停电")


# -- numbers


def test_a_button_pressed_twice_takes_one_number(phone: Phone) -> None:
    ticket = issue(phone)
    page = phone.open(HERE)
    choose(page, "Tax returns")
    page.get_by_role("button", name="One more").click()
    page.get_by_role("switch").click()
    page.locator("#go").dblclick()
    expect(page.locator("#number")).to_have_text(ticket["number"])
    ((path, body, key),) = phone.api.asked
    assert path == f"/my/halls/{HALL}/tickets"
    assert body == {"service": "tax", "language": "en", "party": 2, "silent": True}
    assert key
    # The sheet is gone from the way back.
    page.go_back()
    expect(page.locator("#level-title")).to_be_visible()
    expect(page.locator("#sheet")).to_be_hidden()


def test_a_slow_answer_is_awaited_and_nothing_is_sent_twice(phone: Phone) -> None:
    ticket = issue(phone)
    phone.api.held = "/offer"
    page = phone.open(HERE)
    expect(page.locator("#reading-said")).to_have_text("One moment…")
    phone.api.release()
    expect(page.locator("#reading")).to_be_hidden()
    phone.api.held = "/tickets"
    choose(page, "Tax returns")
    go = page.locator("#go")
    go.click()
    expect(go).to_have_text("One moment…")
    go.evaluate("button => button.click()")
    page.get_by_role("button", name="Close").click()
    choose(page, "Tax returns")
    expect(go).to_have_text("One moment…")
    go.evaluate("button => button.click()")
    phone.api.release()
    expect(page.locator("#number")).to_have_text(ticket["number"])
    assert len(phone.api.asked) == 1


def test_a_connection_that_is_lost_is_said_and_what_was_there_stays(phone: Phone) -> None:
    page = phone.open(HERE, own_clock=True, forgiven="ERR_CONNECTION_REFUSED")
    expect(page.locator("#entries li")).to_have_count(4)
    phone.api.away = True
    later(page, 12.5)
    expect(page.locator("#connection")).to_be_visible()
    expect(page.locator("#entries li")).to_have_count(4)
    phone.api.away = False
    phone.api.services[0] |= {"waiting": 9}
    later(page, 5)
    expect(page.locator("#connection")).to_be_hidden()
    expect(page.locator("#entries")).to_contain_text("9 waiting")


def test_a_mobile_number_is_checked_while_it_is_typed(phone: Phone) -> None:
    ticket = issue(phone)
    page = phone.open(HERE)
    choose(page, "Invoices and property", "Invoices")
    field, wrong = page.get_by_label("Your mobile number"), page.locator("#person-wrong")
    field.press_sequentially("138")
    expect(wrong).to_be_empty()
    page.locator("#go").click()
    expect(wrong).to_have_text("Please enter the 11 digits of your mobile number.")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("12")
    expect(wrong).to_contain_text("begins with 13 to 19")
    field.fill("＋86 138-0013 8000")
    expect(wrong).to_be_empty()
    page.locator("#go").click()
    expect(page.locator("#number")).to_have_text(ticket["number"])
    assert [body["phone"] for _, body, _ in phone.api.asked] == [PHONE]


def test_an_identity_number_is_checked_while_it_is_typed_in_both_languages(phone: Phone) -> None:
    page = phone.open(HERE)
    choose(page, "Invoices and property", "Property")
    field = page.get_by_label("The number of your identity card")
    wrong = page.locator("#person-wrong")
    for typed, said in (
        ("99", "no province"),
        ("11010519491331", "no date of birth"),
        ("110105194912310", ""),
        ("110105194912310021", "A digit is wrong, or two are swapped"),
        ("1101051949123100x2", "17 digits, then a digit or X"),
        (DOCUMENT.lower(), ""),
    ):
        field.fill(typed)
        expect(wrong).to_contain_text(said) if said else expect(wrong).to_be_empty()
    field.fill("110105194912310021")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="中文").click()
    page.locator("#entries").get_by_role("button", name="房产交易").click()
    # What was typed is gone with the sheet.
    expect(page.locator("#person-input")).to_have_value("")
    page.locator("#person-input").fill("99")
    expect(wrong).to_have_text("前两位省份代码有误，请核对。")


def test_numbers_that_the_page_lets_through_are_those_of_the_server(phone: Phone) -> None:
    from datetime import UTC, datetime

    from protocol.errors import IdentityError
    from protocol.identity import mobile_number, resident_number

    page = phone.open(HERE)
    script = (
        page.locator("script[src*='m-hall.js']").get_attribute("src").replace("m-hall", "m-person")
    )
    today = datetime.now(UTC).date()
    tried = {
        "phone": [
            PHONE,
            "12800138000",
            "1380013800",
            "138001380000",
            "+8613800138000",
            "8613800138000",
        ],
        "document": [
            DOCUMENT,
            "110105194912310021",
            "990105194912310021",
            "110105190002290021",
            "11010518991231002X",
            "32010520990101001X",
            *(f"11010519491231{n:03d}{check}" for n in range(40) for check in "0123456789X"),
        ],
    }
    for kind, typed in tried.items():
        for number in typed:
            try:
                mobile_number(number) if kind == "phone" else resident_number(number, today)
            except IdentityError:
                right = False
            else:
                right = True
            wrong = page.evaluate(
                "([script, kind, typed]) => import(script).then((person) => person.wrongWith(kind, typed))",
                [script, kind, number],
            )
            assert (wrong == "") == right, (kind, number, wrong)


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("too-far", {"distance_m": 5230, "reach_m": 2000}, "You are 5.2 km away"),
        ("position-needed", {}, "people nearby only"),
        ("quota", {}, "All tickets of today have been given out."),
        ("hall-unavailable", {}, "does not answer just now"),
        ("identity-needed", {"needed": "phone"}, "asks who you are"),
    ],
)
def test_a_refusal_is_a_sentence_and_the_button_can_be_pressed_again(
    phone: Phone, kind: str, more: dict[str, Any], said: str
) -> None:
    phone.api.refuse("/tickets", 403, kind, **more)
    page = phone.open(HERE, forgiven="status of 4", script="Math.random = () => 0")
    choose(page, "Tax returns")
    page.locator("#go").click()
    expect(page.locator("#take-said")).to_contain_text(said, timeout=20000)
    expect(page.locator("#go")).not_to_have_attribute("aria-disabled", "true")
    assert not scrolls_sideways(page)


def test_a_hall_that_asks_where_the_phone_is_is_told_on_the_press_after(phone: Phone) -> None:
    ticket = issue(phone)
    phone.api.refuse("/tickets", 403, "position-needed")
    here = {"geolocation": NEAR_SH02, "permissions": ["geolocation"]}
    page = phone.open(HERE, forgiven="status of 403", **here)
    choose(page, "Tax returns")
    page.locator("#go").click()
    expect(page.locator("#asks-position")).to_contain_text("asked where it is")
    assert "latitude" not in phone.api.asked[0][1]
    phone.api.refused.clear()
    page.get_by_role("button", name="Share position and take a number").click()
    expect(page.locator("#number")).to_have_text(ticket["number"])
    assert NEAR_SH02.items() <= phone.api.asked[1][1].items()


def test_who_has_a_number_already_is_led_to_it(phone: Phone) -> None:
    ticket = issue(phone)
    own = phone.api.ticket(ticket["id"], ticket["number"], scan_url=ticket["scan_url"])
    phone.api.mine = {
        "halls": [{"id": HALL, "names": {}, "tickets": [own], "bookings": []}],
        "away": [],
    }
    phone.api.refuse("/tickets", 409, "person-limit")
    page = phone.open(HERE, forgiven="status of 40")
    choose(page, "Tax returns")
    page.locator("#go").click()
    expect(page.locator("#take-said")).to_contain_text("You have a number or a booking")
    page.get_by_role("link", name=f"To your number {ticket['number']}").click()
    expect(page.locator("#number")).to_have_text(ticket["number"])


# -- who somebody is


def sign_in(phone: Phone, page: Any, *, works: bool = True) -> list[str]:
    """Stand in for WeChat: it comes back at once. Returns where it was asked to come back to."""
    came: list[str] = []

    def answer(route: Any) -> None:
        (to,) = parse_qs(urlsplit(route.request.url).query)["to"]
        came.append(to)
        if works:
            phone.know(page)
            phone.api.refused.clear()
        route.fulfill(status=303, headers={"Location": to})

    page.route(re.compile(r"/m/sign-in"), answer)
    return came


def test_a_number_is_taken_after_wechat_said_who_it_is(phone: Phone) -> None:
    ticket = issue(phone)
    phone.api.refuse("/tickets", 401, "sign-in-needed", sign_in="/m/sign-in")
    page = phone.open(HERE, known=False, forgiven="status of 40")
    came = sign_in(phone, page)
    choose(page, "Tax returns")
    page.get_by_role("button", name="One more").click()
    page.locator("#go").click()
    expect(page.locator("#number")).to_have_text(ticket["number"])
    assert len(came) == 1
    assert came[0].startswith(f"{HERE}?service=tax&party=2&go=")
    assert [body["party"] for _, body, _ in phone.api.asked] == [2, 2]


def test_what_is_typed_of_a_person_waits_until_wechat_said_who_it_is(phone: Phone) -> None:
    page = phone.open(HERE, known=False)
    came = sign_in(phone, page)
    choose(page, "Invoices and property", "Invoices")
    expect(page.locator("#person-input")).to_be_hidden()
    page.get_by_role("button", name="Go on with WeChat").click()
    expect(page.locator("#person-input")).to_be_focused()
    assert len(came) == 1
    assert phone.api.asked == []
    assert urlsplit(page.url).query == ""


def test_a_phone_that_keeps_no_cookie_is_told_and_not_sent_round(phone: Phone) -> None:
    phone.api.refuse("/tickets", 401, "sign-in-needed")
    page = phone.open(HERE, known=False, forgiven="status of 401")
    came = sign_in(phone, page, works=False)
    choose(page, "Tax returns")
    page.locator("#go").click()
    expect(page.locator("#take-said")).to_contain_text("WeChat did not say who you are")
    assert len(came) == 1


def test_an_address_that_somebody_else_made_takes_no_number(phone: Phone) -> None:
    page = phone.open(f"{HERE}?service=tax&go=made-up")
    expect(page.locator("#sheet-title")).to_have_text("Tax returns")
    expect(page.locator("#go")).to_be_enabled()
    assert phone.api.asked == []


# -- everybody


@pytest.mark.parametrize("width", [320, 800])
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_long_names_fit_and_can_be_read(phone: Phone, width: int, language: str) -> None:
    phone.api.halls = [phone.api.card(names={"zh": LONG_ZH, "en": LONG_EN})]
    page = phone.open(DIRECTORY, width=width, language=language)
    expect(page.locator("#halls li")).to_have_count(1)
    for path in (HERE, f"/m/halls/{HALL}/progress", f"/m/halls/{HALL}/book/long", "/m/mine"):
        assert not scrolls_sideways(page), page.url
        assert page.evaluate(FAINT) == [], page.url
        page.goto(f"{phone.pages.base}{path}")
        page.wait_for_load_state("networkidle")


def test_a_number_is_taken_with_the_keyboard_alone(phone: Phone) -> None:
    ticket = issue(phone)
    page = phone.open(HERE)
    first = page.locator("#entries").get_by_role("button", name="Tax returns")
    expect(first).to_be_visible()
    for _ in range(8):
        page.keyboard.press("Tab")
        if first.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Tax returns")).to_be_visible()
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.locator("#go").evaluate("button => button === document.activeElement"):
            break
        assert page.evaluate("document.activeElement.closest('dialog') !== null"), "left the sheet"
    page.keyboard.press("Enter")
    expect(page.locator("#number")).to_have_text(ticket["number"])

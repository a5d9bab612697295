"""Checking in at a kiosk in a real browser: codes typed and scanned, numbers, and what the refused are told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from runtime.config.load import DEMO
from tests.runtime.pages.screens import KIOSK, Open, number_on, papers, scrolls_sideways
from tests.runtime.running_hall import HALL, IN_HALL, RunningHall

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")

PHONE, OTHER_PHONE, DOCUMENT = "13800138000", "13900139000", "11010519491231002X"

APPOINTMENTS = """
[hall.service.appointments]
early_s = 43200
latest_days = 3

[[hall.service.appointments.slot]]
weekdays = [1, 2, 3, 4, 5, 6, 7]
from = "00:00"
to = "24:00"
every_minutes = 10
capacity = 100
"""


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHall]:
    """The demo hall where two services are booked around the clock; its day ends in twelve hours."""
    begins = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=12)
    text = DEMO.read_text("utf-8")
    for old, new in (
        (f'id = "{HALL}"\n', f'id = "{HALL}"\nday_begins = {begins:%H:%M}:00\n'),
        ('past_last = "go_on"\n', f'past_last = "go_on"\n{APPOINTMENTS}'),
        ('prefix = "C"\n', f'prefix = "C"\nidentity = "document"\n{APPOINTMENTS}'),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    file = tmp_path_factory.mktemp("config") / "hall.toml"
    file.write_text(text, "utf-8")
    running = RunningHall(tmp_path_factory.mktemp("hall"), "--config", file)
    try:
        yield running.await_start()
    finally:
        running.kill()


@pytest.fixture(params=[(1080, 1920), (320, 640)], ids=["kiosk", "narrow"])
def page(hall: RunningHall, open_page: Open, request: pytest.FixtureRequest) -> Any:
    """The kiosk's page, as large as a kiosk and as narrow as a phone."""
    width, height = request.param
    page = open_page(hall, KIOSK, width=width, height=height, forgiven="status of 4")
    expect(page.locator(".service-waiting").first).not_to_be_empty()
    return page


def book(hall: RunningHall, *, soon: bool = True, service: str = "declare", **body: Any) -> str:
    """Book the next slot, or one of the last day; return the code."""
    slots = hall.call("GET", f"{IN_HALL}/services/{service}/slots", "kiosk").ok()["slots"]
    # The very first may be over before its customer comes.
    slot = slots[1 if soon else -1]["slot"]
    wanted = {"service": service, "slot": slot, **body}
    code: str = hall.call("POST", f"{IN_HALL}/bookings", "kiosk", wanted).ok()["code"]
    return code


def step(hall: RunningHall, code: str, name: str) -> Any:
    return hall.call("POST", f"{IN_HALL}/bookings/{code}/{name}", "kiosk").ok()


def scan(page: Any, text: str) -> None:
    """Type a text and Enter at once, as a scanner does; on a busy machine keys sent from here come slowly."""
    page.evaluate(
        """(text) => {
            for (const key of [...text, "Enter"]) {
                const typed = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
                document.body.dispatchEvent(typed);
            }
        }""",
        text,
    )


def type_in(page: Any, keys: str) -> None:
    for key in keys:
        page.locator("#pad").get_by_role("button", name=key, exact=True).click()


def ask_in_english(page: Any) -> None:
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="I have an appointment").click()
    expect(page.locator("#pad-title")).to_have_text("Check in for your appointment")


def test_a_code_typed_on_the_screen_gives_the_printed_ticket(hall: RunningHall, page: Any) -> None:
    code = book(hall)
    ask_in_english(page)
    expect(page.locator("#pad-go")).to_be_disabled()
    type_in(page, code)
    expect(page.locator("#pad-typed")).to_have_text(f"{code[:4]} {code[4:]}")
    assert not scrolls_sideways(page)
    if page.viewport_size["width"] > 1000:
        expect(page.locator("#pad-go")).to_be_in_viewport()
    page.locator("#pad-go").click()
    number = number_on(page)
    assert number.startswith("A")
    expect(page.locator("#ahead")).to_contain_text("Your appointment: ")
    expect(page.locator("#paper")).to_have_attribute("data-paper", "printed")
    newest = papers(hall)[-1]
    assert newest["number"] == number
    assert "Your number" in newest["lines"]
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("scanned", ["{code}", "https://hall.example.cn/b/HZ01/{code}"])
def test_a_scanned_code_checks_in_from_the_first_screen(
    hall: RunningHall, page: Any, scanned: str
) -> None:
    code = book(hall, language="en")
    scan(page, scanned.format(code=code))
    number = number_on(page)
    expect(page.locator("#paper")).to_have_attribute("data-paper", "printed")
    # The screen speaks its own language, and the paper that of the booking.
    assert papers(hall)[-1]["number"] == number
    assert "Your number" in papers(hall)[-1]["lines"]


def test_a_scanned_code_outranks_what_was_typed_and_other_codes_are_told(
    hall: RunningHall, page: Any
) -> None:
    code = book(hall)
    scan(page, "https://weixin.example/somewhere-else")
    expect(page.locator("#pad-wrong")).to_contain_text("没有找到此预约码")
    type_in(page, "ABC")
    page.wait_for_timeout(300)
    scan(page, f"{code[:4].lower()}-{code[4:].lower()}")
    number_on(page)


def test_a_phone_given_at_booking_checks_in_once_it_is_right(hall: RunningHall, page: Any) -> None:
    book(hall, phone=PHONE)
    ask_in_english(page)
    page.get_by_role("button", name="Mobile number").click()
    type_in(page, OTHER_PHONE)
    page.locator("#pad-go").click()
    expect(page.locator("#pad-wrong")).to_contain_text("no appointment to come")
    for _ in OTHER_PHONE:
        page.get_by_role("button", name="Erase").click()
    type_in(page, "12800138000")
    page.locator("#pad-go").click()
    expect(page.locator("#pad-wrong")).to_contain_text("no mobile number")
    for _ in PHONE:
        page.keyboard.press("Backspace")
    page.locator("#pad-title").focus()
    page.keyboard.type(PHONE, delay=20)
    page.keyboard.press("Enter")
    assert number_on(page).startswith("A")
    page.locator("#done").click()
    assert PHONE not in page.content()


def test_the_document_given_at_booking_checks_in(hall: RunningHall, page: Any) -> None:
    book(hall, service="register", document=DOCUMENT)
    ask_in_english(page)
    page.get_by_role("button", name="Identity card").click()
    type_in(page, DOCUMENT)
    page.locator("#pad-go").click()
    assert number_on(page).startswith("C")
    page.locator("#done").click()
    assert DOCUMENT not in page.content()


def test_who_is_too_early_learns_when_to_come_and_may_take_a_number(
    hall: RunningHall, page: Any
) -> None:
    code = book(hall, soon=False)
    ask_in_english(page)
    type_in(page, code)
    page.locator("#pad-go").click()
    expect(page.locator("#failed-title")).to_have_text("You are not checked in")
    expect(page.locator("#failed-detail")).to_contain_text("too early to check in. Come again on ")
    assert re.search(r"day, \d{4}-\d\d-\d\d at \d\d:\d\d", page.locator("#failed").inner_text())
    assert not scrolls_sideways(page)
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#failed-detail")).to_contain_text("签到时间未到")
    page.locator("#failed-take").click()
    expect(page.locator("#choose-title")).to_have_text("请选择要办理的业务")
    page.get_by_role("button", name="发票业务").click()
    assert number_on(page).startswith("B")


def test_who_is_too_late_is_told_what_to_do(hall: RunningHall, page: Any) -> None:
    # No appointment is over within a test, so the answer is put in place of the server's.
    problem = {"type": "/problems/check-in-late", "status": 409, "detail": "it was at 09:00"}
    page.route(
        "**/bookings/*/check-in",
        lambda route: route.fulfill(
            status=409, content_type="application/problem+json", body=json.dumps(problem)
        ),
    )
    ask_in_english(page)
    type_in(page, "00000000")
    page.locator("#pad-go").click()
    expect(page.locator("#failed-detail")).to_contain_text("Take a ticket as everybody does")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#failed-detail")).to_have_text("预约时间已过，请取号或重新预约。")
    page.locator("#failed-done").click()
    expect(page.locator("#choose-title")).to_be_visible()


def test_who_checked_in_before_sees_the_ticket_and_who_cancelled_is_told(
    hall: RunningHall, page: Any
) -> None:
    code, cancelled = book(hall), book(hall)
    number = step(hall, code, "check-in")["number"]
    step(hall, cancelled, "cancel")
    ask_in_english(page)
    type_in(page, code)
    page.locator("#pad-go").click()
    assert number_on(page) == number
    expect(page.locator("#paper")).to_have_text("You have checked in already.")
    page.locator("#reprint").click()
    expect(page.locator("#paper")).to_have_attribute("data-paper", "printed")
    page.locator("#done").click()
    ask_in_english(page)
    type_in(page, cancelled)
    page.locator("#pad-go").click()
    expect(page.locator("#failed-detail")).to_contain_text("This appointment was cancelled.")

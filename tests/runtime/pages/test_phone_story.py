"""The seed story of the pages for phones: everything is real but WeChat, whose stand-in opens the links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.runtime.pages.phone_pages import FAINT
from tests.runtime.pages.screens import DEVICES, KIOSK, Open, number_on, scrolls_sideways
from tests.runtime.running_hall import HALL, IN_HALL, RunningHall

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")

PHONE = "13800138000"


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHall]:
    """The demo hall with WeChat's stand-in beside it."""
    running = RunningHall(tmp_path_factory.mktemp("hall"), "--wechat")
    try:
        yield running.await_start()
    finally:
        running.kill()


def phone_of(hall: RunningHall, person: str) -> str:
    """Where the stand-in has somebody's phone."""
    phones = re.search(r"http://127\.0\.0\.1:\d+/phones", hall.said)
    assert phones is not None
    return f"{phones[0]}/{quote(person)}"


def as_somebody(hall: RunningHall, person: str, path: str) -> str:
    """The address by which a page opens on somebody's phone."""
    return f"{phone_of(hall, person)}/open?url={quote(hall.base + path, safe='')}"


def have(page: Any, hall: RunningHall, person: str, deed: str, **how: Any) -> None:
    """Have somebody do something in WeChat."""
    assert page.request.post(f"{phone_of(hall, person)}/{deed}", data=how).ok


@pytest.fixture
def page(hall: RunningHall, open_page: Open) -> Any:
    """The first page for phones, on the phone of Zhang San, who has not been named yet."""
    for counter in ("1", "2", "3"):
        while hall.at_counter(counter, "next")["ticket"] is not None:
            pass
    page = open_page(
        hall, "/problems", width=320, height=640, forgiven=r"status of (401|403|409)|favicon"
    )
    have(page, hall, "张三", "follow")
    page.goto(as_somebody(hall, "张三", "/m/"))
    expect(page.get_by_role("heading", name="Choose a hall")).to_be_visible()
    return page


def choose(page: Any, *names: str) -> None:
    page.locator("#halls a").first.click()
    for name in names:
        page.locator("#entries").get_by_role("button", name=name).click()


def test_a_number_is_taken_followed_called_served_and_evaluated(
    hall: RunningHall, page: Any
) -> None:
    before = [hall.take("declare")["number"] for _ in range(2)]
    expect(page.locator("#halls")).to_contain_text("2 waiting")
    choose(page, "Tax returns")
    page.locator("#go").click()
    number = page.locator("#number")
    expect(page.locator("#sentence")).to_have_text("2 people ahead of you")
    own = number.inner_text()
    assert own not in before
    assert not scrolls_sideways(page)
    assert page.evaluate(FAINT) == []

    # The same service once more: there is one number for each person.
    page.go_back()
    page.locator("#entries").get_by_role("button", name="Tax returns").click()
    page.locator("#go").click()
    page.get_by_role("link", name=f"To your number {own}").click()

    hall.at_counter("1", "next")
    expect(page.locator("#sentence")).to_have_text("1 person ahead of you")
    hall.at_counter("1", "next")
    expect(page.locator("#sentence")).to_have_text("You are next. Please stay nearby.")
    hall.at_counter("1", "next")
    expect(page.locator("#sentence")).to_have_text("Please go to Counter 1")
    id = page.url.partition(f"/t/{HALL}/")[2].partition("?")[0]
    hall.call("POST", f"{IN_HALL}/tickets/{id}/start", "counter").ok()
    expect(page.locator("#sentence")).to_have_text("You are being served at Counter 1")
    hall.call("POST", f"{IN_HALL}/tickets/{id}/finish", "counter").ok()
    page.get_by_role("radio", name="Good", exact=True).check(force=True)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#evaluation-thanks")).to_be_visible()
    page.get_by_role("link", name="Mine").click()
    expect(page.locator("#ended")).to_contain_text(own)


def test_the_queue_is_left_and_another_number_is_taken(hall: RunningHall, page: Any) -> None:
    hall.take("register")
    choose(page, "Other matters", "Registration")
    page.locator("#go").click()
    expect(page.locator("#sentence")).to_have_text("1 person ahead of you")
    own = page.locator("#number").inner_text()
    page.get_by_role("switch", name="Call me without voice").click()
    expect(page.get_by_role("switch")).to_be_checked()
    page.locator("#leave").click()
    page.locator("#ask-yes").click()
    expect(page.locator("#state")).to_have_text("Cancelled")
    expect(page.locator("#own")).to_be_hidden()
    page.goto(f"{hall.base}/m/")
    choose(page, "Other matters", "Registration")
    page.locator("#go").click()
    expect(page.locator("#state")).to_have_text("Waiting")
    assert page.locator("#number").inner_text() != own


def test_a_time_is_booked_moved_and_cancelled(hall: RunningHall, page: Any) -> None:
    choose(page, "Invoices")
    page.get_by_role("link", name="Book a time").click()
    page.locator("#days input:enabled").nth(1).check(force=True)
    page.locator("#slots input:enabled").first.check(force=True)
    assert not scrolls_sideways(page)
    page.locator("#go").click()
    expect(page.get_by_role("heading", name="Your time is booked")).to_be_visible()
    code = page.locator("#code b").inner_text()
    expect(page.locator("#facts")).to_contain_text("Invoices")
    page.get_by_role("link", name="Another time").click()
    page.locator("#days input:enabled").nth(2).check(force=True)
    page.locator("#slots input:enabled").nth(1).check(force=True)
    page.locator("#go").click()
    expect(page.get_by_role("heading", name="Your booking was moved")).to_be_visible()
    expect(page.locator("#code b")).to_have_text(code)
    page.get_by_role("link", name="Mine").last.click()
    page.locator("#bookings a").click()
    page.locator("#cancel").click()
    page.locator("#ask-yes").click()
    expect(page.locator("#state")).to_have_text("Cancelled")


def test_progress_is_what_the_counters_do(hall: RunningHall, page: Any) -> None:
    number = hall.take("register")["number"]
    page.locator("#halls a").first.click()
    page.get_by_role("link", name="Who is called now").click()
    page.get_by_label("Your number").fill(number)
    page.get_by_role("button", name="Look up").click()
    expect(page.locator("#found")).to_contain_text("is not called now")
    while hall.at_counter("3", "next")["ticket"]["number"] != number:
        pass
    expect(page.locator("#found")).to_have_text(f"{number} (Registration): please go to Counter 3.")


def test_a_virtual_visitor_is_told_to_open_the_page_in_full(hall: RunningHall, page: Any) -> None:
    have(page, hall, "李四", "virtual", yes=True)
    page.goto(as_somebody(hall, "李四", "/m/mine"))
    expect(page.locator("main")).to_contain_text("WeChat showed only a preview of this page.")
    assert not scrolls_sideways(page)
    assert page.evaluate(FAINT) == []
    have(page, hall, "李四", "virtual", yes=False)
    page.get_by_role("link", name="Try again").click()
    expect(page.locator("#none")).to_have_text("You have no number and no booking.")


def test_who_does_not_follow_the_account_is_told_that_nothing_is_told(
    hall: RunningHall, page: Any
) -> None:
    page.goto(as_somebody(hall, "李四", "/m/"))
    choose(page, "Tax returns")
    page.locator("#go").click()
    # It is near already, and WeChat refused to say so.
    tell = page.get_by_role("button", name="Tell me in WeChat")
    expect(tell).to_be_visible()
    expect(page.locator("#untold")).to_contain_text("Follow the account first.")
    have(page, hall, "李四", "follow")
    tell.click()
    expect(page.get_by_role("switch", name="Call me without voice")).to_be_visible()
    have(page, hall, "李四", "unfollow")


def test_a_page_of_ours_asks_for_nothing_elsewhere(page: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    choose(page, "Tax returns")
    page.wait_for_load_state("networkidle")
    here = page.url.partition("/m/")[0]
    assert asked
    assert all(address.startswith(here) for address in asked)
    assert Path(page.url).name == HALL


def test_a_paper_is_scanned_its_phone_is_told_twice_and_its_link_is_where_to_evaluate(
    hall: RunningHall, open_page: Open
) -> None:
    for counter in ("1", "2", "3"):
        while hall.at_counter(counter, "next")["ticket"] is not None:
            pass
    for _ in range(5):
        hall.take("declare")
    devices = open_page(hall, DEVICES, forgiven="favicon")
    kiosk = devices.context.new_page()
    kiosk.goto(hall.page(KIOSK, "kiosk"))
    kiosk.get_by_role("button", name="English").click()
    kiosk.get_by_role("button", name="Tax returns").click()
    number = number_on(kiosk)
    code = devices.locator(".paper").filter(has_text=number).locator("code")
    expect(code).to_have_text(re.compile("^http://weixin.qq.com/q/"))
    phones = devices.context.new_page()
    phones.goto(phone_of(hall, "").removesuffix("/"))
    phones.get_by_label("Name").fill("王五")
    phones.get_by_role("button", name="New person").click()
    phone = phones.locator("[data-person='王五']")
    phone.get_by_label("QR code that 王五 scans").fill(code.inner_text())
    phone.get_by_role("button", name="Scan").click()
    expect(phone.locator("article").first).to_contain_text(number)
    pushes = phone.locator("article.template")
    for _ in range(2):
        hall.at_counter("1", "next")
    expect(pushes).to_have_count(0)
    # Three calls are left, this one's own among them.
    hall.at_counter("1", "next")
    expect(pushes).to_have_count(1)
    expect(pushes.first.get_by_role("heading")).to_have_text("排队进度提醒")
    for _ in range(3):
        hall.at_counter("1", "next")
    expect(pushes).to_have_count(2)
    expect(pushes.last.get_by_role("heading")).to_have_text("叫号通知")
    expect(pushes.last).to_contain_text("Counter 1")
    with phones.expect_popup() as opened:
        pushes.last.get_by_role("link", name="Details").click()
    page = opened.value
    page.set_viewport_size({"width": 320, "height": 640})
    expect(page.locator("#number")).to_have_text(number)
    expect(page.locator("#sentence")).to_have_text("Please go to Counter 1")
    assert not scrolls_sideways(page)
    id = page.url.partition(f"/t/{HALL}/")[2].partition("?")[0]
    hall.call("POST", f"{IN_HALL}/tickets/{id}/finish", "counter").ok()
    page.get_by_role("radio", name="Very good", exact=True).check(force=True)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#evaluation-thanks")).to_be_visible()

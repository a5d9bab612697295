"""What customers see, click and scan: the kiosk, the ticket on a phone, the tablet at a counter."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.runtime.pages.screens import (
    COUNTER,
    DEVICES,
    DISPLAY,
    KIOSK,
    LIVE,
    TABLET,
    Open,
    number_on,
    papers,
    role_of,
    scrolls_sideways,
)
from tests.runtime.running_hall import HALL, IN_HALL, RunningHall, wait_until

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")


@pytest.mark.parametrize(
    ("button", "service", "next_one", "take_it", "on_paper"),
    [
        ("中文", "发票业务", "下一位就是您", "请取走您的号票。", "您的排队号码"),
        ("English", "Invoices", "You are next", "Please take your ticket.", "Your number"),
    ],
    ids=["zh", "en"],
)
def test_kiosk_gives_a_printed_ticket_in_the_language_chosen(
    hall: RunningHall,
    open_page: Open,
    button: str,
    service: str,
    next_one: str,
    take_it: str,
    on_paper: str,
) -> None:
    page = open_page(hall, KIOSK)
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name=service).click()
    number = number_on(page)
    assert re.fullmatch(r"B\d{3}", number)
    expect(page.get_by_text(next_one)).to_be_visible()
    expect(page.get_by_text(take_it)).to_be_visible()
    newest = papers(hall)[-1]
    assert newest["number"] == number
    assert on_paper in newest["lines"]
    page.locator("#done").click()
    expect(page.get_by_role("button", name="发票业务")).to_contain_text("1 人等候")


def test_ticket_without_paper_shows_its_code_and_is_printed_again(
    hall: RunningHall, open_page: Open
) -> None:
    devices, kiosk = open_page(hall, DEVICES), open_page(hall, KIOSK)
    devices.get_by_text("Paper out").click()
    wait_until(lambda: hall.devices()["printers"]["k1"]["paper_out"], what="an empty printer")
    before = len(papers(hall))
    kiosk.get_by_role("button", name="English").click()
    kiosk.get_by_role("button", name="Tax returns").click()
    expect(kiosk.locator("#paper")).to_contain_text("did not come out (paper out)")
    number = number_on(kiosk)
    code = kiosk.get_by_role("img", name=f"QR code of ticket {number}")
    expect(code).to_be_visible()
    wait_until(lambda: code.evaluate("image => image.naturalWidth") > 0, what="the QR code")
    expect(kiosk.locator("#reprint")).to_be_in_viewport()

    kiosk.locator("#done").click()
    expect(kiosk.locator("#trouble")).to_contain_text("缺纸")
    kiosk.get_by_role("button", name=number).click()
    kiosk.locator("#reprint").click()
    expect(kiosk.locator("#paper")).to_have_attribute("data-paper", "failed")

    devices.get_by_text("Paper out").click()
    wait_until(lambda: not hall.devices()["printers"]["k1"]["paper_out"], what="paper")
    kiosk.locator("#reprint").click()
    expect(kiosk.locator("#paper")).to_have_attribute("data-paper", "printed")
    paper = devices.locator(".paper").first
    expect(paper).to_contain_text(number)
    expect(paper.locator("img")).to_be_visible()
    assert len(papers(hall)) == before + 1
    kiosk.locator("#done").click()
    expect(kiosk.locator("#trouble")).to_be_hidden()
    expect(kiosk.locator("#unprinted")).to_be_hidden()


def test_ticket_page_follows_its_ticket(hall: RunningHall, open_page: Open) -> None:
    ticket = hall.take("register", language="en")
    page = open_page(hall, f"/t/{HALL}/{ticket['id']}", width=320, height=640)
    expect(page.locator("#number")).to_have_text(ticket["number"])
    expect(page.locator("#sentence")).to_have_text("You are next. Please stay nearby.")
    hall.at_counter("3", "next")
    expect(page.locator("#sentence")).to_have_text("Please go to Counter 3")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#sentence")).to_have_text("请到 3号窗口 办理")
    hall.call("POST", f"{IN_HALL}/tickets/{ticket['id']}/finish", "counter").ok()
    expect(page.locator("#state")).to_have_text("已办结")


def test_tablet_asks_whom_its_counter_served_and_goes_back_to_rest(
    hall: RunningHall, open_page: Open
) -> None:
    tablet = open_page(hall, TABLET, width=1024, height=768, language="en-GB")
    counter = open_page(hall, f"{COUNTER}2")
    expect(tablet.locator("#mode")).to_have_text("已关闭")
    number = hall.take("invoice")["number"]
    hall.at_counter("2", "next")
    before = hall.hall()["counters"][1]["today"]
    expect(counter.locator("#number")).to_have_text(number)
    counter.keyboard.press("f")
    expect(tablet.locator("#question")).to_contain_text(number)
    tablet.get_by_role("button", name="暂不评价").click()
    expect(tablet.locator("#rest")).to_be_visible()
    expect(counter.locator("[data-step=invite]")).to_have_attribute("aria-disabled", "false")
    counter.keyboard.press("e")
    expect(counter.locator("#said")).to_have_text(f"{number} is asked to evaluate")
    tablet.get_by_role("button", name="不满意", exact=True).click()
    tablet.get_by_role("button", name="等候太久").click()
    tablet.locator("#send").click()
    expect(tablet.locator("#said")).to_have_text("感谢您的评价！")
    expect(tablet.locator("#rest")).to_be_visible()
    after = hall.hall()["counters"][1]["today"]
    assert after["evaluated"] == before["evaluated"] + 1
    expect(counter.locator("[data-step=invite]")).to_have_attribute("aria-disabled", "true")


def test_phone_that_scanned_the_ticket_evaluates_once(hall: RunningHall, open_page: Open) -> None:
    ticket = hall.take("register")
    scanned = ticket["scan_url"].removeprefix(hall.base)
    phone = open_page(hall, scanned, width=320, height=640)
    guessed = open_page(hall, scanned.partition("?")[0])
    hall.at_counter("3", "next")
    expect(phone.locator("#sentence")).to_have_text("Please go to Counter 3")
    expect(phone.locator("#evaluation")).to_be_hidden()
    hall.call("POST", f"{IN_HALL}/tickets/{ticket['id']}/finish", "counter").ok()
    expect(guessed.locator("#evaluation-scan")).to_be_visible()
    expect(guessed.locator("#evaluation")).to_be_hidden()
    phone.get_by_role("button", name="Send").click()
    expect(phone.locator("#evaluation-said")).to_have_text("Please choose 1 to 5 stars first.")
    phone.get_by_role("radio", name="Fair").focus()
    phone.keyboard.press("Space")
    phone.keyboard.press("ArrowRight")
    expect(phone.locator("#level")).to_have_text("Good")
    phone.get_by_label("Long wait").check()
    phone.locator("textarea").fill("Friendly\nbut slow")
    assert not scrolls_sideways(phone)
    phone.get_by_role("button", name="Send").click()
    expect(phone.locator("#evaluation-thanks")).to_be_visible()
    expect(phone.locator("#evaluation")).to_be_hidden()
    phone.reload()
    expect(phone.locator("#state")).to_have_text("Done")
    expect(phone.locator("#evaluation")).to_be_hidden()


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_pages_fit_a_narrow_phone(hall: RunningHall, open_page: Open, language: str) -> None:
    ticket = hall.take("declare", kiosk="k1")
    hall.at_counter("1", "next")
    hall.at_counter("2", "pause")
    page = open_page(hall, "/", width=320, height=640, language=language)
    assert not scrolls_sideways(page), "/"
    for path in ("/problems", f"/t/{HALL}/{ticket['id']}"):
        page.goto(f"{hall.base}{path}")
        assert not scrolls_sideways(page), path
    for path in (KIOSK, f"{COUNTER}1", f"{COUNTER}2", TABLET, DISPLAY, DEVICES):
        page.goto(hall.page(path, role_of(path)))
        expect(page.locator(LIVE).first).to_be_visible()
        assert not scrolls_sideways(page), path


def test_ticket_is_taken_on_a_narrow_kiosk_with_the_keyboard_alone(
    hall: RunningHall, open_page: Open
) -> None:
    page = open_page(hall, KIOSK, width=320, height=640)
    first = page.get_by_role("button", name="纳税申报")
    expect(first).to_be_visible()
    for _ in range(6):
        page.keyboard.press("Tab")
        if first.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    assert re.fullmatch(r"A\d{3}", number_on(page))
    assert not scrolls_sideways(page)
    expect(page.locator("#paper")).to_have_attribute("data-paper", "printed")
    page.keyboard.press("Enter")
    expect(first).to_be_visible()

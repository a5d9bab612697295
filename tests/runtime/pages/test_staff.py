"""What staff see, click and press: counters, virtual devices, and the way in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.runtime.pages.screens import (
    COUNTER,
    DEVICES,
    DISPLAY,
    Open,
    scrolls_sideways,
)
from tests.runtime.running_hall import RunningHall, wait_until

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")


def test_counter_goes_through_its_customers_step_by_step(
    hall: RunningHall, open_page: Open
) -> None:
    page = open_page(hall, f"{COUNTER}3", forgiven="status of 409")
    numbers = [hall.take("register")["number"] for _ in range(2)]
    said, step = page.locator("#said"), lambda name: page.locator(f"[data-step={name}]")
    expect(page.locator("#mode")).to_have_text("Closed")
    step("open").click()
    expect(page.locator("#mode")).to_have_text("Open")
    step("next").click()
    expect(page.locator("#number")).to_have_text(numbers[0])
    expect(step("open")).to_have_attribute("aria-disabled", "true")
    step("recall").click()
    expect(said).to_contain_text("less than 2 s ago")
    expect(said).to_have_attribute("data-wrong", "true")

    def recalled() -> bool:
        step("recall").click()
        page.wait_for_timeout(200)
        return "Recalled" in said.inner_text()

    wait_until(recalled, what="a recall that is not too soon")
    expect(page.locator("#recalls")).to_contain_text("1")
    step("start").click()
    expect(page.locator("#state")).to_have_text("Being served")
    step("finish").click()
    expect(page.locator("#no-ticket")).to_be_visible()
    step("next").click()
    expect(page.locator("#number")).to_have_text(numbers[1])
    step("no-show").click()
    expect(said).to_have_text(f"{numbers[1]}: nobody came")
    step("next").click()
    expect(said).to_have_text("Nobody is waiting.")
    step("pause").click()
    page.locator("#pause-reason").fill("Back at two")
    page.keyboard.press("Enter")
    expect(page.locator("#mode")).to_have_text("Paused · Back at two")
    wait_until(
        lambda: hall.devices()["windows"]["3"] == {"text": "Back at two", "state": "paused"},
        what="the reason at the window",
    )


def test_counter_sees_what_others_do_at_it_and_what_needs_attention(
    hall: RunningHall, open_page: Open
) -> None:
    page = open_page(hall, f"{COUNTER}1", language="zh-CN")
    number = hall.take("declare")["number"]
    expect(page.locator("#total")).to_have_text("1")
    hall.press("1", "NEXT")
    expect(page.locator("#number")).to_have_text(number)
    expect(page.locator("#total")).to_have_text("0")
    hall.printer(cover_open=True)
    hall.take("invoice", kiosk="k1")
    expect(page.locator("#alarms")).to_contain_text("取号机 k1 的打印机： 上盖打开")


def test_counter_is_worked_with_single_keys_unless_they_are_turned_off(
    hall: RunningHall, open_page: Open
) -> None:
    page = open_page(hall, f"{COUNTER}1")
    number = hall.take("declare")["number"]
    expect(page.locator("#total")).to_have_text("1")
    page.keyboard.press("n")
    expect(page.locator("#number")).to_have_text(number)
    page.keyboard.press("s")
    expect(page.locator("#state")).to_have_text("Being served")
    page.get_by_label("Keyboard shortcuts").uncheck()
    page.keyboard.press("f")
    page.locator("[data-step=finish]").focus()
    expect(page.locator("#state")).to_have_text("Being served")
    page.keyboard.press("Enter")
    expect(page.locator("#no-ticket")).to_be_visible()


def test_counter_sets_aside_sends_on_and_brings_back_with_notes(
    hall: RunningHall, open_page: Open
) -> None:
    numbers = [hall.take("register")["number"] for _ in range(2)]
    page = open_page(hall, f"{COUNTER}3", width=320, height=700)
    said, held, ended = (
        page.locator("#said"),
        page.locator("#queue-held"),
        page.locator("#queue-ended"),
    )
    expect(page.locator("#queue-waiting li")).to_have_count(2)
    page.keyboard.press("w")
    page.get_by_label("Staff number").fill("1003")
    page.keyboard.press("Enter")
    expect(page.locator("#staff")).to_have_text("Staff: 陈静")
    page.keyboard.press("n")
    expect(page.locator("#number")).to_have_text(numbers[0])
    page.keyboard.press("h")
    page.locator("#hold-note").fill("no licence yet")
    page.keyboard.press("Enter")
    expect(said).to_have_text(f"{numbers[0]} is on hold")
    expect(held.locator("li")).to_contain_text("no licence yet")
    assert not scrolls_sideways(page)
    page.keyboard.press("n")
    expect(page.locator("#number")).to_have_text(numbers[1])
    expect(page.locator("#note-line")).to_be_hidden()
    page.keyboard.press("x")
    expect(ended).to_contain_text(numbers[1])
    page.get_by_role("button", name=f"Call {numbers[0]}").click()
    expect(page.locator("#number")).to_have_text(numbers[0])
    expect(page.locator("#note")).to_have_text("no licence yet")
    page.keyboard.press("t")
    page.locator("#transfer-service").select_option("declare")
    page.locator("#transfer-note").fill("licence seen")
    page.locator("#transfer-dialog").get_by_role("button", name="Transfer").click()
    expect(said).to_have_text(f"{numbers[0]} was transferred")
    page.keyboard.press("a")
    expect(said).to_have_text(f"{numbers[1]} waits again")
    assert hall.at_counter("1", "next")["ticket"]["number"] == numbers[0]
    page.keyboard.press("n")
    expect(page.locator("#number")).to_have_text(numbers[1])
    expect(page.locator("[data-step=requeue]")).to_have_attribute("aria-disabled", "false")
    page.keyboard.press("b")
    page.locator("#requeue-place").select_option("front")
    page.locator("#requeue-dialog").get_by_role("button", name="Put back").click()
    expect(said).to_have_text(f"{numbers[1]} waits again")
    page.get_by_role("button", name=f"Call {numbers[1]}").click()
    expect(page.locator("#number")).to_have_text(numbers[1])


def test_key_of_a_virtual_keypad_shows_the_number_at_the_window_and_on_the_display(
    hall: RunningHall, open_page: Open
) -> None:
    devices, display = open_page(hall, DEVICES), open_page(hall, DISPLAY)
    number = hall.take("invoice")["number"]
    card = devices.locator(".counter").filter(has_text="Counter 2")
    card.get_by_role("button", name="Next").click()
    expect(card.locator("[data-window]")).to_have_text(number)
    expect(card.locator("[data-keypad]")).to_have_text(number)
    expect(card.locator(".state")).to_have_text("called")
    expect(display.locator("#number")).to_have_text(number)
    card.get_by_role("button", name="Finish").click()
    expect(card.locator(".state")).to_have_text("idle")


def test_page_without_its_token_asks_for_it_and_opens(hall: RunningHall, open_page: Open) -> None:
    page = open_page(hall, "/", forgiven="status of 401")
    page.get_by_role("link", name="Counter 2").click()
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("this token is not known")).to_be_visible()
    page.get_by_label("Token").fill(hall.tokens["counter"])
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="Counter 2")).to_be_visible()
    assert "token" not in page.url

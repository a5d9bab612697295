"""The page of virtual devices: evaluators, ticket callers, transfers and logins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.runtime.pages.screens import DEVICES, Open, scrolls_sideways
from tests.runtime.running_hall import HALL, RunningHall, wait_until

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")

TERMINALS = f"/api/v1/halls/{HALL}/terminals"


def card_of(page: Any, counter: str) -> Any:
    return page.locator(".counter").filter(has_text=f"Counter {counter}")


def test_customer_rates_on_the_pad_what_the_counter_did(hall: RunningHall, open_page: Open) -> None:
    page = open_page(hall, DEVICES)
    card = card_of(page, "1")
    pad, caller = card.locator("[data-evaluator]"), card.locator("[data-caller] li")
    card.get_by_label("Staff number").fill("1002")
    card.get_by_role("button", name="Log in").click()
    expect(card.locator("[data-keypad]")).to_have_text("李强")
    number = hall.take("declare")["number"]
    card.get_by_role("button", name="Next").click()
    expect(caller.first).to_have_text(f"{number} (sound 1, phrase 1)")
    expect(card.get_by_role("button", name="Very good")).to_be_disabled()
    for name in ("Start", "Finish"):
        card.get_by_role("button", name=name).click()
    expect(pad).to_have_text(f"{number}: how was the service?")
    card.get_by_role("button", name="Long wait").click()
    card.get_by_role("button", name="Poor", exact=True).click()
    expect(pad).to_have_text("done")
    expect(card.get_by_role("button", name="Very good")).to_be_disabled()
    wait_until(lambda: hall.hall()["counters"][0]["today"]["evaluated"] == 1, what="an evaluation")


def test_ticket_is_transferred_to_a_preset(hall: RunningHall, open_page: Open) -> None:
    page = open_page(hall, DEVICES)
    card = card_of(page, "1")
    number = hall.take("declare")["number"]
    card.get_by_role("button", name="Next").click()
    expect(card.locator("[data-window]")).to_have_text(number)
    card.get_by_role("button", name="Transfer to Registration").click()
    expect(card.locator("[data-keypad]")).to_have_text("税务登记")
    assert hall.at_counter("3", "next")["ticket"]["number"] == number


def test_banner_that_is_set_runs_through_the_window(hall: RunningHall, open_page: Open) -> None:
    page = open_page(hall, DEVICES, width=390)
    banner = page.locator("[data-banner='1']")
    expect(banner).to_have_text("欢迎光临")
    path = f"/api/v1/halls/{HALL}/counters/1/banner"
    hall.call("PUT", path, "manager", {"text": "午休至 13:30", "brightness": 60}).ok()
    expect(banner).to_have_text("午休至 13:30")
    hall.call("PUT", path, "manager", {"text": "欢迎光临", "brightness": 80}).ok()
    expect(banner).to_have_text("欢迎光临")
    assert not scrolls_sideways(page)


def test_every_device_of_the_demo_hall_says_how_it_is(hall: RunningHall) -> None:
    def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = hall.call("GET", TERMINALS, "manager").ok()["terminals"]
        return found

    wait_until(lambda: all(one["state"] == "here" for one in listed()), what="a word of each")
    for one in listed():
        assert (one["supply"], one["battery_mv"], one["troubles"]) == ("battery", 3000, [])


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("evaluators/1", {"level": 6}, "level must be 1 to 5"),
        ("evaluators/1", {"level": 1, "reasons": ["late"]}, "reasons of slow, rude, unsolved"),
        ("evaluators/2", {"level": 1}, "counter 2 has no virtual evaluator"),
        ("keypads/1", {"key": "TRANSFER", "argument": 256}, "argument must be 0 to 255"),
        ("keypads/1", {"key": "LOGIN", "code": -1}, "code 0 to 4294967295"),
        ("keypads/9", {"key": "LOGIN", "code": 1}, "counter 9 has no virtual keypad"),
    ],
)
def test_what_a_device_has_not_is_refused(
    hall: RunningHall, path: str, body: object, said: str
) -> None:
    answer = hall.call("POST", f"/api/v1/devices/{HALL}/{path}", "manager", body)
    assert answer.status in (400, 404)
    assert said in answer.content["detail"]


def test_gateway_is_pulled_out_and_its_windows_catch_up_once_it_is_back(
    hall: RunningHall, open_page: Open
) -> None:
    page = open_page(hall, DEVICES)
    window, switch = card_of(page, "1").locator("[data-window]"), page.get_by_label("Unplugged")
    expect(page.locator(".gateway h3")).to_have_text("Radio gateway g1")
    switch.check()
    wait_until(lambda: "gateway/g1" in hall.alarms(), what="the gateway's alarm")
    number = hall.take("declare")["number"]
    assert hall.at_counter("1", "next")["ticket"]["number"] == number
    expect(switch).to_be_checked()
    expect(window).not_to_have_text(number)
    switch.uncheck()
    wait_until(lambda: "gateway/g1" not in hall.alarms(), what="no alarm for the gateway")
    expect(window).to_have_text(number)

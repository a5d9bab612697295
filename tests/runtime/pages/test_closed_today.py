"""A closure that is added while people wait, in a real browser: at the kiosk, at counters, on tickets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.runtime.pages.screens import COUNTER, DISPLAY, KIOSK, Open, scrolls_sideways
from tests.runtime.running_hall import HALL, IN_HALL, RunningHall

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")


def close(hall: RunningHall, **body: Any) -> Any:
    """Close registrations today, and tomorrow, as midnight may pass."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    days = {"first": str(today), "last": str(today + timedelta(days=1))}
    closure = {"service": "register", "reason": "power cut", **days, **body}
    return hall.call("POST", f"{IN_HALL}/closures", "manager", closure).ok()


def test_a_closure_is_said_with_its_reason_wherever_people_wait(
    hall: RunningHall, open_page: Open
) -> None:
    tickets = [hall.take("register", language="en") for _ in range(2)]
    counter = open_page(hall, f"{COUNTER}3")
    phones = [open_page(hall, f"/t/{HALL}/{one['id']}", width=320, height=640) for one in tickets]
    display = open_page(hall, DISPLAY)
    kiosk = open_page(hall, KIOSK)
    kiosk.get_by_role("button", name="English").click()
    kiosk.get_by_role("button", name="Other matters").click()
    expect(counter.locator("#waiting tr").first).not_to_contain_text("closed")

    added = close(hall)["closure"]
    expect(counter.locator("#waiting tr").first).to_contain_text("closed today: power cut")
    expect(counter.locator("#waiting tr").first).to_contain_text("2")
    for phone in phones:
        said = "This service is closed today (power cut). You will still be called."
        expect(phone.locator("#closed")).to_have_text(said)
        assert not scrolls_sideways(phone)
    registration = kiosk.get_by_role("button", name="Registration")
    expect(registration).to_be_disabled()
    expect(registration).to_contain_text("Closed: power cut. Tickets again on ")
    for said in ("Closed: power cut. Tickets again on ", "（power cut）"):
        expect(display.locator("#waiting .closed")).to_contain_text(said)
    expect(display.locator("#waiting .closed")).to_have_count(1)
    assert not scrolls_sideways(display)
    counter.locator("[data-step=next]").click()
    expect(counter.locator("#number")).to_have_text(tickets[0]["number"])

    again = close(hall, end_waiting=True)
    assert again["ended"] == 1
    expect(phones[1].locator("#state")).to_have_text("Cancelled")
    expect(phones[1].locator("#closed")).to_contain_text("(power cut). Please come another day.")
    for closure in (added, again["closure"]):
        path = f"{IN_HALL}/closures/{closure['id']}/remove"
        hall.call("POST", path, "manager").ok()
    expect(registration).to_be_enabled()
    expect(display.locator("#waiting .closed")).to_have_count(0)
    expect(counter.locator("#waiting tr").first).not_to_contain_text("closed")

    drill = close(hall, service=None, reason="fire drill")["closure"]
    expect(display.locator("#closed")).to_contain_text("Closed: fire drill")
    expect(display.locator("#waiting .closed")).to_have_count(0)
    hall.call("POST", f"{IN_HALL}/closures/{drill['id']}/remove", "manager").ok()
    expect(display.locator("#closed")).to_be_hidden()

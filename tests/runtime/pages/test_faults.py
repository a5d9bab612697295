"""The page with a switch for each virtual device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime.http.languages import TEXTS
from sim.faults.catalogue import FAULTS
from tests.runtime.pages.screens import Open, scrolls_sideways
from tests.runtime.running_hall import HALL, RunningHall, wait_until

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

FAULTS_PAGE = "/devices/faults"


def on(hall: RunningHall) -> Any:
    return hall.call("GET", "/api/v1/devices/faults", "manager").ok()[HALL]


@pytest.fixture(autouse=True)
def well(hall: RunningHall) -> Iterator[None]:
    yield
    for fault in on(hall):
        hall.call("POST", f"/api/v1/devices/{HALL}/faults/{fault['id']}/end", "manager").ok()


def test_every_live_kind_has_a_name_in_both_languages() -> None:
    for texts in TEXTS.values():
        assert {f"faults.kind.{kind.name}" for kind in FAULTS.values() if kind.live} <= set(texts)


@pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")
def test_switch_breaks_its_device_and_mends_it(hall: RunningHall, open_page: Open) -> None:
    page = open_page(hall, FAULTS_PAGE)
    row = page.locator("[data-device='printer k1']")
    expect(row.get_by_role("heading")).to_have_text("Printer of kiosk k1")
    row.get_by_role("combobox").select_option("printer-cover-open")
    switch = row.get_by_role("switch", name="Broken: Printer of kiosk k1")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(row.locator(".left")).to_contain_text("Cover open")
    wait_until(lambda: "printer/k1" in hall.alarms(), what="an alarm", patience_s=20)
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    wait_until(lambda: on(hall) == [], what="nothing that is broken")


@pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")
def test_page_speaks_chinese_on_a_phone_and_sees_what_others_broke(
    hall: RunningHall, open_page: Open
) -> None:
    body = {"kind": "terminal-silent-death", "where": "window/2", "seconds": 60}
    hall.call("POST", f"/api/v1/devices/{HALL}/faults", "manager", body).ok()
    page = open_page(hall, FAULTS_PAGE, width=390, language="zh-CN")
    row = page.locator("[data-device='terminal window/2']")
    expect(row.get_by_role("heading")).to_have_text("2 号窗口的窗口屏")
    expect(row.get_by_role("switch")).to_have_attribute("aria-checked", "true")
    expect(row.locator(".left")).to_contain_text("死机")
    assert not scrolls_sideways(page)

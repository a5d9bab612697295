"""The reception's page in a real browser: numbers for customers, on paper or not, and those given back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from runtime.config.load import DEMO
from tests.runtime.pages.screens import RECEPTION, Open, scrolls_sideways
from tests.runtime.running_hall import HALL, IN_HALL, RunningHall

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")


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
    """The demo hall where one service is booked and another asks for a phone; its day ends in twelve hours."""
    begins = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=12)
    text = DEMO.read_text("utf-8")
    for old, new in (
        (f'id = "{HALL}"\n', f'id = "{HALL}"\nday_begins = {begins:%H:%M}:00\n'),
        ('past_last = "go_on"\n', f'past_last = "go_on"\n{APPOINTMENTS}'),
        ('prefix = "C"\n', 'prefix = "C"\nidentity = "phone"\nperson_max = 1\n'),
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


@pytest.fixture(params=[(1280, 900), (320, 640)], ids=["desk", "narrow"])
def page(hall: RunningHall, open_page: Open, request: pytest.FixtureRequest) -> Any:
    width, height = request.param
    page = open_page(hall, RECEPTION, width=width, height=height, forgiven="status of 4")
    expect(page.locator("[data-service=declare]")).not_to_be_empty()
    return page


def choose(page: Any, service: str) -> None:
    page.locator(f"#services input[value={service}]").check()


def give(page: Any) -> str:
    before = page.locator("#number").text_content()
    page.locator("#give").click()
    expect(page.locator("#number")).not_to_have_text(before)
    return str(page.locator("#number").text_content())


def test_a_number_is_taken_with_all_that_a_customer_says_and_printed(
    hall: RunningHall, page: Any
) -> None:
    choose(page, "declare")
    page.locator("[name=class]").select_option("priority")
    page.locator("[name=party]").fill("3")
    page.locator("[name=language]").select_option("en")
    page.locator("summary").click()
    page.locator("[name=then][value=invoice]").check()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        number = give(page)
    body = sent.value.post_data_json
    assert (body["class"], body["party"], body["then"]) == ("priority", 3, ["invoice"])
    expect(page.locator("#paper")).to_have_text("Printed.")
    assert not scrolls_sideways(page)
    id = f"{hall.hall()['day'].replace('-', '')}-{number}"
    ticket = hall.call("GET", f"{IN_HALL}/tickets/{id}", "counter").ok()
    assert (ticket["class"], ticket["language"], ticket["kiosk"]) == ("priority", "en", "k1")
    # What was said of one customer is not said of the next; the language often is the same.
    assert page.locator("[name=party]").input_value() == "1"
    assert page.locator("[name=language]").input_value() == "en"
    page.locator("#cancel").click()
    expect(page.locator("#last").get_by_role("button", name=number)).to_have_count(0)


def test_without_paper_the_code_is_there_and_paper_may_follow(page: Any) -> None:
    choose(page, "invoice")
    page.locator("[name=kiosk]").select_option("")
    give(page)
    expect(page.locator("#paper")).to_contain_text("scan this code")
    assert page.locator("#code-image").evaluate(
        "image => image.complete && image.naturalWidth > 50"
    )
    page.locator("#reprint").click()
    expect(page.locator("#paper")).to_have_text("Printed.")
    page.locator("#cancel").click()
    expect(page.locator("#issued")).to_be_hidden()


def test_who_somebody_is_is_asked_where_it_is_needed_and_a_refusal_said(
    hall: RunningHall, page: Any
) -> None:
    phone = f"1380013{page.viewport_size['width']:04}"  # another person on each screen
    expect(page.locator("#identity")).to_be_hidden()
    choose(page, "register")
    expect(page.locator("#identity-name")).to_have_text("Mobile number")
    page.locator("[name=identity]").fill("12800138000")
    page.locator("#give").click()
    expect(page.locator("#said")).to_have_text("This is no mobile number. Please check it.")
    page.locator("[name=identity]").fill(phone)
    number = give(page)
    expect(page.locator("#said")).to_be_hidden()
    choose(page, "register")
    page.locator("[name=identity]").fill(phone)
    page.locator("#give").click()
    expect(page.locator("#said")).to_contain_text("Use the ticket that you have")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#identity-name")).to_have_text("手机号")
    assert not scrolls_sideways(page)
    # Who was served is not offered any more.
    assert hall.at_counter("3", "next")["ticket"]["number"] == number
    hall.at_counter("3", "next")
    expect(page.locator("#last").get_by_role("button", name=number)).to_have_count(0)
    hall.at_counter("3", "close")


def test_a_booked_customer_is_checked_in(hall: RunningHall, page: Any) -> None:
    slots = hall.call("GET", f"{IN_HALL}/services/declare/slots", "counter").ok()["slots"]
    body = {"service": "declare", "slot": slots[1]["slot"]}
    code = hall.call("POST", f"{IN_HALL}/bookings", "counter", body).ok()["code"]
    page.locator("#checkin [name=typed]").fill("ZZZZZZZZ")
    page.locator("#checkin button").click()
    expect(page.locator("#said")).to_contain_text("no appointment with this code")
    page.locator("#checkin [name=typed]").fill(code)
    page.locator("#checkin button").click()
    expect(page.locator("#ahead")).to_contain_text("Appointment: ")
    expect(page.locator("#paper")).to_have_text("Printed.")
    page.locator("#cancel").click()
    expect(page.locator("#issued")).to_be_hidden()

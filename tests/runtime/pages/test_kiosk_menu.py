"""A kiosk with a menu in a real browser: pages, closed and full services, and numbers typed on the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from runtime.config.load import DEMO
from tests.runtime.pages.screens import KIOSK, Open, number_on, scrolls_sideways
from tests.runtime.running_hall import IN_HALL, RunningHall

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")

PHONE, DOCUMENT = "13800138000", "11010519491231002X"

MENU = """
[[hall.menu]]
service = "declare"
[[hall.menu]]
names = { zh = "发票", en = "Everything about invoices" }
entry = [{ service = "invoice" }]
[[hall.menu]]
service = "permit"
[[hall.menu]]
names = { zh = "其他业务", en = "Other matters" }
[[hall.menu.entry]]
names = { zh = "登记", en = "Registration and changes" }
entry = [{ service = "register" }, { service = "property" }]
"""

PROPERTY = """
[[hall.service]]
id = "property"
names = { zh = "房产交易税费", en = "Property transactions" }
prefix = "D"
identity = "document"

[[hall.service]]
id = "permit"
names = { zh = "许可证", en = "Permits" }
prefix = "E"
identity = "wechat"
"""


def reopens() -> date:
    """Long enough ahead that no test meets it at midnight."""
    return datetime.now(UTC).date() + timedelta(days=30)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHall]:
    """The demo hall with a menu of three pages and nothing to book; a service is closed, three ask who one is,
    one has a quota."""
    text = DEMO.read_text("utf-8")
    menu = text[text.index("[[hall.menu]]") : text.index("[[hall.service]]")]
    slots = text.index("[[hall.service.appointments.slot]]")
    booked = text[slots : text.index("[[hall.service]]", slots)]
    last = reopens() - timedelta(days=1)
    closure = f"[[hall.service.hours.closure]]\nfirst = 2020-01-01\nlast = {last}\n"
    for old, new in (
        ('prefix = "A"\n', 'prefix = "A"\nquota = 1\n'),
        ('prefix = "B"\n', f'prefix = "B"\n{closure}'),
        ('prefix = "C"\n', f'prefix = "C"\nidentity = "phone"\n{PROPERTY}'),
        ('services = ["register", ', 'services = ["register", "property", "permit", '),
        (menu, MENU),
        (booked, ""),
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
    """The kiosk's page in English, as large as a kiosk and as narrow as a phone."""
    width, height = request.param
    page = open_page(hall, KIOSK, width=width, height=height, forgiven="status of 4")
    page.get_by_role("button", name="English").click()
    expect(page.locator(".service-waiting").first).not_to_be_empty()
    return page


def choose(page: Any, *names: str) -> None:
    for name in names:
        page.locator("#services").get_by_role("button", name=name).click()


def type_in(page: Any, keys: str) -> None:
    for key in keys:
        page.locator("#pad").get_by_role("button", name=key, exact=True).click()


def test_the_menu_is_walked_down_and_back_in_every_language(page: Any) -> None:
    title = page.locator("#choose-title")
    expect(title).to_have_text("Please choose a service")
    expect(page.locator("#menu-back")).to_be_hidden()
    choose(page, "Other matters", "Registration and changes")
    expect(title).to_have_text("Registration and changes")
    assert page.locator("#services .service-name").all_inner_texts() == [
        "Registration",
        "Property transactions",
    ]
    assert not scrolls_sideways(page)
    page.get_by_role("button", name="中文").click()
    expect(title).to_have_text("登记")
    page.locator("#menu-back").click()
    expect(title).to_have_text("其他业务")
    page.locator("#menu-back").click()
    expect(title).to_have_text("请选择要办理的业务")
    expect(page.locator("#menu-back")).to_be_hidden()
    assert not scrolls_sideways(page)


def test_a_closed_service_is_shown_with_when_it_opens_and_cannot_be_chosen(page: Any) -> None:
    choose(page, "Everything about invoices")
    service = page.locator("#services").get_by_role("button", name="Invoices")
    expect(service).to_be_disabled()
    expect(service).to_contain_text("Closed. Tickets again on ")
    expect(service).to_contain_text(f"{reopens()} at 00:00")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#services .service-waiting").first).to_contain_text("暂停办理")
    assert not scrolls_sideways(page)


def test_a_number_is_typed_corrected_and_known_again(hall: RunningHall, page: Any) -> None:
    choose(page, "Other matters", "Registration and changes", "Property transactions")
    expect(page.locator("#pad-title")).to_have_text("The number of your identity card")
    go = page.locator("#pad-go")
    expect(go).to_be_disabled()
    type_in(page, DOCUMENT[:16] + "2")
    expect(page.locator("#pad-typed")).to_have_text("110105 19491231 002")
    page.get_by_role("button", name="Erase").click()
    type_in(page, "1X")
    assert not scrolls_sideways(page)
    go.click()
    expect(page.locator("#pad-wrong")).to_contain_text("check each digit")
    for _ in range(2):
        page.get_by_role("button", name="Erase").click()
    page.keyboard.type("2x")
    expect(page.locator("#pad-wrong")).to_be_hidden()
    go.click()
    shown = number_on(page)
    assert shown.startswith("D")
    page.locator("#done").click()
    assert DOCUMENT not in page.content()
    # The same person again has one already.
    page.get_by_role("button", name="English").click()
    choose(page, "Other matters", "Registration and changes", "Property transactions")
    type_in(page, DOCUMENT)
    go.click()
    expect(page.locator("#failed")).to_be_visible()
    page.locator("#failed-done").click()
    expect(page.locator("#menu-back")).to_be_hidden()
    id = f"{hall.hall()['day'].replace('-', '')}-{shown}"
    hall.call("POST", f"{IN_HALL}/tickets/{id}/cancel", "manager").ok()


def test_a_phone_number_has_no_letter_and_can_be_left(page: Any) -> None:
    choose(page, "Other matters", "Registration and changes", "Registration")
    expect(page.locator("#pad-title")).to_have_text("Your mobile number")
    expect(page.locator("#pad").get_by_role("button", name="X")).to_have_count(0)
    type_in(page, "138")
    page.locator("#pad-back").click()
    expect(page.locator("#choose-title")).to_have_text("Registration and changes")
    choose(page, "Registration")
    expect(page.locator("#pad-typed")).to_have_text("–")


def test_a_service_of_wechat_alone_says_where_it_is_taken(page: Any) -> None:
    choose(page, "Permits")
    expect(page.locator("#failed-detail")).to_contain_text("taken in WeChat")
    assert not scrolls_sideways(page)
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#failed-detail")).to_contain_text("仅限微信取号")


def test_a_full_service_is_shown_as_such_once_its_quota_is_given_out(
    hall: RunningHall, page: Any
) -> None:
    tax = page.locator("#services").get_by_role("button", name="Tax returns")
    if tax.is_enabled():
        tax.click()
        number_on(page)
        page.locator("#done").click()
        page.get_by_role("button", name="English").click()
    expect(tax).to_be_disabled()
    expect(tax).to_contain_text("No more tickets today. More ")


def test_a_hall_without_appointments_asks_for_none(page: Any) -> None:
    expect(page.locator("#checkin")).to_have_count(0)
    page.keyboard.type("ABCDEFGH")
    page.keyboard.press("Enter")
    expect(page.locator("#choose-title")).to_be_visible()

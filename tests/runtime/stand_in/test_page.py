"""The page of phones in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.pages.screens import CHROMIUM, PATIENCE_MS, QUIET, scrolls_sideways
from tests.runtime.running_hall import wait_until
from tests.runtime.stand_in.rig import AccountServer, ServedStandIn
from tests.sim.wechat.service import CALL, CALL_DATA, ONCE

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")

PICTURES = os.environ.get("PAIHAO_PICTURES")
"""A folder that takes pictures of the pages, for people to look at."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        sync_api.expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens the page, each time in a browser of its own; none may report an error but ``forgiven``."""
    contexts: list[Any] = []
    errors: list[str] = []

    def open_page(
        stand_in: ServedStandIn,
        *,
        width: int = 1280,
        language: str = "en-GB",
        forgiven: str = "(?!)",
    ) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale=language)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)

        def note(said: Any) -> None:
            if said.type == "error" and not re.search(forgiven, said.text):
                errors.append(said.text)

        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(stand_in.server.phones_url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def picture(page: Any, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def phone_of(page: Any, name: str) -> Any:
    return page.locator(f"[data-person='{name}']")


def call_number(stand_in: ServedStandIn, name: str, link: str) -> None:
    openid = stand_in.on_reactor(lambda: stand_in.model.people.contact(name).openid)
    body = {"touser": openid, "template_id": CALL.id, "data": CALL_DATA, "url": link}
    answer = stand_in.ask(
        "POST", "/cgi-bin/message/template/send", body, access_token=stand_in.token()
    )
    assert answer.document["errcode"] == 0


MENU = {
    "button": [
        {"type": "click", "name": "排队进度", "key": "progress"},
        {
            "name": "取号",
            "sub_button": [
                {"type": "click", "name": "我的号", "key": "mine"},
                {"type": "view", "name": "选择大厅", "url": "http://127.0.0.1:1/halls"},
            ],
        },
    ]
}


def test_person_appears_follows_and_gets_a_push_with_a_link(
    serve: Callable[..., ServedStandIn],
    account_server: AccountServer,
    open_page: Callable[..., Any],
) -> None:
    stand_in = serve(callback_url=account_server.url)
    stand_in.ask("POST", "/cgi-bin/menu/create", MENU, access_token=stand_in.token())
    page = open_page(stand_in)
    page.get_by_label("Name").fill("张三")
    page.get_by_role("button", name="New person").click()
    phone = phone_of(page, "张三")
    expect(phone.locator(".state")).to_have_text("Does not follow")
    expect(phone.locator(".say")).to_be_hidden()
    phone.get_by_role("button", name="Follow", exact=True).click()
    expect(phone.locator(".state")).to_have_text("Follows")
    phone.get_by_role("button", name="排队进度").click()
    phone.locator("summary", has_text="取号").click()
    phone.get_by_role("button", name="我的号").click()
    phone.get_by_label("Text that 张三 sends").fill("A010")
    phone.get_by_role("button", name="Send").click()
    follow, click, other, text = account_server.wait_heard(4)
    assert "<![CDATA[subscribe]]>" in follow.plain
    assert "<![CDATA[progress]]>" in click.plain
    assert "<![CDATA[mine]]>" in other.plain
    assert "<![CDATA[A010]]>" in text.plain
    # The stand-in itself is what the link opens here.
    call_number(stand_in, "张三", f"{stand_in.server.base_url}/problems/forbidden")
    message = phone.locator("article.template")
    expect(message.get_by_role("heading")).to_have_text(CALL.title)
    expect(message.locator("dd").nth(1)).to_have_text("3号窗口")
    picture(page, "desktop")
    with page.context.expect_page() as opened:
        message.get_by_role("link", name="Details").click()
    opened.value.wait_for_load_state()
    assert opened.value.url.endswith("/problems/forbidden")
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "stand-in-person"]
    assert cookie["path"] == "/connect/oauth2"


def test_code_is_scanned_and_an_unknown_one_is_told(
    stand_in: ServedStandIn, open_page: Callable[..., Any]
) -> None:
    stand_in.deed("li", "appear")
    wish = {
        "action_name": "QR_STR_SCENE",
        "expire_seconds": 600,
        "action_info": {"scene": {"scene_str": "ticket-A010"}},
    }
    stand_in.ask("POST", "/cgi-bin/qrcode/create", wish, access_token=stand_in.token())
    page = open_page(stand_in)
    phone = phone_of(page, "li")
    scan = phone.get_by_role("button", name="Scan")
    phone.get_by_label("QR code that li scans").fill("none")
    scan.click()
    expect(page.locator("#said")).to_have_text("There is no such code, or it has expired.")
    expect(page.locator("#codes option")).to_have_attribute("value", "ticket-A010")
    phone.get_by_label("QR code that li scans").fill("ticket-A010")
    scan.click()
    expect(phone.locator(".state")).to_have_text("Follows")
    phone.locator(".more summary").click()
    phone.get_by_role("button", name="Accept").click()
    expect(phone.locator("select option").first).to_have_text(f"{ONCE.title} (1)")


def test_switch_begins_a_trouble_and_ends_it(
    stand_in: ServedStandIn, open_page: Callable[..., Any]
) -> None:
    page = open_page(stand_in)
    page.get_by_label("Calls", exact=True).select_option("/cgi-bin/message/")
    page.get_by_label("Lasts").select_option("600")
    switch = page.get_by_role("switch", name="Busy (-1)")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    (trouble,) = stand_in.state()["troubles"]
    assert (trouble["kind"], trouble["path"]) == ("busy", "/cgi-bin/message/")
    late = page.get_by_role("switch", name="Late callbacks")
    late.click()
    expect(late).to_have_attribute("aria-checked", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    page.get_by_role("button", name="Revoke all access tokens").click()
    wait_until(lambda: len(stand_in.state()["troubles"]) == 2, what="revoked tokens")


def test_page_speaks_chinese_on_a_narrow_phone(
    serve: Callable[..., ServedStandIn],
    account_server: AccountServer,
    open_page: Callable[..., Any],
) -> None:
    stand_in = serve(callback_url=account_server.url)
    stand_in.ask("POST", "/cgi-bin/menu/create", MENU, access_token=stand_in.token())
    for name in ("张三", "a-name-of-20-letters"):
        stand_in.act(stand_in.model.people.follow, name)
        call_number(stand_in, name, "http://hall.example/t")
    stand_in.ask("POST", "/troubles/late_callbacks", {"delay_s": 3, "path": "/cgi-bin/message/"})
    page = open_page(stand_in, width=320, language="zh-CN")
    phone = phone_of(page, "张三")
    expect(phone.locator(".state")).to_have_text("已关注")
    expect(phone.get_by_role("link", name="查看详情")).to_be_visible()
    expect(page.get_by_role("switch", name="回调迟到")).to_have_attribute("aria-checked", "true")
    phone.locator(".more summary").click()
    phone.locator("summary", has_text="取号").click()
    assert not scrolls_sideways(page)
    picture(page, "narrow")
    page.get_by_role("button", name="English").click()
    expect(phone.locator(".state")).to_have_text("Follows")
    expect(phone.get_by_role("link", name="Details")).to_be_visible()


def test_page_tells_when_the_stand_in_is_gone(
    serve: Callable[..., ServedStandIn], open_page: Callable[..., Any]
) -> None:
    stand_in = serve()
    page = open_page(stand_in, forgiven="ERR_CONNECTION")
    expect(page.locator("#connection")).to_be_hidden()
    stand_in.stop()
    expect(page.locator("#connection")).to_be_visible()

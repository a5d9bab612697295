"""The code on a virtual printer's paper, held to a phone of WeChat's stand-in, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.runtime.pages.screens import DEVICES, Open
from tests.runtime.running_hall import RunningHall, wait_until

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")


@pytest.fixture
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHall]:
    """The demo hall, which has an account with a stand-in."""
    hall = RunningHall(tmp_path_factory.mktemp("demo"), "--wechat")
    try:
        yield hall.await_start()
    finally:
        hall.kill()


def test_paper_is_scanned_and_the_call_arrives(demo: RunningHall, open_page: Open) -> None:
    devices = open_page(demo, DEVICES)
    number = demo.take("declare", kiosk="k1")["number"]
    paper = devices.locator(".paper").filter(has_text=number)
    code = paper.locator("code")
    expect(code).to_have_text(re.compile("^http://weixin.qq.com/q/"))
    image = paper.locator("img")
    wait_until(lambda: image.evaluate("image => image.naturalWidth") > 0, what="the code is drawn")
    found = re.search(r"phones +(\S+)", demo.said)
    assert found is not None
    phones = devices.context.new_page()
    phones.goto(found[1])
    phone = phones.locator("[data-person='张三']")
    phone.get_by_label("QR code that 张三 scans").fill(code.inner_text())
    phone.get_by_role("button", name="Scan").click()
    expect(phone.locator(".state")).to_have_text("Follows")
    expect(phone.locator("article").first).to_contain_text(number)
    demo.at_counter("1", "next")
    expect(phone.locator("article.template").last.locator("dd").first).to_have_text(number)
    expect(phone.locator("article.template").last.get_by_role("heading")).to_have_text("叫号通知")
    for code_of in ("", "x" * 301):
        assert demo.call("GET", f"/devices/qr.svg?code={code_of}", "manager").status == 400
    assert demo.call("GET", f"/devices/qr.svg?code={'%ff' * 300}", "manager").status == 200

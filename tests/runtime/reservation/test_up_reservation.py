"""``paihao up`` with its stand-in of WeChat: one browser is the phones of several people, one after another."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.runtime.running_hall import RunningHall, wait_until

Start = Callable[..., RunningHall]


class Browser:
    """One browser, in which the phones' page opens links as whoever it is to be."""

    def __init__(self, hall: RunningHall) -> None:
        found = re.search(r"http://127\.0\.0\.1:\d+/phones", hall.said)
        assert found is not None
        self._phones = found[0]
        self._base_url = f"http://127.0.0.1:{hall.port}"
        self.cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self.cookies))

    def ask(self, url: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(time.monotonic_ns())}
        sent = None if body is None else json.dumps(body).encode()
        try:
            with self._opener.open(Request(url, sent, headers)) as response:
                return response.status, response.read()
        except HTTPError as error:
            return error.code, error.read()

    def api(self, path: str, body: Any = None) -> tuple[int, Any]:
        status, octets = self.ask(f"{self._base_url}/api/v1/{path}", body)
        return status, json.loads(octets)

    def open(self, person: str, path: str) -> None:
        """Touch a link to one of our pages on somebody's phone."""
        link = quote(f"{self._base_url}{path}", safe="")
        self.ask(f"{self._phones}/{quote(person)}/open?url={link}")

    def menu(self) -> list[str]:
        """Return where the buttons below the account's chat lead."""
        _, octets = self.ask(f"{self._phones}/state")
        return [button["url"] or button["key"] for button in json.loads(octets)["menu"]]

    def page(self, path: str) -> str:
        return f"{self._base_url}{path}"


def test_browser_is_whoever_opened_the_link_last(start: Start) -> None:
    hall = start("--wechat")
    browser = Browser(hall)
    assert browser.api("my")[0] == 401
    numbers = []
    for person in ("张三", "李四"):
        browser.open(person, "/m/sign-in?to=/m/mine")
        status, ticket = browser.api("my/halls/HZ01/tickets", {"service": "declare"})
        assert status == 201, ticket
        numbers.append(ticket["number"])
        _, mine = browser.api("my")
        assert [one["number"] for one in mine["halls"][0]["tickets"]] == [ticket["number"]]
    assert len(set(numbers)) == 2
    browser.open("张三", "/m/")
    assert browser.api("my")[0] == 401, "a link of another person's forgets who was here"
    assert hall.end() == 0
    assert "Traceback" not in hall.logged


def test_menu_leads_to_the_pages(start: Start) -> None:
    hall = start("--wechat")
    browser = Browser(hall)
    menu = wait_until(browser.menu, what="the menu")
    assert menu == [browser.page("/m/"), browser.page("/m/mine"), "progress"]
    _, directory = browser.api("directory")
    assert directory["halls"][0]["id"] == "HZ01"

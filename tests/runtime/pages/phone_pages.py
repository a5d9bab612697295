"""The pages for phones with an API that a test answers."""

from __future__ import annotations

from typing import Any

from protocol.hall import HallSpec
from protocol.ids import FollowerId
from runtime.http.customers import Customer, cookies_named
from runtime.http.request import HttpRequest
from runtime.reservation.pages import ReservationPages
from tests.runtime.http.rig import PLENTY, Served
from tests.runtime.pages.fake_reservations import FakeReservations
from tests.runtime.pages.screens import Open

__all__ = ["FAINT", "Phone", "PhonePages", "later"]

FAINT = """() => {
  const parts = (color) => color.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const curve = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const linear = [r, g, b].map((c) => curve(c / 255));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0.5) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest("script, noscript")) continue;
    const [one, other] = [parts(getComputedStyle(element).color), behind(element)].map(light);
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${element.textContent.trim()}`);
  }
  return faint;
}"""
"""Texts on a page whose contrast (WCAG 2.2, 1.4.3) is below 4.5."""


OWN_CLOCK = """
{
  const { setTimeout: set, setInterval: setAgain, clearTimeout: clear } = window;
  const now = Date.now;
  const waiting = new Map();
  const again = new Set();
  let skipped = 0;
  Date.now = () => now() + skipped;
  window.setTimeout = (run, ms = 0) => {
    const id = set(() => { waiting.delete(id); run(); }, ms);
    waiting.set(id, { run, due: Date.now() + ms });
    return id;
  };
  window.clearTimeout = (id) => { waiting.delete(id); clear(id); };
  window.setInterval = (run, ms) => { again.add(run); return setAgain(run, ms); };
  window.later = (ms) => {
    skipped += ms;
    for (const [id, { run, due }] of [...waiting]) {
      if (due <= Date.now()) { window.clearTimeout(id); run(); }
    }
    for (const run of again) run();
  };
}
"""
"""A clock that can be put forward: what is due by then happens at once."""


def later(page: Any, seconds: float) -> None:
    """Have so much time go by on a page that was opened with a clock of its own."""
    page.evaluate("seconds => later(seconds * 1000)", seconds)


class PhonePages:
    """Serves the pages of one hall for phones, without the API that they ask."""

    def __init__(self, thread: Any, spec: HallSpec) -> None:
        self.spec = spec
        self.served = Served(
            thread,
            PLENTY,
            spec=spec,
            more_routes=lambda pages: ReservationPages(pages).routes(),
            customer_of=_customer_of,
        )
        self.served.call(self.served.start)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.served.port}"

    def stop(self) -> None:
        self.served.call(self.served.stop)


def _customer_of(request: HttpRequest) -> Customer | None:
    if not any(cookies_named(request, b"customer")):
        return None
    return Customer(openid="somebody", follower=FollowerId("somebody"))


class Phone:
    """One phone, and the ``api`` that its pages ask."""

    def __init__(self, pages: PhonePages, open_page: Open) -> None:
        self.pages = pages
        self.api = FakeReservations(pages.spec)
        self._open = open_page

    def open(
        self,
        path: str,
        *,
        known: bool = True,
        width: int = 320,
        height: int = 640,
        own_clock: bool = False,
        **options: Any,
    ) -> Any:
        """Open a page; somebody who is not ``known`` has not been named by WeChat.

        With ``own_clock`` the page's time goes on by itself and by `later`.
        """

        def before(page: Any) -> None:
            if known:
                self.know(page)
            if own_clock:
                page.add_init_script(OWN_CLOCK)
            self.api.install(page)

        options = {"timezone_id": self.pages.spec.time_zone, **options}
        return self._open(self.pages, path, width=width, height=height, before=before, **options)

    def know(self, page: Any) -> None:
        """Have the browser keep the cookie of whoever is known."""
        page.context.add_cookies([{"name": "customer", "value": "x", "url": self.pages.base}])

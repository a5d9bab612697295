"""What tests of the pages look at in a real browser, and with what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.runtime.running_hall import HALL, RunningHall

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
"""For a browser that runs as root, has no screen, and talks to nobody but us."""

ANNOUNCEMENT_S = 1.0
PATIENCE_MS = 20_000

KIOSK = f"/halls/{HALL}/kiosk/k1"
COUNTER = f"/halls/{HALL}/counter/"
DISPLAY = f"/halls/{HALL}/display"
DEVICES = "/devices"
RECEPTION = f"/halls/{HALL}/reception"
TABLET = f"{COUNTER}2/evaluate"
ROLES = {
    KIOSK: "kiosk",
    TABLET: "evaluator",
    COUNTER: "counter",
    DISPLAY: "display",
    DEVICES: "manager",
    RECEPTION: "counter",
}

LIVE = ".service-waiting:not(:empty), #mode:not(:empty), #waiting li, [data-window]"
"""What is on a page only once its script has read the hall."""

Open = Callable[..., Any]
"""Opens a page of a hall."""


def role_of(path: str) -> str | None:
    return next((role for begin, role in ROLES.items() if path.startswith(begin)), None)


def papers(hall: RunningHall) -> list[Any]:
    """What came out of the virtual printer."""
    shown: list[Any] = hall.devices()["printers"]["k1"]["papers"]
    return shown


def number_on(page: Any) -> str:
    """The number that a page shows large."""
    number = page.locator("#number")
    number.wait_for(state="visible")
    shown: str = number.inner_text()
    return shown


def scrolls_sideways(page: Any) -> bool:
    wide: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return wide > 0

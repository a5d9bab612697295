"""Pages in a real browser, of a hall that really runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.config.load import DEMO
from tests.runtime.pages.fake_reservations import spec_for_phones
from tests.runtime.pages.phone_pages import Phone, PhonePages
from tests.runtime.pages.screens import ANNOUNCEMENT_S, CHROMIUM, PATIENCE_MS, QUIET, Open, role_of
from tests.runtime.running_hall import HALL, RunningHall


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        sync_api.expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo hall with short announcements."""
    file = tmp_path_factory.mktemp("config") / "hall.toml"
    begin = f'id = "{HALL}"\n'
    demo = DEMO.read_text()
    assert begin in demo
    file.write_text(demo.replace(begin, f"{begin}announcement_s = {ANNOUNCEMENT_S}\n"))
    return file


@pytest.fixture(scope="module")
def running(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHall]:
    hall = RunningHall(tmp_path_factory.mktemp("hall"), "--config", config)
    try:
        yield hall.await_start()
    finally:
        hall.kill()


@pytest.fixture
def hall(running: RunningHall) -> RunningHall:
    """A hall where nobody waits, its counters are closed and its printer is well."""
    for counter in ("1", "2", "3"):
        while running.at_counter(counter, "next")["ticket"] is not None:
            pass
        running.at_counter(counter, "close")
    running.printer(paper_out=False, cover_open=False, offline=False, silent=False)
    return running


@pytest.fixture
def open_page(browser: Any) -> Iterator[Open]:
    """Opens pages, each in a browser of its own; none may report an error but those ``forgiven``."""
    contexts: list[Any] = []
    errors: list[str] = []

    def open_page(
        hall: RunningHall,
        path: str,
        *,
        width: int = 1280,
        height: int = 800,
        language: str = "en-GB",
        script: str = "",
        forgiven: str = "(?!)",
        before: Callable[[Any], None] = lambda page: None,
        **context_options: Any,
    ) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=language, **context_options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)

        def note(said: Any) -> None:
            # What a policy blocks is reported here as well.
            if said.type == "error" and not re.search(forgiven, said.text):
                errors.append(said.text)

        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        if script:
            page.add_init_script(script)
        before(page)
        role = role_of(path)
        page.goto(f"{hall.base}{path}" if role is None else hall.page(path, role))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture(scope="module")
def phone_pages(reactor_thread: Any) -> Iterator[PhonePages]:
    """The pages for phones of a hall; what they ask of the server is for each test to answer."""
    served = PhonePages(reactor_thread, spec_for_phones())
    try:
        yield served
    finally:
        served.stop()


@pytest.fixture
def phone(phone_pages: PhonePages, open_page: Open) -> Phone:
    """A phone of somebody whom WeChat has named."""
    return Phone(phone_pages, open_page)

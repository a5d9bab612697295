"""What the large screen shows and says, and that it outlives a restart of the server."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.runtime.pages.screens import (
    ANNOUNCEMENT_S,
    COUNTER,
    DISPLAY,
    Open,
)
from tests.runtime.running_hall import RunningHall, wait_until

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")


WATCH_NUMBERS = """
window.seen = [];
document.addEventListener("DOMContentLoaded", () => {
  const number = document.getElementById("number");
  new MutationObserver(() => window.seen.push([number.textContent, performance.now()]))
    .observe(number, { childList: true, characterData: true, subtree: true });
});
"""

SLOW_VOICE = """
window.spoken = [];
const voice = {
  getVoices: () => [{ lang: "zh-CN" }],
  cancel: () => window.spoken.push(["cut off"]),
  speak(utterance) {
    window.spoken.push(["begin", utterance.lang, utterance.text]);
    setTimeout(() => {
      window.spoken.push(["end", utterance.lang, utterance.text]);
      utterance.onend();
    }, 300);
  },
};
Object.defineProperty(window, "speechSynthesis", { value: voice });
"""


def call_three(hall: RunningHall) -> list[str]:
    """Call a ticket to each counter at once; return their numbers in the order of the calls."""
    for _ in range(3):
        hall.take("declare")
    return [hall.at_counter(counter, "next")["ticket"]["number"] for counter in ("1", "2", "3")]


def test_display_announces_calls_one_after_another_each_for_its_time(
    hall: RunningHall, open_page: Open
) -> None:
    page = open_page(hall, DISPLAY, width=1920, height=1080, script=WATCH_NUMBERS)
    expect(page.locator("#waiting strong").first).to_have_text("0")
    numbers = call_three(hall)
    expect(page.locator("#number")).to_have_text(numbers[2])
    expect(page.locator("#counter")).to_contain_text("Counter 3")
    seen = [(number, at) for number, at in page.evaluate("window.seen") if number in numbers]
    assert [number for number, _ in seen] == numbers
    for (_, begin_ms), (_, end_ms) in pairwise(seen):
        assert end_ms - begin_ms > ANNOUNCEMENT_S * 900
    rows = page.locator("#calls th").all_inner_texts()
    assert rows == numbers[::-1]


def test_display_lets_each_voice_finish_before_the_next_call(
    hall: RunningHall, open_page: Open
) -> None:
    page = open_page(hall, DISPLAY, script=SLOW_VOICE)
    page.locator("#sound").click()
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "true")
    numbers = call_three(hall)
    spoken = wait_until(
        lambda: (said := page.evaluate("window.spoken")) and len(said) >= 12 and said,
        what="three calls in two languages",
        patience_s=20,
    )
    for begin, end in zip(spoken[::2], spoken[1::2], strict=True):
        assert (begin[0], end[0]) == ("begin", "end")
        assert begin[1:] == end[1:]
    begun = [said for said in spoken if said[0] == "begin"]
    assert [language for _, language, _ in begun] == ["zh-CN", "en-GB"] * 3
    called = [words for _, language, words in begun if language == "en-GB"]
    for number, counter, words in zip(numbers, "123", called, strict=True):
        assert words == f"Number {' '.join(number)}, please go to Counter {counter}"


def test_display_and_counter_outlive_a_restart_of_the_server(
    start: Callable[..., RunningHall], open_page: Open
) -> None:
    first = start()
    display = open_page(first, DISPLAY, forgiven="net::ERR_")
    counter = open_page(first, f"{COUNTER}1", forgiven="net::ERR_")
    number = first.take()["number"]
    first.at_counter("1", "next")
    expect(display.locator("#number")).to_have_text(number)
    first.kill()
    expect(display.locator("#connection")).to_be_visible()
    expect(display.locator("#number")).to_have_text(number)
    expect(counter.locator("#connection")).to_be_visible()

    again = start("--port", str(first.port), data=first.data)
    expect(display.locator("#connection")).to_be_hidden(timeout=15_000)
    expect(display.locator("#number")).to_have_text(number)
    expect(counter.locator("#connection")).to_be_hidden(timeout=15_000)
    following = again.take()["number"]
    counter.locator("[data-step=next]").click()
    expect(counter.locator("#number")).to_have_text(following)
    expect(display.locator("#number")).to_have_text(following)

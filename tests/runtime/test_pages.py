"""The pages in a real browser, of a hall that really runs: what people see, click, press and scan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from runtime.config.load import DEMO
from tests.runtime.running_hall import HALL, IN_HALL, RunningHall, wait_until

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")

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
PATIENCE_MS = 8_000

KIOSK = f"/halls/{HALL}/kiosk/k1"
COUNTER = f"/halls/{HALL}/counter/"
DISPLAY = f"/halls/{HALL}/display"
DEVICES = "/devices"
TABLET = f"{COUNTER}2/evaluate"
ROLES = {
    KIOSK: "kiosk",
    TABLET: "evaluator",
    COUNTER: "counter",
    DISPLAY: "display",
    DEVICES: "manager",
}

LIVE = ".service-waiting:not(:empty), #mode:not(:empty), #waiting li, [data-window]"
"""What is on a page only once its script has read the hall."""

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        expect.set_options(timeout=PATIENCE_MS)
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
    ) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, locale=language)
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
        role = role_of(path)
        page.goto(f"{hall.base}{path}" if role is None else hall.page(path, role))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def role_of(path: str) -> str | None:
    return next((role for begin, role in ROLES.items() if path.startswith(begin)), None)


def papers(hall: RunningHall) -> list[Any]:
    """What came out of the virtual printer."""
    shown: list[Any] = hall.devices()["printers"]["k1"]["papers"]
    return shown


def number_on(page: Any) -> str:
    """The number that a page shows large."""
    expect(page.locator("#number")).to_be_visible()
    shown: str = page.locator("#number").inner_text()
    return shown


def scrolls_sideways(page: Any) -> bool:
    wide: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return wide > 0


# -- kiosk -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("button", "service", "next_one", "take_it", "on_paper"),
    [
        ("中文", "发票业务", "下一位就是您", "请取走您的号票。", "您的排队号码"),
        ("English", "Invoices", "You are next", "Please take your ticket.", "Your number"),
    ],
    ids=["zh", "en"],
)
def test_kiosk_gives_a_printed_ticket_in_the_language_chosen(
    hall: RunningHall,
    open_page: Open,
    button: str,
    service: str,
    next_one: str,
    take_it: str,
    on_paper: str,
) -> None:
    page = open_page(hall, KIOSK)
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name=service).click()
    number = number_on(page)
    assert re.fullmatch(r"B\d{3}", number)
    expect(page.get_by_text(next_one)).to_be_visible()
    expect(page.get_by_text(take_it)).to_be_visible()
    newest = papers(hall)[-1]
    assert newest["number"] == number
    assert on_paper in newest["lines"]
    page.locator("#done").click()
    expect(page.get_by_role("button", name="发票业务")).to_contain_text("1 人等候")


def test_ticket_without_paper_shows_its_code_and_is_printed_again(
    hall: RunningHall, open_page: Open
) -> None:
    devices, kiosk = open_page(hall, DEVICES), open_page(hall, KIOSK)
    devices.get_by_text("Paper out").click()
    wait_until(lambda: hall.devices()["printers"]["k1"]["paper_out"], what="an empty printer")
    before = len(papers(hall))
    kiosk.get_by_role("button", name="English").click()
    kiosk.get_by_role("button", name="Tax returns").click()
    expect(kiosk.locator("#paper")).to_contain_text("did not come out (paper out)")
    number = number_on(kiosk)
    code = kiosk.get_by_role("img", name=f"QR code of ticket {number}")
    expect(code).to_be_visible()
    wait_until(lambda: code.evaluate("image => image.naturalWidth") > 0, what="the QR code")
    expect(kiosk.locator("#reprint")).to_be_in_viewport()

    kiosk.locator("#done").click()
    expect(kiosk.locator("#trouble")).to_contain_text("缺纸")
    kiosk.get_by_role("button", name=number).click()
    kiosk.locator("#reprint").click()
    expect(kiosk.locator("#paper")).to_have_attribute("data-paper", "failed")

    devices.get_by_text("Paper out").click()
    wait_until(lambda: not hall.devices()["printers"]["k1"]["paper_out"], what="paper")
    kiosk.locator("#reprint").click()
    expect(kiosk.locator("#paper")).to_have_attribute("data-paper", "printed")
    paper = devices.locator(".paper").first
    expect(paper).to_contain_text(number)
    expect(paper.locator("img")).to_be_visible()
    assert len(papers(hall)) == before + 1
    kiosk.locator("#done").click()
    expect(kiosk.locator("#trouble")).to_be_hidden()
    expect(kiosk.locator("#unprinted")).to_be_hidden()


# -- counter ---------------------------------------------------------------------------------------


def test_counter_goes_through_its_customers_step_by_step(
    hall: RunningHall, open_page: Open
) -> None:
    page = open_page(hall, f"{COUNTER}3", forgiven="status of 409")
    numbers = [hall.take("register")["number"] for _ in range(2)]
    said, step = page.locator("#said"), lambda name: page.locator(f"[data-step={name}]")
    expect(page.locator("#mode")).to_have_text("Closed")
    step("open").click()
    expect(page.locator("#mode")).to_have_text("Open")
    step("next").click()
    expect(page.locator("#number")).to_have_text(numbers[0])
    expect(step("open")).to_have_attribute("aria-disabled", "true")
    step("recall").click()
    expect(said).to_contain_text("less than 2 s ago")
    expect(said).to_have_attribute("data-wrong", "true")

    def recalled() -> bool:
        step("recall").click()
        page.wait_for_timeout(200)
        return "Recalled" in said.inner_text()

    wait_until(recalled, what="a recall that is not too soon")
    expect(page.locator("#recalls")).to_contain_text("1")
    step("start").click()
    expect(page.locator("#state")).to_have_text("Being served")
    step("finish").click()
    expect(page.locator("#no-ticket")).to_be_visible()
    step("next").click()
    expect(page.locator("#number")).to_have_text(numbers[1])
    step("no-show").click()
    expect(said).to_have_text(f"{numbers[1]}: nobody came")
    step("next").click()
    expect(said).to_have_text("Nobody is waiting.")
    step("pause").click()
    page.locator("#pause-reason").fill("Back at two")
    page.keyboard.press("Enter")
    expect(page.locator("#mode")).to_have_text("Paused · Back at two")
    wait_until(
        lambda: hall.devices()["windows"]["3"] == {"text": "Back at two", "state": "paused"},
        what="the reason at the window",
    )


def test_counter_sees_what_others_do_at_it_and_what_needs_attention(
    hall: RunningHall, open_page: Open
) -> None:
    page = open_page(hall, f"{COUNTER}1", language="zh-CN")
    number = hall.take("declare")["number"]
    expect(page.locator("#total")).to_have_text("1")
    hall.press("1", "NEXT")
    expect(page.locator("#number")).to_have_text(number)
    expect(page.locator("#total")).to_have_text("0")
    hall.printer(cover_open=True)
    hall.take("invoice", kiosk="k1")
    expect(page.locator("#alarms")).to_contain_text("取号机 k1 的打印机： 上盖打开")


def test_counter_is_worked_with_single_keys_unless_they_are_turned_off(
    hall: RunningHall, open_page: Open
) -> None:
    page = open_page(hall, f"{COUNTER}1")
    number = hall.take("declare")["number"]
    expect(page.locator("#total")).to_have_text("1")
    page.keyboard.press("n")
    expect(page.locator("#number")).to_have_text(number)
    page.keyboard.press("s")
    expect(page.locator("#state")).to_have_text("Being served")
    page.get_by_label("Keyboard shortcuts").uncheck()
    page.keyboard.press("f")
    page.locator("[data-step=finish]").focus()
    expect(page.locator("#state")).to_have_text("Being served")
    page.keyboard.press("Enter")
    expect(page.locator("#no-ticket")).to_be_visible()


# -- display ---------------------------------------------------------------------------------------

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


# -- ticket, devices, problems ---------------------------------------------------------------------


def test_ticket_page_follows_its_ticket(hall: RunningHall, open_page: Open) -> None:
    ticket = hall.take("register", language="en")
    page = open_page(hall, f"/t/{HALL}/{ticket['id']}", width=320, height=640)
    expect(page.locator("#number")).to_have_text(ticket["number"])
    expect(page.locator("#sentence")).to_have_text("You are next. Please stay nearby.")
    hall.at_counter("3", "next")
    expect(page.locator("#sentence")).to_have_text("Please go to Counter 3")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#sentence")).to_have_text("请到 3号窗口 办理")
    hall.call("POST", f"{IN_HALL}/tickets/{ticket['id']}/finish", "counter").ok()
    expect(page.locator("#state")).to_have_text("已办结")


def test_counter_sets_aside_sends_on_and_brings_back_with_notes(
    hall: RunningHall, open_page: Open
) -> None:
    numbers = [hall.take("register")["number"] for _ in range(2)]
    page = open_page(hall, f"{COUNTER}3", width=320, height=700)
    said, held, ended = (
        page.locator("#said"),
        page.locator("#queue-held"),
        page.locator("#queue-ended"),
    )
    expect(page.locator("#queue-waiting li")).to_have_count(2)
    page.keyboard.press("w")
    page.get_by_label("Staff number").fill("1003")
    page.keyboard.press("Enter")
    expect(page.locator("#staff")).to_have_text("Staff: 陈静")
    page.keyboard.press("n")
    expect(page.locator("#number")).to_have_text(numbers[0])
    page.keyboard.press("h")
    page.locator("#hold-note").fill("no licence yet")
    page.keyboard.press("Enter")
    expect(said).to_have_text(f"{numbers[0]} is on hold")
    expect(held.locator("li")).to_contain_text("no licence yet")
    assert not scrolls_sideways(page)
    page.keyboard.press("n")
    expect(page.locator("#number")).to_have_text(numbers[1])
    expect(page.locator("#note-line")).to_be_hidden()
    page.keyboard.press("x")
    expect(ended).to_contain_text(numbers[1])
    page.get_by_role("button", name=f"Call {numbers[0]}").click()
    expect(page.locator("#number")).to_have_text(numbers[0])
    expect(page.locator("#note")).to_have_text("no licence yet")
    page.keyboard.press("t")
    page.locator("#transfer-service").select_option("declare")
    page.locator("#transfer-note").fill("licence seen")
    page.locator("#transfer-dialog").get_by_role("button", name="Transfer").click()
    expect(said).to_have_text(f"{numbers[0]} was transferred")
    page.keyboard.press("a")
    expect(said).to_have_text(f"{numbers[1]} waits again")
    assert hall.at_counter("1", "next")["ticket"]["number"] == numbers[0]
    page.keyboard.press("n")
    expect(page.locator("#number")).to_have_text(numbers[1])
    expect(page.locator("[data-step=requeue]")).to_have_attribute("aria-disabled", "false")
    page.keyboard.press("b")
    page.locator("#requeue-place").select_option("front")
    page.locator("#requeue-dialog").get_by_role("button", name="Put back").click()
    expect(said).to_have_text(f"{numbers[1]} waits again")
    page.get_by_role("button", name=f"Call {numbers[1]}").click()
    expect(page.locator("#number")).to_have_text(numbers[1])


def test_tablet_asks_whom_its_counter_served_and_goes_back_to_rest(
    hall: RunningHall, open_page: Open
) -> None:
    tablet = open_page(hall, TABLET, width=1024, height=768, language="en-GB")
    counter = open_page(hall, f"{COUNTER}2")
    expect(tablet.locator("#mode")).to_have_text("已关闭")
    number = hall.take("invoice")["number"]
    hall.at_counter("2", "next")
    before = hall.hall()["counters"][1]["today"]
    expect(counter.locator("#number")).to_have_text(number)
    counter.keyboard.press("f")
    expect(tablet.locator("#question")).to_contain_text(number)
    tablet.get_by_role("button", name="暂不评价").click()
    expect(tablet.locator("#rest")).to_be_visible()
    expect(counter.locator("[data-step=invite]")).to_have_attribute("aria-disabled", "false")
    counter.keyboard.press("e")
    expect(counter.locator("#said")).to_have_text(f"{number} is asked to evaluate")
    tablet.get_by_role("button", name="不满意", exact=True).click()
    tablet.get_by_role("button", name="等候太久").click()
    tablet.locator("#send").click()
    expect(tablet.locator("#said")).to_have_text("感谢您的评价！")
    expect(tablet.locator("#rest")).to_be_visible()
    after = hall.hall()["counters"][1]["today"]
    assert after["evaluated"] == before["evaluated"] + 1
    expect(counter.locator("[data-step=invite]")).to_have_attribute("aria-disabled", "true")


def test_phone_that_scanned_the_ticket_evaluates_once(hall: RunningHall, open_page: Open) -> None:
    ticket = hall.take("register")
    scanned = ticket["scan_url"].removeprefix(hall.base)
    phone = open_page(hall, scanned, width=320, height=640)
    guessed = open_page(hall, scanned.partition("?")[0])
    hall.at_counter("3", "next")
    expect(phone.locator("#sentence")).to_have_text("Please go to Counter 3")
    expect(phone.locator("#evaluation")).to_be_hidden()
    hall.call("POST", f"{IN_HALL}/tickets/{ticket['id']}/finish", "counter").ok()
    expect(guessed.locator("#evaluation-scan")).to_be_visible()
    expect(guessed.locator("#evaluation")).to_be_hidden()
    phone.get_by_role("button", name="Send").click()
    expect(phone.locator("#evaluation-said")).to_have_text("Please choose 1 to 5 stars first.")
    phone.get_by_role("radio", name="Fair").focus()
    phone.keyboard.press("Space")
    phone.keyboard.press("ArrowRight")
    expect(phone.locator("#level")).to_have_text("Good")
    phone.get_by_label("Long wait").check()
    phone.locator("textarea").fill("Friendly\nbut slow")
    assert not scrolls_sideways(phone)
    phone.get_by_role("button", name="Send").click()
    expect(phone.locator("#evaluation-thanks")).to_be_visible()
    expect(phone.locator("#evaluation")).to_be_hidden()
    phone.reload()
    expect(phone.locator("#state")).to_have_text("Done")
    expect(phone.locator("#evaluation")).to_be_hidden()


def test_key_of_a_virtual_keypad_shows_the_number_at_the_window_and_on_the_display(
    hall: RunningHall, open_page: Open
) -> None:
    devices, display = open_page(hall, DEVICES), open_page(hall, DISPLAY)
    number = hall.take("invoice")["number"]
    card = devices.locator(".counter").filter(has_text="Counter 2")
    card.get_by_role("button", name="Next").click()
    expect(card.locator("[data-window]")).to_have_text(number)
    expect(card.locator("[data-keypad]")).to_have_text(number)
    expect(card.locator(".state")).to_have_text("called")
    expect(display.locator("#number")).to_have_text(number)
    card.get_by_role("button", name="Finish").click()
    expect(card.locator(".state")).to_have_text("idle")


def test_page_without_its_token_asks_for_it_and_opens(hall: RunningHall, open_page: Open) -> None:
    page = open_page(hall, "/", forgiven="status of 401")
    page.get_by_role("link", name="Counter 2").click()
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("this token is not known")).to_be_visible()
    page.get_by_label("Token").fill(hall.tokens["counter"])
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="Counter 2")).to_be_visible()
    assert "token" not in page.url


# -- small screens and keys ------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_pages_fit_a_narrow_phone(hall: RunningHall, open_page: Open, language: str) -> None:
    ticket = hall.take("declare", kiosk="k1")
    hall.at_counter("1", "next")
    hall.at_counter("2", "pause")
    page = open_page(hall, "/", width=320, height=640, language=language)
    assert not scrolls_sideways(page), "/"
    for path in ("/problems", f"/t/{HALL}/{ticket['id']}"):
        page.goto(f"{hall.base}{path}")
        assert not scrolls_sideways(page), path
    for path in (KIOSK, f"{COUNTER}1", f"{COUNTER}2", TABLET, DISPLAY, DEVICES):
        page.goto(hall.page(path, role_of(path)))
        expect(page.locator(LIVE).first).to_be_visible()
        assert not scrolls_sideways(page), path


def test_ticket_is_taken_on_a_narrow_kiosk_with_the_keyboard_alone(
    hall: RunningHall, open_page: Open
) -> None:
    page = open_page(hall, KIOSK, width=320, height=640)
    first = page.get_by_role("button", name="纳税申报")
    expect(first).to_be_visible()
    for _ in range(6):
        page.keyboard.press("Tab")
        if first.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    assert re.fullmatch(r"A\d{3}", number_on(page))
    assert not scrolls_sideways(page)
    expect(page.locator("#paper")).to_have_attribute("data-paper", "printed")
    page.keyboard.press("Enter")
    expect(first).to_be_visible()

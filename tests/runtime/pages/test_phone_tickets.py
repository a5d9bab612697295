"""What somebody has, the progress, and one's own ticket, on a phone in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.runtime.pages.fake_reservations import HALL
from tests.runtime.pages.phone_pages import FAINT, Phone, later
from tests.runtime.pages.screens import scrolls_sideways

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect: Callable[..., Any] = sync_api.expect

pytestmark = pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")

MINE, PROGRESS = "/m/mine", f"/m/halls/{HALL}/progress"
FAKE_STREAM = """
window.sources = [];
window.EventSource = class extends EventTarget {
  static OPEN = 1;
  static CLOSED = 2;
  constructor(url) {
    super();
    Object.assign(this, { url, readyState: 1 });
    window.sources.push(this);
    setTimeout(() => this.dispatchEvent(new Event("open")));
  }
  close() { this.readyState = 2; }
  say(name, data) { this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) })); }
};
"""
"""A stream that says what a test has it say."""

STREAM_REFUSED = "window.EventSource = undefined;"


def test_what_somebody_has_begins_with_what_is_called(phone: Phone) -> None:
    api = phone.api
    waits = api.ticket("1", "A010", ahead=2)
    called = api.ticket("2", "B003", state="called", service="invoice")
    served = api.ticket("3", "A001", state="served")
    coming = api.booking_at(api.slots[3])
    gone = api.booking_at(api.slots[1], code="00000000", state="cancelled")
    became = api.booking_at(api.slots[1], code="11111111", state="checked_in")
    hall = {"id": HALL, "names": dict(phone.pages.spec.names)}
    found = {"tickets": [served, waits, called], "bookings": [became, gone, coming]}
    api.mine = {"halls": [{**hall, **found}], "away": [HALL]}
    page = phone.open(MINE)
    assert [one.split()[0] for one in page.locator("#tickets li").all_inner_texts()] == [
        "B003",
        "A010",
    ]
    expect(page.locator("#tickets li").last).to_contain_text("Waiting · 2 people ahead of you")
    expect(page.locator("#bookings li")).to_have_count(1)
    expect(page.locator("#bookings")).to_contain_text("Tax returns")
    expect(page.locator("#bookings")).to_contain_text("tomorrow at 10:30 – 11:00")
    expect(page.locator("#ended li")).to_have_count(2)
    expect(page.locator("#away")).to_have_text("No answer just now from: West Lake Hall")
    assert not scrolls_sideways(page)
    assert page.evaluate(FAINT) == []
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#tickets li").last).to_contain_text("等候中 · 前面还有 2 人")
    page.locator("#bookings a").click()
    expect(page.locator("#code")).to_be_visible()


def test_the_focus_stays_while_what_somebody_has_is_read_again(phone: Phone) -> None:
    api = phone.api
    hall = {"id": HALL, "names": {}, "bookings": []}
    first, second = api.ticket("1", "A010", ahead=2), api.ticket("2", "B003", ahead=5)
    api.mine = {"halls": [{**hall, "tickets": [first, second]}], "away": []}
    page = phone.open(MINE, own_clock=True)
    expect(page.locator("#tickets li")).to_have_count(2)
    page.locator("#tickets a").last.focus()
    api.mine = {
        "halls": [{**hall, "tickets": [{**first, "ahead": 1}, {**second, "ahead": 0}]}],
        "away": [],
    }
    later(page, 19)
    link = page.locator("#tickets a").first
    expect(link).to_contain_text("B003")
    expect(link).to_be_focused()


def test_who_has_nothing_is_told_so(phone: Phone) -> None:
    page = phone.open(MINE)
    expect(page.locator("#none")).to_have_text("You have no number and no booking.")
    page.get_by_role("link", name="To the halls").click()
    expect(page.get_by_role("heading", name="Choose a hall")).to_be_visible()


def test_who_is_not_known_is_asked_once(phone: Phone) -> None:
    came: list[str] = []

    def answer(route: Any) -> None:
        (to,) = parse_qs(urlsplit(route.request.url).query)["to"]
        came.append(to)
        route.fulfill(status=303, headers={"Location": to})

    page = phone.open("/m/", known=False)
    page.route(re.compile("/m/sign-in"), answer)
    page.locator(".tabs").get_by_role("link", name="Mine").click()
    expect(page.locator("#unsigned")).to_contain_text("WeChat has to say who you are first.")
    assert len(came) == 1
    page.get_by_role("link", name="Go on with WeChat").click()
    page.wait_for_load_state("networkidle")
    assert len(came) >= 2


def test_progress_says_who_is_called_where_and_finds_a_number(phone: Phone) -> None:
    counter = {"zh": "2 号窗口", "en": "Counter 2"}
    phone.api.now = [{"service": "tax", "number": "A004", "counter": counter}]
    phone.api.numbers = {
        "A004": {"service": "tax", "called_to": counter},
        "A009": {"service": "tax", "called_to": None},
    }
    page = phone.open(PROGRESS)
    expect(page.locator("#services li.cell").first).to_contain_text("A004 to Counter 2")
    expect(page.locator("#services li.cell").nth(1)).to_contain_text("Nobody is called just now")
    field, found = page.get_by_label("Your number"), page.locator("#found")
    field.fill("ａ００4 ")
    field.press("Enter")
    expect(found).to_have_text("A004 (Tax returns): please go to Counter 2.")
    page.reload()
    expect(found).to_contain_text("please go to Counter 2")
    field.fill("A009")
    page.get_by_role("button", name="Look up").click()
    expect(found).to_have_text("A009 (Tax returns) is not called now.")
    field.fill("Z1")
    field.press("Enter")
    expect(found).to_have_text("There is no number Z1 here. Please check it.")
    assert not scrolls_sideways(page)
    assert page.evaluate(FAINT) == []
    page.get_by_role("button", name="中文").click()
    expect(found).to_have_text("这里没有号码 Z1，请核对。")


# -- the ticket


def ticket_page(phone: Phone, **options: Any) -> tuple[Any, Any]:
    """A ticket that waits, and its page."""
    ticket = phone.pages.served.take()
    return ticket, phone.open(f"/t/{HALL}/{ticket['id']}", **options)


def test_a_ticket_follows_its_stream_and_reads_what_the_stream_leaves_out(phone: Phone) -> None:
    ticket, page = ticket_page(phone, script=FAKE_STREAM)
    expect(page.locator("#number")).to_have_text(ticket["number"])
    expect(page.locator("#follows")).to_have_text("This page follows by itself.")
    assert page.evaluate("sources.map(source => source.url)") == [
        f"/api/v1/halls/{HALL}/tickets/{ticket['id']}/events"
    ]
    page.evaluate(
        'sources[0].say("ticket", {state: "waiting", ahead: 41, counter: null, recalls: 0})'
    )
    expect(page.locator("#sentence")).to_have_text("41 people ahead of you")
    page.evaluate('sources[0].say("gone", {})')
    expect(page.locator("#sentence")).to_contain_text("This ticket is no longer valid.")
    expect(page.locator("#own")).to_be_hidden()


def test_a_ticket_without_a_stream_is_asked_for_now_and_then(phone: Phone) -> None:
    ticket, page = ticket_page(phone, script=STREAM_REFUSED)
    expect(page.locator("#state")).to_have_text("Waiting")
    path = f"/api/v1/halls/{HALL}/tickets/{ticket['id']}/cancel"
    assert phone.pages.served.ask("POST", path).status == 200
    expect(page.locator("#state")).to_have_text("Cancelled", timeout=10_000)


def test_a_page_that_is_looked_at_again_asks_at_once(phone: Phone) -> None:
    hidden = 'Object.defineProperty(document, "hidden", { get: () => window.away === true });'
    ticket, page = ticket_page(phone, script=FAKE_STREAM + hidden)
    turn = "away => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(turn, True)
    assert page.evaluate("sources[0].readyState") == 2
    path = f"/api/v1/halls/{HALL}/tickets/{ticket['id']}/cancel"
    assert phone.pages.served.ask("POST", path).status == 200
    expect(page.locator("#state")).to_have_text("Waiting")
    page.evaluate(turn, False)
    expect(page.locator("#state")).to_have_text("Cancelled", timeout=2_000)
    assert page.evaluate("sources.length") == 2


def test_the_queue_is_left_once_that_was_asked_again(phone: Phone) -> None:
    ticket, page = ticket_page(phone, script=FAKE_STREAM)
    page.locator("#leave").click()
    question = page.get_by_role("alertdialog")
    expect(question).to_contain_text(f"Give up number {ticket['number']}?")
    assert page.evaluate(FAINT) == []
    page.get_by_role("button", name="Keep my number").click()
    expect(question).to_be_hidden()
    assert phone.api.asked == []
    page.locator("#leave").click()
    page.locator("#ask-yes").click()
    expect(question).to_be_hidden()
    expect(page.locator("#leave")).not_to_have_attribute("aria-disabled", "true")
    ((path, body, key),) = phone.api.asked
    assert path == f"/my/halls/{HALL}/tickets/{ticket['id']}/cancel"
    assert (body, bool(key)) == ({}, True)


def test_the_voice_is_switched_off_and_stays_so(phone: Phone) -> None:
    ticket, page = ticket_page(phone, script=FAKE_STREAM)
    page.get_by_role("switch", name="Call me without voice").click()
    expect(page.get_by_role("switch")).not_to_have_attribute("aria-disabled", "true")
    assert phone.api.asked[0][:2] == (
        f"/my/halls/{HALL}/tickets/{ticket['id']}/silent",
        {"silent": True},
    )
    page.reload()
    expect(page.get_by_role("switch")).to_be_checked()


def test_the_voice_stays_as_it_was_where_that_is_refused(phone: Phone) -> None:
    phone.api.refuse("/silent", 403, "not-yours")
    _, page = ticket_page(phone, script=FAKE_STREAM, forgiven="status of 403")
    page.get_by_role("switch").click()
    expect(page.locator("#own-said")).to_contain_text("somebody else's WeChat")
    expect(page.get_by_role("switch")).not_to_be_checked()


def test_somebody_elses_ticket_is_only_looked_at(phone: Phone) -> None:
    phone.api.own = {"mine": False, "followed": False, "silent": False}
    _, page = ticket_page(phone, script=FAKE_STREAM)
    page.wait_for_load_state("networkidle")
    expect(page.locator("#own")).to_be_hidden()


def test_who_is_not_known_may_say_who_it_is_from_the_ticket(phone: Phone) -> None:
    ticket, page = ticket_page(phone, known=False, script=FAKE_STREAM)
    expect(page.locator("#own")).to_be_hidden()
    link = page.get_by_role("link", name="Is this your number?")
    assert link.get_attribute("href") == f"/m/sign-in?to=%2Ft%2F{HALL}%2F{ticket['id']}"
    assert not scrolls_sideways(page)
    assert page.evaluate(FAINT) == []

"""The paper ticket, read back from the octets by an interpreter that knows nothing of how they were made."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import ProtocolError
from protocol.hall import HallSpec, Service
from protocol.ids import HallId, Language, ServiceId, TicketId
from protocol.printing.paper import COLUMNS_58MM, COLUMNS_80MM, QR_TEXT_MAX
from protocol.printing.ticket import TicketFacts, render_ticket
from sim.devices.escpos import Align, QrCode, TextLine
from tests.protocol.printing.readers import read_paper

ZH, EN = Language("zh"), Language("en")
TAX = ServiceId("tax")
URL = "https://q.example.cn/t/HZ01/20260302-A010?k=Zt5yPq8a"
WIDTHS = (COLUMNS_80MM, COLUMNS_58MM)


def hall(service_names: dict[Language, str] | None = None, **changes: Any) -> HallSpec:
    names = service_names or {ZH: "个人所得税", EN: "Income tax"}
    parts: dict[str, Any] = {
        "id": HallId("HZ01"),
        "names": {ZH: "西湖区行政服务中心", EN: "Xihu Public Service Hall"},
        "services": {TAX: Service(id=TAX, names=names, prefix="A")},
        "counters": {},
    }
    return HallSpec(**{**parts, **changes})


def facts(**changes: Any) -> TicketFacts:
    parts: dict[str, Any] = {
        "ticket": TicketId("20260302-A010"),
        "number": "A010",
        "service": TAX,
        "ahead": 3,
        "taken_at": datetime(2026, 3, 2, 1, 15, tzinfo=UTC),
    }
    return TicketFacts(**{**parts, **changes})


@pytest.mark.parametrize("columns", WIDTHS)
def test_chinese_ticket_tells_all_a_customer_needs(columns: int) -> None:
    paper = read_paper(render_ticket(facts(), hall(), ZH, URL, columns), columns)
    assert paper.number == "A010"
    assert "西湖区行政服务中心" in paper.lines
    assert "个人所得税" in paper.lines
    assert "前面等候 3 人" in paper.lines
    assert "取号 2026-03-02 周一 09:15" in paper.lines
    assert "20260302-A010" in paper.lines
    assert paper.codes == (URL,)
    assert paper.cut


@pytest.mark.parametrize("columns", WIDTHS)
def test_english_ticket_tells_the_same_in_english(columns: int) -> None:
    paper = read_paper(render_ticket(facts(), hall(), EN, URL, columns), columns)
    assert paper.number == "A010"
    assert {"Xihu Public Service Hall", "Income tax", "3 people ahead"} <= set(paper.lines)
    assert "Taken 2026-03-02 Mon 09:15" in paper.lines
    assert paper.text.isascii()


@pytest.mark.parametrize(
    ("language", "ahead", "line"),
    [
        (EN, 0, "You are next"),
        (EN, 1, "1 person ahead"),
        (EN, 12, "12 people ahead"),
        (ZH, 0, "前面无人等候"),
        (ZH, 1, "前面等候 1 人"),
    ],
)
def test_people_ahead_are_counted_in_words(language: Language, ahead: int, line: str) -> None:
    octets = render_ticket(facts(ahead=ahead), hall(), language, URL)
    assert line in read_paper(octets, COLUMNS_80MM).lines


def test_ticket_that_waits_no_more_says_nothing_of_people_ahead() -> None:
    paper = read_paper(render_ticket(facts(ahead=None), hall(), ZH, URL), COLUMNS_80MM)
    assert "前面" not in paper.text


def test_time_is_that_of_the_hall_even_on_another_day() -> None:
    late = facts(taken_at=datetime(2026, 3, 2, 16, 5, tzinfo=UTC))
    paper = read_paper(render_ticket(late, hall(), ZH, URL), COLUMNS_80MM)
    assert "取号 2026-03-03 周二 00:05" in paper.lines
    there = hall(time_zone="America/New_York")
    paper = read_paper(render_ticket(late, there, EN, URL), COLUMNS_80MM)
    assert "Taken 2026-03-02 Mon 11:05" in paper.lines


def test_second_paper_says_when_it_was_printed_again() -> None:
    again = facts(reprinted_at=datetime(2026, 3, 2, 2, 20, tzinfo=UTC), ahead=1)
    paper = read_paper(render_ticket(again, hall(), ZH, URL), COLUMNS_80MM)
    assert "取号 2026-03-02 周一 09:15" in paper.lines
    assert "补打 2026-03-02 周一 10:20" in paper.lines


@pytest.mark.parametrize("columns", WIDTHS)
def test_number_is_by_far_the_largest_and_everything_is_centred(columns: int) -> None:
    paper = read_paper(render_ticket(facts(), hall(), ZH, URL, columns), columns)
    heights = {
        run.text: run.style.height
        for item in paper.items
        if isinstance(item, TextLine)
        for run in item.runs
    }
    assert heights.pop("A010") == 8
    assert max(heights.values()) == 2
    assert all(
        item.align is Align.CENTRE for item in paper.items if isinstance(item, TextLine | QrCode)
    )


def test_long_number_is_as_large_as_its_line_allows() -> None:
    octets = render_ticket(facts(number="BX1234"), hall(), ZH, URL, COLUMNS_58MM)
    paper = read_paper(octets, COLUMNS_58MM)
    (line,) = [i for i in paper.items if isinstance(i, TextLine) and i.text == "BX1234"]
    assert line.runs[0].style.width == 5


def test_language_without_texts_or_names_falls_back() -> None:
    paper = read_paper(render_ticket(facts(), hall(), Language("fr"), URL), COLUMNS_80MM)
    assert {"前面等候 3 人", "个人所得税"} <= set(paper.lines)
    paper = read_paper(render_ticket(facts(), hall(), Language("en-GB"), URL), COLUMNS_80MM)
    assert "3 people ahead" in paper.lines


@pytest.mark.parametrize("text", ["𠮷田㐂", "café – “déjà vu”", "€ ￥ ①", "🙂"])
def test_any_character_of_gb18030_arrives(text: str) -> None:
    octets = render_ticket(facts(), hall({ZH: text}), ZH, URL)
    assert text in read_paper(octets, COLUMNS_80MM).lines


@settings(max_examples=50)
@given(name=st.text(min_size=1, max_size=60), columns=st.sampled_from(WIDTHS))
def test_no_name_commands_the_printer_or_leaves_its_lines(name: str, columns: int) -> None:
    paper = read_paper(render_ticket(facts(), hall({ZH: name}), ZH, URL, columns), columns)
    assert paper.number == "A010"
    assert paper.codes == (URL,)


@pytest.mark.parametrize("columns", WIDTHS)
@settings(max_examples=20)
@given(length=st.integers(1, QR_TEXT_MAX))
def test_code_fits_the_paper_and_the_hand_whatever_the_address(columns: int, length: int) -> None:
    paper = read_paper(render_ticket(facts(), hall(), ZH, "u" * length, columns), columns)
    (code,) = [item for item in paper.items if isinstance(item, QrCode)]
    assert code.level == "M"
    assert code.module >= 4
    assert code.text == "u" * length


@pytest.mark.parametrize("url", ["", "u" * (QR_TEXT_MAX + 1)])
def test_address_that_no_code_can_hold_is_refused(url: str) -> None:
    with pytest.raises(ProtocolError, match="1 to 213"):
        render_ticket(facts(), hall(), ZH, url)


def test_two_renderings_give_the_same_octets() -> None:
    assert render_ticket(facts(), hall(), ZH, URL) == render_ticket(facts(), hall(), ZH, URL)


TRACELESS = """
import logging, sys
from datetime import UTC, datetime
from protocol.hall import HallSpec, Service
from protocol.printing.ticket import TicketFacts, render_ticket
service = Service(id="tax", names={"zh": "个税"}, prefix="A")
hall = HallSpec(id="HZ01", names={"zh": "一厅"}, services={"tax": service}, counters={})
def render(number):
    at = datetime(2026, 3, 2, tzinfo=UTC)
    facts = TicketFacts(ticket=number, number=number, service="tax", ahead=1, taken_at=at)
    render_ticket(facts, hall, "zh", "https://q.example.cn/" + number)
render("A010")
assert logging.getLogger().handlers == [], "python-escpos's stream is still there"
opened = []
sys.addaudithook(lambda event, arguments: event == "open" and opened.append(arguments[0]))
render("A011")
assert opened == [], opened
"""


def test_rendering_touches_no_file_and_loading_leaves_none(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    subprocess.run(
        [sys.executable, "-c", TRACELESS],
        check=True,
        cwd=root,
        env={"TMPDIR": str(tmp_path), "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=60,
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("language", "line"),
    [(ZH, "今天下班前可能无法办理"), (EN, "Probably not served before closing today")],
)
@pytest.mark.parametrize("columns", WIDTHS)
def test_ticket_that_is_probably_not_served_today_says_so(
    language: Language, line: str, columns: int
) -> None:
    late = read_paper(render_ticket(facts(late=True), hall(), language, URL, columns), columns)
    assert line in late.text.replace("\n", " ")
    usual = read_paper(render_ticket(facts(), hall(), language, URL, columns), columns)
    assert line not in usual.text.replace("\n", " ")

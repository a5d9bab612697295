"""Lines of text on paper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.printing.paper import balanced, plain, width, wrap


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("short", 32, ["short"]),
        ("two words", 5, ["two", "words"]),
        ("不动产登记与抵押", 8, ["不动产登", "记与抵押"]),
        ("继承、抵押", 4, ["继", "承、", "抵押"]),
        ("unbreakable", 4, ["unbr", "eaka", "ble"]),
        ("办理 VAT 发票", 8, ["办理 VAT", "发票"]),
        ("", 8, []),
    ],
)
def test_text_is_broken_where_a_reader_expects_it(
    text: str, columns: int, lines: list[str]
) -> None:
    assert wrap(text, columns) == lines


@given(text=st.text(max_size=80).map(plain), columns=st.integers(4, 48))
def test_no_line_is_too_wide_and_nothing_but_blanks_is_lost(text: str, columns: int) -> None:
    for lines in (wrap(text, columns), balanced(text, columns)):
        assert all(0 < width(line) <= columns for line in lines)
        assert "".join("".join(lines).split()) == "".join(text.split())


@given(text=st.text(max_size=80).map(plain), columns=st.integers(4, 48))
def test_balanced_text_takes_no_more_lines(text: str, columns: int) -> None:
    assert len(balanced(text, columns)) == len(wrap(text, columns))


def test_balanced_lines_leave_no_word_alone() -> None:
    name = "Xihu District Public Service Hall"
    assert wrap(name, 32) == ["Xihu District Public Service", "Hall"]
    assert balanced(name, 32) == ["Xihu District", "Public Service Hall"]


def test_control_characters_become_blanks() -> None:
    assert plain("税\x1b@务\n厅") == "税 @务 厅"

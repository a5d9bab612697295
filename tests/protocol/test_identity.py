"""Numbers of identity cards (GB 11643-1999) and mobile telephones."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import IdentityError
from protocol.identity import (
    BORN_FIRST,
    PROVINCES,
    check_character,
    mobile_number,
    resident_number,
    wechat_openid,
)

TODAY = date(2026, 11, 23)

GIVEN_IN_STANDARD = "11010519491231002X"
"""The example of GB 11643-1999, and another that its readers use."""
ALSO_GIVEN = "440524188001010014"


@st.composite
def numbers(draw: st.DrawFn) -> str:
    region = f"{draw(st.sampled_from(sorted(PROVINCES)))}{draw(st.integers(0, 9999)):04}"
    born = BORN_FIRST + timedelta(days=draw(st.integers(0, (TODAY - BORN_FIRST).days)))
    first = f"{region}{born:%Y%m%d}{draw(st.integers(0, 999)):03}"
    return first + check_character(first)


def refusal(typed: str) -> str:
    with pytest.raises(IdentityError) as caught:
        resident_number(typed, TODAY)
    return str(caught.value)


def test_the_example_of_the_standard_is_accepted() -> None:
    assert resident_number(GIVEN_IN_STANDARD, TODAY) == GIVEN_IN_STANDARD
    assert check_character(ALSO_GIVEN[:17]) == ALSO_GIVEN[17]


def test_a_number_is_taken_as_people_type_it() -> None:
    assert resident_number("110105 19491231 002x", TODAY) == GIVEN_IN_STANDARD
    assert resident_number("１１０１０５１９４９１２３１００２Ｘ", TODAY) == GIVEN_IN_STANDARD


@given(number=numbers())
def test_every_number_with_its_check_character_is_accepted(number: str) -> None:
    assert resident_number(number, TODAY) == number


@given(number=numbers(), place=st.integers(0, 17), other=st.sampled_from("0123456789X"))
def test_one_changed_character_is_always_found(number: str, place: int, other: str) -> None:
    changed = number[:place] + other + number[place + 1 :]
    if changed != number:
        assert changed not in refusal(changed)


@given(number=numbers(), place=st.integers(0, 16))
def test_two_neighbours_swapped_are_always_found(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        refusal(swapped)


@given(first=st.from_regex(r"[0-9]{17}", fullmatch=True), place=st.integers(0, 15))
def test_the_check_character_alone_tells_changes_and_swaps(first: str, place: int) -> None:
    checked = check_character(first)
    for digit in "0123456789":
        changed = first[:place] + digit + first[place + 1 :]
        assert (check_character(changed) == checked) == (changed == first)
    swapped = first[:place] + first[place + 1] + first[place] + first[place + 2 :]
    assert (check_character(swapped) == checked) == (swapped == first)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "0 characters"),
        ("130503670401001", "15 characters"),
        ("1101051949123100XX", "17 digits"),
        ("X" * 18, "17 digits"),
        ("9" * 41, "over 40"),
        ("90010519491231002X", "province"),
        ("110105194913310029", "date"),
        ("110105189912310028", "date of birth"),
        ("110105202611240029", "date of birth"),
        ("110105194912310021", "last character"),
    ],
)
def test_what_is_wrong_with_a_number_is_said(typed: str, said: str) -> None:
    assert said in refusal(typed)


@given(typed=st.text(max_size=60))
def test_any_text_is_a_number_or_refused_without_being_repeated(typed: str) -> None:
    for read in (lambda text: resident_number(text, TODAY), mobile_number):
        said = ""
        try:
            number = read(typed)
        except IdentityError as error:
            said = str(error)
        else:
            assert number.isascii()
            assert read(number) == number
        assert len(typed) < 12 or typed not in said


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "+8613800138000",
        "8613800138000",
        "+86 138-0013-8000",
        "１３８００１３８０００",
    ],
)
def test_a_mobile_number_is_taken_as_people_type_it(typed: str) -> None:
    assert mobile_number(typed) == "13800138000"


@pytest.mark.parametrize(
    "typed", ["", "12800138000", "1380013800", "138001380000", "+1 13800138000", "010-12345678"]
)
def test_what_is_no_mobile_number_is_refused(typed: str) -> None:
    with pytest.raises(IdentityError, match="11 digits"):
        mobile_number(typed)


def test_an_openid_is_taken_as_it_is_and_nothing_else_for_one() -> None:
    for openid in ("oLVPpjqs9BhvzwPj5A-vTYAX3GLc", "o" * 16, "_-" * 32):
        assert wechat_openid(openid) == openid
    for wrong in ("", "o" * 15, "o" * 65, "o" * 16 + " ", "o" * 16 + "\n", "编" * 20, "o'" * 10):
        with pytest.raises(IdentityError, match="16 to 64 letters"):
            wechat_openid(wrong)

"""Numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.hall import PastLast, Service
from protocol.ids import Language, ServiceId
from runtime.wechat.numbers import Number, gives, read_number

NAMES = {Language("en"): "x"}


def service(prefix: str, first: int = 1, last: int = 999, **more: object) -> Service:
    return Service(
        id=ServiceId("s"),
        names=NAMES,
        prefix=prefix,
        first=first,
        last=last,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("A010", Number(head="A", serial=10)),
        ("a10", Number(head="A", serial=10)),
        (" a 010 ", Number(head="A", serial=10)),
        ("A-010", Number(head="A", serial=10)),
        ("Ａ０１０", Number(head="A", serial=10)),
        ("A010号", Number(head="A", serial=10)),
        ("010", Number(head="", serial=10)),
        ("2B007", Number(head="2B", serial=7)),
        ("2007", Number(head="", serial=2007)),
        ("VIP1", Number(head="VIP", serial=1)),
    ],
)
def test_number_is_read_however_it_is_written(text: str, number: Number) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "号",
        "ABCD1",
        "A0100000000",
        "A01O",
        "A010?",
        "10A",
        "一",
        "A 010 and more words",
        "٣",
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_number(text) is None


@given(
    prefix=st.text(st.sampled_from("aAbZ019"), max_size=3),
    digits=st.integers(1, 5),
    serial=st.integers(1, 99_999),
)
def test_number_of_a_ticket_is_read_and_is_of_its_service(
    prefix: str, digits: int, serial: int
) -> None:
    one = service(prefix, first=serial, last=serial, digits=digits)
    number = read_number(one.number(serial))
    assert number is not None
    assert gives(one, number)
    assert read_number(one.number(serial).lower()) == number


@given(st.text())
def test_any_text_is_read_or_not(text: str) -> None:
    read_number(text)


def test_number_outside_of_the_range_is_of_no_service() -> None:
    one = service("A", first=10, last=499)
    for serial, given_out in ((9, False), (10, True), (499, True), (500, False)):
        assert gives(one, Number(head="A", serial=serial)) is given_out
    assert not gives(one, Number(head="B", serial=10))
    assert not gives(one, Number(head="", serial=10))


def test_service_that_goes_on_gives_larger_numbers() -> None:
    one = service("A", last=499, past_last=PastLast.GO_ON)
    assert gives(one, Number(head="A", serial=1_200))


def test_prefix_of_a_digit_counts_as_part_of_the_number() -> None:
    one = service("2", last=999)
    assert gives(one, Number(head="", serial=2_007))
    assert not gives(one, Number(head="", serial=7))

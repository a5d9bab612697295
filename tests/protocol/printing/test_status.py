"""What a printer says of itself. The octets are those of Epson's command reference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.printing.status import (
    PrintFailure,
    Question,
    Said,
    Status,
    StatusReader,
    ask,
    paper_ended,
    status_of,
)


def test_questions_are_the_real_time_commands() -> None:
    assert [ask(question).hex() for question in Question] == ["100401", "100402", "100404"]


@pytest.mark.parametrize(
    ("question", "octet", "status", "failure"),
    [
        (Question.PRINTER, 0x12, Status(), None),
        (Question.PRINTER, 0x16, Status(), None),  # the drawer's pin is high
        (Question.PRINTER, 0x1A, Status(offline=True), PrintFailure.OFFLINE),
        (Question.OFFLINE_CAUSE, 0x16, Status(cover_open=True), PrintFailure.COVER_OPEN),
        (Question.OFFLINE_CAUSE, 0x32, Status(paper_out=True), PrintFailure.PAPER_OUT),
        (Question.OFFLINE_CAUSE, 0x52, Status(broken=True), PrintFailure.BROKEN),
        (Question.PAPER, 0x1E, Status(paper_low=True), None),
        (Question.PAPER, 0x7E, Status(paper_low=True, paper_out=True), PrintFailure.PAPER_OUT),
    ],
)
def test_each_bit_means_its_trouble(
    question: Question, octet: int, status: Status, failure: PrintFailure | None
) -> None:
    assert status_of({question: octet}) == status
    assert status.failure is failure


def test_open_cover_is_named_before_the_paper_that_it_hides() -> None:
    status = status_of({Question.PRINTER: 0x1A, Question.OFFLINE_CAUSE: 0x36, Question.PAPER: 0x7E})
    assert status.failure is PrintFailure.COVER_OPEN


def test_kinds_of_answers_are_told_apart() -> None:
    octets = bytes.fromhex("12 00 0c 1a 7e 0f")
    assert list(StatusReader().read(octets)) == [
        (Said.STATUS, 0x12),
        (Said.PRINTED, 0x00),
        (Said.PRINTED, 0x0C),
        (Said.STATUS, 0x1A),
        (Said.STATUS, 0x7E),
        (Said.PRINTED, 0x0F),
    ]
    assert [paper_ended(octet) for octet in (0x00, 0x03, 0x0C, 0x0F)] == [False, False, True, True]


@pytest.mark.parametrize(
    "passed_over",
    ["372500", "11", "13", "10000000", "1c00600f", "375f41423100"],
    ids=["forgotten", "XON", "XOFF", "automatic", "automatic, cover", "block"],
)
def test_what_nobody_asked_for_is_never_taken_for_an_answer(passed_over: str) -> None:
    octets = bytes.fromhex(passed_over) + b"\x12"
    assert list(StatusReader().read(octets)) == [(Said.STATUS, 0x12)]


def test_octets_that_are_no_answer_are_nonsense() -> None:
    assert {said for said, _ in StatusReader().read(b"\xff\x92\x15")} == {Said.NONSENSE}


@given(octets=st.binary(max_size=200), cut=st.integers(0, 200))
def test_reading_does_not_depend_on_where_octets_are_cut(octets: bytes, cut: int) -> None:
    pieces = StatusReader()
    assert [*pieces.read(octets[:cut]), *pieces.read(octets[cut:])] == list(
        StatusReader().read(octets)
    )


@given(octets=st.binary(max_size=300))
def test_garbage_never_makes_the_reader_deaf_for_long(octets: bytes) -> None:
    reader = StatusReader()
    list(reader.read(octets))
    assert (Said.STATUS, 0x12) in list(reader.read(b"\x12" * 100))

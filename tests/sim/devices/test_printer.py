"""The printer model: what it answers, when, and what becomes of half a job."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.devices.printer import FORGET, RECEIVE_MAX, EscposPrinter

ASK_1, ASK_2, ASK_4 = b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04"
WHEN_PRINTED = b"\x1dr\x01"
JOB = b"\x1b@" + b"line\n" * 40 + b"\x1dVB\x00"
"""1320 dots: 1.1 s at the usual speed, and the cut."""


def play(printer: EscposPrinter, until_s: float) -> list[tuple[float, bytes]]:
    """Tick the printer as its links do; return what it said and when."""
    said = []
    while (due := printer.next_deadline()) is not None and due <= until_s:
        if octets := printer.tick(due):
            said.append((due, octets))
    return said


def test_well_printer_says_so_to_every_question() -> None:
    assert EscposPrinter().receive(ASK_1 + ASK_2 + ASK_4, 0.0) == b"\x12\x12\x12"


@pytest.mark.parametrize(
    ("switch", "answers"),
    [
        ("paper_out", "1a327e"),
        ("paper_low", "12121e"),
        ("cover_open", "1a1612"),
        ("offline", "1a1212"),
        ("broken", "1a5212"),
    ],
)
def test_each_trouble_has_its_bits(switch: str, answers: str) -> None:
    printer = EscposPrinter()
    setattr(printer, switch, True)
    assert printer.receive(ASK_1 + ASK_2 + ASK_4, 0.0).hex() == answers


def test_silent_printer_takes_nothing_and_says_nothing() -> None:
    printer = EscposPrinter()
    printer.silent = True
    assert printer.receive(ASK_1 + JOB, 0.0) == b""
    printer.silent = False
    assert printer.next_deadline() is None


def test_babbling_printer_answers_any_octet() -> None:
    printer = EscposPrinter(babble=Random(1))
    answers = printer.receive(ASK_1 * 50, 0.0)
    assert len(answers) == 50
    assert len(set(answers)) > 20


def test_job_takes_its_time_and_the_question_behind_it_is_answered_after_the_cut() -> None:
    printer = EscposPrinter()
    assert printer.receive(JOB + WHEN_PRINTED, 0.0) == b""
    assert printer.receive(ASK_1, 0.5) == b"\x12"
    assert printer.papers == []
    ((said_at, octet),) = play(printer, 10.0)
    assert octet == b"\x00"
    assert said_at == pytest.approx((40 * 30 + 120) / 1200 + 0.3)
    assert [paper.lines for paper in printer.papers] == [("line",) * 40]


def test_paper_that_ends_within_a_job_stops_it_there() -> None:
    printer = EscposPrinter()
    printer.paper_dots = 600
    printer.receive(JOB + WHEN_PRINTED, 0.0)
    assert play(printer, 10.0) == []
    assert printer.papers == []
    assert printer.receive(ASK_2, 10.0) == b"\x32"


def test_printer_that_was_not_told_to_forget_goes_on_after_new_paper() -> None:
    printer = EscposPrinter()
    printer.paper_dots = 600
    printer.receive(JOB + WHEN_PRINTED, 0.0)
    play(printer, 10.0)
    printer.load_paper()
    assert len(printer.torn[0].lines) == 20
    printer.tick(10.0)
    assert play(printer, 20.0)[0][0] > 10.0
    assert len(printer.papers[0].lines) == 20


def test_printer_that_was_told_to_forget_starts_afresh() -> None:
    printer = EscposPrinter()
    printer.paper_dots = 600
    printer.receive(JOB + WHEN_PRINTED, 0.0)
    play(printer, 10.0)
    assert printer.receive(FORGET, 10.0) == b"\x37\x25\x00"
    printer.load_paper()
    printer.receive(b"next\n\x1dV\x00", 11.0)
    play(printer, 20.0)
    assert [paper.lines for paper in printer.papers] == [("next",)]


def test_pulled_plug_leaves_half_a_ticket_hanging() -> None:
    printer = EscposPrinter()
    printer.receive(JOB + WHEN_PRINTED, 0.0)
    play(printer, 0.5)
    printer.power_cycle()
    assert 0 < len(printer.torn[0].lines) < 40
    assert printer.next_deadline() is None
    assert printer.receive(ASK_1, 1.0) == b"\x12"


def test_octets_beyond_the_buffer_are_lost() -> None:
    printer = EscposPrinter()
    printer.paper_out = True
    printer.receive(b"x" * (RECEIVE_MAX + 7), 0.0)
    assert printer.lost == 7
    assert printer.receive(ASK_4, 0.0) == b"\x7e"


@given(cuts=st.lists(st.integers(0, len(JOB) + 12)))
def test_where_octets_are_cut_changes_nothing(cuts: list[int]) -> None:
    octets = JOB[:100] + ASK_4 + JOB[100:] + ASK_1 + WHEN_PRINTED
    printer = EscposPrinter()
    said = b""
    edges = [0, *sorted(cuts), len(octets)]
    for begin, end in pairwise(edges):
        said += printer.receive(octets[begin:end], 0.0)
    said += b"".join(octet for _, octet in play(printer, 10.0))
    assert said == b"\x12\x12\x00"
    assert [paper.lines for paper in printer.papers] == [("line",) * 40]

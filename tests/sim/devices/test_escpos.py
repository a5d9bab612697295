"""The interpreter, against octets written by hand from the command reference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.devices.escpos import Align, Done, Interpreter, Paper, QrCode, Space, TextLine


def run(octets: bytes, columns: int = 48) -> tuple[Interpreter, list[Paper], list[Done]]:
    interpreter = Interpreter(columns)
    buffer = bytearray(octets)
    steps = []
    while (done := interpreter.take(buffer)) is not None:
        steps.append(done)
    assert not buffer
    return interpreter, [done.paper for done in steps if done.paper], steps


def qr(text: bytes, module: int = 6) -> bytes:
    def function(body: bytes) -> bytes:
        return b"\x1d(k" + len(body).to_bytes(2, "little") + body

    return (
        function(b"1A2\x00")
        + function(b"1C" + bytes((module,)))
        + function(b"1E1")
        + function(b"1P0" + text)
        + function(b"1Q0")
    )


def test_text_is_read_with_size_weight_and_alignment() -> None:
    _, papers, _ = run(
        b"\x1b@\x1ba\x01\x1d!\x77\x1bE\x01A010\n\x1d!\x00\x1bE\x00\x1ba\x00low\n\x1dV\x00"
    )
    large, small = papers[0].items
    assert isinstance(large, TextLine)
    assert isinstance(small, TextLine)
    assert (large.text, large.align) == ("A010", Align.CENTRE)
    style = large.runs[0].style
    assert (style.width, style.height, style.bold) == (8, 8, True)
    assert (small.text, small.align, small.runs[0].style.height) == ("low", Align.LEFT, 1)
    assert papers[0].number == "A010"


def test_chinese_is_gb18030_in_chinese_mode_alone() -> None:
    octets = "取号A1 𠮷".encode("gb18030") + b"\n\x1dV\x00"
    _, papers, _ = run(b"\x1c&" + octets)
    assert papers[0].lines == ("取号A1 𠮷",)
    _, papers, _ = run(b"\x1c.\xd6\xd0\n\x1dV\x00")
    assert "中" not in papers[0].text


def test_code_is_printed_with_its_payload_and_shape() -> None:
    _, papers, steps = run(b"\x1ba\x01" + qr(b"https://q.example.cn/1", 5) + b"\x1dVB\x00")
    (code,) = papers[0].items
    assert code == QrCode(text="https://q.example.cn/1", module=5, level="M", align=Align.CENTRE)
    # Version 2: 25 squares.
    assert 125 in [done.dots for done in steps]


def test_line_that_is_too_long_goes_on_in_the_next_and_is_noted() -> None:
    interpreter, papers, _ = run(
        b"\x1c&" + "字".encode("gb18030") * 17 + b"\n\x1dV\x00", columns=32
    )
    assert papers[0].lines == ("字" * 16, "字")
    assert len(interpreter.overflows) == 1


def test_code_wider_than_the_paper_is_noted() -> None:
    interpreter, _, _ = run(qr(b"x" * 200, 8), columns=32)
    assert interpreter.overflows == ["x" * 200]


def test_initialising_undoes_every_setting() -> None:
    _, papers, _ = run(b"\x1d!\x33\x1ba\x02\x1c&\x1b@a\n\x1dV\x00")
    (line,) = papers[0].items
    assert isinstance(line, TextLine)
    assert (line.runs[0].style.height, line.align) == (1, Align.LEFT)


def test_feeding_moves_the_paper() -> None:
    _, papers, steps = run(b"\x1bJ\x20\x1bd\x02\n\x1dV\x00")
    assert papers[0].items == (Space(dots=32), Space(dots=60), Space(dots=30))
    assert sum(done.dots for done in steps) == 122


def test_question_is_met_after_what_went_before() -> None:
    _, _, steps = run(b"a\n\x1dr\x01")
    assert [done.asked_paper for done in steps] == [False, False, True]


@pytest.mark.parametrize(
    "octets", [b"\x1b\x01", b"\x1d(A\x02\x00\x00\x00", b"\x07", b"\x1d(k\x03\x001Z0"]
)
def test_unknown_command_is_kept_for_the_reader(octets: bytes) -> None:
    interpreter, _, _ = run(octets)
    assert interpreter.unknown


def test_uncut_paper_is_there_for_the_hand_that_tears_it() -> None:
    interpreter, papers, _ = run(b"half\n")
    assert papers == []
    torn = interpreter.tear()
    assert torn is not None
    assert (torn.lines, torn.cut) == (("half",), False)
    assert interpreter.tear() is None


@given(octets=st.binary(max_size=300))
def test_garbage_is_swallowed_octet_by_octet(octets: bytes) -> None:
    whole, pieces = Interpreter(48), Interpreter(48)
    buffer = bytearray(octets)
    while whole.take(buffer) is not None:
        pass
    rest = bytearray()
    for octet in octets:
        rest.append(octet)
        while pieces.take(rest) is not None:
            pass
    assert rest == buffer
    assert pieces.tear() == whole.tear()


_MORE = (b"\x1c&", b"\x1c.", b"\x1d!\x11", b"\n", b"\x1b@", b"\xff", b"\x84\x31\xa4\x37", b"\xd7")
_TEXTS = st.text(alphabet="ab 1字業ß", max_size=40).map(lambda text: text.encode("gb18030"))


@given(pieces=st.lists(st.one_of(_TEXTS, st.sampled_from(_MORE)), max_size=20))
def test_text_that_comes_at_once_prints_as_it_does_octet_by_octet(pieces: list[bytes]) -> None:
    octets = b"".join(pieces)
    at_once, slowly = Interpreter(32), Interpreter(32)
    buffer, rest = bytearray(octets), bytearray()
    while at_once.take(buffer) is not None:
        pass
    for octet in octets:
        rest.append(octet)
        while slowly.take(rest) is not None:
            pass
    assert rest == buffer
    assert slowly.overflows == at_once.overflows
    assert slowly.tear() == at_once.tear()

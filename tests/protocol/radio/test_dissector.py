"""A stream taken apart: nothing lost, nothing hidden, however it is cut."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocol.radio.dissector import OUTSIDE_MAX, Dissector, FrameSeen, OutsideSeen, Piece
from protocol.radio.frame import RESYNC, Frame, FrameDecoder, encode_frame

FRAME = Frame(to=1, source=16, id=7, payload=b"NEXT")
ON_LINE = encode_frame(FRAME)

octet = st.integers(0, 255)
frames = st.builds(
    Frame, to=octet, source=octet, id=octet, flags=octet, payload=st.binary(max_size=60)
)
noise = st.lists(st.sampled_from([b"\x10", b"\x02", b"\x03", b"\x16", b"a", b"\n"])).map(b"".join)
cut_frames = st.builds(lambda frame, at: encode_frame(frame)[:at], frames, st.integers(0, 40))
streams = st.lists(frames.map(encode_frame) | noise | cut_frames | st.just(RESYNC)).map(b"".join)


def octets_of(pieces: list[Piece]) -> bytes:
    return b"".join(piece.octets for piece in pieces)


def frames_of(pieces: list[Piece]) -> list[Frame]:
    return [piece.frame for piece in pieces if isinstance(piece, FrameSeen)]


@given(streams, st.lists(st.integers(1, 30)))
def test_any_stream_cut_anywhere_comes_out_whole_and_in_order(
    stream: bytes, lengths: list[int]
) -> None:
    dissector, decoder = Dissector(), FrameDecoder()
    pieces: list[Piece] = []
    rest = stream
    for length in lengths:
        pieces += dissector.receive(rest[:length])
        rest = rest[length:]
    pieces += dissector.receive(rest)
    pieces += dissector.end()
    assert octets_of(pieces) == stream
    assert frames_of(pieces) == decoder.receive(stream)
    assert all(
        encode_frame(piece.frame) == piece.octets
        for piece in pieces
        if isinstance(piece, FrameSeen)
    )
    outside = sum(len(piece.octets) for piece in pieces if isinstance(piece, OutsideSeen))
    assert dissector.counts.octets_outside == outside


def test_noise_and_a_cut_frame_are_told_before_the_frame_behind_them() -> None:
    assert Dissector().receive(b"noise" + ON_LINE[:9] + ON_LINE) == [
        OutsideSeen(octets=b"noise" + ON_LINE[:9]),
        FrameSeen(frame=FRAME, octets=ON_LINE),
    ]


def test_resync_is_told_apart_from_what_stands_before_it() -> None:
    pieces = Dissector().receive(b"noise" + RESYNC + ON_LINE)
    assert pieces[:2] == [OutsideSeen(octets=b"noise"), OutsideSeen(octets=RESYNC)]


def test_text_that_comes_octet_by_octet_is_told_at_its_end() -> None:
    dissector = Dissector()
    told = [dissector.receive(bytes([octet])) for octet in b"ser2net port\r\n"]
    assert [pieces for pieces in told if pieces] == [
        [OutsideSeen(octets=b"ser2net port\r\n")],
    ]


def test_quiet_line_tells_what_was_held_back_but_no_frame_that_may_go_on() -> None:
    dissector = Dissector()
    assert dissector.receive(b"login: " + ON_LINE[:6]) == []
    assert dissector.flush() == [OutsideSeen(octets=b"login: ")]
    assert dissector.flush() == []
    assert frames_of(dissector.receive(ON_LINE[6:])) == [FRAME]


def test_noise_without_end_is_told_in_pieces_of_bounded_length() -> None:
    pieces = Dissector().receive(b"x" * (3 * OUTSIDE_MAX + 1))
    assert [len(piece.octets) for piece in pieces] == [OUTSIDE_MAX] * 3 + [1]


def test_frame_cut_by_the_end_is_not_completed_by_what_comes_after() -> None:
    dissector = Dissector()
    dissector.receive(ON_LINE[:9])
    assert dissector.end() == [OutsideSeen(octets=ON_LINE[:9])]
    assert frames_of(dissector.receive(ON_LINE[9:])) == []


def test_captured_sequences_come_out_as_their_frames_alone(sequence: dict[str, Any]) -> None:
    on_line = [bytes.fromhex(frame["hex"]) for frame in sequence["frames"]]
    pieces = Dissector().receive(b"".join(on_line))
    assert [piece.octets for piece in pieces] == on_line
    assert len(frames_of(pieces)) == len(on_line)

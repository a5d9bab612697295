"""Framing: the captured octets, every split, garbage of all kinds, and the bounds."""

import binascii
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from protocol.errors import FrameError
from protocol.radio import frame as framing
from protocol.radio.frame import (
    BODY_MAX,
    END,
    PAYLOAD_MAX,
    RESYNC,
    START,
    WIRE_MAX,
    Frame,
    FrameDecoder,
    check_sequence,
    encode_frame,
)

Readings = Callable[[bytes], list[tuple[int, int, Frame]]]

octet = st.integers(0, 255)
# Octets that mean something to the framing come often.
noisy_octets = st.lists(
    st.one_of(st.sampled_from([0x10, 0x02, 0x03, 0x16]), octet), max_size=200
).map(bytes)
frames = st.builds(
    Frame,
    to=st.one_of(st.just(0x10), octet),
    source=st.one_of(st.just(0x10), octet),
    id=st.one_of(st.just(0x10), octet),
    flags=octet,
    payload=noisy_octets.map(lambda octets: octets[:PAYLOAD_MAX]),
)


def as_frame(decoded: dict[str, Any]) -> Frame:
    return Frame(
        to=decoded["to"],
        source=decoded["from"],
        id=decoded["id"],
        flags=decoded["flags"],
        payload=bytes.fromhex(decoded["payload_hex"]),
    )


def decode(octets: bytes) -> list[Frame]:
    return FrameDecoder().receive(octets)


def decode_in_pieces(octets: bytes, *cuts: int) -> tuple[list[Frame], FrameDecoder]:
    decoder = FrameDecoder()
    found: list[Frame] = []
    start = 0
    for end in (*sorted(cuts), len(octets)):
        found += decoder.receive(octets[start:end])
        start = end
    return found, decoder


def wire_of(body: bytes) -> bytes:
    """A body of any length on the wire, FCS right."""
    return START + body.replace(b"\x10", b"\x10\x10") + END + check_sequence(body)


def test_constants_equal_the_captured_ones(constants: dict[str, Any]) -> None:
    assert constants["max_payload"] == PAYLOAD_MAX
    assert constants["max_body"] == BODY_MAX
    # The published check value of CRC-16/MCRF4XX; our FCS covers the closing 10 03 as well.
    reversed_crc = binascii.crc_hqx(b"123456789".translate(framing._REVERSED_BITS), 0xFFFF)
    crc = reversed_crc.to_bytes(2, "little").translate(framing._REVERSED_BITS)
    assert crc.hex() == constants["fcs_check_123456789"]


def test_captured_sequence_encodes_and_decodes_the_same(sequence: dict[str, Any]) -> None:
    for captured in sequence["frames"]:
        wire = bytes.fromhex(captured["hex"])
        frame = as_frame(captured["decoded"])
        assert encode_frame(frame) == wire
        assert decode(wire) == [frame]


def test_captured_sequence_split_at_every_octet_decodes_the_same(sequence: dict[str, Any]) -> None:
    wire = b"".join(bytes.fromhex(captured["hex"]) for captured in sequence["frames"])
    expected = [as_frame(captured["decoded"]) for captured in sequence["frames"]]
    for cut in range(len(wire) + 1):
        assert decode_in_pieces(wire, cut)[0] == expected
    assert decode_in_pieces(wire, *range(len(wire)))[0] == expected


GOOD_FRAMES_OF_CASE = {
    # Stock firmware loses the first good frame of these; this decoder must not.
    "stray DLE right before a frame": [1, 2],
    "truncated frame then good frames": [2, 3],
    "frame cut after DLE then good frames": [2, 3],
    "DLE STX only then good frames": [2, 3],
    "resync preamble 16 16 10 16 from state idle": [2],
    "resync preamble 16 16 10 16 from state dle": [2],
    "resync preamble 16 16 10 16 from state data": [2],
    "resync preamble 16 16 10 16 from state fcs2": [2],
    "bad FCS": [],
    "65+ octet body (payload 61) with right FCS": [2],
}


@pytest.mark.parametrize("name", GOOD_FRAMES_OF_CASE)
def test_damaged_octets_of_a_captured_case_lose_no_good_frame(
    name: str, cases: dict[str, Any]
) -> None:
    wire = b"".join(bytes.fromhex(octets) for octets in cases[name]["injected"])
    for cut in range(len(wire) + 1):
        found, decoder = decode_in_pieces(wire, cut)
        assert [frame.id for frame in found] == GOOD_FRAMES_OF_CASE[name]
        assert decoder.kept == 0


def test_payload_over_60_octets_is_refused() -> None:
    encode_frame(Frame(to=1, source=2, id=3, payload=bytes(60)))
    with pytest.raises(FrameError, match="61 octets"):
        encode_frame(Frame(to=1, source=2, id=3, payload=bytes(61)))


@pytest.mark.parametrize("field", ["to", "source", "id", "flags"])
@pytest.mark.parametrize("number", [-1, 256])
def test_header_value_that_is_no_octet_is_refused(field: str, number: int) -> None:
    with pytest.raises(FrameError, match=f"{field}={number}"):
        encode_frame(Frame(**({"to": 1, "source": 2, "id": 3} | {field: number})))


@given(frames)
def test_encoded_frame_decodes_to_itself(frame: Frame) -> None:
    wire = encode_frame(frame)
    assert len(wire) <= WIRE_MAX
    assert decode(wire) == [frame]


@given(st.binary(max_size=3))
def test_quirk_4_body_under_four_octets_is_dropped_and_counted(body: bytes) -> None:
    good = Frame(to=1, source=2, id=3, payload=b"x")
    decoder = FrameDecoder()
    assert decoder.receive(wire_of(body) + encode_frame(good)) == [good]
    assert decoder.counts.undersized == 1


@given(st.binary(min_size=BODY_MAX + 1, max_size=3 * BODY_MAX))
@example(b"\x10" * (BODY_MAX + 1))
@example(b"\x10" * (2 * BODY_MAX))
@example(b"x" + b"\x10" * (2 * BODY_MAX))
def test_quirk_4_oversized_body_is_dropped_and_counted(body: bytes) -> None:
    good = Frame(to=1, source=2, id=3, payload=b"x")
    decoder = FrameDecoder()
    assert decoder.receive(wire_of(body) + encode_frame(good)) == [good]
    assert decoder.counts.oversized >= 1


@given(st.lists(st.one_of(noisy_octets, frames.map(encode_frame)), max_size=6))
def test_any_octets_decode_as_the_plain_reading_says(
    readings: Readings, pieces: list[bytes]
) -> None:
    stream = b"".join(pieces)
    expected = []
    decided = 0
    for start, end, frame in readings(stream):
        if start >= decided:
            expected.append(frame)
            decided = end
    assert decode(stream) == expected


@given(noisy_octets, frames, noisy_octets)
def test_good_frame_after_garbage_comes_out_with_its_last_octet(
    readings: Readings, garbage: bytes, frame: Frame, more_garbage: bytes
) -> None:
    wire = encode_frame(frame)
    before = len(garbage)
    # All that can take a good frame away: other octets with a right FCS that overlap it.
    assume(not any(start < before < end for start, end, _ in readings(garbage + wire)))
    decoder = FrameDecoder()
    earlier = decoder.receive(garbage + wire[:-1])
    assert decoder.receive(wire[-1:] + more_garbage)[:1] == [frame]
    assert frame not in earlier or frame in decode(garbage)


@given(st.lists(st.one_of(noisy_octets, frames.map(encode_frame)), max_size=5), st.data())
def test_split_changes_neither_frames_nor_counts_and_memory_is_bounded(
    pieces: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(pieces)
    whole = FrameDecoder()
    expected = whole.receive(stream)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    found, decoder = decode_in_pieces(stream, *cuts)
    assert found == expected
    assert decoder.counts == whole.counts
    one_by_one = FrameDecoder()
    found = []
    for at in range(len(stream)):
        found += one_by_one.receive(stream[at : at + 1])
        assert one_by_one.kept < WIRE_MAX
    assert found == expected
    assert one_by_one.counts == whole.counts


@given(st.lists(st.one_of(noisy_octets, frames.map(encode_frame)), max_size=5))
def test_every_octet_is_in_a_frame_or_counted_outside_or_kept(pieces: list[bytes]) -> None:
    stream = b"".join(pieces)
    decoder = FrameDecoder()
    in_frames = sum(len(encode_frame(frame)) for frame in decoder.receive(stream))
    assert decoder.counts.octets == len(stream)
    assert in_frames + decoder.counts.octets_outside + decoder.kept == len(stream)


@pytest.mark.parametrize("noise", [b"text without end ", b"\x10\x10"])
def test_opening_before_endless_noise_is_given_up_and_memory_is_bounded(noise: bytes) -> None:
    decoder = FrameDecoder()
    decoder.receive(START)
    for _ in range(100):
        decoder.receive(noise)
        assert decoder.kept < WIRE_MAX
    assert decoder.counts.oversized == 1


def test_text_between_frames_is_skipped() -> None:
    one = Frame(to=1, source=2, id=3, payload=b"one")
    two = Frame(to=1, source=2, id=4, payload=b"two")
    banner = "ser2net port 3001 device /dev/ttyUSB0 [9600N81]\r\n串口\r\n".encode()
    found = decode(banner + encode_frame(one) + banner + encode_frame(two) + banner)
    assert found == [one, two]


def test_resync_preamble_is_skipped_even_inside_a_cut_frame() -> None:
    frame = Frame(to=1, source=2, id=3, payload=b"one")
    wire = encode_frame(frame)
    for cut in range(len(wire)):
        assert decode(wire[:cut] + RESYNC + wire) == [frame]


def test_frame_cut_at_any_octet_costs_no_other_frame() -> None:
    cut_frame = encode_frame(Frame(to=16, source=16, id=16, payload=b"\x10\x02\x10\x03"))
    good = Frame(to=1, source=2, id=3, payload=b"one")
    for cut in range(len(cut_frame)):
        assert decode(cut_frame[:cut] + encode_frame(good)) == [good]
        assert decode(cut_frame[cut + 1 :] + encode_frame(good)) == [good]


def test_each_reason_for_dropping_is_counted_apart() -> None:
    decoder = FrameDecoder()
    wire = encode_frame(Frame(to=1, source=2, id=3, payload=b"one"))
    decoder.receive(wire[:8] + wire)
    decoder.receive(wire[:-1] + bytes([wire[-1] ^ 1]))
    decoder.receive(wire_of(b"abc"))
    decoder.receive(wire_of(bytes(65)))
    counts = decoder.counts
    assert (counts.cut, counts.bad_check, counts.undersized, counts.oversized) == (1, 1, 1, 1)
    assert counts.frames == 1

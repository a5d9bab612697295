"""What no node sends: every damaged octet, an hour of noise, floods. Nothing raises, nothing good is lost."""

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ProtocolError
from protocol.radio.actions import Action, Received, Transmit
from protocol.radio.frame import Frame, FrameDecoder, encode_frame
from protocol.radio.options import LinkOptions
from protocol.radio.payloads import decode_downlink, decode_uplink
from protocol.radio.reliable import ReliableLink
from protocol.radio.repeater import Repeater
from protocol.radio.routed import RoutedLink
from protocol.radio.router import Routed, decode_routed, encode_routed

GOOD = Frame(to=2, source=1, id=77, payload=b"good")
GOOD_WIRE = encode_frame(GOOD)

HOUR_S = 3600
OCTETS_PER_S = 960
"""Of a serial line at 9600 baud."""


def captured_frames(sequences: dict[str, Any], cases: dict[str, Any]) -> list[bytes]:
    """Each whole frame that was captured or given to a stock node, once."""
    wires = {step["hex"] for sequence in sequences.values() for step in sequence["frames"]}
    for case in cases.values():
        wires.update(case.get("injected", ()), case.get("frames", ()), case.get("sent_back", ()))
    frames = [wire for wire in map(bytes.fromhex, sorted(wires)) if is_whole(wire)]
    assert len(frames) > 60
    return frames


def is_whole(wire: bytes) -> bool:
    """Some octets were captured that are more or less than one frame, on purpose."""
    return [encode_frame(frame) for frame in FrameDecoder().receive(wire)] == [wire]


def test_every_damaged_octet_of_every_captured_frame_costs_no_other(
    sequences: dict[str, Any], cases: dict[str, Any]
) -> None:
    damaged = 0
    for wire in captured_frames(sequences, cases):
        for at in range(len(wire)):
            before, after = wire[:at], wire[at + 1 :] + GOOD_WIRE
            for octet in range(256):
                if octet == wire[at]:
                    continue
                decoder = FrameDecoder()
                assert decoder.receive(before + bytes((octet,)) + after) == [GOOD]
                counts = decoder.counts
                # Counted as what it is, or, where its opening is gone, as octets between frames.
                assert counts.octets_outside == len(wire)
                assert at < 2 or counts.cut + counts.bad_check + counts.oversized >= 1
                damaged += 1
    assert damaged > 200_000


def test_damaged_frame_is_neither_acknowledged_nor_taken_and_its_repeat_is(
    sequences: dict[str, Any], cases: dict[str, Any]
) -> None:
    for wire in captured_frames(sequences, cases):
        subject = ReliableLink(2, Random(1))
        for at in range(len(wire)):
            octets = wire[:at] + bytes((wire[at] ^ (1 << at % 8),)) + wire[at + 1 :]
            assert subject.receive(octets, 0.0) == []
        assert any(isinstance(action, Received) for action in subject.receive(GOOD_WIRE, 0.0))


def test_hour_of_noise_costs_no_frame_and_no_octet_goes_uncounted() -> None:
    """Random octets at 9600 baud, in a second of which a good frame comes now and then."""
    random = Random(1)
    subject = ReliableLink(2, random)
    received: list[bytes] = []
    sent: list[bytes] = []
    for second in range(HOUR_S):
        octets = random.randbytes(OCTETS_PER_S)
        if second % 2:
            payload = b"%d" % second
            sent.append(payload)
            at = random.randrange(len(octets))
            frame = encode_frame(Frame(to=2, source=1, id=second % 256, payload=payload))
            octets = octets[:at] + frame + octets[at:]
        # As a port hands them over: in pieces of any length.
        while octets:
            cut = random.randrange(1, 65)
            for action in subject.receive(octets[:cut], float(second)):
                if isinstance(action, Received):
                    received.append(action.payload)
            octets = octets[cut:]
    assert received == sent
    counts = subject.decoder_counts
    assert counts.octets > HOUR_S * OCTETS_PER_S
    # 10 02 comes by chance once in 65,536 octets.
    assert 30 < counts.cut + counts.oversized + counts.bad_check < 80


def test_noise_made_of_framing_octets_costs_no_frame() -> None:
    random = Random(2)
    decoder = FrameDecoder()
    for number in range(2000):
        noise = bytes(random.choices((0x10, 0x02, 0x03, 0x16, 0x41), k=random.randrange(300)))
        frame = Frame(to=2, source=1, id=number % 256, payload=b"%d" % number)
        assert frame in decoder.receive(noise + encode_frame(frame))


def test_terminal_that_floods_is_acknowledged_and_remembered_within_bounds() -> None:
    subject = ReliableLink(1, Random(1))
    subject.send(3, b"down", 1, 0.0)
    for number in range(20_000):
        uplink = Frame(to=1, source=number % 255, id=number // 255 % 256, payload=b"%d" % number)
        actions = subject.receive(encode_frame(uplink), number * 0.001)
        assert len([action for action in actions if isinstance(action, Transmit)]) <= 2
    assert len(subject.peer_counts) <= 255


def test_line_at_the_wrong_baud_brings_nothing_and_is_counted() -> None:
    """A bit taken for two: what a port at twice the baud makes of frames."""
    subject = ReliableLink(2, Random(1))
    for number in range(500):
        wire = encode_frame(Frame(to=2, source=1, id=number % 256, payload=b"%d" % number))
        bits = "".join(f"0{octet:08b}"[::-1] + "1" for octet in wire)
        doubled = "".join(bit * 2 for bit in bits)
        octets = bytes(
            int(doubled[at + 1 : at + 9][::-1], 2) for at in range(0, len(doubled) - 9, 10)
        )
        assert subject.receive(octets, float(number)) == []
    counts = subject.decoder_counts
    assert counts.frames == 0
    assert counts.octets_outside >= counts.octets - 300


# -- nothing but ProtocolError ------------------------------------------------------------------

octet = st.integers(0, 255)
framing = st.sampled_from([0x10, 0x02, 0x03, 0x16])
line = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.lists(framing, max_size=20).map(bytes),
        st.builds(
            lambda to, source, id_, flags, payload: encode_frame(
                Frame(to=to, source=source, id=id_, flags=flags, payload=payload)
            ),
            st.sampled_from([1, 2, 3, 16, 255]),
            st.sampled_from([1, 2, 3, 16, 255]),
            octet,
            st.sampled_from([0, 0x40, 0x80, 0xC0, 0xFF]),
            st.one_of(
                st.binary(max_size=60),
                st.builds(
                    lambda to, source, hops, payload: encode_routed(
                        Routed(to=to, source=source, id=0, hops=hops, payload=payload)
                    ),
                    st.sampled_from([1, 2, 3, 16, 255]),
                    st.sampled_from([1, 2, 3, 16, 255]),
                    st.integers(0, 5),
                    st.binary(max_size=20),
                ),
            ),
        ),
    ),
    max_size=12,
)


@given(line, st.booleans())
def test_no_octets_raise_in_any_link(pieces: list[bytes], resync: bool) -> None:
    options = LinkOptions(resync=resync, duty_cycle_max=0.5)
    for subject in (
        ReliableLink(2, Random(1), options),
        ReliableLink(2, Random(1), options, peers={3}),
        RoutedLink(2, Random(1), options),
        Repeater(2, Random(1), options, reached={1, 3, 16}),
    ):
        subject.send(1, b"a", 1, 0.0)
        subject.send(3, b"b", 2, 0.0, idempotent=True)
        subject.send_broadcast(b"c", 0.0, token=3)
        subject.serve({1, 3}, 0.0, not_served={16})
        now_s = 0.0
        actions: list[Action] = []
        for octets in pieces:
            now_s += 0.07
            actions += subject.receive(octets, now_s)
        while (deadline_s := subject.next_deadline()) is not None:
            now_s = max(now_s, deadline_s)
            actions += subject.tick(now_s)
        assert all(len(action.octets) for action in actions if isinstance(action, Transmit))


@given(st.binary(max_size=80), octet, st.booleans())
def test_no_payload_raises_anything_but_protocol_error(
    payload: bytes, hop: int, broadcast: bool
) -> None:
    for decode in (
        decode_uplink,
        decode_downlink,
        lambda octets: decode_routed(octets, hop, broadcast=broadcast),
    ):
        try:
            decode(payload)
        except ProtocolError as error:
            assert str(error)  # noqa: PT017

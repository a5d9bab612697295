"""Acknowledgements, IDs that no peer takes for a repeat, and the memory of repeats."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.radio.datagram import (
    BROADCAST,
    FLAG_ACK,
    FLAG_RETRY,
    FLAGS_APPLICATION,
    FLAGS_RESERVED,
    HELD_MAX,
    DuplicateMemory,
    PeerIds,
    acknowledgement,
    acknowledges,
)
from protocol.radio.frame import Frame, encode_frame

SENT = Frame(to=9, source=2, id=1, payload=b"A")


def test_constants_equal_the_captured_ones(constants: dict[str, Any]) -> None:
    assert constants["broadcast"] == BROADCAST
    assert constants["flag_ack"] == FLAG_ACK
    assert constants["flag_retry"] == FLAG_RETRY
    assert constants["flags_app"] == FLAGS_APPLICATION
    assert constants["flags_reserved"] == FLAG_ACK | FLAG_RETRY | FLAGS_RESERVED


def test_acknowledgement_has_the_captured_octets(sequences: dict[str, Any]) -> None:
    for name in ("reliable-ack", "dle-payload-and-dle-address"):
        captured = sequences[name]["frames"]
        for data, answer in zip(captured[::2], captured[1::2], strict=True):
            decoded = data["decoded"]
            datagram = Frame(to=decoded["to"], source=decoded["from"], id=decoded["id"])
            assert encode_frame(acknowledgement(datagram)).hex() == answer["hex"]


@pytest.mark.parametrize(
    ("answer", "matches"),
    [
        (Frame(to=2, source=9, id=1, flags=0x80, payload=b"!"), True),
        (Frame(to=2, source=9, id=1, flags=0xC0, payload=b"!"), True),
        (Frame(to=2, source=9, id=1, flags=0x85, payload=b""), True),
        (Frame(to=2, source=9, id=1, flags=0xFF, payload=b"xyz"), True),
        (Frame(to=2, source=9, id=2, flags=0x80, payload=b"!"), False),
        (Frame(to=2, source=8, id=1, flags=0x80, payload=b"!"), False),
        (Frame(to=3, source=9, id=1, flags=0x80, payload=b"!"), False),
        (Frame(to=2, source=9, id=1, flags=0x40, payload=b"!"), False),
    ],
)
def test_match_looks_at_addresses_id_and_ack_bit_only(answer: Frame, matches: bool) -> None:
    assert acknowledges(answer, SENT) is matches


def test_quirk_2_ids_start_at_1_and_skip_0() -> None:
    ids = PeerIds()
    drawn = []
    for _ in range(256):
        drawn.append(ids.next_unicast(7))
        ids.acknowledged(7, drawn[-1])
    assert drawn == [*range(1, 256), 1]


def test_quirk_2_program_that_runs_shortly_begins_with_an_id_that_it_draws() -> None:
    ids = PeerIds(254)
    assert [ids.next_unicast(5) for _ in range(3)] == [254, 255, 1]
    assert ids.next_unicast(6) == 254


def test_quirk_2_each_peer_has_its_own_counter() -> None:
    ids = PeerIds()
    assert [ids.next_unicast(7), ids.next_unicast(8), ids.next_unicast(7)] == [1, 1, 2]


def test_quirk_2_broadcast_keeps_off_the_last_id_of_every_peer() -> None:
    ids = PeerIds()
    for peer in range(1, 6):
        for _ in range(peer):
            ids.acknowledged(peer, ids.next_unicast(peer))
    assert ids.next_broadcast() == 6


def test_quirk_2_unicast_keeps_off_broadcasts_that_the_peer_may_hold() -> None:
    ids = PeerIds()
    ids.acknowledged(7, ids.next_unicast(7))
    assert [ids.next_broadcast(), ids.next_broadcast()] == [2, 3]
    # The peer may have missed 3 and hold 2.
    assert ids.next_unicast(7) == 4
    # A peer never sent to has heard them as well.
    assert ids.next_unicast(8) == 1
    assert ids.next_unicast(8) == 4


@given(st.data())
def test_quirk_2_no_new_datagram_repeats_what_a_peer_may_hold(data: st.DataObject) -> None:
    """Against stock memories, each of which hears any part of what is sent."""
    ids = PeerIds()
    holds = dict.fromkeys((1, 2, 16), 0)
    since_answer = dict.fromkeys(holds, 0)
    for _ in range(data.draw(st.integers(1, 60))):
        to = data.draw(st.sampled_from([*holds, BROADCAST]))
        id_ = ids.next_broadcast() if to == BROADCAST else ids.next_unicast(to)
        assert id_ != 0
        for peer in holds:
            if to not in (peer, BROADCAST):
                continue
            assert id_ != holds[peer] or since_answer[peer] > HELD_MAX
            since_answer[peer] += 1
            if data.draw(st.booleans()):
                holds[peer] = id_
                if to == peer and data.draw(st.booleans()):
                    ids.acknowledged(peer, id_)
                    since_answer[peer] = 0


def test_broadcasts_go_on_where_every_id_is_held() -> None:
    ids = PeerIds()
    for peer in range(255):
        for id_ in range(1, peer + 2):
            assert ids.next_unicast(peer) == id_
            ids.acknowledged(peer, id_)
    drawn = [ids.next_broadcast() for _ in range(300)]
    assert all(1 <= id_ <= 255 for id_ in drawn)
    assert all(one != next_one for one, next_one in pairwise(drawn))


def test_repeat_is_known_by_id_and_payload() -> None:
    memory = DuplicateMemory()
    first = Frame(to=2, source=1, id=0, payload=b"A")
    assert not memory.repeats(first)
    assert memory.repeats(Frame(to=2, source=1, id=0, flags=FLAG_RETRY, payload=b"A"))
    assert not memory.repeats(Frame(to=2, source=3, id=0, payload=b"A"))
    # A sender that was restarted counts from the start again, and says something else.
    assert not memory.repeats(Frame(to=2, source=1, id=0, payload=b"B"))
    assert not memory.repeats(first)

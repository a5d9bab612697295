"""Several gateways with one address: who serves whom, what is overheard, and taking a peer over."""

from random import Random
from typing import Any

import pytest

from protocol.radio.actions import (
    Acknowledged,
    Action,
    GaveUp,
    Overheard,
    Received,
    Stranger,
    Transmit,
)
from protocol.radio.datagram import BROADCAST, FLAG_ACK, FLAG_RETRY, acknowledgement
from protocol.radio.frame import Frame, FrameDecoder, encode_frame
from protocol.radio.reliable import ReliableLink
from protocol.values import replace

UPLINK = Frame(to=1, source=3, id=5, payload=b"up")


def gateway(seed: int = 1, **serving: Any) -> ReliableLink:
    subject = ReliableLink(1, Random(seed))
    subject.serve(now_s=0.0, **serving)
    return subject


def frames_of(actions: list[Action]) -> list[Frame]:
    decoder = FrameDecoder()
    return [
        frame
        for action in actions
        if isinstance(action, Transmit)
        for frame in decoder.receive(action.octets)
    ]


@pytest.mark.parametrize(
    ("frame", "repeat"),
    [
        (UPLINK, False),
        (replace(UPLINK, flags=FLAG_RETRY), True),
        (replace(UPLINK, to=BROADCAST), False),
        # Firmware leaves remains of earlier frames in the flags of an acknowledgement.
        (replace(UPLINK, flags=FLAG_ACK | FLAG_RETRY), False),
    ],
)
def test_frame_of_a_peer_not_served_is_overheard_only(frame: Frame, repeat: bool) -> None:
    subject = gateway(peers={2}, not_served={3})
    assert subject.receive(encode_frame(frame), 0.5) == [Overheard(source=3, repeat=repeat)]
    counts = subject.peer_counts[3]
    assert (counts.not_served, counts.received, counts.heard_s) == (1, 0, 0.5)


def test_peer_neither_served_nor_known_is_a_stranger() -> None:
    subject = gateway(peers={2}, not_served={3})
    stranger = replace(UPLINK, source=4)
    assert subject.receive(encode_frame(stranger), 0.0) == [Stranger(source=4)]


def test_peer_taken_over_is_acknowledged_and_delivered_from_then_on() -> None:
    subject = gateway(peers={2}, not_served={3})
    subject.receive(encode_frame(UPLINK), 0.0)
    assert subject.serve({2, 3}, 0.0) == []
    repeat = replace(UPLINK, flags=FLAG_RETRY)
    actions = subject.receive(encode_frame(repeat), 0.3)
    assert frames_of(actions) == [acknowledgement(UPLINK)]
    assert Received(source=3, payload=b"up", flags=FLAG_RETRY, broadcast=False) in actions


def test_peer_given_away_ends_what_is_under_way_to_it() -> None:
    subject = gateway(peers={2, 3})
    subject.send(3, b"one", 1, 0.0)
    subject.send(3, b"two", 2, 0.0)
    subject.send(2, b"other", 3, 0.0)
    actions = subject.serve({2}, 0.1, not_served={3})
    assert actions[:2] == [GaveUp(token=1, to=3, attempts=1), GaveUp(token=2, to=3, attempts=0)]
    assert [frame.payload for frame in frames_of(actions)] == [b"other"]


def test_first_datagram_after_taking_over_is_no_repeat_for_a_stock_peer(
    ether: Any, stock_node: Any
) -> None:
    """One gateway sends until its next ID is what the peer will hold when the other takes over."""
    channel = ether(Random(1))
    stock = channel.add(stock_node(3, Random(2)))
    one, other = (gateway(seed, peers={3}) for seed in (3, 4))
    for number in range(600):
        ours, twin = (one, other) if number % 7 < 3 else (other, one)
        [frame] = frames_of(ours.send(3, b"%d" % number, number, float(number)))
        twin.receive(encode_frame(frame), float(number))
        for answer in frames_of(stock.receive(encode_frame(frame), float(number))):
            for link in (one, other):
                actions = link.receive(encode_frame(answer), number + 0.1)
                assert len(actions) == (link is ours)
    assert stock.received == [b"%d" % number for number in range(600)]


def test_acknowledgement_alone_tells_what_the_peer_holds(stock_node: Any) -> None:
    """The gateways do not hear each other, only the peer."""
    stock = stock_node(3, Random(2))
    one, other = (gateway(seed, peers={3}) for seed in (3, 4))
    for number, ours, twin in ((0, one, other), (1, other, one)):
        [frame] = frames_of(ours.send(3, b"%d" % number, number, float(number)))
        [answer] = frames_of(stock.receive(encode_frame(frame), float(number)))
        assert isinstance(ours.receive(encode_frame(answer), number + 0.1)[0], Acknowledged)
        assert twin.receive(encode_frame(answer), number + 0.1) == []
    assert stock.received == [b"0", b"1"]


def test_datagram_of_the_other_gateway_alone_tells_what_the_peer_holds(stock_node: Any) -> None:
    """The peer's acknowledgement reaches only the gateway that sent."""
    stock = stock_node(3, Random(2))
    one, other = (gateway(seed, peers={3}) for seed in (3, 4))
    for number, ours, twin in ((0, one, other), (1, other, one)):
        [frame] = frames_of(ours.send(3, b"%d" % number, number, float(number)))
        assert twin.receive(encode_frame(frame), float(number)) == []
        [answer] = frames_of(stock.receive(encode_frame(frame), float(number)))
        assert isinstance(ours.receive(encode_frame(answer), number + 0.1)[0], Acknowledged)
    assert stock.received == [b"0", b"1"]


def test_echo_of_what_was_sent_is_counted_and_harms_nothing() -> None:
    subject = gateway(peers={2})
    for number in range(3):
        [frame] = frames_of(subject.send(2, b"x", number, float(number)))
        assert subject.receive(encode_frame(frame), float(number)) == []
        [answer] = subject.receive(encode_frame(acknowledgement(frame)), number + 0.1)
        assert isinstance(answer, Acknowledged)
        uplink = Frame(to=1, source=2, id=number + 1, payload=b"%d" % number)
        [sent] = frames_of(subject.receive(encode_frame(uplink), number + 0.2))
        assert subject.receive(encode_frame(sent), number + 0.3) == []
    assert subject.counts.own_address == 6


def test_each_peer_is_counted_apart() -> None:
    subject = ReliableLink(1, Random(1))
    [frame] = frames_of(subject.send(2, b"x", 1, 0.0))
    subject.receive(encode_frame(acknowledgement(frame)), 0.1)
    subject.send(3, b"x", 2, 1.0)
    while subject.next_deadline() is not None:
        subject.tick(subject.next_deadline() or 0.0)
    for flags in (0, FLAG_RETRY):
        subject.receive(encode_frame(Frame(to=1, source=2, id=1, flags=flags)), 20.0)
    near, far = subject.peer_counts[2], subject.peer_counts[3]
    assert (near.sent, near.acknowledged, near.retries, near.given_up) == (1, 1, 0, 0)
    assert (near.received, near.retries_received, near.heard_s) == (2, 1, 20.0)
    attempts = subject.options.attempts_max
    assert (far.sent, far.acknowledged, far.retries, far.given_up) == (1, 0, attempts - 1, 1)
    assert far.heard_s is None

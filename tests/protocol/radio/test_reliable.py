"""The link against captured sequences, stock nodes, lost and doubled frames, and its own bounds."""

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import FrameError
from protocol.radio.actions import (
    Acknowledged,
    Action,
    GaveUp,
    Received,
    Refusal,
    Refused,
    Stranger,
    Transmit,
)
from protocol.radio.datagram import BROADCAST, FLAG_RETRY, acknowledgement
from protocol.radio.frame import RESYNC, Frame, FrameDecoder, encode_frame
from protocol.radio.options import LinkOptions
from protocol.radio.reliable import ReliableLink
from protocol.values import replace

AS_STOCK = LinkOptions(attempts_max=4, peer_deaf_s=0)

RELIABLE_SEQUENCES = [
    "reliable-ack",
    "reliable-broadcast",
    "reliable-retry-ack-dropped",
    "reliable-retry-data-dropped",
    "reliable-give-up",
    "dle-payload-and-dle-address",
]


def link(address: int, seed: int = 1, **options: Any) -> ReliableLink:
    return ReliableLink(address, Random(seed), LinkOptions(**options))


def transmitted(actions: list[Action]) -> list[str]:
    return [action.octets.hex() for action in actions if isinstance(action, Transmit)]


def frames_of(actions: list[Action]) -> list[Frame]:
    decoder = FrameDecoder()
    return [
        frame
        for action in actions
        if isinstance(action, Transmit)
        for frame in decoder.receive(action.octets)
    ]


def until_next_transmit(subject: ReliableLink) -> list[Action]:
    """Let time pass up to the next transmission, or until nothing is left to wait for."""
    actions: list[Action] = []
    while not transmitted(actions):
        deadline_s = subject.next_deadline()
        if deadline_s is None:
            break
        actions += subject.tick(deadline_s)
    return actions


# -- captured octets ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", RELIABLE_SEQUENCES)
def test_captured_sequence_comes_out_of_the_sender(name: str, sequences: dict[str, Any]) -> None:
    captured = sequences[name]["frames"]
    address = captured[0]["decoded"]["from"]
    subject = ReliableLink(address, Random(1), AS_STOCK)
    ended: list[Action] = []
    token = 0
    for step in captured:
        decoded = step["decoded"]
        now_s = subject.next_deadline() or 0.0
        if decoded["from"] != address:
            if "A" not in step["dropped_to"]:
                actions = subject.receive(bytes.fromhex(step["hex"]), now_s)
                assert transmitted(actions) == []
                ended += actions
            continue
        if decoded["flags"] & FLAG_RETRY:
            actions = until_next_transmit(subject)
        elif decoded["to"] == BROADCAST:
            actions = subject.send_broadcast(bytes.fromhex(decoded["payload_hex"]), now_s)
        else:
            token += 1
            payload = bytes.fromhex(decoded["payload_hex"])
            actions = subject.send(decoded["to"], payload, token, now_s)
        assert transmitted(actions) == [step["hex"]]
    ended += until_next_transmit(subject)
    outcomes = [
        (isinstance(action, Acknowledged), action.attempts - 1)
        for action in ended
        if isinstance(action, Acknowledged | GaveUp)
    ]
    if name != "reliable-broadcast":
        events = sequences[name]["node_events"]["A"]
        assert outcomes == [(event["ok"], event["retrans"]) for event in events]


@pytest.mark.parametrize("name", RELIABLE_SEQUENCES)
def test_captured_sequence_comes_out_of_the_receiver(name: str, sequences: dict[str, Any]) -> None:
    captured = sequences[name]["frames"]
    subject = ReliableLink(2, Random(1), AS_STOCK)
    sent: list[str] = []
    delivered: list[Received] = []
    for step in captured:
        if step["sender"] == "A" and "B" not in step["dropped_to"]:
            actions = subject.receive(bytes.fromhex(step["hex"]), step["t_ms"] / 1000)
            sent += transmitted(actions)
            delivered += [action for action in actions if isinstance(action, Received)]
    assert sent == [step["hex"] for step in captured if step["sender"] == "B"]
    assert [
        {"from": got.source, "flags": got.flags, "hex": got.payload.hex()} for got in delivered
    ] == [
        {key: event[key] for key in ("from", "flags", "hex")}
        for event in sequences[name]["node_events"]["B"]
    ]


# What a stock receiver loses or gets wrong, and what is delivered here: source, flags, payload.
DELIVERED_HERE = {
    "stray DLE right before a frame": [(1, 0, "41"), (1, 0, "41")],
    "truncated frame then good frames": [(1, 0, "41"), (1, 0, "41")],
    "frame cut after DLE then good frames": [(1, 0, "41"), (1, 0, "41")],
    "DLE STX only then good frames": [(1, 0, "41"), (1, 0, "41")],
    "first message with ID 0": [(1, 0, "41")],
    "ID 1, then sender reboot: ID 1 again (other payload)": [(1, 0, "41"), (1, 0, "42")],
    "broadcast between original and retry defeats dedup": [(1, 0, "41"), (1, 0, "6263")],
    "broadcast with the ID of the last unicast is dropped": [(1, 0, "41"), (1, 0, "6263")],
    "FROM=255 (broadcast source)": [],
    "plain reliable 1-octet message to an RHRouter node": [(1, 0, "78")],
}


def test_receive_case_delivers_all_that_is_good(received: dict[str, Any]) -> None:
    subject = ReliableLink(2, Random(1))
    delivered = []
    sent: list[str] = []
    for octets in received["injected"]:
        actions = subject.receive(bytes.fromhex(octets), 0.0)
        sent += transmitted(actions)
        delivered += [
            (action.source, action.flags, action.payload.hex())
            for action in actions
            if isinstance(action, Received)
        ]
    name = received["name"]
    captured = [(source, flags, payload) for source, _, flags, payload in received["delivered"]]
    assert delivered == DELIVERED_HERE.get(name, captured)
    if received["sent_back"]:
        # Everybody's address sends nothing, so there is nobody to acknowledge to.
        assert sent == ([] if name.startswith("FROM=255") else received["sent_back"])


@pytest.mark.parametrize(
    "name",
    [
        "while waiting for ACK: new message from another node is not ACKed, lost",
        "... its retry after the wait is ACKed and delivered",
        "while waiting for ACK: repeat of an already seen message is re-ACKed",
        "while waiting for ACK: BROADCAST ID 0 of an unheard node is ACKed (wrong)",
        "ACK with empty payload accepted",
        "ACK with payload xyz and flags FF accepted",
        "ACK of a wrong ID refused",
    ],
)
def test_receive_case_while_waiting_is_answered_at_once(name: str, cases: dict[str, Any]) -> None:
    case = cases[name]
    subject = ReliableLink(2, Random(1), AS_STOCK)
    assert transmitted(subject.send(9, b"A", 1, 0.0)) == [case["sent"][0]]
    [octets] = case["frames"]
    actions = subject.receive(bytes.fromhex(octets), 0.05)
    if "new message" in name or "retry" in name or "repeat" in name:
        assert transmitted(actions) == ["1002030201802110030b70"]
        assert [action.payload for action in actions if isinstance(action, Received)] == [b"C"]
    elif "BROADCAST" in name:
        assert transmitted(actions) == []
        assert [action for action in actions if isinstance(action, Received)] == [
            Received(source=3, payload=b"bc", flags=0, broadcast=True)
        ]
    elif case["ok"]:
        assert actions == [Acknowledged(token=1, to=9, round_trip_s=0.05, attempts=1)]
    else:
        assert actions == []
        assert subject.counts.stale_acknowledgements == 1


def test_resync_precedes_every_frame_when_asked_for(sequences: dict[str, Any]) -> None:
    subject = link(1, resync=True)
    [first, *_] = sequences["reliable-ack"]["frames"]
    assert transmitted(subject.send(2, b"NEXT", 1, 0.0)) == [RESYNC.hex() + first["hex"]]


# -- quirks of stock nodes ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_quirk_1_crossing_with_a_stock_node_succeeds_both_ways(
    seed: int, ether: Any, stock_node: Any
) -> None:
    channel = ether(Random(seed), half_duplex=True)
    ours = channel.add(ReliableLink(1, Random(seed + 1)))
    stock = channel.add(stock_node(2, Random(seed + 2)))
    channel.at(0.0, lambda: channel.done(ours, ours.send(2, b"down", 1, channel.now_s)))
    channel.at(0.0, lambda: channel.done(stock, stock.send(1, b"up", channel.now_s)))
    channel.run(30)
    assert stock.received == [b"down"]
    assert stock.outcomes == [True]
    assert len(channel.of(1, Acknowledged)) == 1
    assert [action.payload for action in channel.of(1, Received)] == [b"up"]


def test_quirk_1_attempts_outlast_a_peer_that_is_deaf(ether: Any, stock_node: Any) -> None:
    for seed in range(20):
        channel = ether(Random(seed))
        ours = channel.add(ReliableLink(1, Random(seed)))
        stock = channel.add(stock_node(2, Random(seed)))
        # Nobody has the address 9: the stock node is deaf for as long as it can be.
        channel.done(stock, stock.send(9, b"lost", 0.0))
        channel.done(ours, ours.send(2, b"down", 1, 0.0))
        channel.run(30)
        assert stock.outcomes == [False]
        assert stock.received == [b"down"]


def test_quirk_1_acknowledgement_goes_out_before_data() -> None:
    subject = link(1)
    subject.send(2, b"one", 1, 0.0)
    subject.send(2, b"two", 2, 0.0)
    answer = encode_frame(Frame(to=1, source=2, id=1, flags=0x80, payload=b"!"))
    data = encode_frame(Frame(to=1, source=2, id=5, payload=b"up"))
    # As a microcontroller does: acknowledgement and own data in one burst.
    actions = subject.receive(answer + data, 0.1)
    assert [type(action) for action in actions] == [Transmit, Acknowledged, Received, Transmit]
    acknowledgement_frame, next_frame = frames_of(actions)
    assert (acknowledgement_frame.flags, acknowledgement_frame.id) == (0x80, 5)
    assert next_frame.payload == b"two"


def test_quirk_2_stock_node_delivers_everything_between_broadcasts(
    ether: Any, stock_node: Any
) -> None:
    channel = ether(Random(5))
    ours = channel.add(ReliableLink(1, Random(5)))
    stock = channel.add(stock_node(2, Random(6)))
    lossy = Random(7)
    channel.dropped = lambda frame, receiver: frame.to == BROADCAST and lossy.random() < 0.5
    expected = []
    for number in range(600):
        now_s = channel.now_s
        if number % 3:
            channel.done(ours, ours.send_broadcast(b"b%d" % number, now_s))
        else:
            expected.append(b"u%d" % number)
            channel.done(ours, ours.send(2, expected[-1], number, now_s))
        channel.run(now_s + 1)
    assert [payload for payload in stock.received if payload.startswith(b"u")] == expected


def test_quirk_2_rebooted_sender_is_delivered_by_us(ether: Any) -> None:
    subject = link(1)
    first = encode_frame(Frame(to=1, source=2, id=1, payload=b"boot 1"))
    again = encode_frame(Frame(to=1, source=2, id=1, payload=b"boot 2"))
    payloads = [
        action.payload
        for octets in (first, first, again)
        for action in subject.receive(octets, 0.0)
        if isinstance(action, Received)
    ]
    assert payloads == [b"boot 1", b"boot 2"]
    assert subject.counts.duplicates == 1


def test_quirk_3_broadcast_waits_until_no_unicast_is_pending(ether: Any, stock_node: Any) -> None:
    channel = ether(Random(1))
    ours = channel.add(ReliableLink(1, Random(1)))
    stock = channel.add(stock_node(2, Random(2)))
    answers_lost = iter([True, True])
    channel.dropped = lambda frame, receiver: bool(frame.flags & 0x80) and next(answers_lost, False)
    channel.done(ours, ours.send(2, b"unicast", 1, 0.0))
    channel.done(ours, ours.send_broadcast(b"broadcast", 0.0))
    channel.done(ours, ours.send(2, b"later", 2, 0.0))
    channel.run(10)
    assert stock.received == [b"unicast", b"broadcast", b"later"]
    sent = [frame.payload for _, address, frame in channel.sent if address == 1]
    assert sent == [b"unicast", b"unicast", b"unicast", b"broadcast", b"later"]


def test_quirk_3_waiting_broadcast_lets_no_other_unicast_start() -> None:
    subject = link(1)
    subject.send(2, b"under way", 1, 0.0)
    subject.send(3, b"other", 2, 0.0)
    subject.send_broadcast(b"broadcast", 0.0)
    payloads: list[bytes] = []
    while subject.next_deadline() is not None:
        payloads += [frame.payload for frame in frames_of(until_next_transmit(subject))]
    attempts = subject.options.attempts_max
    expected = [b"under way"] * (attempts - 1) + [b"broadcast"] + [b"other"] * attempts
    assert payloads == expected


def test_quirk_4_payload_over_60_octets_is_refused() -> None:
    subject = link(1)
    with pytest.raises(FrameError, match="61 octets"):
        subject.send(2, bytes(61), 1, 0.0)
    with pytest.raises(FrameError, match="61 octets"):
        subject.send_broadcast(bytes(61), 0.0)


@pytest.mark.parametrize("to", [-1, 1, 255, 256])
def test_send_to_an_address_that_no_peer_has_is_refused(to: int) -> None:
    with pytest.raises(FrameError, match=str(to)):
        link(1).send(to, b"x", 1, 0.0)


# -- two links on a bad channel -----------------------------------------------------------------


def crossing(
    ether: Any, seed: int, **channel_options: Any
) -> tuple[Any, ReliableLink, ReliableLink, list[bytes], list[bytes]]:
    """Both ends send twenty datagrams to each other, the first ones at the same instant."""
    channel = ether(Random(seed), **channel_options)
    near = channel.add(ReliableLink(1, Random(seed * 3 + 1)))
    far = channel.add(ReliableLink(2, Random(seed * 3 + 2)))
    down = [b"down %d" % number for number in range(20)]
    up = [b"up %d" % number for number in range(20)]
    for number in range(20):
        at_s = 0.0 if number < 5 else number * 0.7

        def send(number: int = number) -> None:
            channel.done(near, near.send(2, down[number], number, channel.now_s))
            channel.done(far, far.send(1, up[number], number, channel.now_s))

        channel.at(at_s, send)
    channel.run(300)
    return channel, near, far, down, up


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("half_duplex", [False, True])
def test_crossing_traffic_succeeds_both_ways_in_order(
    seed: int, half_duplex: bool, ether: Any
) -> None:
    channel, near, far, down, up = crossing(ether, seed, half_duplex=half_duplex)
    assert [action.payload for action in channel.of(2, Received)] == down
    assert [action.payload for action in channel.of(1, Received)] == up
    assert [action.token for action in channel.of(1, Acknowledged)] == list(range(20))
    assert near.next_deadline() is None
    assert far.next_deadline() is None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 0.3), st.floats(0, 0.5), st.booleans())
def test_lossy_channel_delivers_once_in_order_or_gives_up(
    ether: Any, seed: int, loss: float, duplication: float, half_duplex: bool
) -> None:
    channel, near, far, down, up = crossing(
        ether, seed, loss=loss, duplication=duplication, half_duplex=half_duplex
    )
    for sender, receiver, sent in ((near, far, down), (far, near, up)):
        got = [action.payload for action in channel.of(receiver.address, Received)]
        acknowledged = {action.token for action in channel.of(sender.address, Acknowledged)}
        given_up = {action.token for action in channel.of(sender.address, GaveUp)}
        assert acknowledged | given_up == set(range(20))
        assert not acknowledged & given_up
        # Once and in order; a doubled frame that comes after its successor is the one exception,
        # and it is what boot and sequence in the payload are for.
        assert [payload for payload in sent if payload in got] == list(dict.fromkeys(got))
        assert {sent[token] for token in acknowledged} <= set(got)
        assert sender.next_deadline() is None


def test_same_seed_gives_the_same_run(ether: Any) -> None:
    one, *_ = crossing(ether, 7, loss=0.2, duplication=0.2)
    two, *_ = crossing(ether, 7, loss=0.2, duplication=0.2)
    assert one.sent == two.sent


def test_dead_channel_ends_in_give_up_after_all_attempts(ether: Any) -> None:
    channel = ether(Random(1), loss=1.0)
    ours = channel.add(ReliableLink(1, Random(1)))
    channel.done(ours, ours.send(2, b"x", 8, 0.0))
    channel.run(60)
    attempts = ours.options.attempts_max
    assert channel.of(1, GaveUp) == [GaveUp(token=8, to=2, attempts=attempts)]
    frames = [frame for _, _, frame in channel.sent]
    assert [frame.flags for frame in frames] == [0] + [FLAG_RETRY] * (attempts - 1)
    assert len({frame.id for frame in frames}) == 1
    times_s = [time_s for time_s, _, _ in channel.sent]
    gaps_s = [later - earlier for earlier, later in pairwise(times_s)]
    assert times_s[-1] > 1.6
    assert gaps_s[-1] > 2 * gaps_s[0]
    assert ours.counts.given_up == 1
    assert ours.counts.retries == attempts - 1


# -- turns, bounds, counts ----------------------------------------------------------------------


def test_one_datagram_is_listened_for_at_a_time(ether: Any) -> None:
    channel = ether(Random(1))
    ours = channel.add(ReliableLink(1, Random(1)))
    for address in (2, 3, 4):
        channel.add(ReliableLink(address, Random(address)))
    for token in range(12):
        channel.done(ours, ours.send(2 + token % 3, b"%d" % token, token, 0.0))
    channel.run(60)
    senders = [address for _, address, _ in channel.sent]
    assert senders[::2] == [1] * 12
    assert 1 not in senders[1::2]


def test_peers_have_their_turns_and_keep_their_order(ether: Any) -> None:
    channel = ether(Random(1))
    ours = channel.add(ReliableLink(1, Random(1)))
    for address in (2, 3):
        channel.add(ReliableLink(address, Random(address)))
    for token in range(5):
        channel.done(ours, ours.send(2, b"%d" % token, token, 0.0))
    channel.done(ours, ours.send(3, b"9", 9, 0.0))
    channel.run(60)
    assert [action.token for action in channel.of(1, Acknowledged)] == [0, 1, 9, 2, 3, 4]


def test_dead_peer_holds_the_others_up_only_while_it_is_listened_for(ether: Any) -> None:
    channel = ether(Random(1))
    ours = channel.add(ReliableLink(1, Random(1)))
    channel.add(ReliableLink(2, Random(2)))
    for token in range(10):
        channel.done(ours, ours.send(9, b"%d" % token, 100 + token, 0.0))
    waits_s = []
    for token in range(20):
        began_s = channel.now_s
        channel.done(ours, ours.send(2, b"%d" % token, token, began_s))
        while len(channel.of(1, Acknowledged)) <= token:
            channel.run(channel.now_s + 0.01)
        waits_s.append(channel.now_s - began_s)
        channel.run(channel.now_s + 0.3)
    assert max(waits_s) < 0.2 + 0.2


def test_late_acknowledgement_of_a_first_attempt_is_taken_and_teaches_the_timeout() -> None:
    subject = link(1)
    [sent] = frames_of(subject.send(2, b"x", 1, 0.0))
    assert subject.tick(0.2) == []
    actions = subject.receive(encode_frame(acknowledgement(sent)), 0.22)
    assert actions == [Acknowledged(token=1, to=2, round_trip_s=0.22, attempts=1)]
    assert subject.round_trip_s(2) == pytest.approx(0.22)
    assert subject.round_trip_s(3) is None


def test_acknowledgement_of_a_repeat_is_not_taken_for_a_round_trip() -> None:
    subject = link(1)
    [sent] = frames_of(subject.send(2, b"x", 1, 0.0))
    assert frames_of(until_next_transmit(subject)) == [replace(sent, flags=FLAG_RETRY)]
    [action] = subject.receive(encode_frame(acknowledgement(sent)), 0.5)
    assert action == Acknowledged(token=1, to=2, round_trip_s=0.5, attempts=2)
    assert subject.round_trip_s(2) is None


def test_channel_slower_than_the_first_timeout_settles_without_retries(ether: Any) -> None:
    channel = ether(Random(1), delay_s=0.3)
    ours = channel.add(ReliableLink(1, Random(1)))
    channel.add(ReliableLink(2, Random(2)))
    for token in range(30):
        channel.done(ours, ours.send(2, b"%d" % token, token, channel.now_s))
        channel.run(channel.now_s + 10)
    attempts = [action.attempts for action in channel.of(1, Acknowledged)]
    assert attempts[0] > 1
    assert attempts[5:] == [1] * 25


def test_repeated_or_foreign_acknowledgement_is_counted_and_ignored() -> None:
    subject = link(1)
    [sent] = frames_of(subject.send(2, b"x", 1, 0.0))
    answer = encode_frame(acknowledgement(sent))
    assert len(subject.receive(answer, 0.1)) == 1
    assert subject.receive(answer, 0.1) == []
    assert subject.receive(encode_frame(Frame(to=1, source=7, id=1, flags=0x80)), 0.1) == []
    assert subject.counts.stale_acknowledgements == 2


def test_queue_of_a_peer_at_its_bound_refuses() -> None:
    subject = link(1, queue_per_peer_max=2, queue_max=3)
    assert frames_of(subject.send(2, b"a", 1, 0.0))
    assert subject.send(2, b"b", 2, 0.0) == []
    assert subject.send(2, b"c", 3, 0.0) == [Refused(token=3, to=2, reason=Refusal.PEER_QUEUE_FULL)]
    assert subject.send(3, b"d", 4, 0.0) == []
    assert subject.send(4, b"e", 5, 0.0) == [Refused(token=5, to=4, reason=Refusal.QUEUE_FULL)]
    assert subject.counts.refused == 2
    subject.receive(encode_frame(Frame(to=1, source=2, id=1, flags=0x80)), 0.1)
    assert subject.send(2, b"c", 6, 0.1) == []


def test_waiting_broadcasts_at_their_bound_refuse() -> None:
    subject = link(1, broadcasts_max=1)
    subject.send(2, b"a", 1, 0.0)
    assert subject.send_broadcast(b"b", 0.0) == []
    assert subject.send_broadcast(b"c", 0.0) == [
        Refused(token=None, to=BROADCAST, reason=Refusal.BROADCASTS_FULL)
    ]


def test_what_follows_a_broadcast_waits_until_it_is_out() -> None:
    subject = link(1, bitrate=1000)
    [first] = transmitted(subject.send_broadcast(b"a", 5.0))
    assert subject.send(2, b"b", 1, 5.0) == []
    deadline_s = subject.next_deadline()
    assert deadline_s == pytest.approx(5.0 + len(first) / 2 * 10 / 1000)
    assert [frame.payload for frame in frames_of(subject.tick(deadline_s))] == [b"b"]


def test_frames_between_others_and_impossible_ones_are_counted_and_ignored() -> None:
    subject = link(1)
    for frame in (
        Frame(to=5, source=6, id=1, payload=b"x"),
        Frame(to=1, source=255, id=1, payload=b"x"),
        Frame(to=2, source=1, id=1, payload=b"our own echo"),
        Frame(to=255, source=2, id=1, flags=0x80, payload=b"!"),
    ):
        assert subject.receive(encode_frame(frame), 0.0) == []
    counts = subject.counts
    assert (counts.overheard, counts.impossible, counts.own_address) == (1, 2, 1)


def test_datagram_of_a_stranger_is_reported_and_not_acknowledged() -> None:
    subject = ReliableLink(1, Random(1), peers={2})
    to_us = Frame(to=1, source=3, id=1, payload=b"x")
    for frame in (to_us, replace(to_us, to=BROADCAST), replace(to_us, flags=FLAG_RETRY)):
        assert subject.receive(encode_frame(frame), 0.0) == [Stranger(source=3)]
    assert subject.counts.strangers == 3
    assert transmitted(subject.receive(encode_frame(replace(to_us, source=2)), 0.0))


def test_repeats_from_devices_are_counted_as_the_loss_of_the_uplink() -> None:
    subject = link(1)
    for id_, flags in ((1, 0), (2, FLAG_RETRY), (2, FLAG_RETRY), (3, 0)):
        subject.receive(encode_frame(Frame(to=1, source=2, id=id_, flags=flags)), 0.0)
    assert subject.counts.retries_received == 2
    assert subject.counts.duplicates == 1
    assert subject.counts.datagrams_received == 4
    assert subject.counts.acknowledgements_sent == 4
    assert subject.decoder_counts.frames == 4


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.builds(
                lambda to, source, id_, flags, payload: encode_frame(
                    Frame(to=to, source=source, id=id_, flags=flags, payload=payload)
                ),
                st.sampled_from([1, 2, 255, 16]),
                st.sampled_from([1, 2, 255, 16]),
                st.integers(0, 3),
                st.sampled_from([0, 0x40, 0x80, 0xFF]),
                st.binary(max_size=8),
            ),
        ),
        max_size=12,
    )
)
def test_any_octets_raise_nothing_and_leave_the_link_working(pieces: list[bytes]) -> None:
    subject = link(1)
    subject.send(2, b"a", 1, 0.0)
    subject.send(16, b"b", 2, 0.0)
    subject.send_broadcast(b"c", 0.0)
    now_s = 0.0
    for octets in pieces:
        now_s += 0.05
        subject.receive(octets, now_s)
    while (deadline_s := subject.next_deadline()) is not None:
        subject.tick(deadline_s)
    assert subject.counts.acknowledged + subject.counts.given_up == 2
    assert subject.counts.broadcasts_sent == 1


def test_link_says_from_when_on_it_may_send() -> None:
    subject = link(1)
    assert subject.free_from_s() <= 0.0
    subject.send_broadcast(b"a", 0.0)
    out_s = subject.free_from_s()
    assert 0.0 < out_s < 0.1
    subject.send(5, b"b", 1, out_s)
    assert subject.free_from_s() == subject.next_deadline()
    subject.tick(subject.free_from_s())
    # It pauses, and others may be sent to meanwhile.
    assert subject.free_from_s() == out_s


def test_abandoned_datagram_is_not_repeated_and_its_late_answer_is_none() -> None:
    subject = link(1)
    [sent] = frames_of(subject.send(5, b"a", 1, 0.0))
    assert not subject.abandon(1)
    assert subject.send(6, b"b", 2, 0.0) == []
    # It pauses while the other is listened for.
    timeout_s = subject.free_from_s()
    [other] = frames_of(subject.tick(timeout_s))
    assert other.to == 6
    assert subject.abandon(1)
    assert not subject.abandon(1)
    late = subject.receive(encode_frame(acknowledgement(sent)), timeout_s)
    assert late == []
    assert subject.counts.stale_acknowledgements == 1
    actions: list[Action] = []
    while (deadline_s := subject.next_deadline()) is not None:
        actions += subject.tick(deadline_s)
    assert {frame.to for frame in frames_of(actions)} == {6}
    assert [action for action in actions if isinstance(action, GaveUp)] == [
        GaveUp(token=2, to=6, attempts=7)
    ]


def test_interrupted_datagram_lets_another_go_at_once_and_is_repeated_later() -> None:
    subject = link(1)
    subject.send(5, b"state", 1, 0.0)
    assert not subject.interrupt(2)
    assert subject.interrupt(1)
    assert not subject.interrupt(1)
    [urgent] = frames_of(subject.send(6, b"call", 2, 0.05))
    assert urgent.to == 6
    subject.receive(encode_frame(acknowledgement(urgent)), 0.15)
    deadline_s = subject.next_deadline()
    assert deadline_s is not None
    assert 0.2 < deadline_s < 0.5
    [again] = frames_of(subject.tick(deadline_s))
    assert (again.to, again.flags) == (5, FLAG_RETRY)


def test_answer_to_an_interrupted_datagram_ends_it() -> None:
    subject = link(1)
    [sent] = frames_of(subject.send(5, b"state", 1, 0.0))
    assert subject.interrupt(1)
    [ended] = subject.receive(encode_frame(acknowledgement(sent)), 0.1)
    assert isinstance(ended, Acknowledged)
    assert subject.next_deadline() is None


def test_last_attempt_and_what_is_passed_on_are_not_interrupted() -> None:
    subject = link(1, attempts_max=1, peer_deaf_s=0)
    subject.send(5, b"state", 1, 0.0)
    assert not subject.interrupt(1)
    subject = link(1)
    subject.send(5, b"state", 1, 0.0, passed_on=True)
    assert not subject.interrupt(1)


def test_concluded_datagram_is_neither_repeated_nor_listened_for() -> None:
    subject = link(1)
    [sent] = frames_of(subject.send(5, b"press", 1, 0.0))
    assert subject.conclude(1)
    assert not subject.conclude(1)
    assert subject.next_deadline() is None
    assert [frame.to for frame in frames_of(subject.send(6, b"next", 2, 0.05))] == [6]
    assert subject.receive(encode_frame(acknowledgement(sent)), 0.1) == []

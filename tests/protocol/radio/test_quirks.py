"""What stock nodes get wrong, and the facts of frames and datagrams: each against the model of a stock node.

Further tests of the same names stand with the modules that they are about.
"""

from random import Random
from typing import Any

import pytest

from protocol.radio.actions import Acknowledged, Action, GaveUp, Received, Transmit
from protocol.radio.datagram import BROADCAST, FLAG_ACK, FLAG_RETRY, acknowledgement
from protocol.radio.frame import Frame, FrameDecoder, check_sequence, encode_frame
from protocol.radio.options import LinkOptions
from protocol.radio.reliable import ReliableLink
from protocol.radio.routed import RoutedLink
from protocol.radio.router import Routes
from tests.protocol.radio.stock import StockNode, StockReceiver


def frames_of(actions: list[Action]) -> list[Frame]:
    decoder = FrameDecoder()
    return [
        frame
        for action in actions
        if isinstance(action, Transmit)
        for frame in decoder.receive(action.octets)
    ]


# -- frames -------------------------------------------------------------------------------------


def test_fact_every_10_from_to_to_the_payload_is_doubled() -> None:
    wire = encode_frame(Frame(to=0x10, source=0x10, id=0x10, flags=0x10, payload=b"\x10"))
    assert wire.startswith(bytes.fromhex("1002" + "1010" * 5 + "1003"))


def test_fact_check_octets_are_never_doubled() -> None:
    """Among these are frames whose FCS holds 10, 10 02, 10 03 or 10 10; each is read and costs no other."""
    good = Frame(to=1, source=2, id=3, payload=b"good")
    troublesome = 0
    for number in range(0x10000):
        body = bytes((1, 2)) + number.to_bytes(2)
        check = check_sequence(body)
        if check in (b"\x10\x02", b"\x10\x03", b"\x10\x10") or (
            check[1] == 0x10 and number % 16 == 0
        ):
            troublesome += 1
            frame = Frame(to=1, source=2, id=body[2], flags=body[3])
            wire = encode_frame(frame)
            assert wire.endswith(b"\x10\x03" + check)
            assert FrameDecoder().receive(wire + encode_frame(good)) == [frame, good]
            assert StockReceiver().receive(wire) == [frame]
    assert troublesome > 10


def test_fact_opening_is_not_covered_by_the_check() -> None:
    body = b"\x01\x02\x03\x00x"
    assert encode_frame(Frame(to=1, source=2, id=3, payload=b"x"))[-2:] == check_sequence(body)


@pytest.mark.parametrize("resync", [False, True])
def test_fact_resync_spares_a_stock_peer_the_retry_after_noise(resync: bool) -> None:
    """A stray 10 or a cut frame costs a stock receiver the next good frame, unless we bring it in step."""
    ours = ReliableLink(1, Random(1), LinkOptions(resync=resync))
    for number, noise in enumerate(
        (b"\x10", b"\x10\x02", b"\x10\x02\x02\x01\x05", b"\x10\x02\x01\x10")
    ):
        stock = StockNode(2, Random(1))
        stock.receive(noise, 0.0)
        [sent] = [
            action
            for action in ours.send(2, b"%d" % number, number, 10.0 * number)
            if isinstance(action, Transmit)
        ]
        answers = frames_of(stock.receive(sent.octets, 10.0 * number))
        assert len(answers) == resync
        ours.receive(
            encode_frame(Frame(to=1, source=2, id=number + 1, flags=FLAG_ACK)), 10.0 * number
        )


# -- datagrams ----------------------------------------------------------------------------------


def test_fact_broadcast_is_sent_once_and_never_acknowledged(ether: Any) -> None:
    channel = ether(Random(1))
    ours = channel.add(ReliableLink(1, Random(1)))
    others = [channel.add(StockNode(at, Random(at))) for at in (2, 3)]
    channel.done(ours, ours.send_broadcast(b"all", 0.0))
    channel.run(10)
    assert [node.received for node in others] == [[b"all"], [b"all"]]
    assert len(channel.sent) == 1
    assert ReliableLink(2, Random(1)).receive(
        encode_frame(Frame(to=BROADCAST, source=1, id=1, payload=b"all")), 0.0
    ) == [Received(source=1, payload=b"all", flags=0, broadcast=True)]


@pytest.mark.parametrize(
    ("flags", "payload"), [(0xC0, b"!"), (0x85, b"!"), (0x80, b""), (0xFF, b"xyz")]
)
def test_fact_acknowledgement_with_leftovers_is_one(flags: int, payload: bytes) -> None:
    ours = ReliableLink(1, Random(1))
    ours.send(2, b"x", 1, 0.0)
    answer = encode_frame(Frame(to=1, source=2, id=1, flags=flags, payload=payload))
    assert isinstance(ours.receive(answer, 0.1)[0], Acknowledged)


def test_fact_first_id_is_1_and_a_repeat_has_the_same_with_its_flag() -> None:
    ours = ReliableLink(1, Random(1))
    [first] = frames_of(ours.send(2, b"x", 1, 0.0))
    repeats: list[Frame] = []
    while not repeats:
        repeats = frames_of(ours.tick(ours.next_deadline() or 0.0))
    assert (first.id, first.flags) == (1, 0)
    assert (repeats[0].id, repeats[0].flags) == (1, FLAG_RETRY)


# -- quirk 1: deaf while it waits ---------------------------------------------------------------


def test_quirk_1_forty_crossings_with_a_stock_node_all_succeed(ether: Any) -> None:
    """Between two stock nodes hardly one does (see the model's tests)."""
    for seed in range(40):
        channel = ether(Random(seed))
        ours = channel.add(ReliableLink(1, Random(seed)))
        stock = channel.add(StockNode(2, Random(seed + 1)))
        channel.done(ours, ours.send(2, b"down", 1, 0.0))
        channel.done(stock, stock.send(1, b"up", 0.0))
        channel.run(10)
        assert stock.outcomes == [True]
        assert stock.received == [b"down"]
        assert len(channel.of(1, Acknowledged)) == 1


def test_quirk_1_link_never_blocks_while_it_waits() -> None:
    """Whatever it waits for, it acknowledges and delivers at once."""
    ours = ReliableLink(1, Random(1))
    ours.send(9, b"nobody", 1, 0.0)
    now_s = 0.0
    for id_ in range(1, 60):
        now_s += 0.11
        uplink = Frame(to=1, source=2, id=id_, payload=b"%d" % id_)
        actions = ours.receive(encode_frame(uplink), now_s)
        assert frames_of(actions)[0] == acknowledgement(uplink)
        assert [a.payload for a in actions if isinstance(a, Received)] == [uplink.payload]


# -- quirk 2: acknowledged is not delivered -----------------------------------------------------


def test_quirk_2_first_datagram_after_our_restart_may_be_dropped_the_next_is_not() -> None:
    """The peer holds our ID from before the restart. Only a payload's confirmation tells."""
    stock = StockNode(2, Random(1))
    for life in range(2):
        ours = ReliableLink(1, Random(life))
        [frame] = frames_of(ours.send(2, b"life %d" % life, 1, 0.0))
        [answer] = frames_of(stock.receive(encode_frame(frame), 0.0))
        assert isinstance(ours.receive(encode_frame(answer), 0.1)[0], Acknowledged)
    [frame] = frames_of(ours.send(2, b"again", 2, 1.0))
    stock.receive(encode_frame(frame), 1.0)
    assert stock.received == [b"life 0", b"again"]


def test_quirk_2_first_message_with_id_0_is_delivered_by_us(cases: dict[str, Any]) -> None:
    [octets] = cases["first message with ID 0"]["injected"]
    actions = ReliableLink(2, Random(1)).receive(bytes.fromhex(octets), 0.0)
    assert [a.payload for a in actions if isinstance(a, Received)] == [b"A"]


def test_quirk_2_unicasts_between_missed_broadcasts_are_all_delivered(ether: Any) -> None:
    channel = ether(Random(3))
    ours = channel.add(ReliableLink(1, Random(3)))
    nodes = [channel.add(StockNode(at, Random(at))) for at in (2, 3, 4)]
    chance = Random(9)
    channel.dropped = lambda frame, receiver: frame.to == BROADCAST and chance.random() < 0.5
    for number in range(300):
        to = 2 + number % 3
        channel.done(ours, ours.send(to, b"%d" % number, number, channel.now_s, idempotent=True))
        if number % 5 == 0:
            channel.done(ours, ours.send_broadcast(b"all", channel.now_s))
        channel.run(channel.now_s + 1)
    for node in nodes:
        unicasts = [payload for payload in node.received if payload != b"all"]
        assert unicasts == [b"%d" % n for n in range(300) if 2 + n % 3 == node.address]


# -- quirk 3: a broadcast between attempts ------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_quirk_3_unicast_is_delivered_once_whatever_broadcasts_wait(seed: int, ether: Any) -> None:
    channel = ether(Random(seed), loss=0.2)
    ours = channel.add(ReliableLink(1, Random(seed)))
    stock = channel.add(StockNode(2, Random(seed)))
    for number in range(10):

        def send(number: int = number) -> None:
            channel.done(ours, ours.send(2, b"u%d" % number, number, channel.now_s))
            channel.done(ours, ours.send_broadcast(b"all", channel.now_s))

        channel.at(number * 0.3, send)
    channel.run(60)
    unicasts = [payload for payload in stock.received if payload != b"all"]
    assert len(unicasts) == len(set(unicasts))


# -- quirk 4: bodies that corrupt stock firmware ------------------------------------------------


def test_quirk_4_nothing_that_we_send_is_out_of_bounds_for_stock_firmware(ether: Any) -> None:
    """The model of the firmware breaks at a body under 4 octets and drops one over 64."""
    receiver = StockReceiver()
    ours = ReliableLink(1, Random(1))
    for length in range(61):
        now_s = 100.0 * length
        octets = b""
        for fill in (b"x", b"\x10"):
            for action in ours.send(2, fill * length, length, now_s):
                octets += action.octets if isinstance(action, Transmit) else b""
            [sent] = receiver.receive(octets)
            octets = b""
            ours.receive(encode_frame(acknowledgement(sent)), now_s)
            for to in (1, BROADCAST):
                frame = Frame(to=to, source=2, id=length, payload=fill * length)
                for action in ours.receive(encode_frame(frame), now_s):
                    octets += action.octets if isinstance(action, Transmit) else b""
            receiver.receive(octets)
            octets = b""
    assert receiver.bad == 0


# -- quirk 5: never mixed; see test_router.py ---------------------------------------------------


def test_quirk_5_all_that_a_routed_link_sends_has_the_header() -> None:
    ours = RoutedLink(1, Random(1), routes=Routes({3: 2}))
    frames = frames_of(ours.send_broadcast(b"all", 0.0) + ours.send(3, b"x", 1, 1.0))
    assert [frame.payload[:5].hex() for frame in frames] == ["ff01000000", "0301000100"]


# -- quirk 6: dead routes -----------------------------------------------------------------------


def test_quirk_6_dead_route_holds_up_nobody_else(ether: Any) -> None:
    """Where a mesh blocks for four seconds, another terminal has its datagram within one."""
    channel = ether(Random(1))
    ours = channel.add(RoutedLink(1, Random(1), routes=Routes({9: 8})))
    near = channel.add(RoutedLink(2, Random(2)))
    for token in range(3):
        channel.done(ours, ours.send(9, b"into the dark", 100 + token, 0.0))
    for token in range(5):
        channel.done(ours, ours.send(near.address, b"%d" % token, token, channel.now_s))
        channel.run(channel.now_s + 1)
        assert [a.token for a in channel.of(1, Acknowledged)][-1] == token
    channel.run(60)
    assert {a.token for a in channel.of(1, GaveUp)} == {100, 101, 102}


# -- quirk 7: early acknowledgements, bursts ----------------------------------------------------


def test_quirk_7_acknowledgement_at_the_instant_of_sending_is_taken() -> None:
    """A microcontroller may answer before a slow host listens: there is nothing to begin listening with."""
    ours = ReliableLink(1, Random(1))
    [frame] = frames_of(ours.send(2, b"x", 1, 5.0))
    actions = ours.receive(encode_frame(acknowledgement(frame)), 5.0)
    assert actions == [Acknowledged(token=1, to=2, round_trip_s=0.0, attempts=1)]


def test_quirk_7_acknowledgement_and_reply_in_one_burst_at_any_split() -> None:
    answer = encode_frame(Frame(to=1, source=2, id=1, flags=FLAG_ACK, payload=b"!"))
    reply = Frame(to=1, source=2, id=7, payload=b"shown")
    burst = answer + encode_frame(reply)
    for cut in range(len(burst) + 1):
        ours = ReliableLink(1, Random(1))
        ours.send(2, b"x", 1, 0.0)
        actions = ours.receive(burst[:cut], 0.1) + ours.receive(burst[cut:], 0.101)
        kinds = [type(action) for action in actions]
        assert kinds.count(Acknowledged) == kinds.count(Received) == kinds.count(Transmit) == 1
        assert frames_of(actions) == [acknowledgement(reply)]

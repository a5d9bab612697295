"""The router's header, routes, and links and repeaters that use them."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ConfigError, FrameError
from protocol.radio.actions import (
    Acknowledged,
    Action,
    BroadcastSent,
    GaveUp,
    Misrouted,
    Overheard,
    Received,
    Refused,
    Stranger,
    Transmit,
)
from protocol.radio.datagram import BROADCAST, acknowledgement
from protocol.radio.frame import Frame, FrameDecoder, encode_frame
from protocol.radio.link import RadioLink
from protocol.radio.options import LinkOptions
from protocol.radio.reliable import ReliableLink
from protocol.radio.repeater import Repeater
from protocol.radio.routed import RoutedLink
from protocol.radio.router import (
    HOPS_MAX,
    ROUTED_PAYLOAD_MAX,
    Routed,
    Routes,
    decode_routed,
    encode_routed,
)
from protocol.values import replace

GATEWAY, REPEATER, FAR = 1, 2, 3

octet = st.integers(0, 255)


def frames_of(actions: list[Action]) -> list[Frame]:
    decoder = FrameDecoder()
    return [
        frame
        for action in actions
        if isinstance(action, Transmit)
        for frame in decoder.receive(action.octets)
    ]


def gateway(**options: Any) -> RoutedLink:
    return RoutedLink(GATEWAY, Random(1), LinkOptions(**options), routes=Routes({FAR: REPEATER}))


def carried(payload: bytes, hop: int, **fields: int) -> bytes:
    """The octets of a frame from ``hop`` to the gateway that carries ``payload``."""
    routed = Routed(**({"to": GATEWAY, "source": hop, "id": 0, "payload": payload} | fields))
    to = BROADCAST if routed.to == BROADCAST else GATEWAY
    return encode_frame(Frame(to=to, source=hop, id=9, payload=encode_routed(routed)))


# -- the header ---------------------------------------------------------------------------------


def captured_routed(sequence: dict[str, Any]) -> list[tuple[dict[str, Any], Routed]]:
    return [
        (
            step["decoded"],
            Routed(
                to=header["dest"],
                source=header["source"],
                hops=header["hops"],
                id=header["id"],
                flags=header["flags"],
                payload=bytes.fromhex(header["data_hex"]),
            ),
        )
        for step in sequence["frames"]
        if (header := step["decoded"].get("router"))
    ]


def test_captured_header_encodes_and_decodes_the_same(sequence: dict[str, Any]) -> None:
    for decoded, routed in captured_routed(sequence):
        payload = bytes.fromhex(decoded["payload_hex"])
        assert encode_routed(routed) == payload
        if sequence["layer"] == "router":
            broadcast = decoded["to"] == BROADCAST
            assert decode_routed(payload, decoded["from"], broadcast=broadcast) == routed


def test_constants_equal_the_captured_ones(constants: dict[str, Any]) -> None:
    assert constants["router_max_payload"] == ROUTED_PAYLOAD_MAX
    assert constants["max_hops"] == HOPS_MAX
    names = ["to", "source", "hops", "id", "flags"]
    assert constants["router_header"] == ["dest", *names[1:]]
    routed = Routed(to=1, source=2, hops=3, id=4, flags=5)
    assert encode_routed(routed) == bytes([1, 2, 3, 4, 5])


def test_payload_over_55_octets_is_refused() -> None:
    encode_routed(Routed(to=1, source=2, id=3, payload=bytes(55)))
    with pytest.raises(FrameError, match="56 octets"):
        encode_routed(Routed(to=1, source=2, id=3, payload=bytes(56)))
    with pytest.raises(FrameError, match="56 octets"):
        gateway().send(FAR, bytes(56), 1, 0.0)


@pytest.mark.parametrize("field", ["to", "source", "id", "hops", "flags"])
def test_header_value_that_is_no_octet_is_refused(field: str) -> None:
    with pytest.raises(FrameError, match=f"{field}=256"):
        encode_routed(Routed(**({"to": 1, "source": 2, "id": 3} | {field: 256})))


@given(st.binary(max_size=80), octet, st.booleans())
def test_any_payload_is_read_back_or_refused(payload: bytes, hop: int, broadcast: bool) -> None:
    try:
        routed = decode_routed(payload, hop, broadcast=broadcast)
    except FrameError:
        return
    assert encode_routed(routed) == payload


# -- routes -------------------------------------------------------------------------------------


def test_next_hop_is_the_first_repeater_on_the_way() -> None:
    routes = Routes({30: 20, 20: 10, 31: 20})
    assert [routes.next_hop(to) for to in (30, 31, 20, 10, 5)] == [10, 10, 10, 10, 5]


@pytest.mark.parametrize("behind", [{3: 3}, {3: 2, 2: 3}, {5: 4, 4: 3, 3: 2, 2: 4}])
def test_way_that_goes_round_is_refused(behind: dict[int, int]) -> None:
    with pytest.raises(ConfigError, match="goes round"):
        Routes(behind)


@pytest.mark.parametrize("behind", [{255: 2}, {3: 255}, {3: -1}])
def test_route_to_an_address_that_no_node_has_is_refused(behind: dict[int, int]) -> None:
    with pytest.raises(ConfigError, match="0 to 254"):
        Routes(behind)


# -- links --------------------------------------------------------------------------------------


def node_of_capture(address: int) -> RoutedLink:
    if address == 2:
        return Repeater(2, Random(1), reached={1, 3})
    return RoutedLink(address, Random(1), routes=Routes({4 - address: 2}))


@pytest.mark.parametrize("address", [1, 2, 3])
def test_captured_two_hops_come_out_of_each_node(address: int, sequences: dict[str, Any]) -> None:
    subject = node_of_capture(address)
    sent: list[bytes] = []
    delivered: list[tuple[int, str]] = []
    ended: list[Action] = []
    for step in sequences["router-two-hops"]["frames"]:
        wire = bytes.fromhex(step["hex"])
        now_s = step["t_ms"] / 1000
        if step["sender"] != str(address):
            actions = subject.receive(wire, now_s)
        else:
            header = step["decoded"].get("router")
            if header is not None and header["source"] == address:
                # Our senders have no flags of their own from end to end.
                assert header["flags"] in (0, 7)
                payload = bytes.fromhex(header["data_hex"])
                actions = subject.send(header["dest"], payload, 1, now_s)
            else:
                actions = []
        for frame in frames_of(actions):
            sent.append(encode_frame(frame))
        delivered += [(a.source, a.payload.hex()) for a in actions if isinstance(a, Received)]
        ended += [action for action in actions if isinstance(action, Acknowledged)]
    expected = [
        bytes.fromhex(step["hex"])
        for step in sequences["router-two-hops"]["frames"]
        if step["sender"] == str(address)
    ]
    assert [like_captured(octets) for octets in sent] == [
        like_captured(octets) for octets in expected
    ]
    events = sequences["router-two-hops"]["node_events"][str(address)]
    assert delivered == [(e["from"], e["hex"]) for e in events if e["ev"] == "recv"]
    assert len(ended) == sum(e["ev"] == "sent" for e in events)


def like_captured(octets: bytes) -> Frame:
    """A frame without what ours does otherwise: one ID counter for each peer, no flags of the source."""
    [frame] = FrameDecoder().receive(octets)
    if not frame.flags and frame.source == 2:
        frame = replace(frame, id=0)
    if len(frame.payload) > 5:
        frame = replace(frame, payload=frame.payload[:4] + b"\0" + frame.payload[5:])
    return frame


def test_captured_broadcast_comes_out_of_the_sender(sequences: dict[str, Any]) -> None:
    [step] = sequences["router-broadcast"]["frames"]
    subject = RoutedLink(1, Random(1))
    actions = subject.send_broadcast(b"LED", 0.0, token=4)
    assert actions == [Transmit(octets=bytes.fromhex(step["hex"])), BroadcastSent(token=4)]


def test_flags_of_the_source_arrive(sequences: dict[str, Any]) -> None:
    subject = RoutedLink(3, Random(1))
    actions = subject.receive(bytes.fromhex(sequences["router-two-hops"]["frames"][2]["hex"]), 0.0)
    assert actions[1] == Received(source=1, payload=b"NEXT", flags=7, broadcast=False)


def test_routed_link_serves_wherever_a_plain_one_does() -> None:
    links: list[RadioLink] = [ReliableLink(1, Random(1)), RoutedLink(1, Random(1))]
    assert [link.address for link in links] == [1, 1]


def chain(ether: Any, seed: int, **air: Any) -> tuple[Any, RoutedLink, Repeater, RoutedLink]:
    """Gateway and far node hear the repeater alone."""
    channel = ether(Random(seed), **air)
    near = channel.add(
        RoutedLink(GATEWAY, Random(seed + 1), peers={FAR}, routes=Routes({FAR: REPEATER}))
    )
    between = channel.add(Repeater(REPEATER, Random(seed + 2), reached={GATEWAY, FAR}))
    far = channel.add(
        RoutedLink(FAR, Random(seed + 3), peers={GATEWAY}, routes=Routes({GATEWAY: REPEATER}))
    )
    channel.dropped = lambda frame, receiver: {frame.source, receiver} == {GATEWAY, FAR}
    return channel, near, between, far


@pytest.mark.parametrize("seed", range(5))
def test_both_ends_reach_each_other_through_a_lossy_repeater(seed: int, ether: Any) -> None:
    channel, near, between, far = chain(ether, seed, loss=0.1, half_duplex=True)
    down = [b"down %d" % number for number in range(20)]
    up = [b"up %d" % number for number in range(20)]
    for number in range(20):

        def send(number: int = number) -> None:
            channel.done(near, near.send(FAR, down[number], number, channel.now_s))
            channel.done(far, far.send(GATEWAY, up[number], number, channel.now_s))

        channel.at(number * 0.9, send)
    channel.run(120)
    assert [action.payload for action in channel.of(FAR, Received)] == down
    assert [action.payload for action in channel.of(GATEWAY, Received)] == up
    assert {action.source for action in channel.of(GATEWAY, Received)} == {FAR}
    for end, peer in ((GATEWAY, FAR), (FAR, GATEWAY)):
        acknowledged = channel.of(end, Acknowledged)
        assert [action.token for action in acknowledged] == list(range(20))
        assert {action.to for action in acknowledged} == {peer}
    assert between.router_counts.relayed == 40
    counts = near.peer_counts[FAR]
    assert (counts.sent, counts.acknowledged, counts.received) == (20, 20, 20)


def test_two_repeaters_in_a_row_pass_on(ether: Any) -> None:
    channel = ether(Random(1))
    near = channel.add(RoutedLink(1, Random(1), routes=Routes({4: 3, 3: 2})))
    channel.add(Repeater(2, Random(2), reached={1, 4}, routes=Routes({4: 3})))
    channel.add(Repeater(3, Random(3), reached={1, 4}, routes=Routes({1: 2})))
    far = channel.add(RoutedLink(4, Random(4), routes=Routes({1: 2, 2: 3})))
    channel.dropped = lambda frame, receiver: abs(frame.source - receiver) > 1
    channel.done(near, near.send(4, b"down", 1, 0.0))
    channel.run(5)
    channel.done(far, far.send(1, b"up", 1, 5.0))
    channel.run(10)
    assert [(a.source, a.payload) for a in channel.of(4, Received)] == [(1, b"down")]
    assert [(a.source, a.payload) for a in channel.of(1, Received)] == [(4, b"up")]
    hops = [frame.payload[2] for _, _, frame in channel.sent if not frame.flags & 0x80]
    assert hops == [0, 1, 2, 0, 1, 2]


def test_channel_is_left_to_the_repeater_until_it_has_passed_on(ether: Any) -> None:
    channel, near, _, _ = chain(ether, 1, half_duplex=True)
    channel.done(near, near.send(FAR, b"one", 1, 0.0))
    channel.done(near, near.send(FAR, b"two", 2, 0.0))
    channel.done(near, near.send(FAR, b"three", 3, 0.0))
    channel.run(5)
    assert [action.payload for action in channel.of(FAR, Received)] == [b"one", b"two", b"three"]
    assert not any(frame.flags & 0x40 for _, _, frame in channel.sent)


def test_far_end_that_is_away_is_acknowledged_by_the_repeater_all_the_same(ether: Any) -> None:
    """There is only per-hop acknowledgement: what must arrive is confirmed by its payload."""
    channel, near, between, _ = chain(ether, 1)
    channel.dropped = lambda frame, receiver: receiver == FAR
    channel.done(near, near.send(FAR, b"lost", 1, 0.0))
    channel.run(30)
    assert [action.to for action in channel.of(GATEWAY, Acknowledged)] == [FAR]
    assert between.router_counts.relay_lost == 1


def test_broadcast_is_not_passed_on(ether: Any) -> None:
    channel, near, between, _ = chain(ether, 1)
    channel.done(near, near.send_broadcast(b"all", 0.0))
    channel.run(5)
    assert [action.payload for action in channel.of(REPEATER, Received)] == [b"all"]
    assert len(channel.sent) == 1
    assert between.router_counts.relayed == 0


# -- bounds of a repeater -----------------------------------------------------------------------


def test_route_that_goes_round_between_two_repeaters_ends(ether: Any) -> None:
    channel = ether(Random(1))
    nodes = (1, 2, 3, 4)
    near = channel.add(RoutedLink(1, Random(1), routes=Routes({9: 2})))
    # Three repeaters, each of which thinks that 9 is behind the next one.
    loops = [
        channel.add(Repeater(at, Random(at), reached={*nodes, 9}, routes=Routes({9: at % 3 + 2})))
        for at in (2, 3, 4)
        if at != at % 3 + 2
    ]
    channel.done(near, near.send(9, b"round", 1, 0.0))
    channel.run(60)
    data = [frame for _, _, frame in channel.sent if not frame.flags & 0x80]
    assert max(frame.payload[2] for frame in data) == 4
    assert sum(loop.router_counts.too_far for loop in loops) == 1


def test_repeater_does_not_send_back_to_where_it_came_from() -> None:
    subject = Repeater(2, Random(1), reached={1, 9}, routes=Routes({9: 1}))
    frame = Frame(
        to=2, source=1, id=1, payload=encode_routed(Routed(to=9, source=1, id=0, payload=b"x"))
    )
    assert frames_of(subject.receive(encode_frame(frame), 0.0)) == [acknowledgement(frame)]
    assert subject.router_counts.returned == 1


def test_repeater_passes_on_between_its_own_nodes_only() -> None:
    subject = Repeater(2, Random(1), reached={1, 3})
    for to, source, hop, hops in ((7, 1, 1, 0), (3, 8, 1, 1)):
        routed = Routed(to=to, source=source, id=0, hops=hops)
        frame = Frame(to=2, source=hop, id=to, payload=encode_routed(routed))
        assert frames_of(subject.receive(encode_frame(frame), 0.0)) == [acknowledgement(frame)]
    assert subject.router_counts.not_ours == 2


def test_repeater_without_room_loses_and_counts() -> None:
    subject = Repeater(2, Random(1), LinkOptions(queue_per_peer_max=1), reached={1, 3})
    for id_ in (1, 2):
        routed = Routed(to=3, source=1, id=id_)
        frame = Frame(to=2, source=1, id=id_, payload=encode_routed(routed))
        actions = subject.receive(encode_frame(frame), 0.0)
        assert not any(isinstance(action, Refused) for action in actions)
    assert subject.router_counts.relay_lost == 1


@pytest.mark.parametrize("relays_max", [0, 31])
def test_repeater_with_a_bound_out_of_range_is_refused(relays_max: int) -> None:
    with pytest.raises(ConfigError, match="1 to 30"):
        Repeater(2, Random(1), reached=(), relays_max=relays_max)


# -- quirk 5: never mixed -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "broadcast"),
    [
        (b"", False),
        (b"x", False),
        (bytes.fromhex("110001000700"), False),  # a key press without a header
        (bytes.fromhex("0102010000"), False),  # from its source, and passed on
        (bytes.fromhex("0103000000"), False),  # passed on, and not counted
        (bytes.fromhex("01ff010000"), False),  # from everybody
        (bytes.fromhex("01031f0000"), False),  # passed on 31 times
        (bytes.fromhex("ff02000000"), False),  # to everybody, one alone
        (bytes.fromhex("0102000000"), True),  # to one, everybody
    ],
)
def test_quirk_5_what_is_no_router_payload_is_refused_and_counted(
    payload: bytes, broadcast: bool
) -> None:
    subject = gateway()
    to = BROADCAST if broadcast else GATEWAY
    wire = encode_frame(Frame(to=to, source=REPEATER, id=1, payload=payload))
    actions = subject.receive(wire, 0.0)
    assert [action.source for action in actions if isinstance(action, Misrouted)] == [REPEATER]
    assert not any(isinstance(action, Received) for action in actions)
    assert subject.router_counts.refused + subject.router_counts.not_ours == 1
    # What follows is read as ever.
    assert Received(source=REPEATER, payload=b"ok", flags=0, broadcast=False) in subject.receive(
        carried(b"ok", REPEATER), 0.1
    )


def test_quirk_5_mesh_is_refused(sequences: dict[str, Any]) -> None:
    subject = RoutedLink(2, Random(1))
    [request, repeated] = sequences["mesh-no-route"]["frames"]
    assert isinstance(subject.receive(bytes.fromhex(request["hex"]), 0.0)[0], Received)
    other = RoutedLink(7, Random(1))
    [refused] = other.receive(bytes.fromhex(repeated["hex"]), 0.0)
    assert isinstance(refused, Misrouted)


def test_own_datagram_that_comes_back_is_counted() -> None:
    subject = gateway()
    subject.receive(carried(b"x", REPEATER, source=GATEWAY, to=FAR, hops=2), 0.0)
    assert subject.router_counts.returned == 1


def test_datagram_for_somebody_else_is_counted_by_an_end_node() -> None:
    subject = gateway()
    actions = subject.receive(carried(b"x", REPEATER, to=FAR), 0.0)
    assert not any(isinstance(action, Received) for action in actions)
    assert subject.router_counts.not_ours == 1


# -- serving, superseding -----------------------------------------------------------------------


def test_far_node_not_served_is_overheard_and_a_stranger_is_reported() -> None:
    subject = gateway()
    subject.serve({REPEATER}, 0.0, not_served={FAR})
    assert Overheard(source=FAR, repeat=False) in subject.receive(
        carried(b"x", REPEATER, source=FAR, hops=1), 0.0
    )
    assert Stranger(source=7) in subject.receive(carried(b"y", REPEATER, source=7, hops=1), 0.1)


def test_far_node_given_away_ends_what_waits_for_it() -> None:
    subject = gateway()
    subject.serve({REPEATER, FAR}, 0.0)
    subject.send(REPEATER, b"under way", 1, 0.0)
    subject.send(FAR, b"waits", 2, 0.0)
    assert subject.serve({REPEATER}, 0.1) == [GaveUp(token=2, to=FAR, attempts=0)]


def test_waiting_datagram_is_superseded_and_withdrawn_by_its_own_token() -> None:
    subject = gateway()
    [first] = frames_of(subject.send(REPEATER, b"first", 5, 0.0))
    subject.send(FAR, b"A001", 5, 0.0)
    subject.send(FAR, b"gone", 6, 0.0)
    assert subject.supersede(5, b"A002")
    assert subject.withdraw(6)
    assert not subject.withdraw(6)
    actions = subject.receive(encode_frame(acknowledgement(first)), 0.1)
    assert actions[0] == Acknowledged(token=5, to=REPEATER, round_trip_s=0.1, attempts=1)
    [frame] = frames_of(actions)
    assert frame.to == REPEATER
    assert frame.payload[5:] == b"A002"
    assert subject.round_trip_s(FAR) == pytest.approx(0.1)


def test_what_is_refused_or_given_up_names_the_far_end() -> None:
    subject = gateway(queue_per_peer_max=1)
    subject.send(FAR, b"x", 8, 0.0)
    assert subject.send(FAR, b"y", 9, 0.0) == [
        Refused(token=9, to=FAR, reason="peer_queue_full")  # type: ignore[arg-type]
    ]
    actions: list[Action] = []
    while (deadline_s := subject.next_deadline()) is not None:
        actions += subject.tick(deadline_s)
    assert actions[-1] == GaveUp(token=8, to=FAR, attempts=7)


@given(st.lists(st.tuples(octet, octet, st.binary(max_size=12)), max_size=30))
def test_any_frames_raise_nothing_in_a_repeater(frames: list[tuple[int, int, bytes]]) -> None:
    subject = Repeater(2, Random(1), reached={1, 3, 16})
    now_s = 0.0
    for source, flags, payload in frames:
        now_s += 0.05
        frame = Frame(to=2, source=source % 5, id=flags, flags=flags, payload=payload)
        subject.receive(encode_frame(frame), now_s)
    while (deadline_s := subject.next_deadline()) is not None:
        subject.tick(deadline_s)
    assert not subject._sent

"""The model of a stock node does what real ones were measured to do."""

from itertools import pairwise
from random import Random
from typing import Any

import pytest

from protocol.radio.actions import Action, Transmit
from protocol.radio.frame import RESYNC, Frame, encode_frame
from tests.protocol.radio.stock import StockNode, StockReceiver

# What was measured with other builds or layers than the model's.
OTHER_FIRMWARE = (
    "same, receiver built with RH_ENABLE_EXPLICIT_RETRY_DEDUP=1",
    "plain reliable 1-octet message to an RHRouter node",
)


def transmitted(actions: list[Action]) -> list[str]:
    return [action.octets.hex() for action in actions if isinstance(action, Transmit)]


def test_model_receives_as_measured(received: dict[str, Any]) -> None:
    if received["name"] in OTHER_FIRMWARE:
        return
    subject = StockNode(2, Random(1))
    sent = []
    for octets in received["injected"]:
        sent += transmitted(subject.receive(bytes.fromhex(octets), 0.0))
    assert [
        [frame.source, frame.id, frame.flags, frame.payload.hex()] for frame in subject.delivered
    ] == received["delivered"]
    assert (subject.receiver.good, subject.receiver.bad) == (received["rxGood"], received["rxBad"])
    if received["sent_back"]:
        assert sent == received["sent_back"]


@pytest.mark.parametrize(
    "name",
    [
        "while waiting for ACK: new message from another node is not ACKed, lost",
        "... its retry after the wait is ACKed and delivered",
        "while waiting for ACK: BROADCAST ID 0 of an unheard node is ACKed (wrong)",
        "ACK with empty payload accepted",
        "ACK with payload xyz and flags FF accepted",
        "ACK of a wrong ID refused",
    ],
)
def test_model_waits_as_measured(name: str, cases: dict[str, Any]) -> None:
    case = cases[name]
    subject = StockNode(2, Random(1))
    sent = transmitted(subject.send(9, b"A", 0.0))[:1]
    [octets] = case["frames"]
    sent += transmitted(subject.receive(bytes.fromhex(octets), 0.05))
    while subject.next_deadline() is not None:
        subject.tick(subject.next_deadline() or 0.0)
    if "after the wait" in name:
        retry = Frame(to=2, source=3, id=1, flags=0x40, payload=b"C")
        sent += transmitted(subject.receive(encode_frame(retry), 5.0))
    assert sent == case["sent"]
    assert subject.outcomes == [case["ok"]]
    assert [
        [frame.source, frame.id, frame.flags, frame.payload.hex()] for frame in subject.delivered
    ] == case["delivered"]


def test_model_sends_as_captured(sequences: dict[str, Any]) -> None:
    [first, *repeats] = sequences["reliable-give-up"]["frames"]
    subject = StockNode(first["decoded"]["from"], Random(1))
    payload = bytes.fromhex(first["decoded"]["payload_hex"])
    sent = transmitted(subject.send(first["decoded"]["to"], payload, 0.0))
    times_s = [0.0]
    while (deadline_s := subject.next_deadline()) is not None:
        times_s.append(deadline_s)
        sent += transmitted(subject.tick(deadline_s))
    assert sent == [first["hex"], *(step["hex"] for step in repeats)]
    gaps_s = [later - earlier for earlier, later in pairwise(times_s)]
    assert all(0.2 <= gap_s <= 0.4 for gap_s in gaps_s)


def test_stray_octet_costs_the_model_a_frame_but_not_after_resync() -> None:
    wire = encode_frame(Frame(to=2, source=1, id=1, payload=b"x"))
    for stray in (b"\x10", wire[:2], wire[:6], wire[:7] + b"\x10"):
        assert StockReceiver().receive(stray + wire) == []
        assert len(StockReceiver().receive(stray + RESYNC + wire)) == 1


def test_two_stock_nodes_that_send_at_once_hardly_ever_succeed(ether: Any) -> None:
    """Measured: both failed 40 times of 40. Here one succeeds when the other has given up just before."""
    succeeded = 0
    for seed in range(40):
        channel = ether(Random(seed))
        one, other = (channel.add(StockNode(at, Random(seed + at))) for at in (1, 2))
        channel.done(one, one.send(2, b"down", 0.0))
        channel.done(other, other.send(1, b"up", 0.0))
        channel.run(10)
        assert False in one.outcomes + other.outcomes
        succeeded += True in one.outcomes + other.outcomes
    assert succeeded <= 10

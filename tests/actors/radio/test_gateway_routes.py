"""A gateway on a routed channel: far terminals through a repeater, and devices that speak otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from actors.radio.gateway import GatewayActor
from protocol.hall import Gateway, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, TerminalAddress
from protocol.messages import (
    DownlinkEnded,
    LinkUp,
    OctetsReceived,
    RaiseAlarm,
    SendDownlink,
    UplinkReceived,
)
from protocol.radio.datagram import acknowledgement
from protocol.radio.frame import Frame, encode_frame
from protocol.radio.payloads import Show, WindowState, encode
from protocol.radio.router import Routed, decode_routed, encode_routed
from tests.actors.lines import Port, Ports
from tests.actors.recorders import Ear, RecorderActor

NAME = "hall/HZ01/gateway/g1"
NEAR, FAR, REPEATER = TerminalAddress(5), TerminalAddress(6), TerminalAddress(9)

GATEWAY = Gateway(
    id=GatewayId("g1"),
    port="virtual:g1",
    address=TerminalAddress(1),
    terminals=tuple(
        Terminal(address=address, kind=kind, counter=CounterId("3"))
        for address, kind in (
            (NEAR, TerminalKind.WINDOW),
            (FAR, TerminalKind.WINDOW),
            (REPEATER, TerminalKind.REPEATER),
        )
    ),
    routed=True,
    routes={FAR: REPEATER},
)


class Bench:
    def __init__(self, rig: Any) -> None:
        self.rig = rig
        self.ports = Ports()
        self.alarms, self.ends = Ear(), Ear()
        self.terminals = {address: Ear() for address in (NEAR, FAR, REPEATER)}
        alarms = rig.world.spawn("alarms", RecorderActor, self.alarms)
        for address, ear in self.terminals.items():
            rig.world.spawn(f"{NAME}/terminal/{address}", RecorderActor, ear)
        self.ref = rig.world.spawn(NAME, GatewayActor, GATEWAY, self.ports, alarms)
        rig.run()
        self.port.owner.tell(LinkUp())
        rig.run()

    @property
    def port(self) -> Port:
        return self.ports[-1]

    def hear(self, source: int, payload: bytes) -> None:
        frame = Frame(to=1, source=source, id=7, payload=payload)
        self.port.owner.tell(OctetsReceived(octets=encode_frame(frame)))
        self.rig.run()

    def send(self, to: TerminalAddress, version: int) -> Frame:
        show = encode(Show(version=version, state=WindowState.CALLED, text="A001"))
        message = SendDownlink(to=to, payload=show, token=version, reply_to=self.ends)
        self.ref.tell(message)
        self.rig.run()
        [frame] = self.port.frames()
        return frame

    def acknowledge(self, frame: Frame) -> None:
        self.port.owner.tell(OctetsReceived(octets=encode_frame(acknowledgement(frame))))
        self.rig.run()

    def uplinks(self, address: TerminalAddress) -> list[bytes]:
        return [one.payload for one in self.terminals[address].of(UplinkReceived)]


@pytest.fixture
def bench(rig: Any) -> Bench:
    return Bench(rig)


def test_far_terminal_is_sent_to_through_its_repeater(bench: Bench) -> None:
    frame = bench.send(FAR, 1)
    assert frame.to == REPEATER
    routed = decode_routed(frame.payload, 1, broadcast=False)
    assert (routed.to, routed.source) == (FAR, 1)
    bench.acknowledge(frame)
    assert list(bench.ends) == [DownlinkEnded(token=1, acknowledged=True)]


def test_near_terminal_is_sent_to_directly(bench: Bench) -> None:
    assert bench.send(NEAR, 1).to == NEAR


def test_uplink_of_a_far_terminal_reaches_its_actor(bench: Bench) -> None:
    bench.hear(REPEATER, encode_routed(Routed(to=1, source=FAR, id=3, hops=1, payload=b"press")))
    assert bench.uplinks(FAR) == [b"press"]
    assert bench.uplinks(REPEATER) == []
    [answer] = bench.port.frames()
    assert answer.to == REPEATER


def test_acknowledgement_of_a_repeater_is_never_enough(bench: Bench) -> None:
    # Where the channel is crowded, others' acknowledgements are.
    others = encode_frame(Frame(to=201, source=200, id=1, payload=bytes(36)))
    bench.port.owner.tell(OctetsReceived(octets=100 * others))
    shown = bytes.fromhex("1200010001")
    for address, hop, hops in ((FAR, REPEATER, 1), (NEAR, NEAR, 0)):
        bench.hear(hop, encode_routed(Routed(to=1, source=address, id=3, hops=hops, payload=shown)))
    bench.port.frames()
    for version, address in ((2, FAR), (3, NEAR)):
        bench.rig.run(0)
        bench.acknowledge(bench.send(address, version))
        bench.rig.run(1)
    assert [(end.token, end.delivered) for end in bench.ends] == [(2, False), (3, True)]


def test_device_without_a_router_is_alarmed_once(bench: Bench) -> None:
    for _ in range(3):
        bench.hear(NEAR, b"\x12\x00\x01\x00\x01")
    [alarm] = bench.alarms.of(RaiseAlarm)
    assert alarm.alarm == "gateway/g1/mixed/5"
    assert "firmware with a router" in alarm.detail
    assert bench.uplinks(NEAR) == []

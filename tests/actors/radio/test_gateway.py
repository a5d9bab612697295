"""The gateway: what comes from its port and goes to it, strangers, garbage, and the port's loss."""

from __future__ import annotations

from typing import Any

import pytest

from actors.radio.contact import ChannelDown, ChannelUp
from actors.radio.gateway import GatewayActor, GatewayRead, ReadGateway
from actors.radio.gateway_alarms import STRANGER_GONE_S
from actors.radio.pacing import WAITING_EACH_MAX
from protocol.hall import Gateway, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, TerminalAddress
from protocol.messages import (
    ClearAlarm,
    DownlinkEnded,
    LinkDown,
    LinkUp,
    OctetsReceived,
    RaiseAlarm,
    SendDownlink,
    UplinkReceived,
)
from protocol.radio.datagram import acknowledgement
from protocol.radio.frame import Frame, encode_frame
from tests.actors.lines import ON_VIRTUAL_CLOCKS, Port, Ports
from tests.actors.recorders import Ear, RecorderActor

GATEWAY = Gateway(
    id=GatewayId("g1"),
    port="serial:/dev/ttyS9",
    address=TerminalAddress(1),
    terminals=tuple(
        Terminal(address=TerminalAddress(address), kind=kind, counter=CounterId("3"))
        for address, kind in ((5, TerminalKind.KEYPAD), (6, TerminalKind.WINDOW))
    ),
)

NAME = "hall/HZ01/gateway/g1"


class Bench:
    """A gateway with recorders around it."""

    def __init__(self, rig: Any) -> None:
        self.rig = rig
        self.ports = Ports()
        self.alarms = Ear()
        self.terminals = {5: Ear(), 6: Ear()}
        alarms = rig.world.spawn("alarms", RecorderActor, self.alarms)
        for address, ear in self.terminals.items():
            rig.world.spawn(f"{NAME}/terminal/{address}", RecorderActor, ear)
        self.ref = rig.world.spawn(NAME, GatewayActor, GATEWAY, self.ports, alarms)
        rig.run()

    @property
    def port(self) -> Port:
        return self.ports[-1]

    def up(self) -> Bench:
        self.port.owner.tell(LinkUp())
        self.rig.run()
        for ear in (self.alarms, *self.terminals.values()):
            ear.clear()
        return self

    def hear(self, octets: bytes) -> None:
        self.port.owner.tell(OctetsReceived(octets=octets))
        self.rig.run()

    def read(self) -> GatewayRead:
        future = self.ref.ask(ReadGateway(), block=False)
        self.rig.run()
        result: GatewayRead = future.get()
        return result


@pytest.fixture
def bench(rig: Any) -> Bench:
    return Bench(rig).up()


def from_device(address: int, id_: int, payload: bytes, flags: int = 0) -> Frame:
    return Frame(to=1, source=address, id=id_, flags=flags, payload=payload)


def test_the_port_is_opened_at_the_start(rig: Any) -> None:
    bench = Bench(rig)
    assert bench.port.address == "serial:/dev/ttyS9"
    assert not bench.read().up


def test_an_uplink_is_acknowledged_and_reaches_its_terminal(bench: Bench) -> None:
    uplink = from_device(5, 1, b"press")
    bench.hear(encode_frame(uplink))
    assert bench.port.frames() == [acknowledgement(uplink)]
    uplinks = [UplinkReceived(gateway=GatewayId("g1"), payload=b"press")]
    assert list(bench.terminals[5]) == uplinks
    assert not bench.terminals[6]


def test_a_repeated_uplink_is_acknowledged_again_and_delivered_once(bench: Bench) -> None:
    uplink = from_device(5, 1, b"press")
    bench.hear(encode_frame(uplink))
    bench.hear(encode_frame(from_device(5, 1, b"press", flags=0x40)))
    assert bench.port.frames() == [acknowledgement(uplink)] * 2
    assert len(bench.terminals[5]) == 1


def test_garbage_around_an_uplink_does_no_harm(bench: Bench, failures: list[Any]) -> None:
    uplink = encode_frame(from_device(5, 1, b"press"))
    for octets in (b"\x10", uplink[:7], b"\x10\x02\x10", b"\r\nser2net\r\n" + uplink[:4]):
        bench.hear(octets)
    bench.hear(uplink[4:])
    assert [message.payload for message in bench.terminals[5]] == [b"press"]
    assert not failures
    assert bench.read().octets.cut > 0


def test_a_stranger_is_ignored_counted_and_alarmed_once(bench: Bench) -> None:
    for id_ in range(1, 4):
        bench.hear(encode_frame(from_device(77, id_, b"?")))
    bench.hear(encode_frame(from_device(78, 1, b"?")))
    assert bench.port.frames() == []
    assert [alarm.alarm for alarm in bench.alarms] == [
        "gateway/g1/stranger/77",
        "gateway/g1/stranger/78",
    ]
    assert "77" in bench.alarms[0].detail
    assert bench.read().link.strangers == 4


@ON_VIRTUAL_CLOCKS
def test_a_stranger_that_falls_silent_is_an_alarm_no_more(bench: Bench) -> None:
    for id_ in (1, 2):
        bench.hear(encode_frame(from_device(77, id_, b"?")))
        bench.rig.run(STRANGER_GONE_S - 1)
    assert [type(message) for message in bench.alarms] == [RaiseAlarm]
    bench.rig.run(1)
    assert bench.alarms[-1] == ClearAlarm(alarm="gateway/g1/stranger/77")
    bench.hear(encode_frame(from_device(77, 3, b"?")))
    assert [type(message) for message in bench.alarms] == [RaiseAlarm, ClearAlarm, RaiseAlarm]


def test_a_downlink_ends_when_the_terminal_acknowledges_it(bench: Bench) -> None:
    ear = Ear()
    bench.ref.tell(SendDownlink(to=TerminalAddress(6), payload=b"show", token=41, reply_to=ear))
    bench.rig.run()
    [frame] = bench.port.frames()
    assert (frame.to, frame.source, frame.id, frame.payload) == (6, 1, 1, b"show")
    assert not ear
    bench.hear(encode_frame(acknowledgement(frame)))
    assert list(ear) == [DownlinkEnded(token=41, acknowledged=True)]
    assert bench.read().round_trips_s.keys() == {6}


@ON_VIRTUAL_CLOCKS
def test_a_downlink_that_nobody_acknowledges_is_repeated_then_given_up(bench: Bench) -> None:
    ear = Ear()
    bench.ref.tell(SendDownlink(to=TerminalAddress(6), payload=b"a", token=1, reply_to=ear))
    bench.rig.run(1.7)
    assert not ear
    bench.rig.run(30)
    assert [frame.flags for frame in bench.port.frames()] == [0] + [0x40] * 6
    assert list(ear) == [DownlinkEnded(token=1, acknowledged=False)]
    assert bench.read().link.given_up == 1


@ON_VIRTUAL_CLOCKS
def test_an_uplink_is_acknowledged_while_a_downlink_waits(bench: Bench) -> None:
    bench.ref.tell(SendDownlink(to=TerminalAddress(6), payload=b"a", token=1))
    bench.rig.run(0.05)
    bench.port.frames()
    uplink = from_device(5, 1, b"press")
    bench.hear(encode_frame(uplink))
    assert bench.port.frames() == [acknowledgement(uplink)]
    assert len(bench.terminals[5]) == 1


def test_downlinks_beyond_the_bound_end_at_once(bench: Bench) -> None:
    ear = Ear()
    # One is under way.
    for token in range(WAITING_EACH_MAX + 2):
        bench.ref.tell(SendDownlink(to=TerminalAddress(6), payload=b"a", token=token, reply_to=ear))
    bench.rig.run()
    assert list(ear) == [DownlinkEnded(token=WAITING_EACH_MAX + 1, acknowledged=False)]


def test_a_lost_port_raises_an_alarm_that_its_return_clears(bench: Bench) -> None:
    uplink = encode_frame(from_device(5, 1, b"press"))
    bench.hear(uplink[:6])
    bench.port.owner.tell(LinkDown(reason="unplugged"))
    bench.rig.run()
    [alarm] = bench.alarms
    assert isinstance(alarm, RaiseAlarm)
    assert alarm.alarm == "gateway/g1"
    assert "unplugged" in alarm.detail
    assert not bench.read().up
    bench.port.owner.tell(LinkUp())
    bench.rig.run()
    assert bench.alarms[1:] == [ClearAlarm(alarm="gateway/g1")]
    assert list(bench.terminals[6]) == [ChannelDown(), ChannelUp()]
    # The cut frame is lost; the device repeats it.
    bench.hear(encode_frame(from_device(5, 1, b"press", flags=0x40)))
    assert [message.payload for message in bench.terminals[5].of(UplinkReceived)] == [b"press"]


def test_a_downlink_while_the_port_is_away_ends_at_once(bench: Bench) -> None:
    ear = Ear()
    bench.port.owner.tell(LinkDown(reason="unplugged"))
    bench.ref.tell(SendDownlink(to=TerminalAddress(6), payload=b"a", token=1, reply_to=ear))
    bench.rig.run()
    assert list(ear) == [DownlinkEnded(token=1, acknowledged=False)]
    assert bench.port.written == []


def test_a_failed_gateway_lets_its_port_go_and_its_successor_opens_it(
    bench: Bench, failures: list[Any]
) -> None:
    bench.ref.tell("nobody says such a thing to a gateway")
    bench.rig.run()
    assert len(failures) == 1
    assert bench.ports[0].closed
    bench.rig.world.restart_after(0, bench.ref.place)
    bench.rig.run()
    assert len(bench.ports) == 2
    bench.up()
    uplink = from_device(5, 9, b"press")
    bench.hear(encode_frame(uplink))
    assert bench.port.frames() == [acknowledgement(uplink)]
    assert len(bench.terminals[5]) == 1


def test_a_stopped_gateway_lets_its_port_go(bench: Bench) -> None:
    bench.ref.stop(block=False)
    bench.rig.run()
    assert bench.port.closed

"""The repeater model: says that it is there, and passes on what is for others by its routes."""

from __future__ import annotations

from random import Random

import pytest

from protocol.radio.actions import Action, Received, Transmit
from protocol.radio.options import LinkOptions
from protocol.radio.payloads import (
    PAIRING_ADDRESS,
    Banner,
    DeviceKind,
    Hello,
    Key,
    KeyPress,
    PairRequest,
    decode_uplink,
    encode,
)
from protocol.radio.routed import RoutedLink
from protocol.radio.router import Routes
from sim.devices.repeater import Repeater
from tests.sim.devices.channel import GATEWAY, Channel

BOX, FAR = 9, 30
PRESS = KeyPress(boot=1, sequence=1, key=Key.NEXT)


class Rooms:
    """A gateway, a repeater and a far node that hears the repeater alone; nothing takes time."""

    def __init__(self, far_address: int = FAR) -> None:
        options = LinkOptions()
        self.box = Repeater(BOX, GATEWAY, Random(1), routes={}, reached=[FAR], boot=7)
        self.gateway = RoutedLink(GATEWAY, Random(2), options, routes=Routes({FAR: BOX}))
        self.far = RoutedLink(far_address, Random(3), options, routes=Routes({GATEWAY: BOX}))
        self.heard: dict[str, list[tuple[int, bytes]]] = {"gateway": [], "far": []}
        self.now_s = 0.0

    def run(self, for_s: float = 10.0) -> None:
        until_s = self.now_s + for_s
        while self.now_s < until_s:
            self.now_s += 0.02
            self.spread("box", self.box.tick(self.now_s))
            self.act("gateway", self.gateway.tick(self.now_s))
            self.act("far", self.far.tick(self.now_s))

    def act(self, name: str, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Received):
                self.heard[name].append((action.source, action.payload))
            elif isinstance(action, Transmit):
                self.spread(name, action.octets)

    def spread(self, sender: str, octets: bytes) -> None:
        if not octets:
            return
        if sender == "box":
            self.act("gateway", self.gateway.receive(octets, self.now_s))
            self.act("far", self.far.receive(octets, self.now_s))
        else:
            self.spread("box", self.box.receive(octets, self.now_s))


def test_repeater_on_a_plain_channel_says_that_it_is_there_and_takes_nothing() -> None:
    box = Repeater(BOX, GATEWAY, Random(3), boot=7)
    channel = Channel(box)
    channel.run(5)
    assert channel.payloads == [Hello(boot=7, kind=DeviceKind.REPEATER)]
    channel.send(Banner(version=1, brightness=5, text="?"))
    channel.run(2)
    assert len(channel.payloads) == 1
    assert box.passed_on is None


def test_repeater_says_hello_for_itself() -> None:
    rooms = Rooms()
    rooms.run(5)
    [(source, payload)] = rooms.heard["gateway"]
    assert (source, decode_uplink(payload)) == (BOX, Hello(boot=7, kind=DeviceKind.REPEATER))


def test_what_is_for_others_is_passed_on_both_ways() -> None:
    rooms = Rooms()
    rooms.run(5)
    rooms.heard["gateway"].clear()
    rooms.act("far", rooms.far.send(GATEWAY, encode(PRESS), 1, rooms.now_s))
    rooms.act("gateway", rooms.gateway.send(FAR, b"down", 1, rooms.now_s))
    rooms.run()
    assert rooms.heard == {"gateway": [(FAR, encode(PRESS))], "far": [(GATEWAY, b"down")]}
    assert rooms.box.passed_on is not None
    assert rooms.box.passed_on.relayed == 2


def test_repeater_that_is_off_passes_nothing_on() -> None:
    rooms = Rooms()
    rooms.box.off = True
    rooms.act("far", rooms.far.send(GATEWAY, encode(PRESS), 1, rooms.now_s))
    rooms.run()
    assert rooms.heard["gateway"] == []
    rooms.box.reboot()
    rooms.act("far", rooms.far.send(GATEWAY, encode(PRESS), 2, rooms.now_s))
    rooms.run()
    assert (FAR, encode(PRESS)) in rooms.heard["gateway"]


@pytest.mark.parametrize("asks", [True, False])
def test_answer_to_a_device_without_a_post_goes_back_by_the_way_on_which_it_asked(
    asks: bool,
) -> None:
    rooms = Rooms(far_address=PAIRING_ADDRESS)
    rooms.run(5)
    if asks:
        request = encode(PairRequest(device=1, kind=DeviceKind.KEYPAD, nonce=2))
        rooms.act("far", rooms.far.send(GATEWAY, request, 1, rooms.now_s))
        rooms.run()
        assert rooms.heard["gateway"][-1] == (PAIRING_ADDRESS, request)
    rooms.act("gateway", rooms.gateway.send(PAIRING_ADDRESS, b"offer", 1, rooms.now_s))
    rooms.run()
    assert rooms.heard["far"] == ([(GATEWAY, b"offer")] if asks else [])

"""Every terminal: battery, silence, restarts, twins, floods, and what a failed predecessor left."""

from __future__ import annotations

from typing import Any

import pytest

from actors.radio.contact import ChannelDown, ChannelUp
from actors.radio.repeater import RepeaterTerminal
from actors.radio.terminal import ReadTerminal, TerminalRead
from actors.radio.troubles import BURST_MAX, FLOOD_SHOWN_S, RESTART_SHOWN_S, Trouble
from protocol.hall import Terminal, TerminalKind
from protocol.ids import GatewayId, TerminalAddress
from protocol.messages import ClearAlarm, RaiseAlarm, UplinkReceived
from protocol.radio.payloads import (
    DeviceKind,
    Hello,
    Key,
    KeyPress,
    Login,
    PairRequest,
    Rating,
    Shown,
    Supply,
    Uplink,
    encode,
)
from protocol.values import replace
from tests.actors.lines import ON_VIRTUAL_CLOCKS
from tests.actors.recorders import Ear, RecorderActor

TERMINAL = Terminal(
    address=TerminalAddress(9),
    kind=TerminalKind.REPEATER,
    silent_after_s=100.0,
    uplinks_per_minute=60,
)
PLACE = "terminal/g1/9"
HELLO = Hello(boot=1, kind=DeviceKind.REPEATER, device=0xA, supply=Supply.BATTERY, battery_mv=3000)


class Bench:
    """A repeater's terminal, which has nothing but what all have, with recorders around it."""

    def __init__(self, rig: Any) -> None:
        self.rig = rig
        self.gateway, self.alarms = Ear(), Ear()
        others = [
            rig.world.spawn(name, RecorderActor, ear)
            for name, ear in (("g", self.gateway), ("a", self.alarms))
        ]
        self.ref = rig.world.spawn("t", RepeaterTerminal, TERMINAL, GatewayId("g1"), *others)
        rig.run()

    def hear(self, payload: Uplink | bytes) -> None:
        octets = payload if isinstance(payload, bytes) else encode(payload)
        self.ref.tell(UplinkReceived(gateway=GatewayId("g2"), payload=octets))
        self.rig.run()

    def hello(self, **changes: Any) -> None:
        self.hear(replace(HELLO, **changes))

    @property
    def alarmed(self) -> list[str]:
        """The alarms that stand."""
        standing: dict[str, None] = {}
        for message in self.alarms:
            if isinstance(message, RaiseAlarm):
                standing[message.alarm] = None
            elif isinstance(message, ClearAlarm):
                standing.pop(message.alarm, None)
        return list(standing)

    def read(self) -> TerminalRead:
        future = self.ref.ask(ReadTerminal(), block=False)
        self.rig.run()
        result: TerminalRead = future.get()
        return result


@pytest.fixture
def bench(rig: Any) -> Bench:
    return Bench(rig)


def test_hello_is_kept_as_it_was_said(bench: Bench) -> None:
    bench.hello()
    read = bench.read()
    assert (read.boot, read.device, read.supply, read.battery_mv) == (1, 0xA, Supply.BATTERY, 3000)
    assert read.heard_at is not None
    assert (read.refused, read.flooded, read.restarts, read.troubles) == (0, 0, 0, ())
    assert not bench.alarms


def test_read_is_told_to_whoever_asks_for_that(bench: Bench) -> None:
    ear = Ear()
    bench.ref.tell(ReadTerminal(reply_to=ear))
    bench.rig.run()
    assert list(ear) == [bench.read()]


# -- what it should not send ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "the payload is empty"),
        (b"NEXT", "layout version 4"),
        (replace(HELLO, kind=DeviceKind.KEYPAD), "says that it is of the kind keypad"),
        (Shown(boot=1, version=1), "is a repeater, which shows nothing"),
        (KeyPress(boot=1, sequence=1, key=Key.NEXT), "a key press, and is a repeater"),
        (Login(boot=1, sequence=1, code=1), "a login, and is a repeater"),
        (Rating(boot=1, sequence=1, version=1, level=1), "a rating, and is a repeater"),
        (PairRequest(device=1, kind=DeviceKind.REPEATER, nonce=1), "asks for a post, and has one"),
    ],
)
def test_what_is_not_its_to_send_is_refused_until_it_sends_what_is(
    bench: Bench, failures: list[Any], payload: Uplink | bytes, said: str
) -> None:
    bench.hear(payload)
    [raised] = bench.alarms
    assert raised.alarm == PLACE
    assert raised.detail.startswith("repeater 9: ")
    assert said in raised.detail
    assert (bench.read().refused, bench.read().troubles) == (1, (Trouble.REFUSED,))
    bench.hello()
    assert bench.alarmed == []
    assert not failures


# -- battery ----------------------------------------------------------------------------------------


def test_low_battery_is_alarmed_until_it_is_well_above_the_threshold(bench: Bench) -> None:
    bench.hello(battery_mv=2399)
    assert bench.alarmed == [f"{PLACE}/low-battery"]
    assert "2399 mV" in bench.alarms[0].detail
    # It wavers around the threshold.
    bench.hello(battery_mv=2450)
    assert bench.alarmed == [f"{PLACE}/low-battery"]
    bench.hello(battery_mv=2500)
    assert bench.alarmed == []
    bench.hello(battery_mv=2450)
    assert bench.alarmed == []


@pytest.mark.parametrize(
    "changes",
    [{"supply": Supply.CHARGING}, {"supply": Supply.MAINS}, {"battery_mv": None}],
)
def test_battery_that_is_not_needed_is_no_trouble(bench: Bench, changes: dict[str, Any]) -> None:
    bench.hello(battery_mv=2000)
    bench.hello(**{"battery_mv": 2000, **changes})
    assert bench.alarmed == []


# -- silence ----------------------------------------------------------------------------------------


@ON_VIRTUAL_CLOCKS
def test_silence_is_alarmed_until_the_next_word(bench: Bench) -> None:
    bench.hello()
    bench.rig.run(60)
    bench.hello()
    bench.rig.run(99)
    assert bench.alarmed == []
    bench.rig.run(2)
    assert bench.alarmed == [f"{PLACE}/silent"]
    bench.rig.run(1000)
    assert len(bench.alarms) == 1
    bench.hear(b"garbage")
    assert f"{PLACE}/silent" not in bench.alarmed
    bench.rig.run(101)
    assert f"{PLACE}/silent" in bench.alarmed


@ON_VIRTUAL_CLOCKS
def test_terminal_that_never_says_a_word_is_silent_as_well(bench: Bench) -> None:
    bench.rig.run(101)
    assert bench.alarmed == [f"{PLACE}/silent"]
    assert bench.read().heard_at is None


# -- restarts ---------------------------------------------------------------------------------------


@ON_VIRTUAL_CLOCKS
def test_restart_is_shown_for_a_while_and_each_further_one_renews_it(bench: Bench) -> None:
    def wait(for_s: float) -> None:
        while for_s > 0:
            step_s = min(for_s, 50.0)
            bench.rig.run(step_s)
            bench.hello(boot=bench.read().boot)
            for_s -= step_s

    bench.hello(boot=1)
    bench.hello(boot=2)
    assert bench.alarmed == [f"{PLACE}/restarted"]
    wait(RESTART_SHOWN_S - 100)
    bench.hello(boot=3)
    assert bench.read().restarts == 2
    assert "2 times" in bench.alarms[-1].detail
    wait(RESTART_SHOWN_S - 50)
    assert bench.alarmed == [f"{PLACE}/restarted"]
    wait(100)
    assert bench.alarmed == []


def test_first_word_of_a_device_is_no_restart(bench: Bench) -> None:
    bench.hello(boot=77)
    assert bench.alarmed == []


# -- two devices at one address ---------------------------------------------------------------------


@ON_VIRTUAL_CLOCKS
def test_devices_that_take_turns_at_one_address_are_told_apart_and_alarmed(bench: Bench) -> None:
    for device in (0xA, 0xB, 0xA, 0xB):
        bench.hello(device=device, boot=device)
        bench.rig.run(30)
    assert bench.alarmed == [f"{PLACE}/twins"]
    assert "hardware numbers 10 and 11" in bench.alarms[0].detail
    # That the other one counts its own starts is no restart.
    assert bench.read().restarts == 0
    # One of them is taken away.
    for _ in range(5):
        bench.rig.run(50)
        bench.hello(device=0xB, boot=0xB)
    assert bench.alarmed == []


@ON_VIRTUAL_CLOCKS
def test_device_that_takes_the_place_of_another_is_no_twin(bench: Bench) -> None:
    bench.hello(device=0xA, boot=5)
    bench.hello(device=0xB, boot=1)
    assert bench.alarmed == []
    assert (bench.read().device, bench.read().restarts) == (0xB, 0)
    # The first one was repaired, and comes back much later.
    for _ in range(5):
        bench.rig.run(80)
        bench.hello(device=0xB, boot=1)
    bench.hello(device=0xA, boot=6)
    assert bench.alarmed == []


# -- floods -----------------------------------------------------------------------------------------


@ON_VIRTUAL_CLOCKS
def test_flood_is_left_aside_and_alarmed_until_it_has_ebbed(bench: Bench) -> None:
    for _ in range(100):
        bench.hello()
    assert bench.read().flooded == 100 - BURST_MAX
    assert bench.alarmed == [f"{PLACE}/flood"]
    # One in ten seconds is read of a terminal that floods, and nothing beyond.
    bench.rig.run(30.1)
    for _ in range(5):
        bench.hear(b"garbage")
    assert bench.read().flooded == 102 - BURST_MAX
    assert bench.read().refused == 3
    bench.rig.run(FLOOD_SHOWN_S / 2)
    bench.hello()
    assert f"{PLACE}/flood" in bench.alarmed
    bench.rig.run(FLOOD_SHOWN_S / 2 + 1)
    bench.hello()
    assert bench.alarmed == []


@ON_VIRTUAL_CLOCKS
def test_what_a_terminal_may_send_in_a_minute_is_no_flood(bench: Bench) -> None:
    for _ in range(120):
        bench.rig.run(1.001)
        bench.hello()
    assert (bench.read().flooded, bench.alarmed) == (0, [])


# -- a gateway that is away -------------------------------------------------------------------------


@ON_VIRTUAL_CLOCKS
def test_terminal_that_no_gateway_reaches_is_not_silent(bench: Bench) -> None:
    bench.hello()
    bench.ref.tell(ChannelDown())
    bench.rig.run(1000)
    assert (bench.alarmed, bench.read().reachable) == ([], False)
    bench.ref.tell(ChannelUp())
    bench.rig.run(99)
    assert (bench.alarmed, bench.read().reachable) == ([], True)
    bench.rig.run(1.1)
    assert bench.alarmed == [f"{PLACE}/silent"]


@ON_VIRTUAL_CLOCKS
def test_silence_that_was_alarmed_is_the_gateways_when_that_is_away(bench: Bench) -> None:
    bench.rig.run(101)
    assert bench.alarmed == [f"{PLACE}/silent"]
    bench.hello(battery_mv=2000)
    bench.rig.run(101)
    bench.ref.tell(ChannelDown())
    bench.rig.run()
    assert bench.alarmed == [f"{PLACE}/low-battery"], "its battery is as it was"


# -- failures ---------------------------------------------------------------------------------------


def test_alarms_that_a_failed_predecessor_left_are_cleared(rig: Any) -> None:
    class Restarts:
        def failed(self, place: Any, message: object, error: Exception) -> None:
            place.world.restart_after(0.001, place)

    rig.world.failures = Restarts()
    bench = Bench(rig)
    bench.hello(battery_mv=1000)
    assert bench.alarmed == [f"{PLACE}/low-battery"]
    bench.ref.tell("nonsense")
    rig.run(1)
    assert bench.alarmed == []
    assert ClearAlarm(alarm=PLACE) in bench.alarms
    bench.hello(battery_mv=1000)
    assert bench.alarmed == [f"{PLACE}/low-battery"]


def test_open_channel_is_no_news_to_what_waits_for_nothing(bench: Bench) -> None:
    bench.ref.tell(ChannelUp())
    bench.rig.run()
    assert not bench.gateway

"""A keypad's terminal: each press once, repeats answered, replays refused."""

from __future__ import annotations

from typing import Any

import pytest

from actors.radio.keypad import KeypadTerminal
from actors.radio.pressing import AWAITED_MAX
from actors.radio.terminal import ReadTerminal, TerminalRead
from protocol.hall import Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, ServiceId, TerminalAddress
from protocol.messages import (
    ClearAlarm,
    KeyPressed,
    PressAnswered,
    PressOutcome,
    RaiseAlarm,
    SendDownlink,
    UplinkReceived,
)
from protocol.radio.payloads import (
    TEXT_MAX,
    DeviceKind,
    Hello,
    Key,
    KeyPress,
    Login,
    PressResult,
    Rating,
    Result,
    Shown,
    Uplink,
    decode_downlink,
    encode,
)
from protocol.values import replace
from tests.actors.recorders import Ear, RecorderActor

TERMINAL = Terminal(address=TerminalAddress(5), kind=TerminalKind.KEYPAD, counter=CounterId("3"))


class Bench:
    """A keypad's terminal with recorders around it."""

    def __init__(self, rig: Any, terminal: Terminal = TERMINAL) -> None:
        self.rig = rig
        self.gateway, self.counter, self.alarms = Ear(), Ear(), Ear()
        others = [
            rig.world.spawn(name, RecorderActor, ear)
            for name, ear in (("g", self.gateway), ("a", self.alarms), ("c", self.counter))
        ]
        self.ref = rig.world.spawn("t", KeypadTerminal, terminal, GatewayId("g1"), *others)
        rig.run()

    def hear(self, payload: Uplink | bytes) -> None:
        octets = payload if isinstance(payload, bytes) else encode(payload)
        self.ref.tell(UplinkReceived(gateway=GatewayId("g1"), payload=octets))
        self.rig.run()

    def press(self, boot: int, sequence: int, key: Key = Key.NEXT) -> None:
        self.hear(KeyPress(boot=boot, sequence=sequence, key=key))

    def answer(
        self, press: str, outcome: PressOutcome = PressOutcome.CALLED, text: str = "A001"
    ) -> None:
        self.ref.tell(PressAnswered(press=press, outcome=outcome, text=text))
        self.rig.run()

    @property
    def presses(self) -> list[str]:
        return [message.press for message in self.counter]

    @property
    def results(self) -> list[Any]:
        assert all(message.to == 5 for message in self.gateway.of(SendDownlink))
        return [decode_downlink(message.payload) for message in self.gateway]

    def read(self) -> TerminalRead:
        future = self.ref.ask(ReadTerminal(), block=False)
        self.rig.run()
        result: TerminalRead = future.get()
        return result


@pytest.fixture
def bench(rig: Any) -> Bench:
    return Bench(rig)


def test_a_press_reaches_the_counter_under_a_name_of_its_own(bench: Bench) -> None:
    bench.press(1, 7, Key.RECALL)
    assert list(bench.counter) == [KeyPressed(key=Key.RECALL, press="g1/5/1/7", reply_to=bench.ref)]


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (PressOutcome.CALLED, Result.CALLED),
        (PressOutcome.NOTHING_WAITING, Result.NOTHING_WAITING),
        (PressOutcome.DONE, Result.DONE),
        (PressOutcome.REFUSED, Result.REFUSED),
    ],
)
def test_the_answer_goes_back_to_the_device(
    bench: Bench, outcome: PressOutcome, result: Result
) -> None:
    bench.press(1, 7)
    bench.answer("g1/5/1/7", outcome, "text")
    assert bench.results == [PressResult(boot=1, sequence=7, result=result, text="text")]


def test_a_long_answer_is_cut_to_what_a_payload_takes(bench: Bench) -> None:
    bench.press(1, 7)
    bench.answer("g1/5/1/7", PressOutcome.REFUSED, "号" * 100)
    [result] = bench.results
    assert result.text == "号" * (TEXT_MAX // 2)


def test_a_repeat_of_the_last_press_gets_its_result_again_without_the_counter(
    bench: Bench,
) -> None:
    bench.press(1, 7)
    bench.answer("g1/5/1/7")
    bench.press(1, 7)
    assert bench.presses == ["g1/5/1/7"]
    assert bench.results == [PressResult(boot=1, sequence=7, result=Result.CALLED, text="A001")] * 2


def test_a_repeat_that_has_no_result_yet_asks_the_counter_under_the_same_name(
    bench: Bench,
) -> None:
    bench.press(1, 7)
    bench.press(1, 7)
    assert bench.presses == ["g1/5/1/7"] * 2
    bench.answer("g1/5/1/7")
    bench.answer("g1/5/1/7")
    assert len(bench.results) == 1


def with_presets(rig: Any, *presets: str) -> Bench:
    return Bench(rig, replace(TERMINAL, presets=tuple(map(ServiceId, presets))))


def test_a_transfer_goes_to_the_preset_that_its_argument_numbers(rig: Any) -> None:
    bench = with_presets(rig, "tax", "advice")
    bench.hear(KeyPress(boot=1, sequence=7, key=Key.TRANSFER, argument=2))
    [pressed] = bench.counter
    assert (pressed.key, pressed.to_service) == (Key.TRANSFER, "advice")
    bench.answer("g1/5/1/7", PressOutcome.DONE, "咨询")
    assert bench.results == [PressResult(boot=1, sequence=7, result=Result.DONE, text="咨询")]


@pytest.mark.parametrize("argument", [0, 3, 255])
def test_a_transfer_to_a_preset_that_there_is_not_is_refused(rig: Any, argument: int) -> None:
    bench = with_presets(rig, "tax", "advice")
    transfer = KeyPress(boot=1, sequence=7, key=Key.TRANSFER, argument=argument)
    bench.hear(transfer)
    bench.hear(transfer)
    assert not bench.counter
    refused = PressResult(boot=1, sequence=7, result=Result.REFUSED, text="没有这个转移项")
    assert bench.results == [refused, refused]


def test_a_login_is_a_press_with_the_code_that_was_typed(bench: Bench) -> None:
    bench.press(1, 6)
    bench.hear(Login(boot=1, sequence=7, code=1001))
    pressed = bench.counter[-1]
    assert (pressed.key, pressed.press, pressed.code) == (Key.LOGIN, "g1/5/1/7", 1001)
    bench.answer("g1/5/1/7", PressOutcome.DONE, "王芳")
    bench.hear(Login(boot=1, sequence=7, code=1001))
    # The repeat has its result; the press before it is a replay now.
    assert len(bench.counter) == 2
    assert [result.text for result in bench.results] == ["王芳", "王芳"]
    bench.press(1, 6)
    assert bench.read().refused == 1


def test_a_press_has_one_name_whichever_gateway_heard_it(bench: Bench) -> None:
    payload = encode(KeyPress(boot=1, sequence=7, key=Key.NEXT))
    for gateway in ("g1", "g2"):
        bench.ref.tell(UplinkReceived(gateway=GatewayId(gateway), payload=payload))
    bench.rig.run()
    assert bench.presses == ["g1/5/1/7", "g1/5/1/7"]


def test_an_old_press_that_is_replayed_is_refused_counted_and_alarmed(bench: Bench) -> None:
    for sequence in (7, 8):
        bench.press(1, sequence)
        bench.answer(f"g1/5/1/{sequence}")
    bench.press(1, 7)
    assert bench.presses == ["g1/5/1/7", "g1/5/1/8"]
    assert len(bench.results) == 2
    alarm = bench.alarms[-1]
    assert isinstance(alarm, RaiseAlarm)
    assert alarm.alarm == "terminal/g1/5"
    assert "press 7 of its boot 1" in alarm.detail
    assert bench.read().refused == 1
    bench.press(1, 9)
    assert bench.alarms[-1] == ClearAlarm(alarm="terminal/g1/5")


def test_a_rebooted_device_counts_anew_and_its_earlier_boot_is_refused(bench: Bench) -> None:
    bench.press(1, 900)
    bench.press(2, 1)
    bench.press(1, 901)
    assert bench.presses == ["g1/5/1/900", "g1/5/2/1"]
    assert bench.read().boot == 2


def test_a_device_put_into_the_place_of_another_is_taken_after_its_hello(bench: Bench) -> None:
    bench.press(900, 1)
    bench.press(3, 1)
    assert bench.presses == ["g1/5/900/1"]
    bench.hear(Hello(boot=3, kind=DeviceKind.KEYPAD, battery_mv=2950))
    bench.press(3, 1)
    assert bench.presses == ["g1/5/900/1", "g1/5/3/1"]
    read = bench.read()
    assert (read.boot, read.battery_mv) == (3, 2950)
    assert read.heard_at is not None


def test_an_answer_to_an_earlier_press_goes_back_under_its_own_name(bench: Bench) -> None:
    bench.press(1, 7)
    bench.press(1, 8)
    bench.answer("g1/5/1/7", text="A001")
    bench.answer("g1/5/1/8", text="A002")
    assert [(result.sequence, result.text) for result in bench.results] == [
        (7, "A001"),
        (8, "A002"),
    ]


def test_a_late_answer_to_an_earlier_press_is_not_taken_for_the_result_of_the_last(
    bench: Bench,
) -> None:
    bench.press(1, 7)
    bench.press(1, 8)
    bench.answer("g1/5/1/8", text="A002")
    bench.answer("g1/5/1/7", text="A001")
    bench.press(1, 8)
    assert bench.results[-1].text == "A002"


def test_awaited_presses_are_bounded_and_the_oldest_is_forgotten(bench: Bench) -> None:
    for sequence in range(AWAITED_MAX + 1):
        bench.press(1, sequence)
    for sequence in range(AWAITED_MAX + 1):
        bench.answer(f"g1/5/1/{sequence}")
    assert [result.sequence for result in bench.results] == list(range(1, AWAITED_MAX + 1))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"NEXT",
        bytes(60),
        Shown(boot=1, version=1),
        Rating(boot=1, sequence=1, version=1, level=1),
        Hello(boot=1, kind=DeviceKind.WINDOW),
    ],
)
def test_what_a_keypad_should_not_send_is_refused_and_alarmed(
    bench: Bench, failures: list[Any], payload: Uplink | bytes
) -> None:
    bench.hear(payload)
    assert [alarm.alarm for alarm in bench.alarms] == ["terminal/g1/5"]
    assert "keypad 5 of counter 3" in bench.alarms[0].detail
    assert bench.read().refused == 1
    assert not bench.counter
    assert not failures


def test_device_of_another_pairing_counts_its_presses_by_itself(bench: Bench) -> None:
    press = encode(KeyPress(boot=1, sequence=5, key=Key.NEXT))
    for pairing in ("", "0a", "0a", "0b"):
        uplink = UplinkReceived(gateway=GatewayId("g1"), payload=press, pairing=pairing)
        bench.ref.tell(uplink)
        bench.rig.run()
    older = encode(KeyPress(boot=1, sequence=1, key=Key.NEXT))
    bench.ref.tell(UplinkReceived(gateway=GatewayId("g1"), payload=older, pairing="0c"))
    bench.rig.run()
    assert bench.presses == ["g1/5/1/5", "g1/5/0a/1/5", "g1/5/0a/1/5", "g1/5/0b/1/5", "g1/5/0c/1/1"]

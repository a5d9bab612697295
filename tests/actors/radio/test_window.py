"""A window's terminal: the newest view, sent until its device confirms it, or an alarm."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from actors.radio.delivery import ALARM_AFTER_S, DOWNLINK_MAX_S, PAUSE_MAX_S
from actors.radio.gateway import ChannelUp
from actors.radio.window import (
    WindowTerminal,
)
from protocol.hall import Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, TerminalAddress, TicketId
from protocol.messages import (
    ClearAlarm,
    CounterChanged,
    DownlinkEnded,
    RaiseAlarm,
    SendDownlink,
    UplinkReceived,
    WatchCounter,
)
from protocol.radio.payloads import (
    DeviceKind,
    Hello,
    Key,
    KeyPress,
    Show,
    Shown,
    WindowState,
    decode_downlink,
    encode,
)
from protocol.tickets import CounterMode, TicketState
from tests.actors.lines import ON_VIRTUAL_CLOCKS
from tests.actors.recorders import Ear, RecorderActor

THREE = CounterId("3")
TERMINAL = Terminal(address=TerminalAddress(6), kind=TerminalKind.WINDOW, counter=THREE)


def view(
    number: str | None = None,
    *,
    state: TicketState = TicketState.CALLED,
    calls: int = 1,
    mode: CounterMode = CounterMode.OPEN,
    reason: str = "",
    waiting: int = 0,
) -> CounterChanged:
    there = number is not None
    return CounterChanged(
        counter=THREE,
        mode=mode,
        reason=reason,
        ticket=TicketId(f"20260302-{number}") if there else None,
        number=number,
        ticket_state=state if there else None,
        calls=calls if there else 0,
        waiting=waiting,
    )


class Bench:
    """A window's terminal with recorders around it."""

    def __init__(self, rig: Any) -> None:
        self.rig = rig
        self.gateway, self.hall, self.alarms = Ear(), Ear(), Ear()
        others = [
            rig.world.spawn(name, RecorderActor, ear)
            for name, ear in (("g", self.gateway), ("a", self.alarms), ("h", self.hall))
        ]
        self.ref = rig.world.spawn("t", WindowTerminal, TERMINAL, GatewayId("g1"), *others, {})
        rig.run()

    def change(self, changed: CounterChanged) -> None:
        self.ref.tell(changed)
        self.rig.run()

    @property
    def sent(self) -> list[SendDownlink]:
        return self.gateway.of(SendDownlink)

    @property
    def shows(self) -> list[Show]:
        shows = [decode_downlink(message.payload) for message in self.sent]
        assert all(isinstance(show, Show) for show in shows)
        return shows  # type: ignore[return-value]

    def end(self, acknowledged: bool = True) -> None:
        """The gateway is done with the last downlink."""
        ended = DownlinkEnded(token=self.sent[-1].token, acknowledged=acknowledged)
        self.ref.tell(ended)
        self.rig.run()

    def hear(self, payload: Shown | Hello | KeyPress) -> None:
        self.ref.tell(UplinkReceived(gateway=GatewayId("g1"), payload=encode(payload)))
        self.rig.run()

    def shown(self, boot: int = 1, version: int | None = None) -> None:
        """The device confirms the version that was sent last."""
        self.hear(Shown(boot=boot, version=self.shows[-1].version if version is None else version))

    def confirm(self) -> None:
        self.end()
        self.shown()


@pytest.fixture
def bench(rig: Any) -> Bench:
    return Bench(rig)


def test_the_counter_is_watched_from_the_start(bench: Bench) -> None:
    assert list(bench.hall) == [WatchCounter(counter=THREE, recipient=bench.ref)]


@pytest.mark.parametrize(
    ("changed", "state", "text"),
    [
        (view(), WindowState.IDLE, ""),
        (view("A010"), WindowState.CALLED, "A010"),
        (view("A010", calls=2), WindowState.RECALL, "A010"),
        (view("A010", state=TicketState.SERVING), WindowState.SERVING, "A010"),
        (view("A010", calls=2, state=TicketState.SERVING), WindowState.SERVING, "A010"),
        (view(mode=CounterMode.PAUSED, reason="午休"), WindowState.PAUSED, "午休"),
        (view(mode=CounterMode.CLOSED), WindowState.CLOSED, ""),
        # A customer who was called sees the number, whatever the counter does next.
        (view("A010", mode=CounterMode.PAUSED, reason="午休"), WindowState.CALLED, "A010"),
        (view(mode=CounterMode.PAUSED, reason="号" * 50), WindowState.PAUSED, "号" * 20),
    ],
)
def test_a_view_is_sent_as_the_window_shows_it(
    bench: Bench, changed: CounterChanged, state: WindowState, text: str
) -> None:
    bench.change(changed)
    [show] = bench.shows
    assert (show.state, show.text) == (state, text)
    assert bench.sent[0].to == 6


@ON_VIRTUAL_CLOCKS
def test_a_confirmed_view_is_sent_once_and_raises_no_alarm(bench: Bench) -> None:
    bench.change(view("A010"))
    bench.confirm()
    bench.rig.run(1200)
    assert len(bench.sent) == 1
    assert not bench.alarms.of(RaiseAlarm)


def test_a_change_that_a_window_does_not_show_is_not_sent(bench: Bench) -> None:
    bench.change(view("A010", waiting=5))
    bench.confirm()
    bench.change(view("A010", waiting=6))
    assert len(bench.sent) == 1


def test_each_recall_is_sent_anew(bench: Bench) -> None:
    for calls in (1, 2, 3):
        bench.change(view("A010", calls=calls))
        bench.confirm()
    assert len({show.version for show in bench.shows}) == 3


def test_while_a_view_is_being_sent_only_the_newest_one_waits(bench: Bench) -> None:
    for number in ("A010", "A011", "A012", "A013"):
        bench.change(view(number))
    assert [show.text for show in bench.shows] == ["A010"]
    bench.end()
    assert [show.text for show in bench.shows] == ["A010", "A013"]
    # The confirmation of the first one says nothing of the newest.
    bench.shown(version=bench.shows[0].version)
    bench.end()
    bench.shown()
    assert len(bench.sent) == 2


@ON_VIRTUAL_CLOCKS
def test_a_window_that_never_confirms_is_alarmed_and_sent_to_with_growing_pauses(
    bench: Bench,
) -> None:
    bench.change(view("A010"))
    sent_at_s = [0.0]
    for tenth in range(3000):
        if len(bench.sent) > len(sent_at_s):
            sent_at_s.append(tenth / 10)
        if bench.sent[-1].token == len(sent_at_s):
            # The radio acknowledges, but the display is broken.
            bench.end()
        bench.rig.run(0.1)
        if tenth / 10 < ALARM_AFTER_S - 0.2:
            assert not bench.alarms
    [first, *_] = bench.alarms
    assert isinstance(first, RaiseAlarm)
    assert first.alarm == "window/3"
    assert "A010" in first.detail
    gaps_s = [later - earlier for earlier, later in pairwise(sent_at_s)]
    assert gaps_s[0] < 1
    assert all(later > earlier for earlier, later in pairwise(gaps_s[:5]))
    assert max(gaps_s) < PAUSE_MAX_S * 1.3
    assert gaps_s[-1] > PAUSE_MAX_S * 0.7
    bench.shown()
    assert ClearAlarm(alarm="window/3") in bench.alarms
    alarms, sent = len(bench.alarms), len(bench.sent)
    bench.rig.run(600)
    assert (len(bench.alarms), len(bench.sent)) == (alarms, sent)


@ON_VIRTUAL_CLOCKS
def test_changes_do_not_put_the_alarm_off(bench: Bench) -> None:
    for second in range(6):
        bench.change(view(f"A01{second}"))
        bench.end(acknowledged=False)
        bench.rig.run(1)
    assert [alarm.alarm for alarm in bench.alarms.of(RaiseAlarm)] == ["window/3"]


@ON_VIRTUAL_CLOCKS
def test_a_change_is_sent_at_once_though_the_view_before_pauses(bench: Bench) -> None:
    bench.change(view("A010"))
    for _ in range(5):
        bench.end(acknowledged=False)
        bench.rig.run(10)
    count = len(bench.sent)
    bench.end(acknowledged=False)
    bench.change(view("A011"))
    assert len(bench.sent) == count + 1
    assert bench.shows[-1].text == "A011"


@ON_VIRTUAL_CLOCKS
def test_a_downlink_of_which_nothing_is_heard_is_sent_again(bench: Bench) -> None:
    bench.change(view("A010"))
    bench.rig.run(DOWNLINK_MAX_S + 0.1)
    assert [show.text for show in bench.shows] == ["A010", "A010"]


def test_a_confirmation_before_the_downlink_ended_lets_the_next_change_through(
    bench: Bench,
) -> None:
    bench.change(view("A010"))
    bench.shown()
    bench.change(view("A011"))
    assert [show.text for show in bench.shows] == ["A010", "A011"]


def test_a_window_that_was_restarted_is_sent_its_view_again(bench: Bench) -> None:
    bench.hear(Hello(boot=1, kind=DeviceKind.WINDOW, version=None))
    bench.change(view("A010"))
    bench.confirm()
    bench.hear(Hello(boot=1, kind=DeviceKind.WINDOW, version=None))
    assert len(bench.sent) == 1
    bench.hear(Hello(boot=2, kind=DeviceKind.WINDOW, version=None))
    assert [show.text for show in bench.shows] == ["A010", "A010"]
    bench.end()
    bench.shown(boot=2)
    bench.hear(Hello(boot=2, kind=DeviceKind.WINDOW, version=None))
    assert len(bench.sent) == 2


def test_a_window_that_shows_another_version_is_sent_its_view_again(bench: Bench) -> None:
    bench.change(view("A010"))
    bench.confirm()
    bench.shown(version=(bench.shows[-1].version + 9) % 65536)
    assert [show.text for show in bench.shows] == ["A010", "A010"]


@ON_VIRTUAL_CLOCKS
@pytest.mark.parametrize("sign", [ChannelUp(), Hello(boot=0, kind=DeviceKind.WINDOW)])
def test_a_sign_of_life_ends_a_long_pause(bench: Bench, sign: Any) -> None:
    bench.change(view("A010"))
    for _ in range(8):
        bench.end(acknowledged=False)
        bench.rig.run(PAUSE_MAX_S)
    bench.end(acknowledged=False)
    count = len(bench.sent)
    if isinstance(sign, Hello):
        bench.hear(sign)
    else:
        bench.change(sign)
    assert len(bench.sent) == count + 1


def test_a_key_press_from_a_window_is_refused(bench: Bench, failures: list[Any]) -> None:
    bench.hear(KeyPress(boot=1, sequence=1, key=Key.NEXT))
    assert isinstance(bench.alarms[0], RaiseAlarm)
    assert [alarm.alarm for alarm in bench.alarms] == ["terminal/g1/6"]
    assert not failures


def test_versions_do_not_begin_at_the_same_number_after_each_start(rig: Any) -> None:
    versions = set()
    for name in ("w1", "w2", "w3", "w4"):
        ear = Ear()
        recorder = rig.world.spawn(f"{name}/g", RecorderActor, ear)
        three = (recorder, recorder, recorder)
        ref = rig.world.spawn(name, WindowTerminal, TERMINAL, GatewayId("g1"), *three, {})
        ref.tell(view("A010"))
        rig.run()
        [downlink] = ear.of(SendDownlink)
        versions.add(decode_downlink(downlink.payload))
    assert len(versions) > 1

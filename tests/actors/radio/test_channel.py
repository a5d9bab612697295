"""A gateway's channel: pacing with the link, trust in acknowledgements, seals, the duty cycle."""

from __future__ import annotations

from random import Random
from typing import Any

from actors.radio.channel import Channel
from actors.radio.channel_actions import ChannelAction, Ended, Heard, Told
from actors.radio.crowding import FULL_PATIENCE_S, TOLD_PATIENCE_S
from actors.radio.link_options import link_options
from actors.radio.pacing import RUSH_MIN
from actors.radio.passage import OPEN_PASSAGE
from actors.radio.trust import REST_SHARE, TRUST_S
from protocol.errors import ProtocolError
from protocol.hall import Gateway
from protocol.ids import GatewayId, TerminalAddress
from protocol.messages import SendDownlink
from protocol.radio.actions import DutyCycleFell, DutyCycleReached, Transmit
from protocol.radio.datagram import BROADCAST, FLAG_ACK, FLAG_RETRY, acknowledgement
from protocol.radio.frame import Frame, FrameDecoder, encode_frame
from protocol.radio.options import LinkOptions
from protocol.radio.payloads import (
    Banner,
    DeviceKind,
    Hello,
    Key,
    KeyPress,
    PressResult,
    Result,
    Show,
    Shown,
    WindowState,
    decode_downlink,
    encode,
)

WINDOWS = tuple(TerminalAddress(address) for address in range(30, 50))
KEYPAD = TerminalAddress(2)


class Bench:
    """A channel on a clock of its own; every device acknowledges at once unless it is off."""

    def __init__(self, passage: Any = OPEN_PASSAGE, **options: Any) -> None:
        served = (KEYPAD, *WINDOWS)
        self.channel = Channel(
            TerminalAddress(1),
            Random(1),
            LinkOptions(**options),
            served,
            passage=lambda _address: passage,
            segment=lambda _address: "g1",
        )
        self.now_s = 0.0
        self.off: set[int] = set()
        self.frames: list[Frame] = []
        self.actions: list[ChannelAction] = []
        self.tokens = 0
        self.ids = 0
        self._decoder = FrameDecoder()

    def do(self, actions: list[ChannelAction]) -> None:
        """Carry out what the channel wants done; answer for the devices."""
        for action in actions:
            self.actions.append(action)
            if isinstance(action, Transmit):
                for frame in self._decoder.receive(action.octets):
                    self.frames.append(frame)
                    silent = frame.to in self.off or frame.to == BROADCAST
                    if not frame.flags & FLAG_ACK and not silent:
                        self.hear_frame(acknowledgement(frame))

    def hear_frame(self, frame: Frame) -> None:
        self.do(self.channel.receive(encode_frame(frame), self.now_s))

    def hear(self, source: int, payload: Any, flags: int = 0) -> None:
        self.ids = self.ids % 255 + 1
        octets = payload if isinstance(payload, bytes) else encode(payload)
        self.hear_frame(Frame(to=1, source=source, id=self.ids, flags=flags, payload=octets))

    def send(self, to: int, payload: Any) -> int:
        self.tokens += 1
        message = SendDownlink(to=TerminalAddress(to), payload=encode(payload), token=self.tokens)
        self.do(self.channel.send(message, self.now_s))
        return self.tokens

    def run(self, for_s: float) -> None:
        until_s = self.now_s + for_s
        while (due_s := self.channel.next_deadline(self.now_s)) <= until_s:
            self.now_s = max(due_s, self.now_s)
            self.do(self.channel.tick(self.now_s))
        self.now_s = until_s

    def crowd(self, for_s: float) -> None:
        """Let so much time pass in which others, whom nobody serves, have the channel for 0.4 of it."""
        until_s = self.now_s + for_s
        while self.now_s < until_s:
            self.run(min(0.1, until_s - self.now_s))
            self.hear_frame(Frame(to=201, source=200, id=1, payload=bytes(36)))

    def sent(self) -> list[tuple[int, Any]]:
        """Return what was sent, but acknowledgements, and forget it."""
        data = [
            (frame.to, decode_downlink(frame.payload))
            for frame in self.frames
            if not frame.flags & FLAG_ACK
        ]
        self.frames.clear()
        return data

    def ended(self) -> dict[int, Ended]:
        return {one.message.token: one for one in self.actions if isinstance(one, Ended)}


def show(version: int, text: str = "A001") -> Show:
    return Show(version=version, state=WindowState.CALLED, text=text)


def test_only_the_newest_of_what_waits_behind_a_datagram_goes() -> None:
    bench = Bench()
    bench.off.add(30)
    bench.send(30, show(1))
    tokens = [bench.send(31, show(version)) for version in (2, 3, 4)]
    bench.run(20)
    assert [payload.version for to, payload in bench.sent() if to == 31] == [4]
    ended = bench.ended()
    assert [ended[token].acknowledged for token in tokens] == [False, False, True]
    assert ended[1].acknowledged is False
    assert ended[1].attempts > 1


def test_window_that_confirmed_once_is_taken_at_its_acknowledgements_where_it_is_crowded() -> None:
    made = Bench()
    made.crowd(10)
    made.send(30, show(1))
    assert made.sent() == [(30, show(1))]
    assert not made.ended()[1].delivered
    made.hear(30, Shown(boot=1, version=1))
    made.send(30, show(2))
    [(_, told)] = made.sent()
    assert (told.version, told.confirm) == (2, False)
    assert made.ended()[2].delivered
    # It may have been started anew, and forgotten everything.
    made.hear(30, Hello(boot=2, kind=DeviceKind.WINDOW))
    made.send(30, show(3))
    assert made.sent() == [(30, show(3))]
    assert not made.ended()[3].delivered


def test_window_is_asked_for_its_word_wherever_the_channel_has_room() -> None:
    bench = Bench()
    bench.hear(30, Shown(boot=1, version=1))
    bench.send(30, show(2))
    assert bench.sent() == [(30, show(2))]
    assert not bench.ended()[1].delivered


def test_trust_in_a_window_ends_after_a_while_without_its_word() -> None:
    """Its radio may acknowledge while its display is stuck."""
    bench = Bench()
    bench.hear(30, Shown(boot=1, version=1))
    bench.crowd(TRUST_S - 0.1)
    bench.send(30, show(2))
    bench.crowd(0.1)
    bench.send(30, show(3))
    assert [one.confirm for _, one in bench.sent()] == [False, True]
    assert [bench.ended()[token].delivered for token in (1, 2)] == [True, False]


def test_window_whose_word_is_wanted_is_asked_for_it_on_a_crowded_channel() -> None:
    bench = Bench()
    bench.crowd(10)
    bench.hear(30, Shown(boot=1, version=1))
    bench.send(30, show(2))
    assert bench.ended()[1].word_after_s == TRUST_S * REST_SHARE
    message = SendDownlink(to=TerminalAddress(30), payload=encode(show(3)), token=9, word=True)
    bench.do(bench.channel.send(message, bench.now_s))
    assert [one.confirm for _, one in bench.sent()] == [False, True]
    assert not bench.ended()[9].delivered


def test_windows_that_broadcasts_told_are_said_to_be_told() -> None:
    bench = Bench()
    bench.off.add(49)
    bench.send(49, show(49))
    tokens = [bench.send(address, show(address)) for address in range(30, 30 + RUSH_MIN)]
    bench.off.update(range(30, 33))
    bench.run(2)
    told = [one for one in bench.actions if isinstance(one, Told)]
    assert list(dict.fromkeys(one.message.token for one in told)) == tokens
    assert all(one.patience_s > TOLD_PATIENCE_S for one in told)


def test_windows_that_were_told_wait_longer_once_their_channel_is_full() -> None:
    bench = Bench()
    bench.off.update((49, *range(30, 30 + RUSH_MIN)))
    bench.send(49, show(49))
    tokens = {bench.send(address, show(address)) for address in range(30, 30 + RUSH_MIN)}
    bench.run(1)
    bench.actions.clear()
    bench.crowd(10)
    told = [one for one in bench.actions if isinstance(one, Told)]
    longer = {one.message.token for one in told if one.patience_s == FULL_PATIENCE_S}
    # One of them may just be told alone.
    assert len(longer) >= RUSH_MIN - 1
    assert longer <= tokens


def test_many_repeats_of_what_was_heard_are_no_sign_of_a_lossy_channel() -> None:
    bench = Bench()
    for sequence in range(80):
        for flags in (0, FLAG_RETRY, FLAG_RETRY):
            octets = encode(KeyPress(boot=0, sequence=sequence, key=Key.NEXT))
            id = sequence + 1
            bench.hear_frame(Frame(to=1, source=KEYPAD, id=id, flags=flags, payload=octets))
        bench.run(1)
    assert not bench.channel.pacer.lossy


def test_window_that_is_served_anew_has_to_confirm() -> None:
    bench = Bench()
    bench.hear(30, Shown(boot=1, version=1))
    everybody = (KEYPAD, *WINDOWS)
    bench.do(bench.channel.serve(everybody[:1], everybody[1:], bench.now_s))
    bench.do(bench.channel.serve(everybody, (), bench.now_s))
    bench.send(30, show(3))
    assert bench.sent() == [(30, show(3))]


def test_what_is_under_way_to_terminals_that_are_released_ends() -> None:
    bench = Bench()
    bench.off.update((30, 31))
    first, second, third = (bench.send(to, show(to)) for to in (30, 31, 32))
    bench.do(bench.channel.serve((TerminalAddress(32),), WINDOWS, bench.now_s))
    bench.run(5)
    ended = bench.ended()
    assert [ended[token].acknowledged for token in (first, second, third)] == [False, False, True]


def test_rush_is_told_by_broadcast_and_then_each_window_alone() -> None:
    bench = Bench()
    bench.off.add(49)
    bench.send(49, show(49))
    for address in range(30, 34):
        bench.send(address, show(address))
    bench.send(KEYPAD, PressResult(boot=0, sequence=7, result=Result.CALLED, text="A001"))
    bench.sent()
    bench.run(4)
    sent = bench.sent()
    to_all = [payload for to, payload in sent if to == BROADCAST]
    assert [entry.address for entry in to_all[0].entries] == [30, 31, 32, 33, 2]
    alone = [to for to, _ in sent if to not in (BROADCAST, 49)]
    assert alone == [30, 31, 32, 33]
    assert bench.ended().keys() >= {2, 3, 4, 5, 6}


def test_what_pauses_in_a_rush_is_told_by_broadcast() -> None:
    bench = Bench()
    bench.off.update((48, 49))
    bench.send(49, show(49))
    bench.send(48, show(48))
    bench.run(0.25)
    # One of them pauses, the other one is listened for.
    bench.sent()
    for address in range(30, 33):
        bench.send(address, show(address))
    bench.run(1)
    to_all = [payload for to, payload in bench.sent() if to == BROADCAST]
    told = {entry.address for payload in to_all for entry in payload.entries}
    assert told == {30, 31, 32, 49}


def test_result_under_way_makes_way_for_a_call() -> None:
    bench = Bench()
    bench.off.update((KEYPAD, 30))
    bench.send(KEYPAD, PressResult(boot=0, sequence=7, result=Result.CALLED, text="A001"))
    call = bench.send(30, show(30))
    assert [to for to, _ in bench.sent()] == [KEYPAD, 30]
    # A call under way makes way for nothing.
    bench.send(31, show(31))
    assert bench.sent() == []
    bench.off.clear()
    bench.run(1)
    assert bench.ended()[call].acknowledged
    assert {to for to, _ in bench.sent()} == {30, 31, KEYPAD}


def test_call_whose_first_frame_was_lost_is_repeated_before_its_press_is_answered() -> None:
    address = TerminalAddress(1)
    gateway = Gateway(id=GatewayId("g1"), port="virtual:g1", address=address)
    bench = Bench(pause_first_max_s=link_options(gateway).pause_first_max_s)
    bench.off.add(30)
    bench.send(30, show(30))
    bench.send(KEYPAD, PressResult(boot=0, sequence=7, result=Result.CALLED, text="A001"))
    bench.run(LinkOptions().timeout_max_s)
    assert [to for to, _ in bench.sent()][:3] == [30, 30, KEYPAD]


def test_nothing_makes_way_where_many_uplinks_are_repeats() -> None:
    bench = Bench()
    for sequence in range(40):
        bench.hear(KEYPAD, KeyPress(boot=0, sequence=sequence, key=Key.NEXT), flags=FLAG_RETRY)
    bench.off.add(KEYPAD)
    bench.sent()
    bench.send(KEYPAD, PressResult(boot=0, sequence=7, result=Result.CALLED, text="A001"))
    bench.send(30, show(30))
    assert [to for to, _ in bench.sent()] == [KEYPAD]


def test_windows_that_a_broadcast_told_are_told_alone_though_nothing_else_happens() -> None:
    bench = Bench()
    bench.off.add(49)
    bench.send(49, show(49))
    for address in range(30, 30 + RUSH_MIN):
        bench.send(address, show(address))
    bench.run(0.4)
    bench.off.clear()
    bench.run(3)
    ended = bench.ended()
    assert [ended[token].acknowledged for token in range(1, 2 + RUSH_MIN)] == [True] * 4


def test_acknowledgement_goes_out_while_the_channel_is_left_to_others() -> None:
    bench = Bench()
    bench.off.add(49)
    bench.send(49, show(49))
    for address in range(30, 30 + RUSH_MIN):
        bench.send(address, show(address))
    while not any(frame.to == BROADCAST for frame in bench.frames):
        bench.run(0.01)
    bench.frames.clear()
    bench.hear(KEYPAD, KeyPress(boot=0, sequence=1, key=Key.NEXT))
    assert [(frame.to, frame.flags) for frame in bench.frames] == [(KEYPAD, FLAG_ACK)]


class Seals:
    """A passage that numbers what it seals, and refuses what begins with a zero."""

    def __init__(self) -> None:
        self.sealed: list[int] = []
        self.deaf_to_broadcasts: set[int] = set()

    def open(self, _source: int, octets: bytes) -> bytes:
        if octets.startswith(b"\0"):
            raise ProtocolError("forged")
        return octets[1:]

    def seal(self, _to: int, octets: bytes) -> bytes:
        downlink = decode_downlink(octets)
        assert isinstance(downlink, Show)
        self.sealed.append(downlink.version)
        return octets

    def seal_broadcast(self, octets: bytes) -> bytes:
        return octets

    def secures(self, _address: int) -> bool:
        return True

    def hears_broadcasts(self, address: int) -> bool:
        return address not in self.deaf_to_broadcasts


def test_what_never_goes_is_never_sealed_and_seals_follow_the_order_on_the_air() -> None:
    seals = Seals()
    bench = Bench(seals)
    bench.off.add(30)
    bench.send(30, show(1))
    for version in (2, 3, 4):
        bench.send(31, show(version))
    bench.run(20)
    assert seals.sealed == [1, 4]


def test_uplink_is_opened_and_one_that_is_refused_is_not_delivered() -> None:
    bench = Bench(Seals())
    bench.hear(30, b"\x01hello")
    bench.hear(30, b"\0hello")
    heard = [action for action in bench.actions if isinstance(action, Heard)]
    assert heard == [Heard(source=TerminalAddress(30), payload=b"hello")]


def test_duty_cycle_lets_texts_wait_first_and_then_all_but_acknowledgements() -> None:
    bench = Bench(duty_cycle_max=0.001)
    banner = Banner(version=1, brightness=50, text="欢迎")
    version = 0
    while not bench.ended().get(version + 100):
        version += 1
        bench.send(30 + version % 20, show(version))
        bench.run(1)
        bench.send(49, banner)
        held = (49, banner) not in bench.sent()
        if held:
            break
    assert not any(isinstance(action, DutyCycleReached) for action in bench.actions)
    while not any(isinstance(action, DutyCycleReached) for action in bench.actions):
        version += 1
        bench.send(30 + version % 10, show(version))
        bench.run(1)
    bench.frames.clear()
    last = bench.send(30, show(9999))
    bench.hear(KEYPAD, KeyPress(boot=0, sequence=1, key=Key.NEXT))
    bench.run(600)
    assert [frame.flags for frame in bench.frames] == [FLAG_ACK]
    bench.run(3700)
    assert any(isinstance(action, DutyCycleFell) for action in bench.actions)
    assert bench.ended()[last].acknowledged
    assert (49, banner) in bench.sent()


def test_latency_counts_the_wait_and_every_attempt() -> None:
    bench = Bench()
    bench.off.add(30)
    bench.send(30, show(1))
    bench.run(0.5)
    bench.off.clear()
    bench.run(5)
    latency = bench.channel.latencies.of_terminal(TerminalAddress(30))
    assert latency is not None
    assert latency.count == 1
    assert 0.5 < latency.p50_s == latency.p99_s < 1.5
    assert bench.channel.latencies.of_gateway() == latency
    assert bench.channel.latencies.of_terminal(TerminalAddress(31)) is None


def test_window_that_has_an_earlier_key_is_told_alone_in_a_rush() -> None:
    seals = Seals()
    seals.deaf_to_broadcasts.add(30)
    bench = Bench(seals)
    bench.off.add(49)
    bench.send(49, show(1))
    for window in range(30, 36):
        bench.send(window, show(window))
    bench.run(2)
    told = [payload for to, payload in bench.sent() if to == BROADCAST]
    assert len(told) > 0
    addresses = {entry.address for many in told for entry in many.entries}
    assert {31, 32, 33} <= addresses
    assert 30 not in addresses
    assert 30 in seals.sealed

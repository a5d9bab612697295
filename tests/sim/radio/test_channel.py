"""What modules on one channel do to each other's packets."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.devices import Device
from protocol.errors import ConfigError, DeviceError
from protocol.radio.frame import Frame, FrameDecoder, encode_frame
from protocol.radio.payloads import Key
from protocol.values import replace
from sim.devices.keypad import Keypad
from sim.radio.afflictions import Afflictions
from sim.radio.channel import Channel
from sim.radio.loss import BurstLoss, Damage, IndependentLoss
from sim.radio.modules import E32, HC_12, PERFECT, RadioModule
from sim.radio.station import EVERYBODY, addressees

GATEWAY = 1
SOON_S = 10.0


def frame(to: int, source: int, payload: bytes = b"123456") -> bytes:
    return encode_frame(Frame(to=to, source=source, id=1, payload=payload))


class Host:
    """Keeps what it hears and when; answers as the test says; sends by itself when its time has come."""

    def __init__(self, address: int, sends: dict[float, bytes] | None = None) -> None:
        self.address = address
        self.sends = sends or {}
        self.answers: dict[bytes, bytes] = {}
        self.heard: list[tuple[float, bytes]] = []

    @property
    def octets(self) -> list[bytes]:
        return [octets for _, octets in self.heard]

    def receive(self, octets: bytes, now: float) -> bytes:
        self.heard.append((now, octets))
        return self.answers.get(octets, b"")

    def tick(self, now: float) -> bytes:
        due = [at_s for at_s in self.sends if at_s <= now]
        return b"".join(self.sends.pop(at_s) for at_s in sorted(due))

    def next_deadline(self) -> float | None:
        return min(self.sends, default=None)


def channel_of(*hosts: Host, module: RadioModule = HC_12, **options: Any) -> Channel:
    channel = Channel(Random(1), module, **options)
    for host in hosts:
        channel.join(host)
    channel.advance(0.0)
    return channel


# -- time --------------------------------------------------------------------------------------------


def test_acknowledgement_takes_60_ms_from_line_to_line_and_20_octets_take_86_ms() -> None:
    """As measured of modules with 9600 bit/s on both lines and on the air."""
    module = replace(HC_12, packet_max=58)
    for octets, hop_s in ((11, 0.060), (20, 0.086)):
        assert module.hop_s(octets) == pytest.approx(hop_s, abs=0.0007)


@pytest.mark.parametrize("module", [E32, replace(HC_12, packet_max=58)])
@pytest.mark.parametrize("length", [1, 20, 57])
def test_octets_arrive_after_the_time_of_a_hop(module: RadioModule, length: int) -> None:
    sender, listener = Host(2, {1.0: bytes(length)}), Host(3)
    channel_of(sender, listener, module=module).advance(SOON_S)
    [(at_s, octets)] = listener.heard
    assert octets == bytes(length)
    assert at_s == pytest.approx(1.0 + module.hop_s(length))


def test_octets_without_a_gap_share_a_packet_and_those_after_a_gap_have_their_own() -> None:
    octet_s = E32.octet_s
    sender = Host(2, {1.0: b"one", 1.0 + 5 * octet_s: b"two", 1.0 + 12 * octet_s: b"three"})
    listener = Host(3)
    channel_of(sender, listener, module=E32).advance(SOON_S)
    assert listener.octets == [b"onetwo", b"three"]


@pytest.mark.parametrize(("module", "lengths"), [(HC_12, [16, 16, 8]), (E32, [40])])
def test_long_bursts_are_cut_as_the_module_does(module: RadioModule, lengths: list[int]) -> None:
    sender, listener = Host(2, {1.0: bytes(range(40))}), Host(3)
    channel_of(sender, listener, module=module).advance(SOON_S)
    assert [len(octets) for octets in listener.octets] == lengths
    assert b"".join(listener.octets) == bytes(range(40))


def test_what_came_while_the_module_waited_goes_in_one_packet() -> None:
    frames = [frame(4, 3, bytes([number])) for number in range(5)]
    first = Host(2, {1.0: frame(4, 2)})
    second = Host(3, {1.01 + 0.02 * number: octets for number, octets in enumerate(frames)})
    listener = Host(4)
    channel = channel_of(first, second, listener, module=E32)
    channel.jam(0.0, 1.5)
    channel.advance(SOON_S)
    # Those that came first fill a packet; it is cut where it is full.
    assert b"".join(listener.octets).replace(frame(4, 2), b"") == b"".join(frames)
    assert channel.counts.packets == 2


def test_first_chunk_is_on_the_air_while_the_next_is_on_the_line() -> None:
    sender, listener = Host(2, {1.0: bytes(32)}), Host(3)
    channel_of(sender, listener, module=HC_12).advance(SOON_S)
    (first_s, _), (second_s, _) = listener.heard
    assert first_s == pytest.approx(1.0 + HC_12.hop_s(16) - 3 * HC_12.octet_s)
    assert second_s - first_s == pytest.approx(HC_12.air_s(16) + HC_12.turnaround_s)


def test_what_the_module_cannot_keep_is_lost() -> None:
    sender, listener = Host(2, {1.0: bytes(600)}), Host(3)
    channel = channel_of(sender, listener, module=E32)
    channel.advance(SOON_S)
    assert sum(map(len, listener.octets)) == E32.buffer_max
    assert channel.stations[0].overflown == 600 - E32.buffer_max


def test_perfect_modules_take_no_time() -> None:
    sender, listener = Host(2, {1.0: frame(3, 2)}), Host(3)
    listener.answers = {frame(3, 2): frame(2, 3)}
    channel_of(sender, listener, module=PERFECT).advance(1.0)
    assert listener.heard == [(1.0, frame(3, 2))]
    assert sender.heard == [(1.0, frame(2, 3))]


# -- two at once -------------------------------------------------------------------------------------


def test_packets_at_the_same_time_destroy_each_other() -> None:
    hosts = [Host(2, {1.0: frame(4, 2)}), Host(3, {1.01: frame(4, 3)}), Host(4)]
    channel = channel_of(*hosts)
    channel.advance(SOON_S)
    assert hosts[2].heard == []
    assert channel.counts.collided == 2


def test_packets_that_just_do_not_meet_are_both_heard() -> None:
    air_s = HC_12.air_s(16)
    hosts = [Host(2, {1.0: frame(4, 2)}), Host(3, {1.0 + air_s + 1e-6: frame(4, 3)}), Host(4)]
    channel_of(*hosts).advance(SOON_S)
    assert hosts[2].octets == [frame(4, 2), frame(4, 3)]


@pytest.mark.parametrize(
    ("stronger_db", "later_s", "heard"),
    [
        (10.0, 0.01, [2]),
        (9.9, 0.01, []),
        # Within the preamble of the other one a receiver changes over to what is stronger.
        (-10.0, 0.002, [3]),
        # Later it is bound to the first, which is destroyed.
        (-10.0, 0.01, []),
    ],
)
def test_stronger_packet_is_captured(stronger_db: float, later_s: float, heard: list[int]) -> None:
    hosts = [Host(2, {1.0: frame(4, 2)}), Host(3, {1.0 + later_s: frame(4, 3)}), Host(4)]
    channel = channel_of(*hosts)
    first, _, listener = channel.stations
    channel.set_level(first, listener, stronger_db)
    channel.advance(SOON_S)
    assert hosts[2].octets == [frame(4, source) for source in heard]
    assert channel.counts.captured == len(heard)


def test_module_that_sends_hears_nothing() -> None:
    first, second = Host(2, {1.0: frame(3, 2)}), Host(3, {1.01: frame(2, 3)})
    channel = channel_of(first, second)
    channel.advance(SOON_S)
    assert first.heard == second.heard == []
    assert channel.counts.deaf == 2


def test_module_that_listens_first_waits_for_the_other() -> None:
    first, second = Host(2, {1.0: frame(3, 2)}), Host(3, {1.01: frame(2, 3)})
    channel = channel_of(first, second, module=E32)
    channel.advance(SOON_S)
    assert second.octets == [frame(3, 2)]
    assert first.octets == [frame(2, 3)]
    assert channel.counts.sensed >= 1


def test_hidden_terminals_destroy_each_other_at_the_gateway_though_they_listen() -> None:
    hosts = [Host(2, {1.0: frame(4, 2)}), Host(3, {1.01: frame(4, 3)}), Host(4)]
    channel = channel_of(*hosts, module=E32)
    first, second, _ = channel.stations
    channel.hide(first, [second])
    channel.advance(SOON_S)
    assert hosts[2].heard == []
    assert channel.counts.collided == 2


def test_terminal_out_of_reach_hears_nothing() -> None:
    hosts = [Host(2, {1.0: frame(255, 2)}), Host(3), Host(4)]
    channel = channel_of(*hosts)
    sender, listener, _ = channel.stations
    channel.set_level(sender, listener, None)
    channel.advance(SOON_S)
    assert hosts[1].heard == []
    assert hosts[2].octets == [frame(255, 2)]


def test_module_sends_into_a_channel_that_stays_taken_when_its_patience_ends() -> None:
    sender, listener = Host(2, {1.0: frame(3, 2)}), Host(3)
    channel = channel_of(sender, listener, module=replace(E32, patience_s=0.5))
    for number in range(100):
        channel.jam(0.9 + number * 0.01, 0.911 + number * 0.01)
    channel.advance(SOON_S)
    assert channel.counts.impatient == 1
    assert channel.counts.jammed == 1


# -- faults ------------------------------------------------------------------------------------------


def test_jammed_packet_is_lost_and_a_later_one_heard() -> None:
    sender, listener = Host(2, {1.0: frame(3, 2), 2.0: frame(3, 2, b"later")}), Host(3)
    channel = channel_of(sender, listener)
    channel.jam(0.9, 1.5)
    channel.advance(SOON_S)
    assert listener.octets == [frame(3, 2, b"later")]


def test_echo_gives_the_host_what_it_sent() -> None:
    sender, listener = Host(2, {1.0: frame(3, 2)}), Host(3)
    channel = channel_of(sender, listener)
    channel.stations[0].echo = True
    channel.advance(SOON_S)
    assert sender.octets == listener.octets == [frame(3, 2)]


def heard_of(times: int, **options: Any) -> tuple[Channel, list[bytes]]:
    """Return what a listener hears of as many frames, each by itself."""
    sender, listener = Host(2, {float(number): frame(3, 2) for number in range(times)}), Host(3)
    channel = channel_of(sender, listener, **options)
    channel.advance(times + SOON_S)
    return channel, listener.octets


def test_independent_loss_takes_its_share_and_is_counted() -> None:
    channel, heard = heard_of(2000, loss=IndependentLoss(loss=0.3))
    assert len(heard) == pytest.approx(1400, rel=0.05)
    assert channel.counts.lost == 2000 - len(heard)
    assert channel.counts.heard == len(heard)


def test_burst_loss_takes_its_share_in_bursts() -> None:
    loss = BurstLoss(good_s=90.0, bad_s=10.0, loss_good=0.01, loss_bad=0.9)
    assert loss.mean == pytest.approx(0.099)
    chance = loss.chance(Random(1))
    lost = {second for second in range(50_000) if chance.loses(float(second))}
    assert len(lost) == pytest.approx(4950, rel=0.15)
    # Who loses is in a bad time, nine of ten times in it a second later, and loses nine of ten there.
    lost_again = sum(second + 1 in lost for second in lost) / len(lost)
    assert lost_again == pytest.approx(0.74, rel=0.05)


@pytest.mark.parametrize("share", [0.0, 0.002, 0.3, 1.0])
def test_bits_are_wrong_as_often_as_said(share: float) -> None:
    random, damage = Random(3), Damage(bit_error=share)
    wrong = sum(int.from_bytes(damage.apply(bytes(50), random)).bit_count() for _ in range(1000))
    assert wrong / 400_000 == pytest.approx(share, rel=0.1)


def test_duplication_and_bit_errors_are_passed_on() -> None:
    _, heard = heard_of(2000, damage=Damage(duplication=0.25))
    assert sum(map(len, heard)) == pytest.approx(2500 * len(frame(3, 2)), rel=0.05)
    _, heard = heard_of(1000, damage=Damage(bit_error=0.01))
    # A host gets what looks like two frames in two pieces, and damage may look so.
    received, sent = b"".join(heard), 1000 * frame(3, 2)
    assert len(received) == len(sent)
    flipped = (int.from_bytes(received) ^ int.from_bytes(sent)).bit_count()
    assert flipped == pytest.approx(1000 * 128 * 0.01, rel=0.1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: IndependentLoss(loss=1.1),
        lambda: Damage(bit_error=-0.1),
        lambda: BurstLoss(bad_s=0.0),
        lambda: BurstLoss(loss_bad=float("nan")),
    ],
)
def test_what_is_no_probability_or_duration_is_refused(make: Any) -> None:
    with pytest.raises(ValueError, match="is "):
        make()


def make_module(field: str, given: Any) -> RadioModule:
    fields: dict[str, Any] = {"name": "odd", "packet_max": 16, field: given}
    return RadioModule(**fields)


@pytest.mark.parametrize("field", ["packet_max", "bitrate", "listen_s"])
def test_module_that_cannot_be_is_refused(field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        make_module(field, -1)


# -- ports and hosts ---------------------------------------------------------------------------------


def test_port_is_a_device_that_sends_and_hears() -> None:
    terminal = Host(2)
    terminal.answers = {frame(2, GATEWAY): frame(GATEWAY, 2)}
    channel = channel_of(terminal, module=E32)
    port: Device = channel.port(address=GATEWAY)
    assert port.receive(frame(2, GATEWAY), 1.0) == b""
    heard = b""
    while (due_s := port.next_deadline()) is not None:
        heard += port.tick(due_s)
    assert terminal.octets == [frame(2, GATEWAY)]
    assert heard == frame(GATEWAY, 2)


def test_two_gateways_on_one_channel_hear_each_terminal_and_each_other() -> None:
    terminal = Host(2, {1.0: frame(GATEWAY, 2)})
    channel = channel_of(terminal, module=E32)
    heard: dict[str, bytes] = {"a": b"", "b": b""}
    ports = {name: channel.port(name) for name in heard}

    def fetch(name: str) -> None:
        heard[name] += ports[name].tick(clock)

    channel.on_wake(fetch)
    clock = 0.0
    fetch("a")
    while (due_s := ports["a"].next_deadline()) is not None:
        clock = due_s
        fetch("a")
    assert heard == {"a": frame(GATEWAY, 2), "b": frame(GATEWAY, 2)}
    clock = 5.0
    heard["b"] += ports["b"].receive(frame(2, GATEWAY), clock)
    while (due_s := ports["a"].next_deadline()) is not None:
        clock = due_s
        fetch("a")
    assert heard["a"] == frame(GATEWAY, 2) + frame(2, GATEWAY)
    assert terminal.octets == [frame(2, GATEWAY)]


def test_host_that_somebody_acted_on_is_found_at_the_next_tick_of_the_port() -> None:
    terminal = Host(2)
    channel = channel_of(terminal, module=PERFECT)
    port = channel.port()
    assert port.tick(1.0) == b""
    terminal.sends[-1.0] = frame(GATEWAY, 2)
    assert port.tick(2.0) == frame(GATEWAY, 2)


@pytest.mark.parametrize("module", [PERFECT, E32])
def test_key_that_is_pressed_after_a_quiet_hour_is_felt_now_and_not_then(
    module: RadioModule,
) -> None:
    keypad = Keypad(2, GATEWAY, Random(1))
    channel = channel_of(keypad, module=module)
    port = channel.port()
    port.tick(1.0)
    for now_s in (3600.0, 3600.5):
        port.tick(now_s)
    packets = channel.counts.packets
    assert keypad.press(Key.NEXT)
    heard = port.tick(3601.0) + port.tick(3601.1)
    # Nobody acknowledges: had it been pressed an hour ago, it would have been sent many times by now.
    assert channel.counts.packets == packets + 1
    assert len(FrameDecoder().receive(heard)) == 1


def test_host_that_puts_its_deadline_off_is_not_ticked_at_the_old_one() -> None:
    terminal = Host(2, {1.0: b"early", 5.0: b"late"})
    channel = channel_of(terminal, module=PERFECT)
    port = channel.port()
    port.tick(0.0)
    del terminal.sends[1.0]
    assert port.tick(2.0) == b""
    assert port.tick(5.0) == b"late"
    assert port.next_deadline() is None


def test_hosts_that_answer_each_other_for_ever_are_an_error() -> None:
    ping, pong = Host(2, {0.0: b"ping"}), Host(3)
    ping.answers, pong.answers = {b"pong": b"ping"}, {b"ping": b"pong"}
    with pytest.raises(DeviceError, match="answer each other for ever"):
        channel_of(ping, pong, module=PERFECT).advance(1.0)


def test_frames_for_others_are_spared_a_host_unless_the_channel_is_attentive() -> None:
    for attentive, heard in ((False, []), (True, [frame(3, 2)])):
        hosts = [Host(2, {1.0: frame(3, 2)}), Host(3), Host(4)]
        channel_of(*hosts, attentive=attentive).advance(SOON_S)
        assert hosts[1].octets == [frame(3, 2)]
        assert hosts[2].octets == heard


def test_gateways_that_stand_in_for_one_another_hear_each_other_and_hosts_are_spared() -> None:
    for overhears in (False, True):
        host = Host(4)
        channel = Channel(Random(1), PERFECT)
        channel.ports_overhear = overhears
        one, other = channel.port("g1", address=1), channel.port("g2", address=1)
        channel.join(host)
        one.receive(frame(3, 1), 1.0)
        assert other.tick(2.0) == (frame(3, 1) if overhears else b"")
        assert host.octets == []


def test_host_that_changes_its_address_hears_what_is_for_the_new_one() -> None:
    sender = Host(2, {1.0: frame(9, 2), 2.0: frame(5, 2)})
    listener = Host(254, {0.5: b"?"})
    channel = channel_of(sender, listener)
    channel.advance(0.4)
    listener.address = 5
    channel.advance(SOON_S)
    assert listener.octets == [frame(5, 2)]


# -- what is worked out late -------------------------------------------------------------------------


def test_packet_that_meets_no_other_one_needs_one_look_of_who_drives_the_channel() -> None:
    listener = Host(2)
    channel = channel_of(listener, module=E32)
    port = channel.port(address=GATEWAY)
    port.receive(frame(2, GATEWAY), 1.0)
    looks = []
    while (due_s := port.next_deadline()) is not None:
        looks.append(due_s)
        port.tick(due_s)
    assert len(looks) == 1
    [(heard_s, _)] = listener.heard
    assert heard_s == looks[-1] == pytest.approx(1.0 + E32.hop_s(len(frame(2, GATEWAY))))


def test_who_drives_the_channel_late_changes_nothing() -> None:
    def heard(steps: list[float]) -> list[list[tuple[float, bytes]]]:
        hosts = [
            Host(2, {1.0 + number / 7: frame(4, 2) for number in range(30)}),
            Host(3, {1.0 + number / 9: frame(4, 3) + frame(2, 3) for number in range(30)}),
            Host(4),
        ]
        channel = channel_of(*hosts, module=E32, loss=IndependentLoss(loss=0.2))
        for now_s in steps:
            channel.advance(now_s)
        assert channel.counts.collided
        assert channel.counts.sensed
        return [host.heard for host in hosts]

    assert heard([SOON_S]) == heard([step / 1000 for step in range(10_000)] + [SOON_S])


def test_loss_that_begins_while_nobody_looked_takes_no_packet_from_before() -> None:
    listener = Host(2)
    channel = channel_of(listener, module=E32)
    port = channel.port(address=GATEWAY)
    port.receive(frame(2, GATEWAY), 1.0)
    clock_s = 1.0 + E32.hop_s(len(frame(2, GATEWAY))) - 0.001
    channel.on_clock(lambda: clock_s)
    Afflictions(channel, Random(1)).lose(IndependentLoss(loss=1.0))
    channel.advance(SOON_S)
    assert listener.octets == [frame(2, GATEWAY)]


def test_damage_that_begins_amid_a_packet_is_told_to_who_drives_the_channel() -> None:
    listener = Host(2)
    channel = channel_of(listener, module=E32)
    port = channel.port("g1", address=GATEWAY)
    port.receive(frame(2, GATEWAY), 1.0)
    channel.advance(1.0 + E32.hop_s(len(frame(2, GATEWAY))) / 2)
    assert channel.counts.packets == 1
    before_s = port.next_deadline()
    woken: list[str] = []
    channel.on_wake(woken.append)
    channel.damage = Damage(bit_error=0.01)
    after_s = port.next_deadline()
    assert woken == ["g1"]
    assert before_s is not None
    assert after_s is not None
    # Damaged octets may look like two frames, and the first of these comes sooner.
    assert after_s < before_s


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=60)), min_size=1, max_size=4))
def test_addressees_include_those_of_every_frame(frames: list[tuple[int, bytes]]) -> None:
    octets = b"".join(frame(to, 2, payload) for to, payload in frames)
    found = addressees(octets)
    assert found is None or {heard.to for heard in FrameDecoder().receive(octets)} <= found


def test_octets_that_begin_no_frame_are_for_everybody() -> None:
    assert addressees(b"noise") is EVERYBODY
    assert addressees(frame(255, 1)) is EVERYBODY
    assert addressees(frame(16, 1) + frame(7, 1)) == frozenset({16, 7})

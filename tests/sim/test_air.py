"""The radio channel behind one gateway: who hears what."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.devices import Device
from protocol.errors import DeviceError
from tests.sim.air import BURSTS_MAX, Air, Medium

NOW = 100.0


class Terminal:
    """Keeps what it hears; answers as the test says; ticks once at its deadline."""

    def __init__(self, answers: dict[bytes, bytes] | None = None, due: float | None = None) -> None:
        self.answers = answers or {}
        self.due = due
        self.heard: list[bytes] = []

    def receive(self, octets: bytes, now: float) -> bytes:
        self.heard.append(octets)
        return self.answers.get(octets, b"")

    def tick(self, now: float) -> bytes:
        self.due = None
        return b"tick"

    def next_deadline(self) -> float | None:
        return self.due


def test_gateway_sends_and_every_terminal_hears_it_once() -> None:
    terminals = [Terminal() for _ in range(5)]
    assert Air(terminals).receive(b"call", NOW) == b""
    assert [terminal.heard for terminal in terminals] == [[b"call"]] * 5


def test_terminal_answers_and_all_but_itself_hear_it() -> None:
    first, answering, third = Terminal(), Terminal({b"call": b"yes"}), Terminal()
    assert Air([first, answering, third]).receive(b"call", NOW) == b"yes"
    assert answering.heard == [b"call"]
    assert first.heard == third.heard == [b"call", b"yes"]


def test_terminal_sends_by_itself_and_all_but_itself_hear_it() -> None:
    sender, other = Terminal(), Terminal({b"press": b"answer"})
    assert Air([sender, other]).send(sender, b"press", NOW) == b"pressanswer"
    assert sender.heard == [b"answer"]
    assert other.heard == [b"press"]


def test_only_terminals_that_are_due_are_ticked() -> None:
    due, later, never = Terminal(due=NOW), Terminal(due=NOW + 1), Terminal()
    air = Air([later, due, never])
    assert air.next_deadline() == NOW
    assert air.tick(NOW) == b"tick"
    assert later.heard == never.heard == [b"tick"]
    assert due.heard == []
    assert air.next_deadline() == NOW + 1


def test_air_without_terminals_is_silent() -> None:
    air = Air()
    assert air.receive(b"call", NOW) == b""
    assert air.next_deadline() is None


def test_terminals_that_answer_each_other_for_ever_are_an_error() -> None:
    ping, pong = Terminal({b"pong": b"ping"}), Terminal({b"ping": b"pong"})
    with pytest.raises(DeviceError, match="answer each other for ever"):
        Air([ping, pong]).send(ping, b"ping", NOW)
    assert len(ping.heard) + len(pong.heard) == BURSTS_MAX


def test_air_is_a_device() -> None:
    device: Device = Air([Air([Terminal()])])
    assert device.receive(b"call", NOW) == b""


# -- a medium that is not perfect --------------------------------------------------------------------


def heard_of(medium: Medium, *, times: int, seed: int = 1, payload: bytes = b"\x55" * 20) -> Any:
    terminal = Terminal()
    air = Air([terminal], random=Random(seed), downlink=medium)
    for _ in range(times):
        air.receive(payload, NOW)
    return air, terminal.heard


def test_loss_takes_its_share_and_is_counted() -> None:
    air, heard = heard_of(Medium(loss=0.3), times=4000)
    assert len(heard) == pytest.approx(2800, rel=0.05)
    assert air.counts.lost == 4000 - len(heard)
    assert air.counts.heard == len(heard)


def test_duplication_doubles_its_share_and_is_counted() -> None:
    air, heard = heard_of(Medium(duplication=0.25), times=4000)
    assert len(heard) == pytest.approx(5000, rel=0.05)
    assert air.counts.doubled == len(heard) - 4000


def test_bit_errors_flip_their_share_of_bits_and_keep_the_length() -> None:
    payload = b"\x55" * 20
    air, heard = heard_of(Medium(bit_error=0.01), times=1000, payload=payload)
    assert {len(octets) for octets in heard} == {20}
    flipped = sum(
        (int.from_bytes(octets) ^ int.from_bytes(payload)).bit_count() for octets in heard
    )
    assert flipped == pytest.approx(1600, rel=0.1)
    assert air.counts.damaged == sum(octets != payload for octets in heard)


def test_each_direction_suffers_by_itself() -> None:
    terminal = Terminal({b"call": b"answer"})
    air = Air([terminal], random=Random(1), uplink=Medium(loss=1.0))
    assert air.receive(b"call", NOW) == b""
    assert terminal.heard == [b"call"]
    deaf = Air([Terminal({b"call": b"answer"})], random=Random(1), downlink=Medium(loss=1.0))
    assert deaf.receive(b"call", NOW) == b""
    assert deaf.send(deaf.terminals[0], b"press", NOW) == b"press"


def test_each_listener_has_its_own_luck() -> None:
    terminals = [Terminal() for _ in range(200)]
    Air(terminals, random=Random(1), downlink=Medium(loss=0.5)).receive(b"call", NOW)
    assert 60 < sum(bool(terminal.heard) for terminal in terminals) < 140


@given(st.integers(), st.lists(st.binary(min_size=1, max_size=30), max_size=10))
def test_one_seed_gives_one_run(seed: int, bursts: list[bytes]) -> None:
    def run() -> tuple[list[bytes], bytes]:
        medium = Medium(loss=0.2, duplication=0.2, bit_error=0.02)
        terminal = Terminal({burst: burst[::-1] for burst in bursts})
        air = Air([terminal], random=Random(seed), downlink=medium, uplink=medium)
        return terminal.heard, b"".join(air.receive(burst, NOW) for burst in bursts)

    assert run() == run()


@pytest.mark.parametrize("field", ["loss", "duplication", "bit_error"])
@pytest.mark.parametrize("chance", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(field: str, chance: float) -> None:
    with pytest.raises(ValueError, match=f"{field} is .*between 0 and 1"):
        Medium(**{field: chance})


def test_chance_without_a_source_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a source of chance"):
        Air([Terminal()], downlink=Medium(loss=0.1))

"""A bad serial line: what becomes of octets on it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.faults.line import HELD_MAX, REORDERED_S, Impairment, Line, LineDevice


class Echoing:
    """A device that answers with what it took, in capitals."""

    def __init__(self) -> None:
        self.taken = b""

    def receive(self, octets: bytes, now: float) -> bytes:
        self.taken += octets
        return octets.upper()

    def tick(self, now: float) -> bytes:
        return b""

    def next_deadline(self) -> float | None:
        return None


def line_with(seed: int = 1, **impairment: object) -> Line:
    line = Line(Random(seed))
    line.impair(Impairment(**impairment))  # type: ignore[arg-type]
    return line


def sent(line: Line, octets: bytes, pieces: int = 1) -> bytes:
    """Return what comes to the device in the end."""
    for number in range(pieces):
        line.from_host(octets, number * 0.001)
    return line.for_device(1e9)


def test_line_without_impairments_passes_everything_at_once() -> None:
    device = Echoing()
    behind = LineDevice(device, Line(Random(1)))
    assert behind.receive(b"abc", 0.0) == b"ABC"
    assert behind.next_deadline() is None


def test_cut_line_passes_nothing_until_it_is_mended() -> None:
    device, line = Echoing(), Line(Random(1))
    behind = LineDevice(device, line)
    mend = line.impair(Impairment(cut=True))
    assert behind.receive(b"abc", 0.0) == b""
    assert device.taken == b""
    mend()
    mend()
    assert behind.receive(b"abc", 1.0) == b"ABC"


def test_octets_are_lost_and_changed_as_often_as_is_said() -> None:
    octets = bytes(range(256)) * 100
    assert len(sent(line_with(loss=0.25), octets)) == pytest.approx(0.75 * len(octets), rel=0.03)
    came = sent(line_with(corruption=0.25), octets)
    wrong = sum(a != b for a, b in zip(octets, came, strict=True))
    assert wrong == pytest.approx(0.25 * len(octets), rel=0.05)
    flips = int.from_bytes(sent(line_with(bit_flips=0.01), octets)) ^ int.from_bytes(octets)
    assert flips.bit_count() == pytest.approx(0.01 * 8 * len(octets), rel=0.1)


def test_pieces_are_lost_and_doubled_whole() -> None:
    assert len(sent(line_with(gaps=0.5), b"xyz", 1000)) % 3 == 0
    assert len(sent(line_with(gaps=0.5), b"xyz", 1000)) == pytest.approx(1500, rel=0.1)
    assert len(sent(line_with(duplication=0.5), b"xyz", 1000)) == pytest.approx(4500, rel=0.1)


def test_delayed_pieces_come_later_and_in_order() -> None:
    line = line_with(delay_s=0.5, jitter_s=0.2)
    for number in range(20):
        line.from_host(bytes([number]), number * 0.01)
    assert line.for_device(0.49) == b""
    deadline_s = line.next_deadline()
    assert deadline_s is not None
    assert 0.5 <= deadline_s <= 0.7
    assert line.for_device(1.0) == bytes(range(20))
    assert line.next_deadline() is None


def test_reordered_piece_is_overtaken() -> None:
    line = line_with(reordering=0.5)
    for number in range(20):
        line.from_host(bytes([number]), number * 0.01)
    came = line.for_device(1.0 + REORDERED_S)
    assert sorted(came) == list(range(20))
    assert list(came) != sorted(came)


def test_echo_comes_back_to_the_host_alone() -> None:
    line = line_with(echo=1.0)
    line.from_host(b"abc", 0.0)
    assert (line.for_host(0.0), line.for_device(0.0)) == (b"abc", b"abc")
    line.from_device(b"xyz", 0.0)
    assert (line.for_host(0.0), line.for_device(0.0)) == (b"xyz", b"")


def test_two_impairments_add_up_and_end_one_by_one() -> None:
    line = Line(Random(1))
    first = line.impair(Impairment(delay_s=1.0))
    line.impair(Impairment(delay_s=2.0))
    line.from_host(b"a", 0.0)
    assert line.next_deadline() == 3.0
    first()
    line.from_host(b"b", 2.0)
    assert line.for_device(3.9) == b"a"
    assert line.for_device(4.0) == b"b"


def test_more_than_can_be_held_is_lost() -> None:
    line = line_with(delay_s=10.0)
    for number in range(HELD_MAX // 1000 + 5):
        line.from_host(bytes(1000), number * 0.001)
    assert len(line.for_device(100.0)) == HELD_MAX // 1000 * 1000


@pytest.mark.parametrize("wrong", [{"loss": 1.5}, {"echo": -0.1}, {"delay_s": -1.0}])
def test_impossible_impairment_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Impairment(**wrong)  # type: ignore[arg-type]


@given(
    pieces=st.lists(st.binary(min_size=1, max_size=20), max_size=20),
    share=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
def test_whatever_a_line_does_it_holds_nothing_back_for_ever(
    pieces: list[bytes], share: float, seed: int
) -> None:
    line = line_with(
        seed, loss=share, duplication=share, reordering=share, jitter_s=share, echo=share
    )
    for number, piece in enumerate(pieces):
        line.from_host(piece, number * 0.01)
        line.from_device(piece, number * 0.01)
    line.for_device(100.0)
    line.for_host(100.0)
    assert line.next_deadline() is None

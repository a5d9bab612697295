"""What a listener makes of the frames that it hears."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.radio.actions import Transmit
from protocol.radio.datagram import FLAG_ACK, FLAG_RETRY
from protocol.radio.frame import Frame, FrameDecoder
from protocol.radio.reliable import ReliableLink
from protocol.radio.traffic import FRESH_S, WAYS_MAX, Sighting, Standing, Traffic
from protocol.values import replace

DATA = Frame(to=1, source=16, id=7, payload=b"NEXT")
REPEAT = replace(DATA, flags=FLAG_RETRY)
ACK = Frame(to=16, source=1, id=7, flags=FLAG_ACK, payload=b"!")

octet = st.integers(0, 255)


def noted(*frames: tuple[Frame, float]) -> list[Sighting]:
    traffic = Traffic()
    return [traffic.note(frame, at_s) for frame, at_s in frames]


def test_acknowledgement_is_of_the_datagram_before_and_tells_the_round_trip() -> None:
    data, answer = noted((DATA, 10.0), (ACK, 10.25))
    assert data == Sighting(standing=Standing.NEW, attempt=1)
    assert answer == Sighting(standing=Standing.ANSWER, attempt=1, round_trip_s=0.25)


def test_repeats_are_counted_and_the_round_trip_begins_at_the_last() -> None:
    traffic = Traffic()
    sightings = [traffic.note(DATA, 0), traffic.note(REPEAT, 1.0), traffic.note(REPEAT, 2.0)]
    assert [seen.attempt for seen in sightings] == [1, 2, 3]
    assert sightings[-1].standing is Standing.REPEAT
    assert traffic.note(ACK, 2.5) == Sighting(standing=Standing.ANSWER, attempt=3, round_trip_s=0.5)
    counts = traffic.ways[16, 1]
    assert (counts.datagrams, counts.transmissions, counts.repeats) == (1, 3, 2)
    assert counts.loss == pytest.approx(2 / 3)
    assert counts.unanswered == 0
    assert traffic.ways[1, 16].acknowledgements == 1
    assert traffic.ways[1, 16].loss is None


@pytest.mark.parametrize(
    ("frames", "standing"),
    [
        ([(REPEAT, 0.0)], Standing.REPEAT_MISSED),
        ([(DATA, 0.0), (DATA, 0.1)], Standing.TWIN),
        ([(DATA, 0.0), (DATA, FRESH_S + 1)], Standing.NEW),
        ([(DATA, 0.0), (replace(REPEAT, payload=b"X"), 0.1)], Standing.REPEAT_MISSED),
        ([(DATA, 0.0), (ACK, 0.1), (ACK, 0.2)], Standing.ANSWER_AGAIN),
        ([(ACK, 0.0)], Standing.STALE),
        ([(DATA, 0.0), (replace(ACK, id=8), 0.1)], Standing.STALE),
        ([(DATA, 0.0), (ACK, FRESH_S + 1)], Standing.STALE),
        ([(replace(DATA, to=255), 0.0)], Standing.NEW),
    ],
)
def test_standing_follows_from_what_was_heard(
    frames: list[tuple[Frame, float]], standing: Standing
) -> None:
    assert noted(*frames)[-1].standing is standing


def test_broadcasts_are_never_unanswered_and_other_datagrams_are() -> None:
    traffic = Traffic()
    traffic.note(replace(DATA, to=255), 0.0)
    traffic.note(DATA, 0.1)
    traffic.note(replace(DATA, id=8), 0.2)
    assert traffic.ways[16, 255].unanswered == 0
    assert traffic.ways[16, 1].unanswered == 2


def test_flood_of_addresses_is_remembered_up_to_its_bound() -> None:
    traffic = Traffic()
    for number in range(WAYS_MAX + 100):
        source, to = divmod(number, 250)
        traffic.note(Frame(to=to, source=source, id=1), float(number))
    assert len(traffic.ways) == WAYS_MAX
    assert (0, 0) not in traffic.ways


def test_retry_meter_of_a_lossy_way_shows_what_is_lost() -> None:
    """A real sender whose acknowledgements are lost with 20 %: repeats are that share of its transmissions."""
    random = Random(5)
    sender, receiver = ReliableLink(16, random), ReliableLink(1, random)
    traffic, at_s = Traffic(), 0.0
    decoder = FrameDecoder()

    def on_line(actions: list[Any]) -> bytes:
        return b"".join(action.octets for action in actions if isinstance(action, Transmit))

    for number in range(500):
        actions = sender.send(1, number.to_bytes(2), number, at_s)
        while sender.next_deadline() is not None:
            for frame in decoder.receive(octets := on_line(actions)):
                traffic.note(frame, at_s)
            answer = on_line(receiver.receive(octets, at_s + 0.01)) if octets else b""
            at_s += 0.02
            if answer and random.random() >= 0.2:
                sender.receive(answer, at_s)
            deadline = sender.next_deadline()
            if deadline is None:
                break
            at_s = max(at_s, deadline)
            actions = sender.tick(at_s)
    counts = traffic.ways[16, 1]
    assert counts.datagrams == 500
    assert counts.loss == pytest.approx(0.2, abs=0.05)


@given(
    st.lists(
        st.tuples(
            st.builds(
                Frame,
                to=st.sampled_from([1, 16, 255]),
                source=st.sampled_from([1, 16, 255]),
                id=st.integers(0, 3),
                flags=octet,
                payload=st.binary(max_size=1),
            ),
            st.floats(0, 40),
        )
    )
)
def test_any_frames_are_followed_and_the_counts_agree(frames: list[tuple[Frame, float]]) -> None:
    traffic, at_s = Traffic(), 0.0
    for frame, later_s in frames:
        at_s += later_s
        traffic.note(frame, at_s)
    counts = list(traffic.ways.values())
    assert sum(c.transmissions + c.acknowledgements for c in counts) == len(frames)
    for c in counts:
        assert 0 <= c.answered <= c.datagrams <= c.transmissions
        assert c.repeats <= c.transmissions

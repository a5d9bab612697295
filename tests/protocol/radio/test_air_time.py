"""Seconds on the air, their share of a sliding hour, and a link that keeps to its limit."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.radio.actions import Action, DutyCycleFell, DutyCycleReached, Transmit
from protocol.radio.air_time import HOUR_S, AirTime
from protocol.radio.frame import Frame, encode_frame
from protocol.radio.options import LinkOptions
from protocol.radio.reliable import ReliableLink


def test_burst_takes_its_octets_and_the_module_s() -> None:
    air = AirTime(9600)
    # What was measured: 11 octets of an acknowledgement 19 ms, 20 octets 27 ms.
    assert air.seconds(11) == pytest.approx(0.019, abs=0.0005)
    assert air.seconds(20) == pytest.approx(0.027, abs=0.0005)


@given(st.lists(st.tuples(st.floats(0, 600), st.integers(1, 5000)), max_size=60))
def test_share_is_never_less_than_that_of_the_last_hour(sends: list[tuple[float, int]]) -> None:
    air = AirTime(9600)
    now_s = 0.0
    sent: list[tuple[float, float]] = []
    for pause_s, octets in sends:
        now_s += pause_s
        air.send(octets, now_s)
        sent.append((now_s, air.seconds(octets)))
        exact_s = sum(air_s for at_s, air_s in sent if at_s > now_s - HOUR_S)
        longest_s = sum(air_s for at_s, air_s in sent if at_s > now_s - HOUR_S - 60)
        assert exact_s - 1e-6 <= air.sent_share(now_s) * HOUR_S <= longest_s + 1e-6
        assert len(air._minutes) <= 61
    assert air.sent_s == pytest.approx(sum(air_s for _, air_s in sent))
    assert air.sent_share(now_s + 2 * HOUR_S) == 0


@given(
    st.lists(st.tuples(st.floats(0, 600), st.integers(1, 5000)), min_size=1, max_size=60),
    st.floats(0.0001, 0.05),
)
def test_share_falls_when_it_is_said_to(sends: list[tuple[float, int]], limit: float) -> None:
    air = AirTime(9600)
    now_s = 0.0
    for pause_s, octets in sends:
        now_s += pause_s
        air.send(octets, now_s)
    if air.sent_share(now_s) < limit:
        return
    falls_s = air.falls_below_s(limit)
    assert falls_s > now_s
    assert air.sent_share(falls_s - 1) >= limit
    assert air.sent_share(falls_s) < limit


def test_link_counts_what_it_sends_and_hears() -> None:
    subject = ReliableLink(1, Random(1), LinkOptions(air_bitrate=4800))
    frame = Frame(to=1, source=2, id=1, payload=b"up")
    wire = encode_frame(frame)
    subject.receive(b"noise" + wire[:5], 0.0)
    subject.receive(wire[5:], 0.1)
    assert subject.air_time.heard_s == pytest.approx((5 + len(wire) + 12) * 8 / 4800)
    assert subject.air_time.sent_s == pytest.approx((11 + 12) * 8 / 4800)


def limited(limit: float = 0.001) -> ReliableLink:
    return ReliableLink(1, Random(1), LinkOptions(duty_cycle_max=limit))


def sent_until_limit(subject: ReliableLink) -> tuple[list[Action], float]:
    """Send to a peer that does not answer until the limit says stop."""
    actions: list[Action] = []
    now_s = 0.0
    for token in range(250):
        actions += subject.send(2 + token % 8, bytes(40), token, now_s)
    while not any(isinstance(action, DutyCycleReached) for action in actions):
        deadline_s = subject.next_deadline()
        assert deadline_s is not None
        now_s = max(now_s, deadline_s)
        actions += subject.tick(now_s)
    return actions, now_s


def test_duty_cycle_reached_lets_only_acknowledgements_out() -> None:
    subject = limited()
    _, now_s = sent_until_limit(subject)
    assert subject.send(3, b"more", 999, now_s) == []
    assert subject.send_broadcast(b"more", now_s) == []
    actions = subject.receive(encode_frame(Frame(to=1, source=2, id=1, payload=b"up")), now_s)
    assert [type(action).__name__ for action in actions] == ["Transmit", "Received"]
    share = subject.air_time.sent_share(now_s)
    assert 0.001 <= share < 0.0011


def test_duty_cycle_that_fell_lets_the_rest_out() -> None:
    subject = limited()
    _, now_s = sent_until_limit(subject)
    quiet: list[Action] = []
    ticks = 0
    while not quiet:
        deadline_s = subject.next_deadline()
        assert deadline_s is not None
        now_s = max(now_s, deadline_s)
        quiet = subject.tick(now_s)
        ticks += 1
    assert isinstance(quiet[0], DutyCycleFell)
    assert isinstance(quiet[1], Transmit)
    assert HOUR_S <= now_s <= HOUR_S + 120
    assert ticks <= 3


def test_duty_cycle_never_passes_its_limit_by_more_than_a_frame() -> None:
    subject = limited(0.002)
    now_s = 0.0
    token = 0
    largest = 0.0
    while now_s < 3 * HOUR_S:
        if subject.next_deadline() is None:
            for _ in range(40):
                token += 1
                subject.send(2 + token % 8, bytes(60), token, now_s)
        deadline_s = subject.next_deadline()
        assert deadline_s is not None
        now_s = max(now_s, deadline_s)
        subject.tick(now_s)
        largest = max(largest, subject.air_time.sent_share(now_s))
    assert 0.002 <= largest <= 0.002 + subject.air_time.seconds(200) / HOUR_S


def test_no_limit_is_watched_where_none_is_given() -> None:
    subject = limited(1.0)
    for token in range(100):
        subject.send(2, bytes(60), token, 0.0)
    while (deadline_s := subject.next_deadline()) is not None:
        assert not any(isinstance(a, DutyCycleReached) for a in subject.tick(deadline_s))

"""Timeouts from round trips, and options that cannot give up on a deaf peer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ConfigError
from protocol.radio.options import RANGES, LinkOptions
from protocol.radio.round_trip import RoundTrip

OPTIONS = LinkOptions()


def test_default_options_outlast_a_deaf_peer() -> None:
    assert OPTIONS.persistence_min_s() > 1.6


@pytest.mark.parametrize("name", RANGES)
def test_option_out_of_its_range_is_refused_by_name(name: str) -> None:
    _, greatest = RANGES[name]
    with pytest.raises(ConfigError, match=f"{name} is .*are allowed"):
        LinkOptions(**{name: greatest + 1})
    with pytest.raises(ConfigError, match=f"{name} is .*are allowed"):
        LinkOptions(**{name: -1})


def test_attempts_that_a_deaf_peer_may_sleep_through_are_refused() -> None:
    with pytest.raises(ConfigError, match="raise attempts_max"):
        LinkOptions(attempts_max=4)
    LinkOptions(attempts_max=4, peer_deaf_s=0)


def test_first_pause_is_short_and_later_ones_grow() -> None:
    least, greatest = OPTIONS.pause_range_s(1, 0.2)
    assert (least, greatest) == (0.0, 0.03)
    later = [OPTIONS.pause_range_s(attempts, 0.2) for attempts in range(2, 7)]
    assert [range_s[0] for range_s in later] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0])
    assert [range_s[1] for range_s in later] == pytest.approx([0.3, 0.6, 1.2, 2.4, 3.0])


def test_least_timeout_above_the_greatest_is_refused() -> None:
    with pytest.raises(ConfigError, match="timeout_min_s"):
        LinkOptions(timeout_min_s=3.0)


def test_first_timeout_is_the_stock_one() -> None:
    assert RoundTrip(OPTIONS).timeout_s(0) == 0.2


def test_steady_round_trips_bring_the_timeout_down_to_them() -> None:
    round_trip = RoundTrip(OPTIONS)
    for _ in range(50):
        round_trip.measured(0.135, 0)
    assert round_trip.mean_s == pytest.approx(0.135)
    assert 0.155 <= round_trip.timeout_s(0) < 0.16


def test_long_payload_after_short_ones_is_waited_for_longer() -> None:
    round_trip = RoundTrip(OPTIONS)
    for _ in range(50):
        round_trip.measured(0.1 + 6 * OPTIONS.octet_s, 6)
    assert round_trip.timeout_s(60) > 0.1 + 60 * OPTIONS.octet_s
    # As the reference says of 9600 bit/s: a millisecond for each octet on each line, and one on the air.
    assert OPTIONS.octet_s == pytest.approx(0.0029, abs=0.0001)


def test_slow_channel_raises_the_timeout_above_its_round_trip() -> None:
    round_trip = RoundTrip(OPTIONS)
    for round_trip_s in (0.262, 0.27, 0.255, 0.29):
        round_trip.measured(round_trip_s, 0)
    assert 0.29 < round_trip.timeout_s(0) < 0.8


def test_answers_to_repeats_double_the_timeout_until_one_is_clear() -> None:
    round_trip = RoundTrip(OPTIONS)
    timeouts = []
    for _ in range(6):
        round_trip.ambiguous(0.1, 0)
        timeouts.append(round_trip.timeout_s(0))
    assert timeouts == pytest.approx([0.4, 0.8, 1.6, 2.0, 2.0, 2.0])
    round_trip.measured(0.5, 0)
    assert round_trip.timeout_s(0) == pytest.approx(1.5)


def test_peer_that_is_away_keeps_the_plain_timeout() -> None:
    round_trip = RoundTrip(OPTIONS)
    round_trip.ambiguous(0.1, 0)
    round_trip.lost()
    assert round_trip.timeout_s(0) == 0.2


def measured() -> RoundTrip:
    round_trip = RoundTrip(OPTIONS)
    for _ in range(50):
        round_trip.measured(0.15, 0)
    return round_trip


def test_lossy_channel_does_not_lengthen_the_timeout() -> None:
    round_trip = measured()
    timeout_s = round_trip.timeout_s(0)
    for _ in range(10):
        round_trip.ambiguous(0.15, 0)
        round_trip.ambiguous(0.15, 0)
        assert round_trip.timeout_s(0) == pytest.approx(timeout_s)
        round_trip.measured(0.15, 0)


@pytest.mark.parametrize("since_attempt_s", [0.01, 0.3])
def test_answer_that_cannot_be_to_the_last_attempt_doubles_the_timeout(
    since_attempt_s: float,
) -> None:
    round_trip = measured()
    timeout_s = round_trip.timeout_s(0)
    round_trip.ambiguous(since_attempt_s, 0)
    assert round_trip.timeout_s(0) == pytest.approx(2 * timeout_s)


def test_peer_that_became_slower_lengthens_the_timeout_in_the_end() -> None:
    round_trip = measured()
    timeout_s = round_trip.timeout_s(0)
    for _ in range(4):
        round_trip.ambiguous(0.12, 0)
    assert round_trip.timeout_s(0) == pytest.approx(4 * timeout_s)
    round_trip.measured(0.5, 0)
    assert 0.2 < round_trip.timeout_s(0) < 1.0


@given(st.lists(st.floats(0, 100) | st.none(), max_size=50))
def test_timeout_stays_within_its_bounds(happenings: list[float | None]) -> None:
    round_trip = RoundTrip(OPTIONS)
    for round_trip_s in happenings:
        if round_trip_s is None:
            round_trip.ambiguous(0.1, 0)
        else:
            round_trip.measured(round_trip_s, 0)
        assert OPTIONS.timeout_min_s <= round_trip.timeout_s(0) <= OPTIONS.timeout_max_s

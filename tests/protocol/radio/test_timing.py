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


def test_least_timeout_above_the_greatest_is_refused() -> None:
    with pytest.raises(ConfigError, match="timeout_min_s"):
        LinkOptions(timeout_min_s=3.0)


def test_first_timeout_is_the_stock_one() -> None:
    assert RoundTrip(OPTIONS).timeout_s == 0.2


def test_steady_round_trips_bring_the_timeout_down_to_them() -> None:
    round_trip = RoundTrip(OPTIONS)
    for _ in range(50):
        round_trip.measured(0.135)
    assert round_trip.mean_s == pytest.approx(0.135)
    assert 0.135 < round_trip.timeout_s < 0.14


def test_slow_channel_raises_the_timeout_above_its_round_trip() -> None:
    round_trip = RoundTrip(OPTIONS)
    for round_trip_s in (0.262, 0.27, 0.255, 0.29):
        round_trip.measured(round_trip_s)
    assert 0.29 < round_trip.timeout_s < 0.8


def test_answers_to_repeats_double_the_timeout_until_one_is_clear() -> None:
    round_trip = RoundTrip(OPTIONS)
    timeouts = []
    for _ in range(6):
        round_trip.ambiguous()
        timeouts.append(round_trip.timeout_s)
    assert timeouts == pytest.approx([0.4, 0.8, 1.6, 2.0, 2.0, 2.0])
    round_trip.measured(0.5)
    assert round_trip.timeout_s == pytest.approx(1.5)


def test_peer_that_is_away_keeps_the_plain_timeout() -> None:
    round_trip = RoundTrip(OPTIONS)
    round_trip.ambiguous()
    round_trip.lost()
    assert round_trip.timeout_s == 0.2


@given(st.lists(st.floats(0, 100) | st.none(), max_size=50))
def test_timeout_stays_within_its_bounds(happenings: list[float | None]) -> None:
    round_trip = RoundTrip(OPTIONS)
    for round_trip_s in happenings:
        if round_trip_s is None:
            round_trip.ambiguous()
        else:
            round_trip.measured(round_trip_s)
        assert OPTIONS.timeout_min_s <= round_trip.timeout_s <= OPTIONS.timeout_max_s

"""Token buckets against a naive model, and which addresses share one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.http.rates import Buckets, client_network


def buckets(**given: int) -> Buckets:
    return Buckets(**({"per_s": 2, "burst": 4, "buckets_max": 100} | given))


def test_burst_passes_and_the_next_waits() -> None:
    held = buckets()
    assert [held.take("a", 0.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.0, 0.5]
    assert held.take("b", 0.0) == 0.0


def test_time_fills_the_bucket_up_to_the_burst() -> None:
    held = buckets()
    for _ in range(4):
        held.take("a", 0.0)
    assert held.take("a", 0.4) > 0
    assert held.take("a", 0.5) == 0.0
    assert [held.take("a", 1000.0) for _ in range(5)].count(0.0) == 4


@given(st.lists(st.floats(min_value=0, max_value=3), max_size=60))
def test_never_more_pass_than_rate_and_burst_allow(gaps: list[float]) -> None:
    held = buckets()
    now = 0.0
    passed: list[float] = []
    for gap in gaps:
        now += gap
        if held.take("a", now) == 0.0:
            passed.append(now)
    for first, began in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= 4 + 2 * (passed[last] - began) + 1e-6


def test_waiting_as_told_is_enough() -> None:
    held = buckets()
    now = 0.0
    for _ in range(50):
        wait = held.take("a", now)
        if wait:
            now += wait + 1e-9
            assert held.take("a", now) == 0.0


def test_buckets_are_bounded_and_the_one_unused_for_longest_goes() -> None:
    held = buckets(buckets_max=2, burst=1)
    assert held.take("a", 0.0) == 0.0
    held.take("b", 0.0)
    assert held.take("a", 0.0) > 0
    held.take("c", 0.0)
    assert len(held) == 2
    assert held.take("a", 0.0) > 0
    assert held.take("b", 0.0) == 0.0


def test_punishment_takes_what_there_is() -> None:
    held = buckets()
    held.punish("a", 0.0, 10.0)
    assert held.take("a", 0.0) == 0.5


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_addresses_of_one_customer_share_a_bucket(host: str, network: str) -> None:
    assert client_network(host) == network

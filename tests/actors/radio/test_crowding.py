"""How full a channel is, and whether those on it mind each other."""

from __future__ import annotations

from random import Random

import pytest

from actors.radio.crowding import REPEATS_OF, REPEATS_QUIET_S, Crowding, RecentAir, Repeats
from actors.radio.trust import LOSSY_TRUST_S, TRUST_S
from protocol.radio.actions import LinkCounts
from protocol.radio.air_time import AirTime
from protocol.radio.reliable import ReliableLink


def test_repeats_of_what_was_heard_do_not_count_as_lost() -> None:
    repeats, counts = Repeats(), LinkCounts()
    for now_s in range(3 * REPEATS_OF):
        # The uplink, and a repeat of it: its acknowledgement came late.
        counts.datagrams_received += 2
        counts.retries_received += 1
        counts.duplicates += 1
        repeats.look(counts, now_s)
    assert repeats.share == 0.0


def test_repeats_of_what_was_not_heard_count_and_are_forgotten_in_a_quiet_time() -> None:
    repeats, counts = Repeats(), LinkCounts()
    for now_s in range(3 * REPEATS_OF):
        counts.datagrams_received += 1
        counts.retries_received += 1
        repeats.look(counts, now_s)
    assert repeats.share > 0.9
    counts.datagrams_received += 1
    repeats.look(counts, now_s + REPEATS_QUIET_S + 1)
    assert repeats.share == 0.0


def test_recent_air_follows_how_busy_the_channel_is() -> None:
    recent, air = RecentAir(10.0), AirTime(9600)
    for step in range(1000):
        air.send(12, step / 10)
        recent.look(step / 10, air)
    assert recent.share == pytest.approx(air.seconds(12) * 10, rel=0.02)
    recent.look(140.0, air)
    assert recent.share < 0.02


def test_channel_is_lossy_from_many_lost_uplinks_on_until_few_are() -> None:
    crowding, link = Crowding(), ReliableLink(1, Random(1))
    found = []
    for losses in (1, 2, 4, 2, 0):
        # Of every six.
        for number in range(40 * 6):
            link.counts.datagrams_received += 1
            link.counts.retries_received += number % 6 < losses
            crowding.look(link, float(link.counts.datagrams_received))
        found.append(crowding.lossy)
    assert found == [False, False, True, True, False]


def test_words_are_spared_where_the_air_is_full_or_much_is_lost_and_longer_there() -> None:
    crowding, link = Crowding(), ReliableLink(1, Random(1))
    assert crowding.trust_s == 0.0
    for tenth in range(100):
        link.air_time.send(40, tenth / 10)
        crowding.look(link, tenth / 10)
    assert (crowding.crowded, crowding.trust_s) == (True, TRUST_S)
    crowding.look(link, 60.0)
    assert (crowding.crowded, crowding.trust_s) == (False, 0.0)
    for number in range(100):
        link.counts.datagrams_received += 1
        link.counts.retries_received += number % 6 == 0
        crowding.look(link, 60.0 + number)
    assert (crowding.crowded, crowding.trust_s) == (False, LOSSY_TRUST_S)


def test_where_less_is_lost_than_is_on_the_air_others_are_minded() -> None:
    """Acknowledgements that come late have devices repeat themselves: the channel is full, and not lossy."""
    crowding, link = Crowding(), ReliableLink(1, Random(1))
    for tenth in range(1000):
        link.air_time.send(70, tenth / 10)
        link.counts.datagrams_received += 1
        link.counts.retries_received += tenth % 5 < 3
        crowding.look(link, tenth / 10)
    assert crowding.crowded
    assert not crowding.lossy

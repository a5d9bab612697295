"""How full a channel is, and whether those on it mind each other."""

from __future__ import annotations

import pytest

from actors.radio.crowding import REPEATS_OF, REPEATS_QUIET_S, RecentAir, Repeats
from protocol.radio.actions import LinkCounts
from protocol.radio.air_time import AirTime


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

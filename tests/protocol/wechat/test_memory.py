"""Memories of callbacks: nothing counts twice, and nothing grows without bound."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import WeChatRefused
from protocol.wechat.memory import IDS_REMEMBERED_S, WINDOW_S, Ids, Signatures

AT = 1795459200


def signature(number: int) -> str:
    return hashlib.sha1(b"%d" % number).hexdigest()


def takes(signatures: Signatures, number: int, timestamp_s: int, now_s: float) -> bool:
    """Use a signature if it may be used; whether it could."""
    try:
        signatures.check_time(timestamp_s, now_s)
    except WeChatRefused:
        return False
    if signatures.was_used(signature(number)):
        return False
    signatures.use(signature(number), timestamp_s, now_s)
    return True


@pytest.mark.parametrize(
    ("away_s", "taken"),
    [(0, True), (300, True), (-300, True), (300.5, False), (-300.5, False), (1e9, False)],
)
def test_timestamp_is_taken_within_the_window_either_way(away_s: float, taken: bool) -> None:
    assert takes(Signatures(), 1, AT, AT + away_s) is taken
    assert WINDOW_S == 300


def test_used_signature_is_known_until_its_timestamp_leaves_the_window() -> None:
    signatures = Signatures()
    assert takes(signatures, 1, AT, AT - 300)
    for now_s in range(AT - 300, AT + 301, 50):
        assert not takes(signatures, 1, AT, now_s)
    assert takes(signatures, 2, AT + 300, AT + 300)
    assert takes(signatures, 3, AT, AT + 300)
    assert takes(signatures, 4, AT + 301, AT + 301)
    assert len(signatures) == 2


def test_clock_that_is_set_back_brings_no_forgotten_signature_back() -> None:
    signatures = Signatures()
    assert takes(signatures, 1, AT, AT)
    assert takes(signatures, 2, AT + 301, AT + 301)
    assert not takes(signatures, 1, AT, AT + 10)
    # What is newer than anything that was forgotten is not hurt by it.
    assert takes(signatures, 3, AT + 1, AT + 10)


def test_signatures_at_the_bound_narrow_the_window_and_are_never_taken_again() -> None:
    signatures = Signatures(most=10)
    for number in range(40):
        assert takes(signatures, number, AT + number // 4, AT + 10)
        assert len(signatures) <= 10
    for number in range(40):
        assert not takes(signatures, number, AT + number // 4, AT + 10)
    # Of the oldest seconds nothing is taken at all any more, new or not.
    assert not takes(signatures, 99, AT + 7, AT + 10)
    assert takes(signatures, 99, AT + 8, AT + 10)


def test_more_signatures_in_one_second_than_fit_are_refused_and_not_repeatable() -> None:
    signatures = Signatures(most=3)
    assert [takes(signatures, number, AT, AT) for number in range(6)] == [True] * 4 + [False] * 2
    assert len(signatures) == 0
    assert takes(signatures, 7, AT + 1, AT)


@given(
    calls=st.lists(
        st.tuples(st.integers(0, 20), st.integers(-400, 400), st.integers(-50, 400)), max_size=80
    ),
    most=st.integers(1, 8),
)
def test_no_signature_is_ever_taken_twice_whatever_the_clock_does(
    calls: list[tuple[int, int, int]], most: int
) -> None:
    signatures = Signatures(most)
    taken = set()
    now_s = AT
    for number, away_s, step_s in calls:
        now_s += step_s
        # A signature is of its timestamp: the number stands for both.
        timestamp_s = AT + 50 * number
        if takes(signatures, number, timestamp_s, now_s + away_s):
            assert number not in taken
            taken.add(number)
        assert len(signatures) <= most


def test_signature_with_another_timestamp_was_used_all_the_same() -> None:
    signatures = Signatures()
    assert takes(signatures, 1, AT, AT)
    assert not takes(signatures, 1, AT + 1, AT)


def test_released_signature_may_be_used_once_more() -> None:
    signatures = Signatures()
    assert takes(signatures, 1, AT, AT)
    for _ in range(2):
        signatures.release(signature(1), AT)
    assert len(signatures) == 0
    assert takes(signatures, 1, AT, AT)
    assert not takes(signatures, 1, AT, AT)
    assert len(signatures) == 1


def test_id_is_new_once_until_its_time_is_over() -> None:
    ids = Ids()
    assert ids.add("a", 0.0)
    assert not ids.add("a", IDS_REMEMBERED_S - 0.1)
    assert ids.add("b", 100.0)
    assert ids.add("a", IDS_REMEMBERED_S)
    assert "b" in ids
    assert len(ids) == 2


def test_ids_at_the_bound_forget_the_oldest_first() -> None:
    ids = Ids(most=3)
    assert all(ids.add(id, 0.0) for id in "abcd")
    assert len(ids) == 3
    assert [id in ids for id in "abcd"] == [False, True, True, True]


def test_id_remembered_outlasts_wechats_three_attempts_by_far() -> None:
    assert IDS_REMEMBERED_S > 3 * 15


@given(
    steps=st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), st.integers(0, 120))),
    most=st.integers(1, 6),
)
def test_ids_stay_within_the_bound_and_released_ones_are_new(
    steps: list[tuple[str, bool, int]], most: int
) -> None:
    ids = Ids(most)
    now_s = 0.0
    for id, releases, step_s in steps:
        now_s += step_s
        if releases:
            ids.release(id)
            assert id not in ids
        else:
            known = id in ids
            assert not (ids.add(id, now_s) and known and now_s < IDS_REMEMBERED_S)
            assert id in ids
        assert len(ids) <= most
        assert len(ids._order) <= most

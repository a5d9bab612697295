"""Openids in a journal can be told apart, and read with the server's key alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import IdentityError
from protocol.ids import FollowerId
from runtime.wechat.followers import FollowerSeal

KEY = bytes(range(32))
OPENID = "oLVPpjqs2BhvzwPj5A-vTYAX4GLc"


@given(st.text(max_size=64))
def test_openid_comes_back(openid: str) -> None:
    seal = FollowerSeal(KEY)
    assert seal.open(seal.seal(openid)) == openid


def test_same_openid_is_sealed_alike_and_another_one_is_not() -> None:
    sealed = FollowerSeal(KEY).seal(OPENID)
    assert FollowerSeal(KEY).seal(OPENID) == sealed
    assert FollowerSeal(KEY).seal(OPENID[:-1] + "d") != sealed
    assert OPENID not in sealed


@pytest.mark.parametrize("said", ["", "AAAA", "不是", "A" * 60])
def test_what_was_not_sealed_is_refused(said: str) -> None:
    with pytest.raises(IdentityError, match="not sealed here"):
        FollowerSeal(KEY).open(FollowerId(said))


def test_another_key_opens_nothing() -> None:
    sealed = FollowerSeal(KEY).seal(OPENID)
    with pytest.raises(IdentityError):
        FollowerSeal(KEY[::-1]).open(sealed)


@given(st.integers(0, 57), st.sampled_from("ABab01-_"))
def test_changed_text_is_refused(place: int, other: str) -> None:
    sealed = FollowerSeal(KEY).seal(OPENID)
    changed = FollowerId(sealed[:place] + other + sealed[place + 1 :])
    if changed != sealed:
        with pytest.raises(IdentityError):
            FollowerSeal(KEY).open(changed)

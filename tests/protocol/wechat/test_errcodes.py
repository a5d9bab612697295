"""Each error code of WeChat has its remedy, and each remedy a code."""

from __future__ import annotations

import pytest

from protocol.wechat.errcodes import REMEDIES, Remedy, remedy


@pytest.mark.parametrize(
    ("wanted", "errcodes"),
    [
        (Remedy.BACK_OFF, {-1}),
        (Remedy.RENEW_TOKEN, {40001, 40014, 42001}),
        (Remedy.DROP, {40003}),
        (Remedy.RESTART_OAUTH, {40029, 40163}),
        (Remedy.UNBIND, {43004}),
        (Remedy.NEVER_AGAIN, {43101}),
        (Remedy.STOP_UNTIL_MIDNIGHT, {45009}),
        (Remedy.NEXT_MINUTE, {45011}),
        (Remedy.OUTSIDE_WINDOW, {45015, 45047}),
        (Remedy.SENT_BEFORE, {45065}),
        (Remedy.ALERT, {40037, 47001, 47003, 48001}),
    ],
)
def test_error_code_has_its_remedy(wanted: Remedy, errcodes: set[int]) -> None:
    assert {errcode for errcode, found in REMEDIES.items() if found is wanted} == errcodes
    assert all(remedy(errcode) is wanted for errcode in errcodes)


def test_every_remedy_has_a_code() -> None:
    assert set(REMEDIES.values()) == set(Remedy)


@pytest.mark.parametrize("errcode", [1, -2, 40002, 40125, 41001, 99999])
def test_unknown_error_code_alerts_and_is_not_repeated(errcode: int) -> None:
    assert remedy(errcode) is Remedy.ALERT


def test_success_is_no_error() -> None:
    with pytest.raises(AssertionError, match="success"):
        remedy(0)

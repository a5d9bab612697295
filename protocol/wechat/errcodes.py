"""What to do about an error of WeChat's interfaces: each ``errcode`` that matters here, and its remedy.

WeChat answers errors with HTTP status 200 and ``{"errcode": 40003, "errmsg": "invalid openid ..."}``. Requests
that got no such answer at all (timeouts, resets, status 5xx, something else than JSON) are `Remedy.BACK_OFF`.

Source: the table of return codes in WeChat's documentation.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

__all__ = ["REMEDIES", "Remedy", "remedy"]


class Remedy(StrEnum):
    """What whoever made a request does next."""

    BACK_OFF = "back_off"
    """WeChat is busy: the same request again, later each time."""
    RENEW_TOKEN = "renew_token"
    """Get the access token anew, and try once more; if that fails too, `ALERT`."""
    DROP = "drop"
    """This request will never be taken; others may."""
    SENT_BEFORE = "sent_before"
    """A request with this ``client_msg_id`` was taken before: it is as good as sent."""
    RESTART_OAUTH = "restart_oauth"
    """The code is used up or too old: send the browser to WeChat for another."""
    UNBIND = "unbind"
    """Nobody is reached by that openid: the person does not follow the account. Forget that it is bound."""
    NEVER_AGAIN = "never_again"
    """The person does not want it: do not try again without a new consent."""
    STOP_UNTIL_MIDNIGHT = "stop_until_midnight"
    """The day's quota of this interface is used up; it begins again at midnight in Beijing."""
    NEXT_MINUTE = "next_minute"
    """The minute's rate is used up: again in the next one."""
    OUTSIDE_WINDOW = "outside_window"
    """A customer-service message came too late after the person's last action, or is one too many: drop it."""
    ALERT = "alert"
    """Somebody must look: configuration, the account's rights, or this program is wrong. Do not repeat it."""


REMEDIES: Mapping[int, Remedy] = MappingProxyType(
    {
        -1: Remedy.BACK_OFF,
        40001: Remedy.RENEW_TOKEN,
        40003: Remedy.DROP,
        40014: Remedy.RENEW_TOKEN,
        40029: Remedy.RESTART_OAUTH,
        40037: Remedy.ALERT,
        40163: Remedy.RESTART_OAUTH,
        42001: Remedy.RENEW_TOKEN,
        43004: Remedy.UNBIND,
        43101: Remedy.NEVER_AGAIN,
        45009: Remedy.STOP_UNTIL_MIDNIGHT,
        45011: Remedy.NEXT_MINUTE,
        45015: Remedy.OUTSIDE_WINDOW,
        45047: Remedy.OUTSIDE_WINDOW,
        45065: Remedy.SENT_BEFORE,
        47001: Remedy.ALERT,
        47003: Remedy.ALERT,
        48001: Remedy.ALERT,
    }
)
"""Codes that are not here are `Remedy.ALERT`: something that nobody expected is not to be repeated blindly."""


def remedy(errcode: int) -> Remedy:
    """Return what to do about ``errcode``, which is not 0 (0 is success)."""
    assert errcode != 0, "0 is success"
    return REMEDIES.get(errcode, Remedy.ALERT)

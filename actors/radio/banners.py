"""Banners: what runs through the windows of a hall, and how it is set while the hall runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from protocol.ids import CounterId
from protocol.messages import Recipient
from protocol.radio.payloads import BRIGHTNESS_MAX
from protocol.values import value

__all__ = ["BannerNotKept", "BannerText", "Banners", "SetBanner"]


@value
class BannerText:
    """What runs through a window (40 octets of GB18030 are kept) and its brightness, 0..100 per cent."""

    text: str
    brightness: int = BRIGHTNESS_MAX


@value
class SetBanner:
    """To a window's terminal: let ``banner`` run through, or what is configured where it is None.

    ``reply_to`` is told the `BannerText` that runs now, as far as it fits, or `BannerNotKept`.
    """

    banner: BannerText | None
    reply_to: Recipient | None = None


@value
class BannerNotKept:
    """Nothing was changed, for it could not be remembered."""

    reason: str


class Banners:
    """What was set in place of what is configured, by counter; it outlives failures and restarts.

    ``kept`` is what was remembered earlier. ``keep`` remembers one, or that there is none any more, before it
    returns, or raises StorageError.
    """

    def __init__(
        self,
        kept: Mapping[CounterId, BannerText] | None = None,
        keep: Callable[[CounterId, BannerText | None], None] = lambda _counter, _banner: None,
    ) -> None:
        self._set = dict(kept or {})
        self._keep = keep

    def get(self, counter: CounterId) -> BannerText | None:
        """Return what was set for the windows of ``counter``, if anything."""
        return self._set.get(counter)

    def set(self, counter: CounterId, banner: BannerText | None) -> None:
        """Have ``banner`` take the place of what was set, or nothing.

        Raises:
            StorageError: that could not be remembered, and was not done.
        """
        if banner == self._set.get(counter):
            return
        self._keep(counter, banner)
        if banner is None:
            self._set.pop(counter, None)
        else:
            self._set[counter] = banner

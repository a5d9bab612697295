"""Banners: what runs through the windows of a hall, and how it is set while the hall runs."""

from protocol.ids import CounterId
from protocol.messages import Recipient
from protocol.radio.payloads import BRIGHTNESS_MAX
from protocol.values import value

__all__ = ["BannerText", "Banners", "SetBanner"]


@value
class BannerText:
    """What runs through a window (40 octets of GB18030 are kept) and its brightness, 0..100 per cent."""

    text: str
    brightness: int = BRIGHTNESS_MAX


@value
class SetBanner:
    """To a window's terminal: let ``banner`` run through; ``reply_to`` is told it, as far as it fits."""

    banner: BannerText
    reply_to: Recipient | None = None


Banners = dict[CounterId, BannerText]
"""What was set while the server ran, in place of what is configured; outlives the failures of windows."""

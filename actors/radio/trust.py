"""Which windows need not confirm what they show while the channel has no room for that: their radio's
acknowledgement is enough then.

Of a window that has confirmed something since it is served and has started, all is known that was sent to it
since then, so that it takes no new datagram for a repeat. But its radio may work while its display does not. So
where the channel is not busy a window is always asked for its word; where it is again after `TRUST_S`, or
after half of that if it is shown nothing newer. One that does not answer is alarmed after as long as any other
(`ALARM_AFTER_S`, `FULL_PATIENCE_S`): within `TRUST_S` and the latter on a crowded channel.
"""

from __future__ import annotations

from collections.abc import Collection

from protocol.ids import TerminalAddress

__all__ = ["LOSSY_TRUST_S", "REST_SHARE", "TRUST_S", "Trust"]

TRUST_S = 120.0
"""For so long after its last word a window's acknowledgements are enough on a crowded channel, where each word
takes 0.05 s of what others wait for."""

LOSSY_TRUST_S = 600.0
"""The same where more is lost than there is on the air, since nobody minds that: each frame more collides with
others. Signs of life come as often, and say what a window shows."""

REST_SHARE = 0.5
"""A window that was sent nothing newer is asked after this share of it."""


class Trust:
    """See the module."""

    def __init__(self) -> None:
        self._words_s: dict[TerminalAddress, float] = {}
        """When each window confirmed something last."""

    def shown(self, window: TerminalAddress, now_s: float) -> None:
        """The window confirmed something."""
        self._words_s[window] = now_s

    def end(self, source: TerminalAddress) -> None:
        """Trust it no more: it may have been restarted, or be another device."""
        self._words_s.pop(source, None)

    def keep(self, served: Collection[TerminalAddress]) -> None:
        """Trust nobody but ``served``."""
        self._words_s = {to: at_s for to, at_s in self._words_s.items() if to in served}

    def lasts(self, window: TerminalAddress, now_s: float, within_s: float) -> bool:
        """Return whether the window has confirmed something within so many seconds."""
        word_s = self._words_s.get(window)
        return word_s is not None and now_s - word_s < within_s

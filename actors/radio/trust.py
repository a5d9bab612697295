"""Which windows need not confirm what they show: their radio's acknowledgement is enough.

Of a window that has confirmed something since it is served and has started, all is known that was sent to it
since then, so that it takes no new datagram for a repeat. Its radio may work while its display does not, so its
word is asked for again after a while.
"""

from __future__ import annotations

from collections.abc import Collection

from protocol.ids import TerminalAddress
from protocol.radio.payloads import Hello, Shown
from protocol.values import value

__all__ = ["TRUST_MAX_S", "TRUST_S", "Trust"]

TRUST_S = 60.0
"""For so long after its last word a window's acknowledgements are enough: one whose radio works and whose
display does not is known by the word that it does not give."""

TRUST_MAX_S = 300.0
"""The same while others wait: each word takes 0.05 s of the channel."""


@value
class _Word:
    """What a window confirmed last: in which of its boots, and when."""

    boot: int
    at_s: float


class Trust:
    """See the module."""

    def __init__(self) -> None:
        self._words: dict[TerminalAddress, _Word] = {}

    def shown(self, window: TerminalAddress, said: Shown, now_s: float) -> None:
        """The window confirmed something."""
        self._words[window] = _Word(boot=said.boot, at_s=now_s)

    def hello(self, source: TerminalAddress, said: Hello) -> bool:
        """The device said hello; return whether it may be another one, or was restarted and forgot all."""
        word = self._words.get(source)
        if word is not None and word.boot == said.boot and said.version:
            return False
        self._words.pop(source, None)
        return True

    def end(self, source: TerminalAddress) -> None:
        """Trust it no more."""
        self._words.pop(source, None)

    def keep(self, served: Collection[TerminalAddress]) -> None:
        """Trust nobody but ``served``."""
        self._words = {to: word for to, word in self._words.items() if to in served}

    def lasts(self, window: TerminalAddress, now_s: float, *, others_wait: bool) -> bool:
        """Return whether the window's acknowledgement is enough now."""
        word = self._words.get(window)
        bound_s = TRUST_MAX_S if others_wait else TRUST_S
        return word is not None and now_s - word.at_s < bound_s

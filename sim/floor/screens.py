"""Screens of a hall: the large one and a kiosk's, each a page in a browser that connects again by itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from actors.building import HallParts
from protocol.ids import KioskId
from protocol.messages import Announced, DisplayChanged, DisplayedCall, KioskChanged, Unwatch, Watch
from sim.site import Site

CONNECT_S = 2.0
"""A page connects again within so long after the process is back."""

ANNOUNCED_KEPT = 100


class LargeScreen:
    """The hall's large screen with its voice. While ``off`` is set it shows nothing and hears nothing.

    ``changed`` are called when what it shows has changed, ``heard`` with each announcement.
    """

    def __init__(self, site: Site) -> None:
        self.calls: tuple[DisplayedCall, ...] = ()
        self.announced: deque[Announced] = deque(maxlen=ANNOUNCED_KEPT)
        self.changed: list[Callable[[], object]] = []
        self.heard: list[Callable[[Announced], object]] = []
        self.off = False
        self._site = site
        site.on_start.append(self._connect_later)
        if site.running:
            self._connect_later(site.parts)

    def __repr__(self) -> str:
        return "<large screen>"

    def switch(self, *, off: bool) -> None:
        """Take its power away, or give it back: then it connects and shows what is called by then."""
        if self.off == off:
            return
        self.off = off
        if off:
            if self._site.running:
                self._site.parts.display.tell(Unwatch(recipient=self))
            self._show(())
        elif self._site.running:
            self._connect_later(self._site.parts)

    def tell(self, message: object, /) -> None:
        """Take what the display says."""
        if self.off:
            return
        if isinstance(message, DisplayChanged):
            self._show(message.calls)
        elif isinstance(message, Announced):
            self.announced.append(message)
            for hear in self.heard:
                hear(message)

    def _show(self, calls: tuple[DisplayedCall, ...]) -> None:
        if calls != self.calls:
            self.calls = calls
            for look in self.changed:
                look()

    def _connect_later(self, parts: HallParts) -> None:
        outside = self._site.outside
        delay_s = outside.random.uniform(0.0, CONNECT_S)
        outside.call_later(delay_s, lambda: self._connect(parts))

    def _connect(self, parts: HallParts) -> None:
        if self._site.running and parts is self._site.parts and not self.off:
            parts.display.tell(Watch(recipient=self))


class KioskScreen:
    """What a kiosk shows beside its menu: tickets without paper. ``changed`` are called upon changes."""

    def __init__(self, site: Site, kiosk: KioskId) -> None:
        self.kiosk = kiosk
        self.shows = KioskChanged(kiosk=kiosk, unprinted=(), failure=None)
        self.changed: list[Callable[[KioskScreen], object]] = []
        self._site = site
        site.on_start.append(self._connect_later)
        if site.running:
            self._connect_later(site.parts)

    def __repr__(self) -> str:
        return f"<screen of kiosk {self.kiosk}>"

    def tell(self, message: object, /) -> None:
        """Take what the kiosk says."""
        assert isinstance(message, KioskChanged)
        if message != self.shows:
            self.shows = message
            for look in self.changed:
                look(self)

    def _connect_later(self, parts: HallParts) -> None:
        outside = self._site.outside
        delay_s = outside.random.uniform(0.0, CONNECT_S)
        outside.call_later(delay_s, lambda: self._connect(parts))

    def _connect(self, parts: HallParts) -> None:
        if self._site.running and parts is self._site.parts:
            parts.kiosks[self.kiosk].tell(Watch(recipient=self))

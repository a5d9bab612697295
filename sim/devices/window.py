"""A window display: shows what it is told, lets a text run through, and says so."""

from __future__ import annotations

from protocol.radio.actions import Action
from protocol.radio.payloads import Banner, DeviceKind, Downlink, Show, ShowMany, WindowState
from sim.devices.radio import RadioDevice


class Window(RadioDevice):
    """A window display.

    ``shows`` is what people see: nothing after a start; ``banner`` is what runs through below. While ``stuck``
    is set its radio works but its display does not, so it confirms nothing. ``changes`` counts what it was told
    to show.
    """

    kind = DeviceKind.WINDOW

    def _start(self) -> None:
        super()._start()
        self.shows: Show | None = None
        self.banner: Banner | None = None
        self.stuck = False
        self.changes = 0

    @property
    def text(self) -> str:
        """The text that people see."""
        return "" if self.shows is None else self.shows.text

    @property
    def state(self) -> WindowState:
        """The state that people see."""
        return WindowState.IDLE if self.shows is None else self.shows.state

    def _take(self, payload: Downlink, now: float) -> list[Action]:
        if self.stuck:
            return []
        match payload:
            case Show():
                return self._show(payload, now)
            case ShowMany(entries=entries):
                actions: list[Action] = []
                for entry in entries:
                    if entry.address == self.address:
                        show = Show(version=entry.version, state=entry.state, text=entry.text)
                        actions += self._show(show, now)
                return actions
            case Banner(version=version):
                self.banner = payload
                return self._confirm(version, now)
            case _:
                return []

    def _show(self, show: Show, now: float) -> list[Action]:
        self.changes += show != self.shows
        self.shows = show
        # A repeat is confirmed as well: the first confirmation was lost.
        return self._confirm(show.version, now)

"""A window display: shows what it is told, lets a text run through, and says so."""

from __future__ import annotations

from protocol.radio.actions import Action
from protocol.radio.payloads import Banner, DeviceKind, Downlink, Show, ShowMany, WindowState
from protocol.values import replace
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
            case Show(confirm=confirm):
                self._show(payload)
                return self._confirm(payload.version, now) if confirm else []
            case ShowMany(entries=entries):
                for entry in entries:
                    if entry.address == self.address:
                        show = Show(version=entry.version, state=entry.state, text=entry.text)
                        self._show(show)
                return []
            case Banner(version=version):
                self.banner = payload
                return self._confirm(version, now)
            case _:
                return []

    def _show(self, show: Show) -> None:
        show = replace(show, confirm=True)
        self.changes += show != self.shows
        self.shows = show
        self.version = show.version
        self._is_noticed(show)

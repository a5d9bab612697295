"""A window display: shows what it is told and says so."""

from __future__ import annotations

from protocol.radio.actions import Action
from protocol.radio.payloads import DeviceKind, Downlink, Show, Shown, WindowState
from sim.devices.radio import RadioDevice

SHOWN_TOKEN = 1


class Window(RadioDevice):
    """A window display.

    ``shows`` is what people see: nothing after a start. While ``stuck`` is set its radio works but its
    display does not, so it confirms nothing. ``changes`` counts what it was told to show.
    """

    kind = DeviceKind.WINDOW

    def _start(self) -> None:
        super()._start()
        self.shows: Show | None = None
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
        if self.stuck or not isinstance(payload, Show):
            return []
        self.changes += payload != self.shows
        self.shows = payload
        # A repeat is confirmed as well: the first confirmation was lost.
        return self._send(Shown(boot=self.boot, version=payload.version), SHOWN_TOKEN, now)

"""A window's terminal: its device shows what the hall says of the counter, and lets a banner run through."""

from __future__ import annotations

from datetime import datetime

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.radio.banners import BannerNotKept, Banners, BannerText, SetBanner
from actors.radio.delivery import Deliverable, Delivery
from actors.radio.terminal import TerminalActor
from actors.radio.troubles import Trouble
from protocol.errors import StorageError
from protocol.hall import Terminal
from protocol.ids import GatewayId
from protocol.messages import CounterChanged, WatchCounter
from protocol.radio.payloads import BRIGHTNESS_MAX, VERSIONS, Banner, Show, WindowState, fit_text
from protocol.tickets import CounterMode, TicketState

BANNER_ALARM_AFTER_S = 60.0
"""Nobody waits for a banner."""


class WindowTerminal(TerminalActor):
    """See the module. Raises the alarms ``window/{counter}`` and ``window/{counter}/banner``."""

    def __init__(
        self,
        place: Place,
        terminal: Terminal,
        home: GatewayId,
        gateway: Ref[Actor],
        alarms: Ref[Actor],
        hall: Ref[Actor],
        banners: Banners,
    ) -> None:
        super().__init__(place, terminal, home, gateway, alarms)
        self._hall = hall
        self._banners = banners
        # Not from 1: the device may still show a version of that number from before a restart.
        self._version = self.random.randrange(1, VERSIONS)
        self._call: tuple[int, datetime | None] = (0, None)
        """How often the customer was called that it shows, and when at first."""
        self._display = Delivery(self, Trouble.UNCONFIRMED, self._describe)
        self._banner = Delivery(
            self,
            Trouble.BANNER_UNCONFIRMED,
            lambda _banner: "does not confirm its banner: see whether its firmware has banners",
            alarm_after_s=BANNER_ALARM_AFTER_S,
        )
        self._deliveries = (self._display, self._banner)

    def on_start(self) -> None:
        """Follow the counter, and show the banner if there is one."""
        super().on_start()
        counter = self._counter_id
        self._hall.tell(WatchCounter(counter=counter, recipient=self._actor_ref))
        banner = self._banners.get(counter) or self._configured
        if banner is not None:
            self._show_banner(banner)

    @property
    def _configured(self) -> BannerText | None:
        """The banner that the configuration names, if it does."""
        terminal = self._terminal
        if terminal.banner is None and terminal.brightness is None:
            return None
        brightness = BRIGHTNESS_MAX if terminal.brightness is None else terminal.brightness
        return BannerText(text=terminal.banner or "", brightness=brightness)

    @property
    def _banner_shown(self) -> BannerText | None:
        banner = self._banner.wanted
        if not isinstance(banner, Banner):
            return None
        return BannerText(text=banner.text, brightness=banner.brightness)

    def _next_version(self) -> int:
        """Return the next version; 0 is what a device says that has just started."""
        self._version = self._version % (VERSIONS - 1) + 1
        return self._version

    @receives(CounterChanged)
    def _take_change(self, change: CounterChanged) -> None:
        state, text = _view(change)
        # A further recall looks the same and is shown anew all the same; so is a call of the same customer for
        # the next service.
        shown, call = self._display.wanted, (change.calls, change.called_at)
        if isinstance(shown, Show) and (state, text, call) == (shown.state, shown.text, self._call):
            return
        self._call = call
        self._display.want(Show(version=self._next_version(), state=state, text=text))

    @receives(SetBanner)
    def _set_banner(self, message: SetBanner) -> None:
        given, answer = message.banner, message.reply_to
        if given is not None:
            given = BannerText(text=fit_text(given.text), brightness=given.brightness)
        try:
            self._banners.set(self._counter_id, given)
        except StorageError as error:
            if answer is not None:
                told(answer, BannerNotKept(reason=str(error)))
            return
        shown = given or self._configured or BannerText(text="")
        self._show_banner(shown)
        if answer is not None:
            told(answer, shown)

    def _show_banner(self, banner: BannerText) -> None:
        version, text = self._next_version(), fit_text(banner.text)
        self._banner.want(Banner(version=version, brightness=banner.brightness, text=text))

    def _describe(self, show: Deliverable) -> str:
        assert isinstance(show, Show)
        return (
            f"does not confirm what it shows ({show.state.name.lower()} {show.text}): see whether it is"
            " switched on and in reach"
        )


def _view(change: CounterChanged) -> tuple[WindowState, str]:
    """Return how a window shows a counter: its customer before all else."""
    if change.number is not None and change.ticket_state is not None:
        if change.ticket_state is TicketState.SERVING:
            state = WindowState.SERVING
        else:
            state = WindowState.RECALL if change.calls > 1 else WindowState.CALLED
        return state, fit_text(change.number)
    if change.mode is CounterMode.PAUSED:
        return WindowState.PAUSED, fit_text(change.reason)
    if change.mode is CounterMode.CLOSED:
        return WindowState.CLOSED, ""
    return WindowState.IDLE, ""

"""A window's terminal: its device shows what the hall says of the counter, or an alarm is raised.

    changed --> sent --acknowledged, confirmed--> confirmed
                 ^  |
        pause over  | not acknowledged, or acknowledged and not confirmed
                 |  v
                pausing        5 s after the change: alarm, cleared by the confirmation

Only the newest view is ever sent. The radio's acknowledgement does not count: the device confirms
the version that it shows.
"""

from __future__ import annotations

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.radio.gateway import ChannelUp
from actors.radio.terminal import TerminalActor
from actors.world import Timer
from protocol.errors import ProtocolError
from protocol.hall import Terminal
from protocol.messages import (
    ClearAlarm,
    CounterChanged,
    DownlinkEnded,
    RaiseAlarm,
    UplinkReceived,
    WatchCounter,
)
from protocol.radio.payloads import (
    Hello,
    KeyPress,
    Show,
    Shown,
    Uplink,
    WindowState,
    fit_text,
)
from protocol.tickets import CounterMode, TicketState
from protocol.values import value

ALARM_AFTER_S = 5.0
"""How long a change may stay unconfirmed before a person is called."""

PAUSE_FIRST_S = 0.5
PAUSE_MAX_S = 30.0
"""The first and the longest pause before the view is sent again; each is twice the one before."""

DOWNLINK_MAX_S = 30.0
"""How long the gateway may take over one downlink; after that it has lost it, in a restart."""

VERSIONS = 65536


@value
class _PauseElapsed:
    """The view that was sent as ``token`` may be sent again."""

    token: int


@value
class _AlarmDue:
    """The change that began to wait at ``since_s`` is late, if it still waits."""

    since_s: float


class WindowTerminal(TerminalActor):
    """See the module. Raises the alarm ``window/{counter}``."""

    def __init__(
        self,
        place: Place,
        terminal: Terminal,
        gateway: Ref[Actor],
        hall: Ref[Actor],
        alarms: Ref[Actor],
    ) -> None:
        super().__init__(place, terminal, gateway, alarms)
        self._hall = hall
        # Not from 1: the device may still show a version of that number from before a restart.
        self._show = Show(version=self.random.randrange(VERSIONS), state=WindowState.IDLE)
        self._calls = 0
        self._waiting_since_s: float | None = None
        """When the oldest change that is not confirmed was made; None if all is confirmed."""
        self._sent_version: int | None = None
        """The version that the gateway is sending now."""
        self._token = 0
        self._pause_s = PAUSE_FIRST_S
        self._pause: Timer | None = None
        self._alarm_timer: Timer | None = None
        self._alarmed = False

    def on_start(self) -> None:
        """Follow the counter. An alarm that a failed predecessor left is raised anew if need be."""
        told(self._alarms, ClearAlarm(alarm=self._alarm))
        watch = WatchCounter(counter=self._terminal.counter, recipient=self._actor_ref)
        self._hall.tell(watch)

    # -- what should be shown ---------------------------------------------------------------

    @receives(CounterChanged)
    def _take_change(self, change: CounterChanged) -> None:
        state, text = _view(change)
        # A further recall looks the same and is shown anew all the same.
        same = (state, text, change.calls) == (self._show.state, self._show.text, self._calls)
        if same and self._token:
            return
        self._calls = change.calls
        self._show = Show(version=(self._show.version + 1) % VERSIONS, state=state, text=text)
        self._unconfirm()
        if self._sent_version is None:
            self._send_view()

    def _unconfirm(self) -> None:
        """Wait for a confirmation from now on, unless one is waited for already."""
        if self._waiting_since_s is None:
            since_s = self._waiting_since_s = self.monotonic
            self._alarm_timer = self.later(ALARM_AFTER_S, _AlarmDue(since_s=since_s))

    # -- sending ----------------------------------------------------------------------------

    def _send_view(self) -> None:
        self._token += 1
        self._sent_version = self._show.version
        self._pause_for(DOWNLINK_MAX_S)
        self._send(self._show, self._token, self._actor_ref)

    @receives(DownlinkEnded)
    def _sent(self, message: DownlinkEnded) -> None:
        if message.token != self._token or self._sent_version is None:
            return
        outdated = self._sent_version != self._show.version
        self._sent_version = None
        if self._waiting_since_s is None:
            self._cancel_pause()
        elif outdated and message.acknowledged:
            self._send_view()
        else:
            self._pause_for(self._pause_s * self.random.uniform(0.75, 1.25))
            self._pause_s = min(self._pause_s * 2, PAUSE_MAX_S)

    def _pause_for(self, delay_s: float) -> None:
        self._cancel_pause()
        self._pause = self.later(delay_s, _PauseElapsed(token=self._token))

    def _cancel_pause(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    @receives(_PauseElapsed)
    def _pause_over(self, message: _PauseElapsed) -> None:
        if message.token == self._token and self._waiting_since_s is not None:
            self._send_view()
            if self._alarmed:
                self._raise_alarm()

    def _send_soon(self) -> None:
        """Send what is unconfirmed without waiting out the pause: the device can be reached again."""
        self._pause_s = PAUSE_FIRST_S
        if self._waiting_since_s is not None and self._sent_version is None:
            self._send_view()

    @receives(ChannelUp)
    def _channel_up(self, _message: ChannelUp) -> None:
        self._send_soon()

    # -- what is shown ----------------------------------------------------------------------

    def _take_payload(self, payload: Uplink, uplink: UplinkReceived) -> None:
        match payload:
            case Shown(version=version) if version == self._show.version:
                self._confirm()
            case Shown():
                # Either on its way to the newest version, or it has lost what it confirmed.
                if self._waiting_since_s is None:
                    self._unconfirm()
                    self._send_soon()
            case Hello(boot=boot):
                if boot != self._boot and self._token:
                    self._unconfirm()
                self._send_soon()
            case KeyPress():
                raise ProtocolError("it sent a key press, and is a window")

    def _confirm(self) -> None:
        self._waiting_since_s = None
        self._sent_version = None
        self._pause_s = PAUSE_FIRST_S
        self._cancel_pause()
        if self._alarm_timer is not None:
            self._alarm_timer.cancel()
            self._alarm_timer = None
        if self._alarmed:
            self._alarmed = False
            told(self._alarms, ClearAlarm(alarm=self._alarm))

    @receives(_AlarmDue)
    def _late(self, message: _AlarmDue) -> None:
        if message.since_s == self._waiting_since_s:
            self._alarmed = True
            self._raise_alarm()

    @property
    def _alarm(self) -> str:
        return f"window/{self._terminal.counter}"

    def _raise_alarm(self) -> None:
        detail = (
            f"the window of counter {self._terminal.counter} (radio address"
            f" {self._terminal.address}) does not confirm what it shows"
            f" ({self._show.state.name.lower()} {self._show.text}): see whether it is switched on"
            " and in reach"
        )
        told(self._alarms, RaiseAlarm(alarm=self._alarm, detail=detail))


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

"""The newest of what a device is to show or do, sent until the device confirms its version.

    wanted --> sent --acknowledged, confirmed--> confirmed
                ^  |
       pause over  | not acknowledged, or acknowledged and not confirmed
                |  v
               pausing        some time after it was wanted: alarm, ended by the confirmation

The radio's acknowledgement does not count, unless the gateway knows that it is enough: the device confirms the
version. Where it was enough, the device is asked later all the same (`DownlinkEnded.word_after_s`).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Protocol

from actors.radio.troubles import Trouble
from actors.world import Timer
from protocol.messages import DownlinkEnded, DownlinkTold
from protocol.radio.payloads import Announce, Banner, Invite, Show
from protocol.values import value

__all__ = [
    "ALARM_AFTER_S",
    "Deliverable",
    "Delivery",
    "Late",
    "Outlet",
    "PauseElapsed",
]

ALARM_AFTER_S = 10.0
"""How long something may stay unconfirmed before a person is called, unless broadcasts have told it."""

PAUSE_FIRST_S = 0.5
PAUSE_MAX_S = 30.0
"""The first and the longest pause before it is sent again; each is twice the one before."""

CONFIRMS_WITHIN_S = 1.5
"""How long a device whose radio acknowledged may take to confirm."""

DOWNLINK_MAX_S = 30.0
"""How long the gateway may take over one downlink that no broadcast has told; after that it has lost it, in a
restart."""

SENT_MAX = 8
"""So many of the last versions are known when the device confirms one that is not the newest."""

Deliverable = Show | Banner | Invite | Announce


@value
class PauseElapsed:
    """What was sent as ``token`` may be sent again."""

    trouble: Trouble
    token: int


@value
class Late:
    """What began to wait at ``since_s`` is late, if it still waits."""

    trouble: Trouble
    since_s: float


class Outlet(Protocol):
    """What a delivery needs of its terminal's actor."""

    @property
    def monotonic(self) -> float: ...
    @property
    def random(self) -> Random: ...
    def later(self, delay_s: float, message: object) -> Timer: ...

    def deliver(self, payload: Deliverable, *, word: bool) -> int:
        """Send ``payload``; return the token with which its end is told.

        With ``word`` the device's own word is asked for in any case.
        """
        ...

    def begin_trouble(self, trouble: Trouble, detail: str) -> None:
        """Raise an alarm, or renew its detail."""
        ...

    def end_trouble(self, trouble: Trouble) -> None:
        """Clear the alarm, if it was raised."""
        ...


class Delivery:
    """See the module. ``trouble`` names it among its terminal's; ``describe`` says what is not confirmed."""

    def __init__(
        self,
        outlet: Outlet,
        trouble: Trouble,
        describe: Callable[[Deliverable], str],
        *,
        alarm_after_s: float = ALARM_AFTER_S,
    ) -> None:
        self.trouble = trouble
        self.wanted: Deliverable | None = None
        """What the device is to show or do; nothing if it may do as it likes."""
        self._outlet = outlet
        self._describe = describe
        self._alarm_after_s = alarm_after_s
        self._waiting_since_s: float | None = None
        """Since when something is wanted and not confirmed; None if all is confirmed."""
        self._wanted_s = 0.0
        """When the newest was wanted."""
        self._sent_version: int | None = None
        """The version that the gateway is sending now."""
        self._token = 0
        self._sent: dict[int, int] = {}
        """The last versions that were sent since all was confirmed, by their tokens."""
        self._pause_s = PAUSE_FIRST_S
        self._pause: Timer | None = None
        self._late_timer: Timer | None = None
        self._late_s = 0.0
        """When it rings, or has rung."""
        self._alarmed = False
        self._word = False
        """Whether only the device's own word ends the waiting, as while the alarm is raised."""

    @property
    def waiting(self) -> bool:
        """Whether the device has not confirmed what is wanted."""
        return self._waiting_since_s is not None

    def want(self, payload: Deliverable) -> None:
        """Have ``payload`` delivered in place of what was wanted before."""
        self.wanted, self._wanted_s = payload, self._outlet.monotonic
        self.unconfirm()
        # The gateway sends the newest alone, unless an older one is on the air already.
        self._send()

    def drop(self) -> None:
        """Want nothing any more. An alarm stays until the device says something of what it has done."""
        self.wanted = None
        self._rest()

    def unconfirm(self) -> None:
        """Wait for a confirmation from now on, unless one is waited for already, or nothing is wanted."""
        if self._waiting_since_s is None and self.wanted is not None:
            self._waiting_since_s = self._outlet.monotonic
            self._late_at(self._waiting_since_s + self._alarm_after_s)

    def reachable(self) -> None:
        """Count what waits from now on: the gateway's alarm, which stood for ours, is over."""
        self._alarmed = False
        if self._waiting_since_s is not None:
            self._stop_counting()
            self.unconfirm()

    def send_soon(self) -> None:
        """Send what is unconfirmed without waiting out the pause: the device can be reached again."""
        self._pause_s = PAUSE_FIRST_S
        if self._waiting_since_s is not None and self._sent_version is None:
            self._send()

    def confirmed(self, version: int) -> bool:
        """Take a device's word that it shows or has done ``version``; return whether that is the newest."""
        confirmed = self.wanted is not None and version == self.wanted.version
        if confirmed:
            self._rest()
        elif version in self._sent.values():
            self._count_anew()
        if self._alarmed and (confirmed or self.wanted is None):
            self._alarmed = False
            self._outlet.end_trouble(self.trouble)
        return confirmed

    def _rest(self) -> None:
        self._stop_counting()
        self._sent.clear()
        self._word = False
        self._sent_version = None
        self._pause_s = PAUSE_FIRST_S
        self._cancel_pause()

    def _late_at(self, at_s: float) -> None:
        """Count what waits as late from ``at_s`` on."""
        assert self._waiting_since_s is not None
        if self._late_timer is not None:
            self._late_timer.cancel()
        self._late_s = at_s
        late = Late(trouble=self.trouble, since_s=self._waiting_since_s)
        self._late_timer = self._outlet.later(max(at_s - self._outlet.monotonic, 0.0), late)

    def _count_anew(self) -> None:
        """The device has what was wanted a moment ago: the newest has waited since it was wanted itself."""
        self._sent = {token: sent for token, sent in self._sent.items() if token == self._token}
        if self._waiting_since_s is not None and not self._alarmed:
            patience_s = self._late_s - self._waiting_since_s
            self._waiting_since_s = self._wanted_s
            self._late_at(self._waiting_since_s + patience_s)

    def _stop_counting(self) -> None:
        self._waiting_since_s = None
        if self._late_timer is not None:
            self._late_timer.cancel()
            self._late_timer = None

    # -- sending ----------------------------------------------------------------------------

    def _send(self) -> None:
        assert self.wanted is not None
        self._sent_version = self.wanted.version
        self._token = self._outlet.deliver(self.wanted, word=self._word or self._alarmed)
        self._sent[self._token] = self.wanted.version
        if len(self._sent) > SENT_MAX:
            del self._sent[next(iter(self._sent))]
        self._pause_for(DOWNLINK_MAX_S)

    def told(self, message: DownlinkTold) -> None:
        """Take a gateway's word that broadcasts have told the device; it will be asked for its own later."""
        if message.token != self._token or self._sent_version is None:
            return
        self._pause_for(message.patience_s)
        if self._waiting_since_s is not None and not self._alarmed:
            self._late_at(self._waiting_since_s + message.patience_s)

    def ended(self, message: DownlinkEnded) -> None:
        """Take a gateway's word of a downlink, which may not be ours."""
        if message.delivered and message.token != self._token and message.token in self._sent:
            self._count_anew()
        if message.token != self._token or self._sent_version is None or self.wanted is None:
            return
        if message.delivered:
            self.confirmed(self._sent_version)
            self._pause_for(message.word_after_s)
            return
        self._sent_version = None
        if self._waiting_since_s is None:
            self._cancel_pause()
            return
        answer_s = self._outlet.monotonic + self._alarm_after_s
        if answer_s < self._late_s and not self._alarmed:
            self._late_at(answer_s)
        pause_s = self._pause_s
        if message.acknowledged:
            # Its confirmation may wait for a free channel; the same once more would only fill that.
            pause_s = max(pause_s, CONFIRMS_WITHIN_S)
        self._pause_for(pause_s * self._outlet.random.uniform(0.75, 1.25))
        self._pause_s = min(self._pause_s * 2, PAUSE_MAX_S)

    def _pause_for(self, delay_s: float) -> None:
        self._cancel_pause()
        elapsed = PauseElapsed(trouble=self.trouble, token=self._token)
        self._pause = self._outlet.later(delay_s, elapsed)

    def _cancel_pause(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def pause_elapsed(self, message: PauseElapsed) -> None:
        """Send it once more, if it still waits, or if the device itself has not said that it has it."""
        if message.token != self._token or self.wanted is None:
            return
        self._word = self._word or not self.waiting
        self.unconfirm()
        self._send()
        if self._alarmed:
            self._raise_alarm()

    def late(self, message: Late) -> None:
        """Call a person, if it still waits."""
        if message.since_s == self._waiting_since_s:
            self._alarmed = True
            self._raise_alarm()

    def _raise_alarm(self) -> None:
        assert self.wanted is not None
        self._outlet.begin_trouble(self.trouble, self._describe(self.wanted))

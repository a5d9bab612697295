"""What may be wrong with a terminal, and what its heartbeats tell of that.

Each trouble is an alarm, ``terminal/{gateway}/{address}/{trouble}``, that ends by itself:

    low-battery   under the configured voltage; ends 100 mV above it, or on the mains
    silent        nothing was heard for the configured time, and a gateway listened; ends with the next word
    restarted     its boot number changed; ends after ten minutes without another restart
    twins         two hardware numbers take turns at one address; ends once they do no more
    flood         more was sent than a terminal may; ends a minute after the last of it
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from actors.world import Timer
from protocol.hall import Terminal
from protocol.radio.payloads import Hello, Supply
from protocol.values import value

__all__ = ["Condition", "Trouble", "TroubleOver", "WordAwaited"]

BATTERY_RECOVERED_MV = 100
"""So much above the threshold a battery is good again: its voltage wavers with every sending."""

RESTART_SHOWN_S = 600.0

FLOOD_SHOWN_S = 60.0

ROUNDING_S = 1e-3
"""What is left of a bound below this is rounding: waiting for it might not move the clock at all."""

BURST_MAX = 20
"""Payloads that a terminal may send at once: what it had to say while nobody heard it."""

FLOODER_PER_MINUTE = 6
"""A terminal that floods is listened to so often, until it has ebbed. Each answer takes air time, and up to
seven attempts where nobody is there to acknowledge it."""

DEVICES_MAX = 4
"""Hardware numbers that are remembered of one address."""


class Trouble(StrEnum):
    """What may be wrong with a terminal."""

    REFUSED = "refused"
    """Its last payload was one that it should not have sent."""
    LOW_BATTERY = "low-battery"
    SILENT = "silent"
    RESTARTED = "restarted"
    TWINS = "twins"
    FLOOD = "flood"
    UNCONFIRMED = "unconfirmed"
    """It does not confirm what it is to show or do."""
    BANNER_UNCONFIRMED = "banner-unconfirmed"


@value
class WordAwaited:
    """The terminal should have said something by now."""


@value
class TroubleOver:
    """If it did not come again, ``trouble`` is over."""

    trouble: Trouble


class Condition:
    """How a device is, as far as it has said so; raises and ends troubles.

    ``begin`` is called with a trouble and what a person should know of it, ``end`` with one that is over,
    ``later`` has a message told to the terminal's actor, which passes it on to `word_awaited` or `over`.
    """

    def __init__(
        self,
        terminal: Terminal,
        begin: Callable[[Trouble, str], None],
        end: Callable[[Trouble], None],
        later: Callable[[float, object], Timer],
        now_s: float,
    ) -> None:
        self.device = 0
        """The hardware number that was heard last; 0 if none was."""
        self.supply = Supply.UNKNOWN
        self.battery_mv: int | None = None
        self.restarts = 0
        self.flooded = 0
        """Payloads left aside."""
        self._terminal = terminal
        self._begin = begin
        self._end = end
        self._later = later
        self._boot: int | None = None
        self._heard_s = now_s
        self._devices: dict[int, float] = {}
        """When each was heard last."""
        self._due_s: dict[Trouble, float] = {}
        """When the troubles end that end with time."""
        self._burst = float(min(terminal.uplinks_per_minute, BURST_MAX))
        self._allowance = self._burst
        self._allowed_s = now_s
        later(terminal.silent_after_s, WordAwaited())

    # -- silence and flood ------------------------------------------------------------------

    def heard(self, now_s: float) -> bool:
        """Note that something was heard; return whether that is within what a terminal may send."""
        self._heard_s = now_s
        self._end(Trouble.SILENT)
        most = self._terminal.uplinks_per_minute
        per_minute = FLOODER_PER_MINUTE if Trouble.FLOOD in self._due_s else most
        earned = (now_s - self._allowed_s) * per_minute / 60
        self._allowance = min(self._burst, self._allowance + earned)
        self._allowed_s = now_s
        if self._allowance >= 1:
            self._allowance -= 1
            return True
        self.flooded += 1
        detail = (
            f"sends more than {most} payloads a minute, and what is more is left aside: see whether a key"
            " is stuck or somebody jams the channel, or switch it off"
        )
        self._begin_for(FLOOD_SHOWN_S, Trouble.FLOOD, detail, now_s)
        return False

    def word_awaited(self, now_s: float) -> None:
        """Raise the alarm if nothing was heard for too long; wait on."""
        bound_s = self._terminal.silent_after_s
        silent_s = now_s - self._heard_s
        if silent_s > bound_s - ROUNDING_S:
            detail = (
                f"has said nothing for {bound_s / 60:.0f} min: see whether it is switched on and in reach,"
                " and its battery"
            )
            self._begin(Trouble.SILENT, detail)
            silent_s = 0.0
        self._later(bound_s - silent_s, WordAwaited())

    def reachable(self, now_s: float) -> None:
        """Count its silence from now on: nobody could hear it before."""
        self._heard_s = now_s

    def device_changed(self) -> None:
        """Forget what told devices apart: another one was paired, and counts its starts by itself."""
        self.device = 0
        self._boot = None
        self._devices.clear()

    # -- what a Hello tells -----------------------------------------------------------------

    def hello(self, hello: Hello, now_s: float) -> None:
        """Take what the device says of itself."""
        another = bool(hello.device and self.device and hello.device != self.device)
        if another:
            self._meet_another(hello.device, now_s)
        elif self._boot not in (None, hello.boot):
            self.restarts += 1
            detail = (
                f"has restarted (boot {hello.boot}), {self.restarts} times since the server was started:"
                " see whether its supply holds, if this goes on"
            )
            self._begin_for(RESTART_SHOWN_S, Trouble.RESTARTED, detail, now_s)
        self._boot = hello.boot
        if hello.device:
            self.device = hello.device
            self._devices.pop(hello.device, None)
            self._devices[hello.device] = now_s
            if len(self._devices) > DEVICES_MAX:
                del self._devices[next(iter(self._devices))]
        self._take_supply(hello)

    def _meet_another(self, device: int, now_s: float) -> None:
        """One that was not here before takes the place of the last one; one that comes back is a twin."""
        bound_s = 2 * self._terminal.silent_after_s
        heard_s = self._devices.get(device)
        if heard_s is None or now_s - heard_s > bound_s:
            return
        one, other = sorted((device, self.device))
        detail = (
            f"is two devices with one radio address: the hardware numbers {one} and {other} take turns."
            " Give one of them another address"
        )
        self._begin_for(bound_s, Trouble.TWINS, detail, now_s)

    def _take_supply(self, hello: Hello) -> None:
        self.supply, self.battery_mv = hello.supply, hello.battery_mv
        low_mv = self._terminal.battery_low_mv
        if hello.battery_mv is None or hello.supply in (Supply.MAINS, Supply.CHARGING):
            self._end(Trouble.LOW_BATTERY)
        elif hello.battery_mv < low_mv:
            detail = (
                f"has a battery of {hello.battery_mv} mV, under {low_mv} mV: change or charge it"
            )
            self._begin(Trouble.LOW_BATTERY, detail)
        elif hello.battery_mv >= low_mv + BATTERY_RECOVERED_MV:
            self._end(Trouble.LOW_BATTERY)

    # -- troubles that end with time --------------------------------------------------------

    def _begin_for(self, for_s: float, trouble: Trouble, detail: str, now_s: float) -> None:
        self._begin(trouble, detail)
        if trouble not in self._due_s:
            self._later(for_s, TroubleOver(trouble=trouble))
        self._due_s[trouble] = now_s + for_s

    def over(self, trouble: Trouble, now_s: float) -> None:
        """End ``trouble``, unless it came again meanwhile."""
        left_s = self._due_s[trouble] - now_s
        if left_s > 0:
            self._later(left_s, TroubleOver(trouble=trouble))
        else:
            del self._due_s[trouble]
            self._end(trouble)

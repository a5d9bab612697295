"""6. Every call is shown at its window, or an alarm is raised; when all is quiet, displays equal the hall."""

from __future__ import annotations

from actors.radio.crowding import TOLD_EACH_S, TOLD_PATIENCE_S
from protocol.events import TicketCalled, TicketRecalled
from protocol.hall import HallSpec, TerminalKind
from protocol.ids import CounterId, TicketId
from protocol.radio.payloads import WindowState
from protocol.tickets import TicketState
from protocol.values import replace, value
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.sightings import (
    AlarmsSeen,
    EventSeen,
    FaultSeen,
    HallSaid,
    ProcessEnded,
    Quiet,
    ScreenSeen,
    WindowSeen,
    number_of,
)

SHOWN_WITHIN_S = TOLD_PATIENCE_S + 8 * TOLD_EACH_S + 3.0
"""From a call to its number at the window, or to the alarm that it is not confirmed: what it takes at most in a
hall of eight counters whose channel is not full."""

SCREEN_WITHIN_S = 3.0
"""From a call to its number on the screen, which has to connect first after a start."""

SCREEN_CALLS_MAX = 12
"""Calls that the screen has room for."""

HEARTBEAT_WITHIN_S = 700.0
"""A device says at least so often which version it shows; the radio may lose one such word."""

_CALLING = frozenset({WindowState.CALLED, WindowState.RECALL, WindowState.SERVING})


@value
class _Due:
    """A call that has to be seen."""

    counter: CounterId
    ticket: TicketId
    number: str
    called_s: float
    starts: int
    """Of the process: one that has died since cannot be blamed."""


class CallsShown(Invariant):
    """See the module. Where a counter has no window, its calls are on the screen alone."""

    number = 6
    title = "every call is shown, or an alarm is raised; displays equal the hall when all is quiet"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._has_window = windows_of(scene.spec)
        self._unseen: dict[CounterId, _Due] = {}
        self._stuck_since_s: dict[CounterId, float] = {}
        self._unnoticed: dict[CounterId, _Due] = {}
        """Calls at stuck windows of which no alarm tells yet."""
        self._shown: dict[CounterId, tuple[WindowState, str]] = {}
        self._screen: dict[CounterId, str] = {}
        self._dark = False
        self._lit_s = 0.0
        """Since when the screen has power."""
        self._alarms: frozenset[str] = frozenset()
        self._deaths = 0

    # -- calls ------------------------------------------------------------------------------

    @sees(EventSeen)
    def _event(self, seen: EventSeen) -> None:
        event = seen.event
        if seen.late or not isinstance(event, TicketCalled | TicketRecalled):
            return
        due = _Due(
            counter=event.counter,
            ticket=event.ticket,
            number=event.number,
            called_s=self.scene.now_s,
            starts=self._deaths,
        )
        self.scene.later(SCREEN_WITHIN_S, lambda: self._screen_due(due))
        if event.counter in self._has_window:
            self._unseen[event.counter] = due
            self._await_window(due)

    def _await_window(self, due: _Due) -> None:
        self.scene.later(SHOWN_WITHIN_S, lambda: self._window_due(due))

    def _renew(self, counter: CounterId) -> None:
        """What stood for a call's being shown is over: it takes as long again as after the call."""
        due = self._unseen.get(counter)
        if due is not None:
            self._unseen[counter] = due = replace(due)
            self._await_window(due)

    def _is_over(self, due: _Due) -> bool:
        """Whether nobody needs to see the call any more."""
        desk = self.scene.ledger.desks.get(due.counter)
        return (
            due.starts != self._deaths
            or not self.scene.running
            or desk is None
            or desk.ticket != due.ticket
        )

    def _window_due(self, due: _Due) -> None:
        if self._unseen.get(due.counter) is not due:
            return
        if not self._is_over(due) and self._is_alarmed(due.counter):
            # When that ends it is shown, or alarmed again.
            self._await_window(due)
            return
        del self._unseen[due.counter]
        if self._is_over(due):
            return
        if due.counter in self._stuck_since_s:
            self._unnoticed.setdefault(due.counter, due)
        else:
            self.broken(
                f"{due.number} was called to {due.counter} {SHOWN_WITHIN_S:g} s ago; its window"
                f" does not show it anew, and there is no alarm",
                due.number,
            )

    def _screen_due(self, due: _Due) -> None:
        if self._is_over(due) or self._screen.get(due.counter) == due.number:
            return
        if self._dark or self.scene.now_s - self._lit_s < SCREEN_WITHIN_S:
            return
        if len(self._screen) < SCREEN_CALLS_MAX:
            self.broken(
                f"{due.number} was called to {due.counter}, and the screen does not show it",
                due.number,
            )

    # -- what is seen -----------------------------------------------------------------------

    @sees(WindowSeen)
    def _window(self, seen: WindowSeen) -> None:
        self._shown[seen.counter] = (seen.state, seen.text)
        due = self._unseen.get(seen.counter)
        if due is not None and seen.state in _CALLING and seen.text == due.number:
            del self._unseen[seen.counter]

    @sees(ScreenSeen)
    def _screen_seen(self, seen: ScreenSeen) -> None:
        self._screen = {call.counter: call.number for call in seen.calls}
        if self._dark and not seen.dark:
            self._lit_s = self.scene.now_s
        self._dark = seen.dark

    @sees(AlarmsSeen)
    def _alarms_seen(self, seen: AlarmsSeen) -> None:
        before, self._alarms = self._alarms, frozenset(seen.alarms)
        for counter in list(self._unseen):
            if self._has_window[counter] & before and not self._is_alarmed(counter):
                self._renew(counter)
        for counter in list(self._unnoticed):
            if self._is_alarmed(counter):
                del self._unnoticed[counter]

    def _is_alarmed(self, counter: CounterId) -> bool:
        return bool(self._has_window[counter] & self._alarms)

    @sees(FaultSeen)
    def _fault_seen(self, seen: FaultSeen) -> None:
        """A window whose radio lives and whose display is stuck is known by its heartbeat at the latest."""
        for counter in seen.stuck - self._stuck_since_s.keys():
            self._stuck_since_s[counter] = self.scene.now_s
            self.scene.later(HEARTBEAT_WITHIN_S, lambda c=counter: self._heartbeat_due(c))  # type: ignore[misc]
        for counter in self._stuck_since_s.keys() - seen.stuck:
            del self._stuck_since_s[counter]
            self._unnoticed.pop(counter, None)
            # It was switched off and on, and says so.
            self._renew(counter)

    def _heartbeat_due(self, counter: CounterId) -> None:
        since_s = self._stuck_since_s.get(counter)
        if since_s is None or self.scene.now_s < since_s + HEARTBEAT_WITHIN_S:
            return
        due = self._unnoticed.get(counter)
        if due is not None and due.starts == self._deaths:
            self.broken(
                f"{due.number} was called to {counter}, whose display is stuck, and there was no alarm"
                f" for {HEARTBEAT_WITHIN_S:g} s",
                due.number,
            )

    @sees(ProcessEnded)
    def _ended(self, _seen: ProcessEnded) -> None:
        self._deaths += 1
        self._unseen.clear()
        self._unnoticed.clear()
        self._alarms = frozenset()

    # -- in the end -------------------------------------------------------------------------

    @sees(Quiet)
    def _quiet(self, seen: Quiet) -> None:
        said = seen.said
        for counter, desk in said.counters.items():
            number = "" if desk.ticket is None else number_of(desk.ticket)
            if counter in self._has_window:
                self._compare(counter, number, said)
            shown = self._screen.get(counter, "")
            if shown != number and len(self._screen) < SCREEN_CALLS_MAX:
                self.broken(
                    f"all is quiet; the screen shows {shown or 'nobody'} at {counter}, the hall says"
                    f" {number or 'nobody'}",
                    shown or number,
                )
        for alarms in self._has_window.values():
            for alarm in sorted(alarms & self._alarms):
                self.broken(f"all is quiet, and the alarm {alarm} does not end")

    def _compare(self, counter: CounterId, number: str, said: HallSaid) -> None:
        state, text = self._shown.get(counter, (WindowState.IDLE, ""))
        shown = text if state in _CALLING else ""
        serves = bool(number) and any(
            each.counter == counter and each.state is TicketState.SERVING
            for each in said.tickets.values()
        )
        if shown != number or (bool(number) and (state is WindowState.SERVING) != serves):
            self.broken(
                f"all is quiet; window {counter} shows {state.name.lower()} {text or 'nothing'}, the"
                f" hall says {'serving ' if serves else ''}{number or 'nobody'}",
                shown or number,
            )


def windows_of(spec: HallSpec) -> dict[CounterId, frozenset[str]]:
    """Return the counters that have a window, and which alarms say that it may show something old."""
    return {
        terminal.counter: frozenset(
            (
                f"window/{terminal.counter}",
                f"gateway/{gateway.id}",
                f"gateway/{gateway.id}/silent",
                f"gateway/{gateway.id}/duty",
            )
        )
        for gateway in spec.gateways.values()
        for terminal in gateway.terminals
        if terminal.kind is TerminalKind.WINDOW and terminal.counter is not None
    }

"""6. What a window has not shown it shows soon once its radio is all right: its alarm does not stay."""

from __future__ import annotations

from protocol.hall import HallSpec, TerminalKind
from protocol.ids import CounterId
from sim.watch.displays import windows_of
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.sightings import AlarmsSeen, FaultSeen, ProcessEnded

CALM_S = 75.0
"""After so long without any fault a window has been told: the longest pause between two tries and a try."""


class AlarmsEnd(Invariant):
    """See the module. While a gateway is alarmed its windows may be as well.

    So may one whose pairing was cut off, which is refused until somebody pairs it once more.
    """

    number = 6
    title = "the alarm of a window ends when nothing is wrong"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._alarms_of = {
            counter: alarms | _refused(scene.spec, counter)
            for counter, alarms in windows_of(scene.spec).items()
        }
        self._alarms: frozenset[str] = frozenset()
        self._calm_since_s: float | None = 0.0
        """Since when nothing is wrong with the radio."""
        self._since_s: dict[CounterId, float] = {}
        """Since when each window is alarmed that is."""

    @sees(FaultSeen)
    def _fault(self, seen: FaultSeen) -> None:
        if not seen.calm:
            self._calm_since_s = None
        elif self._calm_since_s is None:
            self._calm_since_s = self.scene.now_s

    @sees(AlarmsSeen)
    def _alarms_seen(self, seen: AlarmsSeen) -> None:
        self._alarms = frozenset(seen.alarms)
        for counter in self._alarms_of:
            if f"window/{counter}" not in self._alarms:
                self._since_s.pop(counter, None)
            elif counter not in self._since_s:
                since_s = self._since_s[counter] = self.scene.now_s
                self._look_after(CALM_S, counter, since_s)

    @sees(ProcessEnded)
    def _ended(self, _seen: ProcessEnded) -> None:
        self._alarms = frozenset()
        self._since_s.clear()

    def _look_after(self, for_s: float, counter: CounterId, since_s: float) -> None:
        self.scene.later(for_s, lambda: self._look(counter, since_s))

    def _look(self, counter: CounterId, since_s: float) -> None:
        if self._since_s.get(counter) != since_s:
            return
        now_s, calm_since_s = self.scene.now_s, self._calm_since_s
        others = self._alarms_of[counter] - {f"window/{counter}"}
        if calm_since_s is None or others & self._alarms:
            self._look_after(CALM_S, counter, since_s)
        elif now_s < calm_since_s + CALM_S:
            self._look_after(calm_since_s + CALM_S - now_s, counter, since_s)
        else:
            self.broken(
                f"the window of {counter} is alarmed for {now_s - since_s:.0f} s, and nothing has been"
                f" wrong with the radio for {now_s - calm_since_s:.0f} s"
            )


def _refused(spec: HallSpec, counter: CounterId) -> frozenset[str]:
    """Return the alarm that says that what the counter's window says is refused."""
    return frozenset(
        f"security/{gateway.id}/{terminal.address}"
        for gateway in spec.gateways.values()
        for terminal in gateway.terminals
        if terminal.kind is TerminalKind.WINDOW and terminal.counter == counter
    )

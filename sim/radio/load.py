"""Staff press NEXT at many counters whose terminals share one channel: how long until the number is shown?

A whole hall, with the production actors, behind one gateway; real models of keypads and windows at the other
end. What the hall recorded, what the keypads took and what the windows show is counted and compared.
"""

from __future__ import annotations

from collections import deque
from random import Random
from types import MappingProxyType
from typing import Any

import attrs

from actors.building import build_hall
from actors.ports import RadioVault
from protocol.commands import OpenCounter, TakeTicket
from protocol.devices import Device
from protocol.events import TicketCalled
from protocol.hall import Counter, Gateway, HallSpec, PastLast, Service, Terminal, TerminalKind
from protocol.ids import (
    CommandId,
    CounterId,
    GatewayId,
    HallId,
    Language,
    ServiceId,
    TerminalAddress,
)
from protocol.messages import Recorded, Submit, Subscribe
from protocol.radio.payloads import Key
from protocol.values import value
from sim.devices.keypad import Keypad
from sim.devices.window import Window
from sim.journal import MemoryJournal
from sim.links import SimLinks
from sim.radio.channel import Channel
from sim.radio.loss import IndependentLoss, Loss
from sim.radio.modules import E32, RadioModule
from sim.radio.paired import pair
from sim.radio.reception import ChannelCounts
from sim.radio.station import Station
from sim.world import SimWorld

__all__ = ["PressLoad", "PressReport", "PressRun"]

SERVICE = ServiceId("general")
LANGUAGE = Language("zh")
NAMES = MappingProxyType({LANGUAGE: "业务"})
GATEWAY_ID = GatewayId("g1")
GATEWAY = TerminalAddress(1)
FIRST_KEYPAD, FIRST_WINDOW = 2, 128

TERMINALS_MAX = 2 * (FIRST_WINDOW - FIRST_KEYPAD)

SETTLES_S = 120.0
"""After so long every device has said that it is there, and every window shows what it should."""

ENDS_S = 120.0
"""So long after the last press everything has come to its end, where the channel is not overrun."""

ENDS_MAX_S = 1200.0
"""Nobody waits for longer than this."""

SHORTEST_SERVICE = 0.25
"""Of the mean. The rest is exponential: nobody presses NEXT twice within a second, and means it."""

PORT = "g1"

DAY_S = 19 * 3600.0
"""A run ends within one business day of the hall, so that every number is called once."""


@value
class PressLoad:
    """Who presses how often, on what channel.

    Half of the ``terminals`` are keypads, the other half windows; each counter has one of both. ``presses`` are
    made altogether, every ``each_s`` seconds at each counter on the average. The share ``hidden`` of the
    terminals hear the gateway alone. Where ``secured``, all of them were paired.
    """

    terminals: int
    each_s: float
    presses: int
    module: RadioModule = E32
    loss: Loss = attrs.field(factory=lambda: IndependentLoss(loss=0.01))
    hidden: float = 0.0
    secured: bool = False
    seed: int = 1


@value
class PressReport:
    """What came of it; ``shown_s`` are the seconds from each press to its number, in ascending order."""

    presses: int
    lost: int
    """Presses that called nobody, and the keypad did not say so."""
    given_up: int
    """Presses that called nobody, and the keypad said that nobody answers: whoever pressed presses again."""
    doubled: int
    """Calls that no press asked for."""
    unanswered: int
    """Presses of which the keypad has never learnt what became of them, and said so; whether they called
    somebody or not."""
    superseded: int
    """Numbers that the window never showed, because the next one was called first; each counts in ``shown_s``
    with the time until the next one was shown."""
    unshown: int
    """Windows that do not show their counter's last number in the end."""
    shown_s: tuple[float, ...]
    ran_s: float
    channel: ChannelCounts

    def percentile_s(self, percent: float) -> float:
        """Return within how many seconds so many of hundred numbers were shown."""
        return self.shown_s[min(int(len(self.shown_s) * percent / 100), len(self.shown_s) - 1)]

    @property
    def utilisation(self) -> float:
        """The share of time in which there was something on the air."""
        return self.channel.busy_s / self.ran_s


@attrs.define(eq=False)
class _Counter:
    """A counter as staff and customers see it."""

    id: CounterId
    keypad: Keypad
    station: Station
    pressed_s: deque[float] = attrs.field(factory=deque)
    """Presses that have called nobody yet."""
    called: deque[tuple[str, float]] = attrs.field(factory=deque)
    """Numbers that are not shown yet, and when they were asked for."""
    last: str = ""
    presses: int = 0
    uncalled: int = 0
    """Presses that the keypad has let go, and that called nobody."""

    def let_go(self) -> None:
        """Drop presses that the keypad does not wait for any more; the oldest that it has is the one called."""
        while len(self.pressed_s) > max(self.keypad.waiting, 1):
            self.pressed_s.popleft()
            self.uncalled += 1


class _WatchedWindow:
    """A window that somebody looks at whenever it may have changed."""

    def __init__(self, window: Window, seen: Any) -> None:
        self.window = window
        self.address = window.address
        self._seen = seen

    def receive(self, octets: bytes, now: float) -> bytes:
        answer = self.window.receive(octets, now)
        self._seen(self.window.text, now)
        return answer

    def tick(self, now: float) -> bytes:
        return self.window.tick(now)

    def next_deadline(self) -> float | None:
        return self.window.next_deadline()


class PressRun:
    """One run of a `PressLoad`; it may take a business day of virtual time."""

    def __init__(self, load: PressLoad) -> None:
        assert 2 <= load.terminals <= TERMINALS_MAX
        self.load = load
        self.world = SimWorld(seed=load.seed)
        self.random = Random(load.seed)
        self.channel = Channel(Random(self.random.random()), load.module, loss=load.loss)
        self.links = SimLinks(self.world)
        self.links.register(PORT, self.channel.port(PORT, address=GATEWAY), own_line=True)
        self.counters: dict[CounterId, _Counter] = {}
        self.windows: dict[CounterId, Window] = {}
        self.shown_s: list[float] = []
        self.superseded = 0
        self.doubled = 0
        self._tickets = 0
        self._left = load.presses
        for number in range(load.terminals // 2):
            self._equip(CounterId(str(number + 1)), number)
        self._hide()
        self.spec = self._spec()
        self.parts = build_hall(
            self.world,
            self.spec,
            MemoryJournal(forgetful=True),
            self.links,
            lambda _ticket: "",
            self._vault(),
        )
        self.parts.hall.tell(Subscribe(recipient=self))
        for counter in self.counters:
            opening = OpenCounter(id=CommandId(f"open/{counter}"), counter=counter)
            self.parts.hall.tell(Submit(command=opening))

    def go(self) -> PressReport:
        """Run to the end and close the world."""
        self.world.run(SETTLES_S)
        settled = attrs.evolve(self.channel.counts)
        for counter in self.counters.values():
            self._press_later(counter)
        while self._left > 0 and self.world.monotonic() < DAY_S:
            self.world.run(self.world.monotonic() + 60.0)
        ended_s = self.world.monotonic()
        self._left = 0
        self.world.run(ended_s + ENDS_S)
        while not self._is_quiet and self.world.monotonic() < ended_s + ENDS_MAX_S:
            self.world.run(self.world.monotonic() + 60.0)
        self.world.close()
        return self._report(_since(settled, self.channel.counts))

    @property
    def _is_quiet(self) -> bool:
        """Whether no keypad waits for anything, and each window shows its counter's last number."""
        return not any(
            counter.keypad.waiting or self.windows[counter.id].text != counter.last
            for counter in self.counters.values()
        )

    # -- staff ------------------------------------------------------------------------------

    def _press_later(self, counter: _Counter) -> None:
        rest = (1 - SHORTEST_SERVICE) * self.random.expovariate(1.0)
        delay_s = self.load.each_s * (SHORTEST_SERVICE + rest)
        self.world.call_later(delay_s, lambda: self._press(counter))

    def _press(self, counter: _Counter) -> None:
        if self._left <= 0:
            return
        self._tickets += 1
        take = TakeTicket(id=CommandId(f"take/{self._tickets}"), service=SERVICE, language=LANGUAGE)
        self.parts.hall.tell(Submit(command=take))
        if counter.keypad.press(Key.NEXT):
            self._left -= 1
            counter.presses += 1
            counter.pressed_s.append(self.world.monotonic())
            self.channel.touch(counter.station)
            self.links.wake(PORT)
        self._press_later(counter)

    # -- what is seen -----------------------------------------------------------------------

    def tell(self, message: Any, /) -> None:
        """Hear the hall's events."""
        assert isinstance(message, Recorded)
        event = message.event
        if isinstance(event, TicketCalled):
            counter = self.counters[event.counter]
            counter.let_go()
            if counter.pressed_s:
                counter.called.append((event.number, counter.pressed_s.popleft()))
                counter.last = event.number
            else:
                self.doubled += 1

    def _see(self, counter: _Counter, text: str, now: float) -> None:
        """Look at a window."""
        if not any(number == text for number, _ in counter.called):
            return
        while True:
            number, pressed_s = counter.called.popleft()
            self.shown_s.append(now - pressed_s)
            if number == text:
                return
            self.superseded += 1

    def _report(self, counts: ChannelCounts) -> PressReport:
        counters = self.counters.values()
        uncalled = [counter.uncalled + len(counter.pressed_s) for counter in counters]
        said = [counter.keypad.unanswered for counter in counters]
        return PressReport(
            presses=sum(counter.presses for counter in counters),
            lost=sum(max(none - told, 0) for none, told in zip(uncalled, said, strict=True)),
            given_up=sum(map(min, uncalled, said)),
            doubled=self.doubled,
            unanswered=sum(said),
            superseded=self.superseded,
            unshown=sum(self.windows[counter.id].text != counter.last for counter in counters),
            shown_s=tuple(sorted(self.shown_s)),
            ran_s=self.world.monotonic() - SETTLES_S,
            channel=counts,
        )

    # -- what there is ----------------------------------------------------------------------

    def _equip(self, id: CounterId, number: int) -> None:
        keypad = Keypad(FIRST_KEYPAD + number, GATEWAY, Random(self.random.random()))
        window = Window(FIRST_WINDOW + number, GATEWAY, Random(self.random.random()))
        counter = _Counter(id, keypad, self.channel.join(keypad))
        self.counters[id] = counter
        self.windows[id] = window
        watched: Device = _WatchedWindow(window, lambda text, now: self._see(counter, text, now))
        self.channel.join(watched)

    def _hide(self) -> None:
        terminals = self.channel.stations[1:]
        hidden = self.random.sample(terminals, round(self.load.hidden * len(terminals)))
        for station in hidden:
            self.channel.hide(station, terminals)

    def _vault(self) -> RadioVault | None:
        if not self.load.secured:
            return None
        keypads = [counter.keypad for counter in self.counters.values()]
        return pair([*keypads, *self.windows.values()], GATEWAY_ID, GATEWAY)

    def _spec(self) -> HallSpec:
        terminals = [
            Terminal(address=TerminalAddress(device.address), kind=kind, counter=id)
            for id, counter in self.counters.items()
            for device, kind in (
                (counter.keypad, TerminalKind.KEYPAD),
                (self.windows[id], TerminalKind.WINDOW),
            )
        ]
        gateway = Gateway(
            id=GATEWAY_ID,
            port=f"virtual:{PORT}",
            address=GATEWAY,
            terminals=tuple(terminals),
            duty_cycle_max=1.0,
        )
        service = Service(id=SERVICE, names=NAMES, prefix="A", past_last=PastLast.GO_ON)
        return HallSpec(
            id=HallId("HZ01"),
            names=NAMES,
            services=MappingProxyType({SERVICE: service}),
            counters=MappingProxyType(
                {id: Counter(id=id, names=NAMES, services=(SERVICE,)) for id in self.counters}
            ),
            gateways=MappingProxyType({gateway.id: gateway}),
        )


def _since(earlier: ChannelCounts, now: ChannelCounts) -> ChannelCounts:
    """Return what was counted between the two."""
    before = attrs.asdict(earlier)
    return ChannelCounts(
        **{name: count - before[name] for name, count in attrs.asdict(now).items()}
    )

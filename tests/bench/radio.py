"""From a key press to the window: a whole hall beside the least that could be done.

The least is a serial port whose octets come back after one bare SQLite commit. Both run in one process on one
reactor, over pseudo-terminals whose other end is in that reactor too. The radio between takes no time, so
what is left is the hall's own: port, frames, actors, commit, actors, frames, port.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from twisted.internet.defer import Deferred

from actors.alarms import AlarmBoard
from actors.audience import Audience
from actors.base import Actor, Ref
from actors.counter import CounterActor
from actors.hall.actor import HallActor, HallAudience
from actors.ports import Link
from actors.radio.gateway import GatewayActor
from actors.radio.keypad import KeypadTerminal
from actors.radio.window import WindowTerminal
from protocol.commands import OpenCounter, TakeTicket
from protocol.hall import Counter, Gateway, HallSpec, Service, Terminal, TerminalKind
from protocol.ids import (
    CommandId,
    CounterId,
    GatewayId,
    HallId,
    Language,
    ServiceId,
    TerminalAddress,
)
from protocol.messages import LinkUp, OctetsReceived, Recipient, Recorded, Submit
from protocol.radio.frame import FrameDecoder
from protocol.radio.payloads import Key, Show, decode_downlink
from runtime.journal import SqliteJournal
from runtime.links import ReactorLinks
from runtime.pty import PtyDevice
from runtime.world import ReactorWorld
from sim.devices.keypad import RESULTS_KEPT, Keypad
from sim.devices.window import Window
from tests.bench.figures import Figure
from tests.runtime.reactor_thread import ReactorThread, best_loop
from tests.sim.air import Air

PRESSES = 300
GOAL_S = 0.005

# Between two presses everything comes to rest; the pause is drawn, so that it keeps no step with anything.
PAUSE_S = (0.004, 0.012)
GIVE_UP_S = 10.0

COUNTER = CounterId("1")
SERVICE = ServiceId("general")
GATEWAY = GatewayId("g1")
GATEWAY_ADDRESS = TerminalAddress(1)
KEYPAD_ADDRESS = TerminalAddress(10)
WINDOW_ADDRESS = TerminalAddress(11)


def measure(presses: int = PRESSES) -> list[Figure]:
    """Return the radio path's figures: ``presses`` calls, and as many echoes, half before, half after."""
    thread = ReactorThread(best_loop())
    thread.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            calls = _Calls(thread.reactor, Path(folder))
            echoes_s = _timed(thread, _Echoes(thread.reactor, Path(folder)), presses // 2)
            calls_s = _timed(thread, calls, presses)
            echoes_s += _timed(thread, _Echoes(thread.reactor, Path(folder)), presses // 2)
    finally:
        thread.stop()
    commit_s = statistics.median(calls.commits_s[-presses:])
    return [
        _figure("median", statistics.median(calls_s), statistics.median(echoes_s), GOAL_S),
        _figure("99 of 100 within", _percentile(calls_s, 99), _percentile(echoes_s, 99), None),
        Figure(name="of which the journal's commit, median", value=commit_s * 1000, unit="ms"),
    ]


def _figure(which: str, call_s: float, echo_s: float, goal_s: float | None) -> Figure:
    return Figure(
        name=f"key press to window, {which}",
        value=call_s * 1000,
        unit="ms",
        peer_name="bare port and commit",
        peer_value=echo_s * 1000,
        goal="" if goal_s is None else f"<= {goal_s * 1000:g} ms",
        met=goal_s is None or call_s <= goal_s,
    )


def _percentile(times_s: list[float], percent: int) -> float:
    return statistics.quantiles(times_s, n=100)[percent - 1]


def _timed(thread: ReactorThread, run: _Run, rounds: int) -> list[float]:
    try:
        return thread.call(run.start, rounds)  # type: ignore[arg-type]
    finally:
        thread.call(run.close)


class _Run:
    """Rounds of one kind, one at a time: each begins with octets from a device and ends with octets to it."""

    def __init__(self, reactor: Any, folder: Path) -> None:
        self.reactor = reactor
        self.links = ReactorLinks(reactor, random=Random(1))
        self.times_s: list[float] = []
        self.finished: Deferred[list[float]] = Deferred()
        self._random = Random(2)
        self._rounds = 0
        self._began_s: float | None = None
        self._watchdog: Any = None

    def start(self, rounds: int) -> Deferred[list[float]]:
        """Begin once everything is there; the times come in the end."""
        self._rounds = rounds
        self._watchdog = self.reactor.callLater(GIVE_UP_S, self._give_up)
        return self.finished

    def next_round(self) -> None:
        self.reactor.callLater(self._random.uniform(*PAUSE_S), self._round)

    def ended(self) -> None:
        """The octets that end a round are there."""
        if self._began_s is None:
            return
        self.times_s.append(time.perf_counter() - self._began_s)
        self._began_s = None
        self._watchdog.reset(GIVE_UP_S)
        self.next_round()

    def _round(self) -> None:
        if len(self.times_s) == self._rounds:
            self._watchdog.cancel()
            self.finished.callback(self.times_s)
            return
        if not self.at_rest():
            self.next_round()
            return
        self._began_s = time.perf_counter()
        self.begin()

    def _give_up(self) -> None:
        self.finished.errback(TimeoutError(f"round {len(self.times_s)} has no end: {self}"))

    def at_rest(self) -> bool:
        """Whether nothing of the last round goes on."""
        return True

    def begin(self) -> None:
        """Have the device send."""
        raise NotImplementedError

    def close(self) -> None:
        self.links.close()


class _Echoes(_Run):
    """A port that sends back what comes, after a commit as durable as the hall's, and nothing else."""

    QUESTION = bytes(16)
    ROW = bytes(300)

    def __init__(self, reactor: Any, folder: Path) -> None:
        super().__init__(reactor, folder)
        self._heard = 0
        self._asked = 0
        self._device = PtyDevice(reactor, self, folder / "echo")
        self._connection = sqlite3.connect(
            folder / "echo.sqlite", isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE IF NOT EXISTS row (octets BLOB)")

    def start(self, rounds: int) -> Deferred[list[float]]:
        self._device.plug()
        self._link: Link = self.links.open_link(self._device.address, self)
        return super().start(rounds)

    def tell(self, message: object) -> None:
        match message:
            case LinkUp():
                self.next_round()
            case OctetsReceived(octets=octets):
                self._asked += len(octets)
                if self._asked % len(self.QUESTION) == 0:
                    self._connection.execute("INSERT INTO row VALUES (?)", (self.ROW,))
                    self._link.write(self.QUESTION)

    def begin(self) -> None:
        self._device.send(self.QUESTION)

    def receive(self, octets: bytes, now: float) -> bytes:
        self._heard += len(octets)
        if self._heard % len(self.QUESTION) == 0:
            self.ended()
        return b""

    def tick(self, now: float) -> bytes:
        return b""

    def next_deadline(self) -> float | None:
        return None

    def close(self) -> None:
        super().close()
        self._device.close()
        self._connection.close()


class _TimedJournal(SqliteJournal):
    """The hall's journal, which notes how long each commit takes until the hall knows of it."""

    took_s: list[float]

    def commit(self, batch: Sequence[Recorded], reply_to: Recipient) -> bool:
        return super().commit(batch, _Timed(reply_to, self.took_s))


class _Timed:
    def __init__(self, reply_to: Recipient, took_s: list[float]) -> None:
        self._reply_to = reply_to
        self._took_s = took_s
        self._began_s = time.perf_counter()

    def tell(self, message: object) -> None:
        self._took_s.append(time.perf_counter() - self._began_s)
        self._reply_to.tell(message)


class _Calls(_Run):
    """A hall with one counter, its keypad and its window; each round calls the next ticket."""

    def __init__(self, reactor: Any, folder: Path) -> None:
        super().__init__(reactor, folder)
        random = Random(3)
        self._keypad = Keypad(KEYPAD_ADDRESS, GATEWAY_ADDRESS, random)
        self._window = Window(WINDOW_ADDRESS, GATEWAY_ADDRESS, random)
        self._air = Air([self._keypad, self._window])
        self._device = PtyDevice(reactor, self, folder / "gateway")
        self._heard = FrameDecoder()
        self._shown = ""
        self._spec = _hall_spec(self._device.address)
        self.commits_s: list[float] = []
        self._journal = _TimedJournal(folder / "hall.journal", self._spec, reactor.callFromThread)
        self._journal.took_s = self.commits_s
        self._world = ReactorWorld(reactor, random=random)

    def start(self, rounds: int) -> Deferred[list[float]]:
        self._device.plug()
        hall = self._spawn()
        hall.tell(Submit(command=OpenCounter(id=CommandId("open"), counter=COUNTER)))
        for number in range(rounds):
            take = TakeTicket(
                id=CommandId(f"take/{number}"), service=SERVICE, language=Language("zh")
            )
            hall.tell(Submit(command=take))
        # The devices' first words, which they say within two seconds, are over then.
        self.reactor.callLater(2.5, self.next_round)
        return super().start(rounds)

    def _spawn(self) -> Ref[Any]:
        spawn: Callable[..., Ref[Any]] = self._world.spawn
        alarms: Ref[Actor] = spawn("alarms", AlarmBoard, {}, Audience())
        hall = spawn("hall", HallActor, self._spec, self._journal, HallAudience())
        counter = spawn("counter", CounterActor, COUNTER, hall)
        (gateway_spec,) = self._spec.gateways.values()
        gateway = spawn("gateway", GatewayActor, gateway_spec, self.links, alarms)
        keypad, window = gateway_spec.terminals
        spawn(
            f"gateway/terminal/{KEYPAD_ADDRESS}",
            KeypadTerminal,
            keypad,
            GATEWAY,
            gateway,
            alarms,
            counter,
        )
        name = f"gateway/terminal/{WINDOW_ADDRESS}"
        spawn(name, WindowTerminal, window, GATEWAY, gateway, alarms, hall, {})
        return hall

    def at_rest(self) -> bool:
        results = min(len(self.times_s), RESULTS_KEPT)
        return self._shown == self._window.text and len(self._keypad.results) == results

    def begin(self) -> None:
        assert self._keypad.press(Key.NEXT)
        self._device.wake()

    # -- the device on the gateway's port ----------------------------------------------------

    def receive(self, octets: bytes, now: float) -> bytes:
        for frame in self._heard.receive(octets):
            if frame.to == WINDOW_ADDRESS and len(frame.payload) > 1:
                shown = decode_downlink(frame.payload)
                if isinstance(shown, Show) and shown.text not in ("", self._shown):
                    self._shown = shown.text
                    self.ended()
        return self._air.receive(octets, now)

    def tick(self, now: float) -> bytes:
        return self._air.tick(now)

    def next_deadline(self) -> float | None:
        return self._air.next_deadline()

    def close(self) -> None:
        self._world.close()
        super().close()
        self._device.close()
        self._journal.close()


def _hall_spec(port: str) -> HallSpec:
    names = {Language("zh"): "业务"}
    terminals = tuple(
        # Far more presses than hands can make.
        Terminal(address=address, kind=kind, counter=COUNTER, uplinks_per_minute=60_000)
        for address, kind in (
            (KEYPAD_ADDRESS, TerminalKind.KEYPAD),
            (WINDOW_ADDRESS, TerminalKind.WINDOW),
        )
    )
    gateway = Gateway(id=GATEWAY, port=port, address=GATEWAY_ADDRESS, terminals=terminals)
    return HallSpec(
        id=HallId("HZ01"),
        names=names,
        services={SERVICE: Service(id=SERVICE, names=names, prefix="A", last=99_999)},
        counters={COUNTER: Counter(id=COUNTER, names=names, services=(SERVICE,))},
        gateways={gateway.id: gateway},
    )

"""Messages between actors, on each clock beside pykka's own actors with threads; memory of idle actors.

Each measurement runs in a process of its own: reactors are installed once for a process, and threads that
wait would disturb the others.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any

import pykka

from actors.base import Actor, Place, Ref, receives
from actors.world import World
from runtime.reactor import install_reactor
from runtime.world import ReactorWorld
from sim.world import SimWorld
from tests.bench.figures import Figure

ROUNDS = 3
"""The three take turns; the best of so many is taken of each: other work makes all of them slower."""
PING_PONGS = 100_000
THREAD_PING_PONGS = 20_000
GAIN_MIN = 25.0

IDLE_ACTORS = 10_000
IDLE_MB_MAX = 80.0

PROCESS_S_MAX = 300


def measure() -> list[Figure]:
    """Return the actors' figures. Takes about half a minute."""
    best = dict.fromkeys(("threads", "simpy", "reactor"), 0.0)
    for _ in range(ROUNDS):
        for what in best:
            best[what] = max(best[what], in_process_of_its_own(what))
    idle_mb = in_process_of_its_own("idle")
    return [
        *(
            Figure(
                name=f"actor ping-pong on {clock}",
                value=best[what],
                unit="ping-pongs/s",
                peer_name="pykka ThreadingActor",
                peer_value=best["threads"],
                goal=f">= {GAIN_MIN:g} times",
                met=best[what] >= GAIN_MIN * best["threads"],
            )
            for what, clock in (
                ("simpy", "SimPy's clock"),
                ("reactor", "Twisted's asyncio reactor"),
            )
        ),
        Figure(
            name=f"{IDLE_ACTORS:,} idle actors, with the interpreter and every import",
            value=idle_mb,
            unit="MB",
            goal=f"<= {IDLE_MB_MAX:g} MB",
            met=idle_mb <= IDLE_MB_MAX,
        ),
    ]


def in_process_of_its_own(what: str) -> float:
    """Return what ``python -m tests.bench.actors WHAT`` measures."""
    command = [sys.executable, "-m", "tests.bench.actors", what]
    output = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, timeout=PROCESS_S_MAX
    ).stdout
    return float(json.loads(output))


# -- ours ----------------------------------------------------------------------------------------


class Player(Actor):
    """Returns the ball, an integer that counts down, until it is 0; then calls ``over``."""

    def __init__(self, place: Place, over: Callable[[], None]) -> None:
        super().__init__(place)
        self.partner: Ref[Any] | None = None
        self._over = over

    @receives(int)
    def play(self, left: int) -> None:
        """Return the ball."""
        if left:
            assert self.partner is not None
            self.partner.tell(left - 1)
        else:
            self._over()


def serve(world: World, over: Callable[[], None]) -> None:
    """Begin a match of `PING_PONGS` exchanges."""
    ping, pong = (world.spawn(name, Player, over) for name in ("ping", "pong"))
    for player, partner in ((ping, pong), (pong, ping)):
        actor = player.place.actor
        assert isinstance(actor, Player)
        actor.partner = partner
    ping.tell(2 * PING_PONGS)


def on_simpy() -> float:
    """Return ping-pongs a second on SimPy's clock."""
    world = SimWorld()
    began_s = perf_counter()
    serve(world, lambda: None)
    world.run()
    return PING_PONGS / (perf_counter() - began_s)


def on_reactor() -> float:
    """Return ping-pongs a second on Twisted's asyncio reactor."""
    reactor = install_reactor()
    world = ReactorWorld(reactor)
    moments: list[float] = []

    def begin() -> None:
        moments.append(perf_counter())
        serve(world, end)

    def end() -> None:
        moments.append(perf_counter())
        reactor.stop()

    reactor.callWhenRunning(begin)
    reactor.run()
    began_s, ended_s = moments
    return PING_PONGS / (ended_s - began_s)


class Idler(Actor):
    """Has been started, and waits."""


def idle_memory() -> float:
    """Return the megabytes of this process with `IDLE_ACTORS` actors that have started."""
    world = SimWorld()
    for number in range(IDLE_ACTORS):
        world.spawn(f"idle/{number}", Idler)
    world.run()
    gc.collect()
    with open("/proc/self/status") as status:
        [resident_kb] = (line.split()[1] for line in status if line.startswith("VmRSS:"))
    return int(resident_kb) / 1024


# -- pykka's -------------------------------------------------------------------------------------


class ThreadPlayer(pykka.ThreadingActor):
    """As `Player`, with a thread of its own."""

    def __init__(self, over: threading.Event) -> None:
        super().__init__()
        self._over = over
        self._partner: pykka.ActorRef[ThreadPlayer] | None = None

    def on_receive(self, message: Any) -> None:
        """Return the ball, or learn who the partner is."""
        if isinstance(message, pykka.ActorRef):
            self._partner = message
        elif message:
            assert self._partner is not None
            self._partner.tell(message - 1)
        else:
            self._over.set()


def on_threads() -> float:
    """Return ping-pongs a second between two of pykka's threads."""
    over = threading.Event()
    ping, pong = ThreadPlayer.start(over), ThreadPlayer.start(over)
    ping.tell(pong)
    pong.tell(ping)
    began_s = perf_counter()
    ping.tell(2 * THREAD_PING_PONGS)
    over.wait(PROCESS_S_MAX)
    rate = THREAD_PING_PONGS / (perf_counter() - began_s)
    pykka.ActorRegistry.stop_all()
    return rate


MEASUREMENTS = {
    "threads": on_threads,
    "simpy": on_simpy,
    "reactor": on_reactor,
    "idle": idle_memory,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(MEASUREMENTS[sys.argv[1]]()))

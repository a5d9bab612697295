"""From the line to the terminals' actors: octets a second through the decoder, frames through gateways.

The decoder runs beside the least that could be done with the same octets: finding each frame's opening with
``bytes.find`` and one CRC over it all, without making frames or minding what is doubled.

Gateways run eight at once, each on its own port. A port brings the next frame when the one before was
acknowledged, so that every frame goes through port, decoder, link, mailboxes and the terminal's actor.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from time import perf_counter, process_time
from typing import Any

from twisted.internet.defer import Deferred

from actors.alarms import AlarmBoard
from actors.audience import Audience
from actors.base import Actor, Place, Ref, receives
from actors.radio.contact import ChannelUp
from actors.radio.gateway import GatewayActor
from actors.world import World
from protocol.hall import Gateway, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, TerminalAddress
from protocol.messages import LinkUp, OctetsReceived, Recipient, UplinkReceived
from protocol.radio.frame import START, Frame, FrameDecoder, check_sequence, encode_frame
from protocol.radio.options import LinkOptions
from protocol.radio.reliable import ReliableLink
from runtime.world import ReactorWorld
from sim.world import SimWorld
from tests.bench.figures import Figure
from tests.runtime.reactor_thread import ReactorThread, best_loop

ROUNDS = 3
"""The best of so many is taken: other work makes all of them slower."""

FRAMES = 20_000
PAYLOADS = (1, 6, 6, 6, 8, 16, 24, 40)
"""Acknowledgements, presses, numbers, texts."""
PIECE = 64
"""Octets that a port hands over at a time, about."""
GOAL_MB = 1.0

GATEWAYS = 8
TERMINALS = 16
UPLINKS = 16_000
GOAL_FRAMES = 2_000

HOUR_OCTETS = 3600 * 960
"""What a line at 9600 baud brings in an hour."""


def measure() -> list[Figure]:
    """Return the figures of decoder and gateways. Takes about half a minute."""
    stream = _frames_stream()
    pieces = [stream[at : at + PIECE] for at in range(0, len(stream), PIECE)]
    noise = Random(1).randbytes(HOUR_OCTETS)
    noise_pieces = [noise[at : at + PIECE] for at in range(0, len(noise), PIECE)]
    megabytes = len(stream) / 1e6
    decoder = megabytes / _best(lambda: _decode(pieces))
    return [
        Figure(
            name=f"decoder, frames in pieces of {PIECE} octets",
            value=decoder,
            unit="MB/s",
            peer_name="find and CRC alone",
            peer_value=megabytes / _best(lambda: _find_and_check(pieces)),
            goal=f">= {GOAL_MB:g} MB/s",
            met=decoder >= GOAL_MB,
        ),
        Figure(
            name="decoder and link, an hour's noise at 9600 baud",
            value=_best(lambda: _listen(noise_pieces)),
            unit="s",
        ),
        _gateways("SimPy's clock", _rate_on_simpy),
        _gateways("Twisted's reactor", _rate_on_reactor),
    ]


def _gateways(clock: str, rate: Callable[[], float]) -> Figure:
    frames = max(rate() for _ in range(ROUNDS))
    return Figure(
        name=f"{GATEWAYS} gateway actors on {clock}, heard and acknowledged",
        value=frames,
        unit="frames/s",
        goal=f">= {GOAL_FRAMES:,} frames/s",
        met=frames >= GOAL_FRAMES,
    )


def _best(work: Callable[[], None]) -> float:
    """Return the seconds that ``work`` takes at best."""
    times_s = []
    for _ in range(ROUNDS):
        # Of one core: what else runs on the machine does not count.
        began_s = process_time()
        work()
        times_s.append(process_time() - began_s)
    return min(times_s)


# -- decoder ------------------------------------------------------------------------------------


def _frames_stream() -> bytes:
    random = Random(1)
    return b"".join(
        encode_frame(
            Frame(
                to=1,
                source=random.randrange(255),
                id=number % 256,
                payload=random.randbytes(random.choice(PAYLOADS)),
            )
        )
        for number in range(FRAMES)
    )


def _decode(pieces: list[bytes]) -> None:
    decoder = FrameDecoder()
    found = sum(len(decoder.receive(piece)) for piece in pieces)
    assert found == FRAMES


def _find_and_check(pieces: list[bytes]) -> None:
    for piece in pieces:
        opening = piece.find(START)
        while opening >= 0:
            opening = piece.find(START, opening + len(START))
        check_sequence(piece)


def _listen(pieces: list[bytes]) -> None:
    link = ReliableLink(1, Random(1))
    for piece in pieces:
        link.receive(piece, 0.0)
    assert link.decoder_counts.octets == HOUR_OCTETS


# -- gateways -----------------------------------------------------------------------------------


class _Sink(Actor):
    """A terminal's actor: counts what it is told, and says when all have been told enough."""

    def __init__(self, place: Place, tally: _Tally) -> None:
        super().__init__(place)
        self._tally = tally

    @receives(UplinkReceived)
    def _take(self, _message: UplinkReceived) -> None:
        self._tally.add()

    @receives(ChannelUp)
    def _meet_channel(self, _message: ChannelUp) -> None:
        """Nothing waits to be sent."""


class _Tally:
    def __init__(self, over: Callable[[], None]) -> None:
        self._left = UPLINKS
        self._over = over

    def add(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._over()


class _Port:
    """Brings a frame of the next terminal for each acknowledgement that goes out."""

    def __init__(self, owner: Recipient) -> None:
        self._owner = owner
        self._sent = 0

    def begin(self) -> None:
        self._owner.tell(LinkUp())
        self._bring()

    def write(self, octets: bytes) -> None:
        self._bring()

    def _bring(self) -> None:
        if self._sent == UPLINKS // GATEWAYS:
            return
        turn, terminal = divmod(self._sent, TERMINALS)
        self._sent += 1
        press = Frame(to=1, source=10 + terminal, id=turn % 255 + 1, payload=bytes(6))
        self._owner.tell(OctetsReceived(octets=encode_frame(press)))

    def close(self) -> None:
        pass


class _Ports:
    def __init__(self) -> None:
        self.opened: list[_Port] = []

    def open_link(self, address: str, owner: Recipient) -> _Port:
        self.opened.append(_Port(owner))
        return self.opened[-1]


def _spawn(world: World, over: Callable[[], None]) -> _Ports:
    ports, tally = _Ports(), _Tally(over)
    spawn: Callable[..., Ref[Any]] = world.spawn
    alarms = spawn("alarms", AlarmBoard, {}, Audience())
    addresses = [TerminalAddress(10 + number) for number in range(TERMINALS)]
    for number in range(GATEWAYS):
        gateway = Gateway(
            id=GatewayId(f"g{number}"),
            port="serial:/dev/ttyS0",
            address=TerminalAddress(1),
            terminals=tuple(
                Terminal(address=address, kind=TerminalKind.KEYPAD, counter=CounterId("1"))
                for address in addresses
            ),
        )
        for address in addresses:
            spawn(f"gateway/{number}/terminal/{address}", _Sink, tally)
        spawn(f"gateway/{number}", GatewayActor, gateway, ports, alarms, LinkOptions())
    return ports


def _rate_on_simpy() -> float:
    """Return frames a second of real time."""
    world = SimWorld()
    ended_s: list[float] = []
    ports = _spawn(world, lambda: ended_s.append(perf_counter()))
    world.run(until_s=0.001)
    began_s = perf_counter()
    for port in ports.opened:
        port.begin()
    world.run(until_s=0.002)
    world.close()
    return UPLINKS / (ended_s[0] - began_s)


def _rate_on_reactor() -> float:
    """Return frames a second, in a reactor that runs in a thread of its own."""
    thread = ReactorThread(best_loop())
    thread.start()
    try:
        seconds: float = thread.call(_begin_on, thread.reactor)  # type: ignore[arg-type]
    finally:
        thread.stop()
    return UPLINKS / seconds


def _begin_on(reactor: Any) -> Deferred[float]:
    finished: Deferred[float] = Deferred()
    world = ReactorWorld(reactor, random=Random(1))
    began_s = 0.0

    def over() -> None:
        seconds = perf_counter() - began_s
        reactor.callLater(0, world.close)
        reactor.callLater(0, finished.callback, seconds)

    def begin() -> None:
        nonlocal began_s
        began_s = perf_counter()
        for port in ports.opened:
            port.begin()

    ports = _spawn(world, over)
    reactor.callLater(0.1, begin)
    return finished

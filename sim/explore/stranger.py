"""Somebody in reach with a radio: forges and replays what paired terminals say and hear."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from random import Random

from protocol.hall import Gateway, Security
from protocol.ids import TerminalAddress
from protocol.radio.frame import Frame, FrameDecoder, encode_frame
from protocol.radio.payloads import Key, KeyPress, Show, ShowEntry, ShowMany, WindowState, encode
from protocol.radio.secured import COUNTER_MAX, Direction, Way, broadcast_way, is_sealed, seal
from protocol.values import replace, value
from sim.devices.keypad import Keypad
from sim.devices.radio import RadioDevice
from sim.devices.window import Window
from sim.watch.sightings import Forged

HEARD_MAX = 40
"""What was heard last, of which something is sent once more."""

NUMBER = "X666"
"""What no hall ever calls."""

FORGED_PRESSES = (20_000, 30_000)
"""Sequences of presses that no keypad comes to in a run, and that are later than those it has come to."""

ACKNOWLEDGES = 0x80
EVERYBODY = 255
WRONG_KEY = bytes(range(16))


@value
class Target:
    """A paired terminal behind its home gateway, and the names that a press of it would have."""

    gateway: Gateway
    address: TerminalAddress
    device: RadioDevice
    press: Callable[[int], tuple[str, ...]]


class Stranger:
    """A device on a channel, which does something every ``every_s`` seconds on the average.

    ``see`` is told of all of it. On a channel with router headers only what was heard is sent once more.
    """

    def __init__(
        self,
        targets: Iterable[Target],
        random: Random,
        every_s: float,
        see: Callable[[Forged], object],
    ) -> None:
        self._targets = list(targets)
        self._random = random
        self._every_s = every_s
        self._see = see
        self._heard: deque[bytes] = deque(maxlen=HEARD_MAX)
        self._due_s: float | None = random.expovariate(1 / every_s)

    def leave(self) -> None:
        """Do nothing any more."""
        self._due_s = None

    def receive(self, octets: bytes, _now: float) -> bytes:
        """Listen."""
        self._heard.append(octets)
        return b""

    def next_deadline(self) -> float | None:
        """Return when it sends next."""
        return self._due_s

    def tick(self, now: float) -> bytes:
        """Send something, if it is time."""
        if self._due_s is None or now < self._due_s:
            return b""
        self._due_s = now + self._random.expovariate(1 / self._every_s)
        target = self._random.choice(self._targets)
        if target.gateway.routed or self._random.random() < 0.5:
            return self._replay(target)
        match target.device:
            case Keypad():
                return self._forge_press(target)
            case Window():
                return self._forge_call(target)
            case _:
                return self._replay(target)

    # -- what it does -------------------------------------------------------------------------

    def _replay(self, target: Target) -> bytes:
        """Send once more what was said to or by the target, as it was or a little changed."""
        frames = [
            frame
            for octets in self._heard
            for frame in FrameDecoder().receive(octets)
            if self._is_protected(frame, target)
        ]
        if not frames:
            return b""
        frame = self._random.choice(frames)
        what = f"frame {frame.id} from {frame.source} to {frame.to} again"
        if self._random.random() < 0.7:
            # Under its own number it would be dropped as a repeat of the radio's.
            frame, what = replace(frame, id=self._id()), f"{what}, as {frame.id}"
        if self._random.random() < 0.3:
            place = self._random.randrange(len(frame.payload))
            changed = bytearray(frame.payload)
            changed[place] ^= 1 << self._random.randrange(8)
            if target.gateway.routed or not is_sealed(bytes(changed)):
                return b""
            frame, what = replace(frame, payload=bytes(changed)), f"{what}, with a bit changed"
        self._see(Forged(what=what))
        return encode_frame(frame)

    def _is_protected(self, frame: Frame, target: Target) -> bool:
        """Whether a frame is the target's, and nobody may take it twice."""
        if target.address not in (frame.to, frame.source) or frame.flags & ACKNOWLEDGES:
            return False
        if target.gateway.routed:
            return target.gateway.security is Security.REQUIRED
        return is_sealed(frame.payload)

    def _forge_press(self, target: Target) -> bytes:
        """Press NEXT in a keypad's name."""
        sequence = self._random.randint(*FORGED_PRESSES)
        press = KeyPress(boot=target.device.boot, sequence=sequence, key=Key.NEXT)
        payload = encode(press)
        if self._random.random() < 0.5:
            way = Way(
                direction=Direction.UP, terminal=target.address, gateway=target.gateway.address
            )
            payload = self._sealed(way, payload)
        for name in target.press(sequence):
            self._see(Forged(what=f"a press of keypad {target.address}", press=name))
        return self._frame(target.gateway.address, target.address, payload)

    def _forge_call(self, target: Target) -> bytes:
        """Have a window show a number, alone or among others."""
        version, to = self._random.randrange(1, 65_536), int(target.address)
        show = encode(Show(version=version, state=WindowState.CALLED, text=NUMBER))
        way = Way(direction=Direction.DOWN, terminal=to, gateway=target.gateway.address)
        if self._random.random() < 0.3:
            entry = ShowEntry(address=to, version=version, state=WindowState.CALLED, text=NUMBER)
            show, to = encode(ShowMany(entries=(entry,))), EVERYBODY
            way = broadcast_way(target.gateway.address)
        if self._random.random() < 0.5:
            show = self._sealed(way, show)
        self._see(Forged(what=f"{NUMBER} for window {target.address}, to {to}"))
        return self._frame(to, target.gateway.address, show)

    def _sealed(self, way: Way, payload: bytes) -> bytes:
        """Seal it with a key that nobody has, and a counter that is later than all."""
        return seal(WRONG_KEY, way, self._random.randrange(COUNTER_MAX // 2, COUNTER_MAX), payload)

    def _frame(self, to: int, source: int, payload: bytes) -> bytes:
        return encode_frame(Frame(to=to, source=source, id=self._id(), payload=payload))

    def _id(self) -> int:
        return self._random.randrange(256)

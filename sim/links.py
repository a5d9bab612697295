"""Links to virtual devices: serial lines whose octets take their time on SimPy's clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pykka
import simpy

from protocol.devices import Device
from protocol.errors import ConfigError
from protocol.messages import LinkDown, LinkUp, OctetsReceived, Recipient
from protocol.ports import REOPEN_MAX_S, REOPEN_MIN_S, WAITING_MAX, VirtualAddress, parse_port
from sim.world import SimWorld

ROUNDING = 1e-6
"""Of an octet: more than what adding up times can have rounded off."""


class SimLinks:
    """Opens links to the devices registered by name, whose addresses are ``virtual:NAME``.

    As with real ports, a device may be away when its link is opened, may be unplugged and plugged
    in again, and has one link at a time.
    """

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._sockets: dict[str, _Socket] = {}

    def register(self, name: str, device: Device, *, own_line: bool = False) -> None:
        """Plug ``device`` in under ``name``, in place of what was there.

        With ``own_line`` the time that octets take on the line is in the device already, and passes there.
        """
        socket = self._socket(name)
        socket.unplug()
        socket.device = device
        socket.own_line = own_line
        socket.plug()

    def plug(self, name: str) -> None:
        """Plug the device in again; its link comes up once it is tried the next time."""
        self._socket(name).plug()

    def unplug(self, name: str) -> None:
        """Pull the device out: octets on the line are cut where they are. The device goes on."""
        self._socket(name).unplug()

    def wake(self, name: str) -> None:
        """Let the device do what is due now, after somebody acted on it (a key was pressed)."""
        self._socket(name).wake()

    def send(self, name: str, octets: bytes) -> None:
        """Send ``octets`` as the device's."""
        self._socket(name).send(octets)

    def hang_up(self) -> None:
        """Close every link: the process that had opened them is no more. Devices go on."""
        for socket in self._sockets.values():
            for link in list(socket.links):
                link.close()

    def open_link(self, address: str, owner: Recipient) -> SimLink:
        """Open ``address`` for ``owner``; see `actors.ports.LinkOpener`.

        A link that the owner has to the same device is closed.

        Raises:
            ConfigError: the address is malformed, or not of a virtual device.
        """
        parsed = parse_port(address)
        if not isinstance(parsed, VirtualAddress):
            raise ConfigError(f"{address!r}: a simulation has virtual devices alone: virtual:NAME")
        socket = self._socket(parsed.name)
        for earlier in [link for link in socket.links if link.owner is owner]:
            earlier.close()
        link = SimLink(socket, owner, None if socket.own_line else parsed.octet_s)
        socket.links.append(link)
        socket.try_later(0.0)
        return link

    def _socket(self, name: str) -> _Socket:
        if name not in self._sockets:
            self._sockets[name] = _Socket(self._world, name)
        return self._sockets[name]


class _Socket:
    """Where a device is plugged in: who has the port open, and who waits for it, in order."""

    def __init__(self, world: SimWorld, name: str) -> None:
        self.world = world
        self.name = name
        self.device: Device | None = None
        self.own_line = False
        self.links: list[SimLink] = []
        self.open_link: SimLink | None = None
        """The link that has the port open."""
        self._plugged = False
        self._away_since_s = 0.0
        self._tick_at_s: float | None = None

    def plug(self) -> None:
        if self.device is not None and not self._plugged:
            self._plugged = True
            self.schedule()
            self._retry(self.world.monotonic() - self._away_since_s)

    def unplug(self) -> None:
        if not self._plugged:
            return
        self._plugged = False
        self._away_since_s = self.world.monotonic()
        if link := self.open_link:
            link.lose(f"virtual:{self.name} was lost: its device was unplugged or failed")
        self.try_later(REOPEN_MIN_S)

    def left(self, since_s: float) -> None:
        """The port is free after it was open from ``since_s`` on."""
        self._retry(self.world.monotonic() - since_s)

    def _retry(self, away_s: float) -> None:
        # Real links try again after waits that double: after an outage, the rest of the wait that
        # is under way is at most about as long as the outage was.
        bound_s = min(max(away_s, REOPEN_MIN_S), REOPEN_MAX_S)
        self.try_later(self.world.random.uniform(0.0, bound_s))

    def try_later(self, delay_s: float) -> None:
        _Due(self.world.env, delay_s, _Socket._try, self, None)

    def _try(self, _nothing: None) -> None:
        """Open the port for the first link that waits, and say to the others why not."""
        for link in list(self.links):
            if link.up:
                continue
            if not self._plugged:
                link.refuse(f"virtual:{self.name} is not there: plug the device in")
            elif self.open_link is None:
                link.come_up()
            else:
                link.refuse(f"virtual:{self.name} is in use already: one link has it open")

    # -- the device -------------------------------------------------------------------------

    def received(self, octets: bytes) -> None:
        assert self.device is not None
        self.send(self.device.receive(octets, self.world.env.now))

    def wake(self) -> None:
        if self.device is not None:
            self.send(self.device.tick(self.world.env.now))

    def send(self, octets: bytes) -> None:
        """Send the device's octets to whoever has the port open, then see what it has due.

        Those that nobody takes, and those beyond `WAITING_MAX` on the line, are lost.
        """
        if octets and self.open_link is not None:
            self.open_link.to_owner(octets)
        self.schedule()

    def schedule(self) -> None:
        """Have the device ticked at its next deadline."""
        deadline_s = None if self.device is None else self.device.next_deadline()
        if deadline_s == self._tick_at_s:
            return
        self._tick_at_s = deadline_s
        if deadline_s is not None:
            env = self.world.env
            _Due(env, deadline_s - env.now, _Socket._tick, self, deadline_s)

    def _tick(self, deadline_s: float) -> None:
        if deadline_s == self._tick_at_s:
            self._tick_at_s = None
            self.wake()


class SimLink:
    """A link to a virtual device; an octet takes ``octet_s``, or the line's time is the device's (None)."""

    def __init__(self, socket: _Socket, owner: Recipient, octet_s: float | None) -> None:
        self.owner = owner
        self.up = False
        self._socket = socket
        self._to_owner = self._to_device = None
        if octet_s is not None:
            self._to_owner = _Wire(socket.world, octet_s, self._received)
            self._to_device = _Wire(socket.world, octet_s, socket.received)
        self._told_down: str | None = None
        self._up_since_s = 0.0

    def write(self, octets: bytes) -> None:
        """Send ``octets``; they are lost if the device is away."""
        if not self.up:
            return
        wire = self._to_device
        if wire is None:
            self._socket.received(octets)
            return
        wire.send(octets)
        if wire.waiting() > WAITING_MAX:
            self.lose(f"the device takes no octets: over {WAITING_MAX} wait to be sent")
            self._socket.left(self._up_since_s)

    def to_owner(self, octets: bytes) -> None:
        """Send the device's octets; they are lost if `WAITING_MAX` are on the line already."""
        wire = self._to_owner
        if wire is None:
            self._received(octets)
        elif wire.waiting() <= WAITING_MAX:
            wire.send(octets)

    def close(self) -> None:
        """Let the port go for good; what was not sent is lost."""
        if self in self._socket.links:
            self._socket.links.remove(self)
        if self.up:
            self._hang_up()
            self._socket.left(self._up_since_s)

    def come_up(self) -> None:
        self.up = True
        self._socket.open_link = self
        self._up_since_s = self._socket.world.monotonic()
        self._told_down = None
        self._tell(LinkUp())

    def lose(self, reason: str) -> None:
        self._hang_up()
        self.refuse(reason)

    def refuse(self, reason: str) -> None:
        if reason != self._told_down:
            self._told_down = reason
            self._tell(LinkDown(reason=reason))

    def _hang_up(self) -> None:
        if self._to_owner is not None:
            self._to_owner.cut()
        # What the device answers from here on goes nowhere.
        self.up = False
        self._socket.open_link = None
        if self._to_device is not None:
            self._to_device.cut()

    def _received(self, octets: bytes) -> None:
        if self.up:
            self._tell(OctetsReceived(octets=octets))

    def _tell(self, message: LinkUp | LinkDown | OctetsReceived) -> None:
        try:
            self.owner.tell(message)
        except pykka.ActorDeadError:
            self.close()


class _Wire:
    """One direction of a serial line: octets follow each other, and arrive once the last is there."""

    def __init__(self, world: SimWorld, octet_s: float, deliver: Callable[[bytes], None]) -> None:
        self._env = world.env
        self._octet_s = octet_s
        self._deliver = deliver
        self._free_at_s = 0.0
        self._bursts: deque[tuple[float, bytes]] = deque()

    def waiting(self) -> int:
        """Return how many octets have not arrived yet."""
        busy_s = self._free_at_s - self._env.now
        return round(busy_s / self._octet_s) if busy_s > 0.0 else 0

    def send(self, octets: bytes) -> None:
        now_s = self._env.now
        begins_s = max(self._free_at_s, now_s)
        self._free_at_s = begins_s + len(octets) * self._octet_s
        burst = (begins_s, octets)
        self._bursts.append(burst)
        _Due(self._env, self._free_at_s - now_s, _Wire._arrive, self, burst)

    def cut(self) -> None:
        """Deliver the octets that have arrived whole by now; the others are lost."""
        bursts, self._bursts = self._bursts, deque()
        self._free_at_s = 0.0
        for begins_s, octets in bursts:
            arrived = int((self._env.now - begins_s) / self._octet_s + ROUNDING)
            if arrived > 0:
                self._deliver(octets[:arrived])

    def _arrive(self, burst: tuple[float, bytes]) -> None:
        if self._bursts and self._bursts[0] is burst:
            self._bursts.popleft()
            self._deliver(burst[1])


class _Due(simpy.Event):
    """Has ``call`` called with two things; otherwise SimPy's Timeout, without what only waiting would need."""

    _ok = True
    _value = None

    def __init__(
        self,
        env: simpy.Environment,
        delay_s: float,
        call: Callable[[Any, Any], None],
        subject: object,
        given: object,
    ) -> None:
        self.env = env
        self.callbacks = _DUE_CALLBACKS
        self.call = call
        self.subject = subject
        self.given = given
        env.schedule(self, delay=delay_s if delay_s > 0.0 else 0.0)


def _happen(due: _Due) -> None:
    due.call(due.subject, due.given)


# One list for all: SimPy reads an event's list once and never changes it.
_DUE_CALLBACKS: list[Callable[[Any], None]] = [_happen]

"""A half-duplex radio channel: modules that share one frequency, and what they do to each other.

Sans-I/O, on a clock told to it. Hosts are devices of the simulation, or ports with whoever is there: a
gateway's. What happens, happens on a heap of events:

    host writes --line, gap--> ready --listens--> on the air --> ended --line--> host hears it
                                          |  ^
                                          +--+ the channel is taken: pause

Hosts take part in the ends of that alone. What is between them has its time, but is worked out no sooner than
an input or somebody's ears need it: a packet that meets no other one costs whoever drives the channel one
call, not five. So an input, or what changes what befalls packets, comes after `advance` to its time, or after
`catch_up`.

A listener has a packet unless it cannot hear the sender; sends itself meanwhile; hears another packet at the
same time that is not weaker by `CAPTURE_DB`; was bound to another packet already; or chance takes it away.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from math import inf
from random import Random
from typing import Any

from protocol.devices import Device
from protocol.errors import DeviceError
from sim.radio.loss import NONE, Damage, Loss
from sim.radio.modules import E32, RadioModule
from sim.radio.port import Port
from sim.radio.reception import Reception
from sim.radio.station import Packet, Station, first_piece, pieces

__all__ = ["EVENTS_MAX", "Channel"]

EVENTS_MAX = 10_000
"""Events at one instant; more are devices that answer each other for ever, an error in their models."""


ROUNDING_S = 1e-9
"""More than what adding up times can have rounded off."""


_Happen = Callable[[float, Any], None]
_Event = tuple[float, int, _Happen, Any, float]
"""When something happens to whom, and until when no host hears of it."""


class Channel:
    """One frequency. Every input is told the time ``now``, in seconds that never go back.

    Ports are what a gateway is plugged into. With several, somebody has to listen to `on_wake`.
    Where not ``attentive``, hosts are spared frames for others, which they would drop; faults that
    change octets make it attentive.
    """

    def __init__(
        self,
        random: Random,
        module: RadioModule = E32,
        *,
        loss: Loss = NONE,
        damage: Damage | None = None,
        attentive: bool = False,
    ) -> None:
        self.module = module
        self.loss = loss
        self._damage = damage
        self._reception = Reception()
        self.counts = self._reception.counts
        self.stations: list[Station] = []
        self.attentive = attentive or damage is not None
        """Whether hosts hear what is for others."""
        self.ports_overhear = False
        """Whether ports do: gateways that stand in for one another hear each other."""
        self._random = random
        self._now = -inf
        self._until_s = -inf
        """What is due by then happens before anything else, and its hosts hear of it."""
        self._events: list[_Event] = []
        """What happens from line to line; few at a time."""
        self._ticks: list[tuple[float, int, Station]] = []
        """Deadlines of devices; those that are others by now are passed over."""
        self._event_number = 0
        self._touched: deque[Station] = deque()
        """Those whose devices somebody acted on."""
        self._clock: Callable[[], float] | None = None
        self._lines: list[tuple[float, float]] = []
        """How long each kind of module takes to deliver, and for an octet on the line."""
        self._on_air: list[Packet] = []
        self._last: Packet | None = None
        """The packet that ended last."""
        self._at_address: dict[int | None, list[Station]] = {None: []}
        self._ports: list[Port] = []
        self._wake: Callable[[str], object] = lambda _name: None
        self._running = False
        self._rousing = False
        self._told_s = inf
        """When the first port is to be ticked, as it was told last."""

    # -- who is there -----------------------------------------------------------------------

    def join(self, device: Device, module: RadioModule | None = None) -> Station:
        """Put a device on the channel; it goes by its ``radio_address``, or its ``address``, if it has one."""
        station = self._add(module)
        station.device = device
        self._move(station, _address_of(device))
        self.touch(station)
        return station

    def port(self, name: str = "", *, address: int | None = None) -> Port:
        """Put a module on the channel whose line is a port of that ``name``: a gateway's.

        The line's time is in the channel; whatever is between port and gateway should be fast. With an
        ``address`` the gateway is spared what is for others.
        """
        station = self._add(None)
        self._move(station, address)
        port = Port(self, station, name)
        self._ports.append(port)
        return port

    def on_wake(self, wake: Callable[[str], object]) -> None:
        """Have ``wake`` called with the name of a port that wants its `Port.tick`."""
        self._wake = wake

    @property
    def damage(self) -> Damage | None:
        """What becomes of packets on the way from modules to hosts."""
        return self._damage

    @damage.setter
    def damage(self, damage: Damage | None) -> None:
        self._damage = damage
        # What is damaged may come in more pieces, and so sooner.
        self._events[:] = [(*event[:4], event[0]) for event in self._events]
        if self._ports:
            self._wake(self._ports[0].name)

    def on_clock(self, clock: Callable[[], float]) -> None:
        """Have `catch_up` know the time."""
        self._clock = clock

    def catch_up(self) -> None:
        """Work out everything until now, before something changes that is no input."""
        if self._clock is not None:
            self.advance(self._clock())

    def set_level(self, sender: Station, listener: Station, level_db: float | None) -> None:
        """Have ``listener`` hear ``sender`` so strongly (0 for all at first), or not at all (None)."""
        listener.levels[sender] = level_db

    def hide(self, station: Station, others: Iterable[Station]) -> None:
        """Have ``station`` and each of ``others`` not hear each other."""
        for other in others:
            if other is not station:
                self.set_level(station, other, None)
                self.set_level(other, station, None)

    def jam(self, begins_s: float, ends_s: float) -> None:
        """Drown everything on the air from ``begins_s`` to ``ends_s``; modules sense it."""
        self._reception.jams.append((begins_s, ends_s))

    def station_of(self, port: str) -> Station:
        """Return the station of the port with that name."""
        return next(each.station for each in self._ports if each.name == port)

    @property
    def reception(self) -> Reception:
        """What decides who hears what."""
        return self._reception

    def touch(self, station: Station) -> None:
        """Have the device looked at: somebody has acted on it (a key was pressed)."""
        if not station.touched:
            station.touched = True
            self._touched.append(station)

    def _add(self, module: RadioModule | None) -> Station:
        station = Station(module=module or self.module, chance=self.loss.chance(self._random))
        self.stations.append(station)
        self._at_address[None].append(station)
        line = station.module.deliver_s, station.module.octet_s
        if line not in self._lines:
            self._lines.append(line)
        return station

    def _move(self, station: Station, address: int | None) -> None:
        self._at_address[station.address].remove(station)
        station.address = address
        self._at_address.setdefault(address, []).append(station)

    # -- time -------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """Return when somebody is to `advance` again, or None if nothing will happen."""
        deadline_s = self._deadline_s()
        return None if deadline_s == inf else deadline_s

    def _deadline_s(self) -> float:
        if self._touched:
            return self._now
        ticks = self._ticks
        while ticks and ticks[0][0] != ticks[0][2].tick_s:
            self._pass_over(heappop(ticks))
        due_s = ticks[0][0] if ticks else inf
        for event in self._events:
            if event[4] < due_s:
                due_s = event[4]
        return due_s

    def advance(self, now: float) -> None:
        """Let everything happen that is due by ``now``."""
        if self._running:
            return
        self._running = True
        self._until_s = now
        events, ticks = self._events, self._ticks
        at_once = 0
        try:
            while True:
                happen: _Happen
                subject: Any
                if events and events[0][0] <= now and not (ticks and ticks[0] < events[0]):
                    due_s, _, happen, subject, _ = heappop(events)
                elif ticks and ticks[0][0] <= now:
                    tick = heappop(ticks)
                    due_s, _, subject = tick
                    if due_s != subject.tick_s:
                        self._pass_over(tick)
                        continue
                    happen = self._tick
                elif self._touched:
                    due_s, happen, subject = now, self._feel, self._touched.popleft()
                else:
                    break
                if due_s > self._now:
                    self._now = due_s
                    at_once = 0
                at_once += 1
                if at_once > EVENTS_MAX:
                    raise DeviceError("devices on one channel answer each other for ever")
                happen(self._now, subject)
            if now > self._now:
                self._now = now
        finally:
            self._running = False

    @staticmethod
    def _pass_over(tick: tuple[float, int, Station]) -> None:
        """Forget a deadline that is another by now."""
        at_s, _, station = tick
        if at_s == station.latest_tick_s:
            station.latest_tick_s = -inf

    def pass_time(self, now: float) -> None:
        """Do what is due, or see why somebody wants that though nothing is; a port was ticked."""
        if self._rousing:
            return
        asked = now < self._told_s and not self._touched
        self.advance(now)
        if asked:
            self.look()
            self.advance(now)

    def deadline_of(self, port: Port) -> float | None:
        """Return when ``port`` is to be ticked: the first one gives the channel its time."""
        if port is not self._ports[0]:
            return None
        self._told_s = deadline_s = self._deadline_s()
        return None if deadline_s == inf else deadline_s

    def rouse(self, awake: Port) -> None:
        """Have the other ports fetch what they have heard, and the first one look at its deadline."""
        if self._rousing or len(self._ports) == 1:
            return
        self._rousing = True
        first = self._ports[0]
        try:
            for port in self._ports:
                if port is awake:
                    continue
                if port.station.heard or (port is first and self._deadline_s() < self._told_s):
                    self._wake(port.name)
        finally:
            self._rousing = False

    def _push(self, at_s: float, happen: _Happen, subject: object, heard_s: float) -> None:
        """Have something happen of which no host hears before ``heard_s``."""
        self._event_number += 1
        heappush(self._events, (at_s, self._event_number, happen, subject, heard_s))

    # -- hosts ------------------------------------------------------------------------------

    def _tick(self, now: float, station: Station) -> None:
        """Tick the device if it is due; somebody may have put its deadline off."""
        device = station.device
        assert device is not None
        deadline_s = device.next_deadline()
        if deadline_s is None or deadline_s > now:
            self._await_deadline(station, deadline_s)
        else:
            self._feel(now, station)

    def _feel(self, now: float, station: Station) -> None:
        """Tick the device because somebody acted on it."""
        station.touched = False
        station.tick_s = inf
        device = station.device
        assert device is not None
        self._hosted(station, device, device.tick(now), now)

    def _deliver(self, now: float, delivery: tuple[Station, bytes]) -> None:
        station, octets = delivery
        device = station.device
        if device is None:
            station.heard += octets
        else:
            self._hosted(station, device, device.receive(octets, now), now)

    def _hosted(self, station: Station, device: Device, octets: bytes, now: float) -> None:
        """Take what a device sends, and see what has become of it."""
        if octets:
            self.write(station, octets, now)
        address = _address_of(device)
        if address != station.address:
            self._move(station, address)
        self._await_deadline(station, device.next_deadline())

    def _await_deadline(self, station: Station, deadline_s: float | None) -> None:
        if deadline_s is None:
            station.tick_s = inf
            return
        if deadline_s == station.tick_s:
            return
        station.tick_s = at_s = deadline_s if deadline_s > self._now else self._now
        if at_s != station.latest_tick_s:
            # A heartbeat's deadline comes back after each datagram's: it is kept in the meantime.
            if at_s > station.latest_tick_s:
                station.latest_tick_s = at_s
            self._event_number += 1
            heappush(self._ticks, (at_s, self._event_number, station))

    def look(self) -> None:
        """See whether somebody acted on a device: whose deadline is earlier than it was is ticked."""
        self.catch_up()
        for station in self.stations:
            if station.device is None:
                continue
            deadline_s = station.device.next_deadline()
            if deadline_s is not None and deadline_s <= self._now:
                # At the time that it is, which may be long after the last event.
                self.touch(station)
            else:
                self._await_deadline(station, deadline_s)

    def write(self, station: Station, octets: bytes, now: float) -> None:
        """Send ``octets`` from the station's host."""
        ready = station.ready
        before = len(ready)
        station.write(octets, now)
        if len(ready) > before:
            for place in range(before, len(ready)):
                packet = ready[place]
                self._await(packet.ready_s, self._ready, station, packet.octets)
        if station.opened:
            self._await(station.closes_s, self._ready, station, station.opened)

    # -- the air ----------------------------------------------------------------------------

    def _await(
        self,
        at_s: float,
        happen: _Happen,
        station: Station,
        octets: bytes,
        free_s: float | None = None,
    ) -> None:
        """Have something happen to ``octets`` that wait to be sent.

        They are sent at the soonest from ``free_s`` on, or once the channel was listened to.
        """
        if at_s <= self._until_s:
            heard_s = at_s
        else:
            module = station.module
            if free_s is None:
                free_s = at_s + module.listen_s if module.senses else at_s
            # Nothing is rounded otherwise than when it happens.
            ends_s = free_s + module.turnaround_s + module.air_s(len(octets))
            heard_s = self._delivered_s(ends_s, first_piece(octets))
        self._event_number += 1
        heappush(self._events, (at_s, self._event_number, happen, station, heard_s))

    def _delivered_s(self, ends_s: float, octets: int) -> float:
        """Return when a host has the first ``octets`` of a packet that ends at ``ends_s``, at the soonest."""
        if self._damage is not None or ends_s <= self._until_s:
            return ends_s  # it may be cut anywhere
        return min([ends_s + deliver_s + octets * octet_s for deliver_s, octet_s in self._lines])

    def _ready(self, now: float, station: Station) -> None:
        """A packet may be complete."""
        if station.closes_s <= now:
            station.close()
        if not station.contends:
            self._contend(now, station)

    def _contend(self, now: float, station: Station) -> None:
        """Try to get the station's oldest packet on the air, if it has one that is ready."""
        station.contends = bool(station.ready) and station.ready[0].ready_s <= now
        if not station.contends:
            return
        module = station.module
        if not module.senses:
            self._decide(now, station)
            return
        station.since_s = now
        station.tries = 0
        taken_until_s = self._taken_until(now, station)
        if taken_until_s > now:
            self._back_off(taken_until_s, station)
        else:
            self._await_attempt(now + module.listen_s, station)

    def _attempt(self, now: float, station: Station) -> None:
        """Send if the channel has been free for long enough."""
        listened_s = now - station.module.listen_s
        taken_until_s = self._taken_until(now, station)
        if taken_until_s <= listened_s + ROUNDING_S:
            self._decide(now, station)
        elif now - station.since_s >= station.module.patience_s:
            self.counts.impatient += 1
            self._decide(now, station)
        else:
            self._back_off(taken_until_s, station)

    def _back_off(self, taken_until_s: float, station: Station) -> None:
        module = station.module
        self.counts.sensed += 1
        pause_max_s = min(module.backoff_s * 2.0**station.tries, module.backoff_max_s)
        station.tries += 1
        pause_s = module.listen_s + self._random.random() * pause_max_s
        self._await_attempt(taken_until_s + pause_s, station)

    def _await_attempt(self, at_s: float, station: Station) -> None:
        self._await(at_s, self._attempt, station, station.ready[0].octets, at_s)

    def _taken_until(self, now: float, station: Station) -> float:
        """Return until when the station hears something, as far as it has begun; maybe in the past."""
        taken_s = -inf
        levels = station.levels
        for packet in self._on_air:
            if packet.ends_s > taken_s and levels.get(packet.sender, 0.0) is not None:
                taken_s = packet.ends_s
        last = self._last
        if last is not None and last.ends_s > taken_s and levels.get(last.sender, 0.0) is not None:
            taken_s = last.ends_s
        for begins_s, ends_s in self._reception.jams:
            if begins_s <= now:
                taken_s = max(taken_s, ends_s)
        return taken_s

    def _decide(self, now: float, station: Station) -> None:
        """Switch from hearing to sending."""
        turnaround_s = station.module.turnaround_s
        if turnaround_s:
            octets = station.ready[0].octets
            self._await(now + turnaround_s, self._begin, station, octets, now)
        else:
            self._begin(now, station)

    def _begin(self, now: float, station: Station) -> None:
        packet = station.take(now)
        air_s = station.module.air_s(len(packet.octets))
        packet.pieces = pieces(packet.octets)
        packet.begins_s = now
        packet.ends_s = now + air_s
        for other in self._on_air:
            if other.ends_s > now:
                other.met.append(packet)
                packet.met.append(other)
        counts = self.counts
        counts.packets += 1
        counts.octets += len(packet.octets)
        counts.air_s += air_s
        taken_s = now
        for other in self._on_air:
            if other.ends_s > taken_s:
                taken_s = other.ends_s
        counts.busy_s += max(0.0, packet.ends_s - taken_s)
        if air_s:
            self._on_air.append(packet)
            heard_s = self._delivered_s(packet.ends_s, len(packet.pieces[0]))
            self._push(packet.ends_s, self._end, packet, heard_s)
        else:
            self._end(now, packet)

    def _end(self, now: float, packet: Packet) -> None:
        if packet.ends_s > packet.begins_s:
            self._on_air.remove(packet)
        self._last = packet
        sender = packet.sender
        for listener in self._listeners(packet):
            if listener is not sender and self._reception.hears(packet, listener):
                self._pass_on(packet, listener, now)
        if sender.echo:
            self._pass_on(packet, sender, now)
        # What it met refers back to it.
        packet.met = []
        self._contend(now, sender)

    def _listeners(self, packet: Packet) -> Iterable[Station]:
        to = packet.to
        if self.attentive or to is None:
            return self.stations
        at_address = self._at_address
        listeners = [station for address in to for station in at_address.get(address, ())]
        if self.ports_overhear:
            stations = [port.station for port in self._ports]
            listeners += [one for one in stations if one.address not in to and one.address]
        return listeners + at_address[None]

    def _pass_on(self, packet: Packet, listener: Station, now: float) -> None:
        heard = packet.pieces
        if self._damage is not None:
            heard = pieces(self._damage.apply(packet.octets, self._random))
        at_s = max(now + listener.module.deliver_s, listener.delivered_s)
        for piece in heard:
            at_s += len(piece) * listener.octet_s
            self._push(at_s, self._deliver, (listener, piece), at_s)
        listener.delivered_s = at_s


def _address_of(device: Device) -> int | None:
    """Return where the device is spoken to: one that asks for a post is not at its own address meanwhile."""
    address: int | None = getattr(device, "radio_address", None)
    return getattr(device, "address", None) if address is None else address

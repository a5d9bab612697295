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

from collections.abc import Callable, Iterable
from math import inf
from random import Random

from protocol.devices import Device
from sim.radio.agenda import EVENTS_MAX, Agenda
from sim.radio.air import Air
from sim.radio.loss import NONE, Damage, Loss
from sim.radio.modules import E32, RadioModule
from sim.radio.port import Port
from sim.radio.reception import Reception
from sim.radio.station import Packet, Station, pieces

__all__ = ["EVENTS_MAX", "Channel"]


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
        self._agenda = Agenda(self._tick, self._feel)
        self._air = Air(self._agenda, self._reception, random, self._end)
        self._air.damaged = damage is not None
        self._clock: Callable[[], float] | None = None
        self._at_address: dict[int | None, list[Station]] = {None: []}
        self._ports: list[Port] = []
        self._wake: Callable[[str], object] = lambda _name: None
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
        self._air.damaged = damage is not None
        self._agenda.hurry()
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
        self._agenda.touch(station)

    def _add(self, module: RadioModule | None) -> Station:
        station = Station(module=module or self.module, chance=self.loss.chance(self._random))
        self.stations.append(station)
        self._at_address[None].append(station)
        self._air.add(station)
        return station

    def _move(self, station: Station, address: int | None) -> None:
        self._at_address[station.address].remove(station)
        station.address = address
        self._at_address.setdefault(address, []).append(station)

    # -- time -------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """Return when somebody is to `advance` again, or None if nothing will happen."""
        deadline_s = self._agenda.deadline_s()
        return None if deadline_s == inf else deadline_s

    def advance(self, now: float) -> None:
        """Let everything happen that is due by ``now``; see `Agenda.advance`."""
        self._agenda.advance(now)

    def pass_time(self, now: float) -> None:
        """Do what is due, or see why somebody wants that though nothing is; a port was ticked."""
        if self._rousing:
            return
        asked = now < self._told_s and not self._agenda.touched
        self._agenda.advance(now)
        if asked:
            self.look()
            self._agenda.advance(now)

    def deadline_of(self, port: Port) -> float | None:
        """Return when ``port`` is to be ticked: the first one gives the channel its time."""
        if port is not self._ports[0]:
            return None
        self._told_s = deadline_s = self._agenda.deadline_s()
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
                sooner = port is first and self._agenda.deadline_s() < self._told_s
                if port.station.heard or sooner:
                    self._wake(port.name)
        finally:
            self._rousing = False

    # -- hosts ------------------------------------------------------------------------------

    def _tick(self, now: float, station: Station) -> None:
        """Tick the device if it is due; somebody may have put its deadline off."""
        device = station.device
        assert device is not None
        deadline_s = device.next_deadline()
        if deadline_s is None or deadline_s > now:
            self._agenda.await_deadline(station, deadline_s)
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
            self._air.write(station, octets, now)
        address = _address_of(device)
        if address != station.address:
            self._move(station, address)
        self._agenda.await_deadline(station, device.next_deadline())

    def look(self) -> None:
        """See whether somebody acted on a device: whose deadline is earlier than it was is ticked."""
        self.catch_up()
        for station in self.stations:
            if station.device is None:
                continue
            deadline_s = station.device.next_deadline()
            if deadline_s is not None and deadline_s <= self._agenda.now_s:
                # At the time that it is, which may be long after the last event.
                self.touch(station)
            else:
                self._agenda.await_deadline(station, deadline_s)

    def write(self, station: Station, octets: bytes, now: float) -> None:
        """Send ``octets`` from the station's host."""
        self._air.write(station, octets, now)

    # -- who hears what ---------------------------------------------------------------------

    def _end(self, now: float, packet: Packet) -> None:
        """Pass a packet on that is over."""
        sender = packet.sender
        for listener in self._listeners(packet):
            if listener is not sender and self._reception.hears(packet, listener):
                self._pass_on(packet, listener, now)
        if sender.echo:
            self._pass_on(packet, sender, now)

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
            self._agenda.push(at_s, self._deliver, (listener, piece), at_s)
        listener.delivered_s = at_s


def _address_of(device: Device) -> int | None:
    """Return where the device is spoken to: one that asks for a post is not at its own address meanwhile."""
    address: int | None = getattr(device, "radio_address", None)
    return getattr(device, "address", None) if address is None else address

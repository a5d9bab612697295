"""How packets get onto the air: modules listen, wait for each other, and send.

ready --listens--> on the air --> ended
  |  ^
  +--+ the channel is taken: pause
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from random import Random

from sim.radio.agenda import Agenda, Happen
from sim.radio.reception import Reception
from sim.radio.station import Packet, Station, first_piece, pieces

__all__ = ["Air"]

ROUNDING_S = 1e-9
"""More than what adding up times can have rounded off."""


class Air:
    """The packets that are on the air or want to be. ``ended`` is called with each one that is over.

    While ``damaged``, packets may be cut anywhere on their way to a host.
    """

    def __init__(
        self,
        agenda: Agenda,
        reception: Reception,
        random: Random,
        ended: Callable[[float, Packet], None],
    ) -> None:
        self.damaged = False
        self._agenda = agenda
        self._reception = reception
        self._counts = reception.counts
        self._random = random
        self._ended = ended
        self._lines: list[tuple[float, float]] = []
        """How long each kind of module takes to deliver, and for an octet on the line."""
        self._on_air: list[Packet] = []
        self._last: Packet | None = None
        """The packet that ended last."""

    def add(self, station: Station) -> None:
        """Take another module into account."""
        line = station.module.deliver_s, station.module.octet_s
        if line not in self._lines:
            self._lines.append(line)

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

    # -- what is foretold -------------------------------------------------------------------

    def _await(
        self,
        at_s: float,
        happen: Happen,
        station: Station,
        octets: bytes,
        free_s: float | None = None,
    ) -> None:
        """Have something happen to ``octets`` that wait to be sent.

        They are sent at the soonest from ``free_s`` on, or once the channel was listened to.
        """
        if at_s <= self._agenda.until_s:
            heard_s = at_s
        else:
            module = station.module
            if free_s is None:
                free_s = at_s + module.listen_s if module.senses else at_s
            # Nothing is rounded otherwise than when it happens.
            ends_s = free_s + module.turnaround_s + module.air_s(len(octets))
            heard_s = self._heard_s(ends_s, first_piece(octets))
        self._agenda.push(at_s, happen, station, heard_s)

    def _heard_s(self, ends_s: float, octets: int) -> float:
        """Return when a host has the first ``octets`` of a packet that ends at ``ends_s``, at the soonest."""
        if self.damaged or ends_s <= self._agenda.until_s:
            return ends_s
        return min([ends_s + deliver_s + octets * octet_s for deliver_s, octet_s in self._lines])

    # -- before -----------------------------------------------------------------------------

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

    def _await_attempt(self, at_s: float, station: Station) -> None:
        self._await(at_s, self._attempt, station, station.ready[0].octets, at_s)

    def _attempt(self, now: float, station: Station) -> None:
        """Send if the channel has been free for long enough."""
        listened_s = now - station.module.listen_s
        taken_until_s = self._taken_until(now, station)
        if taken_until_s <= listened_s + ROUNDING_S:
            self._decide(now, station)
        elif now - station.since_s >= station.module.patience_s:
            self._counts.impatient += 1
            self._decide(now, station)
        else:
            self._back_off(taken_until_s, station)

    def _back_off(self, taken_until_s: float, station: Station) -> None:
        module = station.module
        self._counts.sensed += 1
        pause_max_s = min(module.backoff_s * 2.0**station.tries, module.backoff_max_s)
        station.tries += 1
        pause_s = module.listen_s + self._random.random() * pause_max_s
        self._await_attempt(taken_until_s + pause_s, station)

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

    # -- on the air -------------------------------------------------------------------------

    def _begin(self, now: float, station: Station) -> None:
        packet = station.take(now)
        air_s = station.module.air_s(len(packet.octets))
        packet.pieces = pieces(packet.octets)
        packet.begins_s = now
        packet.ends_s = now + air_s
        taken_s = now
        for other in self._on_air:
            if other.ends_s > now:
                other.met.append(packet)
                packet.met.append(other)
            taken_s = max(taken_s, other.ends_s)
        counts = self._counts
        counts.packets += 1
        counts.octets += len(packet.octets)
        counts.air_s += air_s
        counts.busy_s += max(0.0, packet.ends_s - taken_s)
        if air_s:
            self._on_air.append(packet)
            heard_s = self._heard_s(packet.ends_s, len(packet.pieces[0]))
            self._agenda.push(packet.ends_s, self._end, packet, heard_s)
        else:
            self._end(now, packet)

    def _end(self, now: float, packet: Packet) -> None:
        if packet.ends_s > packet.begins_s:
            self._on_air.remove(packet)
        self._last = packet
        self._ended(now, packet)
        # What it met refers back to it.
        packet.met = []
        self._contend(now, packet.sender)

"""What befalls a channel for a time, beside what it is like anyway: losses, damage, jamming."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from math import prod
from random import Random

from protocol.ids import GatewayId
from sim.radio.channel import Channel
from sim.radio.loss import Chance, Damage, Loss
from sim.radio.station import Station

__all__ = ["Afflictions", "afflictions_of"]


class Afflictions:
    """Those of one channel. Several may be on at once; each is ended by what began it returns."""

    def __init__(self, channel: Channel, random: Random) -> None:
        self._channel = channel
        self._random = random
        self._losses: list[dict[Station, Chance]] = []
        self._damages: list[Damage] = []
        self._own: dict[Station, Chance] = {}
        self._own_damage = channel.damage
        self._own_attention = channel.attentive

    def lose(self, loss: Loss) -> Callable[[], None]:
        """Have every listener lose packets so, beside those that it loses anyway."""
        self._channel.catch_up()
        stations = self._channel.stations
        if not self._losses:
            self._own = {station: station.chance for station in stations}
        chances = {station: loss.chance(self._random) for station in stations}
        self._losses.append(chances)
        self._set_chances()
        return partial(self._end_loss, chances)

    def _end_loss(self, ended: dict[Station, Chance]) -> None:
        self._channel.catch_up()
        self._losses = [each for each in self._losses if each is not ended]
        self._set_chances()

    def _set_chances(self) -> None:
        for station, own in self._own.items():
            further = [chances[station] for chances in self._losses]
            station.chance = _Several((own, *further)) if further else own

    def spoil(self, damage: Damage) -> Callable[[], None]:
        """Have modules pass packets on so."""
        self._damages.append(damage)
        self._set_damage()
        return partial(self._end_damage, damage)

    def _end_damage(self, ended: Damage) -> None:
        self._damages = [each for each in self._damages if each is not ended]
        self._set_damage()

    def _set_damage(self) -> None:
        own = [] if self._own_damage is None else [self._own_damage]
        damages = own + self._damages
        channel = self._channel
        channel.catch_up()
        channel.attentive = self._own_attention or bool(damages)
        channel.damage = (
            Damage(
                duplication=1 - prod(1 - each.duplication for each in damages),
                bit_error=1 - prod(1 - each.bit_error for each in damages),
            )
            if damages
            else None
        )

    def jam(self, begins_s: float, ends_s: float) -> None:
        """Drown everything between the two times, and forget earlier ones; see `Channel.jam`."""
        _add(self._channel.reception.jams, begins_s, ends_s)

    def exchange_module(self, port: str) -> None:
        """Put another module in the place of that port's, which knows nothing of what was under way."""
        self._channel.catch_up()
        self._channel.station_of(port).forget()

    def intrude(self, begins_s: float, ends_s: float) -> None:
        """Have somebody else send between the two times, whom no module senses."""
        _add(self._channel.reception.strangers, begins_s, ends_s)


def afflictions_of(
    channels: Mapping[GatewayId, Channel], random: Random
) -> dict[GatewayId, Afflictions]:
    """Return what may befall the channel of each gateway; those on one channel share it."""
    made: dict[int, Afflictions] = {}
    for channel in channels.values():
        if id(channel) not in made:
            made[id(channel)] = Afflictions(channel, Random(random.random()))
    return {gateway: made[id(channel)] for gateway, channel in channels.items()}


KEPT_S = 5.0
"""A packet is on the air for less: no earlier jamming has met one that is."""


def _add(times: list[tuple[float, float]], begins_s: float, ends_s: float) -> None:
    times[:] = [(begun_s, ended_s) for begun_s, ended_s in times if ended_s > begins_s - KEPT_S]
    times.append((begins_s, ends_s))


class _Several:
    """The luck of a listener on whom several losses act."""

    def __init__(self, chances: Iterable[Chance]) -> None:
        self._chances = tuple(chances)

    def loses(self, at_s: float) -> bool:
        # All are asked, so that what one draws does not hang on another.
        lost = [chance.loses(at_s) for chance in self._chances]
        return any(lost)

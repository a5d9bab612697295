"""A hall's radio at frame level: its gateways and terminals on channels, in place of perfect air."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from protocol.hall import Gateway, HallSpec
from protocol.ids import GatewayId, TerminalAddress
from sim.devices.radio import RadioDevice
from sim.hardware import Hardware, virtual_name
from sim.radio.channel import Channel
from sim.radio.loss import NONE, Loss
from sim.radio.modules import RadioModule
from sim.radio.port import Port
from sim.radio.station import Station

__all__ = ["ChannelSegments"]


class ChannelSegments:
    """The channels of a hall's gateways on virtual ports.

    Gateways that cover others share a channel with them; each other one has a frequency of its own.
    """

    def __init__(
        self,
        spec: HallSpec,
        hardware: Hardware,
        module: RadioModule,
        random: Random,
        loss: Loss = NONE,
    ) -> None:
        self.channels: dict[GatewayId, Channel] = {}
        self.ports: dict[str, Port] = {}
        """By the name of the gateway's port."""
        self.stations: dict[GatewayId, dict[TerminalAddress, Station]] = {}
        """Of the terminals, by their home gateways."""
        self._stations: dict[RadioDevice, Station] = {}
        for gateway in spec.gateways.values():
            name = virtual_name(gateway.port)
            if name is None:
                continue
            shared = self._shared_with(spec, gateway)
            if shared is None:
                channel = Channel(Random(random.random()), module, loss=loss)
            else:
                channel = self.channels[shared]
                # A gateway hears what another one sends.
                channel.ports_overhear = True
            self.channels[gateway.id] = channel
            self.ports[name] = channel.port(name, address=gateway.address)
            stations = self.stations[gateway.id] = {}
            for address, device in hardware.radio.get(gateway.id, {}).items():
                stations[address] = self._stations[device] = channel.join(device)

    def on_wake(self, wake: Callable[[str], object]) -> None:
        """Have ``wake`` called with the name of a port that wants its tick."""
        for channel in self.channels.values():
            channel.on_wake(wake)

    def on_clock(self, clock: Callable[[], float]) -> None:
        """Have the channels know the time; see `Channel.catch_up`."""
        for channel in self.channels.values():
            channel.on_clock(clock)

    def touch(self, port: str, device: RadioDevice) -> None:
        """Have the device, on that port's channel, look at what somebody did to it when the port is ticked."""
        self._channel(port).touch(self._stations[device])

    def look(self, port: str) -> None:
        """See whether somebody acted on a device on that port's channel."""
        if port in self.ports:
            self._channel(port).look()

    def _channel(self, port: str) -> Channel:
        channel = self.ports[port].channel
        assert isinstance(channel, Channel)
        return channel

    def _shared_with(self, spec: HallSpec, gateway: Gateway) -> GatewayId | None:
        """Return a gateway that covers this one, or that it covers, if there is one already."""
        for other in self.channels:
            if other in gateway.covers or gateway.id in spec.gateways[other].covers:
                return other
        return None

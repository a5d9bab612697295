"""Devices that were paired before a run begins: both ends know their keys."""

from __future__ import annotations

from collections.abc import Iterable

from actors.ports import RadioVault
from protocol.ids import GatewayId
from protocol.radio.device_guard import DeviceMemory
from protocol.radio.device_pairing import DeviceKeys
from protocol.radio.keys import CODE_OCTETS, SALT_OCTETS, broadcast_key, terminal_key
from protocol.radio.posts import Pairing, PostRecord
from sim.devices.radio import RadioDevice
from sim.devices.security import DeviceSecurity
from sim.radio_memory import DictMemory, dict_vault

__all__ = ["pair"]

SALT = bytes(SALT_OCTETS)


def pair(
    devices: Iterable[RadioDevice],
    gateway: GatewayId,
    address: int,
    memory: DictMemory | None = None,
) -> RadioVault:
    """Pair each of ``devices`` with its address behind ``gateway``; return the hall's side of that.

    ``address`` is the gateway's on the radio. The hall's side is kept in ``memory``, or a new one. The devices
    must not have begun yet.
    """
    memory = memory or DictMemory()
    vault = dict_vault(memory)
    segment_key = vault.segment_key(gateway)
    posts = []
    for device in devices:
        keys = DeviceKeys(
            address=device.address,
            gateway=address,
            key=terminal_key(segment_key, device.device, device.address, SALT),
            broadcast_key=broadcast_key(segment_key),
            broadcast_taken=0,
        )
        device.security = DeviceSecurity(bytes(CODE_OCTETS), DeviceMemory(keys=keys))
        pairing = Pairing(device=device.device, salt=SALT)
        posts.append(PostRecord(address=device.address, pairing=pairing))
    memory.save(gateway, posts)
    return vault

"""What radio security must not forget, kept in a dict; and a vault for halls of a simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actors.ports import RadioVault
from actors.radio.banners import BannerText
from protocol.errors import StorageError
from protocol.ids import CounterId, GatewayId
from protocol.radio.keys import cmac
from protocol.radio.posts import PostRecord


class DictMemory:
    """A `actors.ports.RadioMemory` that outlives its users. While ``full`` is set it takes nothing.

    ``saves`` counts calls that were taken.
    """

    def __init__(self) -> None:
        self.records: dict[tuple[GatewayId, int], PostRecord] = {}
        self.banners_set: dict[CounterId, BannerText] = {}
        self.full = False
        self.saves = 0

    def load(self, gateway: GatewayId) -> Sequence[PostRecord]:
        """Return what was saved last for each post of ``gateway``."""
        return [record for (of, _), record in self.records.items() if of == gateway]

    def save(self, gateway: GatewayId, records: Sequence[PostRecord]) -> None:
        """Keep ``records``.

        Raises:
            StorageError: `full` is set.
        """
        if self.full:
            raise StorageError("the memory is full")
        self.saves += 1
        for record in records:
            self.records[gateway, record.address] = record

    def banners(self) -> Mapping[CounterId, BannerText]:
        """Return the banners that were set."""
        return dict(self.banners_set)

    def save_banner(self, counter: CounterId, banner: BannerText | None) -> None:
        """Keep ``banner``.

        Raises:
            StorageError: `full` is set.
        """
        if self.full:
            raise StorageError("the memory is full")
        self.saves += 1
        if banner is None:
            self.banners_set.pop(counter, None)
        else:
            self.banners_set[counter] = banner


def dict_vault(memory: DictMemory | None = None, secret: bytes = bytes(16)) -> RadioVault:
    """Return a vault whose segment keys follow from ``secret`` (16 octets)."""
    return RadioVault(
        memory=memory or DictMemory(), segment_key=lambda gateway: cmac(secret, gateway.encode())
    )

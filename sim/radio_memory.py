"""What radio security must not forget, kept in a dict; and a vault for halls of a simulation."""

from __future__ import annotations

from collections.abc import Sequence

from actors.ports import RadioVault
from protocol.errors import StorageError
from protocol.ids import GatewayId
from protocol.radio.keys import cmac
from protocol.radio.posts import PostRecord


class DictMemory:
    """A `actors.ports.RadioMemory` that outlives its users. While ``full`` is set it takes nothing.

    ``saves`` counts calls that were taken.
    """

    def __init__(self) -> None:
        self.records: dict[tuple[GatewayId, int], PostRecord] = {}
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


def dict_vault(memory: DictMemory | None = None, secret: bytes = bytes(16)) -> RadioVault:
    """Return a vault whose segment keys follow from ``secret`` (16 octets)."""
    return RadioVault(
        memory=memory or DictMemory(), segment_key=lambda gateway: cmac(secret, gateway.encode())
    )

"""What gateways and devices need of a radio link, so that it may be plain or routed."""

from collections.abc import Collection, Mapping
from typing import Protocol

from protocol.radio.actions import Action, LinkCounts, PeerCounts
from protocol.radio.air_time import AirTime
from protocol.radio.frame import DecoderCounts
from protocol.radio.outbox import Urgency

__all__ = ["RadioLink"]


class RadioLink(Protocol):
    """`protocol.radio.reliable.ReliableLink` says what each means; `RoutedLink` is one too."""

    @property
    def address(self) -> int: ...

    @property
    def counts(self) -> LinkCounts: ...

    @property
    def decoder_counts(self) -> DecoderCounts: ...

    @property
    def air_time(self) -> AirTime: ...

    @property
    def peer_counts(self) -> Mapping[int, PeerCounts]: ...

    def round_trip_s(self, peer: int) -> float | None: ...

    def send(
        self,
        to: int,
        payload: bytes,
        token: int,
        now_s: float,
        *,
        urgency: Urgency = Urgency.NORMAL,
        idempotent: bool = False,
    ) -> list[Action]: ...

    def send_broadcast(
        self,
        payload: bytes,
        now_s: float,
        *,
        token: int | None = None,
        urgency: Urgency = Urgency.NORMAL,
    ) -> list[Action]: ...

    def supersede(self, token: int, payload: bytes) -> bool: ...

    def withdraw(self, token: int) -> bool: ...

    def abandon(self, token: int) -> bool: ...

    def conclude(self, token: int) -> bool: ...

    def interrupt(self, token: int) -> bool: ...

    def serve(
        self, peers: Collection[int], now_s: float, not_served: Collection[int] = ()
    ) -> list[Action]: ...

    def keep_quiet(self, until_s: float) -> None: ...

    def receive(self, octets: bytes, now_s: float) -> list[Action]: ...

    def tick(self, now_s: float) -> list[Action]: ...

    def next_deadline(self) -> float | None: ...

    def free_from_s(self) -> float: ...

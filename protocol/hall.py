"""What a hall is: its services, counters, kiosks and radio terminals, as its configuration says."""

from collections.abc import Mapping
from datetime import time
from enum import StrEnum

import attrs

from protocol.ids import (
    CounterId,
    GatewayId,
    HallId,
    KioskId,
    Language,
    ServiceId,
    TerminalAddress,
)
from protocol.values import value

Names = Mapping[Language, str]
"""What a thing is called in each language."""


def name_in(names: Names, language: Language) -> str:
    """Return the name in ``language``, or else in the first language there is."""
    return names.get(language) or next(iter(names.values()))


class TerminalKind(StrEnum):
    """What a radio device does."""

    KEYPAD = "keypad"
    WINDOW = "window"


class UnstartedTicket(StrEnum):
    """What NEXT makes of a ticket that was called and never started."""

    SERVED = "served"
    NO_SHOW = "no_show"


@value
class Service:
    """One service: tickets ``prefix`` + number from ``first`` to ``last``, padded to ``digits``."""

    id: ServiceId
    names: Names
    prefix: str
    first: int = 1
    last: int = 999
    digits: int = 3

    def number(self, serial: int) -> str:
        """Return the number on the ticket, such as ``A010`` for serial 10."""
        return f"{self.prefix}{serial:0{self.digits}}"


@value
class Counter:
    """A counter and the services that it calls, first come first served over all of them."""

    id: CounterId
    names: Names
    services: tuple[ServiceId, ...]


@value
class Terminal:
    """A radio device at a counter."""

    address: TerminalAddress
    kind: TerminalKind
    counter: CounterId


@value
class Gateway:
    """A serial port (``serial:/dev/ttyUSB0?baud=9600``) or server (``tcp:host:port``), and who is behind it."""

    id: GatewayId
    port: str
    address: TerminalAddress
    terminals: tuple[Terminal, ...] = ()


@value
class Kiosk:
    """A kiosk; ``printer`` is its printer's port, as a gateway's, or nothing where it has none."""

    id: KioskId
    names: Names
    printer: str | None = None


@value
class HallSpec:
    """A hall as configured.

    ``recalls_max`` bounds how often one call is repeated, ``recall_lockout_s`` how soon after another
    (seconds). ``announcement_s`` is how long the large display announces one call.
    """

    id: HallId
    names: Names
    services: Mapping[ServiceId, Service]
    counters: Mapping[CounterId, Counter]
    kiosks: Mapping[KioskId, Kiosk] = attrs.field(factory=dict)
    gateways: Mapping[GatewayId, Gateway] = attrs.field(factory=dict)
    languages: tuple[Language, ...] = (Language("zh"), Language("en"))
    time_zone: str = "Asia/Shanghai"
    day_begins: time = time(4, 0)
    unstarted: UnstartedTicket = UnstartedTicket.SERVED
    recalls_max: int = 3
    recall_lockout_s: float = 2.0
    announcement_s: float = 5.0

"""What a hall is: its services, counters, kiosks and radio terminals, as its configuration says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from enum import StrEnum

import attrs

from protocol.appointments import AppointmentSpec
from protocol.hours import ALWAYS, Hours
from protocol.ids import (
    CounterId,
    GatewayId,
    HallId,
    KioskId,
    Language,
    ServiceId,
    StaffId,
    TerminalAddress,
)
from protocol.places import Place
from protocol.policies import Policy
from protocol.ports import TcpAddress, parse_port
from protocol.pushes import PushSpec
from protocol.values import value

BITRATE = 9600
"""What radio modules have on the air and on their line when they come from the factory."""

Names = Mapping[Language, str]
"""What a thing is called in each language."""


def name_in(names: Names, language: Language) -> str:
    """Return the name in ``language``, or else in the first language there is."""
    return names.get(language) or next(iter(names.values()))


class TerminalKind(StrEnum):
    """What a radio device does."""

    KEYPAD = "keypad"
    WINDOW = "window"
    EVALUATOR = "evaluator"
    """Asks the customer whom its counter served last."""
    CALLER = "caller"
    """Sounds and speaks when its counter calls."""
    REPEATER = "repeater"
    """Passes on what far terminals say and hear; it stands at no counter."""


class UnstartedTicket(StrEnum):
    """What NEXT makes of a ticket that was called and never started."""

    SERVED = "served"
    NO_SHOW = "no_show"


class PastLast(StrEnum):
    """What happens when a service has given out its last number of the day."""

    REFUSE = "refuse"
    GO_ON = "go_on"
    """With larger ones, which may have more digits: no number is given out twice in a day."""


class Identity(StrEnum):
    """What a customer has to say of himself."""

    NONE = "none"
    PHONE = "phone"
    """A telephone number."""
    DOCUMENT = "document"
    """The number of an identity card."""
    WECHAT = "wechat"
    """The openid by which the hall's WeChat account knows him: the service is taken by phone alone."""


@value
class Service:
    """One service: tickets ``prefix`` + number from ``first`` to ``last``, padded to ``digits``."""

    id: ServiceId
    names: Names
    prefix: str
    first: int = 1
    last: int = 999
    digits: int = 3
    past_last: PastLast = PastLast.REFUSE
    hours: Hours = ALWAYS
    """Within the hall's own."""
    quota: int | None = None
    """Tickets in one business day at most."""
    person_max: int | None = None
    """Tickets for one person in one business day at most."""
    identity: Identity = Identity.NONE
    """What a customer has to give for a ticket."""
    target_wait_s: float = 900.0
    """The wait that the hall wants nobody to exceed, above 0."""
    service_s: float = 300.0
    """How long a service probably takes, above 0: what is expected until it was measured."""
    appointments: AppointmentSpec | None = None
    """How it is booked; not at all if this is None."""
    lead: int = 3
    """A follower is told when so many calls are left until the ticket's own (0 to `LEAD_MAX`; 0: never)."""
    silent: bool = False
    """Whether calls of followed tickets are not said aloud: their followers are told."""
    by_phone: bool = True
    """Whether a phone may take a number for it; it may always follow one."""

    def number(self, serial: int) -> str:
        """Return the number on the ticket, such as ``A010`` for serial 10."""
        return f"{self.prefix}{serial:0{self.digits}}"


@value
class Counter:
    """A counter and the services that it calls.

    ``weights`` (1 or more, 1 where a service is not named) are for `PolicyKind.SERVICE_WEIGHTS`.
    """

    id: CounterId
    names: Names
    services: tuple[ServiceId, ...]
    weights: Mapping[ServiceId, int] = attrs.field(factory=dict)


@value
class Menu:
    """A page of the kiosk's menu: what it is called, and its ``entries``, further pages or services."""

    names: Names
    entries: tuple[Menu | ServiceId, ...]


class Admission(StrEnum):
    """What is done about a ticket that will probably not be served before the hall closes."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"


@value
class EvaluationSpec:
    """Evaluations: how long after the end of a service they are taken (seconds), and which reasons there are.

    ``invite`` has each finished service invite by itself; else the counter does.
    """

    within_s: float = 3600.0
    reasons: Mapping[str, Names] = attrs.field(factory=dict)
    invite: bool = True


BATTERY_LOW_MV = 2400
"""Two alkaline cells of 1.2 V: some days are left."""

HEARTBEAT_S = 600.0
"""How often a device says that it is still there, about."""

SILENT_AFTER_S = 2.5 * HEARTBEAT_S
"""Two heartbeats may be lost."""

UPLINKS_PER_MINUTE = 120
"""More than hands can press, and less than would keep a channel from others."""


@value
class Terminal:
    """A radio device; ``counter`` is None for a repeater alone.

    ``banner`` runs through a window that is ``brightness`` (0..100 per cent) bright; a window is told neither
    where both are left out. ``buzzer`` (0..15) and ``voice`` (0..255) are a caller's pattern and phrase.
    """

    address: TerminalAddress
    kind: TerminalKind
    counter: CounterId | None = None
    presets: tuple[ServiceId, ...] = ()
    """Where a keypad's TRANSFER passes a ticket: its argument is a place in this list, from 1."""
    banner: str | None = None
    brightness: int | None = None
    buzzer: int = 1
    voice: int = 1
    battery_low_mv: int = BATTERY_LOW_MV
    """A battery of less (millivolts) needs a person."""
    silent_after_s: float = SILENT_AFTER_S
    """A device that says nothing for so long (seconds) needs a person."""
    uplinks_per_minute: int = UPLINKS_PER_MINUTE
    """What a device sends beyond this, or beyond twenty at once, is left aside."""


class Security(StrEnum):
    """Whether what the terminals of a gateway send must prove who sent it."""

    REQUIRED = "required"
    """A terminal without a key is not listened to."""
    OPTIONAL = "optional"
    """A terminal that was paired must prove it; one that never was need not, as stock firmware cannot."""
    OFF = "off"
    """Nobody proves anything."""


DUTY_CYCLE_MAX = 0.1
"""The share of an hour that one transmitter may use of 433.05 to 434.79 MHz in Europe, at 10 mW."""


@value
class Gateway:
    """A serial port (``serial:/dev/ttyUSB0?baud=9600``) or server (``tcp:host:port``), and who is behind it."""

    id: GatewayId
    port: str
    address: TerminalAddress
    terminals: tuple[Terminal, ...] = ()
    covers: tuple[GatewayId, ...] = ()
    """Gateways whose terminals this one hears as well, and stands in for: they are on its channel and have
    its radio address."""
    routed: bool = False
    """Whether what is sent on this channel carries a router's header: all of it does or none."""
    routes: Mapping[TerminalAddress, TerminalAddress] = attrs.field(factory=dict)
    """Far terminals and the repeater that each is behind, which may be behind another one itself."""
    duty_cycle_max: float = DUTY_CYCLE_MAX
    """The share of an hour, above 0, that the gateway may be on the air."""
    bitrate: int | None = None
    """Bits a second on the air, if they are not those of its serial line."""
    security: Security = Security.OPTIONAL

    @property
    def air_bitrate(self) -> int:
        """Bits a second on the air; 9600 where neither the port nor the configuration says another."""
        if self.bitrate is not None:
            return self.bitrate
        address = parse_port(self.port)
        return BITRATE if isinstance(address, TcpAddress) else address.baud

    def way_to(self, far: TerminalAddress) -> tuple[TerminalAddress, ...] | None:
        """Return the repeaters on the way to ``far``, the nearest first; None if its route goes round."""
        way: list[TerminalAddress] = []
        while far in self.routes:
            far = self.routes[far]
            if far in way:
                return None
            way.insert(0, far)
        return tuple(way)


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
    hours: Hours = ALWAYS
    last_ticket_s: float = 0.0
    """No ticket is given out in the last seconds before closing."""
    menu: tuple[Menu | ServiceId, ...] = ()
    """What the kiosk shows first; every service, in the order of the configuration, if it is empty."""
    policy: Policy = attrs.field(factory=Policy)
    admission: Admission = Admission.WARN
    evaluation: EvaluationSpec = attrs.field(factory=EvaluationSpec)
    pushes: PushSpec = attrs.field(factory=PushSpec)
    staff: Mapping[StaffId, str] = attrs.field(factory=dict)
    """Who works here, by the number that they log in with, and their names."""
    place: Place = attrs.field(factory=Place)

"""The tables of a configuration file: which keys each has, and what may stand there."""

from collections.abc import Mapping
from pathlib import Path

import attrs

from protocol.appointments import AppointmentSpec
from protocol.hall import (
    Admission,
    Counter,
    EvaluationSpec,
    Gateway,
    HallSpec,
    Identity,
    Kiosk,
    PastLast,
    Security,
    Service,
    Terminal,
    UnstartedTicket,
)
from protocol.hours import Hours
from protocol.ids import DistrictId
from protocol.places import Place
from protocol.policies import WEIGHT_MAX, LateRule, Policy, PolicyKind
from protocol.pushes import LEAD_MAX, PushSpec
from protocol.tickets import TicketClass
from protocol.values import value
from runtime.config import kinds, model
from runtime.config.appointments import declare_appointments
from runtime.config.opening import declare_opening, menu_reader
from runtime.config.places import declare_places
from runtime.config.tables import Field, Tables
from runtime.config.terminals import declare_terminals
from runtime.config.wechat import declare_wechat

__all__ = ["File", "declare"]

NUMBER_MAX = 10**model.DIGITS_MAX - 1
ADDRESS = kinds.whole(1, model.RADIO_ADDRESS_MAX)


@value
class File:
    """The whole file; its keys are those of the tables in it."""

    halls: tuple[HallSpec, ...]
    server: model.Server = attrs.field(factory=model.Server)
    tokens: tuple[model.Token, ...] = ()
    wechat: model.WeChat | None = None
    districts: Mapping[DistrictId, model.District] = attrs.field(factory=dict)
    headquarters: model.Headquarters = attrs.field(factory=model.Headquarters)


def declare(tables: Tables, folder: Path) -> None:
    """Declare every class of the file to ``tables``; relative paths count from ``folder``."""
    _declare_devices(tables)
    declare_opening(tables)
    declare_appointments(tables)
    declare_places(tables)
    _declare_hall(tables)
    _declare_server(tables, folder)
    declare_wechat(tables, folder)
    tables.declare(
        File,
        halls=Field(key="hall", read=tables.listed(HallSpec, most=model.HALLS_MAX, unique="id")),
        server=tables.table(model.Server),
        tokens=Field(key="token", read=tables.listed(model.Token, most=model.TOKENS_MAX)),
        wechat=tables.table(model.WeChat),
        headquarters=tables.table(model.Headquarters),
        districts=Field(
            key="district", read=tables.by_key(model.District, "id", most=model.DISTRICTS_MAX)
        ),
    )


def _declare_devices(tables: Tables) -> None:
    identity = tables.one(kinds.IDENTITY)
    declare_terminals(tables)
    tables.declare(
        Gateway,
        id=identity,
        port=tables.one(kinds.PORT_ADDRESS),
        address=tables.one(ADDRESS),
        terminals=Field(
            key="terminal", read=tables.listed(Terminal, most=model.TERMINALS_MAX, unique="address")
        ),
        covers=tables.several(kinds.IDENTITY, most=model.GATEWAYS_MAX),
        routed=tables.one(kinds.BOOLEAN),
        routes=tables.keyed(kinds.RADIO_ADDRESS_KEY, tables.one(ADDRESS), most=model.TERMINALS_MAX),
        duty_cycle_max=tables.one(kinds.number(0.001, 1)),
        bitrate=tables.one(kinds.whole(300, 1_000_000)),
        security=tables.one(kinds.choice(Security)),
    )
    tables.declare(Kiosk, id=identity, names=tables.names, printer=tables.one(kinds.PORT_ADDRESS))


def _declare_hall(tables: Tables) -> None:
    identity = tables.one(kinds.IDENTITY)
    weight = tables.one(kinds.whole(1, WEIGHT_MAX))
    tables.declare(
        Service,
        id=identity,
        names=tables.names,
        prefix=tables.one(kinds.PREFIX),
        first=tables.one(kinds.whole(1, NUMBER_MAX)),
        last=tables.one(kinds.whole(1, NUMBER_MAX)),
        digits=tables.one(kinds.whole(1, model.DIGITS_MAX)),
        past_last=tables.one(kinds.choice(PastLast)),
        hours=tables.table(Hours),
        quota=tables.one(kinds.whole(1, model.QUOTA_MAX)),
        person_max=tables.one(kinds.whole(1, model.PERSON_TICKETS_MAX)),
        identity=tables.one(kinds.choice(Identity)),
        target_wait_s=tables.one(kinds.number(1, 86_400)),
        service_s=tables.one(kinds.number(1, 86_400)),
        appointments=tables.table(AppointmentSpec),
        lead=tables.one(kinds.whole(0, LEAD_MAX)),
        silent=tables.one(kinds.BOOLEAN),
        by_phone=tables.one(kinds.BOOLEAN),
    )
    tables.declare(
        Counter,
        id=identity,
        names=tables.names,
        services=tables.several(kinds.IDENTITY, most=model.SERVICES_MAX),
        weights=tables.keyed(kinds.IDENTITY, weight, most=model.SERVICES_MAX),
    )
    tables.declare(
        Policy,
        kind=tables.one(kinds.choice(PolicyKind)),
        ratios=tables.keyed(kinds.choice(TicketClass), weight, most=len(TicketClass)),
        overtaken_max=tables.one(kinds.whole(0, 1000)),
        overtaken_wait_s=tables.one(kinds.number(1, 86_400)),
        due_before_s=tables.one(kinds.number(0, 3600)),
        late=tables.one(kinds.choice(LateRule)),
        late_after_s=tables.one(kinds.number(0, 86_400)),
    )
    tables.declare(
        EvaluationSpec,
        within_s=tables.one(kinds.number(60, 86_400)),
        reasons=tables.keyed(kinds.IDENTITY, tables.names, most=model.REASONS_MAX),
        invite=tables.one(kinds.BOOLEAN),
    )
    tables.declare(
        PushSpec,
        recall=tables.one(kinds.BOOLEAN),
        near_within_s=tables.one(kinds.number(10, 7200)),
        call_within_s=tables.one(kinds.number(10, 7200)),
        silent_within_s=tables.one(kinds.number(1, 120)),
        silent=tables.table(Hours),
    )
    tables.declare(
        HallSpec,
        id=identity,
        names=tables.names,
        languages=tables.several(kinds.LANGUAGE, most=model.LANGUAGES_MAX),
        time_zone=tables.one(kinds.TIME_ZONE),
        day_begins=tables.one(kinds.LOCAL_TIME),
        unstarted=tables.one(kinds.choice(UnstartedTicket)),
        recalls_max=tables.one(kinds.whole(0, 20)),
        recall_lockout_s=tables.one(kinds.number(0, 60)),
        announcement_s=tables.one(kinds.number(1, 60)),
        hours=tables.table(Hours),
        last_ticket_s=tables.one(kinds.number(0, 43_200)),
        admission=tables.one(kinds.choice(Admission)),
        menu=menu_reader(tables),
        services=Field(key="service", read=tables.by_key(Service, "id", most=model.SERVICES_MAX)),
        counters=Field(key="counter", read=tables.by_key(Counter, "id", most=model.COUNTERS_MAX)),
        kiosks=Field(key="kiosk", read=tables.by_key(Kiosk, "id", most=model.KIOSKS_MAX)),
        gateways=Field(key="gateway", read=tables.by_key(Gateway, "id", most=model.GATEWAYS_MAX)),
        policy=tables.table(Policy),
        evaluation=tables.table(EvaluationSpec),
        pushes=tables.table(PushSpec),
        staff=tables.keyed(kinds.IDENTITY, tables.one(kinds.NAME), most=model.STAFF_MAX),
        place=tables.table(Place),
    )


def _declare_server(tables: Tables, folder: Path) -> None:
    path = tables.one(kinds.path_in(folder))
    identity = tables.one(kinds.IDENTITY)
    tables.declare(
        model.RateLimits,
        requests_per_s=tables.one(kinds.number(0.1, 100_000)),
        requests_burst=tables.one(kinds.whole(1, 100_000)),
        streams_max=tables.one(kinds.whole(1, 10_000)),
    )
    tables.declare(
        model.Server,
        listen=tables.one(kinds.LISTEN),
        port=tables.one(kinds.whole(1, 65_535)),
        public_url=tables.one(kinds.PUBLIC_URL),
        data_dir=path,
        body_octets_max=tables.one(kinds.whole(1024, 1_048_576)),
        proxies=tables.several(kinds.IP_ADDRESS, most=model.PROXIES_MAX),
        rate_limits=tables.table(model.RateLimits),
    )
    tables.declare(model.Headquarters, database=tables.one(kinds.DATABASE_URL))
    tables.declare(
        model.Token,
        role=tables.one(kinds.choice(model.Role)),
        secret=tables.one(kinds.SECRET),
        secret_env=tables.one(kinds.ENVIRONMENT_NAME),
        secret_file=path,
        hall=identity,
        kiosk=identity,
        counter=identity,
    )

"""The tables of a scenario file: which keys each has, and what may stand there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from pathlib import Path

import attrs

from protocol.ids import CounterId, ServiceId, StaffId
from protocol.tickets import TicketClass
from protocol.values import value
from runtime.cli_scenario_times import TIME_S_MAX, Times, declare_times, time_reader
from runtime.config import kinds, model
from runtime.config.opening import DAY, TIMES
from runtime.config.tables import Field, Tables
from sim.lab.scenario import (
    DAYS_MAX,
    EVERY_DAY,
    Appointments,
    Burst,
    Days,
    Modules,
    Radio,
    Rating,
    SetsOff,
)

__all__ = ["Block", "Broken", "File", "Habits", "PhoneTable", "Staffing", "declare_scenario"]

BLOCKS_MAX = 100
PER_HOUR_MAX = 100_000.0
PARTY_WEIGHTS_MAX = 20
FAULTS_HOUR_MAX = 100.0
PARAMETERS_MAX = 10
CALLS_DAY_MAX = 10_000_000


@value
class Block:
    """``[[arrivals]]`` as it is typed."""

    name: str | None = None
    service: ServiceId | None = None
    services: Mapping[ServiceId, float] = attrs.field(factory=dict)
    per_hour: float | None = None
    rates: Mapping[time, float] = attrs.field(factory=dict)
    bursts: tuple[Burst, ...] = ()
    weekdays: tuple[int, ...] = EVERY_DAY
    dates: tuple[date, ...] = ()
    classes: Mapping[TicketClass, float] = attrs.field(factory=dict)
    party: Mapping[int, float] = attrs.field(factory=dict)
    remote_share: float = 0.0
    follow_share: float = 0.0


@value
class PhoneTable:
    """``[phones]`` as it is typed; what is left out is as `PhoneUse` has it."""

    elsewhere_share: float = 0.0
    scans: Times | None = None
    notices: Times | None = None
    back: Times | None = None
    messages_day_max: int = 100_000
    messages_minute_max: int = 50_000
    codes_day_max: int = 100_000


@value
class Habits:
    """``[people]`` as it is typed."""

    to_counter: Times | None = None
    patience: Times | None = None
    way: Times | None = None
    no_show_share: float = 0.0
    sets_off: SetsOff = SetsOff.AT_ONCE


@value
class Staffing:
    """``[[shift]]`` as it is typed: the same hours at several counters."""

    counters: tuple[CounterId, ...]
    begins: time
    ends: time
    staff: StaffId | None = None
    breaks: tuple[tuple[time, time], ...] = ()
    weekdays: tuple[int, ...] = EVERY_DAY
    overtime_s: float = 0.0


@value
class Broken:
    """``[[fault]]`` as it is typed."""

    kind: str
    where: str | None = None
    begins: time | None = None
    ends: time | None = None
    per_hour: float | None = None
    lasts_s: float = 300.0
    dates: tuple[date, ...] = ()
    parameters: Mapping[str, float] = attrs.field(factory=dict)


@value
class File:
    """The whole file."""

    hall: str
    days: Days
    title: str = ""
    hall_id: str | None = None
    arrivals: tuple[Block, ...] = ()
    appointments: tuple[Appointments, ...] = ()
    service_times: Mapping[ServiceId, Times] = attrs.field(factory=dict)
    shifts: tuple[Staffing, ...] = ()
    people: Habits = attrs.field(factory=Habits)
    rating: Rating = attrs.field(factory=Rating)
    no_show_after_s: float = 60.0
    commit_s: float = 0.0
    phones: PhoneTable | None = None
    radio: Radio | None = None
    faults: tuple[Broken, ...] = ()


def declare_scenario(tables: Tables, folder: Path) -> None:
    """Declare every table of a scenario file; relative paths count from ``folder``."""
    declare_times(tables, folder)
    _declare_people(tables)
    _declare_staff(tables)
    _declare_devices(tables)
    one, seconds = tables.one, tables.one(kinds.number(0, TIME_S_MAX))
    tables.declare(
        Days,
        first=Field(key="date", read=one(DAY)),
        days=one(kinds.whole(1, DAYS_MAX)),
        begins=Field(key="from", read=one(kinds.LOCAL_TIME)),
        ends=Field(key="until", read=one(kinds.LOCAL_TIME)),
    )
    tables.declare(
        File,
        hall=one(kinds.NAME),
        days=Field(key="day", read=tables.table(Days)),
        title=one(kinds.NAME),
        hall_id=one(kinds.IDENTITY),
        arrivals=tables.listed(Block, most=BLOCKS_MAX, unique="name"),
        appointments=tables.listed(Appointments, most=BLOCKS_MAX, unique="service"),
        service_times=Field(
            key="service_time",
            read=tables.keyed(kinds.IDENTITY, time_reader(tables), most=model.SERVICES_MAX),
        ),
        shifts=Field(key="shift", read=tables.listed(Staffing, most=model.COUNTERS_MAX)),
        people=tables.table(Habits),
        rating=Field(key="evaluation", read=tables.table(Rating)),
        no_show_after_s=seconds,
        commit_s=one(kinds.number(0, 60)),
        phones=tables.table(PhoneTable),
        radio=tables.table(Radio),
        faults=Field(key="fault", read=tables.listed(Broken, most=BLOCKS_MAX)),
    )


def _declare_people(tables: Tables) -> None:
    one, times = tables.one, time_reader(tables)
    share, weight = one(kinds.number(0, 1)), one(kinds.number(0, 1_000_000))
    tables.declare(
        Burst,
        at=one(kinds.LOCAL_TIME),
        people=one(kinds.whole(1, 10_000)),
        within_s=one(kinds.number(0, TIME_S_MAX)),
    )
    tables.declare(
        Block,
        name=one(kinds.IDENTITY),
        service=one(kinds.IDENTITY),
        services=tables.keyed(kinds.IDENTITY, weight, most=model.SERVICES_MAX),
        per_hour=one(kinds.number(0, PER_HOUR_MAX)),
        rates=tables.keyed(kinds.LOCAL_TIME, one(kinds.number(0, PER_HOUR_MAX)), most=24 * 60),
        bursts=Field(key="burst", read=tables.listed(Burst, most=BLOCKS_MAX)),
        weekdays=tables.several(kinds.whole(1, 7), most=7),
        dates=tables.several(DAY, most=DAYS_MAX),
        classes=tables.keyed(kinds.choice(TicketClass), weight, most=len(TicketClass)),
        party=tables.keyed(_COUNT, weight, most=PARTY_WEIGHTS_MAX),
        remote_share=share,
        follow_share=share,
    )
    calls = one(kinds.whole(0, CALLS_DAY_MAX))
    tables.declare(
        PhoneTable,
        elsewhere_share=share,
        scans=times,
        notices=times,
        back=times,
        messages_day_max=calls,
        messages_minute_max=calls,
        codes_day_max=calls,
    )
    tables.declare(
        Appointments,
        service=one(kinds.IDENTITY),
        booked_share=share,
        no_show_share=share,
        early_s=one(kinds.number(-3600, 7200)),
        spread_s=one(kinds.number(0, 3600)),
    )
    tables.declare(
        Habits,
        to_counter=times,
        patience=times,
        way=times,
        no_show_share=share,
        sets_off=one(kinds.choice(SetsOff)),
    )
    tables.declare(
        Rating,
        share=share,
        levels=tables.keyed(_LEVEL, weight, most=5),
        long_wait_s=one(kinds.number(0, TIME_S_MAX)),
        after_s=one(kinds.number(0, 3600)),
    )


def _declare_staff(tables: Tables) -> None:
    tables.declare(
        Staffing,
        counters=tables.several(kinds.IDENTITY, most=model.COUNTERS_MAX),
        begins=Field(key="from", read=tables.one(kinds.LOCAL_TIME)),
        ends=Field(key="until", read=tables.one(kinds.LOCAL_TIME)),
        staff=tables.one(kinds.IDENTITY),
        breaks=tables.several(TIMES, most=model.OPENINGS_EACH_DAY_MAX),
        weekdays=tables.several(kinds.whole(1, 7), most=7),
        overtime_s=tables.one(kinds.number(0, 43_200)),
    )


def _declare_devices(tables: Tables) -> None:
    one = tables.one
    tables.declare(Radio, module=one(kinds.choice(Modules)), loss=one(kinds.number(0, 1)))
    tables.declare(
        Broken,
        kind=one(kinds.NAME),
        where=one(kinds.NAME),
        begins=Field(key="from", read=one(kinds.LOCAL_TIME)),
        ends=Field(key="until", read=one(kinds.LOCAL_TIME)),
        per_hour=one(kinds.number(0, FAULTS_HOUR_MAX)),
        lasts_s=one(kinds.number(0.1, 86_400)),
        dates=tables.several(DAY, most=DAYS_MAX),
        parameters=tables.keyed(
            kinds.NAME, one(kinds.number(-1_000_000, 1_000_000)), most=PARAMETERS_MAX
        ),
    )


def _whole_key(least: int, most: int) -> kinds.Kind:
    """Return the kind of keys that are whole numbers: keys are texts in TOML."""
    number = kinds.whole(least, most)

    def read(typed: object) -> object:
        text = str(typed)
        return number.read(int(text) if text.isdecimal() and len(text) < 10 else typed)

    return kinds.Kind(read=read, blank=least)


_COUNT, _LEVEL = _whole_key(1, 99), _whole_key(1, 5)

"""Scenario files: where they are found, and what they mean. ``paihao simulate`` reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from importlib.resources import files
from pathlib import Path

from protocol.errors import ConfigError
from protocol.hall import HallSpec
from protocol.tickets import TicketClass
from protocol.values import replace
from runtime.cli_scenario_check import check_scenario
from runtime.cli_scenario_faults import check_faults
from runtime.cli_scenario_tables import Block, Broken, File, PhoneTable, Staffing, declare_scenario
from runtime.cli_scenario_times import Times, distribution
from runtime.cli_settings import HALL, Setting, changed, with_counters
from runtime.config.document import Document, parse_document, read_text
from runtime.config.load import DEMO, load_config, read_config
from runtime.config.problems import Findings, nearest
from runtime.config.tables import Node, Tables
from sim.distributions import Distribution
from sim.lab.scenario import (
    Arrivals,
    Break,
    Breakage,
    LabScenario,
    People,
    PhoneUse,
    Shift,
    whole_day,
)

__all__ = ["SCENARIOS", "find_scenario", "is_scenario", "load_scenario", "ready_scenarios"]

SCENARIOS = Path(str(files("sim").joinpath("scenarios")))
"""The scenarios that come with Paihao; their halls are in a folder of their own."""


def is_scenario(document: Document) -> bool:
    """Return whether a file is a scenario; a configuration has its halls in itself."""
    return not isinstance(document.tables.get("hall"), list) and "server" not in document.tables


def ready_scenarios() -> list[str]:
    """Return the names of the scenarios that come with Paihao."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def find_scenario(name: str) -> Path | None:
    """Return the ready scenario called ``name``, if there is one."""
    path = SCENARIOS / f"{name}.toml"
    return path if name and "/" not in name and path.is_file() else None


def load_scenario(path: Path, settings: Sequence[Setting] = ()) -> LabScenario:
    """Return the scenario in the TOML file at ``path``; relative paths in it count from its folder.

    ``settings`` are put in place of what is in it, and in the file of its hall.

    Raises:
        ConfigError: it, or the file of its hall, cannot be read or is wrong; it tells every problem.
    """
    own = [each for each in settings if not each.of_hall and not each.of_counters]
    document = changed(parse_document(read_text(path), str(path)), own)
    findings = Findings(document)
    tables = Tables(findings)
    declare_scenario(tables, path.parent)
    file = tables.read(Node(place=(), typed=document.tables), File)
    if not findings.sound(("hall",), ("hall_id",)):
        findings.refuse()
    spec = _hall(file, path.parent, findings, [each for each in settings if each.of_hall])
    findings.refuse()
    assert spec is not None
    check_scenario(tables, findings, file, spec)
    check_faults(tables, findings, file, spec)
    scenario = _scenario(path, file, spec, findings)
    findings.refuse()
    for each in settings:
        if each.of_counters:
            scenario = with_counters(scenario, each)
    return scenario


def _hall(
    file: File, folder: Path, findings: Findings, settings: Sequence[Setting]
) -> HallSpec | None:
    """Return the hall that the scenario is about."""
    ready = {each.stem: each for each in (SCENARIOS / "halls").glob("*.toml")} | {"demo": DEMO}
    path = ready.get(file.hall)
    if path is None:
        path = folder / file.hall
        if not path.is_file():
            hint = f"did you mean {meant!r}? " if (meant := nearest(file.hall, ready)) else ""
            names = ", ".join(sorted(ready))
            allowed = f"{hint}allowed is the path of a hall's TOML file, or one of {names}"
            findings.add(("hall",), f"{file.hall!r} is no file", allowed)
            return None
    try:
        halls = {str(spec.id): spec for spec in _halls(path, file.hall_id, settings)}
    except ConfigError as error:
        raise ConfigError(f"{findings.document.source}: its hall is refused: {error}") from error
    if file.hall_id is None:
        return next(iter(halls.values()))
    if file.hall_id not in halls:
        wrong = f"there is no hall {file.hall_id!r} in {path.name}"
        findings.add(("hall_id",), wrong, f"allowed: {', '.join(halls)}")
    return halls.get(file.hall_id)


def _halls(path: Path, id: str | None, settings: Sequence[Setting]) -> Sequence[HallSpec]:
    """Return the halls in a file; of the one called ``id``, or the first one, with the settings."""
    if not settings:
        return load_config(path, secrets=False).halls
    document = parse_document(read_text(path), str(path))
    tables = document.tables.get(HALL)
    ids = [each.get("id") for each in tables] if isinstance(tables, list) else []
    place = ids.index(id) if id in ids else 0
    of_hall = [replace(each, place=each.place[1:]) for each in settings]
    changed_hall = changed(document, of_hall, (HALL, place))
    return read_config(changed_hall, folder=path.parent).halls


# -- what they mean ------------------------------------------------------------------------------


def _scenario(path: Path, file: File, spec: HallSpec, findings: Findings) -> LabScenario:
    habits, plain = file.people, People()

    def times(key: str, given: Times | None) -> Distribution | None:
        return distribution(given, ("people", key), findings, spec) if given else None

    people = People(
        to_counter_s=times("to_counter", habits.to_counter) or plain.to_counter_s,
        patience_s=times("patience", habits.patience),
        way_s=times("way", habits.way) or plain.way_s,
        no_show_share=habits.no_show_share,
        sets_off=habits.sets_off,
    )
    phones = _phones(file.phones, findings, spec)
    service_s = {
        service: distribution(given, ("service_time", service), findings, spec, service)
        for service, given in file.service_times.items()
    }
    return LabScenario(
        name=path.stem,
        title=file.title or path.stem,
        spec=spec,
        days=file.days,
        shifts=tuple(shift for each in file.shifts for shift in _shifts(each))
        or whole_day(spec, file.days),
        arrivals=tuple(
            _arrivals(f"arrivals {number}", file.days.begins, block)
            for number, block in enumerate(file.arrivals, start=1)
        ),
        appointments=file.appointments,
        service_s=service_s,
        people=people,
        rating=file.rating,
        no_show_after_s=file.no_show_after_s,
        commit_s=file.commit_s,
        phones=phones,
        radio=file.radio,
        breakages=tuple(_breakage(each) for each in file.faults),
    )


def _phones(typed: PhoneTable | None, findings: Findings, spec: HallSpec) -> PhoneUse | None:
    if typed is None:
        return None
    plain = PhoneUse()

    def times(key: str, given: Times | None, otherwise: Distribution) -> Distribution:
        return distribution(given, ("phones", key), findings, spec) if given else otherwise

    return PhoneUse(
        elsewhere_share=typed.elsewhere_share,
        scans_s=times("scans", typed.scans, plain.scans_s),
        notices_s=times("notices", typed.notices, plain.notices_s),
        back_s=times("back", typed.back, plain.back_s),
        messages_day_max=typed.messages_day_max,
        messages_minute_max=typed.messages_minute_max,
        codes_day_max=typed.codes_day_max,
    )


def _breakage(broken: Broken) -> Breakage:
    return Breakage(
        kind=broken.kind,
        where=broken.where,
        begins=broken.begins,
        ends=broken.ends,
        per_hour=broken.per_hour or 0.0,
        lasts_s=broken.lasts_s,
        dates=broken.dates,
        parameters=broken.parameters,
    )


def _arrivals(name: str, begins: time, block: Block) -> Arrivals:
    rates = block.rates if block.per_hour is None else {begins: block.per_hour}
    services = block.services if block.service is None else {block.service: 1.0}
    return Arrivals(
        name=block.name or name,
        services=services,
        rates=tuple(sorted(rates.items())),
        bursts=block.bursts,
        weekdays=block.weekdays,
        dates=block.dates,
        classes=block.classes or {TicketClass.NORMAL: 1.0},
        party=block.party or {1: 1.0},
        remote_share=block.remote_share,
        follow_share=block.follow_share,
    )


def _shifts(staffing: Staffing) -> list[Shift]:
    return [
        Shift(
            counter=counter,
            begins=staffing.begins,
            ends=staffing.ends,
            staff=staffing.staff,
            breaks=tuple(Break(begins=begins, ends=ends) for begins, ends in staffing.breaks),
            weekdays=staffing.weekdays,
            overtime_s=staffing.overtime_s,
        )
        for counter in staffing.counters
    ]

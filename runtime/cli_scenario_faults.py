"""What must fit together in the ``[[fault]]`` tables of a scenario file: kinds, places, times, parameters."""

from __future__ import annotations

from collections.abc import Sequence

from protocol.hall import HallSpec
from runtime.cli_scenario_tables import Broken, File
from runtime.config.document import Place
from runtime.config.problems import Findings, nearest
from runtime.config.tables import Tables
from sim.faults.catalogue import FAULTS
from sim.faults.kind import FaultKind
from sim.faults.wechat import WECHAT
from sim.lab.whole import places_of

__all__ = ["check_faults"]


def check_faults(tables: Tables, findings: Findings, file: File, spec: HallSpec) -> None:
    """Report what is wrong with the faults of the scenario ``file`` in the hall ``spec``."""
    for place, broken in tables.within((), Broken):
        kind = FAULTS.get(broken.kind)
        if kind is None:
            if findings.sound((*place, "kind")):
                meant = nearest(broken.kind, FAULTS)
                hint = f"did you mean {meant!r}? " if meant else ""
                allowed = f"{hint}`paihao faults` lists them"
                findings.add((*place, "kind"), f"there is no fault {broken.kind!r}", allowed)
            continue
        if kind.target is WECHAT and file.phones is None:
            needed = "needed is a [phones] table, which may be empty"
            findings.add((*place, "kind"), "the hall has no account: nobody has a phone", needed)
            continue
        _check_where(
            findings,
            place,
            broken,
            kind,
            places_of(kind, spec, followed=kind.target is WECHAT),
            spec,
        )
        _check_times(findings, place, broken, kind, file)
        _check_parameters(findings, place, broken, kind)


def _check_where(
    findings: Findings,
    place: Place,
    broken: Broken,
    kind: FaultKind,
    places: Sequence[str],
    spec: HallSpec,
) -> None:
    known = ", ".join(places)
    if broken.where is None:
        if not places:
            findings.add(
                (*place, "kind"), f"hall {spec.id} has no {kind.target.name}", "leave it out"
            )
    elif broken.where not in places and findings.sound((*place, "where")):
        hint = f"did you mean {meant!r}? " if (meant := nearest(broken.where, places)) else ""
        wrong = f"there is no {kind.target.name} {broken.where!r}"
        findings.add((*place, "where"), wrong, f"{hint}allowed: {known or 'none'}")


def _check_times(
    findings: Findings, place: Place, broken: Broken, kind: FaultKind, file: File
) -> None:
    window = (broken.begins, broken.ends)
    if broken.per_hour is not None:
        if window != (None, None):
            findings.add(place, "has both per_hour and from or until", "allowed is one of them")
        if broken.lasts_s > kind.lasts_max_s:
            wrong = f"{broken.kind} lasts for {kind.lasts_max_s:g} s at most"
            findings.add((*place, "lasts_s"), wrong, "allowed is less")
        return
    if broken.begins is None or broken.ends is None:
        wrong = "does not say when"
        findings.add(place, wrong, "needed are from and until, or per_hour with lasts_s")
        return
    if not findings.sound((*place, "from"), (*place, "until")):
        return
    if broken.ends <= broken.begins:
        wrong = f"{broken.ends:%H:%M} is not after {broken.begins:%H:%M}"
        findings.add((*place, "until"), wrong, "allowed is a later time of the same day")
        return
    begins_s, ends_s = (at.hour * 3600 + at.minute * 60 + at.second for at in window if at)
    if ends_s - begins_s > kind.lasts_max_s:
        wrong = f"{broken.kind} lasts for {kind.lasts_max_s / 60:g} min at most"
        findings.add((*place, "until"), wrong, "allowed is an earlier time")


def _check_parameters(findings: Findings, place: Place, broken: Broken, kind: FaultKind) -> None:
    for name, number in broken.parameters.items():
        at = (*place, "parameters", name)
        known = kind.parameters.get(name)
        if known is None:
            names = ", ".join(kind.parameters) or "none"
            findings.add(at, f"{broken.kind} has no such parameter", f"allowed: {names}")
        elif not known.least <= number <= known.most or (known.whole and number != int(number)):
            what = "a whole number" if known.whole else "a number"
            allowed = f"allowed is {what} from {known.least:g} to {known.most:g}"
            findings.add(at, f"{number:g} is out of range", allowed)

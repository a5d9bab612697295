"""The catalogue of faults, and how a part that comes later adds its own."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from protocol.errors import ConfigError
from sim.faults import catalogue
from sim.faults.active import active, end, end_all, start
from sim.faults.catalogue import FAULTS, add, kind_of
from sim.faults.kind import End, Fault, FaultKind, Parameter, Target, draw_fault


class Kettle:
    """A device of a later part."""

    boils = True


KETTLE = Target(name="kettle", what="the kettle", places=lambda _premises: ("kettle",))


def _cold(premises: Any, _where: str, given: Mapping[str, float]) -> End:
    def cool() -> None:
        premises.kettle.boils = False

    def heat() -> None:
        premises.kettle.boils = True

    assert given == {"degrees": 20.0}
    return premises.holds.hold("kettle", cool, heat)  # type: ignore[no-any-return]


COLD = FaultKind(
    name="kettle-cold",
    does="The kettle is cold.",
    target=KETTLE,
    begin=_cold,
    parameters={"degrees": Parameter(meaning="how warm", least=0, most=90, default=20)},
)


@pytest.fixture
def hall(hall: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delitem(catalogue._KINDS, COLD.name, raising=False)
    add((COLD,))
    hall.site.kettle = Kettle()
    yield hall
    del catalogue._KINDS[COLD.name]


def test_later_device_brings_its_faults(hall: Any) -> None:
    assert FAULTS["kettle-cold"] is COLD
    one, other = Fault(kind="kettle-cold", lasts_s=10), Fault(kind="kettle-cold", lasts_s=10)
    start(hall.site, one)
    start(hall.site, other)
    assert active(hall.site) == [one, other]
    end(hall.site, one)
    end(hall.site, one)
    # Two at once: the device is well when both have ended.
    assert not hall.site.kettle.boils
    hall.site.heal()
    assert hall.site.kettle.boils
    drawn = draw_fault(COLD, hall.site, Random(1), 5.0)
    assert drawn is not None
    assert (drawn.where, drawn.begins_s) == ("kettle", 5.0)
    assert str(one) == "kettle-cold at 0.000 s for 10 s"


def test_second_kind_of_a_name_is_refused(hall: Any) -> None:
    with pytest.raises(ConfigError, match="there is a fault kettle-cold already"):
        add((COLD,))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(kind="kettle-cool", lasts_s=1), "did you mean 'kettle-cold'"),
        (Fault(kind="kettle-cold", where="pot", lasts_s=1), "there is no kettle 'pot'"),
        (
            Fault(kind="kettle-cold", lasts_s=1, parameters={"degrees": 91}),
            "degrees is 91; allowed is a number from 0 to 90",
        ),
        (Fault(kind="kettle-cold", lasts_s=1, parameters={"heat": 1}), "has no parameter 'heat'"),
        (
            Fault(kind="printer-lying", lasts_s=1, parameters={"says_well": 0.5}),
            "allowed is a whole number",
        ),
    ],
)
def test_wrong_fault_is_refused_and_breaks_nothing(hall: Any, fault: Fault, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        start(hall.site, fault)
    assert active(hall.site) == []
    assert hall.site.kettle.boils


def test_drawn_faults_are_within_their_ranges(hall: Any) -> None:
    random = Random(7)
    for kind in FAULTS.values():
        for _ in range(20):
            fault = draw_fault(kind, hall.site, random, 0.0, lasts_max_s=600.0)
            assert fault is not None
            assert fault.where in kind.target.places(hall.site)
            assert fault.lasts_s <= min(kind.lasts_max_s, 600.0)
            kind.complete(fault.parameters)
    end_all(hall.site)


def test_fault_without_a_place_is_at_all_of_them(hall: Any) -> None:
    start(hall.site, Fault(kind="terminal-silent-death", lasts_s=60))
    assert all(window.off for window in hall.site.hardware.windows.values())
    assert kind_of("terminal-silent-death").target.places(hall.site)
    end_all(hall.site)
    assert not any(window.off for window in hall.site.hardware.windows.values())


@pytest.mark.parametrize(
    "kind", [name for name in FAULTS if name not in ("process-kill", "terminal-flat-battery")]
)
def test_same_fault_twice_at_one_place_leaves_nothing_behind(hall: Any, kind: str) -> None:
    [place, *_] = FAULTS[kind].target.places(hall.site)
    first, second = (Fault(kind=kind, where=place, lasts_s=60) for _ in range(2))
    speed = hall.printer.speed
    start(hall.site, first)
    start(hall.site, second)
    end(hall.site, first)
    end(hall.site, second)
    assert active(hall.site) == []
    assert hall.site.refusals == []
    assert hall.site.clock_offset_s == 0
    assert hall.site.journal.commit_s == hall.site.commit_s
    assert (hall.printer.speed, hall.printer.babble, hall.printer.claims_well) == (
        speed,
        None,
        None,
    )
    assert all(line.at_rest for line in hall.site.lines.values())

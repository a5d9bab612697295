"""Appointments in a configuration: what is read, and what is refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

import pytest

from protocol.appointments import AppointmentSpec, BanRule, SlotPattern
from runtime.config.load import parse_config
from runtime.config.problems import Problem

HERE = "hall HZ01 / service tax / appointments"
SLOT = """[[hall.service.appointments.slot]]
weekdays = [1, 2]
from = "09:00"
to = "24:00"
every_minutes = 20
capacity = 4
"""
RIGHT = f"""last = 499
identity = "phone"
[hall.service.appointments]
walk_in_share = 0.5
soonest_days = 1
latest_days = 30
person_max = 2
confirm_within_s = 600
move_closed = false
[hall.service.appointments.ban]
no_shows = 3
within_days = 90
for_days = 30
{SLOT}"""


def with_appointments(right: str, appointments: str) -> str:
    assert "last = 499\n" in right
    return right.replace("last = 499\n", appointments, 1)


def test_appointments_are_read(right: str) -> None:
    hall = parse_config(with_appointments(right, RIGHT), "test").halls[0]
    spec = next(iter(hall.services.values())).appointments
    pattern = SlotPattern(
        weekdays=(1, 2), begins=time(9), ends=time(0), every_minutes=20, capacity=4
    )
    assert spec == AppointmentSpec(
        slots=(pattern,),
        walk_in_share=0.5,
        soonest_days=1,
        latest_days=30,
        person_max=2,
        confirm_within_s=600.0,
        ban=BanRule(no_shows=3, within_days=90, for_days=30),
        move_closed=False,
    )
    assert hash(spec) == hash(spec)


@pytest.mark.parametrize(
    ("old", "new", "label", "message"),
    [
        (SLOT, "", " / slot", "is missing; needed here: slot"),
        (SLOT, SLOT.replace("[[", "[").replace("]]", "]"), " / slot", "with two brackets"),
        ("capacity = 4", "capacity = 0", " / slot 1 / capacity", "1 to 1000"),
        ("capacity = 4", "capacity = 1", " / slot 1 / capacity", "none is left to book"),
        ('to = "24:00"', 'to = "09:10"', " / slot 1 / to", "no slot fits"),
        (SLOT, SLOT + SLOT, " / slot 2 / from", "overlaps another slot on weekday 1"),
        ("weekdays = [1, 2]", "weekdays = [1, 8]", " / slot 1 / weekdays / 8", "1 to 7"),
        ("soonest_days = 1", "soonest_days = 31", " / soonest_days", "after the latest day, 30"),
        ("walk_in_share = 0.5", "walk_in_share = 1", " / walk_in_share", "0 to 0.99"),
        ("no_shows = 3", "no_shows = 0", " / ban / no_shows", "1 to 20"),
        ("for_days = 30\n", "", " / ban / for_days", "is missing"),
        ("person_max = 2", "persons_max = 2", " / persons_max", "did you mean 'person_max'?"),
    ],
)
def test_each_mistake_is_told_once_with_its_place(
    right: str,
    problems_of: Callable[[str], tuple[Problem, ...]],
    old: str,
    new: str,
    label: str,
    message: str,
) -> None:
    assert old in RIGHT
    (problem,) = problems_of(with_appointments(right, RIGHT.replace(old, new, 1)))
    assert message in str(problem)
    assert problem.where.startswith(HERE)
    assert problem.where == HERE + label or "weekdays" in label


def test_limits_need_to_know_who_books(
    right: str, problems_of: Callable[[str], tuple[Problem, ...]]
) -> None:
    found = problems_of(with_appointments(right, RIGHT.replace('identity = "phone"\n', "")))
    assert [problem.where for problem in found] == [f"{HERE} / person_max", f"{HERE} / ban"]

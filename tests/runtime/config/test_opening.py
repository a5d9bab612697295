"""Opening hours, menus and limits: what is read, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time

import pytest

from protocol.hall import Identity, Menu, PastLast
from protocol.hours import ALWAYS, Closure, Hours, Opening, SpecialDay
from runtime.config import model
from runtime.config.load import DEMO, EXAMPLE, parse_config
from runtime.config.problems import Problem

Changed = Callable[..., str]
Problems = Callable[[str], tuple[Problem, ...]]

HALL_AT, SERVICE_AT = 'day_begins = "05:30"\n', "last = 499\n"
WEEK = "weekdays = [1, 2, 3, 4, 5]"

MENU = """
[[hall.menu]]
service = "tax"
[[hall.menu]]
names = { zh = "其他", en = "More" }
[[hall.menu.entry]]
names = { zh = "再多", en = "Even more" }
entry = [{ service = "advice" }]
"""


def in_hall(text: str) -> tuple[str, str]:
    return HALL_AT, HALL_AT + text + "\n"


def in_service(text: str) -> tuple[str, str]:
    return SERVICE_AT, SERVICE_AT + text + "\n"


def test_hours_are_read(changed: Changed) -> None:
    hours = f"""
[[hall.hours.opening]]
{WEEK}
opens = "09:00"
closes = 24:00:00
""".replace("24:00:00", '"24:00"')
    special = """
[[hall.service.hours.special]]
day = 2026-10-10
times = ["09:00-12:00", "13:30 – 24:00"]
[[hall.service.hours.special]]
day = "2026-10-11"
[[hall.service.hours.closure]]
first = 2026-10-01
last = 2026-10-07
reason = "National Day"
"""
    [hall] = parse_config(changed(in_hall(hours), in_service(special)), "hall.toml").halls
    week = Opening(weekdays=(1, 2, 3, 4, 5), opens=time(9), closes=time())
    assert hall.hours == Hours(openings=(week,))
    day, other = date(2026, 10, 10), date(2026, 10, 11)
    assert hall.services["tax"].hours == Hours(
        special=(
            SpecialDay(day=day, times=((time(9), time(12)), (time(13, 30), time()))),
            SpecialDay(day=other),
        ),
        closures=(Closure(first=date(2026, 10, 1), last=date(2026, 10, 7), reason="National Day"),),
    )


def test_a_hall_without_hours_is_the_one_that_is_always_open(right: str) -> None:
    [hall] = parse_config(right, "hall.toml").halls
    # By identity: that test is all that an open hall spends on it.
    assert hall.hours is ALWAYS
    assert all(service.hours is ALWAYS for service in hall.services.values())
    [demo] = parse_config(DEMO.read_text("utf-8"), "demo.toml").halls
    assert demo.hours is ALWAYS
    assert all(service.hours is ALWAYS for service in demo.services.values())


def test_limits_are_read(changed: Changed) -> None:
    limits = """
past_last = "go_on"
quota = 20
identity = "phone"
person_max = 2
target_wait_s = 600
service_s = 120.5
"""
    [hall] = parse_config(changed(in_hall("last_ticket_s = 900"), in_service(limits)), "x").halls
    tax = hall.services["tax"]
    assert (tax.past_last, tax.quota, tax.identity) == (PastLast.GO_ON, 20, Identity.PHONE)
    assert (tax.person_max, tax.target_wait_s, tax.service_s) == (2, 600.0, 120.5)
    assert hall.last_ticket_s == 900.0


def test_the_menu_is_read_as_a_tree(changed: Changed) -> None:
    [hall] = parse_config(changed(in_hall(MENU)), "hall.toml").halls
    inner = Menu(names={"zh": "再多", "en": "Even more"}, entries=("advice",))
    assert hall.menu == ("tax", Menu(names={"zh": "其他", "en": "More"}, entries=(inner,)))


def test_the_example_has_a_menu_hours_and_limits() -> None:
    [hall] = parse_config(EXAMPLE.read_text("utf-8"), "example.toml").halls
    assert len(hall.menu) == 3
    assert len(hall.hours.openings) == 2
    assert hall.services["property"].identity is Identity.DOCUMENT


def opening(line: str) -> str:
    return f'[[hall.hours.opening]]\n{WEEK}\nopens = "09:00"\ncloses = "17:00"\n{line}'


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        (opening("").replace("17:00", "09:00"), "opening 1 / closes", "09:00 is not after 09:00"),
        (opening("").replace("17:00", "08:00"), "opening 1 / closes", "past midnight is two"),
        (opening("").replace("17:00", "25:00"), "opening 1 / closes", "is no time of day"),
        (opening("").replace("5]", "8]"), "opening 1 / weekdays 5", "from 1 to 7"),
        (opening("").replace("5]", "4]"), "opening 1 / weekdays 5", "is there already"),
        (opening("").replace(WEEK, "weekdays = []"), "opening 1 / weekdays", "allowed are 1 to 7"),
        (
            opening('[[hall.hours.opening]]\nweekdays = [5]\nopens = "16:59"\ncloses = "18:00"'),
            "opening 2 / opens",
            "overlaps another opening on weekday 5",
        ),
        (
            "[[hall.hours.special]]\nday = 2026-10-01\ntimes = ['09:00-12:00', '11:00-13:00']",
            "special 1 / times",
            "overlap one another",
        ),
        (
            "[[hall.hours.special]]\nday = 2026-10-01\ntimes = ['12:00-09:00']",
            "special 1 / times 1",
            "09:00 is not after 12:00",
        ),
        (
            "[[hall.hours.special]]\nday = 2026-10-01\ntimes = ['all day']",
            "special 1 / times 1",
            'allowed is a string such as "09:00-12:00"',
        ),
        ("[[hall.hours.special]]\nday = 'soon'", "special 1 / day", "'soon' is no day"),
        (
            "[[hall.hours.special]]\nday = 2026-10-01\n[[hall.hours.special]]\nday = 2026-10-01",
            "special 2 / day",
            "is the day of special 1 already",
        ),
        (
            "[[hall.hours.closure]]\nfirst = 2026-10-07\nlast = 2026-10-01",
            "closure 1 / last",
            "2026-10-01 is before 2026-10-07",
        ),
        ("[hall.hours.opening]\nopens = '09:00'", "opening", "with two brackets"),
        ("[hall.hours]\nopenings = []", "openings", "did you mean 'opening'?"),
    ],
)
def test_hours_that_cannot_be_are_refused(
    changed: Changed, problems_of: Problems, text: str, where: str, said: str
) -> None:
    [problem] = problems_of(changed(in_hall(text)))
    assert problem.where == f"hall HZ01 / hours / {where}"
    assert problem.line is not None
    assert said in str(problem)
    # The same under a service.
    [problem] = problems_of(changed(in_service(text.replace("hall.hours", "hall.service.hours"))))
    assert problem.where == f"hall HZ01 / service tax / hours / {where}"


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        ('service = "tax"', 'service = "tex"', "menu 1 / service", "did you mean 'tax'?"),
        ('service = "tax"', "", "menu 1", "neither a service nor a page"),
        (
            '"advice"',
            '"tax"',
            "menu 2 / entry 1 / entry 1 / service",
            "'tax' is at hall HZ01 / menu 1",
        ),
        ('{ service = "advice" }', "", "menu 2 / entry 1", "neither a service nor a page"),
        (', en = "More"', "", "menu 2 / names", "there is no name in 'en'"),
        ('en = "Even more"', 'en = ""', "menu 2 / entry 1 / names / en", "the name is empty"),
        (
            'service = "tax"',
            'service = "tax"\nnames = { zh = "税", en = "T" }',
            "menu 1",
            "is a service and a page at once",
        ),
        ('[[hall.menu]]\nservice = "tax"', "", "service tax / id", "not in the hall's menu"),
    ],
)
def test_menus_that_cannot_be_are_refused(
    changed: Changed, problems_of: Problems, old: str, new: str, where: str, said: str
) -> None:
    assert old in MENU
    problems = problems_of(changed(in_hall(MENU.replace(old, new, 1))))
    assert (f"hall HZ01 / {where}", True) in [(one.where, said in str(one)) for one in problems]


def test_a_menu_that_is_too_deep_is_refused(changed: Changed, problems_of: Problems) -> None:
    page = 'service = "advice"'
    for _ in range(model.MENU_DEPTH_MAX + 1):
        page = f'names = {{ zh = "页", en = "Page" }}, entry = [{{ {page} }}]'
    problems = problems_of(changed(in_hall(f"menu = [{{ {page} }}]")))
    assert any("too deep" in str(problem) for problem in problems)


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("quota = 0", "quota", "from 1 to 100000"),
        ("person_max = 1", "person_max", "needed is identity = 'phone' or 'document'"),
        ("identity = 'phones'", "identity", "did you mean 'phone'?"),
        ("past_last = 'stop'", "past_last", "one of refuse, go_on"),
        ("target_wait_s = 0", "target_wait_s", "from 1 to 86400"),
        ("service_s = '5'", "service_s", "is a string"),
    ],
)
def test_limits_that_cannot_be_are_refused(
    changed: Changed, problems_of: Problems, text: str, where: str, said: str
) -> None:
    [problem] = problems_of(changed(in_service(text)))
    assert problem.where == f"hall HZ01 / service tax / {where}"
    assert said in str(problem)


def test_numbers_that_go_on_must_not_run_into_those_of_another_service(
    changed: Changed, problems_of: Problems
) -> None:
    same = ('prefix = "B"', 'prefix = "A"\nfirst = 500')
    assert problems_of(changed(same)) == ()
    [problem] = problems_of(changed(same, in_service('past_last = "go_on"')))
    assert "overlap" in str(problem)

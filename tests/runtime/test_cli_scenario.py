"""Scenario files as people write them: what each key does, and what is said of a wrong one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from protocol.errors import ConfigError
from protocol.events import Event, ServiceFinished, ServiceStarted, TicketCalled
from protocol.ids import CommandId, CounterId, ServiceId, TicketId
from protocol.tickets import TicketClass
from runtime.cli_scenario import find_scenario, load_scenario, ready_scenarios
from runtime.cli_scenario_times import service_times
from runtime.config.problems import ConfigRefused
from sim.distributions import Empirical, Exponential, Fixed, LogNormal
from sim.lab.scenario import Break, Burst, PhoneUse, SetsOff, Shift

DAY = '[day]\ndate = 2026-03-03\nfrom = "09:00"\nuntil = "17:00"\n'
ARRIVALS = '[[arrivals]]\nservice = "declare"\nper_hour = 20\n'
HALL = 'hall = "tax"\n'


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_least_scenario_staffs_every_counter_all_day(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, HALL + DAY + ARRIVALS))
    assert (scenario.name, scenario.title) == ("mine", "mine")
    assert scenario.days.first == date(2026, 3, 3)
    assert {shift.counter for shift in scenario.shifts} == set(scenario.spec.counters)
    assert scenario.arrivals[0].rates == ((time(9), 20.0),)
    assert scenario.takes_s(ServiceId("declare")) == Exponential(mean_s=360)


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text("id,service_s\n1,60\n2,30\n", encoding="utf-8")
    scenario = load_scenario(
        write(
            tmp_path,
            f"""title = "All"
{HALL}hall_id = "TAX"
no_show_after_s = 45
commit_s = 0.01
{DAY}days = 5
[[arrivals]]
name = "all"
services = {{ declare = 2, invoice = 1 }}
rates = {{ "09:15" = 30, "09:00" = 10 }}
weekdays = [2, 3]
dates = [2026-03-03]
classes = {{ normal = 3, priority = 1 }}
party = {{ 1 = 4, 2 = 1 }}
remote_share = 0.25
follow_share = 0.5
[[arrivals.burst]]
at = "10:00"
people = 12
within_s = 60
[[appointments]]
service = "property"
booked_share = 0.5
no_show_share = 0.2
early_s = 300
spread_s = 60
[people]
to_counter = 5
patience = {{ kind = "log_normal", mean_s = 900, spread = 0.5 }}
way = {{ mean_s = 600 }}
no_show_share = 0.02
sets_off = "by_push"
[phones]
elsewhere_share = 0.4
scans = 15
notices = {{ mean_s = 12 }}
back = {{ kind = "constant", mean_s = 40 }}
messages_day_max = 1000
messages_minute_max = 100
codes_day_max = 500
[service_time]
declare = {{ kind = "empirical", csv = "times.csv", column = "service_s" }}
invoice = {{ kind = "constant", mean_s = 90 }}
[[shift]]
counters = ["1", "2"]
staff = "1001"
from = "09:00"
until = "13:00"
breaks = ["10:00-10:15", "12:00-12:30"]
weekdays = [1, 2]
overtime_s = 600
[evaluation]
share = 0.4
levels = {{ 5 = 3, 1 = 1 }}
long_wait_s = 600
after_s = 30
""",
        )
    )
    [block], [booked] = scenario.arrivals, scenario.appointments
    assert block.rates == ((time(9), 10.0), (time(9, 15), 30.0))
    assert block.services == {"declare": 2, "invoice": 1}
    assert block.classes == {TicketClass.NORMAL: 3, TicketClass.PRIORITY: 1}
    assert (block.party, block.weekdays, block.remote_share) == ({1: 4, 2: 1}, (2, 3), 0.25)
    assert block.dates == (date(2026, 3, 3),)
    assert block.bursts == (Burst(at=time(10), people=12, within_s=60),)
    assert (booked.service, booked.booked_share, booked.early_s) == ("property", 0.5, 300)
    people = scenario.people
    assert people.to_counter_s == Fixed(always_s=5)
    assert people.patience_s == LogNormal(mean_s=900, spread=0.5)
    assert (people.way_s, people.sets_off) == (Exponential(mean_s=600), SetsOff.BY_PUSH)
    assert block.follow_share == 0.5
    assert scenario.phones == PhoneUse(
        elsewhere_share=0.4,
        scans_s=Fixed(always_s=15),
        notices_s=Exponential(mean_s=12),
        back_s=Fixed(always_s=40),
        messages_day_max=1000,
        messages_minute_max=100,
        codes_day_max=500,
    )
    assert scenario.service_s == {
        "declare": Empirical(times_s=(30.0, 60.0)),
        "invoice": Fixed(always_s=90),
    }
    assert scenario.shifts[0] == Shift(
        counter=CounterId("1"),
        begins=time(9),
        ends=time(13),
        staff=scenario.shifts[0].staff,
        breaks=(
            Break(begins=time(10), ends=time(10, 15)),
            Break(begins=time(12), ends=time(12, 30)),
        ),
        weekdays=(1, 2),
        overtime_s=600,
    )
    assert [shift.counter for shift in scenario.shifts] == ["1", "2"]
    assert (scenario.rating.levels, scenario.rating.after_s) == ({5: 3, 1: 1}, 30)
    assert (scenario.no_show_after_s, scenario.commit_s, scenario.days.days) == (45, 0.01, 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DAY + ARRIVALS, "hall: is missing"),
        ('hall = "taxx"\n' + DAY + ARRIVALS, "'taxx' is no file; did you mean 'tax'?"),
        (HALL + 'hall_id = "X"\n' + DAY + ARRIVALS, "no hall 'X' in tax.toml; allowed: TAX"),
        (HALL + DAY, "nobody comes; needed is [[arrivals]] or [[appointments]]"),
        (HALL + DAY + ARRIVALS + "persons = 3\n", "persons: is an unknown key"),
        (HALL + DAY + ARRIVALS.replace("declare", "declar"), "did you mean 'declare'?"),
        (HALL + DAY + ARRIVALS + "rates = { 900 = 3 }\n", "'900' is no time of day"),
        (HALL + DAY + ARRIVALS + 'rates = { "09:00" = 3 }\n', "has both per_hour and rates"),
        (HALL + DAY + "[[arrivals]]\nper_hour = 3\n", "has neither service nor services"),
        (HALL + DAY + '[[arrivals]]\nservice = "declare"\n', "needed is per_hour, rates or"),
        (HALL + DAY + ARRIVALS + "party = { 0 = 1 }\n", "allowed is a whole number from 1 to 99"),
        (
            HALL + DAY + ARRIVALS + "follow_share = 0.2\n",
            "follow_share: nobody has a phone; needed is a [phones] table, which may be empty",
        ),
        (HALL + DAY + ARRIVALS + "follow_share = 2\n[phones]\n", "allowed is a number from 0 to 1"),
        (
            HALL + DAY + ARRIVALS + '[people]\nsets_off = "by_push"\n',
            "sets_off: nobody has a phone that could tell when",
        ),
        (HALL + DAY + ARRIVALS + "[phones]\nscan = 3\n", "did you mean 'scans'?"),
        (HALL + DAY + ARRIVALS + "[phones]\nnotices = -3\n", "number from 0 to 86400"),
        (
            HALL + DAY + ARRIVALS + "[phones]\nmessages_day_max = 1.5\n",
            "messages_day_max: 1.5 is a number; allowed is a whole number",
        ),
        (HALL + DAY + ARRIVALS + "classes = { normal = 0 }\n", "classes: weighs nothing"),
        (HALL + DAY + ARRIVALS + "classes = { appointment = 1 }\n", "[[appointments]] has those"),
        (HALL + DAY + ARRIVALS + '[[arrivals.burst]]\nat = "17:00"\npeople = 3\n', "within the day"),
        (HALL + DAY.replace("17:00", "08:00") + ARRIVALS, "08:00 is not after 09:00"),
        (HALL + DAY + '[[appointments]]\nservice = "declare"\n', "allowed: property"),
        (HALL + DAY + ARRIVALS + "[service_time]\nnone = 3\n", "no service 'none'"),
        (HALL + DAY + ARRIVALS + '[service_time]\ndeclare = "long"\n', "number from 0 to 86400"),
        (
            HALL + DAY + ARRIVALS + '[service_time]\ndeclare = { kind = "log_normal" }\n',
            "spread: is missing; needed for kind = 'log_normal': mean_s, spread",
        ),
        (
            HALL + DAY + ARRIVALS + "[service_time]\ndeclare = { mean_s = 3, spread = 1 }\n",
            "spread: is not for kind = 'exponential'",
        ),
        (
            HALL + DAY + ARRIVALS + '[service_time]\ndeclare = { kind = "empirical" }\n',
            "needed is either csv (with column) or journal",
        ),
        (
            HALL + DAY + ARRIVALS + '[service_time]\ndeclare = { kind = "empirical", csv = "no.csv" }\n',
            "No such file",
        ),
        (HALL + DAY + ARRIVALS + '[evaluation]\nlevels = { 6 = 1 }\n', "from 1 to 5"),
        (
            HALL + DAY + ARRIVALS + '[[shift]]\ncounters = ["99"]\nfrom = "09:00"\nuntil = "10:00"\n',
            "no counter '99'",
        ),
        (
            HALL + DAY + ARRIVALS + '[[shift]]\ncounters = ["1"]\nfrom = "09:00"\nuntil = "10:00"\n' * 2,
            "counter 1 has another shift then on weekday 1",
        ),
        (
            HALL + DAY + ARRIVALS
            + '[[shift]]\ncounters = ["1"]\nfrom = "09:00"\nuntil = "10:00"\nbreaks = ["09:50-10:10"]\n',
            "09:50-10:10 is not within the shift",
        ),
    ],
)  # fmt: skip
def test_wrong_scenario_is_refused_with_place_and_what_is_allowed(
    tmp_path: Path, text: str, said: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigRefused) as refused:
        load_scenario(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


def test_empty_table_gives_people_phones(tmp_path: Path) -> None:
    text = HALL + DAY + ARRIVALS + "follow_share = 0.2\nremote_share = 0.1\n"
    assert load_scenario(write(tmp_path, text + "[phones]\n")).phones == PhoneUse()
    assert load_scenario(write(tmp_path, text.replace("follow_share = 0.2\n", ""))).phones is None


def test_every_problem_is_told_with_its_line(tmp_path: Path) -> None:
    text = HALL + DAY + ARRIVALS.replace("20", "-1") + "[people]\nno_show_share = 2\n"
    with pytest.raises(ConfigRefused) as refused:
        load_scenario(write(tmp_path, text))
    lines = [problem.line for problem in refused.value.problems]
    assert lines == [8, 10]


def test_hall_of_the_users_own_counts_from_the_scenarios_folder(tmp_path: Path) -> None:
    own = Path(str(find_scenario("quiet-day"))).parent / "halls" / "tax.toml"
    (tmp_path / "own.toml").write_bytes(own.read_bytes())
    scenario = load_scenario(write(tmp_path, 'hall = "own.toml"\n' + DAY + ARRIVALS))
    assert scenario.spec.id == "TAX"
    (tmp_path / "own.toml").write_text("[[hall]]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine.toml: its hall is refused: .*own.toml"):
        load_scenario(tmp_path / "mine.toml")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("service_s\n60\nsoon\n", "times.csv:3: 'soon' is no time"),
        ("service_s\n", "holds no times"),
        ("a,b\n1,2\n", "no column 'service_s', but a, b"),
        ("service_s\n-3\n", "times.csv:2: '-3' is no time"),
    ],
)
def test_table_of_times_that_are_none_is_refused(tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / "times.csv").write_text(table, encoding="utf-8")
    times = '{ kind = "empirical", csv = "times.csv", column = "service_s" }'
    path = write(tmp_path, HALL + DAY + ARRIVALS + f"[service_time]\ndeclare = {times}\n")
    with pytest.raises(ConfigRefused) as refused:
        load_scenario(path)
    assert said in str(refused.value)


def test_services_in_a_journal_count_from_their_start_or_else_their_call() -> None:
    begins = datetime(2026, 3, 3, 1, tzinfo=UTC)
    one, two = TicketId("t1"), TicketId("t2")
    counter, id = CounterId("1"), CommandId("c")

    def after(seconds: float) -> datetime:
        return begins + timedelta(seconds=seconds)

    def called(ticket: TicketId, service: str, at_s: float) -> TicketCalled:
        return TicketCalled(
            at=after(at_s),
            command=id,
            ticket=ticket,
            number="A1",
            service=ServiceId(service),
            counter=counter,
        )

    def ended(ticket: TicketId, at_s: float) -> ServiceFinished:
        return ServiceFinished(at=after(at_s), command=id, ticket=ticket, counter=counter)

    events: list[Event] = [
        called(one, "a", 0),
        ServiceStarted(at=after(10), command=id, ticket=one, counter=counter),
        ended(one, 70),
        called(two, "a", 100),
        ended(two, 145),
        called(one, "b", 200),
        ended(one, 260),
    ]
    assert list(service_times(events, lambda service: service == "a")) == [60, 45]
    assert list(service_times(events, lambda _: True)) == [60, 45, 60]


def test_six_scenarios_are_ready() -> None:
    assert ready_scenarios() == [
        "hospital-morning",
        "noon-peak",
        "opening-rush",
        "quiet-day",
        "tax-deadline",
        "week-with-holiday",
    ]
    assert find_scenario("nothing") is None
    assert find_scenario("../scenarios/quiet-day") is None

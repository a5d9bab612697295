"""Customers with phones: what they are told, what they do about it, and what the report says of that."""

from __future__ import annotations

from collections import Counter
from datetime import time

import pytest

from protocol.events import TicketReactivated, TicketTaken
from protocol.push_events import PushDue, TicketFollowed
from protocol.pushes import PushKind
from protocol.tickets import Channel, TicketClass
from protocol.values import replace
from sim.distributions import Fixed
from sim.lab.charts import charts_of
from sim.lab.comparing import Verdict, compare
from sim.lab.figures import rehearse, report_of
from sim.lab.page import rehearsal_page
from sim.lab.phone_figures import ELSEWHERE, REMOTE, WALK_IN, PhoneFigures, PushFigures
from sim.lab.phone_rows import group_rows, phone_rows, push_rows
from sim.lab.run import LabRun, Outcome
from sim.lab.runs import rehearse_often
from sim.lab.scenario import Breakage, LabScenario, People, PhoneUse, SetsOff
from sim.lab.staffing import Day
from sim.lab.visitors import End, Visitor, draw_visitors
from sim.wechat.paths import CODES, SEND

Events = list[object]


def run_of(scenario: LabScenario, seed: int = 1) -> tuple[LabRun, Outcome, Events]:
    run = LabRun(scenario, seed, forgetful=False)
    outcome = run.go()
    return run, outcome, [each.event for each in run.journal.read(0, run.journal.seq)]


def with_phones(
    scenario: LabScenario,
    *,
    remote_share: float = 0.3,
    follow_share: float = 0.0,
    lead: int = 3,
    **use: object,
) -> LabScenario:
    """Return a busy day of it with phones; patience and appointments are left out."""
    services = {id: replace(each, lead=lead) for id, each in scenario.spec.services.items()}
    block = replace(
        scenario.arrivals[0],
        remote_share=remote_share,
        follow_share=follow_share,
        rates=((time(9), 70), (time(10, 45), 0)),
    )
    return replace(
        scenario,
        spec=replace(scenario.spec, services=services),
        arrivals=(block,),
        appointments=(),
        people=People(
            to_counter_s=Fixed(always_s=8.0), way_s=Fixed(always_s=300.0), sets_off=SetsOff.BY_PUSH
        ),
        phones=PhoneUse(**use),  # type: ignore[arg-type]
    )


def phones_of(outcome: Outcome) -> PhoneFigures:
    figures = report_of(outcome).phones
    assert figures is not None
    return figures


def pushes_of(figures: PhoneFigures, kind: PushKind) -> PushFigures:
    return next(each for each in figures.pushes if each.kind is kind)


def remote(outcome: Outcome) -> list[Visitor]:
    return [each for each in outcome.visitors if each.remote]


# -- who takes a ticket by phone -----------------------------------------------------------------


def test_who_takes_a_ticket_by_phone_follows_it_and_sets_out_when_told(
    scenario: LabScenario,
) -> None:
    run, outcome, events = run_of(with_phones(scenario, lead=8))
    taken = {each.ticket: each for each in events if isinstance(each, TicketTaken)}
    by_phone = [each for each in taken.values() if each.channel is Channel.WECHAT]
    assert len(by_phone) == len([each for each in remote(outcome) if each.ticket]) > 30
    assert all(each.follower for each in by_phone)
    near = {
        each.ticket: (each.at - run.world.begins).total_seconds()
        for each in events
        if isinstance(each, PushDue) and each.kind is PushKind.NEAR
    }
    told = 0
    for visitor in remote(outcome):
        assert visitor.end is End.SERVED
        assert visitor.ticket is not None
        assert visitor.in_hall_s is not None
        assert visitor.started_s is not None
        assert visitor.started_s >= visitor.in_hall_s
        set_out_s = visitor.in_hall_s - visitor.way_s
        if visitor.ticket in near and set_out_s >= near[visitor.ticket]:
            # Ten seconds pass until the message is read.
            told += set_out_s == pytest.approx(near[visitor.ticket] + 10, abs=0.5)
    assert told > 20


def test_who_sets_out_when_told_waits_less_than_who_does_so_at_once(scenario: LabScenario) -> None:
    by_push = with_phones(scenario, lead=8)
    at_once = replace(by_push, people=replace(by_push.people, sets_off=SetsOff.AT_ONCE))
    told, gone = (phones_of(run_of(each)[1]).group(REMOTE) for each in (by_push, at_once))
    assert told.wait_mean_s < 0.7 * gone.wait_mean_s
    assert told.missed >= gone.missed


def test_earlier_push_lets_fewer_come_too_late(scenario: LabScenario) -> None:
    late, early = (phones_of(run_of(with_phones(scenario, lead=lead))[1]) for lead in (1, 10))
    assert late.before_call_mean_s is not None
    assert early.before_call_mean_s is not None
    assert late.before_call_mean_s < 0.5 * early.before_call_mean_s
    assert late.group(REMOTE).missed > early.group(REMOTE).missed


def test_who_was_called_too_early_comes_back(scenario: LabScenario) -> None:
    _, outcome, events = run_of(with_phones(scenario, lead=1))
    back = [each for each in events if isinstance(each, TicketReactivated)]
    assert len(back) == sum(each.came_back for each in remote(outcome)) > 5
    assert {each.end for each in remote(outcome)} == {End.SERVED}
    assert phones_of(outcome).group(REMOTE).missed == len(back)


def test_who_is_on_the_way_at_the_call_and_near_is_served_without_another_one(
    scenario: LabScenario,
) -> None:
    near = with_phones(scenario, lead=1)
    near = replace(near, people=replace(near.people, way_s=Fixed(always_s=25.0)))
    _, outcome, _ = run_of(near)
    # Read after ten seconds, 25 of way and 8 to the counter: in time, and by nobody expected.
    late = [
        each
        for each in remote(outcome)
        if each.in_hall_s is not None and each.called_s is not None and not each.came_back
        if each.in_hall_s > each.called_s
    ]
    assert len(late) > 3
    for visitor in late:
        assert visitor.started_s == pytest.approx((visitor.in_hall_s or 0) + 8, abs=1.1)


def test_who_is_told_nothing_sets_out_by_the_estimate(scenario: LabScenario) -> None:
    away = Breakage(kind="wechat-away", begins=time(9), ends=time(10))
    quiet = replace(with_phones(scenario), breakages=(away,))
    assert not quiet.with_devices
    _, outcome, _ = run_of(quiet)
    figures = phones_of(outcome)
    assert pushes_of(figures, PushKind.CALL).lost > 0
    early = [each for each in remote(outcome) if each.came_s < outcome.faults[0].begins_s + 2000]
    assert early
    assert {each.end for each in early} == {End.SERVED}
    by_estimate = 0
    for visitor in early:
        assert visitor.taken_s is not None
        assert visitor.in_hall_s is not None
        stayed_s = visitor.in_hall_s - visitor.way_s - visitor.taken_s
        expected_s = max(0.0, (visitor.p90_s or 0.0) - visitor.way_s - 300.0)
        by_estimate += stayed_s == pytest.approx(expected_s, abs=0.01)
    assert by_estimate == len(early)


# -- who scans the paper ---------------------------------------------------------------------------


def test_who_scans_the_paper_follows_it(scenario: LabScenario) -> None:
    _, outcome, events = run_of(with_phones(scenario, remote_share=0.0, follow_share=0.5))
    followed = {each.ticket for each in events if isinstance(each, TicketFollowed)}
    # Who is called before the scan has no use for it.
    scanned = [each for each in outcome.visitors if each.phone is not None and each.phone.scans]
    assert 0 < len(followed) <= len(scanned)
    assert {each.ticket for each in scanned} >= followed
    figures = phones_of(outcome)
    assert figures.followed == len(followed)
    assert figures.uncoded == 0
    assert {each.path: each.used for each in figures.quotas}[CODES] == len(outcome.visitors)


def test_who_waits_elsewhere_comes_when_the_call_is_told(scenario: LabScenario) -> None:
    strolling = with_phones(
        scenario,
        remote_share=0.0,
        follow_share=1.0,
        elsewhere_share=1.0,
        back_s=Fixed(always_s=20.0),
    )
    _, outcome, _ = run_of(strolling)
    figures = phones_of(outcome)
    away = [each for each in outcome.visitors if each.phone and each.phone.returns_s is not None]
    assert figures.group(ELSEWHERE).people == len(away) > 20
    by_call = 0
    for visitor in away:
        assert visitor.end is End.SERVED
        assert visitor.phone is not None
        assert visitor.phone.returns_s is not None
        assert visitor.started_s is not None
        assert visitor.started_s >= visitor.phone.returns_s
        # A message of the call, ten seconds until it is read, twenty to the hall.
        assert visitor.called_s is not None
        by_call += visitor.phone.returns_s == pytest.approx(visitor.called_s + 30, abs=0.5)
    assert by_call > 0.6 * len(away)
    assert figures.group(ELSEWHERE).missed < 0.2 * len(away)


def test_who_is_too_far_away_when_called_asks_for_another_place(scenario: LabScenario) -> None:
    far = with_phones(
        scenario,
        remote_share=0.0,
        follow_share=1.0,
        elsewhere_share=1.0,
        back_s=Fixed(always_s=200.0),
    )
    _, outcome, _ = run_of(far)
    away = [each for each in outcome.visitors if each.phone and each.phone.returns_s is not None]
    assert {each.end for each in away} == {End.SERVED}
    assert sum(each.came_back for each in away) > 0.6 * len(away)


def test_paper_has_no_code_while_wechat_is_away(scenario: LabScenario) -> None:
    away = Breakage(kind="wechat-away", begins=time(9), ends=time(10))
    there = with_phones(scenario, remote_share=0.0, follow_share=1.0)
    _, outcome, events = run_of(replace(there, breakages=(away,)))
    figures = phones_of(outcome)
    assert figures.uncoded > 20
    papers = {each.path: each.used for each in figures.quotas}[CODES]
    assert papers + figures.uncoded == len(outcome.visitors)
    followed = [each for each in events if isinstance(each, TicketFollowed)]
    healed = outcome.faults[0].begins_s + outcome.faults[0].lasts_s
    assert followed
    assert all((each.at - outcome.calendar.begins).total_seconds() >= healed for each in followed)


# -- quotas ----------------------------------------------------------------------------------------


def test_no_more_is_told_than_wechat_lets_the_account_send(scenario: LabScenario) -> None:
    few = with_phones(scenario, messages_day_max=12)
    figures = phones_of(run_of(few)[1])
    assert sum(each.told for each in figures.pushes) == 12
    assert sum(each.lost for each in figures.pushes) > 20
    quotas = {each.path: (each.used, each.limit) for each in figures.quotas}
    assert quotas[SEND] == (12, 12)


# -- as a whole --------------------------------------------------------------------------------------


def test_phones_leave_people_as_they_are(scenario: LabScenario) -> None:
    plain = replace(with_phones(scenario, follow_share=0.5, elsewhere_share=0.5), phones=None)
    followed = with_phones(scenario, follow_share=0.5, elsewhere_share=0.5)

    def drawn(scenario: LabScenario) -> list[tuple[object, ...]]:
        return [
            (each.name, each.came_s, each.service, each.service_s, each.way_s, each.remote)
            for each in draw_visitors(scenario, 4)
        ]

    assert drawn(plain) == drawn(followed)
    shares = Counter(
        (each.phone.scans, each.phone.strolls)
        for each in draw_visitors(followed, 4)
        if each.phone is not None and not each.remote
    )
    assert all(shares[scans, strolls] > 10 for scans in (True, False) for strolls in (True, False))


def test_hall_without_phones_has_no_account(scenario: LabScenario) -> None:
    run = LabRun(scenario, 1)
    assert run.followed is None
    assert run.world.find("hall/LAB/pusher") is None
    outcome = run.go()
    assert outcome.pushes is None
    assert report_of(outcome).phones is None


def test_same_seed_gives_the_same_messages_and_the_same_report(scenario: LabScenario) -> None:
    busy = with_phones(scenario, follow_share=0.5, elsewhere_share=0.5)

    def logged(seed: int) -> list[str]:
        run, log = LabRun(busy, seed), list[str]()
        run.world.trace = lambda at_s, to, message: log.append(f"{at_s!r} {to} {message!r}")
        run.go()
        return log

    first = logged(5)
    assert not [line for line in first if " at 0x" in line]
    assert logged(5) == first
    assert rehearse(busy, 5).as_json() == rehearse(busy, 5).as_json()


def test_everybody_is_accounted_for(scenario: LabScenario) -> None:
    impatient = with_phones(scenario, follow_share=0.5, elsewhere_share=0.5)
    impatient = replace(
        impatient,
        days=replace(impatient.days, days=2),
        people=replace(
            scenario.people, sets_off=SetsOff.BY_PUSH, no_show_share=0.1, way_s=Fixed(always_s=1500)
        ),
    )
    for seed in (1, 2, 3):
        report = rehearse(impatient, seed)
        assert sum(report.ends.values()) == report.came > 200
        phones = report.phones
        assert phones is not None
        groups = [phones.group(name) for name in (REMOTE, WALK_IN, ELSEWHERE)]
        refused = report.ends[End.REFUSED]
        assert sum(group.people for group in groups) == report.came - refused
        assert sum(group.called for group in groups) == report.waits[0].called
        assert sum(group.no_shows for group in groups) == report.ends[End.NO_SHOW]
        for each in phones.pushes:
            assert each.told + each.lost + each.refused == each.due
            assert each.late <= each.told


def test_phones_are_told_of_in_page_plots_and_runs(scenario: LabScenario) -> None:
    busy = with_phones(scenario, follow_share=0.5, elsewhere_share=0.5)
    report = rehearse(busy, 1)
    phones = report.phones
    assert phones is not None
    charts = {chart.title: chart for chart in charts_of([report], {})}
    [histogram] = charts["Told before the call"].figure.data
    assert len(histogram.x) == len(phones.before_call_s) > 50
    page = rehearsal_page(busy, report, "0")
    for name, *cells in (*push_rows(phones), *group_rows(phones), *phone_rows(phones)):
        assert f'<th scope="row" class="text">{name}</th>' in page
        assert all(f"<td>{cell}</td>" in page for cell in cells)
    runs = rehearse_often(busy, 1, 2)
    told = {figure.name: figure.interval.mean for figure in runs.figures}
    assert told["pushes told in time"] == 1.0
    assert told["remote customers called too early"] > 0
    assert all(each.phones is not None and not each.phones.before_call_s for each in runs.reports)
    plain = {figure.name for figure in rehearse_often(scenario, 1, 2).figures}
    assert "pushes told in time" not in plain


def test_comparison_tells_what_an_earlier_push_changes(scenario: LabScenario) -> None:
    found = compare(with_phones(scenario, lead=1), with_phones(scenario, lead=10), 1, 3)
    figures = {figure.name: figure for figure in found.figures}
    assert found.same_visitors
    assert figures["preliminary push before the call"].verdict is Verdict.MORE
    assert figures["remote customers called too early"].difference.mean < 0


def test_staff_are_sized_without_phones(scenario: LabScenario) -> None:
    day = Day(with_phones(scenario), scenario.days.first, 3)
    assert day.staffed(day.even(2)).phones is None


def test_papers_of_who_booked_have_codes_too(scenario: LabScenario) -> None:
    booked = replace(with_phones(scenario), appointments=scenario.appointments)
    _, outcome, events = run_of(booked)
    papers = [
        each for each in events if isinstance(each, TicketTaken) and each.channel is Channel.KIOSK
    ]
    assert {each.ticket_class for each in papers} >= {TicketClass.APPOINTMENT}
    quotas = {each.path: each.used for each in phones_of(outcome).quotas}
    assert quotas[CODES] == len(papers)


def test_troubles_of_wechat_come_by_rate_without_devices(scenario: LabScenario) -> None:
    often = Breakage(kind="wechat-busy", per_hour=10, lasts_s=120, parameters={"probability": 0.9})
    troubled = replace(with_phones(scenario, follow_share=0.5), breakages=(often,))
    runs = [run_of(troubled, seed) for seed in (1, 1, 2)]
    first, again, other = (outcome.faults for _, outcome, _ in runs)
    assert first == again
    assert first != other
    assert len(first) > 10
    assert {fault.where for fault in first} == {"account"}
    well = phones_of(run_of(with_phones(scenario, follow_share=0.5))[1])
    figures = phones_of(runs[0][1])
    assert well.told_in_time == 1.0
    assert figures.told_in_time is not None
    assert 0.3 < figures.told_in_time < 1.0
    assert sum(each.late for each in figures.pushes) > 0
    assert rehearse(troubled, 1).faults[0][1].startswith("wechat-busy account")

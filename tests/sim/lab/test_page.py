"""The page about a rehearsal: whole in itself, and with the figures that the report has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from protocol.ids import GatewayId
from protocol.values import replace
from sim.faults.kind import Fault
from sim.lab.charts import Chart, charts_of
from sim.lab.figures import rehearse, report_of
from sim.lab.page import rehearsal_page
from sim.lab.run import ChannelSample, LabRun
from sim.lab.runs import rehearse_often
from sim.lab.scenario import LabScenario
from sim.radio.reception import ChannelCounts
from tests.runtime.pages.screens import CHROMIUM, PATIENCE_MS, QUIET
from tests.sim.lab.conftest import EN

NAMES = {service: service for service in ("a", "b")}

OUTSIDE = re.compile(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""")


def titles(charts: Sequence[Chart]) -> list[str]:
    return [chart.title for chart in charts]


def lines(charts: Sequence[Chart], title: str) -> dict[str, list[Any]]:
    """What a plot draws, by the names in its legend."""
    (chart,) = (each for each in charts if each.title == title)
    return {trace.name: list(trace.y) for trace in chart.figure.data}


def without_script(page: str) -> str:
    head, _, rest = page.partition("<script>")
    _, _, body = rest.partition("</head>")
    return head + body


def test_page_is_whole_and_has_the_reports_figures(scenario: LabScenario) -> None:
    report = rehearse(scenario, 1)
    page = rehearsal_page(scenario, report, "7.8.9")
    assert OUTSIDE.search(without_script(page)) is None
    assert "Plotly.newPlot" in page
    for said in ("A small day", "2026-03-03", "seed 1", "Paihao 7.8.9"):
        assert said in page
    rows = re.findall(r'<tr><th scope="row" class="text">(.*?)</th>(.*?)</tr>', page)
    cells = {name: re.findall("<td>(.*?)</td>", cells) for name, cells in rows}
    assert cells["served"] == [f"{next(iter(report.ends.values())):,}"]
    for waits in report.waits:
        assert cells[waits.name][0] == f"{waits.called:,}"
    assert cells["ratings"] == [str(report.ratings.count)]


def test_names_are_never_markup(scenario: LabScenario) -> None:
    title = "<script>alert(1)</script>"
    spec, (a, b) = scenario.spec, scenario.spec.services.values()
    services = {a.id: replace(a, names={EN: title}), b.id: b}
    named = replace(scenario, title=title, spec=replace(spec, services=services))
    assert title not in rehearsal_page(named, rehearse(named, 1), "0")


def test_plots_are_the_course_of_the_day(scenario: LabScenario) -> None:
    report = rehearse(scenario, 1)
    charts = charts_of([report], NAMES)
    assert titles(charts) == [
        "Queues over the day",
        "Arrivals and waits",
        "Counters",
        "Waits by service",
        "Work at the counters",
        "Estimates beside what happened",
        "Evaluation",
    ]
    everybody, *services = report.course.services
    waiting = lines(charts, "Queues over the day")
    assert waiting["all"] == pytest.approx(everybody.waiting, abs=0.001)
    assert [waiting[NAMES[each.service or ""]] for each in services] == [
        pytest.approx(each.waiting, abs=0.001) for each in services
    ]
    assert sum(lines(charts, "Arrivals and waits")["visitors an hour (right)"]) == pytest.approx(
        4 * sum(everybody.came)
    )
    assert lines(charts, "Counters")["busy"] == pytest.approx(report.course.busy, abs=0.001)
    assert lines(charts, "Evaluation")["ratings"] == list(report.ratings.levels)
    half = [waits.p50_s / 60 for waits in report.waits]
    assert lines(charts, "Waits by service")["half"] == pytest.approx(half, abs=0.001)


def test_plots_of_many_runs_show_their_means(scenario: LabScenario) -> None:
    often = rehearse_often(scenario, 1, 3)
    charts = charts_of(often.reports, NAMES)
    assert "Estimates beside what happened" not in titles(
        charts
    )  # nobody looks at those of all runs
    levels = [
        sum(each) / 3 for each in zip(*(r.ratings.levels for r in often.reports), strict=True)
    ]
    assert lines(charts, "Evaluation")["ratings"] == pytest.approx(levels, abs=0.001)
    came = lines(charts, "Arrivals and waits")["visitors an hour (right)"]
    everybody = [sum(report.course.services[0].came) for report in often.reports]
    # Rounded to a tenth of a person in each quarter.
    assert sum(came) == pytest.approx(4 * sum(everybody) / 3, rel=0.01)
    page = rehearsal_page(scenario, often, "0")
    assert "3 runs, seeds 1 to 3" in page
    assert "95 % interval" in page
    # Of each service there are lines under its name, as in the plots.
    assert '<th scope="row" class="text">B</th><td class="text">mean wait</td>' in page


def test_night_is_left_out_between_days(scenario: LabScenario) -> None:
    two = replace(scenario, days=replace(scenario.days, days=2))
    (first, *_) = charts_of([rehearse(two, 1)], NAMES)
    (night,) = first.figure.layout.xaxis.rangebreaks
    evening, morning = night.bounds
    assert 12 <= evening < 14
    assert 8 <= morning <= 9


@pytest.mark.needs_debian("chromium", "fonts-wqy-microhei")
def test_every_plot_is_drawn_in_a_browser_that_reaches_nothing(
    scenario: LabScenario, tmp_path: Path
) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    file = tmp_path / "report.html"
    file.write_text(rehearsal_page(scenario, rehearse(scenario, 1), "0"), "utf-8")
    said: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        page = browser.new_context(offline=True).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(file.as_uri())
        charts = page.locator(".chart")
        assert charts.count() == 7
        for number in range(7):
            charts.nth(number).locator(".plot path").first.wait_for(state="attached")
        printed = page.pdf(format="A4")
        browser.close()
    assert said == []
    assert printed.startswith(b"%PDF")


def test_radio_and_faults_are_shown_where_there_were_devices(scenario: LabScenario) -> None:
    outcome = LabRun(scenario, 1).go()
    begins_s = outcome.calendar.seconds(outcome.calendar.days[0], time(9))
    counts = (
        ChannelCounts(),
        ChannelCounts(packets=9, busy_s=90.0, heard=8, lost=1, jammed=1),
        ChannelCounts(packets=12, busy_s=90.0, heard=9, lost=1, jammed=1, collided=2, deaf=1),
    )
    samples = tuple(
        ChannelSample(at_s=begins_s + 900.0 * number, counts=each)
        for number, each in enumerate(counts)
    )
    jam = Fault(kind="printer-jam", where="k1", begins_s=begins_s + 60.0, lasts_s=30.0)
    seen = replace(outcome, channels={GatewayId("g1"): samples}, faults=(jam,))
    report = report_of(seen)
    (channel,) = report.channels
    assert (channel.packets, channel.collided) == (12, 3)
    assert channel.busy_share == pytest.approx(0.05)
    assert channel.missed_share == pytest.approx(5 / 14)
    first, second = channel.quarters
    assert (first.begins, first.busy_share, first.missed_share) == ("2026-03-03T09:00", 0.1, 0.2)
    assert (second.begins, second.busy_share, second.missed_share) == (
        "2026-03-03T09:15",
        0.0,
        0.75,
    )
    assert lines(charts_of([report], NAMES), "Radio channel") == {
        "g1: busy": [0.1, 0.0],
        "g1: not heard": [0.2, 0.75],
    }
    page = rehearsal_page(scenario, report, "0")
    assert "2026-03-03 09:01:00" in page
    assert "printer-jam k1 for 30 s" in page

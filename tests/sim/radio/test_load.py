"""Staff at many counters press keys over one channel: each press calls once, and every call is shown."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from protocol.values import replace
from sim.radio.load import PressLoad, PressReport, PressRun
from sim.radio.loss import NONE, BurstLoss, IndependentLoss
from sim.radio.modules import HC_12

LOAD = PressLoad(terminals=16, each_s=30.0, presses=150)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Alarms on a bad channel are what should be; nobody needs to read them."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def run(load: PressLoad) -> PressReport:
    return PressRun(load).go()


@pytest.mark.parametrize(
    "load",
    [
        LOAD,
        replace(LOAD, loss=IndependentLoss(loss=0.1)),
        replace(LOAD, loss=BurstLoss(good_s=20.0, bad_s=1.0, loss_good=0.01, loss_bad=0.9)),
        replace(LOAD, hidden=1 / 3),
        replace(LOAD, module=HC_12, each_s=90.0),
    ],
    ids=["1 % loss", "10 % loss", "bursts", "hidden", "no carrier sense"],
)
def test_each_press_calls_once_and_its_number_is_shown(load: PressLoad) -> None:
    report = run(load)
    assert report.presses == 150
    assert (report.lost, report.doubled, report.unshown) == (0, 0, 0)
    assert len(report.shown_s) == 150
    assert report.percentile_s(50) < 0.3


def test_one_seed_gives_one_run_and_another_gives_another() -> None:
    small = replace(LOAD, presses=40)
    first, again, other = run(small), run(small), run(replace(small, seed=2))
    assert first == again
    assert first.shown_s != other.shown_s


def test_sparing_hosts_what_is_for_others_changes_nothing() -> None:
    """They would drop it; who is told everything does the same at the same times, where nothing is lost."""
    load = replace(LOAD, presses=40, loss=NONE)
    spared, told = PressRun(load), PressRun(load)
    told.channel.attentive = True
    one, other = spared.go(), told.go()
    assert one.shown_s == other.shown_s
    assert one.channel.heard < other.channel.heard
    for report in (one, other):
        # These are counted for each host that is told.
        report.channel.heard = report.channel.collided = report.channel.deaf = 0
        report.channel.captured = 0
    assert one == other

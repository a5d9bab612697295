"""Staff at many counters press keys over one channel: each press calls once, and every call is shown."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from actors.radio.crowding import FULL_PATIENCE_S
from actors.radio.trust import TRUST_S
from protocol.ids import CounterId
from protocol.messages import AlarmsChanged, Watch
from protocol.values import replace
from sim.radio.load import SETTLES_S, PressLoad, PressReport, PressRun
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


class Board:
    """Writes down when each alarm was raised first."""

    def __init__(self, begun: PressRun) -> None:
        self.raised_s: dict[str, float] = {}
        self._monotonic = begun.world.monotonic
        begun.parts.alarms.tell(Watch(recipient=self))

    def tell(self, message: AlarmsChanged, /) -> None:
        for alarm in message.alarms:
            self.raised_s.setdefault(alarm.alarm, self._monotonic())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_day_that_begins_with_twenty_counters_raises_no_alarm(seed: int) -> None:
    """Forty devices say hello at once, and every window is to show something."""
    begun = PressRun(replace(LOAD, terminals=40, presses=20, seed=seed))
    board = Board(begun)
    begun.go()
    assert board.raised_s == {}


@pytest.mark.parametrize(
    ("load", "within_s"),
    [
        (LOAD, 40.0),
        (replace(LOAD, terminals=32, each_s=90.0, presses=120), 40.0),
        (
            replace(LOAD, terminals=128, each_s=20.0, presses=800, secured=True),
            TRUST_S + FULL_PATIENCE_S,
        ),
    ],
    ids=["eight counters", "normal", "crowded"],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_window_whose_display_sticks_and_no_other_raises_its_alarm(
    load: PressLoad, within_s: float, seed: int
) -> None:
    begun = PressRun(replace(load, seed=seed))
    board, counter = Board(begun), CounterId("1")
    window = begun.windows[counter]
    begun.world.call_later(SETTLES_S + 30.0, lambda: setattr(window, "stuck", True))
    begun.go()
    pressed_s = begun.counters[counter].called[0][1]
    assert board.raised_s.keys() == {"window/1"}
    assert board.raised_s["window/1"] - pressed_s <= within_s


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

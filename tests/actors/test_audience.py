"""Who is told: everybody who can hear, in order, up to a bound."""

from __future__ import annotations

from typing import Any

import pytest

from actors import audience as audience_module
from actors.alarms import AlarmBoard
from actors.audience import AUDIENCE_MAX, Audience
from actors.base import INBOX_MAX
from protocol.messages import RaiseAlarm, Watch
from tests.actors.recorders import Ear, RecorderActor


def test_everybody_is_told_once_in_the_order_of_coming() -> None:
    heard: list[tuple[int, str]] = []

    class Listener:
        def __init__(self, number: int) -> None:
            self.number = number

        def tell(self, message: Any, /) -> None:
            heard.append((self.number, message))

    audience = Audience()
    listeners = [Listener(number) for number in range(AUDIENCE_MAX)]
    for listener in [*listeners, *listeners]:
        audience.add(listener)
    assert len(audience.recipients) == AUDIENCE_MAX
    audience.tell("news")
    assert heard == [(number, "news") for number in range(AUDIENCE_MAX)]


def test_one_too_many_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    audience, late = Audience(), Ear()
    for _ in range(AUDIENCE_MAX):
        audience.add(Ear())
    audience.add(late)
    audience.tell("news")
    assert not late
    assert f"{AUDIENCE_MAX} listen already" in caplog.text


def test_an_actor_to_which_one_too_many_listens_goes_on(
    rig: Any, failures: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience_module, "AUDIENCE_MAX", 1)
    board = rig.world.spawn("alarms", AlarmBoard, {}, Audience())
    first, second = Ear(), Ear()
    for ear in (first, second):
        board.tell(Watch(recipient=ear))
    board.tell(RaiseAlarm(alarm="a", detail="b"))
    rig.run()
    assert not failures
    assert (len(first), len(second)) == (2, 1)


def test_whoever_stopped_or_is_overrun_is_left_out_from_then_on(rig: Any) -> None:
    gone = rig.world.spawn("gone", RecorderActor, Ear())
    full = rig.world.spawn("full", RecorderActor, Ear())
    rig.run()
    gone.stop(block=False)
    rig.run()
    for _ in range(INBOX_MAX):
        full.tell("x")
    audience, ear = Audience(), Ear()
    for recipient in (gone, full, ear):
        audience.add(recipient)
    audience.tell("news")
    assert list(ear) == ["news"]
    assert len(audience.recipients) == 1

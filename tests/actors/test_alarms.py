from __future__ import annotations

from typing import Any

import pytest

from actors.alarms import ALARMS_MAX, AlarmBoard, ReadAlarms
from actors.audience import Audience
from protocol.messages import Alarm, AlarmsChanged, ClearAlarm, RaiseAlarm, Watch
from tests.actors.recorders import Ear


@pytest.fixture
def board(rig: Any) -> Any:
    return rig.world.spawn("alarms", AlarmBoard, {}, Audience())


def names(rig: Any, board: Any) -> list[str]:
    future = board.ask(ReadAlarms(), block=False)
    rig.run()
    return [alarm.alarm for alarm in future.get().alarms]


def test_an_alarm_stands_from_its_raising_to_its_clearing(rig: Any, board: Any) -> None:
    ear = Ear()
    board.tell(Watch(recipient=ear))
    board.tell(RaiseAlarm(alarm="printer/k1", detail="paper out"))
    rig.run()
    (alarm,) = ear[-1].alarms
    assert isinstance(alarm, Alarm)
    assert (alarm.alarm, alarm.detail) == ("printer/k1", "paper out")
    board.tell(ClearAlarm(alarm="printer/k1"))
    rig.run()
    assert ear[-1] == AlarmsChanged(alarms=())


def test_an_alarm_raised_again_keeps_its_time_and_tells_only_news(rig: Any, board: Any) -> None:
    ear = Ear()
    board.tell(RaiseAlarm(alarm="a", detail="one"))
    rig.run(1)
    board.tell(Watch(recipient=ear))
    board.tell(RaiseAlarm(alarm="a", detail="one"))
    rig.run()
    assert len(ear) == 1
    board.tell(RaiseAlarm(alarm="a", detail="two"))
    rig.run()
    assert ear[1].alarms[0].detail == "two"
    assert ear[1].alarms[0].since == ear[0].alarms[0].since


def test_clearing_what_was_never_raised_says_nothing(rig: Any, board: Any) -> None:
    ear = Ear()
    board.tell(Watch(recipient=ear))
    board.tell(ClearAlarm(alarm="a"))
    rig.run()
    assert len(ear) == 1


def test_alarms_are_bounded_and_the_oldest_goes(rig: Any, board: Any) -> None:
    for number in range(ALARMS_MAX + 1):
        board.tell(RaiseAlarm(alarm=str(number), detail="x"))
    rig.run(5)
    found = names(rig, board)
    assert len(found) == ALARMS_MAX
    assert found[0] == "1"

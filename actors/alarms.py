"""The alarm board of a hall: what needs a person, and since when."""

from __future__ import annotations

import logging

from actors.audience import Audience, told
from actors.base import Actor, Place, receives
from protocol.messages import Alarm, AlarmsChanged, ClearAlarm, RaiseAlarm, Unwatch, Watch
from protocol.values import replace, value

log = logging.getLogger(__name__)

ALARMS_MAX = 500
"""Alarms at once; beyond it the oldest goes, after it was logged as every alarm is."""


@value
class ReadAlarms:
    """Ask the board for `AlarmsChanged` as of now."""


class AlarmBoard(Actor):
    """Keeps alarms by their name; ``alarms`` and ``audience`` outlive its failures."""

    def __init__(self, place: Place, alarms: dict[str, Alarm], audience: Audience) -> None:
        super().__init__(place)
        self._alarms = alarms
        self._audience = audience

    @receives(RaiseAlarm)
    def _raise(self, message: RaiseAlarm) -> None:
        known = self._alarms.get(message.alarm)
        if known is not None:
            if known.detail != message.detail:
                self._alarms[message.alarm] = replace(known, detail=message.detail)
                self._audience.tell(self._changed())
            return
        log.warning("alarm raised alarm=%s detail=%s", message.alarm, message.detail)
        if len(self._alarms) >= ALARMS_MAX:
            del self._alarms[next(iter(self._alarms))]
        self._alarms[message.alarm] = Alarm(
            alarm=message.alarm, detail=message.detail, since=self.now
        )
        self._audience.tell(self._changed())

    @receives(ClearAlarm)
    def _clear(self, message: ClearAlarm) -> None:
        if self._alarms.pop(message.alarm, None) is not None:
            log.info("alarm cleared alarm=%s", message.alarm)
            self._audience.tell(self._changed())

    @receives(Watch)
    def _watch(self, message: Watch) -> None:
        self._audience.add(message.recipient)
        told(message.recipient, self._changed())

    @receives(Unwatch)
    def _unwatch(self, message: Unwatch) -> None:
        self._audience.remove(message.recipient)

    @receives(ReadAlarms)
    def _read(self, _message: ReadAlarms) -> AlarmsChanged:
        return self._changed()

    def _changed(self) -> AlarmsChanged:
        return AlarmsChanged(alarms=tuple(self._alarms.values()))

"""A small hall for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors.hall.decide import carry_out
from actors.hall.state import HallState
from protocol.answers import Rejected
from protocol.commands import Command
from protocol.events import Event
from protocol.hall import Counter, HallSpec, Kiosk, Service
from protocol.ids import CounterId, HallId, KioskId, Language, ServiceId

ZH, EN = Language("zh"), Language("en")
TAX, VAT = ServiceId("tax"), ServiceId("vat")
ONE, TWO = CounterId("1"), CounterId("2")
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""A Monday, 12:00 in Shanghai."""


def hall_spec(**changes: Any) -> HallSpec:
    """A hall with two services, two counters (the first has both services) and a kiosk."""
    parts: dict[str, Any] = {
        "id": HallId("HZ01"),
        "names": {ZH: "杭州一厅", EN: "Hangzhou 1"},
        "services": {
            TAX: Service(id=TAX, names={ZH: "个税", EN: "Income tax"}, prefix="A", last=5),
            VAT: Service(id=VAT, names={ZH: "增值税", EN: "VAT"}, prefix="B", last=9999),
        },
        "counters": {
            ONE: Counter(id=ONE, names={ZH: "1号"}, services=(TAX, VAT)),
            TWO: Counter(id=TWO, names={ZH: "2号"}, services=(VAT,)),
        },
        "kiosks": {
            KioskId("k1"): Kiosk(id=KioskId("k1"), names={ZH: "取号机"}, printer="virtual:p"),
            KioskId("k2"): Kiosk(id=KioskId("k2"), names={ZH: "取号机二"}),
        },
    }
    return HallSpec(**{**parts, **changes})


class Book:
    """A hall's state and clock, driven command by command; the truth without any actor."""

    def __init__(self, spec: HallSpec | None = None) -> None:
        self.state = HallState(spec=spec or hall_spec())
        self.now = NOON
        self.events: list[Event] = []

    def do(self, command: Command) -> Any:
        """Carry it out; return the events or the refusal."""
        decision, self.state = carry_out(self.state, command, self.now)
        if not isinstance(decision, Rejected):
            self.events += decision
        return decision

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def book() -> Book:
    return Book()

"""A ticket caller's terminal: each call and recall announced once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors.radio.caller import CallerTerminal
from actors.radio.delivery import ALARM_AFTER_S
from protocol.hall import Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, TerminalAddress, TicketId
from protocol.messages import (
    CounterChanged,
    DownlinkEnded,
    RaiseAlarm,
    SendDownlink,
    UplinkReceived,
    WatchCounter,
)
from protocol.radio.payloads import (
    Announce,
    DeviceKind,
    Hello,
    Shown,
    Uplink,
    decode_downlink,
    encode,
)
from protocol.tickets import CounterMode, TicketState
from tests.actors.lines import ON_VIRTUAL_CLOCKS
from tests.actors.recorders import Ear, RecorderActor

THREE = CounterId("3")
TERMINAL = Terminal(
    address=TerminalAddress(14), kind=TerminalKind.CALLER, counter=THREE, buzzer=2, voice=7
)


class Bench:
    """A caller's terminal with recorders around it."""

    def __init__(self, rig: Any, name: str = "t") -> None:
        self.rig = rig
        self.gateway, self.alarms, self.hall = Ear(), Ear(), Ear()
        others = [
            rig.world.spawn(f"{name}/{part}", RecorderActor, ear)
            for part, ear in (("g", self.gateway), ("a", self.alarms), ("h", self.hall))
        ]
        self.ref = rig.world.spawn(name, CallerTerminal, TERMINAL, GatewayId("g1"), *others)
        rig.run()
        assert list(self.hall) == [WatchCounter(counter=THREE, recipient=self.ref)]

    def change(
        self,
        number: str | None = None,
        calls: int = 1,
        state: TicketState = TicketState.CALLED,
        waiting: int = 0,
        called_at: datetime | None = None,
        silent: bool = False,
    ) -> None:
        there = number is not None
        changed = CounterChanged(
            counter=THREE,
            mode=CounterMode.OPEN,
            reason="",
            ticket=TicketId(f"20260302-{number}") if there else None,
            number=number,
            ticket_state=state if there else None,
            calls=calls if there else 0,
            waiting=waiting,
            called_at=called_at,
            silent=silent,
        )
        self.ref.tell(changed)
        self.rig.run()

    @property
    def announced(self) -> list[Announce]:
        found = [decode_downlink(message.payload) for message in self.gateway.of(SendDownlink)]
        assert all(isinstance(announce, Announce) for announce in found)
        return found  # type: ignore[return-value]

    def hear(self, payload: Uplink) -> None:
        self.ref.tell(UplinkReceived(gateway=GatewayId("g1"), payload=encode(payload)))
        self.rig.run()

    def confirm(self) -> None:
        token = self.gateway.of(SendDownlink)[-1].token
        self.ref.tell(DownlinkEnded(token=token, acknowledged=True))
        self.hear(Shown(boot=1, version=self.announced[-1].version))


@pytest.fixture
def bench(rig: Any) -> Bench:
    return Bench(rig)


def test_call_is_announced_as_configured(bench: Bench) -> None:
    bench.change()
    assert not bench.gateway
    bench.change("A010")
    [announce] = bench.announced
    assert (announce.buzzer, announce.voice, announce.text) == (2, 7, "A010")


def test_silent_call_is_announced_once_it_is_said_aloud_after_all(bench: Bench) -> None:
    bench.change("A010", silent=True)
    assert not bench.announced
    bench.change("A010")
    assert [announce.text for announce in bench.announced] == ["A010"]


def test_call_for_the_next_service_of_a_visit_is_announced(bench: Bench) -> None:
    at = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    for minutes in (0, 0, 5):
        bench.change("A010", called_at=at + timedelta(minutes=minutes))
        bench.confirm()
    one, other = bench.announced
    assert one.version != other.version


def test_each_recall_is_announced_and_nothing_else(bench: Bench) -> None:
    bench.change("A010")
    bench.confirm()
    bench.change("A010", waiting=3)
    assert len(bench.announced) == 1
    bench.change("A010", calls=2)
    one, other = bench.announced
    assert one.version != other.version


def test_served_customer_is_not_called_any_more(bench: Bench) -> None:
    bench.change("A010")
    bench.confirm()
    bench.change("A010", state=TicketState.SERVING)
    bench.change()
    assert len(bench.announced) == 1


@ON_VIRTUAL_CLOCKS
def test_announcement_is_sent_until_it_is_confirmed_or_the_customer_has_come(bench: Bench) -> None:
    bench.change("A010")
    bench.rig.run(ALARM_AFTER_S - 1)
    assert not bench.alarms
    bench.rig.run(90)
    assert len(bench.announced) > 1
    assert len({announce.version for announce in bench.announced}) == 1
    raised = bench.alarms.of(RaiseAlarm)[0]
    assert raised.alarm == "caller/3"
    assert "A010" in raised.detail
    bench.change("A010", state=TicketState.SERVING)
    sent = len(bench.announced)
    bench.rig.run(600)
    assert len(bench.announced) == sent


def test_announcement_that_was_heard_is_not_made_again_by_a_device_that_restarted(
    bench: Bench,
) -> None:
    bench.change("A010")
    bench.confirm()
    bench.hear(Hello(boot=2, kind=DeviceKind.CALLER))
    bench.hear(Shown(boot=2, version=77))
    assert len(bench.announced) == 1


def test_announcement_that_a_device_missed_is_made_with_its_next_word(bench: Bench) -> None:
    bench.change("A010")
    bench.ref.tell(DownlinkEnded(token=1, acknowledged=False))
    bench.hear(Hello(boot=2, kind=DeviceKind.CALLER))
    assert len(bench.announced) == 2


def test_after_a_restart_the_same_call_has_the_same_version(rig: Any) -> None:
    before, after = Bench(rig, "before"), Bench(rig, "after")
    before.change("A010")
    after.change("A010")
    assert before.announced == after.announced


def test_ticket_that_was_put_back_and_is_called_anew_is_announced_anew(bench: Bench) -> None:
    bench.change("A010")
    bench.confirm()
    bench.change()
    bench.change("A010")
    one, other = bench.announced
    assert one.version != other.version

"""An evaluator's terminal: who is invited and for how long, and each rating counted once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from actors.radio.delivery import ALARM_AFTER_S
from actors.radio.evaluator import INVITATIONS_MAX, OPEN_S, EvaluatorTerminal
from protocol.answers import Accepted, Reason, Rejected
from protocol.commands import EvaluateService
from protocol.hall import EvaluationSpec, Terminal, TerminalKind
from protocol.ids import (
    CommandId,
    CounterId,
    GatewayId,
    Language,
    ServiceId,
    TerminalAddress,
    TicketId,
)
from protocol.messages import (
    AskedCustomer,
    CounterChanged,
    DownlinkEnded,
    RaiseAlarm,
    SendDownlink,
    Submit,
    UplinkReceived,
    WatchCounter,
)
from protocol.radio.payloads import (
    DeviceKind,
    Hello,
    Invite,
    Key,
    KeyPress,
    PressResult,
    Rating,
    Result,
    Shown,
    Uplink,
    decode_downlink,
    encode,
)
from protocol.tickets import CounterMode, EvaluationDevice, TicketState
from protocol.values import replace
from tests.actors.lines import ON_VIRTUAL_CLOCKS
from tests.actors.recorders import Ear, RecorderActor

THREE = CounterId("3")
TAX = ServiceId("tax")
TERMINAL = Terminal(address=TerminalAddress(13), kind=TerminalKind.EVALUATOR, counter=THREE)
REASONS = {name: {Language("zh"): name} for name in ("slow", "rude", "unsolved")}
SPEC = EvaluationSpec(reasons=REASONS, within_s=600.0)


class Bench:
    """An evaluator's terminal with recorders around it."""

    def __init__(self, rig: Any, name: str = "t") -> None:
        self.rig = rig
        self.gateway, self.alarms, self.hall = Ear(), Ear(), Ear()
        others = [
            rig.world.spawn(f"{name}/{part}", RecorderActor, ear)
            for part, ear in (("g", self.gateway), ("a", self.alarms), ("h", self.hall))
        ]
        self.ref = rig.world.spawn(
            name, EvaluatorTerminal, TERMINAL, GatewayId("g1"), *others, SPEC
        )
        rig.run()
        assert list(self.hall) == [WatchCounter(counter=THREE, recipient=self.ref)]
        self.hall.clear()

    @property
    def now(self) -> datetime:
        now: datetime = self.rig.world.now()
        return now

    def change(
        self,
        asked: AskedCustomer | None = None,
        *,
        number: str | None = None,
        state: TicketState = TicketState.CALLED,
    ) -> None:
        """The counter has served whom it asks, and has ``number`` now."""
        there = number is not None
        changed = CounterChanged(
            counter=THREE,
            mode=CounterMode.OPEN,
            reason="",
            ticket=TicketId(f"20260302-{number}") if there else None,
            number=number,
            ticket_state=state if there else None,
            calls=1 if there else 0,
            waiting=0,
            asked=asked,
        )
        self.ref.tell(changed)
        self.rig.run()

    def asked(self, number: str = "A010", *, ago_s: float = 0.0, times: int = 0) -> AskedCustomer:
        return AskedCustomer(
            ticket=TicketId(f"20260302-{number}"),
            number=number,
            service=TAX,
            ended_at=self.now - timedelta(seconds=ago_s),
            times=times,
        )

    @property
    def sent(self) -> list[Any]:
        """What the device was sent."""
        return [decode_downlink(message.payload) for message in self.gateway.of(SendDownlink)]

    @property
    def invites(self) -> list[Invite]:
        return [payload for payload in self.sent if isinstance(payload, Invite)]

    @property
    def results(self) -> list[PressResult]:
        return [payload for payload in self.sent if isinstance(payload, PressResult)]

    def hear(self, payload: Uplink) -> None:
        self.ref.tell(UplinkReceived(gateway=GatewayId("g1"), payload=encode(payload)))
        self.rig.run()

    def confirm(self) -> None:
        token = self.gateway.of(SendDownlink)[-1].token
        self.ref.tell(DownlinkEnded(token=token, acknowledged=True))
        self.hear(Shown(boot=1, version=self.invites[-1].version))

    def rate(
        self,
        version: int | None = None,
        *,
        sequence: int = 1,
        level: int = 5,
        reasons: int = 0,
        boot: int = 1,
    ) -> None:
        version = self.invites[-1].version if version is None else version
        rating = Rating(boot=boot, sequence=sequence, version=version, level=level, reasons=reasons)
        self.hear(rating)

    def answer(self, answer: Accepted | Rejected) -> None:
        self.ref.tell(answer)
        self.rig.run()

    @property
    def commands(self) -> list[EvaluateService]:
        return [submit.command for submit in self.hall.of(Submit)]


ID = CommandId("pad/g1/13/1/1")
ACCEPTED = Accepted(command=ID, events=())


def rejected(reason: Reason) -> Rejected:
    return Rejected(command=ID, reason=reason, detail="because")


@pytest.fixture
def bench(rig: Any) -> Bench:
    made = Bench(rig)
    made.change()
    return made


# -- invitations ------------------------------------------------------------------------------------


def test_nobody_is_invited_until_the_counter_asks(bench: Bench) -> None:
    assert not bench.gateway


def test_customer_who_was_served_is_invited_by_number(bench: Bench) -> None:
    bench.change(bench.asked())
    [invite] = bench.invites
    assert (invite.text, invite.open_s) == ("A010", OPEN_S)
    assert invite.version > 0


@ON_VIRTUAL_CLOCKS
def test_invitation_stays_open_while_the_next_one_is_called_and_ends_when_he_is_served(
    bench: Bench,
) -> None:
    asked = bench.asked()
    # Keypads with a single key call the next one as they finish the last.
    bench.change(asked, number="A011")
    bench.confirm()
    bench.change(asked, number="A011", state=TicketState.SERVING)
    opened, withdrawn = bench.invites
    assert (opened.open_s, withdrawn.open_s) == (OPEN_S, 0)
    assert opened.version != withdrawn.version
    bench.confirm()
    bench.rig.run(600)
    assert len(bench.invites) == 2


@ON_VIRTUAL_CLOCKS
def test_invitation_that_was_open_for_its_time_is_not_sent_any_more(bench: Bench) -> None:
    bench.change(bench.asked())
    bench.rig.run(OPEN_S + 1)
    sent = len(bench.invites)
    bench.rig.run(600)
    assert len(bench.invites) == sent > 1


def test_customer_who_evaluated_elsewhere_is_not_invited_any_more(bench: Bench) -> None:
    asked = bench.asked()
    bench.change(asked)
    bench.confirm()
    bench.change(replace(asked, evaluated=True))
    assert [invite.open_s for invite in bench.invites] == [OPEN_S, 0]


def test_invitation_is_withdrawn_from_a_counter_that_was_closed(bench: Bench) -> None:
    bench.change(bench.asked())
    bench.change(None)
    assert [invite.open_s for invite in bench.invites] == [OPEN_S, 0]


def test_counter_that_asks_once_more_invites_once_more(bench: Bench) -> None:
    ended = bench.asked()
    bench.change(ended)
    bench.confirm()
    bench.change(ended)
    assert len(bench.invites) == 1
    bench.change(replace(ended, times=1))
    first, second = bench.invites
    assert first.version != second.version
    assert second.open_s == OPEN_S


def test_nobody_is_invited_once_the_hall_takes_no_evaluation_any_more(bench: Bench) -> None:
    bench.change(bench.asked("A010", ago_s=590))
    assert bench.invites[-1].open_s in (9, 10)
    bench.change(bench.asked("A011", ago_s=601))
    assert len(bench.invites) == 1


@ON_VIRTUAL_CLOCKS
def test_invitation_that_is_not_confirmed_is_alarmed(bench: Bench) -> None:
    bench.change(bench.asked())
    bench.rig.run(ALARM_AFTER_S + 1)
    [raised] = bench.alarms.of(RaiseAlarm)
    assert raised.alarm == "evaluator/3"
    assert "invitation of A010" in raised.detail


def test_device_that_has_restarted_is_invited_again(bench: Bench) -> None:
    bench.hear(Hello(boot=1, kind=DeviceKind.EVALUATOR))
    bench.change(bench.asked())
    bench.confirm()
    version = bench.invites[-1].version
    bench.hear(Hello(boot=1, kind=DeviceKind.EVALUATOR, version=version))
    assert len(bench.invites) == 1
    bench.hear(Hello(boot=2, kind=DeviceKind.EVALUATOR))
    assert [invite.version for invite in bench.invites] == [version, version]


def test_device_that_missed_the_invitation_gets_it_with_its_next_word(bench: Bench) -> None:
    bench.change(bench.asked())
    bench.ref.tell(DownlinkEnded(token=1, acknowledged=False))
    bench.hear(Hello(boot=1, kind=DeviceKind.EVALUATOR, version=7))
    assert len(bench.invites) == 2


# -- restarts of the hall ---------------------------------------------------------------------------


def test_after_a_restart_the_same_invitation_has_the_same_version(rig: Any) -> None:
    before, after = Bench(rig, "before"), Bench(rig, "after")
    asked = before.asked(ago_s=10)
    before.change()
    before.change(asked)
    after.change(asked)
    [one], [other] = before.invites, after.invites
    assert (one.version, one.text) == (other.version, other.text)
    # And it is open for what is left of its time.
    assert other.open_s == pytest.approx(OPEN_S - 10, abs=1)


def test_after_a_restart_who_has_gone_is_not_invited_and_may_have_rated_all_the_same(
    rig: Any,
) -> None:
    before, after = Bench(rig, "before"), Bench(rig, "after")
    asked = before.asked(ago_s=OPEN_S + 1)
    before.change()
    before.change(asked)
    after.change(asked)
    assert not after.invites
    after.rate(before.invites[-1].version)
    assert [command.ticket for command in after.commands] == [asked.ticket]


def test_rating_that_counted_before_a_restart_is_the_same_command_after_it(rig: Any) -> None:
    before, after = Bench(rig, "before"), Bench(rig, "after")
    asked = before.asked()
    before.change()
    before.change(asked)
    after.change(replace(asked, evaluated=True))
    assert not after.invites
    for bench in (before, after):
        bench.rate(before.invites[-1].version)
    assert before.commands == after.commands


# -- ratings ----------------------------------------------------------------------------------------


def test_rating_becomes_a_command_that_the_press_names(bench: Bench) -> None:
    bench.change(bench.asked())
    bench.rate(level=2, reasons=0b101)
    assert bench.commands == [
        EvaluateService(
            id=ID,
            level=2,
            ticket=TicketId("20260302-A010"),
            counter=THREE,
            service=TAX,
            reasons=("slow", "unsolved"),
            device=EvaluationDevice.PAD,
        )
    ]
    bench.answer(ACCEPTED)
    assert bench.results == [PressResult(boot=1, sequence=1, result=Result.DONE)]


def test_rating_ends_the_invitation_without_a_word_to_the_device(bench: Bench) -> None:
    asked = bench.asked()
    bench.change(asked)
    bench.confirm()
    bench.rate()
    bench.answer(ACCEPTED)
    bench.change(replace(asked, evaluated=True))
    assert len(bench.invites) == 1


def test_repeated_rating_gets_its_result_again_and_asks_nobody(bench: Bench) -> None:
    bench.change(bench.asked())
    bench.rate()
    bench.answer(ACCEPTED)
    bench.rate()
    assert len(bench.commands) == 1
    assert bench.results == [PressResult(boot=1, sequence=1, result=Result.DONE)] * 2


def test_rating_repeated_before_its_answer_is_the_same_command(bench: Bench) -> None:
    bench.change(bench.asked())
    bench.rate()
    bench.rate()
    assert [command.id for command in bench.commands] == [ID, ID]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason.EVALUATED, "已经评价过"),
        (Reason.EVALUATION_CLOSED, "评价已结束"),
        (Reason.NOT_SERVED, "没有可评价的"),
    ],
)
def test_rating_that_does_not_count_is_answered_with_why(
    bench: Bench, reason: Reason, text: str
) -> None:
    bench.change(bench.asked())
    bench.rate()
    bench.answer(rejected(reason))
    assert bench.results == [PressResult(boot=1, sequence=1, result=Result.REFUSED, text=text)]


@pytest.mark.parametrize("reason", [Reason.NOT_DURABLE, Reason.OVERLOADED])
def test_rating_of_which_nobody_knows_waits_for_its_repeat(bench: Bench, reason: Reason) -> None:
    bench.change(bench.asked())
    bench.rate()
    bench.answer(rejected(reason))
    assert not bench.results
    bench.rate()
    bench.answer(ACCEPTED)
    assert [command.id for command in bench.commands] == [ID, ID]
    assert [result.result for result in bench.results] == [Result.DONE]


def test_late_rating_counts_for_whom_it_was_given_by(bench: Bench) -> None:
    bench.change(bench.asked("A010"))
    version = bench.invites[-1].version
    bench.change(bench.asked("A011"))
    bench.rate(version)
    assert [command.ticket for command in bench.commands] == ["20260302-A010"]


def test_rating_of_an_unknown_invitation_is_refused(bench: Bench) -> None:
    bench.change(bench.asked())
    bench.rate(bench.invites[-1].version ^ 1)
    assert not bench.commands
    assert bench.results == [
        PressResult(boot=1, sequence=1, result=Result.REFUSED, text="评价已结束")
    ]


def test_rating_with_a_reason_that_there_is_not_is_refused(bench: Bench) -> None:
    bench.change(bench.asked())
    bench.rate(reasons=0b1000)
    assert not bench.commands
    assert bench.results[-1].text == "没有这个原因"


def test_invitations_are_remembered_up_to_a_bound(bench: Bench) -> None:
    versions = []
    for number in range(INVITATIONS_MAX + 1):
        bench.change(bench.asked(f"A{number:03}"))
        versions.append(bench.invites[-1].version)
    bench.rate(versions[0])
    assert bench.results[-1].text == "评价已结束"
    bench.rate(versions[1], sequence=2)
    assert [command.ticket for command in bench.commands] == ["20260302-A001"]


def test_key_press_from_an_evaluator_is_refused(bench: Bench) -> None:
    bench.hear(KeyPress(boot=1, sequence=1, key=Key.NEXT))
    assert [alarm.alarm for alarm in bench.alarms] == ["terminal/g1/13"]

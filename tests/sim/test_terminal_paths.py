"""From devices to the hall and back: evaluators, callers, transfers and logins of the demo hall."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from actors.alarms import ReadAlarms
from actors.building import HallParts, build_hall
from actors.hall.actor import ReadState
from actors.hall.state import HallState
from actors.radio.evaluator import OPEN_S
from actors.radio.terminal import ReadTerminal, TerminalRead
from actors.supervisor import Supervisor
from protocol.commands import EvaluateService, InviteEvaluation, TakeTicket
from protocol.events import EvaluationInvited, ServiceEvaluated, TicketCalled, TicketRecalled
from protocol.hall import HallSpec
from protocol.ids import (
    CommandId,
    CounterId,
    GatewayId,
    Language,
    ServiceId,
    TerminalAddress,
)
from protocol.messages import Submit
from protocol.radio.payloads import Key, Result, WindowState
from protocol.tickets import CounterMode, EvaluationDevice, TicketState
from protocol.values import replace
from runtime.config.load import DEMO, load_config
from sim.devices.caller import Caller
from sim.devices.evaluator import Evaluator
from sim.devices.keypad import Keypad
from sim.hardware import Hardware
from sim.journal import MemoryJournal
from sim.links import SimLinks
from sim.world import SimWorld
from tests.sim.air import PERFECT, Air, Medium

ONE = CounterId("1")
RADIO = "radio-g1"
SOON_S = 2.0


class TerminalHall:
    """The demo hall, of which counter 1 has a device of each kind."""

    def __init__(self, seed: int = 1) -> None:
        spec: HallSpec
        [spec] = load_config(DEMO).halls
        # Without the gateway that stands in: what befalls the first one befalls the devices.
        g1 = GatewayId("g1")
        spec = replace(spec, gateways={g1: spec.gateways[g1]})
        self.world = SimWorld(seed=seed)
        self.world.failures = Supervisor(self.world, lambda *_: None)
        self.links = SimLinks(self.world)
        self.hardware = Hardware(spec, Random(seed))
        self.hardware.on_wake(self.links.wake)
        # A medium that can be spoilt, in place of the perfect channel.
        self.air = Air(self.hardware.radio[g1].values())
        for name, device in self.hardware.ports.items():
            self.links.register(name, self.air if name == RADIO else device)
        self.journal = MemoryJournal()
        self.parts: HallParts = build_hall(
            self.world, spec, self.journal, self.links, lambda ticket: f"http://hall/t/{ticket}"
        )
        self._takes = 0
        self.run(5)
        self.key(Key.PAUSE)

    @property
    def pad(self) -> Evaluator:
        return self.hardware.evaluators[ONE]

    @property
    def caller(self) -> Caller:
        return self.hardware.callers[ONE]

    @property
    def keypad(self) -> Keypad:
        return self.hardware.keypads[ONE]

    def run(self, for_s: float = SOON_S) -> None:
        self.world.run(self.world.monotonic() + for_s)

    def key(self, key: Key, argument: int = 0) -> None:
        assert self.hardware.press(ONE, key, argument)
        self.run()

    def take(self, service: str = "declare") -> None:
        self._takes += 1
        take = TakeTicket(
            id=CommandId(f"take/{self._takes}"),
            service=ServiceId(service),
            language=Language("zh"),
        )
        self.parts.hall.tell(Submit(command=take))
        self.run(0.1)

    def serve(self) -> None:
        """Serve somebody at counter 1 from beginning to end."""
        self.take()
        for key in (Key.NEXT, Key.START, Key.FINISH):
            self.key(key)

    def rate(self, level: int, reasons: int = 0, for_s: float = SOON_S) -> bool:
        taken = self.hardware.rate(ONE, level, reasons)
        self.run(for_s)
        return taken

    def crash(self) -> None:
        """Have the hall and all radio actors lose everything that is not durable."""
        for ref in (self.parts.hall, *self.parts.terminals.values(), self._gateway):
            ref.tell("nonsense")
        self.run(5)

    @property
    def _gateway(self) -> Any:
        gateway = self.world.find("hall/HZ01/gateway/g1")
        assert gateway is not None
        return gateway

    def state(self) -> HallState:
        state: HallState = self._asked(self.parts.hall, ReadState())
        return state

    def alarms(self) -> list[str]:
        return [alarm.alarm for alarm in self._asked(self.parts.alarms, ReadAlarms()).alarms]

    def terminal(self, address: int) -> TerminalRead:
        ref = self.parts.terminals[GatewayId("g1"), TerminalAddress(address)]
        read: TerminalRead = self._asked(ref, ReadTerminal())
        return read

    def _asked(self, ref: Any, question: object) -> Any:
        future = ref.ask(question, block=False)
        self.run(0.001)
        return future.get()

    def events(self, kind: type) -> list[Any]:
        records = self.journal.read(0, 10_000)
        return [record.event for record in records if isinstance(record.event, kind)]

    @property
    def evaluations(self) -> list[ServiceEvaluated]:
        return self.events(ServiceEvaluated)


@pytest.fixture
def hall() -> TerminalHall:
    return TerminalHall()


# -- evaluations from a radio pad -------------------------------------------------------------------


def test_customer_is_invited_on_the_pad_and_his_rating_is_recorded(hall: TerminalHall) -> None:
    hall.key(Key.PAUSE)
    assert hall.state().post(ONE).mode is CounterMode.PAUSED
    hall.keypad.login(1001)
    hall.links.wake(RADIO)
    hall.run()
    assert hall.pad.invites is None
    hall.serve()
    assert hall.pad.invites == "A001"
    assert hall.rate(2, reasons=0b101)
    assert (hall.pad.invites, hall.pad.display) == (None, "done")
    [evaluated] = hall.evaluations
    assert (evaluated.ticket, evaluated.counter, evaluated.staff) == (
        next(iter(hall.state().tickets)),
        ONE,
        "1001",
    )
    assert (evaluated.level, evaluated.reasons) == (2, ("slow", "unsolved"))
    assert evaluated.device is EvaluationDevice.PAD
    assert hall.state().post(ONE).tally.evaluated == 1
    hall.run(600)
    assert hall.pad.invites is None
    assert len(hall.evaluations) == 1
    assert hall.alarms() == []


def test_invitation_closes_by_itself_and_a_customer_after_that_cannot_rate(
    hall: TerminalHall,
) -> None:
    hall.serve()
    hall.run(OPEN_S)
    assert hall.pad.invites is None
    assert not hall.rate(5)
    assert hall.evaluations == []


def test_next_customer_does_not_rate_for_the_one_before(hall: TerminalHall) -> None:
    hall.serve()
    hall.take()
    hall.key(Key.NEXT)
    assert hall.pad.invites == "A001"
    hall.key(Key.START)
    assert hall.pad.invites is None
    hall.key(Key.FINISH)
    assert hall.pad.invites == "A002"


@pytest.mark.parametrize("seed", range(6))
def test_rating_over_a_bad_channel_counts_once(seed: int) -> None:
    hall = TerminalHall(seed)
    for number in range(1, 6):
        hall.serve()
        hall.air._random = Random(f"{seed}/{number}")
        bad = Medium(loss=0.3, duplication=0.3, bit_error=0.0005)
        hall.air.uplink = hall.air.downlink = bad
        hall.rate(number % 5 + 1, for_s=20)
        hall.air.uplink = hall.air.downlink = PERFECT
        hall.run(20)
        assert len(hall.evaluations) == number
    assert [evaluated.level for evaluated in hall.evaluations] == [2, 3, 4, 5, 1]


def test_rating_whose_result_was_lost_in_a_restart_of_the_hall_counts_once(
    hall: TerminalHall,
) -> None:
    hall.serve()
    hall.air.downlink = Medium(loss=1.0)
    hall.rate(4, for_s=1)
    assert len(hall.evaluations) == 1
    assert not hall.pad.results
    hall.crash()
    hall.air.downlink = PERFECT
    hall.run(20)
    [result] = hall.pad.results
    assert result.result is Result.DONE
    assert len(hall.evaluations) == 1


def test_invitation_outlives_a_restart_of_the_hall_and_is_rated_once(hall: TerminalHall) -> None:
    hall.serve()
    before = hall.pad.version
    hall.crash()
    assert hall.pad.invites == "A001"
    # It is the same one: the device did not even notice.
    assert hall.pad.version == before
    assert hall.rate(3)
    assert [evaluated.level for evaluated in hall.evaluations] == [3]


def test_invitation_outlives_a_restart_of_the_device_and_is_rated_once(hall: TerminalHall) -> None:
    hall.serve()
    hall.pad.reboot()
    hall.links.wake(RADIO)
    hall.run(5)
    assert hall.pad.invites == "A001"
    hall.rate(3)
    assert len(hall.evaluations) == 1


def test_device_that_restarts_before_it_has_its_result_does_not_rate_again(
    hall: TerminalHall,
) -> None:
    hall.serve()
    hall.air.downlink = Medium(loss=1.0)
    hall.rate(4, for_s=1)
    hall.air.downlink = PERFECT
    hall.pad.reboot()
    hall.links.wake(RADIO)
    hall.run(5)
    assert hall.pad.invites is None
    assert not hall.rate(1)
    assert [evaluated.level for evaluated in hall.evaluations] == [4]


def test_counter_that_invites_once_more_opens_the_pad_once_more(hall: TerminalHall) -> None:
    hall.serve()
    hall.run(OPEN_S + 5)
    assert hall.pad.invites is None
    invite = InviteEvaluation(id=CommandId("again"), counter=ONE)
    hall.parts.hall.tell(Submit(command=invite))
    hall.run()
    assert len(hall.events(EvaluationInvited)) == 1
    assert hall.pad.invites == "A001"


def test_customer_who_rated_on_the_phone_is_not_invited_any_more(hall: TerminalHall) -> None:
    hall.serve()
    ticket = next(iter(hall.state().tickets))
    rating = EvaluateService(id=CommandId("phone"), ticket=ticket, level=5)
    hall.parts.hall.tell(Submit(command=rating))
    hall.run()
    assert hall.pad.invites is None


# -- the ticket caller ------------------------------------------------------------------------------


def test_each_call_and_recall_is_announced_once_over_a_bad_channel(hall: TerminalHall) -> None:
    hall.air._random = Random(3)
    hall.air.downlink = Medium(loss=0.2, duplication=0.3)
    for _ in range(5):
        hall.take()
        hall.key(Key.NEXT)
        hall.run(20)
        hall.key(Key.RECALL)
        hall.run(20)
    calls = hall.events(TicketCalled) + hall.events(TicketRecalled)
    called = sorted(event.number for event in calls)
    assert sorted(announce.text for announce in hall.caller.announced) == called
    assert len(called) == 10


def test_call_is_not_announced_again_because_the_hall_or_the_caller_restarts(
    hall: TerminalHall,
) -> None:
    hall.take()
    hall.key(Key.NEXT)
    assert [announce.text for announce in hall.caller.announced] == ["A001"]
    hall.crash()
    hall.run(30)
    assert [announce.text for announce in hall.caller.announced] == ["A001"]
    hall.caller.reboot()
    hall.links.wake(RADIO)
    hall.run(30)
    assert not hall.caller.announced


# -- keypads ----------------------------------------------------------------------------------------


def test_transfer_passes_the_ticket_to_the_preset_and_names_the_service(
    hall: TerminalHall,
) -> None:
    hall.take()
    hall.key(Key.NEXT)
    hall.key(Key.TRANSFER, 1)
    assert hall.keypad.display == "税务登记"
    [ticket] = hall.state().tickets.values()
    assert (ticket.state, ticket.service, ticket.number) == (
        TicketState.WAITING,
        "register",
        "A001",
    )
    assert hall.hardware.windows[ONE].state is WindowState.IDLE


@pytest.mark.parametrize(("argument", "display"), [(3, "没有这个转移项"), (1, "窗口没有号")])
def test_transfer_that_cannot_be_says_why(hall: TerminalHall, argument: int, display: str) -> None:
    hall.key(Key.TRANSFER, argument)
    assert hall.keypad.display == display


def test_double_press_transfers_once(hall: TerminalHall) -> None:
    hall.take()
    hall.take()
    hall.key(Key.NEXT)
    assert hall.hardware.press(ONE, Key.TRANSFER, 2)
    hall.key(Key.TRANSFER, 2)
    assert [result.result for result in hall.keypad.results][-2:] == [Result.DONE, Result.REFUSED]
    assert hall.state().waiting(ServiceId("invoice")) == 1


def test_login_opens_the_counter_for_the_staff_and_0_closes_it(hall: TerminalHall) -> None:
    for code, display, mode, staff in (
        (1002, "李强", CounterMode.OPEN, "1002"),
        (9999, "没有这个工号", CounterMode.OPEN, "1002"),
        (0, "done", CounterMode.CLOSED, None),
        (1001, "王芳", CounterMode.OPEN, "1001"),
    ):
        assert hall.hardware.login(ONE, code)
        hall.run()
        post = hall.state().post(ONE)
        assert (hall.keypad.display, post.mode, post.staff) == (display, mode, staff)


# -- how they are -----------------------------------------------------------------------------------


def test_every_device_says_what_it_is_and_nobody_is_in_trouble(hall: TerminalHall) -> None:
    hall.run(3600)
    assert hall.alarms() == []
    for place, ref in hall.parts.terminals.items():
        read: TerminalRead = hall._asked(ref, ReadTerminal())
        assert (read.gateway, read.terminal.address) == place
        assert (read.battery_mv, read.refused, read.troubles) == (3000, 0, ())
        assert read.device


def test_battery_and_silence_are_alarmed_and_end_by_themselves(hall: TerminalHall) -> None:
    hall.pad.battery_mv = 2300
    hall.caller.off = True
    hall.run(700)
    assert hall.alarms() == ["terminal/g1/13/low-battery"]
    hall.run(1000)
    assert hall.alarms() == ["terminal/g1/13/low-battery", "terminal/g1/14/silent"]
    hall.pad.battery_mv = 2900
    hall.caller.reboot()
    hall.links.wake(RADIO)
    hall.run(700)
    assert hall.alarms() == []


def test_two_devices_with_one_address_are_told_apart(hall: TerminalHall) -> None:
    twin = Evaluator(13, 1, Random(5), device=0xBEEF)
    hall.air.terminals.append(twin)
    hall.links.wake(RADIO)
    hall.run(2500)
    assert hall.alarms() == ["terminal/g1/13/twins"]
    hall.air.terminals.remove(twin)
    hall.run(2 * 1500 + 700)
    assert hall.alarms() == []

"""The demo hall whole, in virtual time: the actors of `paihao up` with every device that it has."""

from __future__ import annotations

from random import Random

import pytest

from actors.alarms import ReadAlarms
from actors.building import build_hall
from actors.display import ReadDisplay
from actors.hall.actor import ReadState
from actors.hall.state import HallState
from actors.kiosk import ReadKiosk
from protocol.answers import Accepted, Answer, Rejected
from protocol.commands import Command, ReprintTicket, TakeTicket
from protocol.events import TicketTaken
from protocol.hall import HallSpec
from protocol.ids import CommandId, CounterId, KioskId, Language, ServiceId, TicketId
from protocol.messages import Announced, DisplayedCall, Submit, Watch
from protocol.radio.payloads import Key, WindowState
from protocol.tickets import Channel, CounterMode, PrintState, TicketState
from runtime.config.load import DEMO, load_config
from sim.hardware import Hardware
from sim.journal import MemoryJournal
from sim.links import SimLinks
from sim.world import SimWorld
from tests.actors.recorders import Ear

KIOSK = KioskId("k1")
ONE = CounterId("1")
SOON_S = 2.0
"""From a key to everything that follows from it, on a quiet channel."""


class DemoHall:
    """The demo hall of the configuration, its virtual devices on virtual lines."""

    def __init__(self, seed: int = 1) -> None:
        spec: HallSpec
        [spec] = load_config(DEMO).halls
        self.world = SimWorld(seed=seed)
        self.log: list[str] = []
        self.world.trace = lambda at_s, to, message: self.log.append(f"{at_s!r} {to} {message!r}")
        links = SimLinks(self.world)
        self.hardware = Hardware(spec, Random(seed))
        self.hardware.on_wake(links.wake)
        for name, device in self.hardware.ports.items():
            links.register(name, device)
        self.parts = build_hall(
            self.world, spec, MemoryJournal(), links, lambda ticket: f"http://hall/t/{ticket}"
        )
        self.display = Ear()
        self.parts.display.tell(Watch(recipient=self.display))
        self.printer = self.hardware.printers[KIOSK]
        self._commands = 0
        self.run(5)

    def run(self, for_s: float) -> None:
        self.world.run(self.world.monotonic() + for_s)

    def do(self, command: Command) -> Answer:
        """Have the hall carry out a command, as an HTTP page would; return its answer."""
        ear = Ear()
        self.parts.hall.tell(Submit(command=command, reply_to=ear))
        self.run(0.001)
        [answer] = ear
        assert isinstance(answer, Accepted | Rejected)
        return answer

    def touch(self, service: str, language: str = "zh") -> TicketTaken:
        """Touch a service on the kiosk's screen; return the ticket that was taken."""
        self._commands += 1
        answer = self.do(
            TakeTicket(
                id=CommandId(f"touch/{self._commands}"),
                service=ServiceId(service),
                language=Language(language),
                channel=Channel.KIOSK,
                kiosk=KIOSK,
            )
        )
        assert isinstance(answer, Accepted)
        taken = answer.events[-1]
        assert isinstance(taken, TicketTaken)
        return taken

    def press(self, counter: str, key: Key = Key.NEXT) -> None:
        """Press a key of a counter's keypad; let the press have its consequences."""
        assert self.hardware.press(CounterId(counter), key)
        self.run(SOON_S)

    def state(self) -> HallState:
        return self._asked(ReadState(), self.parts.hall)  # type: ignore[return-value]

    def alarms(self) -> list[str]:
        return [alarm.alarm for alarm in self._asked(ReadAlarms(), self.parts.alarms).alarms]  # type: ignore[attr-defined]

    def unprinted(self) -> tuple[TicketId, ...]:
        return self._asked(ReadKiosk(), self.parts.kiosks[KIOSK]).unprinted  # type: ignore[attr-defined, no-any-return]

    def displayed(self) -> tuple[DisplayedCall, ...]:
        return self._asked(ReadDisplay(), self.parts.display).calls  # type: ignore[attr-defined, no-any-return]

    def _asked(self, message: object, actor: object) -> object:
        future = actor.ask(message, block=False)  # type: ignore[attr-defined]
        self.run(0.001)
        return future.get()


@pytest.fixture
def hall() -> DemoHall:
    return DemoHall()


def test_touch_and_key_bring_paper_number_and_announcement(hall: DemoHall) -> None:
    taken = hall.touch("declare")
    hall.run(10)
    [paper] = hall.printer.papers
    assert paper.number == taken.number == "A001"
    assert "纳税申报" in paper.text
    assert paper.codes == (f"http://hall/t/{taken.ticket}",)
    assert hall.state().tickets[taken.ticket].printed is PrintState.PRINTED

    window, keypad = hall.hardware.windows[ONE], hall.hardware.keypads[ONE]
    assert (window.text, window.state) != ("A001", WindowState.CALLED)
    hall.press("1")
    assert (window.text, window.state) == ("A001", WindowState.CALLED)
    assert keypad.display == "A001"
    [announced] = hall.display.of(Announced)
    assert (announced.number, announced.counter) == ("A001", ONE)
    assert hall.displayed() == (DisplayedCall(number="A001", counter=ONE),)

    hall.press("1", Key.START)
    assert window.state is WindowState.SERVING
    hall.press("1", Key.FINISH)
    assert window.state is WindowState.IDLE
    assert hall.state().tickets[taken.ticket].state is TicketState.SERVED
    assert hall.displayed() == ()
    assert hall.alarms() == []


def test_key_press_without_customers_says_so(hall: DemoHall) -> None:
    hall.press("2")
    assert hall.hardware.keypads[CounterId("2")].display == "无人等候"
    assert hall.state().post(CounterId("2")).mode is CounterMode.OPEN


def test_printer_without_paper_costs_no_ticket_and_prints_it_once_reloaded(hall: DemoHall) -> None:
    hall.printer.paper_out = True
    taken = hall.touch("invoice", language="en")
    hall.run(60)
    assert hall.printer.papers == []
    assert hall.unprinted() == (taken.ticket,)
    assert sorted(hall.alarms()) == ["kiosk/k1", "printer/k1"]
    # The ticket itself is as good as any other.
    hall.press("2")
    assert hall.hardware.windows[CounterId("2")].text == taken.number

    hall.printer.load_paper()
    hall.run(60)
    assert hall.alarms() == ["kiosk/k1"]
    hall.do(ReprintTicket(id=CommandId("again"), ticket=taken.ticket))
    hall.run(60)
    assert [paper.number for paper in hall.printer.papers] == [taken.number]
    assert hall.unprinted() == ()
    assert hall.alarms() == []


def test_window_that_is_dead_is_alarmed_and_shows_the_number_once_it_lives(hall: DemoHall) -> None:
    window = hall.hardware.windows[ONE]
    window.off = True
    hall.touch("declare")
    hall.press("1")
    hall.run(30)
    assert hall.alarms() == ["window/1"]
    window.reboot()
    hall.hardware.wake("radio-g1")
    hall.run(60)
    assert (window.text, hall.alarms()) == ("A001", ["terminal/g1/12/restarted"])
    hall.run(600)
    assert hall.alarms() == []


def busy_hour(seed: int) -> DemoHall:
    """Return the demo hall after an hour of people and keys, and ten quiet minutes."""
    hall = DemoHall(seed)
    chance = Random(f"{seed}/people")
    spec = hall.parts.spec
    keys = [Key.NEXT, Key.NEXT, Key.NEXT, Key.RECALL, Key.START, Key.FINISH, Key.NO_SHOW]
    while hall.world.monotonic() < 3600:
        if chance.random() < 0.4:
            hall.touch(chance.choice(list(spec.services)), chance.choice(spec.languages))
        else:
            hall.hardware.press(chance.choice(list(spec.counters)), chance.choice(keys))
        hall.run(chance.expovariate(1 / 12))
    hall.run(600)
    return hall


def test_after_a_busy_hour_all_that_people_see_equals_the_hall() -> None:
    hall = busy_hour(1)
    state = hall.state()
    numbers = [ticket.number for ticket in state.tickets.values()]
    assert len(numbers) > 60
    # Each ticket has its paper, once.
    assert sorted(paper.number for paper in hall.printer.papers) == sorted(numbers)
    assert {ticket.printed for ticket in state.tickets.values()} == {PrintState.PRINTED}
    called = {}
    for counter in hall.parts.spec.counters:
        post = state.post(counter)
        number = "" if post.ticket is None else state.tickets[post.ticket].number
        assert hall.hardware.windows[counter].text == number
        if number:
            called[counter] = number
    assert called
    assert {call.counter: call.number for call in hall.displayed()} == called
    assert hall.alarms() == []
    announced = hall.display.of(Announced)
    assert [each.announcement for each in announced] == list(range(1, len(announced) + 1))


def test_same_seed_gives_the_same_log_of_the_whole_hall() -> None:
    first = busy_hour(2).log
    assert len(first) > 3_000
    assert busy_hour(2).log == first
    assert busy_hour(3).log != first

"""The demo hall on a site, with people's hands and eyes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actors.alarms import ReadAlarms
from actors.hall.actor import ReadState
from actors.hall.state import HallState
from protocol.answers import Answer
from protocol.commands import TakeTicket
from protocol.ids import CommandId, CounterId, KioskId, Language, ServiceId
from protocol.messages import Submit
from protocol.push_commands import FollowTicket
from protocol.radio.payloads import Key
from protocol.tickets import Channel
from runtime.config.load import DEMO, load_config
from sim.faults.active import end, start
from sim.faults.kind import Fault
from sim.floor.screens import LargeScreen
from sim.radio.modules import E32
from sim.site import Site
from tests.actors.recorders import Ear

ONE = CounterId("1")


class Hall:
    """A site whose counter 1 is open; ``radio`` at frame level unless told otherwise."""

    def __init__(self, *, seed: int = 1, on_channel: bool = True) -> None:
        [spec] = load_config(DEMO).halls
        module = E32 if on_channel else None
        self.site = Site(None, spec, seed, module=module, followed=True, copied=True)
        self.site.screen = self.screen = LargeScreen(self.site)
        self.window = self.site.hardware.windows[ONE]
        self.keypad = self.site.hardware.keypads[ONE]
        self.printer = self.site.hardware.printers[KioskId("k1")]
        self._commands = 0
        self.site.run(15)

    def begin(self, kind: str, where: str | None = None, **parameters: float) -> Fault:
        """Have a fault begin; it goes on until it is ended."""
        fault = Fault(kind=kind, where=where, lasts_s=60.0, parameters=parameters)
        start(self.site, fault)
        return fault

    def end(self, fault: Fault) -> None:
        end(self.site, fault)

    def take(self) -> Ear:
        """Touch the kiosk; return who is answered."""
        self._commands += 1
        ear = Ear()
        command = TakeTicket(
            id=CommandId(f"touch/{self._commands}"),
            service=ServiceId("declare"),
            language=Language("zh"),
            channel=Channel.KIOSK,
            kiosk=KioskId("k1"),
        )
        self.site.submit(Submit(command=command, reply_to=ear))
        return ear

    def follow(self, person: str = "zhang") -> None:
        """Have a phone follow the ticket that was taken last."""
        assert self.site.account is not None
        ticket = max(self.state().tickets)
        command = FollowTicket(
            id=CommandId(f"follow/{person}/{ticket}"),
            ticket=ticket,
            follower=self.site.account.follower(person),
        )
        self.site.submit(Submit(command=command))

    def lacking(self) -> int:
        """Return how many events headquarters has not; what it has must be the hall's."""
        assert self.site.headquarters is not None
        kept = self.site.journal.rows(0, 10_000)
        there = self.site.headquarters.rows
        assert there == kept[: len(there)]
        return len(kept) - len(there)

    def pushes(self, person: str = "zhang") -> list[str]:
        """Return the titles of what came to the phone."""
        assert self.site.account is not None
        return [message.title for message in self.site.account.stand_in.people.phone(person)]

    def answer(self) -> Answer | None:
        """Touch the kiosk and wait for a moment; return the answer, if there was one."""
        ear = self.take()
        self.site.run(1)
        answers: list[Answer] = list(ear)
        return answers[0] if answers else None

    def press(self, key: Key = Key.NEXT, for_s: float = 3.0) -> bool:
        taken = self.site.hardware.press(ONE, key)
        self.site.run(for_s)
        return taken

    def papers(self) -> list[str]:
        return [paper.number for paper in self.printer.papers]

    def alarms(self) -> list[str]:
        board = self.site.ask(self.site.parts.alarms, ReadAlarms())
        return [alarm.alarm for alarm in board.alarms]

    def state(self) -> HallState:
        state: HallState = self.site.ask(self.site.parts.hall, ReadState())
        return state

    def works(self) -> None:
        """Take a ticket and call it: paper, window, keypad and screen have its number."""
        self.take()
        self.site.run(10)
        number = max(self.papers())
        for _ in range(6):
            self.press(for_s=8)
            if self.window.text == number:
                break
        assert self.window.text == number
        assert self.keypad.display == number
        assert number in [call.number for call in self.screen.calls]


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def build() -> Callable[..., Hall]:
    return Hall

"""A hall's process that dies, and what stays when it does."""

from __future__ import annotations

from datetime import timedelta

import pykka
import pytest
import simpy

from actors.display import ReadDisplay
from actors.hall.actor import ReadState
from actors.hall.state import HallState
from protocol.answers import Accepted
from protocol.commands import TakeTicket
from protocol.hall import HallSpec
from protocol.ids import CommandId, CounterId, KioskId, Language, ServiceId
from protocol.messages import Submit
from protocol.radio.payloads import Key
from protocol.tickets import Channel
from runtime.config.load import DEMO, load_config
from sim.radio.modules import E32
from sim.site import Site
from tests.actors.recorders import Ear

ONE = CounterId("1")


def demo_hall() -> HallSpec:
    [spec] = load_config(DEMO).halls
    return spec


def site_of(seed: int = 1, commit_s: float = 0.002) -> Site:
    site = Site(None, demo_hall(), seed, commit_s=commit_s, module=E32)
    site.run(10)
    return site


def take(site: Site, name: str) -> Ear:
    ear = Ear()
    command = TakeTicket(
        id=CommandId(name),
        service=ServiceId("declare"),
        language=Language("zh"),
        channel=Channel.KIOSK,
        kiosk=KioskId("k1"),
    )
    site.submit(Submit(command=command, reply_to=ear))
    return ear


def state_of(site: Site) -> HallState:
    state: HallState = site.ask(site.parts.hall, ReadState())
    return state


def numbers(site: Site) -> list[str]:
    return sorted(ticket.number for ticket in state_of(site).tickets.values())


def press(site: Site, key: Key = Key.NEXT) -> None:
    assert site.hardware.press(ONE, key)
    site.run(3)


def test_key_press_shows_the_number_over_a_channel_with_modules() -> None:
    site = site_of()
    take(site, "one")
    press(site)
    assert site.hardware.windows[ONE].text == "A001"
    assert site.hardware.keypads[ONE].display == "A001"


@pytest.mark.parametrize(("written", "kept"), [(0.0, 1), (0.5, 1), (0.99, 1), (1.0, 2)])
def test_kill_amid_a_commit_loses_what_was_not_durable_alone(written: float, kept: int) -> None:
    site = site_of(commit_s=0.1)
    answered = take(site, "one")
    site.run(1)
    unanswered = take(site, "two")
    site.run(0.05)
    site.kill(written=written)
    site.run(5)
    assert isinstance(answered[0], Accepted)
    assert not list(unanswered)
    site.start()
    site.run(1)
    assert numbers(site) == ["A001", "A002"][:kept]
    again = take(site, "two")
    site.run(1)
    # The repeat of a command that was durable is answered from memory, and takes no further number.
    assert isinstance(again[0], Accepted)
    assert numbers(site) == ["A001", "A002"]


def test_killed_process_runs_no_handler_and_answers_nothing() -> None:
    site = site_of()
    seen: list[object] = []
    world = site.world
    world.trace = lambda _at_s, _to, message: seen.append(message)
    hall = site.parts.hall
    asked = hall.ask(ReadState(), block=False)
    ear = take(site, "one")
    site.kill()
    site.run(3600)
    assert seen == []
    assert not list(ear)
    assert not site.running
    with pytest.raises(pykka.ActorDeadError):
        asked.get()
    with pytest.raises(pykka.ActorDeadError):
        hall.tell(ReadState())


def test_devices_go_on_while_the_process_is_dead() -> None:
    site = site_of()
    take(site, "one")
    press(site)
    site.kill()
    window, keypad = site.hardware.windows[ONE], site.hardware.keypads[ONE]
    assert window.text == "A001"
    assert site.hardware.press(ONE, Key.START)
    site.run(120)
    assert window.text == "A001"
    assert keypad.unanswered == 1
    site.start()
    site.run(30)
    assert window.text == "A001"
    press(site, Key.START)
    assert keypad.display == "done"


def test_restarted_hall_shows_its_calls_and_prints_for_who_comes_next() -> None:
    site = site_of()
    take(site, "one")
    press(site)
    site.kill()
    site.run(20)
    started: list[object] = []
    site.on_start.append(started.append)
    site.start()
    site.start()
    assert started == [site.parts]
    site.run(20)
    [call] = site.ask(site.parts.display, ReadDisplay()).calls
    assert (call.number, call.counter) == ("A001", ONE)
    take(site, "two")
    site.run(10)
    printer = site.hardware.printers[KioskId("k1")]
    assert [paper.number for paper in printer.papers] == ["A001", "A002"]


def test_wall_clock_jumps_and_monotonic_time_does_not() -> None:
    site = site_of()
    now, monotonic = site.world.now(), site.world.monotonic()
    site.clock_offset_s = -7200
    assert site.world.now() == now - timedelta(hours=2)
    assert site.world.monotonic() == monotonic
    assert site.outside.now() == now
    take(site, "one")
    press(site)
    assert site.hardware.windows[ONE].text == "A001"
    site.kill()
    site.start()
    assert site.world.now() == site.outside.now() - timedelta(hours=2)


def test_heal_mends_devices_and_starts_the_process() -> None:
    site = site_of()
    site.hardware.keypads[ONE].off = True
    printer = site.hardware.printers[KioskId("k1")]
    printer.paper_out = printer.broken = printer.silent = True
    site.links.unplug("radio-g1")
    site.refusals.append(lambda: "the disk is full")
    site.clock_offset_s = 60
    site.kill()
    site.run(60)
    site.heal()
    site.run(60)
    take(site, "one")
    press(site)
    site.run(30)
    assert site.hardware.windows[ONE].text == "A001"
    assert [paper.number for paper in printer.papers] == ["A001"]
    assert site.clock_offset_s == 0


def test_same_seed_gives_the_same_messages_through_a_restart() -> None:
    def log(seed: int) -> list[str]:
        site = site_of(seed)
        messages: list[str] = []

        def trace(at_s: float, to: str, message: object) -> None:
            messages.append(f"{at_s!r} {to} {message!r}")

        site.world.trace = trace
        site.on_start.append(lambda _parts: setattr(site.world, "trace", trace))
        for number in range(5):
            take(site, f"take {number}")
            site.hardware.press(ONE, Key.NEXT)
            site.run(7)
        site.kill()
        site.run(3)
        site.start()
        site.run(60)
        return messages

    first = log(4)
    assert len(first) > 200
    assert log(4) == first
    assert log(5) != first


def test_two_sites_share_a_clock_and_nothing_else() -> None:
    env = simpy.Environment(initial_time=0.0)
    one, other = Site(env, demo_hall(), 1), Site(env, demo_hall(), 2)
    one.run(10)
    take(one, "one")
    one.kill()
    other.run(10)
    assert other.running
    assert numbers(other) == []

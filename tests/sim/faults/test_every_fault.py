"""Every kind of fault: what a person sees of it, and that the hall works once it is healed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actors.building import HallParts
from protocol.answers import Accepted, Reason, Rejected
from protocol.radio.payloads import Key, WindowState
from sim.faults.active import active, schedule, start
from sim.faults.catalogue import FAULTS
from sim.faults.kind import Fault, draw_fault
from sim.radio.channel import Channel
from sim.site import Site
from sim.wechat.notices import CALL, NEAR


def _called_late(hall: Any, seconds: float = 3.0) -> bool:
    """Call somebody; return whether the window shows it only after ``seconds``, or not at all."""
    hall.take()
    hall.site.run(8)
    hall.press(for_s=seconds)
    return hall.window.state is not WindowState.CALLED


def radio_loss(hall: Any) -> None:
    hall.begin("radio-loss", "g1", loss=0.9)
    before = channel_of(hall).counts.lost
    assert _called_late(hall)
    assert channel_of(hall).counts.lost > before + 2


def radio_bursts(hall: Any) -> None:
    hall.begin("radio-bursts", "g1", good_s=5.0, bad_s=5.0, loss=1.0)
    before = channel_of(hall).counts.lost
    for _ in range(5):
        hall.press()
    assert channel_of(hall).counts.lost > before + 5


def radio_jam(hall: Any) -> None:
    hall.begin("radio-jam", "g1")
    hall.take()
    hall.press(for_s=150)
    assert hall.window.text == ""
    assert hall.keypad.unanswered == 1
    assert hall.keypad.display == "----"


def radio_collisions(hall: Any) -> None:
    hall.begin("radio-collisions", "g1", per_s=15.0)
    before = channel_of(hall).counts.collided
    _called_late(hall)
    assert channel_of(hall).counts.collided > before


def radio_echo(hall: Any) -> None:
    hall.begin("radio-echo", "g1")
    heard: list[object] = []
    hall.site.world.trace = lambda _at, to, message: (
        heard.append(message) if to.endswith("gateway/g1") else None
    )
    hall.take()
    hall.press(for_s=5)
    # The gateway hears itself and is not confused.
    assert hall.window.text == "A001"
    assert len(heard) > 5


def radio_duplication(hall: Any) -> None:
    hall.begin("radio-duplication", "g1", duplication=1.0)
    hall.take()
    hall.take()
    hall.press(for_s=10)
    # Everything came twice, and one was called.
    assert hall.window.text == "A001"
    assert [call.number for call in hall.screen.calls] == ["A001"]


def radio_delay(hall: Any) -> None:
    hall.begin("radio-delay", "g1", delay_s=2.0, jitter_s=0.0)
    assert _called_late(hall, 3.0)
    hall.site.run(30)
    assert hall.window.text == "A001"


def radio_reordering(hall: Any) -> None:
    hall.begin("radio-reordering", "g1", reordering=0.5)
    hall.take()
    hall.press(for_s=20)
    assert hall.window.text == "A001"


def radio_bit_flips(hall: Any) -> None:
    hall.begin("radio-bit-flips", "g1", bit_flips=0.02)
    # Undamaged it takes 0.2 s; with luck, of its many attempts one soon gets through.
    assert _called_late(hall, 0.5)
    assert hall.window.text in ("", "A001")


def terminal_restart(hall: Any) -> None:
    hall.take()
    hall.press()
    fault = hall.begin("terminal-restart", "window/1")
    hall.site.run(2)
    assert hall.window.off
    hall.end(fault)
    assert hall.window.text == ""
    hall.site.run(20)
    assert hall.window.text == "A001"
    assert "terminal/g1/12/restarted" in hall.alarms()


def terminal_flat_battery(hall: Any) -> None:
    hall.begin("terminal-flat-battery", "keypad/1", battery_mv=2000.0, dies_after_s=30.0)
    hall.site.run(20)
    assert any("battery" in alarm for alarm in hall.alarms())
    hall.site.run(20)
    assert not hall.press()


def terminal_stuck_key(hall: Any) -> None:
    for _ in range(3):
        hall.take()
    hall.begin("terminal-stuck-key", "keypad/1", every_s=2.0)
    hall.site.run(20)
    called = [ticket for ticket in hall.state().tickets.values() if ticket.called_at is not None]
    assert len(called) == 3


def terminal_double_press(hall: Any) -> None:
    hall.take()
    hall.take()
    hall.begin("terminal-double-press", "keypad/1", share=1.0)
    hall.press(for_s=5)
    # One press of NEXT has called two.
    assert hall.window.text == "A002"


def terminal_silent_death(hall: Any) -> None:
    hall.begin("terminal-silent-death", "window/1")
    hall.take()
    hall.press(for_s=40)
    assert "window/1" in hall.alarms()
    assert [call.number for call in hall.screen.calls] == ["A001"]


def window_stuck(hall: Any) -> None:
    hall.begin("window-stuck", "window/1")
    hall.take()
    hall.press(for_s=40)
    assert hall.window.text == ""
    assert "window/1" in hall.alarms()


def gateway_unplugged(hall: Any) -> None:
    hall.begin("gateway-unplugged", "g1")
    hall.take()
    assert hall.press(for_s=40)
    assert hall.window.text == ""
    assert any(alarm.startswith("gateway/g1") for alarm in hall.alarms())


def gateway_replaced(hall: Any) -> None:
    fault = hall.begin("gateway-replaced", "g1")
    hall.take()
    hall.press(for_s=20)
    assert hall.window.text == ""
    hall.end(fault)
    hall.site.run(40)
    if hall.window.text == "":
        hall.press(for_s=10)
    assert hall.window.text == "A001"


def serial_server_restart(hall: Any) -> None:
    hall.begin("serial-server-restart")
    hall.take()
    hall.press(for_s=40)
    assert hall.window.text == ""
    assert any(alarm.startswith("gateway/g1") for alarm in hall.alarms())


def line_loss(hall: Any) -> None:
    hall.begin("line-loss", "radio-g1", loss=0.5)
    assert _called_late(hall)


def line_corruption(hall: Any) -> None:
    hall.begin("line-corruption", "radio-g1", corruption=0.5)
    assert _called_late(hall)


def line_delay(hall: Any) -> None:
    hall.begin("line-delay", "radio-g1", delay_s=2.5)
    assert _called_late(hall)


def line_cut(hall: Any) -> None:
    hall.begin("line-cut", "radio-g1")
    hall.take()
    hall.press(for_s=150)
    assert hall.keypad.display == "----"
    assert hall.window.text == ""


def line_echo(hall: Any) -> None:
    hall.begin("line-echo", "printer-k1")
    hall.take()
    hall.site.run(60)
    # What the hall hears of itself means nothing to it; the paper is there or somebody is told.
    assert hall.papers() or "kiosk/k1" in hall.alarms()


def _without_paper(kind: str, **parameters: float) -> Callable[[Any], None]:
    def see(hall: Any) -> None:
        hall.begin(kind, "k1", **parameters)
        hall.take()
        hall.site.run(60)
        assert hall.papers() == []
        assert "kiosk/k1" in hall.alarms()

    return see


def printer_slow(hall: Any) -> None:
    hall.take()
    hall.site.run(4)
    assert hall.papers() == ["A001"]
    hall.begin("printer-slow", "k1", times=10.0)
    hall.take()
    hall.site.run(4)
    assert hall.papers() == ["A001"]


def printer_lying(hall: Any) -> None:
    fault = hall.begin("printer-lying", "k1", says_well=0.0)
    hall.take()
    hall.site.run(60)
    # It has paper and says that it has none.
    assert "printer/k1" in hall.alarms()
    hall.end(fault)
    hall.begin("printer-lying", "k1", says_well=1.0)
    before = hall.papers()
    hall.take()
    hall.site.run(60)
    assert hall.papers() == before
    assert "kiosk/k1" in hall.alarms()


def printer_babble(hall: Any) -> None:
    hall.begin("printer-babble", "k1")
    hall.take()
    hall.site.run(60)
    assert hall.papers() in ([], ["A001"])


def display_lost(hall: Any) -> None:
    hall.begin("display-lost")
    hall.take()
    hall.press()
    assert hall.window.text == "A001"
    assert hall.screen.calls == ()
    assert not hall.screen.announced


def process_kill(hall: Any) -> None:
    fault = hall.begin("process-kill", amid_commit=1.0, written=0.5)
    assert hall.site.running
    assert hall.answer() is None
    assert not hall.site.running
    hall.end(fault)
    hall.site.run(1)
    assert not hall.state().tickets
    fault = hall.begin("process-kill")
    assert not hall.site.running
    hall.end(fault)
    assert hall.site.running


def disk_full(hall: Any) -> None:
    hall.begin("disk-full")
    answer = hall.answer()
    assert isinstance(answer, Rejected)
    assert answer.reason is Reason.NOT_DURABLE
    assert "full" in answer.detail
    assert "journal/HZ01" in hall.alarms()


def disk_slow(hall: Any) -> None:
    hall.begin("disk-slow", commit_s=3.0)
    assert hall.answer() is None
    hall.site.run(3)
    assert len(hall.state().tickets) == 1


def disk_failed_sync(hall: Any) -> None:
    hall.begin("disk-failed-sync", share=0.5)
    answers = [hall.answer() for _ in range(12)]
    refused = [answer for answer in answers if isinstance(answer, Rejected)]
    taken = [answer for answer in answers if isinstance(answer, Accepted)]
    assert refused
    assert taken
    # A number is lost with nobody: those that were given out follow each other.
    numbers = sorted(ticket.number for ticket in hall.state().tickets.values())
    assert numbers == [f"A{number:03}" for number in range(1, len(taken) + 1)]


def clock_jump(hall: Any) -> None:
    before = hall.site.world.now()
    hall.begin("clock-jump", offset_s=-3600.0)
    assert (before - hall.site.world.now()).total_seconds() == 3600
    assert isinstance(hall.answer(), Accepted)


def _not_told(hall: Any, kind: str, **parameters: float) -> Fault:
    """Follow a ticket while WeChat is in trouble; nobody is told, and the hall goes on as ever."""
    fault: Fault = hall.begin(kind, **parameters)
    hall.take()
    hall.site.run(1)
    hall.follow()
    hall.site.run(20)
    assert hall.pushes() == []
    assert isinstance(hall.answer(), Accepted)
    return fault


def _told_later(kind: str) -> Callable[[Any], None]:
    """What is still worth it is told once, when the trouble is over."""

    def seen(hall: Any) -> None:
        fault = _not_told(hall, kind)
        hall.press(for_s=10)
        hall.end(fault)
        hall.site.run(90)
        assert hall.pushes() == [CALL.title]

    return seen


def wechat_lost_answer(hall: Any) -> None:
    fault = hall.begin("wechat-lost-answer")
    hall.take()
    hall.site.run(1)
    hall.follow()
    hall.site.run(30)
    hall.end(fault)
    hall.site.run(90)
    # Sent again and again, and shown once: the message has an id.
    assert hall.pushes() == [NEAR.title]


def wechat_slow(hall: Any) -> None:
    fault = hall.begin("wechat-slow", delay_s=20.0)
    hall.take()
    hall.site.run(1)
    hall.follow()
    hall.site.run(60)
    hall.end(fault)
    hall.site.run(90)
    assert hall.pushes() == [NEAR.title]


def _copied_later(kind: str, **parameters: float) -> Callable[[Any], None]:
    """Headquarters gets nothing, and everything when the trouble is over."""

    def seen(hall: Any) -> None:
        assert hall.lacking() == 0
        fault = hall.begin(kind, **parameters)
        hall.take()
        hall.site.run(10)
        assert hall.lacking() > 0
        hall.end(fault)
        hall.site.run(120)
        assert hall.lacking() == 0

    return seen


def link_duplication(hall: Any) -> None:
    headquarters = hall.site.headquarters
    batches: list[Any] = []
    take = headquarters.take
    headquarters.take = lambda batch: (batches.append(batch), take(batch))[1]
    fault = hall.begin("link-duplication", twice=1.0)
    hall.take()
    hall.site.run(25)
    assert hall.lacking() == 0
    with_events = [batch for batch in batches if batch.rows]
    assert len(with_events) > len(set(with_events))
    hall.end(fault)


def link_delay(hall: Any) -> None:
    fault = hall.begin("link-delay", delay_s=60.0)
    hall.take()
    hall.site.run(1)
    assert hall.lacking() > 0
    hall.end(fault)
    hall.site.run(200)
    assert hall.lacking() == 0


def headquarters_restart(hall: Any) -> None:
    fault = hall.begin("headquarters-restart", events=200)
    # It takes what it is sent then, and nobody hears of it.
    assert hall.lacking() > 0
    hall.site.run(10)
    hall.end(fault)
    hall.site.run(120)
    assert hall.lacking() == 0


SEEN: dict[str, Callable[[Any], None]] = {
    "radio-loss": radio_loss,
    "radio-bursts": radio_bursts,
    "radio-jam": radio_jam,
    "radio-collisions": radio_collisions,
    "radio-echo": radio_echo,
    "radio-duplication": radio_duplication,
    "radio-delay": radio_delay,
    "radio-reordering": radio_reordering,
    "radio-bit-flips": radio_bit_flips,
    "terminal-restart": terminal_restart,
    "terminal-flat-battery": terminal_flat_battery,
    "terminal-stuck-key": terminal_stuck_key,
    "terminal-double-press": terminal_double_press,
    "terminal-silent-death": terminal_silent_death,
    "window-stuck": window_stuck,
    "gateway-unplugged": gateway_unplugged,
    "gateway-replaced": gateway_replaced,
    "serial-server-restart": serial_server_restart,
    "line-loss": line_loss,
    "line-corruption": line_corruption,
    "line-delay": line_delay,
    "line-cut": line_cut,
    "line-echo": line_echo,
    "printer-paper-out": _without_paper("printer-paper-out"),
    "printer-jam": _without_paper("printer-jam"),
    "printer-cover-open": _without_paper("printer-cover-open"),
    "printer-offline": _without_paper("printer-offline"),
    "printer-silent": _without_paper("printer-silent"),
    "printer-slow": printer_slow,
    "printer-lying": printer_lying,
    "printer-babble": printer_babble,
    "display-lost": display_lost,
    "process-kill": process_kill,
    "disk-full": disk_full,
    "disk-slow": disk_slow,
    "disk-failed-sync": disk_failed_sync,
    "clock-jump": clock_jump,
    "wechat-busy": _told_later("wechat-busy"),
    "wechat-away": _told_later("wechat-away"),
    "wechat-lost-answer": wechat_lost_answer,
    "wechat-slow": wechat_slow,
    "wechat-page": _told_later("wechat-page"),
    "link-away": _copied_later("link-away"),
    "link-half-open": _copied_later("link-half-open"),
    "link-loss": _copied_later("link-loss", loss=1.0),
    "link-duplication": link_duplication,
    "link-delay": link_delay,
    "headquarters-restart": headquarters_restart,
}


def channel_of(hall: Any) -> Channel:
    site: Site = hall.site
    assert site.segments is not None
    [channel] = site.segments.channels.values()
    return channel


def test_every_kind_is_seen() -> None:
    assert set(SEEN) == set(FAULTS)


@pytest.mark.parametrize("kind", SEEN)
def test_fault_is_seen_and_the_healed_hall_works(hall: Any, kind: str) -> None:
    SEEN[kind](hall)
    assert hall.site.running or kind == "process-kill"
    hall.site.heal()
    assert active(hall.site) == []
    hall.site.run(30)
    hall.press(Key.FINISH)
    hall.works()


@pytest.mark.parametrize("kind", [name for name, kind in FAULTS.items() if kind.live])
def test_live_fault_on_perfect_air_begins_and_ends(build: Any, kind: str) -> None:
    hall = build(on_channel=False)
    fault = draw_fault(FAULTS[kind], hall.site, hall.site.random, 0.0)
    assert fault is not None
    start(hall.site, fault)
    hall.take()
    hall.press(for_s=20)
    hall.end(fault)
    hall.site.heal()
    hall.site.run(60)
    hall.press(Key.FINISH)
    hall.works()


def test_kinds_are_named_and_bounded() -> None:
    for name, kind in FAULTS.items():
        assert name == kind.name == name.lower()
        assert kind.does.endswith(".")
        assert 0 < kind.lasts_min_s <= kind.lasts_max_s
        for parameter in kind.parameters.values():
            assert parameter.least <= parameter.default <= parameter.most
            assert parameter.meaning


def test_process_starts_while_another_kill_holds_it_down(hall: Any) -> None:
    starts: list[HallParts] = []
    hall.site.on_start.append(starts.append)
    first, second = hall.begin("process-kill"), hall.begin("process-kill")
    hall.end(first)
    assert starts == []
    hall.end(second)
    assert len(starts) == 1


def test_fault_ends_by_itself_and_is_told(hall: Any) -> None:
    told: list[tuple[str, bool, float]] = []
    begins_s = hall.site.now_s() + 5
    fault = Fault(kind="printer-paper-out", where="k1", begins_s=begins_s, lasts_s=7.0)
    schedule(
        hall.site,
        [fault],
        lambda fault, on: told.append((fault.kind, on, round(hall.site.now_s() - begins_s, 6))),
    )
    hall.site.run(30)
    assert told == [("printer-paper-out", True, 0.0), ("printer-paper-out", False, 7.0)]
    hall.works()

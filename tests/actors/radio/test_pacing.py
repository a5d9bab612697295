"""What a gateway sends next: order, what supersedes what, broadcasts and their bounds."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.radio.downlink import (
    CROWDED_REPAIR_AFTER_S,
    FILL_AFTER_S,
    LAST_REPEAT_AFTER_S,
    LOSSY_REPAIR_AFTER_S,
    PATIENCE_S,
    PROOF_WITHIN_S,
    REPEAT_AFTER_S,
    REPEAT_WITHIN_S,
    Downlink,
    Rank,
)
from actors.radio.pacing import (
    REPAIR_PAUSE_S,
    RUSH_MIN,
    SEALED_ENTRIES_OCTETS_MAX,
    UNHEARD_MAX,
    WAITING_EACH_MAX,
    WAITING_MAX,
    Pacer,
    as_broadcast,
)
from protocol.ids import TerminalAddress
from protocol.messages import SendDownlink
from protocol.radio.payloads import (
    Announce,
    Banner,
    Invite,
    PressResult,
    Result,
    Show,
    WindowState,
    encode,
)

KEYPAD = TerminalAddress(2)


def show(version: int, text: str = "A001", state: WindowState = WindowState.CALLED) -> Show:
    return Show(version=version, state=state, text=text)


def result(sequence: int, text: str = "A001") -> PressResult:
    return PressResult(boot=0, sequence=sequence, result=Result.CALLED, text=text)


class Bench:
    def __init__(self, **options: Any) -> None:
        self.pacer = Pacer(**options)
        self.tokens = 0

    def add(self, to: int, payload: Any, now_s: float = 0.0) -> list[int]:
        """Add a downlink; return the tokens of those that are not sent any more."""
        self.tokens += 1
        octets = payload if isinstance(payload, bytes) else encode(payload)
        message = SendDownlink(to=TerminalAddress(to), payload=octets, token=self.tokens)
        return [one.token for one in self.pacer.add(message, now_s)]

    def next(self, *busy: int, **options: Any) -> list[int]:
        """Return to whom something goes next."""
        return [int(one.to) for one in self.take(*busy, **options)]

    def take(self, *busy: int, **options: Any) -> list[Downlink]:
        return self.pacer.next({TerminalAddress(address) for address in busy}, **options)

    def broadcast(self, now_s: float = 0.0) -> tuple[list[int], list[int]]:
        """Send what goes next to all; return who is told, and the tokens of those that ended with it."""
        together = self.take()
        assert len(together) > 1
        ended = self.pacer.sent_to_all(together, now_s)
        return [int(one.to) for one in together], [one.token for one in ended]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_call_goes_before_a_result_and_a_result_before_a_banner(bench: Bench) -> None:
    bench.add(30, Banner(version=9, brightness=50, text="欢迎"))
    bench.add(31, Invite(version=1, open_s=60, text="A001"))
    bench.add(32, show(1, "", WindowState.IDLE))
    bench.add(2, result(1, "a text too long for one broadcast"))
    bench.add(33, Announce(version=1, buzzer=1, voice=1, text="A001"))
    assert [bench.next() for _ in range(6)] == [[33], [2], [31], [32], [30], []]


def test_what_waits_long_goes_before_what_is_more_urgent(bench: Bench) -> None:
    bench.add(30, Banner(version=9, brightness=50))
    bench.add(31, Invite(version=1, open_s=60), now_s=PATIENCE_S[Rank.TEXT])
    assert bench.next() == [30]


def test_newer_state_of_a_window_takes_the_place_of_the_older(bench: Bench) -> None:
    assert bench.add(30, show(1)) == []
    bench.add(31, Invite(version=1, open_s=60))
    assert bench.add(30, show(2, "A002"), now_s=1.0) == [1]
    [only] = bench.take()
    assert only.shows == show(2, "A002")
    assert bench.next() == [31]
    assert bench.next() == []


def test_banner_and_state_of_one_window_do_not_replace_each_other(bench: Bench) -> None:
    assert bench.add(30, show(1)) + bench.add(30, Banner(version=2, brightness=9)) == []
    assert bench.next() == [30]
    assert bench.next(30) == []
    assert bench.next() == [30]


def test_nothing_goes_to_a_device_that_has_one_under_way(bench: Bench) -> None:
    bench.add(30, show(1))
    assert bench.next(30) == []
    assert bench.next(31) == [30]


def test_texts_wait_where_only_more_urgent_things_may_go(bench: Bench) -> None:
    bench.add(30, Banner(version=1, brightness=9))
    assert bench.next(rank_max=Rank.STATE) == []
    assert bench.next() == [30]


def test_several_devices_that_wait_are_told_by_one_broadcast(bench: Bench) -> None:
    for address in (30, 31):
        bench.add(address, show(address))
    assert not bench.pacer.in_rush
    bench.add(KEYPAD, result(7, "A002"))
    assert bench.pacer.in_rush
    together = bench.take()
    entries = as_broadcast(together).entries
    assert [(one.address, one.version, one.state, one.text) for one in entries] == [
        (30, 30, WindowState.CALLED, "A001"),
        (31, 31, WindowState.CALLED, "A001"),
        (2, 7, Result.CALLED, "A002"),
    ]
    assert bench.next() == []


def test_after_a_broadcast_windows_are_told_alone_and_results_are_not(bench: Bench) -> None:
    bench.add(30, show(1))
    bench.add(KEYPAD, result(7))
    bench.add(31, show(2))
    assert bench.broadcast() == ([30, 31, 2], [2])
    assert [bench.next() for _ in range(3)] == [[30], [31], []]


def test_call_goes_before_windows_that_were_told_by_broadcast(bench: Bench) -> None:
    for address in range(30, 30 + RUSH_MIN):
        bench.add(address, show(address))
    bench.broadcast()
    bench.add(40, show(9), now_s=FILL_AFTER_S / 2)
    assert bench.next(now_s=FILL_AFTER_S / 2) == [40]
    assert bench.next(now_s=FILL_AFTER_S / 2) == []


def test_second_broadcast_tells_windows_once_more_before_each_is_told_alone(bench: Bench) -> None:
    for address in (30, 31, 32):
        bench.add(address, show(address))
    assert bench.broadcast() == ([30, 31, 32], [])
    assert not bench.pacer.in_rush
    assert bench.next(now_s=REPEAT_AFTER_S - 0.01) == []
    again = bench.take(now_s=REPEAT_AFTER_S)
    assert [int(one.to) for one in again] == [30, 31, 32]
    assert bench.pacer.sent_to_all(again, REPEAT_AFTER_S) == []
    assert [bench.next() for _ in range(4)] == [[30], [31], [32], []]


def test_broadcast_with_room_left_tells_those_that_the_last_one_told(bench: Bench) -> None:
    for address in (30, 31, 32):
        bench.add(address, show(address))
    bench.broadcast()
    for address in (33, 34, 35):
        bench.add(address, show(address), now_s=0.1)
    now_s = FILL_AFTER_S
    assert bench.next(now_s=now_s) == [33, 34, 35, 30, 31]


def test_window_that_no_second_broadcast_tells_is_told_alone(bench: Bench) -> None:
    for address in (30, 31, 32):
        bench.add(address, show(address))
    bench.broadcast()
    assert bench.pacer.withdraw({TerminalAddress(30)})
    assert bench.next(now_s=REPEAT_WITHIN_S - 0.01) == []
    assert bench.next(now_s=REPEAT_WITHIN_S) == [30]


def test_sealed_broadcast_says_less_so_that_it_fits_one_packet_of_a_module() -> None:
    bench = Bench(octets_max=lambda _address: SEALED_ENTRIES_OCTETS_MAX)
    for address in range(30, 36):
        bench.add(address, show(address))
    together = bench.take()
    assert len(together) == 4
    assert len(encode(as_broadcast(together))) <= SEALED_ENTRIES_OCTETS_MAX


def test_where_much_is_lost_broadcasts_are_short_and_nobody_is_told_alone_for_long(
    bench: Bench,
) -> None:
    bench.pacer.lossy = True
    bench.add(30, show(1))
    assert bench.next() == [30]
    bench.add(30, show(2))
    bench.add(KEYPAD, result(7))
    assert bench.broadcast() == ([30, 2], [])
    bench.add(31, show(3))
    assert bench.next(now_s=0.1) == [31]
    again = bench.take(now_s=REPEAT_AFTER_S)
    assert [int(one.to) for one in again] == [30, 2]
    ended = bench.pacer.sent_to_all(again, REPEAT_AFTER_S)
    assert [one.to for one in ended] == [KEYPAD]
    alone_s = REPEAT_AFTER_S + LOSSY_REPAIR_AFTER_S
    assert bench.pacer.next_deadline(REPEAT_AFTER_S) == alone_s
    assert bench.next(now_s=alone_s - 0.01) == []
    assert bench.next(now_s=alone_s) == [30]


def crowded(bench: Bench, now_s: float = 0.0) -> float:
    """Tell windows by two broadcasts on a crowded channel; return when the second one went."""
    bench.pacer.crowded = True
    for address in range(30, 30 + RUSH_MIN):
        bench.add(address, show(address + int(now_s)), now_s)
    bench.pacer.sent_to_all(bench.take(now_s=now_s), now_s)
    bench.pacer.sent_to_all(bench.take(now_s=now_s + REPEAT_AFTER_S), now_s + REPEAT_AFTER_S)
    return now_s + REPEAT_AFTER_S


def test_where_it_is_crowded_a_third_broadcast_tells_windows_long_before_each_is_told_alone(
    bench: Bench,
) -> None:
    told_s = crowded(bench)
    again_s = told_s + LAST_REPEAT_AFTER_S
    assert bench.next(now_s=again_s - 0.01) == []
    third = bench.take(now_s=again_s)
    assert [int(one.to) for one in third] == [30, 31, 32]
    bench.pacer.sent_to_all(third, again_s)
    alone_s = again_s + CROWDED_REPAIR_AFTER_S
    assert bench.pacer.next_deadline(again_s) == alone_s
    assert bench.next(now_s=alone_s - 0.01) == []
    assert bench.next(now_s=alone_s) == [30]
    # They are told alone one after the other, with time for others in between.
    assert bench.next(now_s=alone_s + REPAIR_PAUSE_S - 0.01) == []
    assert bench.next(now_s=alone_s + REPAIR_PAUSE_S) == [31]
    bench.pacer.crowded = False
    assert bench.next(now_s=alone_s + REPAIR_PAUSE_S) == [32]


def test_window_that_has_something_newer_all_the_time_is_told_alone_now_and_then(
    bench: Bench,
) -> None:
    step_s = CROWDED_REPAIR_AFTER_S / 2
    now_s, told_s = 0.0, crowded(bench)
    while now_s + step_s <= PROOF_WITHIN_S - CROWDED_REPAIR_AFTER_S:
        now_s += step_s
        told_s = crowded(bench, now_s)
    again_s = told_s + LAST_REPEAT_AFTER_S
    bench.pacer.sent_to_all(bench.take(now_s=again_s), again_s)
    assert again_s + CROWDED_REPAIR_AFTER_S > PROOF_WITHIN_S
    assert bench.next(now_s=PROOF_WITHIN_S - 0.01) == []
    assert bench.next(now_s=PROOF_WITHIN_S) == [30]


def test_broadcast_leaves_room_in_its_packet_for_what_was_written_before(bench: Bench) -> None:
    acknowledgement = 11
    for address in range(30, 40):
        bench.add(address, show(address))
    assert len(bench.next(spare=acknowledgement)) == 4
    # Two entries would be too few.
    assert len(bench.next(spare=30)) == 5


def test_nobody_is_told_alone_what_broadcasts_said_while_others_are_under_way(
    bench: Bench,
) -> None:
    for address in range(30, 30 + RUSH_MIN):
        bench.add(address, show(address))
    bench.broadcast()
    assert bench.next(repair=False) == []
    bench.add(40, show(1))
    assert bench.next(repair=False) == [40]
    assert bench.next() == [30]


def test_result_is_not_broadcast_again_when_its_device_may_have_started_anew(bench: Bench) -> None:
    bench.pacer.lossy = True
    bench.add(KEYPAD, result(7))
    bench.add(30, show(1))
    bench.broadcast()
    bench.add(31, show(2), now_s=REPEAT_WITHIN_S)
    bench.add(32, show(3), now_s=REPEAT_WITHIN_S)
    bench.pacer.withdraw({KEYPAD, TerminalAddress(31)})
    bench.add(32, show(4), now_s=REPEAT_WITHIN_S)
    assert bench.next(now_s=REPEAT_WITHIN_S) == [31, 32]


def test_what_was_told_by_broadcast_is_due_again_by_itself(bench: Bench) -> None:
    assert bench.pacer.next_deadline(0.0) == inf
    for address in (30, 31, 32):
        bench.add(address, show(address))
    bench.broadcast(now_s=1.0)
    assert bench.pacer.next_deadline(1.0) == 1.0 + REPEAT_AFTER_S
    assert bench.pacer.next_deadline(1.0 + REPEAT_AFTER_S) == 1.0 + REPEAT_WITHIN_S


def test_call_is_urgent_and_what_was_told_already_is_not(bench: Bench) -> None:
    bench.add(2, result(1))
    assert not bench.pacer.is_urgent(())
    bench.add(30, show(1))
    assert bench.pacer.is_urgent(())
    assert not bench.pacer.is_urgent({TerminalAddress(30)})
    bench.add(31, show(2))
    bench.broadcast()
    assert not bench.pacer.is_urgent(())


def test_state_that_is_newer_than_a_broadcast_goes_instead(bench: Bench) -> None:
    for address in range(30, 30 + RUSH_MIN):
        bench.add(address, show(address))
    together = bench.take()
    bench.add(30, show(99, "A009"))
    ended = bench.pacer.sent_to_all(together, 0.0)
    assert [one.token for one in ended] == [1]
    [newer] = bench.take(31, 32)
    assert newer.shows == show(99, "A009")


def test_broadcast_holds_no_more_than_a_payload_and_the_rest_follows(bench: Bench) -> None:
    for address in range(30, 42):
        bench.add(address, show(address))
    told: list[int] = []
    for _ in range(2):
        addresses, _ended = bench.broadcast()
        assert len(addresses) == 5
        told += addresses
    assert told == list(range(30, 40))
    # Two that are left are told alone.
    assert [bench.next(now_s=0.0), bench.next(now_s=0.0)] == [[40], [41]]


def test_result_that_is_asked_for_again_is_sent_alone(bench: Bench) -> None:
    for sequence in range(UNHEARD_MAX + 1):
        bench.add(KEYPAD, result(sequence))
        bench.add(30, show(2 * sequence))
        bench.add(31, show(2 * sequence + 1))
        if sequence == UNHEARD_MAX:
            # Its firmware knows no broadcasts.
            assert bench.next() == [30]
            return
        assert bench.broadcast()[0] == [30, 31, 2]
        assert sorted(bench.next() + bench.next()) == [30, 31]
        bench.add(KEYPAD, result(sequence))
        assert bench.next() == [2]
    raise AssertionError


def test_device_that_says_hello_is_told_by_broadcast_again(bench: Bench) -> None:
    for sequence in range(UNHEARD_MAX):
        bench.pacer._results[KEYPAD] = encode(result(sequence))
        bench.add(KEYPAD, result(sequence))
        assert bench.next() == [2]
    bench.pacer.started(KEYPAD)
    for address, payload in ((KEYPAD, result(9)), (30, show(1)), (31, show(2))):
        bench.add(address, payload)
    assert bench.broadcast()[0] == [30, 31, 2]


def test_devices_that_hear_different_broadcasts_are_not_told_together() -> None:
    bench = Bench(channel=lambda address: address % 2)
    for address in (30, 31, 32, 33):
        bench.add(address, show(address))
    assert bench.next() == [30]
    bench.add(34, show(34))
    bench.add(36, show(36))
    assert bench.broadcast()[0] == [32, 34, 36]


def test_devices_behind_a_repeater_are_told_alone() -> None:
    bench = Bench(channel=lambda _address: None)
    for address in range(30, 35):
        bench.add(address, show(address))
    assert bench.next() == [30]


def test_one_that_no_broadcast_can_tell_has_its_turn_in_a_rush(bench: Bench) -> None:
    bench.add(50, show(1, "一二三四五六七八九"))
    for address in range(30, 40):
        bench.add(address, show(address))
    assert len(bench.broadcast()[0]) == 5
    assert bench.next() == [50]
    assert len(bench.broadcast()[0]) == 5


def test_downlinks_beyond_the_bounds_end_at_once(bench: Bench) -> None:
    for _ in range(WAITING_EACH_MAX):
        assert bench.add(30, b"unknown") == []
    assert bench.add(30, b"unknown") == [WAITING_EACH_MAX + 1]
    for number in range(WAITING_MAX - WAITING_EACH_MAX):
        assert bench.add(31 + number % 200, b"unknown") == []
    assert bench.add(250, b"unknown") == [bench.tokens]
    assert bench.add(250, show(1)) == [bench.tokens]


def test_what_is_for_others_than_those_served_is_taken_away(bench: Bench) -> None:
    for address in (30, 31):
        bench.add(address, show(address))
    gone = bench.pacer.withdraw({TerminalAddress(31)})
    assert [one.to for one in gone] == [30]
    assert bench.next() == [31]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["window", "keypad", "banner", "next"]),
            st.integers(30, 36),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_every_downlink_is_sent_or_ended_once_and_the_newest_is_sent(
    steps: list[tuple[str, int, bool]],
) -> None:
    bench = Bench()
    ended: list[int] = []
    newest: dict[tuple[str, int], int] = {}
    sent: dict[tuple[str, int], int] = {}

    def kind(one: Downlink) -> tuple[str, int]:
        return one.message.payload[:1].hex(), int(one.to)

    def send(together: list[Downlink]) -> None:
        if len(together) == 1:
            sent[kind(together[0])] = together[0].message.token
            ended.append(together[0].message.token)
            return
        sent.update({kind(one): one.message.token for one in together})
        ended.extend(one.token for one in bench.pacer.sent_to_all(together, 0.0))

    for what, address, _ in steps:
        match what:
            case "window":
                payload: Any = show(bench.tokens)
            case "keypad":
                payload = result(bench.tokens)
            case "banner":
                payload = Banner(version=bench.tokens, brightness=1)
            case _:
                send(bench.take())
                continue
        ended += bench.add(address, payload)
        newest[encode(payload)[:1].hex(), address] = bench.tokens
    while together := bench.take():
        send(together)
    assert sorted(ended) == list(range(1, bench.tokens + 1))
    assert sent == newest

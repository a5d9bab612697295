"""New, repeated and old presses."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.radio.payloads import BOOT_MAX, SEQUENCE_MAX, Key, KeyPress
from protocol.radio.presses import PressAge, PressOrder


def press(boot: int, sequence: int) -> KeyPress:
    return KeyPress(boot=boot, sequence=sequence, key=Key.NEXT)


def ages(*presses: tuple[int, int]) -> list[PressAge]:
    order = PressOrder()
    return [order.take(press(boot, sequence)) for boot, sequence in presses]


def test_first_press_is_new_whatever_it_is() -> None:
    assert ages((4000, 60000)) == [PressAge.NEW]


def test_following_presses_are_new_and_the_same_one_a_repeat() -> None:
    assert ages((1, 1), (1, 2), (1, 2), (1, 4), (1, 3)) == [
        PressAge.NEW,
        PressAge.NEW,
        PressAge.REPEATED,
        PressAge.NEW,
        PressAge.OLD,
    ]


def test_restarted_device_counts_anew_and_its_earlier_presses_are_old() -> None:
    assert ages((1, 900), (2, 1), (1, 901), (2, 1), (2, 2)) == [
        PressAge.NEW,
        PressAge.NEW,
        PressAge.OLD,
        PressAge.REPEATED,
        PressAge.NEW,
    ]


def test_numbers_go_round() -> None:
    assert ages((BOOT_MAX, SEQUENCE_MAX), (BOOT_MAX, 0), (0, 5), (BOOT_MAX, 1)) == [
        PressAge.NEW,
        PressAge.NEW,
        PressAge.NEW,
        PressAge.OLD,
    ]


def test_device_that_says_its_boot_is_believed_also_when_that_is_earlier() -> None:
    order = PressOrder()
    order.take(press(9, 100))
    order.booted(3)
    assert order.take(press(3, 1)) is PressAge.NEW
    order.booted(3)
    assert order.take(press(3, 1)) is PressAge.REPEATED


@given(st.integers(0, SEQUENCE_MAX), st.lists(st.integers(1, 100), max_size=30))
def test_sequence_that_goes_on_is_new_and_never_new_again(start: int, steps: list[int]) -> None:
    order = PressOrder()
    sequence = start
    order.take(press(1, sequence))
    for step in steps:
        earlier, sequence = sequence, (sequence + step) % (SEQUENCE_MAX + 1)
        assert order.take(press(1, sequence)) is PressAge.NEW
        assert order.take(press(1, earlier)) is PressAge.OLD

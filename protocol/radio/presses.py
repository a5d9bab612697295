"""Which presses of a device (keys, logins, ratings) are new, repeated, or old ones once more.

A press is named by the device's boot number and its sequence within that boot; both go round. A
number is later than another if it is less than half a round ahead (as in RFC 1982).
"""

from enum import Enum

from protocol.radio.payloads import BOOT_MAX, SEQUENCE_MAX, Press

__all__ = ["PressAge", "PressOrder"]


class PressAge(Enum):
    """What a press is beside the last one."""

    NEW = "new"
    REPEATED = "repeated"
    """The last press once more: its device has seen no result."""
    OLD = "old"
    """A press from before the last one: a replay, or a device whose memory was set back."""


class PressOrder:
    """The last press of one device. The first press that it meets is new, whatever it is."""

    def __init__(self) -> None:
        self.boot: int | None = None
        self.sequence: int | None = None

    def booted(self, boot: int) -> None:
        """Note that the device says it is in its boot ``boot``, which may also be an earlier one.

        That is how a device with another memory is put into the place of an older one.
        """
        if boot != self.boot:
            self.boot = boot
            self.sequence = None

    def take(self, press: Press) -> PressAge:
        """Return what ``press`` is; a new one is the last one from then on."""
        if press.boot != self.boot:
            if self.boot is not None and not _is_later(press.boot, self.boot, BOOT_MAX):
                return PressAge.OLD
            self.booted(press.boot)
        if press.sequence == self.sequence:
            return PressAge.REPEATED
        if self.sequence is not None and not _is_later(press.sequence, self.sequence, SEQUENCE_MAX):
            return PressAge.OLD
        self.sequence = press.sequence
        return PressAge.NEW


def _is_later(number: int, than: int, number_max: int) -> bool:
    rounds = number_max + 1
    return 0 < (number - than) % rounds < rounds // 2

"""What stands between a gateway's link and its terminals, and may change every payload on its way."""

from typing import Protocol

from protocol.radio.guard import GuardCounts

__all__ = ["OPEN_PASSAGE", "Passage"]


class Passage(Protocol):
    """Opens what terminals sent and closes what they are to get; `protocol.radio.guard.Guard` is one."""

    def open(self, source: int, octets: bytes) -> bytes:
        """Return the payload in what ``source`` sent.

        Raises:
            ProtocolError: it is not to be taken.
        """
        ...

    def seal(self, to: int, octets: bytes) -> bytes:
        """Return what to send to ``to`` instead of the payload ``octets``.

        Raises:
            PaihaoError: nothing may be sent there.
        """
        ...

    def seal_broadcast(self, octets: bytes) -> bytes:
        """Return what to send to everybody instead of the payload ``octets``; errors as `seal`."""
        ...

    def secures(self, address: int) -> bool:
        """Return whether what goes to and from ``address`` is changed: both kinds hear different broadcasts."""
        ...

    def hears_broadcasts(self, address: int) -> bool:
        """Return whether a broadcast is opened at ``address``, as far as is known."""
        ...

    def mark(self, address: int) -> str:
        """Return what names the device that ``address`` is proved to be, or "": see `UplinkReceived`."""
        ...

    def totals(self) -> GuardCounts:
        """Return what passed and what was refused."""
        ...


class _OpenPassage:
    """Lets everything pass as it is."""

    def open(self, _source: int, octets: bytes) -> bytes:
        return octets

    def seal(self, _to: int, octets: bytes) -> bytes:
        return octets

    def seal_broadcast(self, octets: bytes) -> bytes:
        return octets

    def secures(self, _address: int) -> bool:
        return False

    def hears_broadcasts(self, _address: int) -> bool:
        return True

    def mark(self, _address: int) -> str:
        return ""

    def totals(self) -> GuardCounts:
        return GuardCounts()


OPEN_PASSAGE: Passage = _OpenPassage()

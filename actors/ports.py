"""What actors need of the world around them, for each world to provide."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from actors.hall.state import HallState
from actors.radio.banners import BannerText
from protocol.event_rows import Row
from protocol.ids import CounterId, GatewayId, TicketId
from protocol.messages import Recipient, Recorded
from protocol.push_events import PushDue
from protocol.radio.posts import PostRecord
from protocol.uplink import EventBatch
from protocol.values import value


@value
class Committed:
    """From a journal: every event up to ``seq`` is durable."""

    seq: int


@value
class CommitFailed:
    """From a journal: the batch that began at ``first_seq`` was not written, nor anything after it."""

    first_seq: int
    reason: str


@value
class Recovery:
    """What a journal holds: the last snapshot, and the events after it."""

    snapshot: HallState | None
    events: Iterator[Recorded]


class Journal(Protocol):
    """A hall's durable events, numbered from 1 without gaps. At most one commit is under way."""

    def recover(self) -> Recovery:
        """Return what is durable; waits for a commit that is still under way.

        Raises:
            JournalDamaged: the content is not what was written; the message names the place.
        """
        ...

    def commit(self, batch: Sequence[Recorded], reply_to: Recipient) -> bool:
        """Make ``batch`` durable as a whole; return whether it is already, as it may be in memory.

        Otherwise ``reply_to`` is told `Committed` or `CommitFailed` later.
        """
        ...

    def snapshot(self, state: HallState) -> None:
        """Keep the durable ``state``, so that recovery starts there. Failure is logged, never fatal."""
        ...

    def read(self, after: int, limit: int) -> Sequence[Recorded]:
        """Return at most ``limit`` durable events with numbers above ``after``, in order."""
        ...

    def close(self) -> None:
        """Finish the commit under way and let the file go."""
        ...


class EventRows(Protocol):
    """What a journal can do besides, for those who take its events elsewhere."""

    def rows(self, after: int, limit: int) -> Sequence[Row]:
        """Return at most ``limit`` durable events with numbers above ``after``, in order, as they are kept.

        Raises:
            JournalDamaged: they are not what was written.
        """
        ...


class UplinkPort(Protocol):
    """The way to headquarters."""

    def send(self, batch: EventBatch, reply_to: Recipient) -> None:
        """Have ``batch`` taken to headquarters; returns at once, and ``reply_to`` is told `BatchAnswered`.

        The same events may come again where it is not known whether they arrived.
        """
        ...


class Link(Protocol):
    """A serial port or its like. Its owner is told `LinkUp`, `LinkDown` and `OctetsReceived`."""

    def write(self, octets: bytes) -> None:
        """Send ``octets``; they are lost if the link is down."""
        ...

    def close(self) -> None:
        """Let the port go for good."""
        ...


class LinkOpener(Protocol):
    """Opens links by their address."""

    def open_link(self, address: str, owner: Recipient) -> Link:
        """Open ``address`` (``serial:/dev/ttyUSB0?baud=9600``, ``tcp:host:port``) for ``owner``.

        Returns at once; the owner is told `LinkUp` when the port is there. A port that cannot be
        opened, or that vanishes, is tried again with growing back-off until the link is closed.
        """
        ...


class PushPort(Protocol):
    """Whoever tells phones something, such as WeChat's account of the hall."""

    def send(self, push: PushDue, reply_to: Recipient) -> None:
        """Have ``push`` sent; returns at once, and ``reply_to`` is told `PushAnswered`.

        The same push may come again where it is not known whether it was sent; its id tells that.
        """
        ...


class ScanCodePort(Protocol):
    """Whoever makes codes by which phones follow tickets."""

    def make(self, ticket: TicketId, reply_to: Recipient) -> None:
        """Have a code made; returns at once, and ``reply_to`` is told `ScanCodeMade`, perhaps never."""
        ...


class RadioMemory(Protocol):
    """What the radio of one hall must not forget: who is paired, counters that never go back, and banners."""

    def load(self, gateway: GatewayId) -> Sequence[PostRecord]:
        """Return what was saved last for each post of ``gateway``."""
        ...

    def save(self, gateway: GatewayId, records: Sequence[PostRecord]) -> None:
        """Have ``records``, at most one for each address, take the place of earlier ones: all or none.

        They are durable when this returns.

        Raises:
            StorageError: they are not.
        """
        ...

    def banners(self) -> Mapping[CounterId, BannerText]:
        """Return the banners that were set, by the counters of their windows."""
        ...

    def save_banner(self, counter: CounterId, banner: BannerText | None) -> None:
        """Have ``banner`` remembered for the windows of ``counter``, or none; durable when this returns.

        Raises:
            StorageError: it is not.
        """
        ...


@value
class RadioVault:
    """What the radio of one hall remembers; ``segment_key`` gives each gateway's 16 octets."""

    memory: RadioMemory
    segment_key: Callable[[GatewayId], bytes]

"""What a gateway sends next, out of what waits: one at a time, and no more than the channel needs.

The link is given a datagram when it may send it at once, so what waits here can still be changed:

- What is newer takes the place of what it makes worthless (`_slot`): an older state of the same window, the
  result of an older press.
- Who is looked at goes first (`Rank`); a rank is worth `RANK_S` of waiting, so nothing waits for ever.
- One datagram to each terminal is under way: a seal's counter may not be overtaken.
- Where several windows wait, one broadcast has the newest state of all of them. A window that does not
  confirm it within `REPAIR_AFTER_S` is sent its state alone.

    waiting --next--> given to the link --ended-->
       |  ^
       |  +--not confirmed--+
       +--broadcast--> awaiting confirmation --confirmed-->
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from enum import IntEnum
from math import inf

import attrs

from protocol.errors import ProtocolError
from protocol.ids import TerminalAddress
from protocol.messages import SendDownlink
from protocol.radio.outbox import Urgency
from protocol.radio.payloads import (
    Announce,
    Banner,
    Invite,
    PairOffer,
    PressResult,
    Show,
    ShowEntry,
    ShowMany,
    WindowState,
    decode_downlink,
    fits_entry,
    share_out,
)

__all__ = ["Downlink", "Pacer", "Rank"]

WAITING_MAX = 512
"""Downlinks that wait; one more is refused."""

WAITING_EACH_MAX = 16
"""The same for each terminal, of those that no newer one takes the place of."""

RUSH_WINDOWS_MIN = 3
"""So many windows wait before they are told by broadcast: two are told as fast one by one."""

REPAIR_AFTER_S = 0.8
"""A window has so long to confirm a broadcast. Those that heard it confirm one after another, in about 60 ms
each on a free channel."""

UNHEARD_MAX = 3
"""Broadcasts in a row that a window did not confirm: its firmware knows none, and it is told alone then."""

RANK_S = 10.0
"""Seconds of waiting that one rank outweighs."""


class Rank(IntEnum):
    """How many people look for it right now, the most first."""

    CALL = 0
    """The hall looks at the window: a number is called."""
    RESULT = 1
    """A member of staff looks at the keypad."""
    STATE = 2
    """What a window shows meanwhile, and what a customer is asked."""
    TEXT = 3
    """What nobody waits for."""


_URGENCIES = {
    Rank.CALL: Urgency.HIGH,
    Rank.RESULT: Urgency.HIGH,
    Rank.STATE: Urgency.NORMAL,
    Rank.TEXT: Urgency.LOW,
}

_CALLS = (WindowState.CALLED, WindowState.RECALL)


@attrs.define(eq=False)
class Downlink:
    """Something that is to be sent to one terminal."""

    message: SendDownlink
    added_s: float
    since_s: float
    """Since when it waits, what it took the place of included."""
    rank: Rank
    slot: object
    """What makes it worthless has the same."""
    show: Show | None = None
    """What it has a window show, if a broadcast can say that."""
    repair: bool = False
    """A broadcast of it was not confirmed."""

    @property
    def to(self) -> TerminalAddress:
        """The terminal."""
        return self.message.to

    @property
    def urgency(self) -> Urgency:
        """What the link is told."""
        return _URGENCIES[self.rank]

    @property
    def idempotent(self) -> bool:
        """Whether the terminal may take it twice: everything of ours carries a version or a sequence."""
        return True

    @property
    def due_s(self) -> float:
        """The smallest goes first."""
        return self.since_s + self.rank * RANK_S


class Pacer:
    """See the module. What ends without being sent is returned to whoever must say so.

    ``channel`` names the segment whose broadcasts a terminal takes: only windows of one are told together.
    """

    def __init__(
        self, channel: Callable[[TerminalAddress], object] = lambda _address: None
    ) -> None:
        self._channel = channel
        self._waiting: dict[object, Downlink] = {}
        self._unconfirmed: dict[object, tuple[float, Downlink]] = {}
        """What was broadcast, and until when its confirmation is waited for."""
        self._unheard: dict[TerminalAddress, int] = {}
        """Broadcasts in a row that each window did not confirm."""
        self.superseded = 0
        self.broadcasts = 0
        self.broadcast_entries = 0
        self.repairs = 0

    def __len__(self) -> int:
        return len(self._waiting)

    # -- what comes and goes ----------------------------------------------------------------

    def add(self, message: SendDownlink, now_s: float) -> list[SendDownlink]:
        """Take in ``message``; return those that will not be sent: what it supersedes, or itself."""
        downlink = _read(message, now_s)
        replaced = self._waiting.pop(downlink.slot, None)
        broadcast = self._unconfirmed.pop(downlink.slot, None)
        superseded = [one for one in (replaced, broadcast and broadcast[1]) if one is not None]
        self.superseded += len(superseded)
        if replaced is None and self._full(message.to):
            return [message, *(one.message for one in superseded)]
        if replaced is not None and replaced.rank <= downlink.rank:
            # It has waited on behalf of what takes its place.
            downlink.since_s = min(replaced.since_s, downlink.since_s)
        self._waiting[downlink.slot] = downlink
        return [one.message for one in superseded]

    def withdraw(self, served: Collection[TerminalAddress]) -> list[SendDownlink]:
        """Take away what is to anybody but ``served``, and return it."""
        gone = [one for one in self._everything() if one.to not in served]
        for downlink in gone:
            self._waiting.pop(downlink.slot, None)
            self._unconfirmed.pop(downlink.slot, None)
        return [downlink.message for downlink in gone]

    def confirmed(self, address: TerminalAddress, version: int) -> SendDownlink | None:
        """The window shows ``version``: return the downlink that a broadcast of it did, if one did."""
        for slot, (_, downlink) in self._unconfirmed.items():
            if downlink.to == address and downlink.show and downlink.show.version == version:
                del self._unconfirmed[slot]
                self._unheard.pop(address, None)
                return downlink.message
        return None

    def awaits(self, address: TerminalAddress) -> bool:
        """Return whether a confirmation of a broadcast is waited for from ``address``."""
        return any(downlink.to == address for _, downlink in self._unconfirmed.values())

    def put_back(self, downlink: Downlink) -> None:
        """Have what `next` gave wait again, unless it became worthless in the meantime."""
        self._waiting.setdefault(downlink.slot, downlink)

    # -- what is next -----------------------------------------------------------------------

    def next(
        self, now_s: float, busy: Collection[TerminalAddress], rank_max: Rank = Rank.TEXT
    ) -> list[Downlink]:
        """Return what goes now: one downlink, several as one broadcast (`as_broadcast`), or none.

        Nothing goes to a terminal of ``busy``, and nothing of a rank beyond ``rank_max``.
        """
        self._repair(now_s)
        first = min(
            (one for one in self._free(busy) if one.rank <= rank_max),
            key=lambda one: one.due_s,
            default=None,
        )
        if first is None:
            return []
        together = self._together(first, busy)
        for downlink in together:
            del self._waiting[downlink.slot]
        if len(together) > 1:
            self.broadcasts += 1
            self.broadcast_entries += len(together)
        return together

    def sent_to_all(self, downlinks: Iterable[Downlink], now_s: float) -> list[SendDownlink]:
        """A broadcast of ``downlinks`` went out; return those that became worthless before it did."""
        late = []
        for downlink in downlinks:
            if downlink.slot in self._waiting:
                late.append(downlink.message)
            else:
                self._unconfirmed[downlink.slot] = (now_s + REPAIR_AFTER_S, downlink)
        return late

    def next_repair_s(self) -> float:
        """Return when the first broadcast that was not confirmed is to be repaired; inf if none is."""
        return min((due_s for due_s, _ in self._unconfirmed.values()), default=inf)

    def _together(self, first: Downlink, busy: Collection[TerminalAddress]) -> list[Downlink]:
        """Return ``first``, with all that one broadcast can say beside it if enough windows wait."""
        if not self._hears_broadcasts(first):
            return [first]
        channel = self._channel(first.to)
        windows = [
            one
            for one in self._free(busy)
            if self._hears_broadcasts(one) and self._channel(one.to) == channel
        ]
        if len(windows) < RUSH_WINDOWS_MIN:
            return [first]
        windows.sort(key=lambda one: one.due_s)
        return windows[: len(as_broadcast(windows).entries)]

    def _hears_broadcasts(self, one: Downlink) -> bool:
        heard = self._unheard.get(one.to, 0) < UNHEARD_MAX
        return one.show is not None and not one.repair and heard

    def _repair(self, now_s: float) -> None:
        """Have windows that did not confirm a broadcast sent their state alone."""
        late = [one for due_s, one in self._unconfirmed.values() if due_s <= now_s]
        for downlink in late:
            del self._unconfirmed[downlink.slot]
            downlink.repair = True
            self._unheard[downlink.to] = self._unheard.get(downlink.to, 0) + 1
            self.repairs += 1
            self.put_back(downlink)

    def _free(self, busy: Collection[TerminalAddress]) -> Iterator[Downlink]:
        return (one for one in self._waiting.values() if one.to not in busy)

    def _everything(self) -> list[Downlink]:
        return [*self._waiting.values(), *(one for _, one in self._unconfirmed.values())]

    def _full(self, to: TerminalAddress) -> bool:
        if len(self._waiting) >= WAITING_MAX:
            return True
        return sum(one.to == to for one in self._waiting.values()) >= WAITING_EACH_MAX


def as_broadcast(downlinks: Iterable[Downlink]) -> ShowMany:
    """Return the first broadcast of ``downlinks``, with as many of them as fit, in their order."""
    entries = [
        ShowEntry(
            address=one.to, version=one.show.version, state=one.show.state, text=one.show.text
        )
        for one in downlinks
        if one.show is not None
    ]
    return share_out(entries)[0]


def _read(message: SendDownlink, now_s: float) -> Downlink:
    """Return what ``message`` is to the channel; of what cannot be read nothing is known."""
    try:
        payload = decode_downlink(message.payload)
    except ProtocolError:
        payload = None
    show: Show | None = None
    slot: object = (message.to, type(payload))
    match payload:
        case Show(state=state):
            rank = Rank.CALL if state in _CALLS else Rank.STATE
            show = payload if fits_entry(payload) else None
        case Announce():
            rank = Rank.CALL
        case PressResult():
            rank = Rank.RESULT
        case PairOffer() | Invite():
            rank = Rank.STATE
        case Banner():
            rank = Rank.TEXT
        case _:
            rank, slot = Rank.STATE, object()
    return Downlink(message=message, added_s=now_s, since_s=now_s, rank=rank, slot=slot, show=show)

"""What a gateway sends next, out of what waits: one at a time, and no more than the channel needs.

The link is given a datagram when it may send it at once, so what waits here can still be changed:

- What is newer takes the place of what it makes worthless (`_read`): an older state of the same window, the
  result of an older press.
- Who is looked at goes first (`Rank`), but nothing waits for ever (`PATIENCE_S`).
- One datagram to each terminal is under way: a seal's counter may not be overtaken.
- Where several devices wait (`RUSH_MIN`), one broadcast has the newest for all of them. Nobody answers it. So a
  second one tells each window once more: a few octets repair what was lost. Then each is sent its state alone,
  when nothing more urgent waits: that tells of windows that are off. Who misses the result of a press asks
  again, and is told alone then.

    waiting --next--> given to the link --ended-->
       |  ^
       |  +--windows, to be told again--+
       +--------> broadcast ------------+
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from enum import IntEnum
from math import inf
from types import MappingProxyType

import attrs

from protocol.errors import ProtocolError
from protocol.ids import TerminalAddress
from protocol.messages import SendDownlink
from protocol.radio.outbox import Urgency
from protocol.radio.payloads import (
    Announce,
    Banner,
    BroadcastKey,
    Invite,
    PairOffer,
    PressResult,
    Show,
    ShowMany,
    WindowState,
    as_entry,
    decode_downlink,
    fits_entry,
    share_out,
)

__all__ = ["Downlink", "Pacer", "Rank"]

WAITING_MAX = 512
"""Downlinks that wait; one more is refused."""

WAITING_EACH_MAX = 16
"""The same for each terminal, of those that no newer one takes the place of."""

RUSH_MIN = 3
"""So many devices wait before they are told by broadcast."""

UNHEARD_MAX = 3
"""Results in a row that were broadcast to a device, and that it asked for again: its firmware knows no
broadcasts, and it is told alone until it says hello."""

TELLS_MAX = 2
"""Broadcasts that tell a window of one state, before it is told alone."""

FILL_AFTER_S = 0.2
REPEAT_AFTER_S = 0.4
"""So long after the first broadcast a window may be told by a second one, and is one of those who wait for it.
What terminals have to say is said in between: it would collide with both."""

REPEAT_WITHIN_S = 0.9
"""After so long a window waits for no second broadcast, and is told alone."""

REPAIR_AFTER_S = 5.0
"""After so long a window that was told by two broadcasts waits like others do."""

LOSSY_RUSH_MIN = 2
LOSSY_OCTETS_MAX = 18
LOSSY_REPAIR_AFTER_S = 20.0
"""Where much is lost, since nobody minds who is on the air: so many devices are told by broadcast, in so many
octets of payload (two short entries), and only after so long is one told alone. Its acknowledgement, and the
wait for it, cost what the channel does not have."""

ENTRIES_OCTETS_MAX = 46
SEALED_ENTRIES_OCTETS_MAX = 39
"""Of a broadcast's payload, so that its frame fits one packet of an E32 module (58 octets); the rest of a
longer one collides with whoever waited for the first packet's end."""


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


PATIENCE_S = MappingProxyType({Rank.CALL: 0.0, Rank.RESULT: 0.5, Rank.STATE: 5.0, Rank.TEXT: 30.0})
"""So long something may wait while something more urgent goes; a keypad asks for a result again after 3 s."""

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
    says: Show | PressResult | None = None
    """What it says, if a broadcast could say that as well."""
    told: int = 0
    """So many broadcasts have said it already."""
    alone: bool = False
    """No broadcast is to say it."""
    trusted: bool = False
    """The radio's acknowledgement is enough."""

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
    def shows(self) -> Show | None:
        """What it has a window show."""
        return self.says if isinstance(self.says, Show) else None

    @property
    def due_s(self) -> float:
        """The smallest goes first."""
        match self.told:
            case 0:
                return self.since_s + PATIENCE_S[self.rank]
            case told if told < TELLS_MAX:
                return self.since_s + REPEAT_AFTER_S
            case _:
                return self.since_s + REPAIR_AFTER_S

    def may_be_told(self, now_s: float) -> bool:
        """Whether a broadcast may say it at ``now_s``, for the first time or once more.

        The result of a press only soon: a broadcast does not say which boot of the device it is for.
        """
        if not self.told:
            return True
        within_s = inf if self.shows is not None else REPEAT_WITHIN_S
        return self.told < TELLS_MAX and now_s - self.since_s < within_s

    def alone_from_s(self, lossy: bool) -> float:
        """From when on it may be sent alone."""
        if not self.told:
            return -inf
        if lossy:
            return self.since_s + LOSSY_REPAIR_AFTER_S
        return self.since_s + REPEAT_WITHIN_S if self.told < TELLS_MAX else -inf


class Pacer:
    """See the module. What ends without being sent is returned to whoever must say so.

    ``channel`` names the segment whose broadcasts a terminal takes, None where it takes none: only those of one
    are told together. ``octets_max`` is how much a broadcast that a terminal takes may say.
    """

    def __init__(
        self,
        channel: Callable[[TerminalAddress], object] = lambda _address: "",
        octets_max: Callable[[TerminalAddress], int] = lambda _address: ENTRIES_OCTETS_MAX,
    ) -> None:
        self._channel = channel
        self._octets_max = octets_max
        self._waiting: dict[object, Downlink] = {}
        self._results: dict[TerminalAddress, bytes] = {}
        """The last result that each device was told by broadcast."""
        self._unheard: dict[TerminalAddress, int] = {}
        """Results in a row that each device asked for again."""
        self._alone_next = False
        self.lossy = False
        """Whether much is lost, since nobody minds who is on the air; see `LOSSY_REPAIR_AFTER_S`."""
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
        if isinstance(downlink.says, PressResult):
            self._note_result(downlink)
        replaced = self._waiting.pop(downlink.slot, None)
        if replaced is None:
            if self._full(message.to):
                return [message]
            self._waiting[downlink.slot] = downlink
            return []
        self.superseded += 1
        if replaced.rank <= downlink.rank and not replaced.told:
            # It has waited on behalf of what takes its place.
            downlink.since_s = min(replaced.since_s, downlink.since_s)
        self._waiting[downlink.slot] = downlink
        return [replaced.message]

    def withdraw(self, served: Collection[TerminalAddress]) -> list[SendDownlink]:
        """Take away what is to anybody but ``served``, and return it."""
        gone = [one for one in self._waiting.values() if one.to not in served]
        for downlink in gone:
            del self._waiting[downlink.slot]
        return [downlink.message for downlink in gone]

    def started(self, address: TerminalAddress) -> None:
        """The device said hello: it may be another one, which knows broadcasts."""
        self._unheard.pop(address, None)

    def put_back(self, downlink: Downlink) -> list[SendDownlink]:
        """Have what `next` gave wait again; return it if it became worthless in the meantime."""
        if downlink.slot in self._waiting:
            self.superseded += 1
            return [downlink.message]
        self._waiting[downlink.slot] = downlink
        return []

    # -- what is next -----------------------------------------------------------------------

    @property
    def _rush_min(self) -> int:
        return LOSSY_RUSH_MIN if self.lossy else RUSH_MIN

    @property
    def in_rush(self) -> bool:
        """Whether so many wait, and know nothing yet, that they are told by broadcast."""
        new = (one for one in self._waiting.values() if not one.told)
        return sum(map(self.hears_broadcasts, new)) >= self._rush_min

    def is_urgent(self, busy: Collection[TerminalAddress]) -> bool:
        """Return whether something waits that the hall looks for now, and not to one of ``busy``."""
        if self.in_rush:
            return True
        waiting = self._waiting.values()
        return any(one.rank is Rank.CALL and not one.told and one.to not in busy for one in waiting)

    def next(
        self,
        busy: Collection[TerminalAddress],
        rank_max: Rank = Rank.TEXT,
        now_s: float = inf,
    ) -> list[Downlink]:
        """Return what goes at ``now_s``: one downlink, several as one broadcast, or none.

        Nothing goes to a terminal of ``busy``, and nothing of a rank beyond ``rank_max``.
        """
        free = sorted(
            (one for one in self._waiting.values() if one.to not in busy and one.rank <= rank_max),
            key=lambda one: one.due_s,
        )
        together = self._together(free, now_s)
        self._alone_next = len(together) > 1
        for downlink in together:
            del self._waiting[downlink.slot]
        if len(together) > 1:
            self.broadcasts += 1
            self.broadcast_entries += len(together)
        return together

    def sent_to_all(self, downlinks: Iterable[Downlink], now_s: float) -> list[SendDownlink]:
        """A broadcast of ``downlinks`` went out; return those that are not sent any more.

        These are the results of presses, unless much is lost, and what became worthless before it was out.
        """
        ended = []
        for downlink in downlinks:
            downlink.told += 1
            downlink.since_s = now_s
            if downlink.shows is None:
                self._results[downlink.to] = downlink.message.payload
            if downlink.shows is None and (downlink.told == TELLS_MAX or not self.lossy):
                ended.append(downlink.message)
            else:
                ended += self.put_back(downlink)
        return ended

    def next_deadline(self, now_s: float) -> float:
        """Return when something that was told by broadcast may be told again next, or inf."""
        told = [one for one in self._waiting.values() if one.told]
        times_s = [one.since_s + REPEAT_AFTER_S for one in told if one.told < TELLS_MAX]
        times_s += [one.alone_from_s(self.lossy) for one in told]
        return min((at_s for at_s in times_s if at_s > now_s), default=inf)

    def _together(self, free: list[Downlink], now_s: float) -> list[Downlink]:
        """Return the first, or all that one broadcast can say if enough devices wait for one.

        After each broadcast one that cannot be in it has its turn.
        """
        by_channel: dict[object, list[Downlink]] = {}
        for one in free:
            due = not one.told or (one.due_s <= now_s and one.may_be_told(now_s))
            if due and self.hears_broadcasts(one):
                by_channel.setdefault(self._channel(one.to), []).append(one)
        together = max(by_channel.values(), key=len, default=[])
        alone = [one for one in free if one.alone_from_s(self.lossy) <= now_s][:1]
        if len(together) < self._rush_min:
            return alone
        in_between = self._alone_next and alone and alone[0] not in together
        if in_between and alone[0].due_s <= together[0].due_s:
            return alone
        together += self._fillers(free, together, now_s)
        octets_max = self._octets_max(together[0].to)
        if self.lossy:
            octets_max = min(octets_max, LOSSY_OCTETS_MAX)
        return together[: _fitting(together, octets_max)]

    def _fillers(
        self, free: list[Downlink], together: list[Downlink], now_s: float
    ) -> list[Downlink]:
        """Return who may be told once more where a broadcast goes anyway and has room."""
        channel = self._channel(together[0].to)
        return [
            one
            for one in free
            if one.told
            and one not in together
            and one.since_s + FILL_AFTER_S <= now_s
            and one.may_be_told(now_s)
            and self.hears_broadcasts(one)
            and self._channel(one.to) == channel
        ]

    def _note_result(self, downlink: Downlink) -> None:
        """Have the result of a press that was broadcast, and is asked for again, sent alone."""
        before = self._results.pop(downlink.to, None)
        if before is None:
            return
        if before == downlink.message.payload:
            downlink.alone = True
            self.repairs += 1
            self._unheard[downlink.to] = self._unheard.get(downlink.to, 0) + 1
        else:
            self._unheard.pop(downlink.to, None)

    def hears_broadcasts(self, one: Downlink) -> bool:
        """Return whether a broadcast is to say what ``one`` does, for the first time or once more."""
        if one.says is None or one.alone or one.told >= TELLS_MAX or not fits_entry(one.says):
            return False
        if self._unheard.get(one.to, 0) >= UNHEARD_MAX:
            return False
        return self._channel(one.to) is not None

    def _full(self, to: TerminalAddress) -> bool:
        if len(self._waiting) >= WAITING_MAX:
            return True
        return sum(one.to == to for one in self._waiting.values()) >= WAITING_EACH_MAX


def as_broadcast(downlinks: Iterable[Downlink]) -> ShowMany:
    """Return what one broadcast says of ``downlinks``, as `Pacer.next` returned them."""
    entries = (as_entry(one.to, one.says) for one in downlinks if one.says is not None)
    return ShowMany(entries=tuple(entries))


def _fitting(downlinks: Iterable[Downlink], octets_max: int) -> int:
    """Return how many of ``downlinks`` one broadcast of so many octets says, in their order."""
    entries = (as_entry(one.to, one.says) for one in downlinks if one.says is not None)
    return len(share_out(entries, octets_max)[0].entries)


def _read(message: SendDownlink, now_s: float) -> Downlink:
    """Return what ``message`` is to the channel; of what cannot be read nothing is known."""
    try:
        payload = decode_downlink(message.payload)
    except ProtocolError:
        payload = None
    says: Show | PressResult | None = None
    slot: object = (message.to, type(payload))
    match payload:
        case Show(state=state):
            rank = Rank.CALL if state in _CALLS else Rank.STATE
            says = payload
        case Announce():
            rank = Rank.CALL
        case PressResult():
            rank = Rank.RESULT
            says = payload
        case PairOffer() | Invite():
            rank = Rank.STATE
        case Banner() | BroadcastKey():
            rank = Rank.TEXT
        case _:
            rank, slot = Rank.STATE, object()
    return Downlink(message=message, added_s=now_s, since_s=now_s, rank=rank, slot=slot, says=says)

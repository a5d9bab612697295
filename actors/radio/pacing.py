"""What a gateway sends next, out of what waits: one at a time, and no more than the channel needs.

The link is given a datagram when it may send it at once, so what waits here can still be changed:

- What is newer takes the place of what it makes worthless (`read`): an older state of the same window, the
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
from math import inf

from actors.radio.downlink import (
    CROWDED_TELLS_MAX,
    FILL_AFTER_S,
    TELLS_MAX,
    Downlink,
    Rank,
    read,
)
from protocol.ids import TerminalAddress
from protocol.messages import SendDownlink
from protocol.radio.payloads import PressResult, ShowMany, as_entry, fits_entry, share_out

__all__ = ["Pacer", "as_broadcast"]

WAITING_MAX = 512
"""Downlinks that wait; one more is refused."""

WAITING_EACH_MAX = 16
"""The same for each terminal, of those that no newer one takes the place of."""

RUSH_MIN = 3
"""So many devices wait before they are told by broadcast."""

UNHEARD_MAX = 3
"""Results in a row that were broadcast to a device, and that it asked for again: its firmware knows no
broadcasts, and it is told alone until it says hello."""

LOSSY_RUSH_MIN = 2
"""The same where much is lost, since nobody minds who is on the air."""

LOSSY_OCTETS_MAX = 18
"""There, a broadcast has so many octets of payload: two short entries."""

REPAIR_PAUSE_S = 0.5
REPAIR_ROUND_S = 32.0
"""Where the channel is crowded, windows that broadcasts have told are told alone so long after each other, and
where there are many of them sooner, so that each has its turn within a round."""

ENTRIES_OCTETS_MAX = 46
SEALED_ENTRIES_OCTETS_MAX = 39
"""Of a broadcast's payload, so that its frame fits one packet of an E32 module (58 octets); the rest of a
longer one collides with whoever waited for the first packet's end."""


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
        self._repaired_s = -inf
        """When a window was told alone last that broadcasts had told."""
        self.lossy = False
        """Whether much is lost, since nobody minds who is on the air."""
        self.crowded = False
        """Whether the channel is busy for much of the time; see `CROWDED_REPAIR_AFTER_S`."""
        self.superseded = 0
        self.broadcasts = 0
        self.broadcast_entries = 0
        self.repairs = 0

    def __len__(self) -> int:
        return len(self._waiting)

    # -- what comes and goes ----------------------------------------------------------------

    def add(self, message: SendDownlink, now_s: float) -> list[SendDownlink]:
        """Take in ``message``; return those that will not be sent: what it supersedes, or itself."""
        downlink = read(message, now_s)
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
        downlink.unproved_s = replaced.unproved_s
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
    def _tells_max(self) -> int:
        return CROWDED_TELLS_MAX if self.crowded and not self.lossy else TELLS_MAX

    @property
    def _repair_from_s(self) -> float:
        """From when on a window may be told alone that broadcasts have told."""
        if self.lossy or not self.crowded:
            return -inf
        each_s = REPAIR_ROUND_S / max(len(self.told_waiting), 1)
        return self._repaired_s + min(REPAIR_PAUSE_S, each_s)

    @property
    def _rush_min(self) -> int:
        return LOSSY_RUSH_MIN if self.lossy else RUSH_MIN

    @property
    def in_rush(self) -> bool:
        """Whether so many wait, and know nothing yet, that they are told by broadcast."""
        if len(self._waiting) < self._rush_min:
            return False
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
        *,
        repair: bool = True,
        spare: int = 0,
    ) -> list[Downlink]:
        """Return what goes at ``now_s``: one downlink, several as one broadcast, or none.

        Nothing goes to a terminal of ``busy``, and nothing of a rank beyond ``rank_max``. Without ``repair``
        nobody is told alone what a broadcast has told already. A broadcast leaves ``spare`` octets of its
        module's packet to what was written before it, unless it says too little then.
        """
        if not self._waiting:
            self._alone_next = False
            return []
        free = sorted(
            (one for one in self._waiting.values() if one.to not in busy and one.rank <= rank_max),
            key=lambda one: one.due_s,
        )
        together = self._together(free, now_s, repair, spare)
        self._alone_next = len(together) > 1
        for downlink in together:
            del self._waiting[downlink.slot]
        if len(together) == 1 and together[0].told:
            self._repaired_s = now_s
        if len(together) > 1:
            self.broadcasts += 1
            self.broadcast_entries += len(together)
        return together

    @property
    def told_waiting(self) -> list[SendDownlink]:
        """Those that wait which broadcasts have told."""
        return [one.message for one in self._waiting.values() if one.told]

    def told(self, downlinks: Iterable[Downlink]) -> list[SendDownlink]:
        """Return those of ``downlinks``, which a broadcast has said, that wait on for their own turn."""
        return [one.message for one in downlinks if self._waiting.get(one.slot) is one]

    def sent_to_all(self, downlinks: Iterable[Downlink], now_s: float) -> list[SendDownlink]:
        """A broadcast of ``downlinks`` went out; return those that are not sent any more.

        These are the results of presses, unless much is lost, and what became worthless before it was out.
        """
        ended = []
        for downlink in downlinks:
            downlink.told += 1
            downlink.since_s = now_s
            downlink.unproved_s = min(downlink.unproved_s, now_s)
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
        times_s = [one.told_again_from_s(self._tells_max) for one in told]
        times_s += [
            max(one.alone_from_s(self.crowded, self.lossy), self._repair_from_s) for one in told
        ]
        return min((at_s for at_s in times_s if at_s > now_s), default=inf)

    def _together(
        self, free: list[Downlink], now_s: float, repair: bool, spare: int
    ) -> list[Downlink]:
        """Return the first, or all that one broadcast can say if enough devices wait for one.

        After each broadcast one that cannot be in it has its turn.
        """
        by_channel: dict[object, list[Downlink]] = {}
        for one in free:
            again = one.told_again_from_s(self._tells_max) <= now_s
            due = not one.told or (again and one.may_be_told(now_s, self._tells_max))
            if due and self.hears_broadcasts(one):
                by_channel.setdefault(self._channel(one.to), []).append(one)
        together = max(by_channel.values(), key=len, default=[])
        repair = repair and now_s >= self._repair_from_s
        may_go = (one for one in free if repair or not one.told)
        crowded, lossy = self.crowded, self.lossy
        alone = [one for one in may_go if one.alone_from_s(crowded, lossy) <= now_s][:1]
        if len(together) < self._rush_min:
            return alone
        in_between = self._alone_next and alone and alone[0] not in together
        if in_between and alone[0].due_s <= together[0].due_s:
            return alone
        together += self._fillers(free, together, now_s)
        octets_max = self._octets_max(together[0].to)
        if self.lossy:
            octets_max = min(octets_max, LOSSY_OCTETS_MAX)
        fitting = _fitting(together, octets_max - spare) if spare < octets_max else 0
        if fitting < self._rush_min:
            fitting = _fitting(together, octets_max)
        return together[:fitting]

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
            and one.may_be_told(now_s, self._tells_max)
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
        if one.says is None or one.alone or one.told >= self._tells_max:
            return False
        if not fits_entry(one.says):
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

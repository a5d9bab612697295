"""What is remembered of callbacks for a while: signatures that were used, and messages that came.

It ends with the process. Who repeats a request within the window after a restart is let in again: what follows
from a callback carries its id, so that whoever keeps a journal knows it.
"""

from collections import deque

from protocol.errors import WeChatRefused

__all__ = ["IDS_MAX", "IDS_REMEMBERED_S", "SIGNATURES_MAX", "WINDOW_S", "Ids", "Signatures"]

WINDOW_S = 300
"""How far a timestamp may be from now, either way."""

SIGNATURES_MAX = 400_000
"""Over 600 callbacks a second for as long as the window is wide both ways; 42 MB."""

IDS_REMEMBERED_S = 3.0 * WINDOW_S
"""WeChat's third and last attempt begins 10 s after the first; see `protocol.wechat.door` for the rest."""

IDS_MAX = 100_000
"""At 1,000 callbacks a second what came in a hundred seconds; 24 MB."""


class Signatures:
    """Signatures that were used, each with its timestamp: none counts twice.

    Those whose timestamp has left the window are forgotten, for they cannot come again. At the bound the ones
    with the oldest timestamp are, and from then on nothing that old is taken: the window is narrower, and
    still nobody can repeat anything, also if the clock is set back.
    """

    def __init__(self, most: int = SIGNATURES_MAX) -> None:
        self._most = most
        self._used: set[bytes] = set()
        self._by_second: dict[int, list[bytes]] = {}
        self._forgotten_s = 0
        """The newest timestamp of which something was forgotten."""

    def __len__(self) -> int:
        return len(self._used)

    def check_time(self, timestamp_s: int, now_s: float) -> None:
        """Return if something signed at ``timestamp_s`` may still be taken.

        Raises:
            WeChatRefused: it is outside the window, or as old as what was forgotten at the bound; status 403.
        """
        if abs(now_s - timestamp_s) > WINDOW_S:
            raise WeChatRefused(
                403,
                f"the timestamp is over {WINDOW_S} s from now: it is an old request, or a clock is wrong",
            )
        if timestamp_s <= self._forgotten_s:
            raise WeChatRefused(403, "the timestamp is older than what is still remembered")

    def was_used(self, signature: str) -> bool:
        """Return whether ``signature`` (hex) was used, with whatever timestamp."""
        return bytes.fromhex(signature) in self._used

    def use(self, signature: str, timestamp_s: int, now_s: float) -> None:
        """Remember ``signature``, which was not used before."""
        self._forget_before(now_s - WINDOW_S)
        octets = bytes.fromhex(signature)
        self._used.add(octets)
        self._by_second.setdefault(timestamp_s, []).append(octets)
        while len(self._used) > self._most:
            self._forget(min(self._by_second))

    def release(self, signature: str, timestamp_s: int) -> None:
        """Forget ``signature``, so that the very same request may come again."""
        octets = bytes.fromhex(signature)
        if octets in self._used:
            self._used.remove(octets)
            self._by_second[timestamp_s].remove(octets)

    def _forget_before(self, oldest_s: float) -> None:
        # Two windows of seconds at most, so looking at all is short; most often nothing has to go.
        for second in [second for second in self._by_second if second < oldest_s]:
            self._forget(second)

    def _forget(self, second: int) -> None:
        self._used.difference_update(self._by_second.pop(second))
        self._forgotten_s = max(self._forgotten_s, second)


class Ids:
    """Messages that came lately, the oldest forgotten first.

    That is safe at the bound too as long as it holds what comes within WeChat's three attempts, 15 s; a repeat
    that comes later has another signature, and would be a second message.
    """

    def __init__(self, most: int = IDS_MAX) -> None:
        self._most = most
        self._until: dict[str, float] = {}
        self._order: deque[tuple[float, str]] = deque()

    def __len__(self) -> int:
        return len(self._until)

    def __contains__(self, id: str) -> bool:
        return id in self._until

    def add(self, id: str, now_s: float) -> bool:
        """Remember ``id``; return whether it was not remembered already."""
        while self._order and self._order[0][0] <= now_s:
            self._drop_oldest()
        if id in self._until:
            return False
        if len(self._order) >= self._most:
            self._drop_oldest()
        until_s = now_s + IDS_REMEMBERED_S
        self._until[id] = until_s
        self._order.append((until_s, id))
        return True

    def release(self, id: str) -> None:
        """Forget ``id``, so that its next repeat counts as new."""
        self._until.pop(id, None)

    def _drop_oldest(self) -> None:
        until_s, id = self._order.popleft()
        # It may have been released and remembered anew since.
        if self._until.get(id) == until_s:
            del self._until[id]

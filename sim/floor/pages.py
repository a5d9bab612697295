"""Pages in browsers: what they ask is repeated, with one id, until it gets through or they give up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.answers import Accepted, Answer, Reason, Rejected
from protocol.commands import Command
from protocol.messages import Submit
from sim.site import Site

ATTEMPTS = 4
FIRST_PAUSE_S = 0.3
PATIENCE_S = 12.0
"""How long one attempt waits for its answer."""

_WORTH_REPEATING = frozenset({Reason.OVERLOADED})


class Pages:
    """Asks for all pages of a site.

    ``asked`` and ``answered`` are called with every command that a page sends for the first time, and with it
    and its answer when that is shown.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.asked: list[Callable[[Command], object]] = []
        self.answered: list[Callable[[Command, Answer], object]] = []
        self._open: dict[_Post, None] = {}
        site.on_end.append(self._reset)

    def post(self, command: Command, then: Callable[[Answer], object]) -> None:
        """Ask for ``command``; ``then`` gets the answer.

        That of who gave up is a refusal with the reason ``not_durable``: nobody knows what became of it.
        """
        for note in self.asked:
            note(command)
        _Post(self, command, then).attempt()

    def show(self, command: Command, answer: Answer) -> None:
        """Tell who watches that a page shows ``answer``."""
        for note in self.answered:
            note(command, answer)

    def open(self, post: _Post, *, waits: bool) -> None:
        """Keep ``post`` among those that wait for the process, or no more."""
        if waits:
            self._open[post] = None
        else:
            self._open.pop(post, None)

    def _reset(self) -> None:
        """The process is gone, and with it every connection."""
        posts, self._open = list(self._open), {}
        for post in posts:
            post.failed()


class _Post:
    """One thing that is asked for."""

    def __init__(self, pages: Pages, command: Command, then: Callable[[Answer], object]) -> None:
        self._pages = pages
        self._command = command
        self._then = then
        self._tried = 0
        self._over = False
        self._timer: Any = None

    def __repr__(self) -> str:
        return f"<page that asks {self._command.id}>"

    def attempt(self) -> None:
        """Send it."""
        self._tried += 1
        site = self._pages.site
        if not site.submit(Submit(command=self._command, reply_to=self)):
            self.failed()
            return
        self._pages.open(self, waits=True)
        self._timer = site.outside.call_later(PATIENCE_S, self.failed)

    def failed(self) -> None:
        """There was no answer: try again after a pause, or give up."""
        if self._over:
            return
        self._stop()
        if self._tried >= ATTEMPTS:
            detail = "the hall does not answer"
            reason = Reason.NOT_DURABLE
            self._end(Rejected(command=self._command.id, reason=reason, detail=detail))
            return
        outside = self._pages.site.outside
        pause_s = FIRST_PAUSE_S * 2**self._tried * outside.random.uniform(0.5, 1.5)
        outside.call_later(pause_s, self.attempt)

    def tell(self, message: object, /) -> None:
        """Take the answer; one that comes late, to an earlier attempt, is as good."""
        assert isinstance(message, Accepted | Rejected)
        if self._over:
            return
        if isinstance(message, Rejected) and message.reason in _WORTH_REPEATING:
            self.failed()
            return
        self._stop()
        self._end(message)

    def _stop(self) -> None:
        self._pages.open(self, waits=False)
        if self._timer is not None:
            self._timer.cancel()

    def _end(self, answer: Answer) -> None:
        self._over = True
        self._pages.show(self._command, answer)
        self._then(answer)

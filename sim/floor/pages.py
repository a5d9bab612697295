"""Pages in browsers: what they ask is repeated, with one id, until it gets through or they give up."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from protocol.answers import Accepted, Answer, Reason, Rejected
from protocol.commands import Command
from protocol.errors import MailboxFull
from protocol.messages import Submit
from sim.site import Site

ATTEMPTS = 4
FIRST_PAUSE_S = 0.3
PATIENCE_S = 12.0
"""How long one attempt waits for its answer."""

WORTH_REPEATING = frozenset({Reason.OVERLOADED})
"""Refusals that no page shows before it has given up."""


class Pages:
    """Asks for all pages of a site, each ``attempts`` times at most.

    ``asked`` are called with every command that a page sends for the first time; ``heard`` with it and each
    answer that comes, also a late one or one to a repeat.
    """

    def __init__(
        self,
        site: Site,
        *,
        attempts: int = ATTEMPTS,
        repeats: Collection[Reason] = WORTH_REPEATING,
    ) -> None:
        self.site = site
        self.attempts = attempts
        self.repeats = repeats
        self.asked: list[Callable[[Command], object]] = []
        self.heard: list[Callable[[Command, Answer], object]] = []
        self._open: dict[Post, None] = {}
        site.on_end.append(self._reset)

    def post(self, command: Command, then: Callable[[Answer], object]) -> Post:
        """Ask for ``command``; ``then`` gets the answer.

        That of who gave up is a refusal with the reason ``not_durable``: nobody knows what became of it.
        """
        for note in self.asked:
            note(command)
        post = Post(self, command, then)
        post.attempt()
        return post

    def hear(self, command: Command, answer: Answer) -> None:
        """Tell who watches that ``answer`` came."""
        for note in self.heard:
            note(command, answer)

    def open(self, post: Post, *, waits: bool) -> None:
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


class Post:
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
        if not self.send():
            self.failed()
            return
        self._pages.open(self, waits=True)
        self._timer = self._pages.site.outside.call_later(PATIENCE_S, self.failed)

    def send(self) -> bool:
        """Send it once, whatever was heard of it; return whether anybody took it."""
        try:
            return self._pages.site.submit(Submit(command=self._command, reply_to=self))
        except MailboxFull:
            return False

    def failed(self) -> None:
        """There was no answer: try again after a pause, or give up."""
        if self._over:
            return
        self._stop()
        if self._tried >= self._pages.attempts:
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
        self._pages.hear(self._command, message)
        if self._over:
            return
        if isinstance(message, Rejected) and message.reason in self._pages.repeats:
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
        self._then(answer)

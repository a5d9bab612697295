"""One call of a route: who asks, for which hall, with which body; and its answer, now or later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from actors.hall.actor import ReadState, StateRead
from actors.hall.state import HallState
from protocol.answers import Accepted, Reason, Rejected
from protocol.commands import Command
from protocol.ids import CommandId, Language
from protocol.messages import Recipient, Submit
from runtime.http.all_halls import AllHalls, States
from runtime.http.auth import Pass
from runtime.http.customers import Customer
from runtime.http.desk import Desk
from runtime.http.languages import wanted
from runtime.http.problems import (
    RETRY_AFTER_S,
    Problem,
    RequestRefused,
    refuse,
    retry_after,
)
from runtime.http.refusals import problem_of
from runtime.http.repeats import Fingerprints, command_id, read_key
from runtime.http.replies import Replies
from runtime.http.request import HttpRequest, Response, of_problem
from runtime.http.routing import Route

log = logging.getLogger(__name__)


class Call:
    """A request that found its route and may have it."""

    __slots__ = (
        "all_halls",
        "body",
        "by_cookie",
        "customer",
        "desk",
        "fingerprints",
        "params",
        "replies",
        "request",
        "route",
        "show_problem",
        "viewer",
    )

    def __init__(
        self,
        request: HttpRequest,
        route: Route,
        params: Mapping[str, str],
        *,
        viewer: Pass | None,
        customer: Customer | None = None,
        by_cookie: bool,
        desk: Desk | None,
        all_halls: AllHalls,
        replies: Replies,
        fingerprints: Fingerprints,
        show_problem: Callable[[HttpRequest, Problem], Response],
    ) -> None:
        self.request = request
        self.route = route
        self.params = params
        self.by_cookie = by_cookie
        self.all_halls = all_halls
        self.replies = replies
        self.fingerprints = fingerprints
        self.show_problem = show_problem
        self.body: Any = None
        self.viewer = viewer
        self.customer = customer
        self.desk = desk

    @property
    def asked_by(self) -> Pass:
        """Who asks; the route has seen to it that somebody does."""
        assert self.viewer is not None
        return self.viewer

    @property
    def asking(self) -> Customer:
        """The customer who asks; the route has seen to it that one does."""
        assert self.customer is not None
        return self.customer

    @property
    def hall(self) -> Desk:
        """The hall that the path names; the route has seen to it that there is one."""
        assert self.desk is not None
        return self.desk

    def answer(self, response: Response) -> None:
        """Send ``response``."""
        self.request.respond(response)

    def refuse(self, problem: Problem) -> None:
        """Send ``problem`` in the form that the route's callers understand."""
        if self.route.page:
            self.answer(self.show_problem(self.request, problem))
        else:
            self.answer(of_problem(problem))

    def guard(self, answering: Callable[[], Response | None]) -> None:
        """Answer with what ``answering`` returns, if anything, or with what is wrong."""
        try:
            response = answering()
        except RequestRefused as refused:
            self.refuse(refused.problem)
        except Exception:
            log.exception("request failed route=%s %s", self.route.method, self.route.pattern)
            self.refuse(refuse("internal-error", "the request could not be carried out").problem)
        else:
            if response is not None:
                self.answer(response)

    # -- commands ------------------------------------------------------------------------------

    def command_id(self) -> CommandId:
        """Return the id that makes a repeat of this request the same command.

        Raises:
            RequestRefused: its key is missing, cannot be used, or was used for something else.
        """
        request = self.request
        headers = request.header_values(b"idempotency-key")
        key = read_key(headers, needed=self.by_cookie)
        asked_by = self.customer if self.route.customers else self.viewer
        command = command_id(asked_by, request.path, key)
        if headers:
            self.fingerprints.check(command, self.body)
        return command

    def submit(self, command: Command, render: Callable[[Accepted], Response | None]) -> None:
        """Have the hall carry out ``command``; ``render`` makes the response of what it accepted.

        It returns None if it has asked for what it answers with.
        """

        desk = self.hall

        def respond(message: object | None) -> None:
            self.guard(lambda: self._answered(message, render, desk))

        self._ask(desk.port.hall, lambda reply: Submit(command=command, reply_to=reply), respond)

    def _answered(
        self, message: object | None, render: Callable[[Accepted], Response | None], desk: Desk
    ) -> Response | None:
        if isinstance(message, Accepted):
            return render(message)
        if not isinstance(message, Rejected):
            raise _unavailable()
        if message.reason is Reason.NOT_DURABLE:
            desk.note_failure()
        language, now = self._language(desk), datetime.now(UTC)
        raise RequestRefused(problem_of(message, language, desk.spec.time_zone, now))

    def _language(self, desk: Desk) -> Language:
        """Return the language in which the customer is told what is refused: the body's, or the browser's."""
        spoken = desk.spec.languages
        asked: Language | None = getattr(self.body, "language", None)
        return asked if asked in spoken else wanted(self.request, spoken)

    def read(self, render: Callable[[HallState], Response | None]) -> None:
        """Have the hall say its durable state; ``render`` makes the response of it.

        It returns None if it has asked for what it answers with, or has begun to stream.
        """

        def respond(message: object | None) -> None:
            self.guard(lambda: _read(message, render))

        self._ask(self.hall.port.hall, lambda reply: ReadState(reply_to=reply), respond)

    def read_all(self, render: Callable[[States], Response | None]) -> None:
        """Have every hall say its durable state; ``render`` makes the response of those that did in time."""
        self.all_halls.read(lambda states: self.guard(lambda: render(states)))

    def ask(
        self,
        recipient: Recipient,
        message: Callable[[Recipient], object],
        render: Callable[[object], Response],
    ) -> None:
        """Tell an actor the ``message`` for a reply; ``render`` makes the response of what it answers."""

        def answered(answer: object | None) -> Response:
            if answer is None:
                raise _unavailable()
            return render(answer)

        self._ask(recipient, message, lambda answer: self.guard(lambda: answered(answer)))

    def _ask(
        self,
        recipient: Recipient,
        message: Callable[[Recipient], object],
        finish: Callable[[object | None], None],
    ) -> None:
        if self.replies.full:
            raise refuse(
                "overloaded",
                "as many requests await their hall as the server takes",
                retry_after(RETRY_AFTER_S),
            )
        self.replies.ask(recipient, message, finish)


def _read(
    message: object | None, render: Callable[[HallState], Response | None]
) -> Response | None:
    if not isinstance(message, StateRead):
        raise _unavailable()
    return render(message.state)


def _unavailable() -> RequestRefused:
    return refuse(
        "hall-unavailable",
        "the hall did not answer in time; send the request again with the same Idempotency-Key",
        retry_after(RETRY_AFTER_S),
    )

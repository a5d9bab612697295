"""People whose phones follow their tickets: by WeChat, as far as the hall has an account with it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from protocol.answers import Accepted, Answer
from protocol.events import TicketTaken
from protocol.ids import TicketId
from protocol.push_commands import FollowTicket, UnfollowTicket
from sim.explore.case import Case
from sim.explore.clients import Clients

SCAN_S = 60.0
"""Mean time from the number to the scan; some scan when their turn has come."""

LEAVES_SHARE = 0.1
"""How many let their ticket go, or leave the account, at some time."""

STRANGER_SHARE = 0.1
"""How many tickets are scanned by a second phone."""

LEAVES_S = 600.0


class Followers:
    """Scan tickets until `close` is called."""

    def __init__(self, case: Case, clients: Clients) -> None:
        self._case = case
        self._clients = clients
        self._world = clients.site.outside
        self._random = Random(f"{case.seed}/followers")
        self._closed = False
        self._people = 0

    def close(self) -> None:
        """Let nobody scan any more."""
        self._closed = True

    def taken(self, answer: Answer) -> None:
        """Maybe scan the ticket that the answer gives."""
        if not isinstance(answer, Accepted):
            return
        random = self._random
        for taken in answer.events:
            if isinstance(taken, TicketTaken) and random.random() < self._case.people.follow_share:
                self._scan(taken.ticket)
                if random.random() < STRANGER_SHARE:
                    self._scan(taken.ticket)

    def _scan(self, ticket: TicketId) -> None:
        random = self._random
        self._people += 1
        # One in ten has several tickets.
        person = f"phone {self._people if random.random() < 0.9 else 1}"
        silent = random.random() < 0.2
        self._after(SCAN_S, lambda: self._follow(person, ticket, silent))
        if random.random() < LEAVES_SHARE:
            self._after(LEAVES_S, lambda: self._leave(person, ticket))

    def _after(self, mean_s: float, call: Callable[[], None]) -> None:
        self._world.call_later(self._random.expovariate(1 / mean_s), call)

    def _follow(self, person: str, ticket: TicketId, silent: bool) -> None:
        account = self._clients.site.account
        if self._closed or account is None:
            return
        self._clients.ask(
            FollowTicket(
                id=self._clients.new_id("follow"),
                ticket=ticket,
                follower=account.follower(person),
                silent=silent,
            )
        )

    def _leave(self, person: str, ticket: TicketId) -> None:
        account = self._clients.site.account
        if self._closed or account is None:
            return
        if self._random.random() < 0.5:
            account.leave(person)
            return
        self._clients.ask(
            UnfollowTicket(
                id=self._clients.new_id("unfollow"),
                ticket=ticket,
                follower=account.follower(person),
            )
        )

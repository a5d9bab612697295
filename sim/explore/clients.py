"""Asking a hall as pages and kiosks do, and as nobody should: twice at once, and again when it is long over."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from protocol.answers import Answer, Reason
from protocol.commands import Command
from protocol.ids import CommandId
from sim.floor.pages import WORTH_REPEATING, Pages
from sim.site import Site
from sim.watch.sightings import Answered, Asked

ATTEMPTS = 8
"""How often something is asked before the person gives up."""

REPEAT_S_MAX = 900.0
"""How late a request may come again, of which everybody has the answer."""

Then = Callable[[Answer], None]


def nothing(_answer: Answer) -> None:
    """Do nothing about an answer."""


class Clients:
    """All pages and kiosks from which a hall is asked. ``see`` is shown requests and all answers."""

    def __init__(
        self, site: Site, see: Callable[[Any], object], random: Random, twice_share: float
    ) -> None:
        self.site = site
        self.random = random
        self._twice_share = twice_share
        self._repeats = Random(f"{site.seed}/repeats")
        self._asked = 0
        # What could not be made durable is asked for again under the same id.
        repeats = WORTH_REPEATING | {Reason.NOT_DURABLE}
        self._pages = Pages(site, attempts=ATTEMPTS, repeats=repeats)
        self._pages.asked.append(lambda command: see(Asked(command=command)))
        self._pages.heard.append(
            lambda command, answer: see(Answered(command=command, answer=answer))
        )

    def new_id(self, who: str) -> CommandId:
        """Return an id that no other request has."""
        self._asked += 1
        return CommandId(f"{who}/{self._asked}")

    def ask(self, command: Command, then: Then = nothing) -> None:
        """Ask until there is an answer, or `ATTEMPTS` times; ``then`` is called with what the page shows."""
        outside = self.site.outside
        # What a person does next is not done within the hall's turn.
        post = self._pages.post(
            command, lambda answer: outside.call_later(0.0, partial(then, answer))
        )
        if self.random.random() < self._twice_share:
            post.send()
        if self._repeats.random() < self._twice_share:
            # Somebody loads a page once more, or a proxy sends what it has: much later, maybe.
            outside.call_later(
                self._repeats.uniform(0.0, REPEAT_S_MAX), lambda: (post.send(), None)[1]
            )

"""What a stand-in of WeChat has to be to be served here: what is asked of it, and what it shows.

Times are seconds of Unix time and never go back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from protocol.values import value

__all__ = [
    "Answered",
    "Asked",
    "Called",
    "Model",
    "People",
    "ShownContact",
    "ShownEnd",
    "ShownMessage",
    "ShownTrouble",
    "Troubles",
]


@value
class Asked:
    """An HTTP request, as the model takes it."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    at_s: float
    person: str | None
    """Whose phone the browser is that asks."""


class Answered(Protocol):
    """What becomes of a request: a reply after ``delay_s``, or a connection that is reset then."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def delay_s(self) -> float: ...
    @property
    def reset(self) -> bool: ...


class Called(Protocol):
    """A callback that is to be made now."""

    @property
    def id(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def body(self) -> bytes: ...


class ShownMessage(Protocol):
    """A message on a phone."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def fields(self) -> Iterable[tuple[str, str]]: ...
    @property
    def link(self) -> str | None: ...
    @property
    def at_s(self) -> float: ...


class ShownContact(Protocol):
    """How somebody stands to the account."""

    openid: str
    virtual: str | None
    following: bool
    blocks: bool
    consents: dict[str, int]


class ShownCode(Protocol):
    """A QR code that can be scanned."""

    @property
    def ticket(self) -> str: ...
    @property
    def scene(self) -> str: ...
    @property
    def ends_s(self) -> float | None: ...


class ShownTemplate(Protocol):
    """What people may consent to."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...


class People(Protocol):
    """The people with their phones. Whoever is named for the first time is a new person."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def phone(self, user: str) -> Sequence[ShownMessage]:
        """Return what arrived, the oldest first."""
        ...

    def contact(self, user: str) -> ShownContact:
        """Return how ``user`` stands to the account."""
        ...

    def menu(self) -> Sequence[Mapping[str, Any]]:
        """Return the account's buttons; those below one are its ``sub_button``."""
        ...

    def codes(self, most: int, now_s: float) -> Sequence[ShownCode]:
        """Return the ``most`` newest codes."""
        ...

    def notifications(self) -> Sequence[ShownTemplate]:
        """Return what people may consent to."""
        ...

    def follow(self, user: str, now_s: float) -> None: ...
    def unfollow(self, user: str, now_s: float) -> None: ...
    def scan(self, user: str, code: str, now_s: float, *, follows: bool) -> bool: ...
    def click(self, user: str, key: str, now_s: float) -> str | None: ...
    def say(self, user: str, text: str, now_s: float) -> None: ...
    def consent(self, user: str, template_id: str, now_s: float, *, accepts: bool) -> None: ...
    def withdraw(self, user: str, template_id: str, now_s: float) -> None: ...
    def block(self, user: str, *, blocks: bool) -> None: ...
    def make_virtual(self, user: str, *, virtual: bool) -> None: ...


class ShownTrouble(Protocol):
    """A trouble that lasts."""

    @property
    def ill(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def probability(self) -> float: ...
    @property
    def ends_s(self) -> float: ...


class Troubles(Protocol):
    """What goes wrong with the service."""

    @property
    def kinds(self) -> Sequence[str]: ...

    def on(self, at_s: float) -> Sequence[ShownTrouble]:
        """Return those that last."""
        ...

    def begin_named(self, kind: str, begins_s: float, lasts_s: float, **given: Any) -> None:
        """Let one happen, in place of any other of its kind.

        Raises:
            ValueError: something of it is not allowed.
        """
        ...

    def heal(self, kind: str | None = None) -> None:
        """End all of them, or those of one kind."""
        ...


class ShownEnd(Protocol):
    """A callback that is over."""

    @property
    def what(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def at_s(self) -> float: ...


class Deliveries(Protocol):
    """The callbacks; those that are over, the oldest first."""

    @property
    def ended(self) -> Sequence[ShownEnd]: ...


class Model(Protocol):
    """The stand-in as a whole."""

    @property
    def people(self) -> People: ...
    @property
    def troubles(self) -> Troubles: ...
    @property
    def deliveries(self) -> Deliveries: ...

    def answer(self, request: Any) -> Answered:
        """Return what becomes of ``request``, which has what `Asked` has. Nothing makes this raise."""
        ...

    def next_deadline(self) -> float | None:
        """Return when `tick` has something to do, if ever."""
        ...

    def tick(self, now_s: float) -> Sequence[Called]:
        """Return the callbacks to be made now."""
        ...

    def callback_answered(self, id: str, status: int | None, body: bytes, now_s: float) -> None:
        """Take what a callback was answered; ``status`` None: nothing."""
        ...

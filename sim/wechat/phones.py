"""Who is there: people, their phones, and how they stand to each account."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from random import Random
from string import ascii_letters, digits
from typing import Final

import attrs

from protocol.values import value
from sim.wechat.codes import Code, Refused

__all__ = ["Contact", "Kind", "Message", "Noticed", "Person", "Phones"]

PHONE_MAX: Final = 500
"""Messages that a phone keeps; the oldest go."""

TALK_S: Final = 48 * 3_600.0
TALK_MESSAGES: Final = 5
"""After a user's message so many may be sent for 48 h. Unsure: other editions of the text say 20."""
TOUCH_S: Final = 60.0
TOUCH_MESSAGES: Final = 3
"""After a scan, a follow or a menu click."""

_LETTERS: Final = ascii_letters + digits + "-_"


class Kind(StrEnum):
    """How a message came to a phone."""

    TEMPLATE = "template"
    NOTIFICATION = "notification"
    """A subscription notification."""
    SERVICE = "service"
    """From customer service."""
    REPLY = "reply"
    """The answer to a callback."""
    TROUBLE = "trouble"
    """WeChat's own: the account's server does not answer as it should."""


@value
class Message:
    """What a person sees in the conversation with an account."""

    id: int
    app_id: str
    kind: Kind
    title: str = ""
    text: str
    fields: tuple[tuple[str, str], ...] = ()
    """Names and texts of a template's fields."""
    link: str | None = None
    """Where a touch leads; `people.People.open_link` goes there."""
    at_s: float


@attrs.define
class _Window:
    ends_s: float = float("-inf")
    left: int = 0


@attrs.define(eq=False)
class Contact:
    """How a person stands to an account."""

    openid: str
    virtual: str | None = None
    """The openid of a snapshot page, which stands for nobody; None: pages get the true one."""
    following: bool = False
    followed_s: float = 0.0
    how: str = "ADD_SCENE_OTHERS"
    """``subscribe_scene``."""
    scene: str = ""
    """Of the code that they scanned to follow: a text,"""
    scene_number: int = 0
    """or a number."""
    blocks: bool = False
    """Follows, but takes no messages."""
    consents: dict[str, int] = attrs.field(factory=dict)
    """Notifications that may be sent, by template; those of a long-term one are not used up."""
    _talk: _Window = attrs.field(factory=_Window)
    _touch: _Window = attrs.field(factory=_Window)

    def talked(self, now_s: float) -> None:
        """They wrote: the account may answer for 48 h."""
        self._talk = _Window(now_s + TALK_S, TALK_MESSAGES)

    def touched(self, now_s: float) -> None:
        """They scanned, followed or clicked: the account may answer for a minute."""
        self._touch = _Window(now_s + TOUCH_S, TOUCH_MESSAGES)

    def left(self) -> None:
        """They follow no more."""
        self.following = False
        self._talk, self._touch = _Window(), _Window()

    def use_window(self, now_s: float) -> None:
        """Use up one customer-service message.

        Raises:
            Refused: 45015 no window is open; 45047 those that are open are used up.
        """
        windows = [each for each in (self._touch, self._talk) if now_s < each.ends_s]
        if not windows:
            raise Refused(Code.WINDOW_CLOSED)
        for window in windows:
            if window.left:
                window.left -= 1
                return
        raise Refused(Code.WINDOW_FULL)


Noticed = Callable[[str, Message], object]
"""Is called with a person's name and each message that comes to the phone."""


@attrs.define(eq=False)
class Person:
    """Somebody with a phone."""

    name: str
    contacts: dict[str, Contact] = attrs.field(factory=dict)
    """By account (its app id)."""
    phone: deque[Message] = attrs.field(factory=lambda: deque(maxlen=PHONE_MAX))
    _noticed: list[Noticed] = attrs.field(factory=list)

    def take(self, message: Message) -> None:
        """Have ``message`` on the phone."""
        self.phone.append(message)
        for notice in self._noticed:
            notice(self.name, message)


class Phones:
    """All people. A name that is heard for the first time is a new person; nobody is forgotten."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._people: dict[str, Person] = {}
        self._openids: dict[tuple[str, str], tuple[Person, Contact]] = {}
        self.noticed: list[Noticed] = []
        """Who looks at all phones."""

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody, in the order of their first appearance."""
        return tuple(self._people.values())

    def person(self, name: str) -> Person:
        """Return the person called ``name``."""
        person = self._people.get(name)
        if person is None:
            if not name:
                raise ValueError("a person has a name")
            person = self._people[name] = Person(name, noticed=self.noticed)
        return person

    def contact(self, name: str, app_id: str) -> Contact:
        """Return how ``name`` stands to ``app_id``; each account knows them by an openid of its own."""
        person = self.person(name)
        contact = person.contacts.get(app_id)
        if contact is None:
            contact = person.contacts[app_id] = Contact(self.new_openid())
            self._openids[app_id, contact.openid] = person, contact
        return contact

    def named(self, app_id: str, openid: object) -> tuple[Person, Contact]:
        """Return who has ``openid`` with ``app_id``.

        Raises:
            Refused: 40003, nobody.
        """
        found = self._openids.get((app_id, openid)) if isinstance(openid, str) else None
        if found is None:
            raise Refused(Code.OPENID)
        return found

    def new_openid(self) -> str:
        """Return 28 characters that nobody has."""
        return "o" + "".join(self._random.choices(_LETTERS, k=27))

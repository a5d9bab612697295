"""What can go wrong with WeChat: each trouble has a kind, a time, and the calls that it meets.

Troubles may overlap; the one that began first and meets a request is the one that shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from random import Random
from typing import Any, Final

import attrs

from protocol.values import value
from sim.wechat.codes import Code
from sim.wechat.exchange import Request

__all__ = ["LASTS_S_MAX", "Ill", "Trouble", "Troubles"]

LASTS_S_MAX: Final = 86_400.0
"""No trouble lasts longer."""
TROUBLES_MAX: Final = 100
"""Troubles that are known at once; one more is refused."""


class Ill(StrEnum):
    """A kind of trouble."""

    BUSY = "busy"
    """-1: nothing is done."""
    DAY_QUOTA = "day_quota"
    """45009, whatever the account has used."""
    MINUTE_RATE = "minute_rate"
    """45011, likewise."""
    DELAY = "delay"
    """It is done at once, and answered after ``delay_s``."""
    RESET = "reset"
    """The connection is reset; with ``done`` after it was done: only an id of the message stops a repeat."""
    SERVER_ERROR = "server_error"
    """HTTP ``status``, and a page instead of JSON."""
    NOT_JSON = "not_json"
    """HTTP 200, and a page instead of JSON; with ``done`` after it was done."""
    REVOKED = "revoked"
    """When it begins all tokens end; new ones can be had."""
    LATE_CALLBACKS = "late_callbacks"
    """Callbacks begin ``delay_s`` after what they tell of."""
    REPEATED_CALLBACKS = "repeated_callbacks"
    """A callback that was answered comes again, with the same id."""


_CODES: Final = {
    Ill.BUSY: Code.BUSY,
    Ill.DAY_QUOTA: Code.DAY_QUOTA,
    Ill.MINUTE_RATE: Code.MINUTE_RATE,
}


def _lasting(_instance: object, attribute: attrs.Attribute[Any], lasts_s: float) -> None:
    if not 0 < lasts_s <= LASTS_S_MAX:
        raise ValueError(
            f"{attribute.name} is {lasts_s}; it lasts from 0 to {LASTS_S_MAX:g} seconds"
        )


def _delaying(instance: Trouble, attribute: attrs.Attribute[Any], delay_s: float) -> None:
    needed = instance.ill in (Ill.DELAY, Ill.LATE_CALLBACKS)
    if not (delay_s > 0 if needed else delay_s >= 0):
        raise ValueError(f"{attribute.name} is {delay_s} with {instance.ill}")


def _chance(_instance: object, attribute: attrs.Attribute[Any], probability: float) -> None:
    if not 0 <= probability <= 1:
        raise ValueError(f"{attribute.name} is {probability}; it lies between 0 and 1")


@value
class Trouble:
    """One trouble: from ``begins_s`` on for ``lasts_s``."""

    ill: Ill
    begins_s: float
    lasts_s: float = attrs.field(validator=_lasting)
    probability: float = attrs.field(default=1.0, validator=_chance)
    """For each request or callback that it could meet."""
    path: str = "/"
    """It meets requests whose path begins so."""
    delay_s: float = attrs.field(default=0.0, validator=_delaying)
    """Of late answers and callbacks, which need one, and before a reset."""
    status: int = 502
    done: bool = False

    @property
    def code(self) -> Code | None:
        """What it makes WeChat answer, if that is an error code."""
        return _CODES.get(self.ill)

    @property
    def ends_s(self) -> float:
        """When it is over."""
        return self.begins_s + self.lasts_s


class Troubles:
    """The troubles of one stand-in; ``met`` counts what each kind has met."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._known: list[Trouble] = []
        self.met: dict[Ill, int] = {}

    def begin(self, trouble: Trouble) -> Callable[[], None]:
        """Let ``trouble`` happen; return what ends it before its time.

        Raises:
            ValueError: there are too many.
        """
        if len(self._known) >= TROUBLES_MAX:
            raise ValueError(f"{TROUBLES_MAX} troubles are enough")
        self._known.append(trouble)

        def end() -> None:
            self._known = [each for each in self._known if each is not trouble]

        return end

    @property
    def kinds(self) -> tuple[str, ...]:
        """What there is, by name."""
        return tuple(Ill)

    def begin_named(self, kind: str, begins_s: float, lasts_s: float, **given: Any) -> None:
        """Let a trouble happen whose ``kind`` is given by its name, in place of any other of that kind.

        ``given`` are further fields of `Trouble`.

        Raises:
            ValueError: there is no such kind, there are too many troubles, or a field is not what it may be.
        """
        trouble = Trouble(ill=Ill(kind), begins_s=begins_s, lasts_s=lasts_s, **given)
        self.heal(kind)
        self.begin(trouble)

    def on(self, at_s: float) -> tuple[Trouble, ...]:
        """Return the troubles that last at ``at_s``, the one that began first at the beginning."""
        return tuple(self._lasting(at_s))

    def heal(self, kind: str | None = None) -> None:
        """End all of them, or those of one kind."""
        self._known = [each for each in self._known if kind is not None and each.ill != kind]

    def meeting(self, request: Request) -> Trouble | None:
        """Return the trouble that ``request`` meets, if any."""
        for trouble in self._lasting(request.at_s):
            callbacks = trouble.ill in (Ill.LATE_CALLBACKS, Ill.REPEATED_CALLBACKS)
            if callbacks or trouble.ill is Ill.REVOKED:
                continue
            if request.path.startswith(trouble.path) and self._strikes(trouble):
                return trouble
        return None

    def revokes(self, at_s: float) -> bool:
        """Whether tokens are to end now, ``at_s``: once for each `Ill.REVOKED` that has begun."""
        began = [each for each in self._known if each.ill is Ill.REVOKED and each.begins_s <= at_s]
        # What is over is forgotten here only: elsewhere a time may lie ahead.
        self._known = [each for each in self._known if each not in began and at_s < each.ends_s]
        struck = [self._strikes(each) for each in began]
        return any(struck)

    def late_s(self, at_s: float) -> float:
        """Return how late a callback begins that is due at ``at_s``."""
        late = self._of(Ill.LATE_CALLBACKS, at_s)
        return 0.0 if late is None else late.delay_s

    def repeats(self, at_s: float) -> bool:
        """Whether a callback that is answered at ``at_s`` comes again."""
        return self._of(Ill.REPEATED_CALLBACKS, at_s) is not None

    def _of(self, ill: Ill, at_s: float) -> Trouble | None:
        for trouble in self._lasting(at_s):
            if trouble.ill is ill and self._strikes(trouble):
                return trouble
        return None

    def _lasting(self, at_s: float) -> Iterator[Trouble]:
        there = [each for each in self._known if each.begins_s <= at_s < each.ends_s]
        return iter(sorted(there, key=_beginning))

    def _strikes(self, trouble: Trouble) -> bool:
        strikes = trouble.probability == 1.0 or self._random.random() < trouble.probability
        if strikes:
            self.met[trouble.ill] = self.met.get(trouble.ill, 0) + 1
        return strikes


def _beginning(trouble: Trouble) -> float:
    return trouble.begins_s

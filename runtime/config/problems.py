"""Everything that is wrong with a configuration, found at once and shown with its place."""

import difflib
from collections.abc import Iterable

from protocol.errors import ConfigError
from protocol.values import value
from runtime.config.document import Document, Place

__all__ = ["PROBLEMS_MAX", "ConfigRefused", "Findings", "Problem", "nearest"]

PROBLEMS_MAX = 100
"""Problems that are told; those beyond are only counted."""

_WORD_CHARACTERS_MAX = 64
"""A longer word is nobody's slip of the finger, and comparing takes the square of its length."""


@value
class Problem:
    """One thing that is wrong. ``line`` is None where the place in the file is not known."""

    source: str
    line: int | None
    where: str
    """The key and the tables around it, such as ``hall HZ01 / service tax / prefix``."""
    wrong: str
    allowed: str

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return ": ".join(filter(None, (place, self.where, f"{self.wrong}; {self.allowed}")))


class ConfigRefused(ConfigError):
    """The configuration is refused for its ``problems``; ``untold`` more are only counted."""

    def __init__(self, source: str, problems: Iterable[Problem], untold: int = 0) -> None:
        self.source = source
        self.problems = tuple(problems)
        self.untold = untold
        super().__init__("\n".join([self.headline(), *map(str, self.problems)]))

    def headline(self) -> str:
        """Return the first line of the message: how many problems there are."""
        count = len(self.problems) + self.untold
        told = f", the first {len(self.problems)} of them" if self.untold else ""
        return f"{count} {'problem' if count == 1 else 'problems'} in {self.source}{told}:"


class Findings:
    """Collects problems and remembers their places, so that nothing is concluded from what is wrong."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._problems: list[Problem] = []
        self._untold = 0
        self._places: set[Place] = set()
        self._around: set[Place] = set()

    def __bool__(self) -> bool:
        return bool(self._problems)

    @property
    def full(self) -> bool:
        """Whether the next problem is only counted, so that its words need no work."""
        return len(self._problems) >= PROBLEMS_MAX

    def add(self, place: Place, wrong: str, allowed: str) -> None:
        """Report that the value at ``place`` is ``wrong``, and what is ``allowed`` there."""
        self.distrust(place)
        if self.full:
            self._untold += 1
            return
        document = self.document
        problem = Problem(
            source=document.source,
            line=document.line(place),
            where=document.label(place),
            wrong=wrong,
            allowed=allowed,
        )
        self._problems.append(problem)

    def distrust(self, place: Place) -> None:
        """Let nothing be concluded from the value at ``place``; the reason is reported elsewhere."""
        self._places.add(place)
        self._around.update(place[:length] for length in range(len(place) + 1))

    def sound(self, *places: Place) -> bool:
        """Return whether nothing is wrong at any of ``places``, within them or with what they are in."""
        return not any(
            place in self._around or any(place[:end] in self._places for end in range(len(place)))
            for place in places
        )

    def refuse(self) -> None:
        """Raise `ConfigRefused` if anything was found, in the order of the file."""
        if self._problems:
            in_order = sorted(self._problems, key=lambda problem: problem.line or 0)
            raise ConfigRefused(self.document.source, in_order, self._untold)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return which of ``known`` somebody who typed ``word`` probably meant, if any is near."""
    if len(word) > _WORD_CHARACTERS_MAX:
        return None
    by_folded = {candidate.casefold(): candidate for candidate in known}
    matches = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return by_folded[matches[0]] if matches else None

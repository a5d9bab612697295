"""Numbers of tickets as people write them: ``a10`` and ``A010号`` are the same."""

from __future__ import annotations

import re
import unicodedata

from protocol.hall import PastLast, Service
from protocol.values import value
from runtime.config.model import DIGITS_MAX

__all__ = ["Number", "gives", "read_number"]

TYPED_CHARACTERS_MAX = 20
"""What is longer is a sentence."""

_NUMBER = re.compile(r"([0-9A-Z]{0,2}[A-Z])?([0-9]{1,8})")
_BETWEEN = re.compile(r"[\s\-_.]+")


@value
class Number:
    """A ticket's number without what people leave out: capitals and leading zeros.

    ``head`` ends in a letter, or is empty; a prefix that ends in a digit counts as part of ``serial``.
    """

    head: str
    serial: int


def read_number(text: str) -> Number | None:
    """Return the number that ``text`` is, if it is one and nothing else."""
    if len(text) > TYPED_CHARACTERS_MAX:
        return None
    folded = unicodedata.normalize("NFKC", text).upper()
    found = _NUMBER.fullmatch(_BETWEEN.sub("", folded).removesuffix("号").removesuffix("號"))
    return found and Number(head=found[1] or "", serial=int(found[2]))


def gives(service: Service, number: Number) -> bool:
    """Return whether ``service`` may give out tickets with ``number``."""
    last = 10**DIGITS_MAX - 1 if service.past_last is PastLast.GO_ON else service.last
    least, most = (read_number(service.number(serial)) for serial in (service.first, last))
    if least is None or most is None or number.head != least.head:
        return False
    return least.serial <= number.serial <= most.serial

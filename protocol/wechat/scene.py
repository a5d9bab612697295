"""The string in a ticket's QR code, by which a phone that scans it finds the ticket: at most 63 characters.

    base64url(until 4 | day 2 | tag 10), 22 characters | hall 1-32 | "." | number 1-8

    tag = BLAKE2b(key, person "paihao/scene", 10 octets, until 4 | day 2 | hall | "." | number)

- ``until`` is the Unix time at which the scene ends, ``day`` the ticket's business day in days since
  2000-01-01; unsigned, high octet first. With the day in two octets the longest ids that a hall may have fit
  the 64 characters of WeChat's scenes.
- Nobody without the key can make a scene or change one; of 2**80 tags one is right. Who sees a ticket sees its
  scene, though: a photograph binds as well as the ticket does until ``until``, and nothing after it.

Tickets' ids have the form ``20261123-A010``.
"""

import base64
import hashlib
import hmac
import re
from datetime import date, timedelta

from protocol.errors import ConfigError, SceneError, SceneExpired, SceneForged
from protocol.ids import HallId, TicketId

__all__ = ["KEY_OCTETS_MAX", "KEY_OCTETS_MIN", "SCENE_CHARACTERS_MAX", "read_scene", "scene_of"]

KEY_OCTETS_MIN = 16
KEY_OCTETS_MAX = 64

HALL_CHARACTERS_MAX = 32
NUMBER_CHARACTERS_MAX = 8
"""A prefix of three characters and five digits."""

HEAD_CHARACTERS = 22
SCENE_CHARACTERS_MAX = HEAD_CHARACTERS + HALL_CHARACTERS_MAX + 1 + NUMBER_CHARACTERS_MAX

UNTIL_OCTETS = 4
DAY_OCTETS = 2
TAG_OCTETS = 10

FIRST_DAY = date(2000, 1, 1)

_TICKET = re.compile(rf"([0-9]{{8}})-([0-9A-Za-z]{{1,{NUMBER_CHARACTERS_MAX}}})")
_HALL = re.compile(rf"[0-9A-Za-z_-]{{1,{HALL_CHARACTERS_MAX}}}")
_SCENE = re.compile(
    rf"([0-9A-Za-z_-]{{{HEAD_CHARACTERS}}})({_HALL.pattern})\.([0-9A-Za-z]{{1,{NUMBER_CHARACTERS_MAX}}})"
)


def scene_of(key: bytes, hall: HallId, ticket: TicketId, until_s: float) -> str:
    """Return the scene of ``ticket``, which counts until the Unix time ``until_s``.

    Raises:
        ConfigError: the key has not 16 to 64 octets.
        ValueError: hall or ticket do not have their form, or the time does not fit (from 1970 to 2106).
    """
    found = _TICKET.fullmatch(ticket)
    if found is None or _HALL.fullmatch(hall) is None:
        raise ValueError(f"no scene can be made for the ticket {ticket!r} of the hall {hall!r}")
    until = int(until_s)
    if not 0 <= until < 1 << 8 * UNTIL_OCTETS:
        raise ValueError(f"no scene can end at {until_s}")
    try:
        days = (date.fromisoformat(found[1]) - FIRST_DAY).days
    except ValueError:
        raise ValueError(f"no scene can be made for the ticket {ticket!r}: it has no day") from None
    if not 0 <= days < 1 << 8 * DAY_OCTETS:
        raise ValueError(f"no scene can be made for the ticket {ticket!r}: its day does not fit")
    return _written(key, until, days, hall, found[2])


def read_scene(key: bytes, scene: str, now_s: float) -> tuple[HallId, TicketId]:
    """Return hall and ticket of a scene made with ``key`` that has not ended by the Unix time ``now_s``.

    Raises:
        SceneForged: it was made with another key, or was changed.
        SceneExpired: it has ended.
        SceneError: it does not have the form of a ticket's scene.
        ConfigError: the key has not 16 to 64 octets.
    """
    found = _SCENE.fullmatch(scene)
    if found is None:
        raise SceneError("the scene does not have the form of a ticket's")
    head = base64.b64decode(found[1] + "==", altchars=b"-_")
    until = int.from_bytes(head[:UNTIL_OCTETS])
    days = int.from_bytes(head[UNTIL_OCTETS : UNTIL_OCTETS + DAY_OCTETS])
    # Made anew and compared as a whole, so that no bit that base64 leaves over can differ.
    if not hmac.compare_digest(_written(key, until, days, found[2], found[3]), scene):
        raise SceneForged("the scene is signed with another key, or was changed")
    if now_s >= until:
        raise SceneExpired("the scene has ended: the ticket is an old one")
    day = FIRST_DAY + timedelta(days=days)
    return HallId(found[2]), TicketId(f"{day:%Y%m%d}-{found[3]}")


def _written(key: bytes, until: int, days: int, hall: str, number: str) -> str:
    if not KEY_OCTETS_MIN <= len(key) <= KEY_OCTETS_MAX:
        raise ConfigError(
            f"the key of scenes must have {KEY_OCTETS_MIN} to {KEY_OCTETS_MAX} octets"
        )
    times = until.to_bytes(UNTIL_OCTETS) + days.to_bytes(DAY_OCTETS)
    ids = f"{hall}.{number}"
    tag = hashlib.blake2b(
        times + ids.encode(), key=key, digest_size=TAG_OCTETS, person=b"paihao/scene"
    )
    head = base64.urlsafe_b64encode(times + tag.digest()).decode().rstrip("=")
    return head + ids

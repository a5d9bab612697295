"""What people say of themselves: numbers of identity cards and of mobile telephones, and WeChat's openids.

    11010519491231002X
    |     |       |  |
    |     |       |  check character, ISO 7064 MOD 11-2: 0-9 or X
    |     |       sequence, odd for men
    |     date of birth, YYYYMMDD
    region, by GB/T 2260; the first two digits are the province

GB 11643-1999. The check catches each single wrong character and each swap of two different neighbours. Which
counties a province has or had changes every year, so of a region only the province is checked.
What is wrong is said without the number: it is never logged or shown.
"""

import re
from datetime import date

from protocol.errors import IdentityError

RESIDENT_CHARACTERS = 18

PROVINCES = frozenset(
    {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37}
    | {41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83}
)
"""GB/T 2260; residence permits of people from Hong Kong, Macao and Taiwan begin with 81, 82 and 83."""

BORN_FIRST = date(1900, 1, 1)

CHARACTERS_MAX = 40
"""Longer texts are not looked at."""

_MODULUS = 11
_CHECKS = "0123456789X"
_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
_OPENID = re.compile(r"[0-9A-Za-z_-]{16,64}")
_SPACING = str.maketrans("", "", " -")
# A phone's and an input method's full-width forms of digits, X and +.
_NARROW = str.maketrans("０１２３４５６７８９Ｘｘ＋－", "0123456789XX+-")


def check_character(first: str) -> str:
    """Return the check character (ISO 7064 MOD 11-2) for the 17 digits that go before it."""
    sum = 0
    for digit in first:
        sum = (sum + int(digit)) * 2 % _MODULUS
    return _CHECKS[(1 - sum) % _MODULUS]


def resident_number(typed: str, today: date) -> str:
    """Return a resident's number as it stands on the card, from what somebody typed.

    Spaces and hyphens are left out; a small or full-width x is X. Nobody is born after ``today``.

    Raises:
        IdentityError: it is none, and what is wrong with it.
    """
    number = _plain(typed)
    if len(number) != RESIDENT_CHARACTERS:
        raise IdentityError(
            f"has {len(number)} characters; an identity card has {RESIDENT_CHARACTERS}"
        )
    if not _SHAPE.fullmatch(number):
        raise IdentityError("must be 17 digits and a digit or X")
    if int(number[:2]) not in PROVINCES:
        raise IdentityError("begins with no province; look at the first two digits")
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise IdentityError("holds no date; look at digits 7 to 14, the date of birth") from None
    if not BORN_FIRST <= born <= today:
        raise IdentityError("holds a date of birth that cannot be; look at digits 7 to 14")
    if check_character(number[:17]) != number[17]:
        raise IdentityError("does not fit its last character; a digit is wrong or two are swapped")
    return number


def mobile_number(typed: str) -> str:
    """Return a mainland mobile number as 11 digits, from what somebody typed.

    ``+86`` or ``86`` before it, spaces and hyphens are left out.

    Raises:
        IdentityError: it is none, and what is wrong with it.
    """
    number = _plain(typed)
    found = _MOBILE.fullmatch(number)
    if found is None:
        raise IdentityError(
            "must be a mobile number: 11 digits, the first two 13 to 19, perhaps after +86"
        )
    return found[1]


def wechat_openid(said: str) -> str:
    """Return ``said`` if it is an openid: 16 to 64 letters, digits, ``_`` and ``-`` (WeChat's own have 28).

    Raises:
        IdentityError: it is none.
    """
    if _OPENID.fullmatch(said) is None:
        raise IdentityError("must be an openid of WeChat: 16 to 64 letters, digits, _ and -")
    return said


def _plain(typed: str) -> str:
    if len(typed) > CHARACTERS_MAX:
        raise IdentityError(f"has over {CHARACTERS_MAX} characters")
    return typed.translate(_NARROW).translate(_SPACING).upper()

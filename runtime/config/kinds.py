"""What a single value of the file may be: each kind reads one typed value or says what is wrong with it."""

import ipaddress
import math
import re
import unicodedata
import zoneinfo
from collections.abc import Callable
from datetime import date, datetime, time
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from protocol.errors import ConfigError
from protocol.ports import parse_port
from protocol.values import value
from runtime.config import model
from runtime.config.problems import nearest

SHOWN_CHARACTERS_MAX = 40


@value
class Wrong:
    """Why a typed value is refused, and what is allowed instead."""

    what: str
    allowed: str


@value
class Kind:
    """``read`` gives the value of a typed one, or `Wrong`. ``blank`` stands in for one that is wrong."""

    read: Callable[[object], object]
    blank: object


def show(typed: object) -> str:
    """Return a typed value for a message: short, in one line."""
    match typed:
        case str():
            short = (
                typed if len(typed) <= SHOWN_CHARACTERS_MAX else typed[:SHOWN_CHARACTERS_MAX] + "…"
            )
            return repr(short)
        case bool():
            return "true" if typed else "false"
        case int():
            return str(typed) if abs(typed) < 10**20 else "a number of over twenty digits"
        case float():
            return str(typed)
        case date() | time():
            return typed.isoformat()
        case list():
            return "a list"
        case _:
            return "a table"


def _type_of(typed: object) -> str:
    match typed:
        case str():
            return "a string"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case datetime() | date() | time():
            return "a date or time"
        case list():
            return "a list"
        case _:
            return "a table"


def wrong_type(typed: object, allowed: str) -> Wrong:
    """Return the refusal of a value whose type is not ``allowed``."""
    shown, kind = show(typed), _type_of(typed)
    return Wrong(what=f"is {kind}" if shown == kind else f"{shown} is {kind}", allowed=allowed)


# -- texts ---------------------------------------------------------------------------------------


def _text(check: Callable[[str], object], allowed: str) -> Kind:
    def read(typed: object) -> object:
        return (
            check(typed) if isinstance(typed, str) else wrong_type(typed, f"allowed is {allowed}")
        )

    return Kind(read=read, blank="")


def _matching(pattern: str, allowed: str) -> Kind:
    compiled = re.compile(pattern)

    def check(typed: str) -> object:
        if compiled.fullmatch(typed):
            return typed
        return Wrong(what=f"{show(typed)} is not allowed", allowed=f"allowed is {allowed}")

    return _text(check, allowed)


IDENTITY = _matching(
    rf"[A-Za-z0-9_-]{{1,{model.ID_CHARACTERS_MAX}}}",
    f"a string of 1 to {model.ID_CHARACTERS_MAX} letters (A-Z, a-z), digits, - and _",
)

PREFIX = _matching(
    rf"[A-Za-z0-9]{{0,{model.PREFIX_CHARACTERS_MAX}}}",
    f"a string of 0 to {model.PREFIX_CHARACTERS_MAX} letters (A-Z, a-z) and digits",
)

LANGUAGE = _matching(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}", 'a language tag such as "zh" or "en"')


def _hidden(pattern: re.Pattern[str], what: str, allowed: str) -> Kind:
    """Return the kind of texts that a message must not show."""

    def read(typed: object) -> object:
        if isinstance(typed, str) and pattern.fullmatch(typed):
            return typed
        return Wrong(what=f"{what} (not shown) is not allowed", allowed=f"allowed is {allowed}")

    return Kind(read=read, blank="")


ENVIRONMENT_NAME = _hidden(
    # Somebody may have typed the secret itself here.
    re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}"),
    "the name",
    "the name of an environment variable, such as PAIHAO_KIOSK_1",
)

SECRET = _hidden(
    # What an Authorization header can carry (RFC 6750, section 2.1).
    re.compile(
        rf"[A-Za-z0-9._~+/-]{{{model.SECRET_CHARACTERS_MIN},{model.SECRET_CHARACTERS_MAX}}}"
    ),
    "the secret",
    f"a string of {model.SECRET_CHARACTERS_MIN} to {model.SECRET_CHARACTERS_MAX}"
    " letters (A-Z, a-z), digits and . _ ~ + / -",
)


WECHAT_APP_ID = _matching(
    r"[A-Za-z0-9_-]{1,64}",
    'the app id of the account, such as "wx0123456789abcdef"',
)

WECHAT_TEMPLATE = _matching(
    r"[A-Za-z0-9_-]{1,64}",
    "the id that the account has given the template: 1 to 64 letters, digits, - and _",
)

WECHAT_TOKEN = _hidden(
    # With an empty one anybody could sign.
    re.compile(r"[A-Za-z0-9]{3,32}"),
    "the token",
    "a string of 3 to 32 letters (A-Z, a-z) and digits, as in the account's developer settings",
)

WECHAT_AES_KEY = _hidden(
    re.compile(r"[A-Za-z0-9]{43}"),
    "the key",
    "the EncodingAESKey of the account's developer settings: 43 letters (A-Z, a-z) and digits",
)

TEMPLATE_FIELD = _matching(
    r"[a-z_]{1,30}[0-9]{0,2}", 'the name of a field of the template, such as "thing1"'
)


def _name(typed: str) -> object:
    allowed = f"allowed are 1 to {model.NAME_CHARACTERS_MAX} characters in one line"
    if not typed.strip():
        return Wrong(what="the name is empty", allowed=allowed)
    if len(typed) > model.NAME_CHARACTERS_MAX:
        return Wrong(what=f"{show(typed)} has {len(typed)} characters", allowed=allowed)
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in typed):
        return Wrong(what=f"{show(typed)} holds a control character", allowed=allowed)
    return typed.strip()


NAME = _text(_name, f"a string of 1 to {model.NAME_CHARACTERS_MAX} characters")


@cache
def _time_zones() -> frozenset[str]:
    # These two follow the machine's own setting; a hall's day must not.
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory"})


def _time_zone(typed: str) -> object:
    if typed in _time_zones():
        return typed
    meant = nearest(typed, _time_zones()) or "Asia/Shanghai"
    return Wrong(
        what=f"{show(typed)} is no time zone",
        allowed=f"did you mean {meant!r}? allowed is a name of the tz database",
    )


TIME_ZONE = _text(_time_zone, 'the name of a time zone, such as "Asia/Shanghai"')


def _port_address(typed: str) -> object:
    if len(typed) > model.PATH_CHARACTERS_MAX or not typed.isprintable():
        allowed = f"allowed are {model.PATH_CHARACTERS_MAX} printable characters at most"
        return Wrong(what=f"{show(typed)} is no port", allowed=allowed)
    try:
        parse_port(typed)
    except ConfigError as error:
        return Wrong(what="is no port", allowed=str(error))
    return typed


PORT_ADDRESS = _text(
    _port_address, "a string such as serial:/dev/ttyUSB0?baud=9600 or tcp:host:port"
)


def _listen(typed: str) -> object:
    if typed == "localhost":
        return typed
    try:
        return str(ipaddress.ip_address(typed))
    except ValueError:
        return Wrong(
            what=f"{show(typed)} is no address of this machine",
            allowed='allowed are "localhost" and IP addresses such as "127.0.0.1"; "0.0.0.0" is all of them',
        )


LISTEN = _text(_listen, 'a string such as "127.0.0.1"')


def _ip_address(typed: str) -> object:
    try:
        address = ipaddress.ip_address(typed)
    except ValueError:
        address = None
    if address is None or address.is_unspecified or address.is_multicast:
        return Wrong(
            what=f"{show(typed)} is no address of one machine",
            allowed='allowed is an IP address such as "127.0.0.1"',
        )
    return str(address)


IP_ADDRESS = _text(_ip_address, 'a string such as "127.0.0.1"')


def _public_url(typed: str) -> object:
    wrong = Wrong(
        what=f"{show(typed)} is no web address that a ticket could show",
        allowed="allowed is http:// or https://, a host, and perhaps a port and a path,"
        f" at most {model.PATH_CHARACTERS_MAX} characters",
    )
    if len(typed) > model.PATH_CHARACTERS_MAX or not re.fullmatch(r"[!-~]+", typed):
        return wrong
    try:
        parts = urlsplit(typed)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return wrong
    if not usable or parts.query or parts.fragment or "@" in parts.netloc or "?" in typed:
        return wrong
    return typed.rstrip("/")


PUBLIC_URL = _text(_public_url, 'a string such as "https://hall.example.cn"')


_DATABASE = re.compile(
    r"(sqlite:///[!-~]+|postgresql\+psycopg://([!-.0-9;-?A-~]+@)?[!-?A-~]*/[!-~]+)"
)
"""The host may be left out, and the user; a password may not be there."""


def _database_url(typed: str) -> object:
    if len(typed) <= model.PATH_CHARACTERS_MAX and _DATABASE.fullmatch(typed):
        return typed
    return Wrong(
        # Somebody may have typed a password.
        what="it is no address of a database, or one with a password",
        allowed="allowed is sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME; PostgreSQL's password"
        " stands in PGPASSWORD or in ~/.pgpass",
    )


DATABASE_URL = _text(_database_url, 'a string such as "postgresql+psycopg://paihao@db/paihao"')


def path_in(folder: Path) -> Kind:
    """Return the kind of paths; a relative one counts from ``folder``."""
    allowed = f"a path of 1 to {model.PATH_CHARACTERS_MAX} characters"

    def check(typed: str) -> object:
        if not 0 < len(typed) <= model.PATH_CHARACTERS_MAX or not typed.isprintable():
            return Wrong(what=f"{show(typed)} is no path", allowed=f"allowed is {allowed}")
        return folder / typed

    return Kind(read=_text(check, allowed).read, blank=folder)


# -- numbers, times, choices ---------------------------------------------------------------------


def _read_number(whole: bool, least: float, most: float, typed: object) -> object:
    kind = "a whole number" if whole else "a number"
    allowed = f"allowed is {kind} from {least} to {most}"
    if isinstance(typed, bool) or not isinstance(typed, int if whole else int | float):
        return wrong_type(typed, allowed)
    assert isinstance(typed, int | float)
    if math.isnan(typed) or not least <= typed <= most:
        return Wrong(what=f"{show(typed)} is out of range", allowed=allowed)
    return typed if whole else float(typed)


def whole(least: int, most: int) -> Kind:
    """Return the kind of whole numbers from ``least`` to ``most``."""
    return Kind(read=partial(_read_number, True, least, most), blank=least)


def number(least: float, most: float) -> Kind:
    """Return the kind of numbers from ``least`` to ``most``."""
    return Kind(read=partial(_read_number, False, least, most), blank=float(least))


def _radio_address_key(typed: str) -> object:
    if re.fullmatch(r"[1-9][0-9]{0,2}", typed) and int(typed) <= model.RADIO_ADDRESS_MAX:
        return int(typed)
    return Wrong(
        what=f"{show(typed)} is no radio address",
        allowed=f"allowed is a whole number from 1 to {model.RADIO_ADDRESS_MAX}",
    )


RADIO_ADDRESS_KEY = Kind(read=_text(_radio_address_key, "a radio address").read, blank=0)
"""A radio address as a key, which is text to TOML."""


def _boolean(typed: object) -> object:
    return typed if isinstance(typed, bool) else wrong_type(typed, "allowed is true or false")


BOOLEAN = Kind(read=_boolean, blank=False)


def choice(members: type[StrEnum]) -> Kind:
    """Return the kind that is one of ``members``."""
    names = [member.value for member in members]
    allowed = f"allowed is one of {', '.join(names)}"

    def check(typed: str) -> object:
        if typed in names:
            return members(typed)
        meant = nearest(typed, names)
        hint = f"did you mean {meant!r}? " if meant else ""
        return Wrong(what=f"{show(typed)} is unknown", allowed=hint + allowed)

    return Kind(read=_text(check, f"one of {', '.join(names)}").read, blank=next(iter(members)))


def _local_time(typed: object) -> object:
    allowed = "allowed is a time of day such as 04:00:00"
    if isinstance(typed, time):
        return typed
    if not isinstance(typed, str):
        return wrong_type(typed, allowed)
    if found := re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?", typed):
        return time(int(found[1]), int(found[2]), int(found[3] or 0))
    return Wrong(what=f"{show(typed)} is no time of day", allowed=allowed)


LOCAL_TIME = Kind(read=_local_time, blank=time())

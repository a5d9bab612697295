"""Where secrets come from: the configuration itself, the environment, files of their own.

A table that has a secret ``x`` has the keys ``x``, ``x_env`` and ``x_file`` for it, of which one is typed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from protocol.values import replace
from runtime.config.document import Place
from runtime.config.kinds import SECRET, WECHAT_AES_KEY, WECHAT_TOKEN, Kind, Wrong
from runtime.config.model import Token, WeChat
from runtime.config.problems import Findings
from runtime.config.tables import Tables

__all__ = ["check_sources", "find_secrets", "find_wechat_secrets", "refuse_equal"]

_FILE_OCTETS_MAX = 1024

T = TypeVar("T", Token, WeChat)

WECHAT_SECRETS: Mapping[str, Kind] = {
    "secret": SECRET,
    "token": WECHAT_TOKEN,
    "aes_key": WECHAT_AES_KEY,
}
"""What an account needs to prove who it is, and who calls it."""


def check_sources(findings: Findings, place: Place, table: Token | WeChat, name: str) -> None:
    """Report that the secret ``name`` of the table at ``place`` is not there, or is there more than once."""
    keys = (name, f"{name}_env", f"{name}_file")
    given = [key for key in keys if getattr(table, key) is not None]
    if len(given) != 1 and findings.sound(*((*place, key) for key in keys)):
        wrong = f"{' and '.join(given)} are both there" if given else f"there is no {name}"
        allowed = f"needed is one of {name}, {name}_env (a variable) and {name}_file (a path)"
        findings.add((*place, given[-1] if given else name), wrong, allowed)


def find_secrets(
    tables: Tables, findings: Findings, environment: Mapping[str, str]
) -> tuple[Token, ...]:
    """Return the tokens with their secrets, looked up in ``environment`` and in their files."""
    return tuple(
        _with_secret(findings, place, token, "secret", SECRET, environment)
        for place, token in tables.within((), Token)
    )


def find_wechat_secrets(
    wechat: WeChat | None, findings: Findings, environment: Mapping[str, str]
) -> WeChat | None:
    """Return the account with its secrets, looked up as those of tokens are."""
    if wechat is None:
        return None
    for name, kind in WECHAT_SECRETS.items():
        wechat = _with_secret(findings, ("wechat",), wechat, name, kind, environment)
    return wechat


def refuse_equal(findings: Findings, tokens: tuple[Token, ...]) -> None:
    """Report a secret that occurs twice: nobody could say which token it is."""
    first: dict[str, int] = {}
    for number, token in enumerate(tokens, start=1):
        if token.secret is None:
            continue
        if token.secret in first:
            wrong = f"the secret (not shown) is that of token {first[token.secret]} already"
            findings.add(("token", number - 1), wrong, "allowed is each secret once")
        first.setdefault(token.secret, number)


def _with_secret(
    findings: Findings,
    place: Place,
    table: T,
    name: str,
    kind: Kind,
    environment: Mapping[str, str],
) -> T:
    variable, path = getattr(table, f"{name}_env"), getattr(table, f"{name}_file")
    if variable is not None:
        place, secret = (*place, f"{name}_env"), environment.get(variable)
        missing = f"the environment variable {variable} is not set"
        needed = "set it where this is started"
    elif path is not None:
        place, secret = (*place, f"{name}_file"), _read_secret(path)
        missing = f"the file {path} cannot be read"
        needed = "needed is a file of one line that this user may read"
    else:
        return table
    if not findings.sound(place):
        return table
    if secret is None:
        findings.add(place, missing, needed)
        return table
    checked = kind.read(secret)
    if isinstance(checked, Wrong):
        findings.add(place, checked.what, checked.allowed)
        return table
    return replace(table, **{name: secret})


def _read_secret(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file.read(_FILE_OCTETS_MAX).decode("ascii", "replace").strip()
    except (OSError, ValueError):
        return None

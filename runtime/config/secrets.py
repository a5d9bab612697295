"""Where tokens' secrets come from: the configuration itself, the environment, files of their own."""

from collections.abc import Mapping
from pathlib import Path

from protocol.values import replace
from runtime.config.document import Place
from runtime.config.kinds import SECRET, Wrong
from runtime.config.model import Token
from runtime.config.problems import Findings
from runtime.config.tables import Tables

__all__ = ["find_secrets", "refuse_equal"]

_FILE_OCTETS_MAX = 1024


def find_secrets(
    tables: Tables, findings: Findings, environment: Mapping[str, str]
) -> tuple[Token, ...]:
    """Return the tokens with their secrets, looked up in ``environment`` and in their files."""
    return tuple(
        _with_secret(findings, place, token, environment)
        for place, token in tables.within((), Token)
    )


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
    findings: Findings, place: Place, token: Token, environment: Mapping[str, str]
) -> Token:
    if token.secret_env is not None:
        place, secret = (*place, "secret_env"), environment.get(token.secret_env)
        missing = f"the environment variable {token.secret_env} is not set"
        needed = "set it where this is started"
    elif token.secret_file is not None:
        place, secret = (*place, "secret_file"), _read_secret(token.secret_file)
        missing = f"the file {token.secret_file} cannot be read"
        needed = "needed is a file of one line that this user may read"
    else:
        return token
    if not findings.sound(place):
        return token
    if secret is None:
        findings.add(place, missing, needed)
        return token
    checked = SECRET.read(secret)
    if isinstance(checked, Wrong):
        findings.add(place, checked.what, checked.allowed)
        return token
    return replace(token, secret=secret)


def _read_secret(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file.read(_FILE_OCTETS_MAX).decode("ascii", "replace").strip()
    except (OSError, ValueError):
        return None

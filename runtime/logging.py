"""Logs: a fixed phrase and pairs, such as ``ticket called number=A012 counter=3``, one line for each record.

Modules log with the standard library, each from its own logger, and put values only into pairs:

    log.info("ticket called number=%s counter=%s", number, counter)

What stands behind ``=`` is quoted where it holds spaces or quotes, so that a line can be taken apart again, and
nothing from outside can begin a line of its own. Twisted's log goes the same way. Secrets are struck out.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TextIO, cast

from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogBeginner

__all__ = ["LEVELS", "PairsFormatter", "set_up_logging", "strike_out"]

LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

STRUCK_OUT = "***"

_OURS = ("protocol", "actors", "runtime", "sim")

_CONVERSION = re.compile(r"(?P<pair>=)?%(?:%|[-#0 +]*[0-9]*(?:\.[0-9]+)?(?P<letter>[a-zA-Z]))")
_PLAIN = re.compile(r"[^\s\"'=\\]+")
_PRIVATE_PAIR = re.compile(
    r"\b(?P<key>\w*(?:secret|token|password|authorization|cookie|phone|openid))="
    r"(?:\"(?:[^\"\\]|\\.)*+\"|\S+)",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_TWISTED_LEVELS = {
    LogLevel.debug: logging.DEBUG,
    LogLevel.info: logging.INFO,
    LogLevel.warn: logging.WARNING,
    LogLevel.error: logging.ERROR,
    LogLevel.critical: logging.CRITICAL,
}


class PairsFormatter(logging.Formatter):
    """Writes a record as time, level, logger, phrase and pairs.

    Pairs whose key says that they are private (``secret``, ``token``, ``phone``, ...) are struck out, and so
    is each of ``secrets`` wherever it stands.
    """

    def __init__(self) -> None:
        super().__init__()
        self.secrets: frozenset[str] = frozenset()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and below it the traceback where there is one."""
        at = datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")
        message = _PRIVATE_PAIR.sub(rf"\g<key>={STRUCK_OUT}", _one_line(_message(record)))
        text = f"{at} {record.levelname} {record.name} {message}"
        if record.exc_info and record.exc_info[1] is not None:
            text += "\n" + self.formatException(record.exc_info)
        for secret in self.secrets:
            text = text.replace(secret, STRUCK_OUT)
        return text


_formatter = PairsFormatter()


def set_up_logging(level: str = "info", *, stream: TextIO | None = None) -> None:
    """Log to ``stream`` (standard error if None) from ``level`` of `LEVELS` on.

    What other people's packages log below INFO is left out. Called again, it replaces what was set up before.
    """
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(_formatter)
    threshold = LEVELS[level]
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.INFO), force=True)
    for name in (*_OURS, "twisted"):
        logging.getLogger(name).setLevel(threshold)
    _bridge_twisted()


def strike_out(secrets: Iterable[str]) -> None:
    """Let none of ``secrets`` show in the log from now on."""
    _formatter.secrets |= {secret for secret in secrets if secret}


@cache
def _bridge_twisted() -> None:
    """Send Twisted's log to the standard library's; Twisted lets that be said only once."""
    globalLogBeginner.beginLoggingTo(
        [cast(ILogObserver, _log_event)], discardBuffer=True, redirectStandardIO=False
    )


def _log_event(event: LogEvent) -> None:
    """Log an event of Twisted under the name of its namespace."""
    name = str(event.get("log_namespace", "twisted"))
    level = _TWISTED_LEVELS.get(event.get("log_level"), logging.INFO)
    if level == logging.INFO and name.partition(".")[0] not in _OURS:
        # Each connection's and factory's coming and going.
        level = logging.DEBUG
    failure = event.get("log_failure")
    exc_info = failure and (failure.type, failure.value, failure.getTracebackObject())
    logging.getLogger(name).log(level, "%s", formatEvent(event), exc_info=exc_info)


def _message(record: logging.LogRecord) -> str:
    """Return the record's message, with the values of its pairs quoted where they need it."""
    arguments = record.args
    if not isinstance(record.msg, str) or not isinstance(arguments, tuple):
        return record.getMessage()
    conversions = [found for found in _CONVERSION.finditer(record.msg) if found["letter"]]
    if len(conversions) != len(arguments):
        return record.getMessage()
    quoted: tuple[Any, ...] = tuple(
        _quote(str(argument)) if found["pair"] and found["letter"] == "s" else argument
        for found, argument in zip(conversions, arguments, strict=True)
    )
    return record.msg % quoted


def _quote(text: str) -> str:
    plain = text.isprintable() and _PLAIN.fullmatch(text)
    return text if plain else json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

"""Lines of the log: phrase and pairs, nothing private, Twisted's among them."""

import io
import logging
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import Logger
from twisted.python.failure import Failure

from runtime.logging import PairsFormatter, set_up_logging, strike_out


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    """What was logged since the last look, from DEBUG on. Afterwards all is as it was before."""
    root = logging.getLogger()
    names = ("protocol", "actors", "runtime", "sim", "twisted")
    levels = {name: logging.getLogger(name).level for name in names}
    handlers, level = root.handlers[:], root.level
    # Taken off first: set_up_logging closes those it finds, and these are pytest's.
    root.handlers[:] = []
    stream = io.StringIO()
    set_up_logging("debug", stream=stream)

    def look() -> str:
        text = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        return text

    yield look
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in names:
        logging.getLogger(name).setLevel(levels[name])


def formatted(message: str, *arguments: object) -> str:
    """Return the message part of a line."""
    record = logging.LogRecord("runtime.x", logging.INFO, "x.py", 1, message, arguments, None)
    return PairsFormatter().format(record).partition(" INFO runtime.x ")[2]


def test_line_has_time_level_logger_phrase_and_pairs(logged: Callable[[], str]) -> None:
    logging.getLogger("actors.hall").warning("ticket called number=%s counter=%s", "A012", "3")
    at, rest = logged().split(" ", 1)
    assert at[:2] == "20"
    assert at[10] == "T"
    assert rest == "WARNING actors.hall ticket called number=A012 counter=3\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("A012",), "called number=A012"),
        (("",), 'called number=""'),
        (("two words",), 'called number="two words"'),
        (('say "hi"',), r'called number="say \"hi\""'),
        (("a=b",), 'called number="a=b"'),
        (("税务",), "called number=税务"),
        ((OSError(2, "no such file"),), 'called number="[Errno 2] no such file"'),
        (("1\n2026-11-23 INFO forged",), r'called number="1\n2026-11-23 INFO forged"'),
        (("\x1b[31m",), r'called number="\u001b[31m"'),
        (("\x85\u2028",), r'called number="\u0085\u2028"'),
        ((None,), "called number=None"),
    ],
)
def test_value_is_quoted_where_it_needs_it(arguments: tuple[object, ...], line: str) -> None:
    assert formatted("called number=%s", *arguments) == line


@pytest.mark.parametrize(
    ("message", "arguments", "line"),
    [
        ("share=%d%% wait_s=%.1f", (50, 1.25), "share=50% wait_s=1.2"),
        ("at %s port=%s", ("a b", "c d"), 'at a b port="c d"'),
        ("names=%r", (["a b"],), "names=['a b']"),
        ("%(phrase)s here", ({"phrase": "all"},), "all here"),
        ("padded=%*d|", (5, 1), "padded=    1|"),
        ("100% of it", (), "100% of it"),
    ],
)
def test_other_formats_are_left_as_they_are(
    message: str, arguments: tuple[object, ...], line: str
) -> None:
    assert formatted(message, *arguments) == line


@given(value=st.text(), other=st.integers())
def test_any_value_stays_in_one_line_and_lets_the_next_pair_be(value: str, other: int) -> None:
    line = formatted("said text=%s other=%d", value, other)
    assert len(line.splitlines()) == 1
    assert line.endswith(f" other={other}")
    assert line.isprintable() or any(not character.isprintable() for character in value)


@pytest.mark.parametrize(
    ("message", "value"),
    [("a phone=%s", "13800138000"), ("a access_token=%s", "two words"), ("a openid=%s", "oX1")],
)
def test_private_pair_is_struck_out(message: str, value: str) -> None:
    line = formatted(message + " b=%s", value, 1)
    assert line == f"{message.partition('=')[0]}=*** b=1"


def test_secret_is_struck_out_wherever_it_stands(logged: Callable[[], str]) -> None:
    secret = "a-secret-for-this-test-alone"
    log = logging.getLogger("runtime.x")
    strike_out([secret, ""])
    log.info("requested path=%s", f"/halls?token={secret}")
    log.info("before %s after", secret)
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("it failed")
    text = logged()
    assert secret not in text
    assert "before *** after" in text
    assert "ValueError: ***" in text


def test_twisted_s_log_goes_the_same_way(logged: Callable[[], str]) -> None:
    log = Logger(namespace="twisted.web")
    log.warn("a line\nand {what}", what="another")
    assert logged().endswith(r" WARNING twisted.web a line\u000aand another" + "\n")
    log.info("Starting factory")
    assert " DEBUG twisted.web Starting factory" in logged()
    Logger(namespace="runtime.http").info("ours")
    assert " INFO runtime.http ours" in logged()


def test_failure_in_a_deferred_shows_its_traceback(logged: Callable[[], str]) -> None:
    try:
        raise KeyError("gone")
    except KeyError:
        failure = Failure()
    Logger(namespace="twisted.x").failure("it broke", failure)
    text = logged()
    assert " CRITICAL twisted.x it broke\nTraceback" in text
    assert "KeyError: 'gone'" in text


def test_level_leaves_out_what_is_below(logged: Callable[[], str]) -> None:
    stream = io.StringIO()
    set_up_logging("warning", stream=stream)
    logging.getLogger("runtime.x").info("quiet")
    logging.getLogger("runtime.x").warning("loud")
    assert stream.getvalue().endswith(" WARNING runtime.x loud\n")
    assert "quiet" not in stream.getvalue()


def test_debug_of_other_packages_is_left_out(logged: Callable[[], str]) -> None:
    logging.getLogger("asyncio").debug("Using selector")
    assert logged() == ""
    logging.getLogger("runtime.x").debug("ours")
    assert "ours" in logged()

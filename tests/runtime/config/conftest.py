"""A small configuration that is right, for tests to change in one place."""

from collections.abc import Callable

import pytest

from runtime.config.load import parse_config
from runtime.config.problems import ConfigRefused, Problem

RIGHT = """\
[server]
port = 8081
public_url = "https://hall.example.cn/"
[server.rate_limits]
streams_max = 10

[[token]]
role = "counter"
hall = "HZ01"
counter = "1"
secret = "0123456789abcdef"
[[token]]
role = "manager"
secret = "fedcba9876543210"

[[hall]]
id = "HZ01"
names = { zh = "西湖厅", en = "Xihu" }
day_begins = "05:30"

[[hall.service]]
id = "tax"
names = { zh = "税务", en = "Tax" }
prefix = "A"
last = 499
[[hall.service]]
id = "advice"
names = { zh = "咨询", en = "Advice" }
prefix = "B"

[[hall.counter]]
id = "1"
names = { zh = "1号", en = "One" }
services = ["tax", "advice"]
[[hall.counter]]
id = "2"
names = { zh = "2号", en = "Two" }
services = ["tax"]

[[hall.kiosk]]
id = "k1"
names = { zh = "取号机", en = "Kiosk" }
printer = "serial:/dev/ttyUSB0?baud=19200"

[[hall.gateway]]
id = "g1"
port = "tcp:192.168.1.20:4001"
address = 1
[[hall.gateway.terminal]]
address = 11
kind = "keypad"
counter = "1"
[[hall.gateway.terminal]]
address = 12
kind = "window"
counter = "1"
"""


@pytest.fixture(scope="session")
def right() -> str:
    """A configuration of one hall with one of everything, or two."""
    return RIGHT


@pytest.fixture(scope="session")
def changed() -> Callable[..., str]:
    """Gives the right configuration with each of the changes (old, new) made once, at its first place."""

    def change(*changes: tuple[str, str]) -> str:
        text = RIGHT
        for old, new in changes:
            assert old in text, f"not in the configuration: {old}"
            text = text.replace(old, new, 1)
        return text

    return change


@pytest.fixture(scope="session")
def problems_of() -> Callable[[str], tuple[Problem, ...]]:
    """Gives what is found wrong with a text; nothing if it is right."""

    def find(text: str) -> tuple[Problem, ...]:
        try:
            parse_config(text, "hall.toml")
        except ConfigRefused as refused:
            return refused.problems
        return ()

    return find

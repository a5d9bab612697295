"""The captured octets, and a decoder written as plainly as can be to compare with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protocol.radio.frame import BODY_MAX, Frame, check_sequence

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "radiohead.json").read_text(encoding="utf-8")
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes ``sequence`` or ``received`` for each captured sequence or case."""
    if "sequence" in metafunc.fixturenames:
        sequences = VECTORS["sequences"]
        metafunc.parametrize("sequence", sequences, ids=[s["name"] for s in sequences])
    if "received" in metafunc.fixturenames:
        cases = [c for c in VECTORS["receive_behaviour"]["cases"] if "injected" in c]
        metafunc.parametrize("received", cases, ids=[c["name"] for c in cases])


@pytest.fixture(scope="session")
def sequences() -> dict[str, Any]:
    """The captured sequences by name."""
    return {sequence["name"]: sequence for sequence in VECTORS["sequences"]}


@pytest.fixture(scope="session")
def cases() -> dict[str, Any]:
    """The captured receive cases by name."""
    return {case["name"]: case for case in VECTORS["receive_behaviour"]["cases"]}


@pytest.fixture(scope="session")
def constants() -> dict[str, Any]:
    """The constants of the stock library."""
    return dict(VECTORS["constants"])


Opening = tuple[int, int, Frame]


@pytest.fixture(scope="session")
def readings() -> Callable[[bytes], list[Opening]]:
    """All good frames that any opening in a whole stream can be read as: (start, end, frame)."""
    return all_readings


def all_readings(stream: bytes) -> list[Opening]:
    found = []
    for start in range(len(stream)):
        if stream[start : start + 2] != b"\x10\x02":
            continue
        reading = read_at(stream, start)
        if reading is not None:
            found.append((start, *reading))
    return found


def read_at(stream: bytes, start: int) -> tuple[int, Frame] | None:
    body = bytearray()
    at = start + 2
    while at + 1 < len(stream):
        if stream[at] != 0x10:
            body.append(stream[at])
            at += 1
        elif stream[at + 1] == 0x10:
            body.append(0x10)
            at += 2
        else:
            break
    check = stream[at + 2 : at + 4]
    if stream[at : at + 2] != b"\x10\x03" or len(check) < 2 or not 4 <= len(body) <= BODY_MAX:
        return None
    if check_sequence(bytes(body)) != check:
        return None
    to, source, id_, flags = body[:4]
    return at + 4, Frame(to=to, source=source, id=id_, flags=flags, payload=bytes(body[4:]))

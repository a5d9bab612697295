"""The captured octets, plain models to compare with, and a channel to lose frames on."""

import heapq
import itertools
import json
from collections.abc import Callable
from math import inf
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest

from protocol.radio.actions import Action, Transmit
from protocol.radio.frame import BODY_MAX, Frame, FrameDecoder, check_sequence
from tests.protocol.radio.stock import StockNode

ActionT = TypeVar("ActionT")

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


class Ether:
    """Nodes in reach of each other, and a clock that jumps from one happening to the next.

    A frame takes ``delay_s`` and its time on the air, and reaches each other node unless it is lost
    (``loss``), twice if it is doubled (``duplication``). With ``half_duplex`` nobody hears while
    he sends, nor two frames at a time.
    """

    def __init__(
        self,
        random: Random,
        *,
        loss: float = 0.0,
        duplication: float = 0.0,
        half_duplex: bool = False,
        delay_s: float = 0.03,
        octet_s: float = 8 / 9600,
    ) -> None:
        self.random = random
        self.loss = loss
        self.duplication = duplication
        self.half_duplex = half_duplex
        self.delay_s = delay_s
        self.octet_s = octet_s
        self.now_s = 0.0
        self.nodes: list[Any] = []
        self.actions: dict[int, list[Action]] = {}
        self.sent: list[tuple[float, int, Frame]] = []
        self.dropped: Callable[[Frame, int], bool] = lambda frame, receiver: False
        self._pending: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._air: list[tuple[float, float, int]] = []

    def add(self, node: Any) -> Any:
        self.nodes.append(node)
        self.actions[node.address] = []
        return node

    def at(self, time_s: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._pending, (time_s, next(self._order), call))

    def done(self, node: Any, actions: list[Action]) -> None:
        """Carry out what a node wants done."""
        self.actions[node.address] += actions
        start_s = self.now_s
        for action in actions:
            if not isinstance(action, Transmit):
                continue
            end_s = start_s + len(action.octets) * self.octet_s
            self._air.append((start_s, end_s, node.address))
            [frame] = FrameDecoder().receive(action.octets)
            self.sent.append((self.now_s, node.address, frame))
            for other in self.nodes:
                if other is not node:
                    self._carry(frame, action.octets, start_s, end_s, node, other)
            start_s = end_s

    def _carry(
        self, frame: Frame, octets: bytes, start_s: float, end_s: float, node: Any, other: Any
    ) -> None:
        if self.random.random() < self.loss or self.dropped(frame, other.address):
            return

        def arrive() -> None:
            if self.half_duplex and any(
                start_s < busy_end_s and busy_start_s < end_s and who != node.address
                for busy_start_s, busy_end_s, who in self._air
            ):
                return
            self.done(other, other.receive(octets, self.now_s))

        self.at(end_s + self.delay_s, arrive)
        if self.random.random() < self.duplication:
            self.at(end_s + self.delay_s * self.random.uniform(1, 9), arrive)

    def run(self, until_s: float) -> None:
        """Let everything happen until ``until_s``."""
        while True:
            due = [
                (deadline_s, node)
                for node in self.nodes
                if (deadline_s := node.next_deadline()) is not None
            ]
            tick_s, node = min(due, key=lambda item: item[0], default=(inf, None))
            next_s = self._pending[0][0] if self._pending else inf
            if min(tick_s, next_s) > until_s:
                self.now_s = until_s
                return
            if next_s <= tick_s:
                self.now_s, _, call = heapq.heappop(self._pending)
                call()
            else:
                self.now_s = max(tick_s, self.now_s)
                self.done(node, node.tick(self.now_s))
                assert node.next_deadline() != tick_s, "a tick must move its deadline"

    def of(self, address: int, kind: type[ActionT]) -> list[ActionT]:
        """What the node at ``address`` did of one kind."""
        return [action for action in self.actions[address] if isinstance(action, kind)]


@pytest.fixture(scope="session")
def stock_node() -> type[StockNode]:
    """The class of nodes with stock firmware."""
    return StockNode


@pytest.fixture(scope="session")
def ether() -> type[Ether]:
    """The class of channels between nodes."""
    return Ether

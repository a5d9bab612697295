"""Who serves whom: a network of gateways against every order of reports and orders, and each move by itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import partial
from itertools import pairwise
from types import MappingProxyType

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from actors.radio.serving import (
    FAILED_MAX,
    HEARD_MIN,
    HOUR_S,
    MOVE_PAUSE_S,
    MOVES_MAX,
    Order,
    Post,
    Release,
    Serve,
    Serving,
)
from protocol.hall import Gateway, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, TerminalAddress
from protocol.values import replace

COVERS = MappingProxyType({"g1": ("g2",), "g2": ("g1",), "g3": ("g1", "g2"), "g4": ()})
"""Terminals of g1 and g2 may be served by three gateways, those of g3 and g4 by their own alone."""


def gateway(name: str, first: int) -> Gateway:
    return Gateway(
        id=GatewayId(name),
        port=f"virtual:{name}",
        address=TerminalAddress(1),
        terminals=tuple(
            Terminal(
                address=TerminalAddress(address), kind=TerminalKind.KEYPAD, counter=CounterId("1")
            )
            for address in (first, first + 1)
        ),
        covers=tuple(GatewayId(covered) for covered in COVERS[name]),
    )


GATEWAYS = [gateway(name, 10 * number) for number, name in enumerate(COVERS, start=1)]
NAMES = [one.id for one in GATEWAYS]
G1, G2, G3, G4 = NAMES
POST = Post(home=G1, address=TerminalAddress(10))


def may_serve(post: Post) -> list[GatewayId]:
    return [post.home, *(name for name in NAMES if post.home in COVERS[name])]


class Simulated:
    """A gateway that does as it is told, later."""

    def __init__(self, name: GatewayId) -> None:
        self.name = name
        self.session: int | None = None
        self.served: set[Post] = set()
        self.orders: deque[Order] = deque()

    def take(self, order: Order) -> bool:
        """Carry out an order; return whether a release is to be answered."""
        match order:
            case Serve(session=session, post=post):
                if session == self.session:
                    self.served.add(post)
                return False
            case Release(post=post):
                self.served.discard(post)
                return True


class Network(RuleBasedStateMachine):
    """Ports fail and come back, actors fail, reports and orders are late, terminals are heard by chance."""

    @initialize()
    def begin(self) -> None:
        self.serving = Serving(GATEWAYS)
        self.gateways = {name: Simulated(name) for name in NAMES}
        self.reports: dict[GatewayId, deque[partial[list[Order]]]] = {
            name: deque() for name in NAMES
        }
        self.now_s = 0.0
        self.sessions = 0
        self.settled = False
        self.moved_s: dict[Post, list[float]] = {}
        for name in NAMES:
            self.port_down(name)

    def carry(self, orders: list[Order]) -> None:
        for order in orders:
            self.gateways[order.gateway].orders.append(order)
            if isinstance(order, Release):
                self.moved_s.setdefault(order.post, []).append(self.now_s)

    @rule(name=st.sampled_from(NAMES))
    def port_up(self, name: GatewayId) -> None:
        self.sessions += 1
        self.gateways[name].session = self.sessions
        self.gateways[name].served.clear()
        self.reports[name].append(partial(self.serving.up, name, self.sessions))

    @rule(name=st.sampled_from(NAMES))
    def port_down(self, name: GatewayId) -> None:
        self.gateways[name].session = None
        self.gateways[name].served.clear()
        self.reports[name].append(partial(self.serving.down, name))

    @rule(name=st.sampled_from(NAMES))
    def take_order(self, name: GatewayId) -> None:
        one = self.gateways[name]
        if not one.orders:
            return
        order = one.orders.popleft()
        if one.take(order):
            assert isinstance(order, Release)
            answer = partial(self.serving.released, name, order.post, order.number)
            self.reports[name].append(answer)

    @rule(name=st.sampled_from(NAMES))
    def take_report(self, name: GatewayId) -> None:
        if self.reports[name]:
            self.carry(self.reports[name].popleft()(self.now_s))

    @rule(
        post=st.sampled_from(list(Serving(GATEWAYS).posts())),
        by=st.sets(st.sampled_from(NAMES)),
        times=st.integers(1, 12),
    )
    def transmit(self, post: Post, by: set[GatewayId], times: int) -> None:
        for _ in range(times):
            for name in sorted(by):
                self.carry(self.serving.heard(name, post.address, self.now_s))
            self.now_s += 0.2
            self.carry(self.serving.close(post, self.now_s))

    @rule(
        name=st.sampled_from(NAMES),
        post=st.sampled_from(list(Serving(GATEWAYS).posts())),
        acknowledged=st.booleans(),
    )
    def send(self, name: GatewayId, post: Post, acknowledged: bool) -> None:
        self.carry(self.serving.sent(name, post.address, 5, acknowledged, self.now_s))

    @rule(delay_s=st.sampled_from([1.0, 40.0, 4000.0]))
    def wait(self, delay_s: float) -> None:
        self.now_s += delay_s

    @rule()
    def settle(self) -> None:
        self.settled = True
        self.carry(self.serving.settle(self.now_s))

    @rule()
    def come_to_rest(self) -> None:
        while any(self.reports.values()) or any(one.orders for one in self.gateways.values()):
            for name in NAMES:
                self.take_report(name)
                self.take_order(name)
        for post in self.serving.posts():
            servers = [name for name, one in self.gateways.items() if post in one.served]
            up = [name for name in may_serve(post) if self.gateways[name].session is not None]
            if self.settled:
                assert bool(servers) == bool(up)
            assert ([self.serving.server(post)] if self.serving.server(post) else []) == servers
            assert set(servers) <= set(up)

    @invariant()
    def each_terminal_is_served_by_one_at_most(self) -> None:
        for post in Serving(GATEWAYS).posts():
            servers = [name for name, one in self.gateways.items() if post in one.served]
            assert len(servers) <= 1
            assert set(servers) <= set(may_serve(post))

    @invariant()
    def moves_are_bounded(self) -> None:
        for moved_s in self.moved_s.values():
            for earlier_s, later_s in pairwise(moved_s):
                assert later_s - earlier_s >= MOVE_PAUSE_S
            for first_s, last_s in zip(moved_s, moved_s[MOVES_MAX:], strict=False):
                assert last_s - first_s >= HOUR_S


Network.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestNetwork = Network.TestCase


# -- each move by itself -------------------------------------------------------------------------


class Bench:
    """A network in which every order is carried out at once."""

    def __init__(self, up: Iterable[GatewayId] = (G1, G2, G3, G4)) -> None:
        self.serving = Serving(GATEWAYS)
        self.now_s = 0.0
        self.session = 0
        self.moves = 0
        for name in NAMES:
            self.do(self.serving.down(name, 0.0))
        for name in up:
            self.up(name)
        self.do(self.serving.settle(0.0))

    def do(self, orders: list[Order]) -> None:
        for order in orders:
            if isinstance(order, Release):
                self.moves += 1
                self.do(self.serving.released(order.gateway, order.post, order.number, self.now_s))

    def up(self, name: GatewayId) -> None:
        self.session += 1
        self.do(self.serving.up(name, self.session, self.now_s))

    def down(self, name: GatewayId) -> None:
        self.do(self.serving.down(name, self.now_s))

    def transmit(self, *by: GatewayId, times: int = 1, pause_s: float = 1.0) -> None:
        for _ in range(times):
            for name in by:
                self.do(self.serving.heard(name, POST.address, self.now_s))
            self.now_s += pause_s
            self.do(self.serving.close(POST, self.now_s))

    @property
    def server(self) -> GatewayId | None:
        return self.serving.server(POST)


def test_terminals_are_served_by_their_home_gateways_first() -> None:
    bench = Bench(up=(G3, G2, G1))
    assert [bench.serving.server(post) for post in bench.serving.posts()] == [
        G1, G1, G2, G2, G3, G3, None, None,
    ]  # fmt: skip


def test_nobody_else_serves_before_everybody_had_the_time_to_come_up() -> None:
    serving = Serving(GATEWAYS)
    for name in (G1, G2, G3):
        assert serving.down(name, 0.0) == []
    assert serving.up(G2, 1, 0.1) != []
    assert serving.server(POST) is None
    serving.up(G1, 2, 0.2)
    assert serving.server(POST) == G1


def test_home_that_comes_up_is_not_used_before_those_who_cover_it_said_how_they_are() -> None:
    serving = Serving(GATEWAYS)
    serving.up(G1, 1, 0.0)
    serving.down(G2, 0.0)
    assert serving.server(POST) is None
    serving.down(G3, 0.0)
    assert serving.server(POST) == G1


def test_gateway_that_dies_moves_its_terminals_at_once() -> None:
    bench = Bench()
    bench.transmit(G1, G3, times=20)
    bench.transmit(G1, G2, G3, times=5)
    bench.down(G1)
    assert bench.server == G3
    bench.down(G3)
    assert bench.server == G2
    bench.down(G2)
    assert bench.server is None
    bench.up(G3)
    assert bench.server == G3


def test_home_that_returns_takes_back_what_it_hears_as_well() -> None:
    bench = Bench()
    bench.down(G1)
    bench.up(G1)
    assert bench.server == G2
    bench.transmit(G1, G2, times=HEARD_MIN - 1)
    assert bench.server == G2
    bench.transmit(G1, G2)
    assert bench.server == G1


def test_home_that_returns_and_is_worse_does_not_take_back() -> None:
    bench = Bench()
    bench.down(G1)
    bench.up(G1)
    for _ in range(20):
        bench.transmit(G2)
        bench.transmit(G1, G2)
    assert bench.server == G2


def test_gateway_that_hears_nothing_loses_its_terminal_to_one_that_does() -> None:
    bench = Bench()
    bench.transmit(G2, times=8, pause_s=0.3)
    assert bench.server == G2


def test_slightly_better_gateway_does_not_take_over() -> None:
    bench = Bench()
    for _ in range(50):
        bench.transmit(G1, G2, times=9)
        bench.transmit(G2)
    assert (bench.server, bench.moves) == (G1, 0)


def test_terminal_that_swings_is_moved_seldom() -> None:
    bench = Bench()
    while bench.now_s < HOUR_S - 30:
        bench.transmit(G1, times=20)
        bench.transmit(G2, times=20)
    assert 2 < bench.moves <= MOVES_MAX


def test_terminal_that_acknowledges_nothing_is_tried_by_another_gateway() -> None:
    bench = Bench(up=(G1, G2))
    for _ in range(FAILED_MAX):
        assert bench.server == G1
        bench.do(bench.serving.sent(G1, POST.address, 7, False, bench.now_s))
    assert bench.server == G2


def test_terminal_that_is_off_stays_where_it_is_in_the_end() -> None:
    bench = Bench()
    moves = []
    for hour in (1, 2, 3):
        while bench.now_s < hour * HOUR_S:
            assert bench.server is not None
            bench.do(bench.serving.sent(bench.server, POST.address, 7, False, bench.now_s))
            bench.now_s += 30
        moves.append(bench.moves)
    assert moves[0] <= MOVES_MAX
    assert moves[1] == moves[2]


def test_deaf_gateway_serves_only_where_there_is_no_other() -> None:
    bench = Bench(up=(G1, G2, G4))
    for name in (G1, G4):
        bench.do(bench.serving.deaf(name, True, bench.now_s))
    assert [bench.serving.server(post) for post in bench.serving.posts()] == [
        G2, G2, G2, G2, None, None, G4, G4,
    ]  # fmt: skip
    bench.do(bench.serving.deaf(G1, False, bench.now_s))
    bench.transmit(G1, G2, times=HEARD_MIN)
    assert bench.server == G1


def test_who_is_behind_a_repeater_is_served_with_it() -> None:
    home = replace(
        GATEWAYS[0],
        routed=True,
        terminals=tuple(
            replace(GATEWAYS[0].terminals[0], address=TerminalAddress(a)) for a in (5, 6, 7, 8)
        ),
        routes={TerminalAddress(6): TerminalAddress(5), TerminalAddress(7): TerminalAddress(6)},
    )
    serving = Serving([home, replace(GATEWAYS[1], routed=True)])
    serving.down(G2, 0.0)
    first, second = serving.up(G1, 1, 0.0)
    assert (first.addresses, second.addresses) == ((5, 6, 7), (8,))
    serving.settle(0.0)
    serving.up(G2, 2, 0.0)
    moved: list[Order] = []
    for step in range(20):
        moved += serving.heard(G2, TerminalAddress(7), step)
    [release] = moved
    assert isinstance(release, Release)
    [serve] = serving.released(G1, release.post, release.number, 20.0)
    assert serve.addresses == (5, 6, 7)
    assert serving.server(Post(home=G1, address=TerminalAddress(6))) == G2


def test_late_answer_to_an_earlier_release_changes_nothing() -> None:
    serving = Serving(GATEWAYS)
    for name in (G2, G3):
        serving.down(name, 0.0)
    serving.up(G1, 1, 0.0)
    serving.settle(0.0)
    serving.up(G2, 2, 0.0)
    [*_, release] = serving.deaf(G1, True, 0.0)
    assert isinstance(release, Release)
    serving.down(G2, 0.0)
    serving.up(G1, 3, 0.0)
    assert serving.server(release.post) == G1
    assert serving.released(G1, release.post, release.number, 0.0) == []
    assert serving.server(release.post) == G1

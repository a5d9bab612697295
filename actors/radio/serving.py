"""Which gateway serves which terminal: decided from which of them are up and what each of them heard.

A terminal is served by one gateway at a time: that one acknowledges it and sends to it. It is heard by its
home gateway, and by those that cover this one. A repeater and those behind it are served by the same one. The
decision is changed in four cases:

- The gateway that serves went down, or is deaf: the best of the others takes over at once.
- Another one hears the terminal clearly better (`MARGIN`); the home gateway needs less (`HOME_BONUS`).
- What is sent to the terminal arrives no more, and another one may reach it.
- Nobody served it, and a gateway came up.

The second and third happen to a terminal at most once in `MOVE_PAUSE_S` and `MOVES_MAX` times an hour, so that
nothing swings to and fro. A gateway that is up has to release a terminal before another one serves it:

    unserved --Serve--> served --Release--> releasing --released--> unserved
        ^                 |                     |
        +------ down -----+---------------------+
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

import attrs

from protocol.hall import Gateway
from protocol.ids import GatewayId, TerminalAddress
from protocol.values import value

__all__ = ["Order", "Post", "Release", "Serve", "Serving"]

TRANSMISSION_S = 0.15
"""What several gateways hear of one terminal within this time is one transmission: a device waits 0.2 s at
least before it repeats itself."""

GAIN = 1 / 16
"""How much one transmission counts in a gateway's quality: about the last twenty do."""

MARGIN = 0.1
"""So much better (of 1) another gateway must hear a terminal to take it over."""

HOME_BONUS = 0.15
"""So much better the home gateway counts than it hears: of two that hear equally well it is the one."""

HEARD_MIN = 5
"""Transmissions in which a gateway was up before it may take a terminal over from one that works."""

FAILED_MAX = 2
"""Downlinks in a row that nobody acknowledged: then a gateway is tried that is not known to be better."""

MOVE_PAUSE_S = 30.0
MOVES_MAX = 6
HOUR_S = 3600.0


@value
class Post:
    """A terminal's place: its home gateway and its radio address."""

    home: GatewayId
    address: TerminalAddress


@value
class Serve:
    """The gateway in its ``session`` serves ``post`` from now on; in any other session this says nothing.

    ``addresses`` are those of the terminals that are served: the post itself, and who is behind it.
    """

    gateway: GatewayId
    session: int
    post: Post
    addresses: tuple[TerminalAddress, ...]


@value
class Release:
    """The gateway is to let ``post`` go, with who is behind it, and to say so with the same ``number``."""

    gateway: GatewayId
    post: Post
    addresses: tuple[TerminalAddress, ...]
    number: int


Order = Serve | Release


@attrs.define(eq=False)
class _Side:
    """What one gateway is to one terminal; ``quality`` (0..1) is the share of transmissions that it hears."""

    quality: float = 1.0
    met: int = 0
    """Transmissions since it came up."""
    failed: int = 0
    """Downlinks in a row that the terminal did not acknowledge."""

    def learn(self, good: bool) -> None:
        self.quality += GAIN * (good - self.quality)


@attrs.define(eq=False)
class _State:
    """A terminal in reach, with those behind it if it is a repeater: it is acknowledged for all of them."""

    post: Post
    addresses: tuple[TerminalAddress, ...]
    sides: dict[GatewayId, _Side]
    """Who may serve it; its home is the first."""
    server: GatewayId | None = None
    releasing: int | None = None
    """The number of the release that is awaited."""
    heard_by: set[GatewayId] = attrs.field(factory=set)
    heard_s: float = 0.0
    """When the present transmission was heard first."""
    moves_s: deque[float] = attrs.field(factory=lambda: deque(maxlen=MOVES_MAX))


class Serving:
    """See the module. Each input may return orders, to be carried out in their order.

    Until `settle` is called a terminal is served by its home gateway alone, and once every gateway that may
    serve it has said whether it is up: one of them may still serve it from an earlier time.
    """

    def __init__(self, gateways: Iterable[Gateway]) -> None:
        listed = list(gateways)
        self._states: dict[Post, _State] = {}
        self._of_gateway: dict[GatewayId, dict[TerminalAddress, _State]] = {
            gateway.id: {} for gateway in listed
        }
        for home in listed:
            may_serve = [home.id, *(g.id for g in listed if home.id in g.covers)]
            for near, addresses in _in_reach(home).items():
                post = Post(home=home.id, address=near)
                state = _State(post, addresses, {gateway: _Side() for gateway in may_serve})
                for address in addresses:
                    self._states[Post(home=home.id, address=address)] = state
                    for gateway in may_serve:
                        self._of_gateway[gateway].setdefault(address, state)
        self._sessions: dict[GatewayId, int | None] = {}
        self._deaf: set[GatewayId] = set()
        self._settled = False
        self._releases = 0

    # -- what is known ----------------------------------------------------------------------

    def server(self, post: Post) -> GatewayId | None:
        """Return who serves ``post`` now."""
        return self._states[post].server

    def reachable(self, post: Post) -> bool:
        """Return whether a gateway serves ``post`` that hears anything at all."""
        server = self._states[post].server
        return server is not None and server not in self._deaf

    def hears(self, gateway: GatewayId) -> bool:
        """Return whether the gateway is up, and not deaf."""
        return self._is_up(gateway) and gateway not in self._deaf

    def qualities(self, post: Post) -> Mapping[GatewayId, float]:
        """Return the share of the terminal's transmissions that each gateway hears, as far as it was up."""
        sides = self._states[post].sides
        return {gateway: side.quality for gateway, side in sides.items() if side.met}

    def posts(self) -> Iterator[Post]:
        """Yield every terminal's place."""
        return iter(self._states)

    def post_of(self, gateway: GatewayId, address: TerminalAddress) -> Post | None:
        """Return what ``gateway`` hears from ``address``: the terminal itself, or a repeater's."""
        state = self._of_gateway[gateway].get(address)
        return None if state is None else state.post

    # -- gateways ---------------------------------------------------------------------------

    def up(self, gateway: GatewayId, session: int, now_s: float) -> list[Order]:
        """The gateway's port is open; ``session`` is another number than any before, and it serves nobody."""
        orders = self.down(gateway, now_s)
        self._sessions[gateway] = session
        for state in self._states_of(gateway):
            best = max(side.quality for side in state.sides.values())
            state.sides[gateway] = _Side(quality=best)
        return orders + self._choose(self._states_of(gateway), now_s)

    def down(self, gateway: GatewayId, now_s: float) -> list[Order]:
        """The gateway's port is away; it serves nobody."""
        self._sessions[gateway] = None
        self._deaf.discard(gateway)
        states = self._states_of(gateway)
        for state in states:
            state.heard_by.discard(gateway)
            if state.server == gateway:
                state.server = state.releasing = None
        return self._choose(states, now_s)

    def deaf(self, gateway: GatewayId, deaf: bool, now_s: float) -> list[Order]:
        """The gateway's port is open, and nothing comes from it (or something came again)."""
        if deaf:
            self._deaf.add(gateway)
        else:
            self._deaf.discard(gateway)
        return self._choose(self._states_of(gateway), now_s)

    def settle(self, now_s: float) -> list[Order]:
        """Whoever has not said yet that it is up is taken for down."""
        self._settled = True
        return self._choose(_different(self._states.values()), now_s)

    def released(self, gateway: GatewayId, post: Post, number: int, now_s: float) -> list[Order]:
        """The gateway has let ``post`` go, as it was told with ``number``."""
        state = self._states[post]
        if state.server != gateway or state.releasing != number:
            return []
        state.server = state.releasing = None
        return self._choose([state], now_s)

    # -- terminals --------------------------------------------------------------------------

    def heard(self, gateway: GatewayId, address: TerminalAddress, now_s: float) -> list[Order]:
        """The gateway heard the terminal with that address send."""
        state = self._of_gateway[gateway].get(address)
        if state is None or not self._is_up(gateway):
            return []
        orders: list[Order] = []
        if not state.heard_by or now_s - state.heard_s > TRANSMISSION_S:
            orders = self.close(state.post, now_s)
            state.heard_s = now_s
        state.heard_by.add(gateway)
        return orders

    def close(self, post: Post, now_s: float) -> list[Order]:
        """Count the last transmission of ``post``, if it was heard and is over: every gateway has met it."""
        state = self._states[post]
        if not state.heard_by or now_s - state.heard_s <= TRANSMISSION_S:
            return []
        for gateway, side in state.sides.items():
            if self._is_up(gateway):
                side.met += 1
                side.learn(gateway in state.heard_by)
        state.heard_by.clear()
        return self._choose([state], now_s)

    def sent(
        self,
        gateway: GatewayId,
        address: TerminalAddress,
        attempts: int,
        acknowledged: bool,
        now_s: float,
    ) -> list[Order]:
        """The gateway sent something to the terminal in so many ``attempts``."""
        state = self._of_gateway[gateway].get(address)
        if state is None or state.server != gateway:
            return []
        side = state.sides[gateway]
        for _ in range(attempts - acknowledged):
            side.learn(False)
        if acknowledged:
            side.learn(True)
        side.failed = 0 if acknowledged else side.failed + 1
        return self._choose([state], now_s)

    # -- the decision -----------------------------------------------------------------------

    def _states_of(self, gateway: GatewayId) -> list[_State]:
        return _different(self._of_gateway[gateway].values())

    def _is_up(self, gateway: GatewayId) -> bool:
        return self._sessions.get(gateway) is not None

    def _choose(self, states: Iterable[_State], now_s: float) -> list[Order]:
        orders = []
        for state in states:
            order = self._serve(state) if state.server is None else self._move(state, now_s)
            if order is not None:
                orders.append(order)
        return orders

    def _serve(self, state: _State) -> Order | None:
        """Have a terminal served that nobody serves."""
        may_serve = list(state.sides)
        if not self._settled:
            if any(gateway not in self._sessions for gateway in may_serve):
                return None
            may_serve = [state.post.home]
        up = [gateway for gateway in may_serve if self._is_up(gateway)]
        if not up:
            return None
        state.server = max(up, key=lambda gateway: self._worth(state, gateway))
        session = self._sessions[state.server]
        assert session is not None
        return Serve(
            gateway=state.server, session=session, post=state.post, addresses=state.addresses
        )

    def _move(self, state: _State, now_s: float) -> Order | None:
        """Have a terminal released by the gateway that serves it if another one is to have it."""
        assert state.server is not None
        if state.releasing is not None:
            return None
        others = [
            gateway
            for gateway, side in state.sides.items()
            if gateway != state.server and self._is_up(gateway) and self._may_take(state, side)
        ]
        if not others:
            return None
        best = max(others, key=lambda gateway: self._worth(state, gateway))
        deaf = state.server in self._deaf
        if deaf and best in self._deaf:
            return None
        if not deaf:
            if self._worth(state, best) < self._worth(state, state.server) + MARGIN:
                return None
            if not _may_move(state, now_s):
                return None
            state.moves_s.append(now_s)
        self._releases += 1
        state.releasing = self._releases
        return Release(
            gateway=state.server,
            post=state.post,
            addresses=state.addresses,
            number=self._releases,
        )

    def _may_take(self, state: _State, side: _Side) -> bool:
        assert state.server is not None
        failing = state.sides[state.server].failed >= FAILED_MAX
        return side.met >= HEARD_MIN or failing or state.server in self._deaf

    def _worth(self, state: _State, gateway: GatewayId) -> float:
        bonus = HOME_BONUS if gateway == state.post.home else 0.0
        # Deaf is worse than any quality.
        return state.sides[gateway].quality + bonus - 2 * (gateway in self._deaf)


def _in_reach(home: Gateway) -> dict[TerminalAddress, tuple[TerminalAddress, ...]]:
    """Return the terminals in the gateway's own reach, each with itself and those behind it."""
    near: dict[TerminalAddress, tuple[TerminalAddress, ...]] = {}
    for terminal in home.terminals:
        first, *_ = (*(home.way_to(terminal.address) or ()), terminal.address)
        near[first] = (*near.get(first, ()), terminal.address)
    return near


def _different(states: Iterable[_State]) -> list[_State]:
    """Return ``states``, each once, in their order."""
    return list({id(state): state for state in states}.values())


def _may_move(state: _State, now_s: float) -> bool:
    moves_s = state.moves_s
    if moves_s and now_s - moves_s[-1] < MOVE_PAUSE_S:
        return False
    return len(moves_s) < MOVES_MAX or now_s - moves_s[0] >= HOUR_S

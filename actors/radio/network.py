"""The radio network of a hall: has each terminal served by one gateway at a time.

What is decided, and when, is `actors.radio.serving`; here is what is said about it. Gateways and terminals are
found by their names, ``{hall}/gateway/{id}``, so each may be restarted without the others knowing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.radio.calls_for_posts import CallsForPosts
from actors.radio.contact import ChannelDown, ChannelUp
from actors.radio.serving import TRANSMISSION_S, Order, Post, Release, Serve, Serving
from protocol.hall import Gateway
from protocol.ids import GatewayId, TerminalAddress
from protocol.messages import Recipient
from protocol.radio.payloads import PAIRING_ADDRESS
from protocol.values import value

log = logging.getLogger(__name__)

SETTLE_S = 3.0
"""Gateways have so long after a start to say that they are up; until then only home gateways serve."""

CLOSE_S = 2 * TRANSMISSION_S
"""After that a transmission is over."""


@value
class Neighbours:
    """Who else is on a gateway's channel: those that it covers, and the ids of all.

    ``network`` says who serves whom.
    """

    network: Ref[Actor]
    covered: tuple[Gateway, ...] = ()
    ids: frozenset[GatewayId] = frozenset()


# -- from gateways -------------------------------------------------------------------------------


@value
class GatewayUp:
    """The port is open, and nobody is served; no two sessions of a gateway have the same number."""

    gateway: GatewayId
    session: int


@value
class GatewayDown:
    """The port is away, and nobody is served."""

    gateway: GatewayId


@value
class GatewayDeaf:
    """Nothing comes from the port, which is open; or something did again."""

    gateway: GatewayId
    deaf: bool


@value
class TerminalHeard:
    """The gateway heard a terminal that others may hear, too."""

    gateway: GatewayId
    address: TerminalAddress


@value
class DownlinkTried:
    """The gateway sent something to such a terminal."""

    gateway: GatewayId
    address: TerminalAddress
    attempts: int
    acknowledged: bool


@value
class PostReleased:
    """The gateway has let ``post`` go, as it was told with ``number``."""

    gateway: GatewayId
    post: Post
    number: int


# -- to gateways ---------------------------------------------------------------------------------


@value
class ReportYourself:
    """Serve nobody from now on, and say whether the port is open: the network was started anew."""


@value
class Orders:
    """Serve terminals, and let others go, in this order."""

    orders: Sequence[Order]


@value
class ServedBy:
    """To a home gateway: who serves its terminals at ``addresses`` now; None if nobody does."""

    addresses: Sequence[TerminalAddress]
    server: GatewayId | None


@value
class PairingAt:
    """To a gateway: who answers devices without a post on its channel now; None if nobody does."""

    server: GatewayId | None


# -- to whoever looks ----------------------------------------------------------------------------


@value
class ReadNetwork:
    """Ask the network for `NetworkRead`; it is told to ``reply_to`` where that is given."""

    reply_to: Recipient | None = None


@value
class NetworkRead:
    """Who serves each terminal, and how well (0..1) each gateway that may serve it hears it."""

    servers: Mapping[Post, GatewayId | None]
    qualities: Mapping[Post, Mapping[GatewayId, float]]


# -- the actor -----------------------------------------------------------------------------------


@value
class _SettleDue:
    """Every gateway has had the time to come up."""


@value
class _CallOver:
    """Every gateway on the channel of ``gateway`` that heard a call for a post has said so."""

    gateway: GatewayId


@value
class _CloseDue:
    """The transmission of ``post`` is over."""

    post: Post


class RadioNetwork(Actor):
    """See the module. Its name is ``{hall}/radio``."""

    def __init__(self, place: Place, gateways: Sequence[Gateway]) -> None:
        super().__init__(place)
        self._hall = place.name.rpartition("/")[0]
        self._gateways = [gateway.id for gateway in gateways]
        self._calls = CallsForPosts(gateways)
        self._pairers: dict[GatewayId, GatewayId | None] = {}
        """Who answers at 254, as each gateway was told."""
        self._serving = Serving(gateways)
        self._told: dict[Post, GatewayId | None] = {}
        """Who the home gateways think serves each terminal."""
        self._unreachable: set[Post] = set()
        """Whose terminals were told that nobody reaches them."""
        self._closing: set[Post] = set()

    def on_start(self) -> None:
        """Have every gateway report itself."""
        for gateway in self._gateways:
            self._tell(gateway, ReportYourself())
        self.later(SETTLE_S, _SettleDue())

    @receives(_SettleDue)
    def _settle(self, _message: _SettleDue) -> None:
        self._carry_out(self._serving.settle(self.monotonic))

    @receives(GatewayUp)
    def _gateway_up(self, message: GatewayUp) -> None:
        self._forget_told(message.gateway)
        self._carry_out(self._serving.up(message.gateway, message.session, self.monotonic))

    @receives(GatewayDown)
    def _gateway_down(self, message: GatewayDown) -> None:
        self._forget_told(message.gateway)
        self._carry_out(self._serving.down(message.gateway, self.monotonic))

    @receives(GatewayDeaf)
    def _gateway_deaf(self, message: GatewayDeaf) -> None:
        self._carry_out(self._serving.deaf(message.gateway, message.deaf, self.monotonic))

    @receives(TerminalHeard)
    def _heard(self, message: TerminalHeard) -> None:
        if message.address == PAIRING_ADDRESS:
            if self._calls.heard(message.gateway):
                self.later(CLOSE_S, _CallOver(gateway=message.gateway))
            return
        orders = self._serving.heard(message.gateway, message.address, self.monotonic)
        post = self._serving.post_of(message.gateway, message.address)
        if post is not None and post not in self._closing:
            self._closing.add(post)
            self.later(CLOSE_S, _CloseDue(post=post))
        if orders:
            self._carry_out(orders)

    @receives(_CallOver)
    def _call_over(self, message: _CallOver) -> None:
        self._calls.over(message.gateway)
        self._tell_pairers()

    @receives(_CloseDue)
    def _close(self, message: _CloseDue) -> None:
        self._closing.discard(message.post)
        orders = self._serving.close(message.post, self.monotonic)
        if orders:
            self._carry_out(orders)

    @receives(DownlinkTried)
    def _tried(self, message: DownlinkTried) -> None:
        orders = self._serving.sent(
            message.gateway,
            message.address,
            message.attempts,
            message.acknowledged,
            self.monotonic,
        )
        if orders:
            self._carry_out(orders)

    @receives(PostReleased)
    def _released(self, message: PostReleased) -> None:
        self._carry_out(
            self._serving.released(message.gateway, message.post, message.number, self.monotonic)
        )

    @receives(ReadNetwork)
    def _read(self, message: ReadNetwork) -> NetworkRead:
        serving = self._serving
        read = NetworkRead(
            servers={post: serving.server(post) for post in serving.posts()},
            qualities={post: serving.qualities(post) for post in serving.posts()},
        )
        if message.reply_to is not None:
            told(message.reply_to, read)
        return read

    # -- telling ----------------------------------------------------------------------------

    def _carry_out(self, orders: Sequence[Order]) -> None:
        """Tell home gateways who serves, and gateways what to do, each in one message."""
        of_gateway: dict[GatewayId, list[Order]] = {}
        for order in orders:
            of_gateway.setdefault(order.gateway, []).append(order)
            match order:
                case Serve(gateway=gateway, post=post):
                    log.info("terminal served gateway=%s terminal=%s", gateway, _name(post))
                case Release(gateway=gateway, post=post):
                    log.info("terminal released gateway=%s terminal=%s", gateway, _name(post))
        # Before the servers: what a terminal sends when it is served finds its way already.
        self._tell_homes()
        for gateway, own in of_gateway.items():
            self._tell(gateway, Orders(orders=own))
        self._tell_terminals()
        self._tell_pairers()

    def _tell_pairers(self) -> None:
        """Have one gateway of each channel answer devices that have no post; no two of them at once."""
        now = {one: self._calls.answerer(one, self._serving.hears) for one in self._gateways}
        # Who answers no more knows it before another one does.
        for gateway, pairer in sorted(now.items(), key=lambda item: item[0] == item[1]):
            if self._pairers.get(gateway) != pairer:
                self._pairers[gateway] = pairer
                self._tell(gateway, PairingAt(server=pairer))

    def _tell_terminals(self) -> None:
        """Tell whom no gateway reaches, lest each raises an alarm for what is the gateway's fault."""
        for post in self._serving.posts():
            reachable = self._serving.reachable(post)
            if reachable is (post not in self._unreachable):
                continue
            terminal = self.world.find(f"{self._hall}/gateway/{post.home}/terminal/{post.address}")
            if terminal is None or not told(terminal, ChannelUp() if reachable else ChannelDown()):
                continue
            if reachable:
                self._unreachable.discard(post)
            else:
                self._unreachable.add(post)

    def _forget_told(self, home: GatewayId) -> None:
        """Tell ``home`` everything anew: it may have been restarted."""
        self._told = {post: server for post, server in self._told.items() if post.home != home}
        self._pairers.pop(home, None)

    def _tell_homes(self) -> None:
        changed: dict[tuple[GatewayId, GatewayId | None], list[TerminalAddress]] = {}
        for post in self._serving.posts():
            server = self._serving.server(post)
            if self._told.get(post) != server:
                self._told[post] = server
                changed.setdefault((post.home, server), []).append(post.address)
        for (home, server), addresses in changed.items():
            self._tell(home, ServedBy(addresses=addresses, server=server))

    def _tell(self, gateway: GatewayId, message: object) -> None:
        ref = self.world.find(f"{self._hall}/gateway/{gateway}")
        if ref is not None:
            told(ref, message)


def _name(post: Post) -> str:
    return f"{post.home}/{post.address}"

"""Everything of one process in the order of its start, and in reverse at its end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from prometheus_client.core import Metric

from actors.audience import told
from actors.building import HallParts, build_hall
from actors.ports import RadioVault
from actors.supervisor import Supervisor
from protocol.errors import ConfigError, StorageError
from protocol.hall import HallSpec
from protocol.ids import HallId, TicketId
from protocol.messages import RaiseAlarm
from protocol.values import replace
from runtime.config.model import Config, Server
from runtime.headquarters.database import bring_up_to_date, engine_of
from runtime.headquarters.direct import DirectUplink
from runtime.headquarters.store import Store
from runtime.http.codes import page_address
from runtime.http.customers import CustomerOf, nobody
from runtime.http.limits import Limits
from runtime.http.metrics import MoreMetrics
from runtime.http.pages import Pages
from runtime.http.ports import HallPort
from runtime.http.routing import Route
from runtime.http.service import HttpService
from runtime.journal import SqliteJournal
from runtime.keys import derived_key, load_key
from runtime.links import ReactorLinks
from runtime.radio_memory import open_vault
from runtime.world import ReactorWorld

if TYPE_CHECKING:
    from runtime.wechat.service import AccountService

log = logging.getLogger(__name__)


class HallService:
    """Runs the halls of a configuration on a Twisted reactor.

    ``world`` and ``parts`` are there for whoever adds people or devices of its own; ``more_routes`` are
    served beside the API and the pages. ``base_url`` is what links begin with; it holds once `start` is done.
    """

    def __init__(
        self,
        reactor: Any,
        config: Config,
        *,
        more_routes: Callable[[Pages], Iterable[Route]] = lambda _pages: (),
    ) -> None:
        self._reactor = reactor
        self._config = config
        self._more_routes = more_routes
        self.base_url = config.server.base_url()
        self.world = ReactorWorld(reactor, random=Random())
        self.world.failures = Supervisor(self.world, self._gave_up)
        self.parts: dict[HallId, HallParts] = {}
        self._troubles: list[str] = []
        self._stops: list[Callable[[], Any]] = []

    def start(self) -> int:
        """Open the journals, start the actors, listen; return the port that is listened on.

        Raises:
            StorageError: a journal cannot be opened.
            JournalDamaged: it is not what was written.
            ConfigError: the address cannot be listened on.
        """
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> int:
        config = self._config
        links = ReactorLinks(self._reactor, random=self.world.random)
        journals = {spec.id: self._open_journal(spec) for spec in config.halls}
        key = load_key(config.server.data_dir)
        keys = {spec.id: derived_key(key, f"hall/{spec.id}") for spec in config.halls}
        vaults = {spec.id: self._open_vault(spec, keys[spec.id]) for spec in config.halls}
        account = self._account(key)
        headquarters = self._headquarters()
        self._stops.append(links.close)
        self._stops.append(self.world.close)
        ports: dict[HallId, HallPort] = {}
        for spec in config.halls:
            hall_key, vault = keys[spec.id], vaults[spec.id]
            scan_url = self._scan_urls(spec, hall_key)
            parts = build_hall(
                self.world,
                spec,
                journals[spec.id],
                links,
                scan_url,
                vault,
                pushes=None if account is None else account.pushes(spec, scan_url),
                codes=None if account is None else account.codes(spec.id),
                uplink=(journals[spec.id], headquarters),
            )
            self.parts[spec.id] = parts
            ports[spec.id] = HallPort(
                spec=spec,
                hall=parts.hall,
                journal=journals[spec.id],
                scan_url=scan_url,
                key=hall_key,
                display=parts.display,
                alarms=parts.alarms,
                kiosks=parts.kiosks,
                gateways=parts.gateways,
                radio=parts.radio,
                terminals=parts.terminals,
                security=parts.security,
            )
        return self._listen(ports, account)

    def _account(self, key: bytes) -> AccountService | None:
        """Return what speaks with WeChat for the halls, if they have an account."""
        wechat = self._config.wechat
        if wechat is None:
            return None
        # Not for everybody: it brings wechatpy, which takes a third of a second.
        from runtime.wechat.service import AccountService

        account = AccountService(self._reactor, wechat, key, self.world)
        self._stops.append(account.stop)
        return account

    def _headquarters(self) -> DirectUplink:
        """Return the way to headquarters, which is in this process."""
        engine = engine_of(self._config.database_url)
        uplink = DirectUplink(
            Store(engine, self.world.now),
            lambda: bring_up_to_date(engine),
            self.world.call_from_thread,
        )
        self._stops.append(uplink.stop)
        return uplink

    def _open_journal(self, spec: HallSpec) -> SqliteJournal:
        folder = self._config.server.data_dir
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"the data folder {folder} cannot be made ({error.strerror}): "
                "name another with --data, or with data_dir in the configuration"
            ) from error
        journal = SqliteJournal(folder / f"{spec.id}.journal", spec, self.world.call_from_thread)
        self._stops.append(journal.close)
        # The hall reads it again. Damage is refused here, where a person starts it and can act, and not by
        # an actor that fails again and again behind a server that runs.
        for _ in journal.recover().events:
            pass
        return journal

    def _open_vault(self, spec: HallSpec, hall_key: bytes) -> RadioVault | None:
        """Return what the hall's radio security is made from; a hall without gateways needs none."""
        if not spec.gateways:
            return None
        vault, memory = open_vault(self._config.server.data_dir, spec.id, hall_key)
        self._stops.append(memory.close)
        return vault

    def _listen(self, ports: Mapping[HallId, HallPort], account: AccountService | None) -> int:
        server = self._config.server
        more_routes = self._more_routes
        metrics: MoreMetrics = tuple
        customer_of: CustomerOf = nobody
        secure = server.base_url().startswith("https:")
        if account is not None:
            callbacks = account.callbacks(ports)
            reservation = account.reservation(lambda: self.base_url, secure=secure)
            customer_of = reservation.customer_of

            def metrics() -> Iterable[Metric]:
                return (*callbacks.metrics(), *reservation.metrics())

            def more_routes(pages: Pages) -> Iterable[Route]:
                ours = (*callbacks.routes(pages), *reservation.routes(pages))
                return (*self._more_routes(pages), *ours)

        http = HttpService(
            self._reactor,
            ports,
            self._config.tokens,
            limits_of(server),
            troubles=lambda: self._troubles,
            watch=lambda: list(self.world.watch()),
            more_routes=more_routes,
            more=metrics,
            secure_cookies=secure,
            customer_of=customer_of,
            proxies=server.proxies,
            districts=self._config.districts,
        )
        try:
            listening = self._reactor.listenTCP(
                server.port, http.site, interface=server.listen, backlog=1024
            )
        except Exception as error:
            raise ConfigError(
                f"cannot listen on {server.listen} port {server.port} ({error}): "
                "is another Paihao running? choose another with --port or server.port"
            ) from error
        self._stops.append(http.stop)
        self._stops.append(listening.stopListening)
        port = int(listening.getHost().port)
        self.base_url = replace(server, port=port).base_url()
        http.start()
        if account is not None:
            # What an account is called and says is in the first language of its first hall.
            account.keep_menu(self.base_url, self._config.halls[0].languages[0])
        return port

    def _scan_urls(self, spec: HallSpec, key: bytes) -> Callable[[TicketId], str]:
        """Return what gives the address of a ticket's page, once it is known where the server listens."""
        return lambda ticket: page_address(self.base_url, key, spec.id, ticket)

    def stop(self) -> None:
        """Stop in reverse order: who asks, then the actors, their ports, and the journals last."""
        while self._stops:
            stop = self._stops.pop()
            try:
                stop()
            except Exception:
                log.exception("stopping failed part=%r", stop)

    def _gave_up(self, name: str, error: Exception) -> None:
        """Make it seen that a part of a hall is missing."""
        self._troubles.append(f"{name} failed too often and was given up: {error}")
        hall = name.split("/")[1] if name.startswith("hall/") else None
        parts = self.parts.get(HallId(hall)) if hall else None
        if parts is not None:
            told(parts.alarms, RaiseAlarm(alarm=f"actor/{name}", detail=str(error)))


def limits_of(server: Server) -> Limits:
    """Return the web server's bounds as configured."""
    rates = server.rate_limits
    return Limits(
        body_octets_max=server.body_octets_max,
        token_requests_per_s=rates.requests_per_s * 4,
        token_requests_burst=rates.requests_burst * 2,
        address_requests_per_s=rates.requests_per_s,
        address_requests_burst=rates.requests_burst,
        streams_each_max=rates.streams_max,
    )

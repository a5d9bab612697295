"""``paihao up``: a whole hall in one process, with virtual devices where the configuration has none.

A virtual device stands behind a pseudo-terminal and is opened as a real serial port is.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from protocol.errors import StorageError
from protocol.hall import HallSpec
from protocol.ids import CounterId, GatewayId, HallId
from protocol.radio.payloads import BOOT_MAX, Key
from protocol.values import replace
from runtime.cli_faults_live import LivePremises
from runtime.cli_values import Rate
from runtime.config.load import load_config
from runtime.config.model import Config, Role, Token, WeChatChannel
from runtime.http.devices import device_routes
from runtime.http.faults import fault_routes
from runtime.http.pages import Pages
from runtime.http.routing import Route
from runtime.interpreter import set_for_halls
from runtime.pty import PtyDevice
from runtime.reactor import install_reactor
from runtime.service import HallService
from sim.hardware import Hardware, virtual_name
from sim.installer import Installer, shown_secured
from sim.live import Clerk, Customers

if TYPE_CHECKING:
    from runtime.cli_up_wechat import DemoWeChat

DEMO = Path(__file__).parent / "config" / "demo.toml"

CROWD_LOAD = 0.8
"""How busy a crowd keeps its staff: services take this share of the time that there is for each customer."""

SERVICE_S_MAX = 300.0


@click.command("up")
@click.option(
    "--config",
    "config_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The halls to run; a demo hall if left out.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where journals are kept; server.data_dir (var) if left out.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="The port to listen on; 0 takes a free one."
)
@click.option(
    "--crowd", type=Rate(), help="Send customers to the first hall's kiosks, such as 60/h."
)
@click.option(
    "--wechat/--no-wechat",
    default=True,
    help="Whether the demo hall has an account with a stand-in of WeChat.",
)
@click.option(
    "--pushes",
    type=click.Choice([each.value for each in WeChatChannel]),
    default=WeChatChannel.TEMPLATE.value,
    show_default=True,
    help="As what that account tells phones something; notifications need a consent each, given on its page.",
)
@click.option(
    "--staff",
    type=click.IntRange(min=0),
    help="Counters whose keypads a crowd's staff press; all but the first if left out.",
)
def up_command(
    config_file: Path | None,
    data: Path | None,
    port: int | None,
    crowd: float | None,
    staff: int | None,
    wechat: bool,
    pushes: str,
) -> None:
    """Run the halls of a configuration, or a demo hall, until Ctrl-C."""
    config = load_config(config_file or DEMO)
    if config_file is None:
        config = replace(config, halls=tuple(map(with_stand_in, config.halls)))
    server = config.server
    if data is not None:
        server = replace(server, data_dir=data)
    if port is not None:
        server = replace(server, port=port)
    config = replace(config, server=server)
    if not config.tokens:
        config = replace(config, tokens=_kept_tokens(server.data_dir))
    set_for_halls()
    reactor = install_reactor()
    with tempfile.TemporaryDirectory(prefix="paihao-") as folder:
        channel = WeChatChannel(pushes) if wechat and config_file is None else None
        _Run(reactor, config, Path(folder), crowd, staff, channel).run()


def with_stand_in(spec: HallSpec) -> HallSpec:
    """Return the demo hall with another gateway that hears what its first one does: so failing over is seen."""
    first = next(iter(spec.gateways.values()))
    other = replace(
        first,
        id=GatewayId("g2"),
        port="virtual:radio-g2",
        terminals=(),
        covers=(first.id,),
    )
    return replace(spec, gateways={**spec.gateways, other.id: other})


class _Run:
    """One run from its start to its clean end."""

    def __init__(
        self,
        reactor: Any,
        config: Config,
        folder: Path,
        crowd: float | None,
        staff: int | None,
        wechat: WeChatChannel | None,
    ) -> None:
        self._reactor = reactor
        self._crowd = crowd
        self._staff = staff
        self._console = Console(soft_wrap=True, highlight=False)
        self._ptys: list[PtyDevice] = []
        self._gateways: dict[HallId, dict[GatewayId, PtyDevice]] = {}
        self._premises: dict[HallId, LivePremises] = {}
        boot = next_boot(config.server.data_dir)
        self._hardware = {spec.id: Hardware(spec, Random(), boot=boot) for spec in config.halls}
        halls = tuple(self._on_ptys(spec, folder / spec.id) for spec in config.halls)
        self._config = replace(config, halls=halls)
        self._wechat: DemoWeChat | None = None
        if wechat is not None:
            # Not for everybody: it brings wechatpy, which takes a third of a second.
            from runtime.cli_up_wechat import DemoWeChat

            self._wechat = DemoWeChat(reactor, wechat)
            self._config = replace(self._config, wechat=self._wechat.start())
        virtual = {hall: devices for hall, devices in self._hardware.items() if devices.ports}
        broken = {hall: self._premises[hall] for hall in virtual}

        def more_routes(pages: Pages) -> tuple[Route, ...]:
            devices = device_routes(virtual, halls, self._gateways)(pages)
            return (*devices, *fault_routes(broken, halls)(pages))

        self._service = HallService(reactor, self._config, more_routes=more_routes)

    def run(self) -> None:
        """Start, say where, run until a signal, stop."""
        try:
            port = self._service.start()
            if self._wechat is not None:
                self._wechat.connect(port)
            self._install()
            if self._crowd is not None:
                self._send_crowd(self._crowd)
            self._say_where(port)
            self._reactor.addSystemEventTrigger("before", "shutdown", self._service.stop)
            self._reactor.run()
        finally:
            # Ctrl-C may come before the reactor runs, which is what ends the service otherwise.
            self._service.stop()
            if self._wechat is not None:
                self._wechat.stop()
            for pty in self._ptys:
                pty.close()
        self._console.print("ended cleanly; everything answered is in the journal")

    # -- virtual devices --------------------------------------------------------------------

    def _on_ptys(self, spec: HallSpec, folder: Path) -> HallSpec:
        """Put the hall's virtual devices behind pseudo-terminals; return the hall with those ports."""
        folder.mkdir()
        hardware = self._hardware[spec.id]
        premises = self._premises[spec.id] = LivePremises(self._reactor, spec, hardware)
        ptys = {
            name: PtyDevice(self._reactor, premises.behind_line(name), folder / name)
            for name in hardware.ports
        }
        premises.connect(ptys)
        for pty in ptys.values():
            pty.plug()
            self._ptys.append(pty)
        hardware.on_wake(lambda name: ptys[name].wake())
        self._gateways[spec.id] = {
            gateway.id: ptys[name]
            for gateway in spec.gateways.values()
            if (name := virtual_name(gateway.port)) is not None
        }

        def real(port: str) -> str:
            name = virtual_name(port)
            return port if name is None else ptys[name].address

        return replace(
            spec,
            gateways={
                gateway.id: replace(gateway, port=real(gateway.port))
                for gateway in spec.gateways.values()
            },
            kiosks={
                kiosk.id: kiosk
                if kiosk.printer is None
                else replace(kiosk, printer=real(kiosk.printer))
                for kiosk in spec.kiosks.values()
            },
        )

    def _install(self) -> None:
        """Pair some virtual devices, and those again that a hall knows from an earlier run."""
        for spec in self._config.halls:
            hardware, parts = self._hardware[spec.id], self._service.parts[spec.id]
            for gateway, devices in hardware.radio.items():
                self._service.world.spawn(
                    f"installer/{spec.id}/{gateway}",
                    Installer,
                    parts.security[gateway],
                    devices,
                    shown_secured(spec.gateways[gateway]),
                    partial(hardware.wake_radio, gateway),
                )

    # -- people -----------------------------------------------------------------------------

    def _send_crowd(self, rate_per_s: float) -> None:
        spec = self._config.halls[0]
        hardware = self._hardware[spec.id]
        parts = self._service.parts[spec.id]
        world = self._service.world
        counters = list(hardware.keypads)
        staffed = counters[1:] if self._staff is None else counters[: self._staff]
        world.spawn(f"crowd/{spec.id}/customers", Customers, spec, parts.hall, rate_per_s)
        if not staffed:
            return
        service_mean_s = min(CROWD_LOAD * len(staffed) / rate_per_s, SERVICE_S_MAX)
        for counter in staffed:
            world.spawn(
                f"crowd/{spec.id}/clerk/{counter}",
                Clerk,
                counter,
                parts.hall,
                _presser(hardware, counter),
                service_mean_s,
            )

    # -- what is printed --------------------------------------------------------------------

    def _say_where(self, port: int) -> None:
        server = self._config.server
        base = self._service.base_url
        say = self._console.print
        say(f"[bold]Paihao[/] runs on {base}/ — Ctrl-C ends it; data in {server.data_dir}")
        if server.public_url is not None:
            say(f"it listens at {server.listen}, port {port}")
        tokens = {token.role: token for token in self._config.tokens if token.hall is None}
        manager = tokens.get(Role.MANAGER)
        for spec in self._config.halls:
            say(f"\n[bold]{spec.id}[/] {' · '.join(spec.names.values())}")
            pages = [
                (f"kiosk {id}", f"halls/{spec.id}/kiosk/{id}", Role.KIOSK) for id in spec.kiosks
            ]
            pages += [
                (f"counter {id}", f"halls/{spec.id}/counter/{id}", Role.COUNTER)
                for id in spec.counters
            ]
            pages += [
                (f"tablet {id}", f"halls/{spec.id}/counter/{id}/evaluate", Role.EVALUATOR)
                for id in spec.counters
            ]
            pages.append(("reception", f"halls/{spec.id}/reception", Role.COUNTER))
            pages.append(("display", f"halls/{spec.id}/display", Role.DISPLAY))
            for name, path, role in pages:
                token = tokens.get(role)
                secret = "" if token is None else f"?token={token.secret}"
                say(f"  {name:12} {base}/{path}{secret}", markup=False)
        if manager is not None and self._ptys:
            say(f"\n[bold]virtual devices[/] {base}/devices?token={manager.secret}")
            say(f"[bold]break them[/]      {base}/devices/faults?token={manager.secret}")
        if self._config.wechat is not None:
            say(f"[bold]numbers by phone[/] {base}/m/")
        if self._wechat is not None:
            say(f"[bold]phones[/]          {self._wechat.phones_url} (a stand-in of WeChat)")
        say("\ntokens")
        for role, token in tokens.items():
            say(f"  {role:12} {token.secret}", markup=False)
        if self._ptys:
            say("\nports of the virtual devices")
        for pty in self._ptys:
            say(f"  {pty.address}", markup=False)


def _presser(hardware: Hardware, counter: CounterId) -> Callable[[Key], bool]:
    return lambda key: hardware.press(counter, key)


def _kept_tokens(data_dir: Path) -> tuple[Token, ...]:
    """Return a token for each role, the same at every start; made at the first one.

    Raises:
        StorageError: they can neither be read nor written.
    """
    path = data_dir / "tokens.json"
    known = _read_json(path)
    kept = {role: str(known.get(role.value) or secrets.token_urlsafe(18)) for role in Role}
    _write_json(path, {role.value: secret for role, secret in kept.items()})
    return tuple(Token(role=role, secret=secret) for role, secret in kept.items())


def next_boot(data_dir: Path) -> int:
    """Return how often virtual terminals were started; real ones count this in their own memory.

    Raises:
        StorageError: the count can neither be read nor written.
    """
    path = data_dir / "virtual-devices.json"
    boot = _read_json(path).get("boot", 0)
    if not isinstance(boot, int):
        raise StorageError(f"{path} holds no number of starts: mend it or remove it")
    boot = boot % BOOT_MAX + 1
    _write_json(path, {"boot": boot})
    return boot


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} cannot be read ({error}): mend it or remove it") from error
    return content if isinstance(content, dict) else {}


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Replace the file as a whole, readable for its owner alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror})") from error

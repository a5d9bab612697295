"""Radio terminals over HTTP: how each is, and what runs through the windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from actors.radio.banners import BannerNotKept, BannerText, SetBanner
from actors.radio.gateway_read import GatewayRead, ReadGateway, TerminalTraffic
from actors.radio.terminal import ReadTerminal, TerminalRead
from actors.radio.troubles import Trouble
from protocol.hall import Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, TerminalAddress
from protocol.messages import Recipient
from protocol.radio.payloads import BRIGHTNESS_MAX, TEXT_MAX, Supply, fit_text
from protocol.values import value
from runtime.config.model import Role
from runtime.http.bodies import field
from runtime.http.calls import Call
from runtime.http.encoding import to_json
from runtime.http.gateways import DIGITS
from runtime.http.gathering import All, Gather, Groups
from runtime.http.problems import refuse
from runtime.http.request import NO_STORE, Response
from runtime.http.routing import Route

_HALL = "/api/v1/halls/{hall}"
_MANAGERS = frozenset({Role.MANAGER})


class TerminalState(StrEnum):
    """Whether a device is heard of."""

    NEVER = "never"
    """Nothing was heard since the server was started."""
    HERE = "here"
    SILENT = "silent"
    """Nothing was heard for longer than the configuration allows."""
    GATEWAY_DOWN = "gateway-down"
    """No gateway reaches it: nobody knows how it is."""


class SupplyName(StrEnum):
    """Where a device has its power from."""

    UNKNOWN = "unknown"
    MAINS = "mains"
    BATTERY = "battery"
    CHARGING = "charging"


@value
class BannerBody:
    """What is to run through the window of a counter, also after a restart, until something else is set."""

    text: str | None = field(
        about=f"{TEXT_MAX} octets of GB18030 at most: {TEXT_MAX // 2} Chinese characters. Nothing runs"
        " through where it is left out.",
        default=None,
    )
    brightness: int | None = field(
        about=f"Per cent, 0 to {BRIGHTNESS_MAX}; as configured where it is left out.", default=None
    )


@value
class BannerView:
    """What runs through a window."""

    text: str
    brightness: int = field(about="Per cent.")


@value
class TerminalView:
    """A radio device as it is known since the server was started."""

    gateway: GatewayId = field(about="Its home, which the configuration names.")
    address: int = field(about="Its radio address.")
    kind: TerminalKind
    counter: CounterId | None
    state: TerminalState
    troubles: tuple[Trouble, ...] = field(about="What needs a person; each is an alarm as well.")
    heard_at: datetime | None = field(about="When it sent something last.")
    boot: int | None = field(about="Which start of the device this is, by its own count.")
    device: str | None = field(about="Its hardware's number: 8 hexadecimal digits.")
    supply: SupplyName
    battery_mv: int | None = field(about="Millivolts.")
    restarts: int = field(about="How often it has started anew.")
    refused: int = field(about="Messages that it should not have sent.")
    flooded: int = field(about="Messages left aside because there were too many.")
    unanswered: int = field(
        about="Messages that were not acknowledged by radio, because there were too many."
    )
    loss: float | None = field(
        about="Share of its last messages that say they are repeats; of too few nothing is said."
    )
    secured: bool = field(about="Whether it proves who it is: it was paired.")
    banner: BannerView | None = field(about="What a window is to let run through.")


@value
class TerminalList:
    """All radio devices of a hall, in the order of the configuration."""

    terminals: tuple[TerminalView, ...]


def terminals() -> tuple[Route, ...]:
    """Return the routes of terminals; managers only."""
    return (
        Route(
            method="GET",
            pattern=f"{_HALL}/terminals",
            handler=read_terminals,
            summary="List the radio devices: state, battery, supply, when each was heard, what is wrong",
            roles=_MANAGERS,
            answers={200: TerminalList},
        ),
        Route(
            method="PUT",
            pattern=f"{_HALL}/counters/{{counter}}/banner",
            handler=set_banner,
            summary="Let a text run through a counter's window, at a brightness",
            roles=_MANAGERS,
            body=BannerBody,
            answers={200: BannerView},
            problems=("unknown-counter", "unknown-terminal", "bad-value", "not-stored"),
        ),
        Route(
            method="DELETE",
            pattern=f"{_HALL}/counters/{{counter}}/banner",
            handler=reset_banner,
            summary="Let what is configured run through a counter's window again",
            roles=_MANAGERS,
            answers={200: BannerView},
            problems=("unknown-counter", "unknown-terminal", "not-stored"),
        ),
    )


def read_terminals(call: Call) -> Response | None:
    """Say how the radio devices of a hall are."""
    port = call.hall.port
    terminals = port.terminals
    if not terminals:
        return _answer(TerminalList(terminals=()))
    asked = Groups(
        (terminals.values(), lambda reply: ReadTerminal(reply_to=reply)),
        (port.gateways.values(), lambda reply: ReadGateway(reply_to=reply)),
    )

    def rendered(answer: Any) -> Response:
        order = {place: index for index, place in enumerate(terminals)}
        reads: list[TerminalRead] = sorted(
            (read for read in answer if isinstance(read, TerminalRead)),
            key=lambda read: order[read.gateway, read.terminal.address],
        )
        traffic = _traffic(read for read in answer if isinstance(read, GatewayRead))
        return _answer(TerminalList(terminals=tuple(_view(read, traffic) for read in reads)))

    call.ask(asked, lambda reply: Gather(asked.count, reply), rendered)
    return None


_Traffic = Mapping[tuple[GatewayId, TerminalAddress], TerminalTraffic]


def _traffic(gateways: Iterable[GatewayRead]) -> _Traffic:
    """Return what passed between each terminal and the gateway that serves it now, or else its home."""
    found: dict[tuple[GatewayId, TerminalAddress], TerminalTraffic] = {}
    for gateway in gateways:
        for traffic in gateway.terminals:
            post = (traffic.home, traffic.address)
            if traffic.served or (traffic.home == gateway.gateway and post not in found):
                found[post] = traffic
    return found


def _view(read: TerminalRead, traffic: _Traffic) -> TerminalView:
    radio = traffic.get((read.gateway, read.terminal.address))
    return TerminalView(
        gateway=read.gateway,
        address=read.terminal.address,
        kind=read.terminal.kind,
        counter=read.terminal.counter,
        state=_state(read),
        troubles=read.troubles,
        heard_at=read.heard_at,
        boot=read.boot,
        device=f"{read.device:08x}" if read.device else None,
        supply=_SUPPLIES[read.supply],
        battery_mv=read.battery_mv,
        restarts=read.restarts,
        refused=read.refused,
        flooded=read.flooded,
        unanswered=0 if radio is None else radio.counts.flooded,
        loss=None if radio is None or radio.loss is None else round(radio.loss, DIGITS),
        secured=read.secured,
        banner=None if read.banner is None else _banner(read.banner),
    )


def _state(read: TerminalRead) -> TerminalState:
    if not read.reachable:
        return TerminalState.GATEWAY_DOWN
    if Trouble.SILENT in read.troubles:
        return TerminalState.SILENT
    return TerminalState.NEVER if read.heard_at is None else TerminalState.HERE


_SUPPLIES = {supply: SupplyName(supply.name.lower()) for supply in Supply}


def set_banner(call: Call) -> None:
    """Set what runs through the window of a counter."""
    body: BannerBody = call.body
    windows = _windows(call)
    _ask_windows(call, windows, _checked(body, windows[0][1]))


def reset_banner(call: Call) -> None:
    """Have what is configured run through the window of a counter."""
    _ask_windows(call, _windows(call), None)


_Windows = list[tuple[Recipient, Terminal]]


def _windows(call: Call) -> _Windows:
    """Return the windows of the counter that the path names, of which there is one at least."""
    counter = CounterId(call.params["counter"])
    spec = call.hall.spec
    if counter not in spec.counters:
        raise refuse("unknown-counter", f"hall {spec.id} has no counter {counter[:40]!r}")
    windows = [
        (recipient, terminal)
        for gateway in spec.gateways.values()
        for terminal in gateway.terminals
        if (terminal.counter, terminal.kind) == (counter, TerminalKind.WINDOW)
        and (recipient := call.hall.port.terminals.get((gateway.id, terminal.address)))
    ]
    if not windows:
        raise refuse("unknown-terminal", f"counter {counter} has no window")
    return windows


def _ask_windows(call: Call, windows: _Windows, banner: BannerText | None) -> None:
    def answered(answer: Any) -> Response:
        if not answer:
            raise refuse("not-stored", "the banner is as it was: its window starts anew; try again")
        for failure in answer:
            if isinstance(failure, BannerNotKept):
                raise refuse("not-stored", f"the banner is as it was: {failure.reason}")
        return _answer(_banner(answer[0]))

    call.ask(
        All(recipient for recipient, _ in windows),
        lambda reply: SetBanner(banner=banner, reply_to=Gather(len(windows), reply)),
        answered,
    )


def _checked(body: BannerBody, window: Terminal) -> BannerText:
    text = body.text or ""
    if fit_text(text) != text:
        raise refuse(
            "bad-value",
            f"the text must have at most {TEXT_MAX} octets of GB18030: {TEXT_MAX // 2} Chinese characters",
        )
    brightness = body.brightness
    if brightness is None:
        brightness = BRIGHTNESS_MAX if window.brightness is None else window.brightness
    if not 0 <= brightness <= BRIGHTNESS_MAX:
        raise refuse("bad-value", f"the brightness must be 0 to {BRIGHTNESS_MAX}")
    return BannerText(text=text, brightness=brightness)


def _banner(banner: BannerText) -> BannerView:
    return BannerView(text=banner.text, brightness=banner.brightness)


def _answer(given: object) -> Response:
    return Response(status=200, body=to_json(given), headers=(NO_STORE,))

"""The page of virtual devices: keys to press, windows to read, paper that came out, troubles to make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from protocol.errors import DeviceError
from protocol.hall import HallSpec, TerminalKind
from protocol.ids import CounterId, GatewayId, HallId, KioskId
from protocol.printing.qr import qr_svg
from protocol.radio.payloads import RATING_MAX, REASONS_MAX, Announce, Key
from protocol.values import value
from runtime.config.model import Role
from runtime.http.calls import Call
from runtime.http.device_models import NO_GATEWAYS, Gateways, VirtualHall
from runtime.http.encoding import to_json
from runtime.http.languages import TEXTS
from runtime.http.pages import SVG, Pages
from runtime.http.problems import refuse
from runtime.http.request import NO_STORE, Response
from runtime.http.routing import Route

PAPERS_SHOWN = 6
"""The newest pieces of paper of each printer."""

ANNOUNCEMENTS_SHOWN = 3
"""The newest of each ticket caller."""

CODE_MAX = 2**32 - 1

CODE_OCTETS_MAX = 300
"""More than a QR code of ours holds."""


@value
class PressBody:
    """A key of a keypad, by its name.

    TRANSFER needs ``argument``, the number of a preset; LOGIN needs ``code``, a number of staff, or 0 to leave.
    """

    key: str
    argument: int = 0
    code: int = 0


@value
class RateBody:
    """A level of an evaluator, and reasons by their ids."""

    level: int
    reasons: tuple[str, ...] = ()


@value
class TroubleBody:
    """A printer's switches; those left out stay as they are."""

    paper_out: bool | None = None
    cover_open: bool | None = None
    offline: bool | None = None
    silent: bool | None = None


@value
class GatewayBody:
    """Whether the gateway's radio module is to be plugged in."""

    plugged: bool


@value
class DeviceStep:
    """Whether the device took it."""

    taken: bool


def device_routes(
    halls: Mapping[HallId, VirtualHall],
    specs: Iterable[HallSpec],
    gateways: Gateways = NO_GATEWAYS,
) -> Callable[[Pages], Iterable[Route]]:
    """Return the routes of the page for the virtual devices of ``halls``; managers only.

    ``specs`` say how these halls, their counters and kiosks are named; ``gateways`` can be pulled out.
    """
    shelf = _Shelf(halls, {spec.id: spec for spec in specs}, gateways)
    managers = frozenset({Role.MANAGER})

    def routes(pages: Pages) -> Iterable[Route]:
        def page(call: Call) -> Response:
            return pages.render(call.request, "devices.html", tuple(TEXTS), data=shelf.layout())

        return (
            Route(
                method="GET",
                pattern="/devices",
                handler=page,
                summary="The virtual devices",
                roles=managers,
                page=True,
                listed=False,
            ),
            Route(
                method="GET",
                pattern="/devices/qr.svg",
                handler=_drawn,
                summary="Draw a QR code that is on a piece of paper",
                roles=managers,
                listed=False,
            ),
            Route(
                method="GET",
                pattern="/api/v1/devices",
                handler=shelf.read,
                summary="Read what the virtual devices show",
                roles=managers,
                answers={200: "application/json"},
            ),
            Route(
                method="POST",
                pattern="/api/v1/devices/{hall}/keypads/{counter}",
                handler=shelf.press,
                summary="Press a key of a virtual keypad",
                roles=managers,
                body=PressBody,
                answers={200: DeviceStep},
            ),
            Route(
                method="POST",
                pattern="/api/v1/devices/{hall}/evaluators/{counter}",
                handler=shelf.rate,
                summary="Press a level of a virtual evaluator",
                roles=managers,
                body=RateBody,
                answers={200: DeviceStep},
            ),
            Route(
                method="POST",
                pattern="/api/v1/devices/{hall}/printers/{kiosk}",
                handler=shelf.trouble,
                summary="Set the troubles of a virtual printer",
                roles=managers,
                body=TroubleBody,
                answers={200: DeviceStep},
            ),
            Route(
                method="POST",
                pattern="/api/v1/devices/{hall}/gateways/{gateway}",
                handler=shelf.plug,
                summary="Pull the radio module of a virtual gateway out, or plug it in",
                roles=managers,
                body=GatewayBody,
                answers={200: DeviceStep},
            ),
        )

    return routes


KEYS = (
    Key.NEXT,
    Key.RECALL,
    Key.START,
    Key.FINISH,
    Key.NO_SHOW,
    Key.HOLD,
    Key.PAUSE,
)
"""What a virtual keypad has for itself; transfers and logins need an argument."""


class _Shelf:
    def __init__(
        self,
        halls: Mapping[HallId, VirtualHall],
        specs: Mapping[HallId, HallSpec],
        gateways: Gateways,
    ) -> None:
        self._halls = halls
        self._specs = specs
        self._gateways = gateways

    def layout(self) -> Mapping[str, Any]:
        """Return which devices there are."""
        return {
            "keys": [key.name for key in KEYS],
            "halls": [self._hall_layout(self._specs[id], hall) for id, hall in self._halls.items()],
        }

    def _hall_layout(self, spec: HallSpec, hall: VirtualHall) -> Mapping[str, Any]:
        presets = {
            terminal.counter: [spec.services[preset].names for preset in terminal.presets]
            for gateway in spec.gateways.values()
            for terminal in gateway.terminals
            if terminal.kind is TerminalKind.KEYPAD
        }
        devices = (hall.keypads, hall.windows, hall.evaluators, hall.callers)
        return {
            "id": spec.id,
            "names": spec.names,
            "reasons": [{"id": id, "names": names} for id, names in _reasons(spec)],
            "counters": [
                {
                    "id": counter.id,
                    "names": counter.names,
                    "keypad": counter.id in hall.keypads,
                    "presets": presets.get(counter.id, []),
                    "window": counter.id in hall.windows,
                    "evaluator": counter.id in hall.evaluators,
                    "caller": counter.id in hall.callers,
                }
                for counter in spec.counters.values()
                if any(counter.id in of_kind for of_kind in devices)
            ],
            "gateways": list(self._gateways.get(spec.id, ())),
            "kiosks": [
                {"id": kiosk.id, "names": kiosk.names}
                for kiosk in spec.kiosks.values()
                if kiosk.id in hall.printers
            ],
        }

    def read(self, _call: Call) -> Response:
        shown = {
            id: {
                **_shown(hall),
                "gateways": {
                    gateway: {"plugged": port.plugged}
                    for gateway, port in self._gateways.get(id, {}).items()
                },
            }
            for id, hall in self._halls.items()
        }
        return Response(status=200, body=to_json(shown), headers=(NO_STORE,))

    def press(self, call: Call) -> Response:
        hall, counter = self._hall(call), CounterId(call.params["counter"])
        try:
            key = Key[call.body.key]
        except KeyError:
            names = ", ".join(key.name for key in Key)
            raise refuse(
                "malformed-request", f"there is no key {call.body.key!r}; there are {names}"
            ) from None
        argument, code = call.body.argument, call.body.code
        if not 0 <= argument <= 255 or not 0 <= code <= CODE_MAX:
            detail = f"argument must be 0 to 255, and code 0 to {CODE_MAX}"
            raise refuse("malformed-request", detail)
        try:
            if key is Key.LOGIN:
                return _step(hall.login(counter, code))
            return _step(hall.press(counter, key, argument))
        except DeviceError as error:
            raise refuse("unknown-counter", str(error)) from error

    def rate(self, call: Call) -> Response:
        hall, counter = self._hall(call), CounterId(call.params["counter"])
        body: RateBody = call.body
        known = [id for id, _ in _reasons(self._specs[HallId(call.params["hall"])])]
        if not 1 <= body.level <= RATING_MAX or not set(body.reasons) <= set(known):
            detail = f"level must be 1 to {RATING_MAX}, and reasons of {', '.join(known) or 'none'}"
            raise refuse("malformed-request", detail)
        reasons = sum(1 << bit for bit, id in enumerate(known) if id in body.reasons)
        try:
            return _step(hall.rate(counter, body.level, reasons))
        except DeviceError as error:
            raise refuse("unknown-counter", str(error)) from error

    def trouble(self, call: Call) -> Response:
        hall, kiosk = self._hall(call), KioskId(call.params["kiosk"])
        printer = hall.printers.get(kiosk)
        if printer is None:
            raise refuse("unknown-kiosk", f"kiosk {kiosk} has no virtual printer")
        body: TroubleBody = call.body
        for name in ("paper_out", "cover_open", "offline", "silent"):
            wanted = getattr(body, name)
            if wanted is not None:
                setattr(printer, name, wanted)
        for port, device in hall.ports.items():
            if device is printer:
                hall.wake(port)
        return _step(True)

    def plug(self, call: Call) -> Response:
        self._hall(call)
        gateway = GatewayId(call.params["gateway"])
        port = self._gateways.get(HallId(call.params["hall"]), {}).get(gateway)
        if port is None:
            raise refuse("unknown-gateway", f"there is no virtual gateway {gateway}")
        body: GatewayBody = call.body
        if body.plugged:
            port.plug()
        else:
            port.unplug()
        return _step(True)

    def _hall(self, call: Call) -> VirtualHall:
        id = HallId(call.params["hall"])
        hall = self._halls.get(id)
        if hall is None:
            raise refuse("unknown-hall", f"hall {id} has no virtual devices")
        return hall


def _reasons(spec: HallSpec) -> list[tuple[str, Any]]:
    """Return the reasons that a pad has keys for."""
    return list(islice(spec.evaluation.reasons.items(), REASONS_MAX))


def _announced(announce: Announce) -> Mapping[str, Any]:
    return {"text": announce.text, "buzzer": announce.buzzer, "voice": announce.voice}


def _drawn(call: Call) -> Response:
    """Draw what the paper's code holds, whosever it is: WeChat's codes have no page here."""
    octets = b"".join(call.request.query_values(b"code")[:1])
    if not 0 < len(octets) <= CODE_OCTETS_MAX:
        raise refuse("malformed-request", f"code has 1 to {CODE_OCTETS_MAX} octets")
    held = octets.decode("utf-8", "replace")
    return Response(status=200, body=qr_svg(held).encode(), content_type=SVG, headers=(NO_STORE,))


def _step(taken: bool) -> Response:
    return Response(status=200, body=to_json(DeviceStep(taken=taken)), headers=(NO_STORE,))


def _shown(hall: VirtualHall) -> Mapping[str, Any]:
    return {
        "keypads": {counter: keypad.display for counter, keypad in hall.keypads.items()},
        "windows": {
            counter: {"text": window.text, "state": window.state.name.lower()}
            for counter, window in hall.windows.items()
        },
        "banners": {
            counter: {"text": window.banner.text, "brightness": window.banner.brightness}
            for counter, window in hall.windows.items()
            if window.banner is not None
        },
        "evaluators": {
            counter: {"invites": evaluator.invites, "display": evaluator.display}
            for counter, evaluator in hall.evaluators.items()
        },
        "callers": {
            counter: [
                _announced(announce) for announce in list(caller.announced)[-ANNOUNCEMENTS_SHOWN:]
            ]
            for counter, caller in hall.callers.items()
        },
        "printers": {
            kiosk: {
                "papers": [
                    {"lines": list(paper.lines), "number": paper.number, "codes": list(paper.codes)}
                    for paper in list(printer.papers)[-PAPERS_SHOWN:]
                ],
                "paper_out": printer.paper_out,
                "cover_open": printer.cover_open,
                "offline": printer.offline,
                "silent": printer.silent,
            }
            for kiosk, printer in hall.printers.items()
        },
    }

"""What phones ask of the server, answered by a test: states that a real hall is in only now and then."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from protocol.appointments import AppointmentSpec, SlotPattern
from protocol.hall import HallSpec, Identity, Service
from protocol.ids import ServiceId
from protocol.places import Place
from protocol.values import replace
from tests.runtime.http.rig import hall_spec, names

__all__ = [
    "HALL",
    "LONG_EN",
    "LONG_ZH",
    "FakeReservations",
    "many_services",
    "service_view",
    "spec_for_phones",
]

HALL = "HZ01"
ZONE = ZoneInfo("Asia/Shanghai")
OPEN_ALWAYS = AppointmentSpec(
    slots=(
        SlotPattern(
            weekdays=(1, 2, 3, 4, 5, 6, 7),
            begins=datetime.min.time().replace(hour=9),
            ends=datetime.min.time().replace(hour=12),
            every_minutes=30,
            capacity=4,
        ),
    )
)

LONG_ZH = "个体工商户生产经营所得个人所得税年度汇算清缴申报及跨区域涉税事项报告办理"
LONG_EN = (
    "Annual settlement of individual income tax on business income of the self-employed, "
    "with cross-regional reports"
)


def spec_for_phones(reach_m: float | None = None) -> HallSpec:
    """A hall with a service for each thing that a service may ask."""
    asked = {
        "tax": ("税务申报", "Tax returns", Identity.NONE),
        "invoice": ("发票业务", "Invoices", Identity.PHONE),
        "property": ("房产交易", "Property", Identity.DOCUMENT),
        "long": (LONG_ZH, LONG_EN, Identity.NONE),
        "local": ("现场业务", "At the counter", Identity.NONE),
    }
    services = {
        ServiceId(id): Service(
            id=ServiceId(id),
            names=names(zh, en),
            prefix=prefix,
            identity=identity,
            appointments=OPEN_ALWAYS,
            by_phone=id != "local",
        )
        for prefix, (id, (zh, en, identity)) in zip("ABCDE", asked.items(), strict=True)
    }
    spec = hall_spec()
    counters = {
        id: replace(counter, services=tuple(services)) for id, counter in spec.counters.items()
    }
    return replace(
        spec,
        services=MappingProxyType(services),
        counters=MappingProxyType(counters),
        place=Place(reach_m=reach_m),
    )


def service_view(service: Service, **more: Any) -> dict[str, Any]:
    """The service as the offer tells it, open and with three people waiting."""
    return {
        "id": service.id,
        "names": dict(service.names),
        "waiting": 3,
        "estimate": {"p50_s": 420, "p90_s": 900},
        "late": False,
        "identity": str(service.identity),
        "open": True,
        "full": False,
        "opens_at": None,
        "closes_at": None,
        "closure": None,
        "by_phone": service.by_phone,
        "bookable": service.appointments is not None,
        "lead": service.lead,
        **more,
    }


def many_services(count: int = 40) -> tuple[list[Any], list[Any]]:
    """A menu of four levels with so many services, and the services."""
    services = [
        service_view(
            Service(
                id=ServiceId(f"s{n}"),
                names=names(
                    f"{n} 号业务：{LONG_ZH[: 4 + n % 30]}", f"Service {n} {LONG_EN[: n * 3]}"
                ),
                prefix=f"S{n}",
            )
        )
        for n in range(count)
    ]

    def page(level: int, found: list[Any]) -> list[Any]:
        entries = [{"service": one["id"], "names": None, "entries": []} for one in found]
        if level == 4 or len(entries) < 4:
            return entries
        own, inner = entries[:5], found[5:]
        half = len(inner) // 2
        below = [
            {
                "service": None,
                "names": dict(
                    names(f"第 {level} 级：{LONG_ZH[:half]}", f"Level {level}: {LONG_EN[:half]}")
                ),
                "entries": page(level + 1, part),
            }
            for part in (inner[:half], inner[half:])
            if part
        ]
        return [*own, *below]

    return page(1, services), services


class FakeReservations:
    """The API for phones.

    Tests change its fields. ``asked`` are the POSTs that came: path, body and Idempotency-Key; ``refused`` are
    problems by the ending of a path. ``away`` has every request fail as without a network; those to a path
    that ends with ``held`` are not answered until `release`.
    """

    def __init__(self, spec: HallSpec) -> None:
        self.spec = spec
        self.services = [service_view(service) for service in spec.services.values()]
        self.menu: list[Any] = [
            {"service": "tax", "names": None, "entries": []},
            {
                "service": None,
                "names": {"zh": "发票与房产", "en": "Invoices and property"},
                "entries": [
                    {"service": id, "names": None, "entries": []} for id in ("invoice", "property")
                ],
            },
            {"service": "long", "names": None, "entries": []},
            {"service": "local", "names": None, "entries": []},
        ]
        self.hall: dict[str, Any] = {
            "open": True,
            "opens_at": None,
            "closes_at": None,
            "closure": None,
            "address": {"zh": "文三路 1 号", "en": "1 Wensan Road"},
        }
        self.districts = [
            {"id": "xihu", "names": {"zh": "西湖区", "en": "West Lake"}},
            {"id": "binjiang", "names": {"zh": "滨江区", "en": "Binjiang"}},
        ]
        self.halls = [self.card()]
        self.slots = self.free_slots()
        self.booking = self.booking_at(self.slots[-1])
        self.mine: dict[str, Any] = {"halls": [], "away": []}
        self.now: list[Any] = []
        self.numbers: dict[str, Any] = {}
        self.issued: dict[str, Any] = {}
        self.own = {"mine": True, "followed": True, "silent": False}
        self.asked: list[tuple[str, Any, str | None]] = []
        self.refused: dict[str, tuple[int, str, dict[str, Any]]] = {}
        self.away = False
        self.held = ""
        self._waiting: list[Any] = []

    # -- what there is -------------------------------------------------------------------------

    def card(self, **more: Any) -> dict[str, Any]:
        """A hall in the directory."""
        return {
            "id": self.spec.id,
            "names": dict(self.spec.names),
            "district": "xihu",
            "address": {"zh": "文三路 1 号", "en": "1 Wensan Road"},
            "position": {"latitude": 30.27, "longitude": 120.13},
            "open": True,
            "opens_at": None,
            "closes_at": None,
            "closure": None,
            "waiting": 12,
            "estimate": {"p50_s": 420, "p90_s": 900},
            "by_phone": True,
            "reach_m": None,
            **more,
        }

    def free_slots(self, days: int = 14) -> list[dict[str, Any]]:
        """Six slots a day from tomorrow; the first of each day is full, and so is every third day."""
        midnight = datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        found = []
        for day in range(1, days + 1):
            for half_hours in range(6):
                at = midnight + timedelta(days=day, hours=9, minutes=30 * half_hours)
                free = 0 if half_hours == 0 or day % 3 == 0 else half_hours
                found.append(
                    {
                        "slot": f"{at:%Y-%m-%dT%H:%M}",
                        "starts_at": _iso(at),
                        "ends_at": _iso(at + timedelta(minutes=30)),
                        "places": 6,
                        "free": free,
                    }
                )
        return found

    def booking_at(self, slot: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """A confirmed booking of a slot."""
        starts = datetime.fromisoformat(slot["starts_at"])
        return {
            "code": "7K3MPQ9X",
            "service": "tax",
            "state": "confirmed",
            "slot": slot["slot"],
            "starts_at": slot["starts_at"],
            "ends_at": slot["ends_at"],
            "check_in_from": _iso(starts - timedelta(minutes=30)),
            "check_in_until": _iso(starts + timedelta(minutes=10)),
            "lapses_at": None,
            "language": "zh",
            "party": 1,
            "ticket": None,
            "reason": None,
            **more,
        }

    def slot_in(self, minutes: float) -> dict[str, Any]:
        """A slot that begins so many minutes from now."""
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        return {
            "slot": f"{at.astimezone(ZONE):%Y-%m-%dT%H:%M}",
            "starts_at": _iso(at),
            "ends_at": _iso(at + timedelta(minutes=30)),
        }

    def ticket(self, id: str, number: str, **more: Any) -> dict[str, Any]:
        """A ticket that waits."""
        return {
            "id": id,
            "number": number,
            "service": "tax",
            "class": "normal",
            "language": "zh",
            "state": "waiting",
            "due_at": None,
            "closure": None,
            "ahead": 2,
            "estimate": {"p50_s": 300, "p90_s": 700},
            "late": False,
            "counter": None,
            "kiosk": None,
            "printed": "none",
            "print_failure": None,
            "recalls": 0,
            "taken_at": _iso(datetime.now(UTC)),
            "called_at": None,
            "started_at": None,
            "ended_at": None,
            "scan_url": f"http://hall.test/t/{HALL}/{id}?c=abc",
            "served": [],
            "followed": True,
            **more,
        }

    def refuse(self, path: str, status: int, kind: str, **more: Any) -> None:
        """Have requests whose path ends so be refused."""
        self.refused[path] = (status, kind, more)

    # -- answering -----------------------------------------------------------------------------

    def install(self, page: Any) -> None:
        """Answer what the page asks of the API, and stand in for WeChat's sign-in."""
        page.route(
            re.compile(r"/api/v1/(my|directory|halls/[^/]+/(offer|progress|bookings))"),
            self._answer,
        )

    def release(self) -> None:
        """Answer what was held."""
        self.held = ""
        for route in self._waiting:
            path = urlsplit(route.request.url).path.removeprefix("/api/v1")
            _fulfil(route, 200, self._found(route.request, path))
        self._waiting.clear()

    def _answer(self, route: Any) -> None:
        request = route.request
        path = urlsplit(request.url).path.removeprefix("/api/v1")
        if self.away:
            return route.abort("connectionrefused")
        if request.method == "POST":
            self.asked.append(
                (path, request.post_data_json, request.headers.get("idempotency-key"))
            )
        if self.held and path.endswith(self.held):
            self._waiting.append(route)
            return None
        for ending, (status, kind, more) in self.refused.items():
            if path.endswith(ending):
                problem = {
                    "type": f"/problems/{kind}",
                    "title": kind,
                    "detail": kind,
                    "status": status,
                }
                return _fulfil(route, status, {**problem, **more}, "application/problem+json")
        return _fulfil(route, 201 if request.method == "POST" else 200, self._found(request, path))

    def _found(self, request: Any, path: str) -> Any:
        parts = path.strip("/").split("/")
        match parts:
            case ["directory"]:
                return {"districts": self.districts, "halls": self.halls, "away": []}
            case ["halls", _, "offer"]:
                return {
                    "id": self.spec.id,
                    "names": dict(self.spec.names),
                    "languages": list(self.spec.languages),
                    "time_zone": self.spec.time_zone,
                    **self.hall,
                    "menu": self.menu,
                    "services": self.services,
                }
            case ["halls", _, "progress"]:
                _, _, number = urlsplit(request.url).query.partition("number=")
                shown = [
                    {
                        "id": one["id"],
                        "names": one["names"],
                        "waiting": one["waiting"],
                        "now": [now for now in self.now if now["service"] == one["id"]],
                    }
                    for one in self.services
                ]
                found = self.numbers.get(number)
                return {"id": HALL, "names": {}, "services": shown, "number": found}
            case ["my"]:
                return self.mine
            case ["my", "halls", _, "services", service, "slots"]:
                return {"service": service, "slots": self.slots}
            case ["my", "halls", _, "tickets"]:
                return self.issued
            case ["my", "halls", _, "tickets", _]:
                return self.own
            case ["my", "halls", _, "tickets", id, "cancel"]:
                return {"ticket": {"id": id, "state": "cancelled", "counter": None}}
            case ["my", "halls", _, "tickets", id, "silent"]:
                self.own = {**self.own, **request.post_data_json}
                return {"ticket": {"id": id, "followed": True, "silent": self.own["silent"]}}
            case ["my", "halls", _, "bookings"] | ["my", "halls", _, "bookings", _]:
                return self.booking
            case ["my", "halls", _, "bookings", _, "confirm"]:
                self.booking = {**self.booking, "state": "confirmed", "lapses_at": None}
                return self.booking
            case ["my", "halls", _, "bookings", _, "cancel"]:
                self.booking = {**self.booking, "state": "cancelled"}
                return self.booking
            case ["my", "halls", _, "bookings", _, "move"]:
                wanted = request.post_data_json["slot"]
                (slot,) = (one for one in self.slots if one["slot"] == wanted)
                self.booking = {**self.booking, "slot": wanted, "starts_at": slot["starts_at"]}
                return self.booking
            case ["my", "halls", _, "bookings", _, "check-in"]:
                return self.issued
        raise AssertionError(f"nothing is said of {path}")


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _fulfil(route: Any, status: int, content: Any, kind: str = "application/json") -> None:
    route.fulfill(status=status, content_type=kind, body=json.dumps(content))

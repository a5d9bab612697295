"""Breaking virtual devices of a hall that runs: what can be broken, what is, and a page with switches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from protocol.errors import ConfigError
from protocol.hall import HallSpec
from protocol.ids import HallId
from protocol.values import value
from runtime.config.model import Role
from runtime.http.bodies import field
from runtime.http.calls import Call
from runtime.http.devices import DeviceStep
from runtime.http.encoding import to_json
from runtime.http.languages import TEXTS
from runtime.http.pages import Pages
from runtime.http.problems import refuse
from runtime.http.request import NO_STORE, Response
from runtime.http.routing import Route


@value
class Breakable:
    """A device that can be broken: its ``target`` (``printer``), ``place`` (``k1``) and kinds of faults."""

    target: str
    place: str
    kinds: tuple[str, ...]


@value
class InjectedFault:
    """A fault that is on. ``parameters`` are all that it has."""

    id: str
    kind: str
    where: str | None
    lasts_s: float
    left_s: float
    parameters: Mapping[str, float]


class FaultBench(Protocol):
    """The virtual devices of one hall, where faults can be injected."""

    def breakable(self) -> Sequence[Breakable]:
        """Return what can be broken."""
        ...

    def injected(self) -> Sequence[InjectedFault]:
        """Return the faults that are on, the oldest first."""
        ...

    def inject(
        self, kind: str, where: str | None, lasts_s: float | None, given: Sequence[str]
    ) -> InjectedFault:
        """Have a fault begin; ``given`` are its parameters as ``name=number``.

        Raises:
            ConfigError: there is no such kind, place or parameter, or it lasts for too long.
        """
        ...

    def end(self, id: str) -> bool:
        """End a fault; return whether it was on."""
        ...


@value
class FaultBody:
    """A fault by its name, such as ``printer-jam``; `paihao faults` lists them.

    Without ``where`` all its places have it, and without ``seconds`` it lasts as long as its kind may.
    """

    kind: str = field(about="The kind of fault.")
    where: str | None = field(about="Where: printer k1, keypad/1 …", default=None)
    seconds: int | None = field(about="For how long.", default=None)
    parameters: tuple[str, ...] = field(about="Parameters, each as name=number.", default=())


def fault_routes(
    benches: Mapping[HallId, FaultBench], specs: Iterable[HallSpec]
) -> Callable[[Pages], Iterable[Route]]:
    """Return the routes by which faults are injected into the virtual devices of halls; managers only."""
    desk = _Desk(benches, {spec.id: spec for spec in specs})
    managers = frozenset({Role.MANAGER})

    def routes(pages: Pages) -> Iterable[Route]:
        def page(call: Call) -> Response:
            return pages.render(call.request, "faults.html", tuple(TEXTS), data=desk.layout())

        return (
            Route(
                method="GET",
                pattern="/devices/faults",
                handler=page,
                summary="Break the virtual devices",
                roles=managers,
                page=True,
                listed=False,
            ),
            Route(
                method="GET",
                pattern="/api/v1/devices/faults",
                handler=desk.read,
                summary="Read which virtual devices are broken, and how",
                roles=managers,
                answers={200: "application/json"},
            ),
            Route(
                method="POST",
                pattern="/api/v1/devices/{hall}/faults",
                handler=desk.inject,
                summary="Inject a fault into a virtual device",
                roles=managers,
                body=FaultBody,
                answers={200: InjectedFault},
            ),
            Route(
                method="POST",
                pattern="/api/v1/devices/{hall}/faults/{fault}/end",
                handler=desk.end,
                summary="End a fault of a virtual device",
                roles=managers,
                answers={200: DeviceStep},
            ),
        )

    return routes


class _Desk:
    def __init__(
        self, benches: Mapping[HallId, FaultBench], specs: Mapping[HallId, HallSpec]
    ) -> None:
        self._benches = benches
        self._specs = specs

    def layout(self) -> Mapping[str, Any]:
        """Return what can be broken."""
        return {
            "halls": [
                {
                    "id": id,
                    "names": self._specs[id].names,
                    "devices": [_plain(each) for each in bench.breakable()],
                }
                for id, bench in self._benches.items()
            ]
        }

    def read(self, _call: Call) -> Response:
        shown = {
            id: [_plain(each) for each in bench.injected()] for id, bench in self._benches.items()
        }
        return Response(status=200, body=to_json(shown), headers=(NO_STORE,))

    def inject(self, call: Call) -> Response:
        body: FaultBody = call.body
        if body.seconds is not None and body.seconds < 1:
            raise refuse("malformed-request", "seconds must be 1 or more")
        try:
            fault = self._bench(call).inject(body.kind, body.where, body.seconds, body.parameters)
        except ConfigError as error:
            raise refuse("malformed-request", str(error)) from error
        return Response(status=200, body=to_json(_plain(fault)), headers=(NO_STORE,))

    def end(self, call: Call) -> Response:
        ended = self._bench(call).end(call.params["fault"])
        return Response(status=200, body=to_json(DeviceStep(taken=ended)), headers=(NO_STORE,))

    def _bench(self, call: Call) -> FaultBench:
        id = HallId(call.params["hall"])
        bench = self._benches.get(id)
        if bench is None:
            raise refuse("unknown-hall", f"hall {id} has no virtual devices")
        return bench


def _plain(shown: Breakable | InjectedFault) -> Mapping[str, Any]:
    return {name: getattr(shown, name) for name in type(shown).__annotations__}

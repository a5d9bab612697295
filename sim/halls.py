"""Halls to simulate, besides those that are configured."""

from types import MappingProxyType

from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CounterId, HallId, Language, ServiceId
from protocol.values import replace

COUNTERS_MAX = 1_000
"""Counters of a simulated hall: each is an actor with a clerk."""

THEORY_SERVICE = ServiceId("one")
THEORY_LAST = 10**9


def theory_hall(counters: int) -> HallSpec:
    """Return a hall as queueing theory has it: one service, all the ``counters`` (1 or more) call it."""
    name = {Language("en"): "One service", Language("zh"): "业务"}
    service = Service(id=THEORY_SERVICE, names=name, prefix="A", last=THEORY_LAST, digits=10)
    return HallSpec(
        id=HallId("THEORY"),
        names={Language("en"): "A hall as in theory", Language("zh"): "理论大厅"},
        services=MappingProxyType({service.id: service}),
        counters=_counters([(service.id,)], counters),
    )


def with_counters(spec: HallSpec, counters: int) -> HallSpec:
    """Return ``spec`` with so many counters, and no devices at all.

    Of fewer the first stay. Added ones repeat the services of those that are there, in their order.

    Raises:
        ValueError: ``counters`` is not 1 to `COUNTERS_MAX`, or the hall has none to go by.
    """
    if not 1 <= counters <= COUNTERS_MAX:
        raise ValueError(f"{counters} counters cannot be simulated; it takes 1 to {COUNTERS_MAX:,}")
    present = list(spec.counters.values())
    if not present:
        raise ValueError(f"hall {spec.id} has no counter to go by; configure one")
    kept = {counter.id: counter for counter in present[:counters]}
    added = _counters([counter.services for counter in present], counters)
    for counter in added.values():
        if len(kept) == counters:
            break
        kept.setdefault(counter.id, counter)
    return replace(
        spec,
        counters=MappingProxyType(kept),
        gateways=MappingProxyType({}),
        kiosks=MappingProxyType({}),
    )


def _counters(
    services: list[tuple[ServiceId, ...]], count: int
) -> MappingProxyType[CounterId, Counter]:
    """Return counters 1 to ``count`` whose services repeat those given."""
    counters = {}
    for number in range(1, count + 1):
        id = CounterId(str(number))
        names = {Language("en"): f"Counter {number}", Language("zh"): f"{number}号窗口"}
        counters[id] = Counter(id=id, names=names, services=services[(number - 1) % len(services)])
    return MappingProxyType(counters)

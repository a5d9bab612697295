"""What must fit together in a configuration: references, numbers, radio addresses, ports, languages, tokens.

Nothing is concluded from a value that was refused already, so that one mistake is one problem.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from protocol.hall import (
    Counter,
    Gateway,
    HallSpec,
    Identity,
    Kiosk,
    Names,
    PastLast,
    Service,
    Terminal,
)
from protocol.policies import PolicyKind
from protocol.ports import SerialAddress, TcpAddress, VirtualAddress, parse_port
from protocol.values import replace, value
from runtime.config import model
from runtime.config.appointments import KNOWN, check_appointments
from runtime.config.document import Place
from runtime.config.model import Role, Server, Token
from runtime.config.opening import Entry, check_hours
from runtime.config.places import check_reach
from runtime.config.problems import Findings, nearest
from runtime.config.radio import check_covers, check_routes
from runtime.config.secrets import check_sources
from runtime.config.tables import Tables
from runtime.config.terminals import check_logins, check_terminal

__all__ = ["check"]

_SHOWN_MAX = 20
"""Ids that a message lists; a hall may have hundreds."""


@value
class _Given:
    """What was read, and what was found wrong with it so far."""

    tables: Tables
    findings: Findings


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


def check(tables: Tables, server: Server, findings: Findings) -> None:
    """Report whatever does not fit together in the halls and tokens of ``tables`` and in ``server``."""
    given = _Given(tables=tables, findings=findings)
    halls = tables.within((), HallSpec)
    if findings.sound(("hall",)) and not halls:
        findings.add(("hall",), "there is no hall", "needed is at least one [[hall]]")
    ports: dict[tuple[str, ...], str] = {}
    for place, hall in halls:
        _check_queues(given, place)
        _check_policy(given, place, hall)
        _check_opening(given, place)
        _check_menu(given, place)
        _check_languages(given, place, hall)
        _check_numbers(given, place)
        check_logins(findings, place, hall)
        district = (*place, "place", "district")
        _refer(given, district, hall.place.district, "district", tables.within((), model.District))
        check_reach(findings, place, hall)
        _check_radio(given, place)
        _check_ports(given, place, ports)
    _check_links(server, findings)
    _check_tokens(given)


# -- references ----------------------------------------------------------------------------------


def _refer(
    given: _Given,
    place: Place,
    name: str | None,
    kind: str,
    those: Sequence[tuple[Place, _Identified]],
) -> None:
    """Report ``name`` at ``place`` if it is none of ``those``."""
    known = [one.id for _, one in those]
    # One of the known ids is missing: perhaps it is the one meant.
    if name is None or "" in known or not given.findings.sound(place):
        return
    if name in known:
        return
    meant = nearest(name, known)
    hint = f"did you mean {meant!r}? " if meant else ""
    shown = list(dict.fromkeys(known))
    more = ", …" if len(shown) > _SHOWN_MAX else ""
    allowed = ", ".join(shown[:_SHOWN_MAX]) + more or f"a {kind}, once there is one"
    given.findings.add(place, f"there is no {kind} {name!r}", f"{hint}allowed: {allowed}")


def _check_queues(given: _Given, hall: Place) -> None:
    """Counters call services that exist, every service is called, and there is something to do."""
    tables, findings = given.tables, given.findings
    services, counters = tables.within(hall, Service), tables.within(hall, Counter)
    for kind, found in (("service", services), ("counter", counters)):
        if not found and findings.sound((*hall, kind)):
            wrong = f"the hall has no {kind}"
            findings.add((*hall, kind), wrong, f"needed is at least one [[hall.{kind}]]")
    called: set[str] = set()
    for place, counter in counters:
        for index, name in enumerate(counter.services):
            _refer(given, (*place, "services", index), name, "service", services)
        for name in counter.weights:
            _check_weight(given, (*place, "weights", name), name, counter)
        called.update(counter.services)
    # One service that is misspelt at its counter is reported there, not here as well.
    if counters and findings.sound((*hall, "counter")):
        for place, service in services:
            if findings.sound((*place, "id")) and service.id not in called:
                wrong = "no counter calls this service, so nobody with its ticket would be served"
                findings.add((*place, "id"), wrong, "needed in the services of a [[hall.counter]]")


# -- opening hours and the menu ------------------------------------------------------------------


def _check_opening(given: _Given, hall: Place) -> None:
    """Hours make sense, and whoever is limited says who he is."""
    tables, findings = given.tables, given.findings
    check_hours(tables, findings, (*hall, "hours"))
    check_hours(tables, findings, (*hall, "pushes", "silent"))
    for place, service in tables.within(hall, Service):
        check_hours(tables, findings, (*place, "hours"))
        check_appointments(tables, findings, place, service)
        if (
            service.person_max is not None
            and service.identity is Identity.NONE
            and findings.sound((*place, "identity"), (*place, "person_max"))
        ):
            wrong = "limits each person, but the service asks nobody who he is"
            findings.add((*place, "person_max"), wrong, f"needed is identity = {KNOWN} beside it")


def _entries(tables: Tables, page: Place) -> Iterator[tuple[Place, Entry]]:
    for place, entry in tables.within(page, Entry):
        yield place, entry
        yield from _entries(tables, place)


def _check_menu(given: _Given, hall: Place) -> None:
    """Every entry is a page or a service that exists; a menu has every service once."""
    tables, findings = given.tables, given.findings
    services = tables.within(hall, Service)
    found: dict[str, Place] = {}
    entries = list(_entries(tables, hall))
    for place, entry in entries:
        if not findings.sound(place):
            continue
        if entry.service is None and (entry.names is None or not entry.entries):
            wrong = "is neither a service nor a page with a name and entries"
            findings.add(place, wrong, "needed is service, or names and entry")
        elif entry.service is not None and (entry.names is not None or entry.entries):
            wrong = "is a service and a page at once"
            findings.add(place, wrong, "allowed is service alone, or names and entry")
        elif entry.service is not None:
            _refer(given, (*place, "service"), entry.service, "service", services)
            if entry.service in found:
                before = findings.document.label(found[entry.service])
                wrong = f"{entry.service!r} is at {before} already"
                findings.add((*place, "service"), wrong, "allowed is each service once")
            found[entry.service] = place
    if not entries or not findings.sound((*hall, "menu"), (*hall, "service")):
        return
    for place, service in services:
        if service.id not in found:
            wrong = "is not in the hall's menu, so nobody could choose it at a kiosk"
            allowed = f"needed is an entry of [[hall.menu]] with service = {service.id!r}"
            findings.add((*place, "id"), wrong, allowed)


def _check_weight(given: _Given, place: Place, name: str, counter: Counter) -> None:
    """A counter weighs the services that it calls."""
    services = (*place[:-2], "services")
    if name not in counter.services and given.findings.sound(place, services):
        wrong = f"counter {counter.id} does not call {name!r}"
        given.findings.add(place, wrong, f"allowed: {', '.join(counter.services[:_SHOWN_MAX])}")


def _check_policy(given: _Given, place: Place, hall: HallSpec) -> None:
    """What the policy does not use is not typed: somebody would think that it counts."""
    findings, kind = given.findings, hall.policy.kind
    if not findings.sound((*place, "policy", "kind")):
        return
    typed: list[tuple[Place, object, PolicyKind]] = [
        ((*place, "policy", "ratios"), hall.policy.ratios, PolicyKind.CLASS_RATIOS)
    ]
    for counter_place, counter in given.tables.within(place, Counter):
        weights = (*counter_place, "weights")
        typed.append((weights, counter.weights, PolicyKind.SERVICE_WEIGHTS))
    for there, used, needed in typed:
        if used and kind is not needed and findings.sound(there):
            wrong = f"counts for nothing with the policy {kind.value!r}"
            findings.add(there, wrong, f"needed is kind = {needed.value!r} in [hall.policy]")


# -- languages -----------------------------------------------------------------------------------


def _check_languages(given: _Given, place: Place, hall: HallSpec) -> None:
    """Everything has a name in each language of its hall, and in no other."""
    if not given.findings.sound((*place, "languages")):
        return
    for names_place, names in _all_names(given.tables, place, hall):
        if not given.findings.sound(names_place):
            continue
        spoken = ", ".join(hall.languages)
        allowed = f"the languages of the hall are {spoken}"
        for language in hall.languages:
            if language not in names:
                given.findings.add(names_place, f"there is no name in {language!r}", allowed)
        for language in names.keys() - set(hall.languages):
            wrong = f"the hall does not speak {language!r}"
            given.findings.add((*names_place, language), wrong, allowed)


def _all_names(tables: Tables, place: Place, hall: HallSpec) -> Iterator[tuple[Place, Names]]:
    yield (*place, "names"), hall.names
    for service_place, service in tables.within(place, Service):
        yield (*service_place, "names"), service.names
    for entry_place, entry in _entries(tables, place):
        if entry.names is not None:
            yield (*entry_place, "names"), entry.names
    for counter_place, counter in tables.within(place, Counter):
        yield (*counter_place, "names"), counter.names
    for kiosk_place, kiosk in tables.within(place, Kiosk):
        yield (*kiosk_place, "names"), kiosk.names
    if hall.place.address:
        yield (*place, "place", "address"), hall.place.address
    for reason, names in hall.evaluation.reasons.items():
        yield (*place, "evaluation", "reasons", reason), names


# -- numbers -------------------------------------------------------------------------------------


def _check_numbers(given: _Given, hall: Place) -> None:
    """No two services of a hall give numbers that look or sound alike."""
    findings = given.findings
    checked: list[tuple[str, Service]] = []
    for place, service in given.tables.within(hall, Service):
        if not findings.sound(*((*place, key) for key in ("prefix", "first", "last", "digits"))):
            continue
        if service.first > service.last:
            wrong = f"the first number {service.first} is above the last, {service.last}"
            findings.add((*place, "first"), wrong, f"allowed is 1 to {service.last}")
        elif len(str(service.last)) > service.digits:
            wrong = f"{service.last} is longer than the {service.digits} digits that numbers have"
            allowed = f"allowed is at most {10**service.digits - 1}, or more digits"
            findings.add((*place, "last"), wrong, allowed)
        else:
            for label, other in checked:
                if _overlap(service, other):
                    wrong = f"{_range(service)} overlap {_range(other)} of {label}"
                    allowed = "needed is another prefix or another range for each service"
                    findings.add((*place, "prefix"), wrong, allowed)
            checked.append((findings.document.label(place), service))


def _range(service: Service) -> str:
    return f"the numbers {service.number(service.first)} to {service.number(service.last)}"


def _overlap(one: Service, other: Service) -> bool:
    """Return whether a number of each reads the same, however many zeros it has after the prefix.

    With prefix ``1`` and three digits, 1001 is also the 1001 of an empty prefix and four digits.
    """
    short, long = sorted((_reach(one), _reach(other)), key=lambda service: len(service.prefix))
    # Nobody hears whether a letter is a capital.
    shared, rest = long.prefix[: len(short.prefix)], long.prefix[len(short.prefix) :]
    if shared.upper() != short.prefix.upper() or not (rest == "" or rest.isdecimal()):
        return False
    before: int = int(rest or "0") * 10**long.digits
    return before + long.first <= short.last and short.first <= before + long.last


def _reach(service: Service) -> Service:
    """Return the service with its last number at the largest that it may come to give out."""
    goes_on = service.past_last is PastLast.GO_ON
    return replace(service, last=10**model.DIGITS_MAX - 1) if goes_on else service


# -- radio and ports -----------------------------------------------------------------------------


def _check_radio(given: _Given, hall: Place) -> None:
    """Behind a gateway every radio has an address of its own, and serves a counter that exists."""
    tables, findings = given.tables, given.findings
    counters = tables.within(hall, Counter)
    gateways = tables.within(hall, Gateway)
    for gateway_place, gateway in gateways:
        for index, other in enumerate(gateway.covers):
            _refer(given, (*gateway_place, "covers", index), other, "gateway", gateways)
        check_routes(findings, gateway_place, gateway)
        for place, terminal in tables.within(gateway_place, Terminal):
            _refer(given, (*place, "counter"), terminal.counter, "counter", counters)
            check_terminal(tables, findings, hall, place)
            addresses = ((*gateway_place, "address"), (*place, "address"))
            if findings.sound(*addresses) and terminal.address == gateway.address:
                wrong = f"{terminal.address} is the address of the gateway itself"
                findings.add((*place, "address"), wrong, "allowed is each address once")
    check_covers(tables, findings, hall)


def _check_ports(given: _Given, hall: Place, taken: dict[tuple[str, ...], str]) -> None:
    """Report a port that is ``taken`` by another device of any hall; take the others."""
    tables, findings = given.tables, given.findings
    used = [((*place, "printer"), kiosk.printer) for place, kiosk in tables.within(hall, Kiosk)]
    used += [((*place, "port"), gateway.port) for place, gateway in tables.within(hall, Gateway)]
    for place, address in used:
        if address is None or not findings.sound(place):
            continue
        device = _device(address)
        if device in taken:
            wrong = f"{address!r} is the port of {taken[device]} already"
            findings.add(place, wrong, "allowed is one device at each port")
        else:
            taken[device] = findings.document.label(place[:-1])


def _device(address: str) -> tuple[str, ...]:
    match parse_port(address):
        case SerialAddress(path=path):
            return ("serial", path)
        case TcpAddress(host=host, port=port):
            return ("tcp", host.lower(), str(port))
        case VirtualAddress(name=name):
            return ("virtual", name)


# -- tokens --------------------------------------------------------------------------------------


def _check_links(server: Server, findings: Findings) -> None:
    """Links on tickets begin with what is listened at; "all of them" is no address that a phone can reach."""
    listen = ("server", "listen")
    unreachable = server.listen in ("0.0.0.0", "::") and server.public_url is None
    if unreachable and findings.sound(listen, ("server", "public_url")):
        wrong = f"links on tickets would begin with {server.base_url()}, which no phone can reach"
        needed = 'needed beside it is public_url, such as "https://hall.example.cn"'
        findings.add(listen, wrong, needed)


def _check_tokens(given: _Given) -> None:
    """A token has one secret, and narrows its role to things that exist."""
    findings = given.findings
    halls = given.tables.within((), HallSpec)
    for place, token in given.tables.within((), Token):
        check_sources(findings, place, token, "secret")
        _refer(given, (*place, "hall"), token.hall, "hall", halls)
        if not findings.sound((*place, "role")):
            continue
        needs_hall = token.role in (Role.KIOSK, Role.COUNTER, Role.EVALUATOR)
        if needs_hall and token.hall is None and findings.sound((*place, "hall")):
            wrong = f"a {token.role} token is for one hall, and none is named"
            findings.add((*place, "hall"), wrong, "needed is the id of a [[hall]]")
        hall = next((there for there, one in halls if one.id == token.hall), None)
        _check_narrowing(given, (*place, "kiosk"), token.kiosk, token.role, hall, Kiosk)
        _check_narrowing(given, (*place, "counter"), token.counter, token.role, hall, Counter)


def _check_narrowing(
    given: _Given,
    place: Place,
    name: str | None,
    role: Role,
    hall: Place | None,
    kind: type[Kiosk] | type[Counter],
) -> None:
    key = str(place[-1])
    roles = [Role.KIOSK] if kind is Kiosk else [Role.COUNTER, Role.EVALUATOR]
    if name is not None and role not in roles:
        wrong = f"a {role} token is not for a {key}"
        allowed = " or ".join(f"role = {str(one)!r}" for one in roles)
        given.findings.add(place, wrong, f"allowed with {allowed} alone")
    elif hall is not None:
        _refer(given, place, name, key, given.tables.within(hall, kind))

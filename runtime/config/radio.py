"""What must fit together on a radio channel: who stands in for whom, and the ways through repeaters.

Nothing is concluded from a value that was refused already, so that one mistake is one problem.
"""

from protocol.hall import Gateway, Terminal
from protocol.ids import GatewayId
from runtime.config.document import Place
from runtime.config.model import HOPS_MAX
from runtime.config.problems import Findings
from runtime.config.tables import Tables

__all__ = ["check_covers", "check_routes"]

REPEATER = "repeater"


# -- gateways that stand in for others -----------------------------------------------------------


def check_covers(tables: Tables, findings: Findings, hall: Place) -> None:
    """Gateways that stand in for one another look the same to a terminal, which tells them apart by nothing."""
    gateways = {gateway.id: (place, gateway) for place, gateway in tables.within(hall, Gateway)}
    for place, gateway in gateways.values():
        for index, other in enumerate(gateway.covers):
            there = (*place, "covers", index)
            if other == gateway.id:
                allowed = "allowed are other gateways of the hall"
                findings.add(there, "is the gateway itself", allowed)
            elif other in gateways and findings.sound(there):
                _check_alike(findings, there, (place, gateway), gateways[other])
        _check_heard(tables, findings, place, gateway, gateways)


def _check_alike(
    findings: Findings, there: Place, one: tuple[Place, Gateway], other: tuple[Place, Gateway]
) -> None:
    (place, gateway), (other_place, covered) = one, other
    if not findings.sound((*place, "address"), (*other_place, "address")):
        return
    if gateway.address != covered.address:
        wrong = (
            f"{covered.id} has the radio address {covered.address} and {gateway.id} has"
            f" {gateway.address}: its terminals send to {covered.address} alone"
        )
        findings.add(there, wrong, f"needed is address = {covered.address} at both")
    elif gateway.routed != covered.routed:
        wrong = f"{covered.id} and {gateway.id} are not both routed, and are on one channel"
        findings.add(there, wrong, "allowed is routed = true at both, or at neither")
    elif findings.sound((*place, "port"), (*other_place, "port")):
        rates = gateway.air_bitrate, covered.air_bitrate
        if rates[0] != rates[1]:
            wrong = (
                f"{covered.id} sends at {rates[1]} bit/s and {gateway.id} at {rates[0]}: they do"
                " not hear the same terminals"
            )
            findings.add(there, wrong, "needed is the same bitrate at both")


def _check_heard(
    tables: Tables,
    findings: Findings,
    place: Place,
    gateway: Gateway,
    gateways: dict[GatewayId, tuple[Place, Gateway]],
) -> None:
    """No two terminals that one gateway stands in for have one address."""
    heard = {terminal.address: gateway.id for terminal in gateway.terminals}
    for index, other in enumerate(gateway.covers):
        there = (*place, "covers", index)
        if other not in gateways or not findings.sound(there):
            continue
        for terminal_place, terminal in tables.within(gateways[other][0], Terminal):
            known = heard.setdefault(terminal.address, other)
            if known != other and findings.sound((*terminal_place, "address")):
                wrong = f"terminals of {known} and of {other} have the address {terminal.address}"
                findings.add(there, wrong, "allowed is each address once on a channel")
                break


# -- ways through repeaters ----------------------------------------------------------------------


def check_routes(findings: Findings, gateway_place: Place, gateway: Gateway) -> None:
    """Each route leads from a terminal of the gateway to a repeater of it, and in the end to the gateway."""
    if not gateway.routes or not findings.sound((*gateway_place, "routes")):
        return
    if not gateway.routed and findings.sound((*gateway_place, "routed")):
        wrong = "counts for nothing on a channel without router headers"
        findings.add((*gateway_place, "routes"), wrong, "needed is routed = true beside it")
        return
    if not findings.sound((*gateway_place, "terminal")):
        return
    kinds = {terminal.address: terminal.kind.value for terminal in gateway.terminals}
    repeaters = [str(address) for address, kind in kinds.items() if kind == REPEATER]
    allowed = f"allowed: {', '.join(repeaters) or 'a repeater, once one is listed'}"
    for far, hop in gateway.routes.items():
        there = (*gateway_place, "routes", str(far))
        if far not in kinds:
            wrong = f"no terminal of {gateway.id} has the address {far}"
            findings.add(there, wrong, "allowed are the addresses of its terminals")
        elif kinds.get(hop) != REPEATER:
            known = "no terminal" if hop not in kinds else f"a {kinds[hop]}, and no repeater"
            findings.add(there, f"{hop} is {known} of {gateway.id}", allowed)
        elif (way := gateway.way_to(far)) is None:
            wrong = f"the route of {far} comes back to where it was"
            findings.add(there, wrong, "needed is a way that ends at a repeater without a route")
        elif len(way) > HOPS_MAX:
            wrong = f"there are {len(way)} repeaters on the way to {far}"
            findings.add(there, wrong, f"allowed are {HOPS_MAX}")

"""Datagrams that are passed on by repeaters: the router's header, and static routes.

    DEST SOURCE HOPS ID FLAGS payload (0..55 octets)        within the payload of a (reliable) datagram

- DEST and SOURCE are the ends; the frame around it goes from one node on the way to the next, each
  acknowledging to the one before. Nothing says that the far end has it: what must arrive is confirmed by
  its payload.
- HOPS is 0 on the first hop; each repeater adds 1. ID is counted by the source, from 0. FLAGS are the
  source's own, and arrive unchanged.
- DEST 255 is everybody in the source's own reach. It is sent as a broadcast and not passed on.
- All that is sent on a routed segment carries this header, or nothing does: a payload says by nothing
  which of both it is. `decode_routed` refuses what cannot be one.

Source: captured frames of RHRouter, RadioHead 1.135.
"""

from collections.abc import Mapping

from protocol.errors import ConfigError, FrameError
from protocol.radio.datagram import BROADCAST
from protocol.radio.frame import PAYLOAD_MAX
from protocol.values import value

__all__ = ["HOPS_MAX", "ROUTED_PAYLOAD_MAX", "Routed", "Routes", "decode_routed", "encode_routed"]

HEADER_LENGTH = 5
ROUTED_PAYLOAD_MAX = PAYLOAD_MAX - HEADER_LENGTH

HOPS_MAX = 30
"""The most repeaters that a datagram has passed; stock firmware has the same bound."""


@value
class Routed:
    """A datagram from one end to the other; its fields are octets, the payload has at most 55."""

    to: int
    source: int
    id: int
    hops: int = 0
    flags: int = 0
    payload: bytes = b""


def encode_routed(routed: Routed) -> bytes:
    """Return the payload of the frame that carries ``routed``.

    Raises FrameError for a payload over 55 octets and for a value that is no octet.
    """
    if len(routed.payload) > ROUTED_PAYLOAD_MAX:
        raise FrameError(
            f"the payload has {len(routed.payload)} octets; on a routed segment a datagram carries"
            f" at most {ROUTED_PAYLOAD_MAX}"
        )
    try:
        header = bytes((routed.to, routed.source, routed.hops, routed.id, routed.flags))
    except ValueError:
        raise FrameError(
            f"a header value is no octet (0..255): to={routed.to} source={routed.source}"
            f" hops={routed.hops} id={routed.id} flags={routed.flags}"
        ) from None
    return header + routed.payload


def decode_routed(payload: bytes, hop: int, *, broadcast: bool) -> Routed:
    """Return what the ``payload`` of a frame from the node ``hop`` carries.

    Raises FrameError where no router sends such a thing: a plain payload on a routed segment, or a
    message of a mesh.
    """
    if len(payload) < HEADER_LENGTH:
        raise FrameError(
            f"{len(payload)} octets from {hop} have no router's header: the node sends plain payloads"
            " on a routed segment"
        )
    to, source, hops, id_, flags = payload[:HEADER_LENGTH]
    from_its_source = source == hop
    if (
        source == BROADCAST
        or (to == BROADCAST) is not broadcast
        or from_its_source is not (hops == 0)
        or hops > HOPS_MAX
        or len(payload) > PAYLOAD_MAX
    ):
        raise FrameError(
            f"what {hop} sent is no router's header (to={to} source={source} hops={hops}): the node"
            " sends plain payloads, or those of a mesh, on a routed segment"
        )
    return Routed(
        to=to, source=source, id=id_, hops=hops, flags=flags, payload=payload[HEADER_LENGTH:]
    )


class Routes:
    """Which node is behind which, as one node sees it.

    ``behind`` gives far nodes the repeater next to them on the way; that may be behind another one itself.
    Who is not named is in our own reach. Raises ConfigError for a way that goes round, and for an address
    that no node can have.
    """

    def __init__(self, behind: Mapping[int, int] | None = None) -> None:
        self._next_hops = {far: self._first(far, behind) for far in behind} if behind else {}

    def next_hop(self, to: int) -> int:
        """Return the node to which a datagram to ``to`` is sent first."""
        return self._next_hops.get(to, to)

    @staticmethod
    def _first(far: int, behind: Mapping[int, int]) -> int:
        passed: list[int] = []
        at = far
        while at in behind:
            passed.append(at)
            at = behind[at]
            if at in passed:
                raise ConfigError(
                    f"radio routes: the way to {far} goes round: {' behind '.join(map(str, passed))}"
                    f" behind {at}; one of them must be in direct reach"
                )
        for address in (far, at):
            if not 0 <= address < BROADCAST:
                raise ConfigError(
                    f"radio routes: no node has the address {address}; 0 to {BROADCAST - 1} are allowed"
                )
        return at

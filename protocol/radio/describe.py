"""A frame in words: its datagram, and the layers within its payload.

    frame  >  datagram  >  [router header]  >  [secured envelope]  >  payload

Whatever a frame holds is described; what cannot be read is shown as octets, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any

import attrs

from protocol.errors import FrameError, ProtocolError
from protocol.radio.datagram import (
    ACK_PAYLOAD,
    BROADCAST,
    FLAG_ACK,
    FLAG_RETRY,
    FLAGS_APPLICATION,
    FLAGS_RESERVED,
)
from protocol.radio.frame import Frame
from protocol.radio.payloads import Downlink, Uplink, decode_downlink, decode_uplink
from protocol.radio.router import decode_routed
from protocol.radio.secured import Envelope, is_sealed, read_envelope
from protocol.values import value

__all__ = [
    "Datagram",
    "Describer",
    "Description",
    "Layer",
    "LayerKind",
    "Plain",
    "TagCheck",
    "fields_of",
    "readable",
]

Plain = int | str | bool | None | tuple["Mapping[str, Plain]", ...]
"""What a field's value is in a description: a number, a text (the name of a choice in lower case, octets in
hex), or several groups of fields."""

TagCheck = Callable[[int, int, Envelope], bool | None]
"""Says whether an envelope from one node to another has the right tag; None where its key is not known."""

WRONG_TAG = "the tag is wrong: sealed with another key, forged, or changed since"

DOWNLINK = 0x08
"""Set in the first octet of what a gateway says."""

NO_FIELDS: Mapping[str, Plain] = MappingProxyType({})


class Datagram(StrEnum):
    """What a frame is as a datagram."""

    DATA = "data"
    ACKNOWLEDGEMENT = "acknowledgement"
    BROADCAST = "broadcast"
    IMPOSSIBLE = "impossible"
    """From everybody, or an acknowledgement to everybody."""


class LayerKind(StrEnum):
    """What is within a datagram, from the outside inwards."""

    ROUTER = "router"
    SECURED = "secured"
    PAYLOAD = "payload"
    UNKNOWN = "unknown"
    """Octets that cannot be read."""


@value
class Layer:
    """One layer: its ``name`` such as ``Show``, its fields in the layout's order.

    ``problem`` says why octets cannot be read, or what is wrong with them; ``octets`` is the layer with all
    that it holds.
    """

    kind: LayerKind
    name: str
    octets: bytes
    fields: Mapping[str, Plain] = NO_FIELDS
    problem: str | None = None


@value
class Description:
    """A frame and what it holds. ``repeat`` is what its flag says, not what was heard before."""

    frame: Frame
    datagram: Datagram
    repeat: bool
    application_flags: int
    reserved_flags: int
    layers: tuple[Layer, ...]


class Describer:
    """Describes frames of one channel.

    ``routed`` says whether its datagrams carry a router's header: None for a guess, which takes a header to be
    there where only that makes the rest readable. ``check`` checks the tags of secured envelopes.
    """

    def __init__(self, *, routed: bool | None = None, check: TagCheck | None = None) -> None:
        self._routed = routed
        self._check = check

    def describe(self, frame: Frame) -> Description:
        """Return what ``frame`` says. Nothing raises."""
        return Description(
            frame=frame,
            datagram=_datagram(frame),
            repeat=bool(frame.flags & FLAG_RETRY),
            application_flags=frame.flags & FLAGS_APPLICATION,
            reserved_flags=frame.flags & FLAGS_RESERVED,
            layers=self._layers(frame),
        )

    def _layers(self, frame: Frame) -> tuple[Layer, ...]:
        if frame.flags & FLAG_ACK:
            if frame.payload == ACK_PAYLOAD:
                return ()
            problem = "an acknowledgement with remains of an earlier frame; they mean nothing"
            return (_unknown(frame.payload, problem),)
        plain = self._within(frame.source, frame.to, frame.payload)
        if self._routed is False or (self._routed is None and _is_read(plain)):
            return plain
        routed = self._within_route(frame)
        return routed if self._routed or _is_read(routed) else plain

    def _within_route(self, frame: Frame) -> tuple[Layer, ...]:
        """Return the router's header and what is behind it."""
        try:
            routed = decode_routed(frame.payload, frame.source, broadcast=frame.to == BROADCAST)
        except FrameError as error:
            return (_unknown(frame.payload, str(error)),)
        fields: dict[str, Plain] = {
            "to": routed.to,
            "from": routed.source,
            "hops": routed.hops,
            "id": routed.id,
            "flags": routed.flags,
        }
        header = Layer(kind=LayerKind.ROUTER, name="router", octets=frame.payload, fields=fields)
        return (header, *self._within(routed.source, routed.to, routed.payload))

    def _within(self, source: int, to: int, octets: bytes) -> tuple[Layer, ...]:
        """Return what is left of the layers where no router's header is, or behind it."""
        if not is_sealed(octets):
            return (_payload(octets),)
        try:
            envelope = read_envelope(octets)
        except ProtocolError as error:
            return (_unknown(octets, str(error)),)
        right = None if self._check is None else self._check(source, to, envelope)
        layer = Layer(
            kind=LayerKind.SECURED,
            name="secured",
            octets=octets,
            fields={
                "counter": envelope.counter,
                "tag": envelope.tag.hex(),
                "check": {None: "unverified", True: "right", False: "wrong"}[right],
            },
            problem=WRONG_TAG if right is False else None,
        )
        return (layer, _payload(envelope.payload))


def fields_of(payload: Any) -> Mapping[str, Plain]:
    """Return the fields of a payload, or of a part of one, in the layout's order."""
    return {
        field.name: _plain(getattr(payload, field.name)) for field in attrs.fields(type(payload))
    }


def readable(octets: bytes) -> str:
    """Return ``octets`` as text: what is no printable ASCII is a dot."""
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in octets)


def _datagram(frame: Frame) -> Datagram:
    is_answer = bool(frame.flags & FLAG_ACK)
    if frame.source == BROADCAST or (is_answer and frame.to == BROADCAST):
        return Datagram.IMPOSSIBLE
    if is_answer:
        return Datagram.ACKNOWLEDGEMENT
    return Datagram.BROADCAST if frame.to == BROADCAST else Datagram.DATA


def _is_read(layers: tuple[Layer, ...]) -> bool:
    return layers[-1].kind is not LayerKind.UNKNOWN


def _payload(octets: bytes) -> Layer:
    is_downlink = bool(octets) and bool(octets[0] & DOWNLINK)
    payload: Uplink | Downlink
    try:
        payload = decode_downlink(octets) if is_downlink else decode_uplink(octets)
    except ProtocolError as error:
        return _unknown(octets, str(error))
    return Layer(
        kind=LayerKind.PAYLOAD,
        name=type(payload).__name__,
        octets=octets,
        fields=fields_of(payload),
    )


def _unknown(octets: bytes, problem: str) -> Layer:
    fields = {"text": readable(octets)}
    return Layer(
        kind=LayerKind.UNKNOWN, name="unknown", octets=octets, fields=fields, problem=problem
    )


def _plain(given: object) -> Plain:
    match given:
        case Enum(name=name):
            return name.lower()
        case bytes():
            return given.hex()
        case tuple():
            return tuple(fields_of(part) for part in given)
        case int() | str() | None:
            return given
        case _:
            return repr(given)

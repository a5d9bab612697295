"""Requests that come whole in one piece, as nearly all do, read at once.

    method SP target SP HTTP/1.1 CRLF, lines of name ":" value CRLF, CRLF, Content-Length octets

`twisted.web.http` reads line by line, at a third of the whole cost of a short request. What is read here is a
part of what it reads, and in the same way; everything else (chunks, several requests in one piece, a request in
several pieces, anything unusual or wrong) is left to it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from runtime.http.limits import Limits

_HEAD = re.compile(
    rb"([A-Z]{1,16}) ([!-~]+) HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n"
)

_LEFT_TO_TWISTED = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
_KEPT = (None, [b"keep-alive"], [b"Keep-Alive"])
"""What `Connection` says where the connection stays."""


class Whole(NamedTuple):
    """A request; the names of its fields are in lower case."""

    method: bytes
    target: bytes
    fields: dict[bytes, list[bytes]]
    body: bytes


def read_whole(octets: bytes, limits: Limits) -> Whole | None:
    """Return the request that ``octets`` are, if they are exactly one, of the usual kind and within bounds."""
    matched = _HEAD.match(octets)
    if matched is None:
        return None
    method, target, lines = matched.groups()
    end = matched.end()
    if len(target) > limits.target_octets_max or end > limits.head_octets_max:
        return None
    fields: dict[bytes, list[bytes]] = {}
    count = 0
    for line in lines.split(b"\r\n")[:-1]:
        name, _, given = line.partition(b":")
        fields.setdefault(name.lower(), []).append(given.strip(b" \t"))
        count += 1
    if count > limits.headers_max or not _LEFT_TO_TWISTED.isdisjoint(fields):
        return None
    if fields.get(b"connection") not in _KEPT:
        return None
    body = octets[end:]
    lengths = fields.get(b"content-length")
    if lengths is None:
        return None if body else Whole(method, target, fields, b"")
    if len(lengths) > 1 or not lengths[0].isdigit() or len(lengths[0]) > 9:
        return None
    if int(lengths[0]) != len(body) or len(body) > limits.body_octets_max:
        return None
    return Whole(method, target, fields, body)

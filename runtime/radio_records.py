"""What was heard on a radio channel as lines of JSON, and such lines read again.

    {"kind": "start", "time": ..., "at_s": ..., "port": ...}
    {"kind": "frame", "time": ..., "at_s": ..., "raw": hex, "from": ..., "to": ..., "layers": [...], ...}
    {"kind": "garbage", "time": ..., "at_s": ..., "raw": hex, "text": ...}
    {"kind": "port", "time": ..., "at_s": ..., "up": ..., "reason": ...}
    {"kind": "end", "counts": {...}, "ways": [...]}

``time`` is wall time in UTC, ``at_s`` seconds of a clock that never goes back. ``raw`` of frames and garbage,
in order, are all octets that came: reading takes no more than those and the times, and decodes them anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO, Any

import attrs
import orjson

from protocol.errors import StorageError
from protocol.radio.describe import Description, Layer, readable
from protocol.radio.frame import DecoderCounts
from protocol.radio.traffic import Sighting, WayCounts
from runtime.radio_monitor import Heard, Listener, PortChanged, Record, Started

__all__ = ["FILE_MAX", "LINE_MAX", "Keeper", "Unreadable", "as_json", "decode_again"]

FILE_MAX = 1 << 30
"""Octets of one file: some weeks of a busy channel. When it is full, keeping ends, and that is said."""

LINE_MAX = 64 * 1024
"""Octets of a line that is read; a longer one is none of ours."""


class Unreadable(StorageError):
    """A line of a file is none of ours; the message names it."""


class Keeper:
    """Writes records to ``file`` as lines of JSON, each at once.

    ``file_max`` bounds what is written; at the bound nothing more is, and `take` raises StorageError.
    """

    def __init__(self, file: IO[bytes], name: str, *, file_max: float = FILE_MAX) -> None:
        self._file = file
        self._name = name
        self._room = file_max

    def take(self, record: Record) -> None:
        """Write ``record``."""
        self._write(as_json(record))

    def end(self, counts: DecoderCounts, ways: dict[tuple[int, int], WayCounts]) -> None:
        """Write the counts."""
        told = [
            {"from": source, "to": to, **attrs.asdict(way), "loss": way.loss}
            for (source, to), way in ways.items()
        ]
        self._write({"kind": "end", "counts": attrs.asdict(counts), "ways": told})

    def _write(self, content: dict[str, Any]) -> None:
        line = orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
        self._room -= len(line)
        if self._room < 0:
            raise StorageError(
                f"{self._name} is full: one file takes so much and no more; keep what follows in another"
            )
        self._file.write(line)
        self._file.flush()


def as_json(record: Record) -> dict[str, Any]:
    """Return ``record`` as plain data; see the module."""
    when: dict[str, Any] = {"time": record.at, "at_s": round(record.at_s, 6)}
    match record:
        case Started(port=port):
            return {"kind": "start", **when, "port": port}
        case PortChanged(up=up, reason=reason):
            return {"kind": "port", **when, "up": up, "reason": reason}
        case Heard(octets=octets, description=description, sighting=sighting):
            what = {**when, "raw": octets.hex()}
            if description is None:
                return {"kind": "garbage", **what, "text": readable(octets)}
            return {"kind": "frame", **what, **_frame(description), **_sighting(sighting)}


def decode_again(
    file: Iterable[bytes], name: str, listener: Listener
) -> Iterator[Record | Unreadable]:
    """Return what the lines of ``file`` tell when ``listener`` hears their octets.

    A line that is none of ours is told as `Unreadable`, and reading goes on behind it.
    """
    at, at_s = datetime.fromtimestamp(0, UTC), 0.0
    for number, line in enumerate(file, start=1):
        try:
            kept = _kept(line)
        except (ValueError, KeyError, TypeError) as error:
            yield Unreadable(
                f"{name}:{number}: this is no line of paihao radio monitor ({error}); it is left out"
            )
            continue
        if kept is None:
            continue
        at, at_s = kept.at, kept.at_s
        if isinstance(kept, Heard):
            yield from listener.receive(kept.octets, at, at_s)
        else:
            yield from listener.cut(at, at_s)
            yield kept
    yield from listener.cut(at, at_s)


def _kept(line: bytes) -> Record | None:
    """Return what ``line`` keeps, or None for counts, which are counted anew.

    Raises:
        ValueError, KeyError, TypeError: it is none of ours.
    """
    if len(line) > LINE_MAX:
        raise ValueError("it is too long")
    content = orjson.loads(line)
    kind = content["kind"]
    if kind == "end":
        return None
    at, at_s = datetime.fromisoformat(content["time"]).astimezone(UTC), float(content["at_s"])
    match kind:
        case "frame" | "garbage":
            return Heard(at=at, at_s=at_s, octets=bytes.fromhex(content["raw"]))
        case "start":
            return Started(at=at, at_s=at_s, port=str(content["port"]))
        case "port":
            up, reason = bool(content["up"]), str(content["reason"])
            return PortChanged(at=at, at_s=at_s, up=up, reason=reason)
    raise ValueError(f"the kind {kind!r} is unknown")


def _frame(description: Description) -> dict[str, Any]:
    frame = description.frame
    return {
        "from": frame.source,
        "to": frame.to,
        "id": frame.id,
        "flags": frame.flags,
        "datagram": description.datagram.value,
        "repeat": description.repeat,
        "layers": [_layer(layer) for layer in description.layers],
    }


def _layer(layer: Layer) -> dict[str, Any]:
    told = {"layer": layer.kind.value, "name": layer.name, "fields": layer.fields}
    if layer.problem is not None:
        told |= {"raw": layer.octets.hex(), "problem": layer.problem}
    return told


def _sighting(sighting: Sighting | None) -> dict[str, Any]:
    if sighting is None:
        return {}
    round_trip_s = sighting.round_trip_s
    return {
        "standing": sighting.standing.value,
        "attempt": sighting.attempt,
        "round_trip_ms": None if round_trip_s is None else round(round_trip_s * 1000, 3),
    }

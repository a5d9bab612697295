"""What was heard on a radio channel as text in colour: a line for the frame, one for each layer within it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from protocol.radio.datagram import BROADCAST
from protocol.radio.describe import Datagram, Description, Layer, LayerKind, Plain, readable
from protocol.radio.frame import RESYNC, DecoderCounts
from protocol.radio.traffic import Sighting, Standing, WayCounts
from runtime.radio_monitor import Heard, PortChanged, Record, Started

__all__ = ["Screen", "layer_text", "record_text", "summary"]

INDENT = " " * 14

_DATAGRAMS = {
    Datagram.DATA: ("data", "bold cyan"),
    Datagram.ACKNOWLEDGEMENT: ("ack", "green"),
    Datagram.BROADCAST: ("broadcast", "bold magenta"),
    Datagram.IMPOSSIBLE: ("impossible", "bold red"),
}

_LAYERS = {
    LayerKind.ROUTER: "blue",
    LayerKind.SECURED: "blue",
    LayerKind.PAYLOAD: "bold",
    LayerKind.UNKNOWN: "red",
}


class Screen:
    """Shows records on a console as they come, and the counts at the end."""

    def __init__(self, console: Console, *, octets: bool = False) -> None:
        """Show on ``console``, the octets of each frame, too, if ``octets`` is set."""
        self._console = console
        self._octets = octets

    def take(self, record: Record) -> None:
        """Show ``record``."""
        for line in record_text(record, octets=self._octets):
            self._console.print(line, soft_wrap=True)

    def end(self, counts: DecoderCounts, ways: dict[tuple[int, int], WayCounts]) -> None:
        """Show the counts."""
        self._console.print(summary(counts, ways))


def record_text(record: Record, *, octets: bool = False) -> Iterator[Text]:
    """Return the lines that tell ``record``."""
    at = _time(record.at)
    match record:
        case Started(port=port):
            yield Text.assemble(at, f"  listening to {port}; nothing is sent")
        case PortChanged(up=True):
            yield Text.assemble(at, ("  port open", "green"))
        case PortChanged(reason=reason):
            yield Text.assemble(at, ("  port lost: ", "bold red"), reason)
        case Heard(description=None, octets=outside):
            yield Text.assemble(at, *_outside(outside))
        case Heard(description=Description() as description, sighting=sighting):
            yield Text.assemble(at, *_datagram(description, sighting, len(record.octets)))
            if octets:
                yield Text(f"{INDENT}{record.octets.hex(' ')}", style="dim")
            for layer in description.layers:
                yield Text(INDENT).append_text(layer_text(layer))


def layer_text(layer: Layer) -> Text:
    """Return one layer: its name and its fields, or its octets and why they cannot be read."""
    text = Text(f"{layer.name:8}", style=_LAYERS[layer.kind])
    if layer.kind is LayerKind.UNKNOWN:
        text.append(f" {layer.octets.hex(' ') or '(empty)'}", style="red")
        text.append(f"  {_quoted(readable(layer.octets))}", style="not bold red")
    else:
        text.append_text(_fields(layer.fields))
    if layer.problem is not None:
        text.append(f"  {layer.problem}", style="not bold yellow")
    return text


def summary(counts: DecoderCounts, ways: Mapping[tuple[int, int], WayCounts]) -> RenderableType:
    """Return what was counted: the octets, and each way from node to node."""
    bad = counts.cut + counts.bad_check + counts.undersized + counts.oversized
    said = (
        f"frames: {counts.frames}; octets: {counts.octets}, outside of frames {counts.octets_outside};"
        f" openings that led to no frame: {bad} (cut {counts.cut}, wrong FCS {counts.bad_check},"
        f" without a header {counts.undersized}, too long {counts.oversized})"
    )
    if not ways:
        return Text(said)
    table = Table(box=None, pad_edge=False)
    headings = ("from", "to", "datagrams", "sent", "repeats", "loss", "not acknowledged", "acks")
    for heading in headings:
        table.add_column(heading, justify="right")
    for (source, to), way in ways.items():
        table.add_row(
            str(source),
            _node(to),
            str(way.datagrams),
            str(way.transmissions),
            str(way.repeats),
            "" if way.loss is None else f"{way.loss:.1%}",
            str(way.unanswered),
            str(way.acknowledgements),
        )
    return Group(Text(said), table)


def _datagram(
    description: Description, sighting: Sighting | None, length: int
) -> Iterator[Text | str | tuple[str, str]]:
    frame = description.frame
    name, style = _DATAGRAMS[description.datagram]
    yield f"  {frame.source:>3} → {_node(frame.to):<3}  id {frame.id:<3}  "
    yield (f"{name:<9}", style)
    yield (f"  {length:>3} octets", "dim")
    if sighting is not None:
        yield from _standing(sighting)
    if description.application_flags or description.reserved_flags:
        yield (f"  flags {frame.flags:02x}", "yellow")


def _standing(sighting: Sighting) -> Iterator[tuple[str, str]]:
    if sighting.round_trip_s is not None:
        after = f"  after {sighting.round_trip_s * 1000:.1f} ms"
        if sighting.attempt > 1:
            after += f", attempt {sighting.attempt}"
        yield (after, "green")
    match sighting.standing:
        case Standing.REPEAT:
            yield (f"  repeat, attempt {sighting.attempt}", "yellow")
        case Standing.REPEAT_MISSED:
            yield ("  repeat of one not heard", "yellow")
        case Standing.TWIN:
            yield ("  the same again, not marked as a repeat", "bold yellow")
        case Standing.ANSWER_AGAIN:
            yield ("  again", "yellow")
        case Standing.STALE:
            yield ("  of nothing heard", "yellow")


def _outside(octets: bytes) -> Iterator[str | tuple[str, str]]:
    if octets == RESYNC:
        yield ("  resync: brings stock receivers back in step", "dim")
        return
    yield ("  garbage", "bold red")
    yield (f"  {len(octets)} octets  {octets.hex(' ')}", "red")
    yield f"  {_quoted(readable(octets))}"


def _fields(fields: Mapping[str, Plain]) -> Text:
    text = Text(style="not bold default")
    for name, given in fields.items():
        text.append(f" {name}=", style="dim")
        match given:
            case tuple():
                for group in given:
                    text.append(" [").append_text(_fields(group)).append(" ]")
            case None:
                text.append("none", style="dim")
            case bool():
                text.append("yes" if given else "no")
            case str() if name == "text":
                text.append(_quoted(given), style="bold")
            case _:
                text.append(str(given), style=_ALARMING.get(str(given), ""))
    return text


_ALARMING = {"wrong": "bold red", "unverified": "yellow", "right": "green"}


def _quoted(text: str) -> str:
    return f"“{text}”"


def _node(address: int) -> str:
    return "all" if address == BROADCAST else str(address)


def _time(at: datetime) -> Text:
    return Text(at.astimezone().strftime("%H:%M:%S.%f")[:-3], style="dim")

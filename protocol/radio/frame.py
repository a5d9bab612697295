"""Radio frames on a serial line: RadioHead's RH_Serial framing.

    10 02 | TO FROM ID FLAGS payload (0..60 octets) | 10 03 | FCS, high octet first

- Every 10 between the opening 10 02 and the closing 10 03, header included, is sent twice.
- The FCS is CRC-16/MCRF4XX over TO..payload as they were before doubling, followed by 10 03.
  The FCS octets themselves are never doubled.
- Anything may stand between frames: noise, a stray 10, a frame that was cut, lines of text from
  a serial server.

Source: captured frames of RadioHead 1.135 and 1.112.
"""

import binascii
import re

import attrs

from protocol.errors import FrameError
from protocol.values import maker, value

__all__ = [
    "BODY_MAX",
    "PAYLOAD_MAX",
    "RESYNC",
    "WIRE_MAX",
    "DecoderCounts",
    "Frame",
    "FrameDecoder",
    "check_sequence",
    "encode_frame",
]

HEADER_LENGTH = 4
PAYLOAD_MAX = 60
BODY_MAX = HEADER_LENGTH + PAYLOAD_MAX
FCS_LENGTH = 2

DLE = b"\x10"
START = b"\x10\x02"
END = b"\x10\x03"

WIRE_MAX = len(START) + 2 * BODY_MAX + len(END) + FCS_LENGTH
"""The longest that a frame can be on the wire: each octet of a full body is 10."""

RESYNC = bytes.fromhex("16161016")
"""Ahead of a frame, this brings a stock receiver back in step from any state. Ours skips it."""

_ALONE = re.compile(rb"\x10\x02((?:[^\x10]++|\x10\x10)*+)\x10\x03(..)", re.DOTALL)
"""A frame with nothing before or behind it."""
_BODY = re.compile(rb"(?:[^\x10]++|\x10\x10)*+")
_REVERSED_BITS = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))
_REVERSED_END = END.translate(_REVERSED_BITS)


def check_sequence(body: bytes) -> bytes:
    """Return the two FCS octets of a frame whose TO..payload are ``body``.

    MCRF4XX is the CRC that ``binascii.crc_hqx`` computes in C, with the bits of each octet and
    of the result in the opposite order.
    """
    reversed_crc = binascii.crc_hqx(body.translate(_REVERSED_BITS) + _REVERSED_END, 0xFFFF)
    return reversed_crc.to_bytes(FCS_LENGTH, "little").translate(_REVERSED_BITS)


@value
class Frame:
    """One frame; header fields are octets (0..255), the payload has at most 60 octets."""

    to: int
    source: int
    id: int
    flags: int = 0
    payload: bytes = b""


_make_frame = maker(Frame)


def encode_frame(frame: Frame) -> bytes:
    """Return ``frame`` as it goes on the wire.

    Raises FrameError for a payload over 60 octets, which corrupts receivers with stock firmware,
    and for a header value that is no octet.
    """
    if len(frame.payload) > PAYLOAD_MAX:
        raise FrameError(
            f"the payload has {len(frame.payload)} octets; a frame carries at most {PAYLOAD_MAX}"
        )
    try:
        body = bytes((frame.to, frame.source, frame.id, frame.flags)) + frame.payload
    except ValueError:
        raise FrameError(
            f"a header value is no octet (0..255): to={frame.to} source={frame.source}"
            f" id={frame.id} flags={frame.flags}"
        ) from None
    return START + body.replace(DLE, DLE + DLE) + END + check_sequence(body)


@attrs.define
class DecoderCounts:
    """What a decoder has seen since it was made. All figures only grow."""

    frames: int = 0
    octets: int = 0
    octets_outside: int = 0
    """Octets that belong to no good frame."""
    cut: int = 0
    """Openings whose body is broken by a lone 10: a frame was cut, or the opening was noise."""
    bad_check: int = 0
    """Openings whose FCS is wrong."""
    undersized: int = 0
    """Whole frames with a right FCS but without a full header."""
    oversized: int = 0
    """Openings whose body is over 64 octets."""


def _frame(stuffed: bytes, check: bytes) -> Frame | None:
    """Return the frame with that body as it came, and FCS, or None where something is wrong with it."""
    body = stuffed.replace(DLE + DLE, DLE) if DLE in stuffed else stuffed
    if not HEADER_LENGTH <= len(body) <= BODY_MAX or check_sequence(body) != check:
        return None
    return _make_frame(
        to=body[0], source=body[1], id=body[2], flags=body[3], payload=body[HEADER_LENGTH:]
    )


class FrameDecoder:
    """Finds the frames in a stream of octets, however the stream is cut into pieces.

    Each 10 02 in the stream may open a frame. Openings are tried in the order in which they
    came. The first one that turns out a whole frame with a right FCS is delivered, and the
    search goes on behind that frame. An opening that does not is counted and dropped alone: the
    search goes on behind its two octets, so what it seemed to swallow is searched again.
    It follows, for octets of any kind:

    - Nothing raises, and how the stream is split changes neither the frames nor the counts.
    - A good frame comes out of the call that brings its last octet. While an earlier opening is
      undecided, both readings are in step from the good frame's opening on, so they end together.
    - A good frame is lost only to an earlier opening that reaches into it and has a right FCS by
      chance (1 in 65,536); that other frame is delivered instead. No receiver can tell them apart.
    - Fewer than ``WIRE_MAX`` octets are kept between calls, and each opening costs a search of at
      most that many, noise made for the purpose included.
    """

    def __init__(self) -> None:
        self.counts = DecoderCounts()
        self._kept = b""

    @property
    def kept(self) -> int:
        """How many octets wait for what follows them; fewer than ``WIRE_MAX``."""
        return len(self._kept)

    def receive(self, octets: bytes) -> list[Frame]:
        """Take in ``octets`` from the line; return the good frames that they complete, in order."""
        if not self._kept:
            # Nearly always a frame comes whole and alone: it is its own first opening.
            alone = _ALONE.fullmatch(octets)
            if alone is not None and (frame := _frame(alone[1], alone[2])) is not None:
                self.counts.frames += 1
                self.counts.octets += len(octets)
                return [frame]
        stream = self._kept + octets
        frames: list[Frame] = []
        outside = 0
        searched = 0
        while True:
            opening = stream.find(START, searched)
            if opening < 0:
                # A 10 at the very end may be the first half of an opening.
                undecided = len(stream) - stream.endswith(DLE, searched)
                outside += undecided - searched
                break
            outside += opening - searched
            body_at = opening + len(START)
            body = _BODY.match(stream, body_at, body_at + 2 * BODY_MAX)
            assert body is not None  # no octets at all match too
            frame_end = body.end() + len(END) + FCS_LENGTH
            what_follows = stream[body.end() : frame_end]
            if not self._decides(what_follows):
                undecided = opening
                break
            frame = self._read(body[0], what_follows)
            if frame is None:
                outside += len(START)
                searched = body_at
            else:
                frames.append(frame)
                searched = frame_end
        self._kept = stream[undecided:]
        self.counts.frames += len(frames)
        self.counts.octets += len(octets)
        self.counts.octets_outside += outside
        return frames

    @staticmethod
    def _decides(what_follows: bytes) -> bool:
        """Whether enough octets are there behind a body to say what its opening was."""
        if what_follows.startswith(END):
            return len(what_follows) == len(END) + FCS_LENGTH
        return what_follows not in (b"", DLE)

    def _read(self, stuffed: bytes, what_follows: bytes) -> Frame | None:
        """Return the frame, or count why this is none."""
        counts = self.counts
        if not what_follows.startswith(END):
            # Before anything but a lone 10, a body ends only because it is as long as can be.
            lone = what_follows.startswith(DLE) and not what_follows.startswith(DLE + DLE)
            counts.cut += lone
            counts.oversized += not lone
            return None
        body = stuffed.replace(DLE + DLE, DLE)
        if len(body) > BODY_MAX:
            counts.oversized += 1
        elif check_sequence(body) != what_follows[len(END) :]:
            counts.bad_check += 1
        elif len(body) < HEADER_LENGTH:
            counts.undersized += 1
        else:
            to, source, id_, flags = body[:HEADER_LENGTH]
            return Frame(to=to, source=source, id=id_, flags=flags, payload=body[HEADER_LENGTH:])
        return None

"""The octets of a radio line taken apart: frames, and whatever lies between them.

For people who look at a line. A `FrameDecoder` alone says what the good frames are; here the octets of each
frame and those outside of any are told too, so that nothing that came is hidden.
"""

from protocol.radio.frame import RESYNC, DecoderCounts, Frame, FrameDecoder, encode_frame
from protocol.values import value

__all__ = ["OUTSIDE_MAX", "Dissector", "FrameSeen", "OutsideSeen", "Piece"]

OUTSIDE_MAX = 64
"""Octets outside of frames that are held back to be told together; with so many they are told at once."""

LINE_END = b"\n"


@value
class FrameSeen:
    """A good frame, and its octets as they were on the line."""

    frame: Frame
    octets: bytes


@value
class OutsideSeen:
    """Octets that belong to no good frame: noise, cut frames, text; or `RESYNC`, told apart from others."""

    octets: bytes


Piece = FrameSeen | OutsideSeen


class Dissector:
    """Takes a stream apart; all pieces' octets in order are the stream, however it is cut.

    Octets outside of frames are told with the frame behind them, at a line's end, or when `flush` is called
    because the line is quiet.
    """

    def __init__(self) -> None:
        self._decoder = FrameDecoder()
        self._stream = b""
        self._outside = b""

    @property
    def counts(self) -> DecoderCounts:
        """What the decoder made of the octets."""
        return self._decoder.counts

    def receive(self, octets: bytes) -> list[Piece]:
        """Take in ``octets``; return the pieces that they complete."""
        self._stream += octets
        pieces: list[Piece] = []
        for frame in self._decoder.receive(octets):
            # There is one way to write a frame, and the first place where it stands so is where the decoder
            # found it: an earlier place would have been delivered as well.
            on_line = encode_frame(frame)
            before, found, self._stream = self._stream.partition(on_line)
            assert found
            self._outside += before
            pieces += self.flush()
            pieces.append(FrameSeen(frame=frame, octets=on_line))
        decided = len(self._stream) - self._decoder.kept
        self._outside += self._stream[:decided]
        self._stream = self._stream[decided:]
        if len(self._outside) >= OUTSIDE_MAX or self._outside.endswith(LINE_END):
            pieces += self.flush()
        return pieces

    def flush(self) -> list[Piece]:
        """Return the octets that are known to be outside of frames and were held back."""
        outside, self._outside = self._outside, b""
        rest = outside.removesuffix(RESYNC)
        parts = [rest[at : at + OUTSIDE_MAX] for at in range(0, len(rest), OUTSIDE_MAX)]
        return [OutsideSeen(octets=part) for part in (*parts, outside[len(rest) :]) if part]

    def end(self) -> list[Piece]:
        """Return everything left: nothing more will come, so that no frame can be completed."""
        counts = self.counts
        counts.octets_outside += len(self._stream)
        self._outside += self._stream
        self._stream = b""
        # What the line says when it is back is no continuation of what it said before.
        self._decoder = FrameDecoder()
        self._decoder.counts = counts
        return self.flush()

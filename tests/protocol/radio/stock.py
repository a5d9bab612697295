"""A node with stock firmware, as it was measured, faults included: what our link must get on with."""

from enum import Enum, auto
from random import Random

from protocol.radio.actions import Action, Transmit
from protocol.radio.frame import BODY_MAX, Frame, check_sequence, encode_frame
from protocol.values import replace

DLE, STX, ETX = 0x10, 0x02, 0x03


class State(Enum):
    """What a stock receiver waits for."""

    IDLE = auto()
    OPENING = auto()
    BODY = auto()
    ESCAPED = auto()
    CHECK_HIGH = auto()
    CHECK_LOW = auto()


class StockReceiver:
    """Takes octets one by one and looks back at none: an octet that is out of step costs a frame."""

    def __init__(self) -> None:
        self.good = 0
        self.bad = 0
        self._state = State.IDLE
        self._body = bytearray()
        self._check = 0

    def receive(self, octets: bytes) -> list[Frame]:
        frames = []
        for octet in octets:
            frame = self._take(octet)
            if frame is not None:
                frames.append(frame)
        return frames

    def _take(self, octet: int) -> Frame | None:
        match self._state:
            case State.IDLE:
                self._state = State.OPENING if octet == DLE else State.IDLE
            case State.OPENING:
                # Another 10 is not taken for a new beginning.
                self._state = State.BODY if octet == STX else State.IDLE
                self._body.clear()
            case State.BODY:
                if octet == DLE:
                    self._state = State.ESCAPED
                else:
                    self._body.append(octet)
            case State.ESCAPED:
                if octet == DLE:
                    self._body.append(octet)
                    self._state = State.BODY
                else:
                    # Not even 10 02 begins a frame here.
                    self._state = State.CHECK_HIGH if octet == ETX else State.IDLE
            case State.CHECK_HIGH:
                self._check = octet << 8
                self._state = State.CHECK_LOW
            case State.CHECK_LOW:
                self._state = State.IDLE
                return self._whole(self._check | octet)
        return None

    def _whole(self, check: int) -> Frame | None:
        body = bytes(self._body)
        if len(body) > BODY_MAX or check_sequence(body) != check.to_bytes(2):
            self.bad += 1
            return None
        assert len(body) >= 4, "this corrupts the firmware's memory: nobody may send it"
        self.good += 1
        to, source, id_, flags = body[:4]
        return Frame(to=to, source=source, id=id_, flags=flags, payload=body[4:])


class StockNode:
    """It waits for its own acknowledgement and is deaf to data meanwhile; it remembers one ID for each
    sender, at first 0, broadcasts included.
    """

    TIMEOUT_S = 0.2
    ATTEMPTS_MAX = 4

    def __init__(self, address: int, random: Random) -> None:
        self.address = address
        self.received: list[bytes] = []
        self.delivered: list[Frame] = []
        self.outcomes: list[bool] = []
        self.receiver = StockReceiver()
        self._random = random
        self._seen: dict[int, int] = {}
        self._id = 0
        self._sending: Frame | None = None
        self._attempts = 0
        self._until_s: float | None = None

    def send(self, to: int, payload: bytes, now_s: float) -> list[Action]:
        assert self._sending is None
        self._id = (self._id + 1) % 256
        self._sending = Frame(to=to, source=self.address, id=self._id, payload=payload)
        self._attempts = 0
        return self._attempt(now_s)

    def _attempt(self, now_s: float) -> list[Action]:
        assert self._sending is not None
        self._attempts += 1
        self._until_s = now_s + self.TIMEOUT_S * self._random.uniform(1, 2)
        flags = 0x40 if self._attempts > 1 else 0
        return [Transmit(octets=encode_frame(replace(self._sending, flags=flags)))]

    def receive(self, octets: bytes, now_s: float) -> list[Action]:
        actions: list[Action] = []
        for frame in self.receiver.receive(octets):
            waiting = self._sending is not None
            if frame.to not in (self.address, 255):
                continue
            if frame.flags & 0x80:
                sending = self._sending
                if sending and (frame.source, frame.id) == (sending.to, sending.id):
                    self._end(True)
                continue
            repeat = self._seen.get(frame.source, 0) == frame.id
            if waiting and not repeat:
                continue
            # While it waits, it acknowledges a repeat even if it was to everybody.
            if frame.to != 255 or waiting:
                answer = Frame(
                    to=frame.source, source=self.address, id=frame.id, flags=0x80, payload=b"!"
                )
                actions.append(Transmit(octets=encode_frame(answer)))
            if not repeat:
                self._seen[frame.source] = frame.id
                self.delivered.append(frame)
                self.received.append(frame.payload)
        return actions

    def tick(self, now_s: float) -> list[Action]:
        if self._until_s is None or now_s < self._until_s:
            return []
        if self._attempts < self.ATTEMPTS_MAX:
            return self._attempt(now_s)
        self._end(False)
        return []

    def next_deadline(self) -> float | None:
        return self._until_s

    def _end(self, outcome: bool) -> None:
        self._sending = None
        self._until_s = None
        self.outcomes.append(outcome)

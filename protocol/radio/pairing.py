"""How a device gets a post: its radio address and the keys that go with it.

A person opens pairing for a post with the pairing code that is printed on the device, and has the device ask.

    device at 254                               gateway
    PairRequest (device, kind, nonce)     ->    only while pairing is open, for a device of the post's kind
                                          <-    PairOffer (device, address, keys wrapped with the code, counter)
    device at its new address
    sealed Hello                          ->    the device has the post now; its predecessor's messages fail

- The request and the offer are in the clear. What the keys are wrapped with is in `protocol.radio.keys`.
- A device asks every two seconds or so, with one nonce, until an offer opens. A request that is repeated gets
  the same offer again, so that neither a lost request nor a lost offer matters.
- Nothing changes at the gateway before a message that is sealed with the new key has come: who answers without
  the code gets nothing, and an offer that is never confirmed leaves the earlier device its post.
- The device sends its Hello until the gateway's radio has acknowledged one. If none is, it goes back to what it
  had before.

This is the gateway's side; the device's is in `protocol.radio.device_pairing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from random import Random
from types import MappingProxyType

import attrs

from protocol.errors import PairingRefused
from protocol.hall import Security
from protocol.radio.guard import CANDIDATES_MAX, Guard
from protocol.radio.keys import (
    CODE_OCTETS,
    SALT_OCTETS,
    same,
    wrap_keys,
    wrapping_key,
)
from protocol.radio.payloads import DeviceKind, PairOffer, PairRequest
from protocol.radio.posts import Pairing
from protocol.values import replace, value

__all__ = [
    "GRACE_S",
    "WINDOW_MAX_S",
    "WINDOW_MIN_S",
    "WINDOW_S",
    "PairingDesk",
    "PairingPhase",
    "PairingSession",
    "read_code",
]

WINDOW_S = 120.0
"""How long pairing stays open, unless it is said otherwise: somebody has to walk to the device."""

WINDOW_MIN_S = 10.0
WINDOW_MAX_S = 3600.0

GRACE_S = 30.0
"""An offer made at the very end of the window may be confirmed so much later."""

OFFERS_MAX = 64
"""Offers in one session, repeats left out; further requests get no answer: somebody floods the channel."""


class PairingPhase(StrEnum):
    """How far a session has come."""

    WAITING = "waiting"
    """No device has asked yet."""
    OFFERED = "offered"
    """A device was offered the post and has not confirmed."""
    PAIRED = "paired"
    EXPIRED = "expired"
    """No device asked that could have the post."""
    UNCONFIRMED = "unconfirmed"
    """An offer was never confirmed: the code is another device's, or the device went out of reach."""
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        return not FOLLOWING[self]


FOLLOWING: Mapping[PairingPhase, frozenset[PairingPhase]] = MappingProxyType(
    {
        PairingPhase.WAITING: frozenset(
            {PairingPhase.OFFERED, PairingPhase.EXPIRED, PairingPhase.CANCELLED}
        ),
        # Again for another device, or for the same one with another nonce.
        PairingPhase.OFFERED: frozenset(
            {
                PairingPhase.OFFERED,
                PairingPhase.PAIRED,
                PairingPhase.UNCONFIRMED,
                PairingPhase.CANCELLED,
            }
        ),
        PairingPhase.PAIRED: frozenset(),
        PairingPhase.EXPIRED: frozenset(),
        PairingPhase.UNCONFIRMED: frozenset(),
        PairingPhase.CANCELLED: frozenset(),
    }
)
"""What may follow a phase."""


@value
class PairingSession:
    """One pairing as it stands; times are of the monotonic clock that the desk is given.

    ``device`` is the hardware's number of who was offered the post last, or has it. ``note`` says what went
    wrong last, if anything did.
    """

    address: int
    kind: DeviceKind
    phase: PairingPhase
    until_s: float
    device: int | None = None
    note: str = ""


@attrs.define(eq=False)
class _Offers:
    """What the open session has offered, by device, the newest last."""

    code: bytes
    made: dict[int, tuple[int, PairOffer]] = attrs.field(factory=dict)
    count: int = 0


def read_code(text: str) -> bytes:
    """Return the pairing code in ``text``: 32 hexadecimal digits; spaces, hyphens and colons do not matter.

    Raises:
        PairingRefused: it is none. The text is not named: it is a secret.
    """
    digits = "".join(character for character in text if character not in " -:")
    try:
        code = bytes.fromhex(digits)
    except ValueError:
        code = b""
    if len(code) != CODE_OCTETS or len(digits) != 2 * CODE_OCTETS:
        raise PairingRefused(
            f"a pairing code has {2 * CODE_OCTETS} hexadecimal digits, as printed on the device"
        )
    return code


class PairingDesk:
    """The gateway's side: one session at a time; sans-I/O.

    Each input is given the time ``now_s`` (seconds of a monotonic clock). ``random`` draws salts, which need to
    be new and not secret.
    """

    def __init__(self, guard: Guard, random: Random) -> None:
        self._guard = guard
        self._random = random
        self._session: PairingSession | None = None
        self._offers = _Offers(code=b"")

    @property
    def session(self) -> PairingSession | None:
        """The session that is open, or else the last one."""
        return self._session

    @property
    def next_deadline(self) -> float | None:
        """When `tick` has something to end, or None while nothing is open."""
        session = self._open_session()
        if session is None:
            return None
        grace_s = GRACE_S if session.phase is PairingPhase.OFFERED else 0.0
        return session.until_s + grace_s

    def open(
        self, address: int, kind: DeviceKind, code: bytes, now_s: float, window_s: float = WINDOW_S
    ) -> PairingSession:
        """Open pairing for the post at ``address``, for a device of ``kind`` with the pairing ``code``.

        The same again, while it is open, changes nothing.

        Raises:
            PairingRefused: another session is open, the segment has no security, or the window is out of range.
        """
        self.tick(now_s)
        session = self._open_session()
        if session is not None:
            if session.address == address and same(code, self._offers.code):
                return session
            raise PairingRefused(
                f"the pairing of the radio address {session.address} is open for another"
                f" {max(session.until_s - now_s, 0):.0f} s; a gateway has one at a time: wait, or end it"
            )
        if self._guard.policy is Security.OFF:
            raise PairingRefused('this segment has security = "off": pairing would change nothing')
        if len(code) != CODE_OCTETS:
            raise PairingRefused(f"a pairing code has {CODE_OCTETS} octets, and not {len(code)}")
        if not WINDOW_MIN_S <= window_s <= WINDOW_MAX_S:
            raise PairingRefused(
                f"pairing may stay open for {WINDOW_MIN_S:g} to {WINDOW_MAX_S:g} s, and not for {window_s:g}"
            )
        self._offers = _Offers(code=code)
        self._session = PairingSession(
            address=address, kind=kind, phase=PairingPhase.WAITING, until_s=now_s + window_s
        )
        return self._session

    def heard(self, request: PairRequest, now_s: float) -> PairOffer | None:
        """Return what to answer to ``request`` at address 254, if anything."""
        self.tick(now_s)
        session = self._open_session()
        if session is None or now_s >= session.until_s:
            return None
        if request.kind is not session.kind:
            self._session = replace(
                session,
                note=f"the device {request.device:08x} asked, which is of the kind"
                f" {request.kind.name.lower()}; the post is a {session.kind.name.lower()}'s",
            )
            return None
        made = self._offers.made.get(request.device)
        if made is not None and made[0] == request.nonce:
            return made[1]
        if self._offers.count >= OFFERS_MAX:
            self._session = replace(
                session,
                note=f"more than {OFFERS_MAX} requests came: somebody floods the channel",
            )
            return None
        offer = self._offer(session, request)
        self._move(PairingPhase.OFFERED, device=request.device)
        return offer

    def paired(self, address: int, device: int) -> None:
        """Note that ``device`` has confirmed: it has the post at ``address``."""
        session = self._open_session()
        if session is None or session.address != address:
            return
        self._guard.withdraw(address)
        self._move(PairingPhase.PAIRED, device=device, note="")

    def cancel(self, now_s: float) -> bool:
        """End the session that is open; return whether there was one."""
        self.tick(now_s)
        session = self._open_session()
        if session is None:
            return False
        self._guard.withdraw(session.address)
        self._move(PairingPhase.CANCELLED)
        return True

    def tick(self, now_s: float) -> bool:
        """End a session whose time is over; return whether one was ended."""
        session, due_s = self._open_session(), self.next_deadline
        if session is None or due_s is None or now_s < due_s:
            return False
        self._guard.withdraw(session.address)
        if session.phase is PairingPhase.WAITING:
            self._move(PairingPhase.EXPIRED, note=session.note or "no device asked")
        else:
            self._move(
                PairingPhase.UNCONFIRMED,
                note=f"the device {session.device or 0:08x} was offered the post and did not confirm: see"
                " whether the code is that device's, and whether it is in reach",
            )
        return True

    def _offer(self, session: PairingSession, request: PairRequest) -> PairOffer:
        salt = self._random.getrandbits(8 * SALT_OCTETS).to_bytes(SALT_OCTETS)
        pairing = Pairing(device=request.device, salt=salt)
        keys = self._guard.propose(session.address, pairing)
        counter = self._guard.broadcast_counter
        wrapping = wrapping_key(
            self._offers.code,
            device=request.device,
            kind=request.kind,
            nonce=request.nonce,
            address=session.address,
            gateway=self._guard.gateway,
            counter=counter,
        )
        offer = PairOffer(
            device=request.device,
            address=session.address,
            wrapped_keys=wrap_keys(wrapping, *keys),
            counter=counter,
        )
        made = self._offers.made
        made.pop(request.device, None)
        if len(made) >= CANDIDATES_MAX:
            del made[next(iter(made))]
        made[request.device] = (request.nonce, offer)
        self._offers.count += 1
        return offer

    def _open_session(self) -> PairingSession | None:
        session = self._session
        return None if session is None or session.phase.over else session

    def _move(self, phase: PairingPhase, **changes: object) -> None:
        assert self._session is not None
        assert phase in FOLLOWING[self._session.phase], (self._session.phase, phase)
        self._session = replace(self._session, phase=phase, **changes)
        if phase.over:
            self._offers = _Offers(code=b"")

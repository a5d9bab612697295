"""Pairing over HTTP: a manager opens it for a post, sees how it goes, and has devices forgotten."""

from __future__ import annotations

from math import ceil

from actors.radio.pairing import (
    DeviceForgotten,
    EndPairing,
    ForgetDevice,
    OpenPairing,
    PairingNotOpened,
    PairingOpened,
    ReadSecurity,
    SecurityRead,
)
from protocol.errors import PairingRefused
from protocol.ids import GatewayId, TerminalAddress
from protocol.messages import Recipient
from protocol.radio.datagram import BROADCAST
from protocol.radio.pairing import WINDOW_MAX_S, WINDOW_MIN_S, WINDOW_S, PairingSession, read_code
from protocol.values import value
from runtime.config.model import Role
from runtime.http.bodies import field
from runtime.http.calls import Call
from runtime.http.encoding import to_json
from runtime.http.problems import refuse
from runtime.http.request import NO_STORE, Response
from runtime.http.routing import Route

CODE_CHARACTERS_MAX = 64
"""32 digits, and whatever separates them."""

_GATEWAY = "/api/v1/halls/{hall}/gateways/{gateway}"
_MANAGERS = frozenset({Role.MANAGER})


@value
class PairingBody:
    """For which post, and for which device, pairing is opened."""

    address: int = field(about="The radio address of the post, as configured.")
    code: str = field(
        about="The pairing code that is printed on the device: 32 hexadecimal digits.",
        characters_max=CODE_CHARACTERS_MAX,
        shown=False,
    )
    seconds: int = field(
        about=f"How long it stays open, {WINDOW_MIN_S:g} to {WINDOW_MAX_S:g}.",
        default=int(WINDOW_S),
    )


@value
class PairingView:
    """How a pairing goes, or how the last one went."""

    address: int
    kind: str = field(about="What the post is for: keypad, window, ...")
    phase: str = field(
        about="waiting, offered; paired, expired, unconfirmed or cancelled once it is over."
    )
    left_s: int = field(about="Seconds until it closes.")
    device: str | None = field(
        about="The number of the device that was offered the post last, or has it: 8 hexadecimal digits."
    )
    note: str = field(about="What went wrong last.")


@value
class PairedDevice:
    """A device that has a post."""

    address: int
    device: str = field(about="Its number: 8 hexadecimal digits.")


@value
class MessageCounts:
    """What was taken from, sent to and refused of one radio address since the hall was started."""

    address: int = field(about="255 stands for broadcasts.")
    opened: int = field(about="Sealed messages that were taken.")
    plain: int = field(about="Messages in the clear that were taken.")
    sealed: int = field(about="Messages that were sealed for it.")
    forged: int
    replayed: int
    reflected: int
    former: int = field(about="Sealed by the device that had the post before.")
    unsecured: int = field(about="In the clear, where that is not allowed.")
    unpaired: int = field(about="Sealed, though no device is paired.")
    malformed: int


@value
class SegmentSecurity:
    """The security of the terminals behind a gateway."""

    security: str = field(about="required, optional or off.")
    pairing: PairingView | None = field(about="The pairing that is open, or else the last one.")
    paired: tuple[PairedDevice, ...]
    keys_owed: tuple[int, ...] = field(
        about="Paired devices that have not taken the key of broadcasts that was renewed when another one lost"
        " its post."
    )
    messages: tuple[MessageCounts, ...]


@value
class Forgotten:
    """Whether a device was paired."""

    was_paired: bool


def pairing() -> tuple[Route, ...]:
    """Return the routes of pairing; managers only."""
    path = f"{_GATEWAY}/pairing"
    return (
        Route(
            method="POST",
            pattern=path,
            handler=open_pairing,
            summary="Open pairing for a post: the device that has the code may ask for it now",
            roles=_MANAGERS,
            body=PairingBody,
            answers={202: PairingView},
            problems=("unknown-gateway", "unknown-terminal", "pairing-open", "pairing-refused"),
            changes=True,
        ),
        Route(
            method="GET",
            pattern=path,
            handler=read_security,
            summary="Read how the pairing goes, who is paired, and what was refused",
            roles=_MANAGERS,
            answers={200: SegmentSecurity},
            problems=("unknown-gateway",),
        ),
        Route(
            method="DELETE",
            pattern=path,
            handler=end_pairing,
            summary="End the pairing that is open",
            roles=_MANAGERS,
            answers={200: SegmentSecurity},
            problems=("unknown-gateway",),
        ),
        Route(
            method="DELETE",
            pattern=f"{_GATEWAY}/terminals/{{address}}/pairing",
            handler=forget_device,
            summary="Have no device paired with a post: the one that has it is not listened to any more",
            roles=_MANAGERS,
            answers={200: Forgotten},
            problems=("unknown-gateway", "unknown-terminal", "not-stored"),
        ),
    )


def open_pairing(call: Call) -> None:
    """Open pairing."""
    body: PairingBody = call.body
    security = _security(call)
    call.command_id()  # which refuses a key that was used for something else
    try:
        code = read_code(body.code)
    except PairingRefused as refused:
        raise refuse("pairing-refused", f"code: {refused}") from refused

    def opening(reply: Recipient) -> OpenPairing:
        address = TerminalAddress(body.address)
        return OpenPairing(address=address, code=code, seconds=float(body.seconds), reply_to=reply)

    def answered(answer: object) -> Response:
        if isinstance(answer, PairingNotOpened):
            kind = "pairing-open" if answer.busy else "pairing-refused"
            raise refuse("unknown-terminal" if answer.unknown else kind, answer.reason)
        assert isinstance(answer, PairingOpened)
        return _answer(_view(answer.session, answer.left_s), 202)

    call.ask(security, opening, answered)


def read_security(call: Call) -> None:
    """Say how the security of a segment stands."""
    call.ask(_security(call), lambda reply: ReadSecurity(reply_to=reply), _segment)


def end_pairing(call: Call) -> None:
    """End the pairing that is open, if one is."""
    call.ask(_security(call), lambda reply: EndPairing(reply_to=reply), _segment)


def forget_device(call: Call) -> None:
    """Have the device of a post forgotten."""
    security, address = _security(call), _address(call)

    def answered(answer: object) -> Response:
        assert isinstance(answer, DeviceForgotten)
        if answer.unknown:
            raise _unknown_terminal(call)
        if answer.failure:
            raise refuse("not-stored", f"the device is still paired: {answer.failure}")
        return _answer(Forgotten(was_paired=answer.was_paired), 200)

    call.ask(security, lambda reply: ForgetDevice(address=address, reply_to=reply), answered)


def _security(call: Call) -> Recipient:
    gateway = GatewayId(call.params["gateway"])
    security = call.hall.port.security.get(gateway)
    if security is None:
        raise refuse("unknown-gateway", f"hall {call.hall.spec.id} has no gateway {gateway}")
    return security


def _address(call: Call) -> TerminalAddress:
    text = call.params["address"]
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) < BROADCAST):
        raise _unknown_terminal(call)
    return TerminalAddress(int(text))


def _unknown_terminal(call: Call) -> Exception:
    gateway, address = call.params["gateway"], call.params["address"]
    return refuse(
        "unknown-terminal",
        f"gateway {gateway} has no terminal with the radio address {address[:20]}",
    )


def _segment(answer: object) -> Response:
    assert isinstance(answer, SecurityRead)
    session = answer.session
    segment = SegmentSecurity(
        security=answer.policy.value,
        pairing=None if session is None else _view(session, answer.left_s),
        paired=tuple(
            PairedDevice(address=address, device=_number(device))
            for address, device in sorted(answer.devices.items())
        ),
        keys_owed=answer.keys_owed,
        messages=tuple(
            MessageCounts(
                address=address,
                opened=counts.opened,
                plain=counts.plain,
                sealed=counts.sealed,
                forged=counts.forged,
                replayed=counts.replayed,
                reflected=counts.reflected,
                former=counts.former,
                unsecured=counts.unsecured,
                unpaired=counts.unpaired,
                malformed=counts.malformed,
            )
            for address, counts in sorted(answer.counts.items())
        ),
    )
    return _answer(segment, 200)


def _view(session: PairingSession, left_s: float) -> PairingView:
    return PairingView(
        address=session.address,
        kind=session.kind.name.lower(),
        phase=session.phase.value,
        left_s=ceil(left_s),
        device=None if session.device is None else _number(session.device),
        note=session.note,
    )


def _number(device: int) -> str:
    return f"{device:08x}"


def _answer(given: object, status: int) -> Response:
    return Response(status=status, body=to_json(given), headers=(NO_STORE,))

"""What actors say to each other, beyond the commands and events of a hall.

Whoever is told is a `Recipient`: an actor's reference, or at an edge anything with ``tell``.
"""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from protocol.commands import Command
from protocol.events import Event
from protocol.ids import (
    CounterId,
    GatewayId,
    HallId,
    KioskId,
    PushId,
    ServiceId,
    TerminalAddress,
    TicketId,
)
from protocol.pushes import PushResult
from protocol.radio.payloads import Key
from protocol.tickets import CounterMode, TicketState
from protocol.values import value


class Recipient(Protocol):
    """Somebody who can be told something."""

    def tell(self, message: object, /) -> None:
        """Take ``message``; never blocks."""
        ...


@value
class Watch:
    """To a display, a kiosk or the alarm board: tell ``recipient`` the present and every change of it."""

    recipient: Recipient


@value
class Unwatch:
    """To a display, a kiosk or the alarm board: tell ``recipient`` nothing more."""

    recipient: Recipient


# -- pushes -------------------------------------------------------------------------------------


@value
class PushAnswered:
    """From whoever sends pushes: what became of ``push``; ``detail`` says why it was not sent.

    With `PushResult.LATER` nothing may be sent for ``pause_s`` (seconds), where that is known.
    """

    push: PushId
    result: PushResult
    detail: str = ""
    pause_s: float | None = None


@value
class ScanCodeMade:
    """From whoever makes codes by which phones follow tickets: what the QR code of ``ticket`` says.

    None where there is none now, as when WeChat is away.
    """

    ticket: TicketId
    url: str | None


# -- the hall -----------------------------------------------------------------------------------


@value
class Submit:
    """To a hall: carry out ``command``; ``reply_to`` is told the `Answer` once that is durable."""

    command: Command
    reply_to: Recipient | None = None


@value
class Subscribe:
    """To a hall: tell ``recipient`` every durable event, as `Recorded`, from now on."""

    recipient: Recipient


@value
class WatchCounter:
    """To a hall: tell ``recipient`` the counter's view now and after each change, as `CounterChanged`.

    That more or fewer people wait is no such change, except that a free counter hears of the first one.
    """

    counter: CounterId
    recipient: Recipient


@value
class Unsubscribe:
    """To a hall: tell ``recipient`` nothing more."""

    recipient: Recipient


@value
class Recorded:
    """A durable event and its number in the hall's journal, from 1 on, without gaps."""

    seq: int
    event: Event


@value
class AskedCustomer:
    """Who is asked to evaluate ``service``, which ended at ``ended_at`` (aware, UTC), or has done so.

    ``times`` counts how often the counter asked once more, after the first time.
    """

    ticket: TicketId
    number: str
    service: ServiceId
    ended_at: datetime
    times: int
    evaluated: bool = False


@value
class CounterChanged:
    """What anybody may see of a counter.

    ``calls`` counts the call of its ticket and its recalls (from 1). When it was called, ``called_at`` (aware,
    UTC), tells this call from another one of the same ticket, for the next service of its visit.
    """

    counter: CounterId
    mode: CounterMode
    reason: str
    ticket: TicketId | None
    number: str | None
    ticket_state: TicketState | None
    calls: int
    waiting: int
    """People who waited for a service of this counter when this was told."""
    asked: AskedCustomer | None = None
    """Whom it served last, if that customer was invited."""
    called_at: datetime | None = None
    silent: bool = False
    """Nobody says its call aloud."""


# -- counters, keypads and windows ---------------------------------------------------------------


@value
class KeyPressed:
    """To a counter: somebody pressed ``key``; ``press`` names the press for ever: a repeat changes nothing.

    TRANSFER needs ``to_service``. LOGIN needs ``code``, the number of a member of staff; 0 logs out.
    """

    key: Key
    press: str
    reply_to: Recipient | None = None
    to_service: ServiceId | None = None
    code: int | None = None


class PressOutcome(StrEnum):
    """What a key press did."""

    CALLED = "called"
    NOTHING_WAITING = "nothing_waiting"
    DONE = "done"
    REFUSED = "refused"


@value
class PressAnswered:
    """From a counter: what the press did; ``text`` is the number concerned or a short reason."""

    press: str
    outcome: PressOutcome
    text: str


# -- radio ---------------------------------------------------------------------------------------


@value
class SendDownlink:
    """To a gateway: send ``payload`` to a terminal; ``reply_to`` is told `DownlinkEnded` with ``token``.

    With ``word`` the device is asked to confirm it, also where its radio's acknowledgement would be enough.
    """

    to: TerminalAddress
    payload: bytes
    token: int
    reply_to: Recipient | None = None
    word: bool = False


@value
class DownlinkEnded:
    """From a gateway: the terminal's radio acknowledged the payload, or it never did.

    ``delivered`` says that this is enough for now: the device has it, and will not confirm it. If nothing newer
    is sent within ``word_after_s``, its own word should be asked for, since its radio may work without it.
    """

    token: int
    acknowledged: bool
    delivered: bool = False
    word_after_s: float = 0.0


@value
class DownlinkTold:
    """From a gateway: broadcasts have said the payload, and most probably the device has it.

    `DownlinkEnded` follows when the channel has time for an acknowledgement, within ``patience_s`` (seconds)
    unless it cannot be had.
    """

    token: int
    patience_s: float


@value
class UplinkReceived:
    """From a gateway to a terminal's actor: its device sent ``payload``, which ``gateway`` heard.

    ``pairing`` names the pairing that proves which device that is; it is empty for stock firmware.
    """

    gateway: GatewayId
    payload: bytes
    pairing: str = ""


# -- serial links --------------------------------------------------------------------------------


@value
class LinkUp:
    """From a link: the port is open; what was written before is lost."""


@value
class LinkDown:
    """From a link: the port is away; it is opened again by itself, with back-off."""

    reason: str


@value
class OctetsReceived:
    """From a link: octets, in order, cut anywhere."""

    octets: bytes


# -- kiosks and printers -------------------------------------------------------------------------


@value
class PrintTicket:
    """To a printer: print ``octets``; ``reply_to`` is told `PrintEnded`."""

    ticket: TicketId
    octets: bytes
    reply_to: Recipient


@value
class PrintEnded:
    """From a printer: the paper is out, or ``failure`` says why not."""

    ticket: TicketId
    failure: str | None


@value
class KioskChanged:
    """What a kiosk's screen shows besides its menu: tickets whose paper failed, newest last, at most 20."""

    kiosk: KioskId
    unprinted: tuple[TicketId, ...]
    failure: str | None


# -- the large display ---------------------------------------------------------------------------


@value
class Announced:
    """The large display announces a call; announcements follow one another and never overlap.

    ``announcement`` counts from 1 in each run of the display; ``duration_s`` is how long this one has.
    """

    hall: HallId
    number: str
    counter: CounterId
    announcement: int
    duration_s: float


@value
class DisplayedCall:
    """A number on the large display, and where it was called to."""

    number: str
    counter: CounterId


@value
class DisplayChanged:
    """What the large display shows: the present calls, newest first, and what is announced just now."""

    hall: HallId
    calls: tuple[DisplayedCall, ...]
    announced: Announced | None


# -- alarms --------------------------------------------------------------------------------------


@value
class RaiseAlarm:
    """To the alarm board: something needs a person. The same ``alarm`` again only renews ``detail``."""

    alarm: str
    """Names the trouble and where it is: ``printer/k1``, ``window/3``."""
    detail: str


@value
class ClearAlarm:
    """To the alarm board: the trouble is over."""

    alarm: str


@value
class Alarm:
    """Something that needs a person, since when (aware, UTC) and what."""

    alarm: str
    detail: str
    since: datetime


@value
class AlarmsChanged:
    """From the alarm board: all that needs a person now, the oldest first."""

    alarms: tuple[Alarm, ...]

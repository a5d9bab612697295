"""What WeChat tells an account's server: a message or an event of one person.

    <xml><ToUserName>account</ToUserName><FromUserName>openid</FromUserName>
         <CreateTime>1795459200</CreateTime>                                      then, for a text,
         <MsgType>text</MsgType><Content>...</Content><MsgId>...</MsgId></xml>
    for who scanned a QR code and followed the account then
         <MsgType>event</MsgType><Event>subscribe</Event><EventKey>qrscene_...</EventKey>
    and for who followed it before
         <MsgType>event</MsgType><Event>SCAN</Event><EventKey>...</EventKey>

The kinds are wechatpy's. What nobody sends its parser meets with eight kinds of exception, and an element that
is there twice it reads as a list; so it is given only what `read_elements` took, and that only where elements
hold others: the rest is read already.

Source: WeChat's descriptions of messages, events, and subscription notifications of official accounts.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from wechatpy import events, messages
from wechatpy.fields import BaseField
from wechatpy.parser import parse_message

from protocol.errors import CallbackError, IdentityError
from protocol.identity import wechat_openid
from protocol.values import value
from protocol.wechat.elements import read_elements

__all__ = [
    "SCENE_CHARACTERS_MAX",
    "Callback",
    "Consent",
    "ConsentChanged",
    "ConsentSent",
    "Followed",
    "MenuClicked",
    "MenuViewed",
    "Other",
    "Scanned",
    "Sent",
    "TemplateEnded",
    "TextSaid",
    "Unfollowed",
    "read",
]

SCENE_CHARACTERS_MAX = 64
KEY_CHARACTERS_MAX = 1024
"""Of a menu button's key or address."""

_ACCOUNT = re.compile(r"[0-9A-Za-z_-]{1,64}")
_TEN_DIGITS = re.compile(r"[0-9]{10}")
_NUMBER = re.compile(r"[0-9]{1,20}")
_CODE = re.compile(r"-?[0-9]{1,10}")
_TEMPLATE = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SCENE_MARK = "qrscene_"
"""Before the scene where whoever scanned a code has followed the account by that."""

_WORD = re.compile(r"[0-9A-Za-z_]{1,64}")

# Elements that are read, or that wechatpy's parser looks at: texts, or not there.
_TEXTS = frozenset(
    {"ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "Content"}
    | {"Event", "EventKey", "MsgID", "Status"}
)


@value
class Incoming:
    """What every callback says.

    ``id`` is the same for each attempt at telling it, and for nothing else: the number of a message; of an
    event sender and second, and a digest of the whole, because two things may well happen within a second.
    """

    openid: str
    """Who did it."""
    account: str
    """The account's original id (``gh_...``)."""
    sent_at_s: int
    """When, in seconds of Unix time by WeChat's clock."""
    id: str


@value
class Followed(Incoming):
    """Somebody follows the account; ``scene`` is of the QR code that led there, None if none did."""

    scene: str | None


@value
class Unfollowed(Incoming):
    """Somebody follows it no more; nothing may be sent there from now on."""


@value
class Scanned(Incoming):
    """A follower scanned one of the account's QR codes."""

    scene: str


@value
class MenuClicked(Incoming):
    """A follower pressed a menu button, and waits for an answer."""

    key: str


@value
class MenuViewed(Incoming):
    """A follower pressed a menu button that opens the page ``url``; nobody waits for an answer."""

    url: str


@value
class TextSaid(Incoming):
    """A follower wrote ``text``, without space around."""

    text: str


@value
class TemplateEnded(Incoming):
    """What became of a template message that was taken: ``success``, or ``failed: ...`` and why."""

    message_id: int
    status: str

    @property
    def delivered(self) -> bool:
        """Whether it came to the phone."""
        return self.status == "success"


@value
class Consent:
    """Whether somebody accepts notifications by a template."""

    template: str
    accepted: bool


@value
class ConsentChanged(Incoming):
    """Somebody was asked, or changed in the settings, which notifications are welcome."""

    consents: tuple[Consent, ...]


@value
class Sent:
    """What became of a subscription notification; ``code`` is 0 where it came to the phone."""

    template: str
    message_id: int
    code: int
    status: str


@value
class ConsentSent(Incoming):
    """What became of subscription notifications that were taken."""

    sent: tuple[Sent, ...]


@value
class Other(Incoming):
    """Something that nothing here follows from: a picture, a place; an event is ``event/NAME``."""

    kind: str


Callback = (
    Followed
    | Unfollowed
    | Scanned
    | MenuClicked
    | MenuViewed
    | TextSaid
    | TemplateEnded
    | ConsentChanged
    | ConsentSent
    | Other
)


@events.register_event("subscribe_msg_popup_event")
class _ConsentAsked(events.BaseEvent):  # type: ignore[misc]  # wechatpy brings no types
    """wechatpy knows none of the events of subscription notifications."""

    consents = BaseField("SubscribeMsgPopupEvent")


@events.register_event("subscribe_msg_change_event")
class _ConsentManaged(events.BaseEvent):  # type: ignore[misc]
    consents = BaseField("SubscribeMsgChangeEvent")


@events.register_event("subscribe_msg_sent_event")
class _ConsentUsed(events.BaseEvent):  # type: ignore[misc]
    sent = BaseField("SubscribeMsgSentEvent")


def read(xml: bytes) -> Callback:
    """Return what ``xml``, a plain message, says.

    Raises:
        CallbackError: it is malformed, or lacks something that its kind has.
    """
    elements = read_elements(xml)
    if not _TEXTS.isdisjoint(elements.nested):
        raise CallbackError("an element holds others where a text belongs")
    texts = elements.texts
    head = _head(texts)
    kind = _matching(_WORD, texts, "MsgType")
    # wechatpy does not look at its case either.
    is_event, is_text = kind.lower() == "event", kind.lower() == "text"
    if is_event:
        _matching(_WORD, texts, "Event")
    message = parse_message(xml) if elements.nested else _message(kind.lower(), texts)
    if is_event or ("MsgId" not in texts and not is_text):
        id = _event_id(head, message)
    else:
        id = _matching(_NUMBER, texts, "MsgId")
    match message:
        case messages.TextMessage():
            return TextSaid(text=_present(texts, "Content"), id=id, **head)
        case events.SubscribeScanEvent():
            return Followed(scene=_scene(message.scene_id or "") or None, id=id, **head)
        case events.SubscribeEvent() | events.SubscribeScanProductEvent():
            return Followed(scene=None, id=id, **head)
        case events.UnsubscribeEvent():
            return Unfollowed(id=id, **head)
        case events.ScanEvent():
            return Scanned(scene=_scene(_filled(texts, "EventKey")), id=id, **head)
        case events.ClickEvent():
            return MenuClicked(key=_key(texts), id=id, **head)
        case events.ViewEvent():
            return MenuViewed(url=_key(texts), id=id, **head)
        case events.TemplateSendJobFinishEvent():
            number = int(_matching(_NUMBER, texts, "MsgID"))
            status = _filled(texts, "Status")
            return TemplateEnded(message_id=number, status=status, id=id, **head)
        case _ConsentAsked() | _ConsentManaged():
            return ConsentChanged(consents=tuple(_consents(message.consents)), id=id, **head)
        case _ConsentUsed():
            return ConsentSent(sent=tuple(_sent(message.sent)), id=id, **head)
    event = texts.get("Event")
    return Other(kind=f"event/{event}" if event else kind, id=id, **head)


def _message(kind: str, texts: Mapping[str, str]) -> Any:
    """Return what wechatpy's parser does where no element holds others; it would read all of it once more.

    Who follows from a product's code is here one who follows.
    """
    data = {name: text or None for name, text in texts.items()}
    if kind != "event":
        return messages.MESSAGE_TYPES.get(kind, messages.UnknownMessage)(data)
    name, key = texts["Event"].lower(), texts.get("EventKey", "")
    if name == "subscribe" and key.startswith(_SCENE_MARK):
        name, data["EventKey"] = "subscribe_scan", key.removeprefix(_SCENE_MARK)
    return events.EVENT_TYPES.get(name, messages.UnknownMessage)(data)


def _head(texts: Mapping[str, str]) -> dict[str, Any]:
    try:
        openid = wechat_openid(_present(texts, "FromUserName"))
    except IdentityError as error:
        raise CallbackError(f"the sender {error}") from None
    return {
        "openid": openid,
        "account": _matching(_ACCOUNT, texts, "ToUserName"),
        "sent_at_s": int(_matching(_TEN_DIGITS, texts, "CreateTime")),
    }


def _event_id(head: Mapping[str, Any], message: Any) -> str:
    # What wechatpy has read, so that another order or spacing of the same is the same.
    said = orjson.dumps(message._data, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.blake2b(said, digest_size=8).hexdigest()
    return f"{head['openid']}/{head['sent_at_s']}/{digest}"


def _present(texts: Mapping[str, str], name: str) -> str:
    if name not in texts:
        raise CallbackError(f"{name} is missing")
    return texts[name]


def _filled(texts: Mapping[str, str], name: str) -> str:
    text = _present(texts, name)
    if not text:
        raise CallbackError(f"{name} is empty")
    return text


def _matching(form: re.Pattern[str], texts: Mapping[str, str], name: str) -> str:
    text = _present(texts, name)
    if form.fullmatch(text) is None:
        raise CallbackError(f"{name} does not have its form")
    return text


def _scene(text: str) -> str:
    if len(text) > SCENE_CHARACTERS_MAX:
        raise CallbackError(f"a scene has at most {SCENE_CHARACTERS_MAX} characters")
    return text


def _key(texts: Mapping[str, str]) -> str:
    text = _filled(texts, "EventKey")
    if len(text) > KEY_CHARACTERS_MAX:
        raise CallbackError(f"a button's key has at most {KEY_CHARACTERS_MAX} characters")
    return text


def _consents(about: object) -> Iterator[Consent]:
    for listed in _listed(about):
        status = _matching(_WORD, listed, "SubscribeStatusString")
        template = _matching(_TEMPLATE, listed, "TemplateId")
        yield Consent(template=template, accepted=status == "accept")


def _sent(about: object) -> Iterator[Sent]:
    for listed in _listed(about):
        yield Sent(
            template=_matching(_TEMPLATE, listed, "TemplateId"),
            message_id=int(_matching(_NUMBER, listed, "MsgID")),
            code=int(_matching(_CODE, listed, "ErrorCode")),
            status=_present(listed, "ErrorStatus"),
        )


def _listed(about: object) -> list[dict[str, str]]:
    """Return the entries of a ``List``, of which there may be several; texts only, each name once."""
    listed = about.get("List") if isinstance(about, dict) else None
    read = []
    for entry in listed if isinstance(listed, list) else [listed]:
        if not isinstance(entry, dict):
            raise CallbackError("an event of subscriptions lists nothing")
        if not all(text is None or isinstance(text, str) for text in entry.values()):
            raise CallbackError("an event of subscriptions lists what is no text")
        read.append({name: text or "" for name, text in entry.items()})
    return read

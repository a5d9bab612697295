"""What an account sends to a person: template messages, subscription notifications, customer service.

Each function takes what was posted and returns what is answered; what it sent is on the phone at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sim.wechat.codes import Code, Refused
from sim.wechat.events import event, template_ended
from sim.wechat.fields import Template, check_fields
from sim.wechat.office import Office
from sim.wechat.phones import Contact, Kind, Message

__all__ = ["send_notification", "send_service", "send_template"]

ENDS_AFTER_S: Final = (0.2, 2.0)
"""What became of a message is told between so many seconds after it was taken."""
LINK_MAX: Final = 1_024
SERVICE_TEXT_MAX: Final = 2_048
"""Octets of a customer-service message."""


def send_template(office: Office, document: dict[str, Any], now_s: float) -> dict[str, Any]:
    """Send a template message; its end is told by TEMPLATESENDJOBFINISH.

    Raises:
        Refused: 40003, 43004 the person does not follow, 40037, 47003 fields, 40039 link, 45065 a repeated
            ``client_msg_id``, 45067 a long one.
    """
    person, contact = office.phones.named(office.account.app_id, document.get("touser"))
    if not contact.following:
        raise Refused(Code.NOT_FOLLOWING)
    template = _template(office.account.templates, document)
    fields = check_fields(template, document.get("data"))
    link = _link(document.get("url"))
    office.sent_ids.admit(contact.openid, document.get("client_msg_id"), now_s)
    number = office.next_number()
    if contact.blocks:
        status = "failed:user block"
    else:
        status = "success"
        message = _message(
            office, Kind.TEMPLATE, number, now_s, template=template, fields=fields, link=link
        )
        person.take(message)
    office.tell(contact, template_ended(number, status), now_s, after_s=_soon(office))
    return {"msgid": number}


def send_notification(office: Office, document: dict[str, Any], now_s: float) -> dict[str, Any]:
    """Send a subscription notification, which uses up a consent; following is not asked for.

    Raises:
        Refused: 40003, 40037, 47003 fields, 40039 link, 43101 no consent is left.
    """
    person, contact = office.phones.named(office.account.app_id, document.get("touser"))
    template = _template(office.account.notifications, document)
    fields = check_fields(template, document.get("data"))
    link = _link(document.get("page"))
    # Last, so that a request which is refused for another reason uses up nothing.
    _use_consent(contact, template)
    number = office.next_number()
    person.take(
        _message(
            office, Kind.NOTIFICATION, number, now_s, template=template, fields=fields, link=link
        )
    )
    sent = {"TemplateId": template.id, "MsgID": number, "ErrorCode": 0, "ErrorStatus": "success"}
    said = event("subscribe_msg_sent_event", SubscribeMsgSentEvent={"List": sent})
    office.tell(contact, said, now_s, after_s=_soon(office))
    return {}


def send_service(office: Office, document: dict[str, Any], now_s: float) -> dict[str, Any]:
    """Send a customer-service message of text, or of one article.

    Raises:
        Refused: 40003, 40008 another kind (the stand-in has no media), 44004 empty, 45002 too long,
            45015 and 45047: see `Contact.use_window`.
    """
    person, contact = office.phones.named(office.account.app_id, document.get("touser"))
    read = _SERVICE_KINDS.get(str(document.get("msgtype")))
    if read is None:
        raise Refused(Code.MESSAGE_TYPE)
    content = document.get(str(document["msgtype"]))
    title, text, link = read(content if isinstance(content, dict) else {})
    if not text:
        raise Refused(Code.CONTENT_EMPTY)
    if len(text.encode()) > SERVICE_TEXT_MAX:
        raise Refused(Code.CONTENT_LONG)
    address = _link(link)
    contact.use_window(now_s)
    if not contact.blocks:
        number = office.next_number()
        person.take(
            Message(
                id=number,
                app_id=office.account.app_id,
                kind=Kind.SERVICE,
                title=title,
                text=text,
                link=address,
                at_s=now_s,
            )
        )
    return {}


# -- their parts ----------------------------------------------------------------------------


def _template(templates: tuple[Template, ...], document: Mapping[str, Any]) -> Template:
    for template in templates:
        if template.id == document.get("template_id"):
            return template
    raise Refused(Code.TEMPLATE)


def _use_consent(contact: Contact, template: Template) -> None:
    left = contact.consents.get(template.id, 0)
    if not left:
        raise Refused(Code.NO_CONSENT)
    if not template.long_term:
        contact.consents[template.id] = left - 1


def _link(link: Any) -> str | None:
    if link is None or link == "":
        return None
    if not isinstance(link, str) or len(link.encode()) > LINK_MAX:
        raise Refused(Code.LINK)
    return link


def _message(
    office: Office,
    kind: Kind,
    number: int,
    now_s: float,
    *,
    template: Template,
    fields: tuple[tuple[str, str], ...],
    link: str | None,
) -> Message:
    return Message(
        id=number,
        app_id=office.account.app_id,
        kind=kind,
        title=template.title,
        text="\n".join(text for _, text in fields),
        fields=fields,
        link=link,
        at_s=now_s,
    )


def _soon(office: Office) -> float:
    return office.random.uniform(*ENDS_AFTER_S)


def _text(content: Mapping[str, Any], name: str) -> str:
    text = content.get(name)
    return text if isinstance(text, str) else ""


_Read = Callable[[Mapping[str, Any]], tuple[str, str, str | None]]


def _read_text(content: Mapping[str, Any]) -> tuple[str, str, str | None]:
    return "", _text(content, "content"), None


def _read_link(content: Mapping[str, Any]) -> tuple[str, str, str | None]:
    title = _text(content, "title")
    return title, _text(content, "description") or title, content.get("url")


def _read_news(content: Mapping[str, Any]) -> tuple[str, str, str | None]:
    # One article is all that a message may hold since 2018.
    articles = content.get("articles")
    one = articles[0] if isinstance(articles, list) and len(articles) == 1 else {}
    return _read_link(one if isinstance(one, dict) else {})


_SERVICE_KINDS: Final[Mapping[str, _Read]] = {
    "text": _read_text,
    "link": _read_link,
    "news": _read_news,
}
